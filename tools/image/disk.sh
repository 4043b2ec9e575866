#!/usr/bin/env bash
# One slot of the emulated terminal: root file system with the product, kernel modules, settings -> ext4 and initramfs.
# Usage: tools/image/disk.sh ARCH ROOTFS.tar KERNELDIR PACKAGE.deb OUT.ext4 OUT.initrd VERSION CA.pem [MIB] [OVERLAY]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
arch=$1 tar=$2 kernel=$3 package=$4 image=$5 initrd=$6 version=$7 ca=$8 mib=${9:-352} overlay=${10:-}
release=$(cat "$kernel/version")
case $arch in amd64) console=ttyS0 ;; *) console=ttyAMA0 ;; esac
work=$(mktemp -d -p "$(dirname "$image")")
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir "$root"
tar -C "$root" -xf "$tar"

# the product, as dpkg installs it: the other architecture's programs run through qemu-user
cp "$package" "$root/posmedic.deb"
chroot "$root" dpkg -i /posmedic.deb >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log" >&2; exit 1; }
rm "$root/posmedic.deb"
cp -a "$here/terminal/." "$root/"
cp "$ca" "$root/etc/rauc/ca.pem"
[ -z "$overlay" ] || cp -a "$overlay/." "$root/"
printf 'IMAGE_ID=posmedic-demo\nIMAGE_VERSION=%s\n' "$version" >>"$root/etc/os-release"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
mkdir -p "$root/var/lib/rauc"

mkdir -p "$root/usr/lib/modules"
python3 "$here/pick_modules.py" "$kernel/lib/modules/$release" "$root/usr/lib/modules/$release" "$here/modules.txt"
depmod -b "$root" "$release"
printf '%s\n' dummy_hcd i6300esb >"$root/etc/modules-load.d/terminal.conf"

# a console for the test from outside, and nothing that a terminal does not have
units=$root/etc/systemd/system
mkdir -p "$units/serial-getty@$console.service.d" "$units/multi-user.target.wants"
cat >"$units/serial-getty@$console.service.d/auto.conf" <<U
[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --keep-baud 115200 %I linux
U
cat >"$units/told.service" <<U
[Unit]
After=posmedic.service multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'read up rest < /proc/uptime; echo "TERMINAL-READY \$up" > /dev/$console'
U
ln -s ../told.service "$units/multi-user.target.wants/told.service"
ln -s ../lan.service "$units/multi-user.target.wants/lan.service"
while read -r unit; do ln -sf /dev/null "$units/$unit"; done < <(sed 's/#.*//' "$here/masked.txt" | xargs -n1)
rm -f "$root/usr/lib/systemd/system/systemd-udev-trigger.service.d/lean.conf"
mkdir -p "$units/systemd-udev-trigger.service.d"
cat >"$units/systemd-udev-trigger.service.d/lean.conf" <<U
[Service]
ExecStart=
ExecStart=-udevadm trigger --type=devices --action=add --subsystem-match=pci --subsystem-match=virtio --subsystem-match=block --subsystem-match=drm --subsystem-match=graphics --subsystem-match=usb --subsystem-match=net --subsystem-match=input --subsystem-match=rtc
ExecStart=-udevadm trigger --type=devices --action=add --sysname-match=ttyS* --sysname-match=ttyAMA* --sysname-match=ttyGS*
U
rm -f "$image"
mke2fs -q -t ext4 -L root -O ^has_journal -m 0 -d "$root" "$image" "${mib}M"
echo "root file system: $(du -sm --apparent-size "$root" | cut -f1) MB in a slot of $mib MiB"

# initramfs: busybox, the disk's driver, the root file system
boot=$work/initrd
mkdir -p "$boot"/{bin,proc,sys,dev,new,lib/modules}
cp "$kernel/busybox" "$boot/bin/busybox"
printf '%s\n' virtio_pci virtio_mmio virtio_blk ext4 crc32c_generic >"$work/boot-modules.txt"
python3 "$here/pick_modules.py" "$kernel/lib/modules/$release" "$boot/lib/modules/$release" "$work/boot-modules.txt"
depmod -b "$boot" "$release"
cp "$here/init" "$boot/init"
(cd "$boot" && find . | cpio -o -H newc --quiet | gzip -1) >"$initrd"

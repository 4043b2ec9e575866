#!/usr/bin/env bash
# A Debian 12 root file system as a tar, for any architecture, from this machine's own package sources.
# Usage: tools/image/rootfs.sh arm64|armhf|amd64 OUT.tar     (as root; SUITES=main leaves the security archive out)
set -euo pipefail
arch=$1 out=$2
packages=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$(dirname "$0")/packages.txt" | tr '\n' ',' | tr -d ' ')

register_foreign_code() { # programs of the other architecture run through qemu-user
  [ "$arch" != "$(dpkg --print-architecture)" ] || return 0
  local name
  case $arch in arm64) name=aarch64 ;; armhf) name=arm ;; *) name=x86_64 ;; esac
  mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  [ -e "/proc/sys/fs/binfmt_misc/qemu-$name" ] \
    || cat "/usr/lib/binfmt.d/qemu-$name.conf" >/proc/sys/fs/binfmt_misc/register
}

sources() {
  local list=/etc/apt/sources.list.d/debian.sources
  if [ "${SUITES:-all}" = main ]; then awk -v RS= '!/security/' ORS='\n\n' "$list"; else cat "$list"; fi
}

register_foreign_code
mmdebstrap --quiet --mode=root --arch="$arch" --variant=essential --format=tar --include="${packages%,}" \
  --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
  --aptopt='Acquire::Languages "none"' --dpkgopt='force-unsafe-io' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/bug/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
  --customize-hook='echo terminal > "$1/etc/hostname"' \
  --customize-hook='chroot "$1" passwd -d root' \
  --customize-hook='chroot "$1" dpkg-query -W > "$1/usr/share/packages.txt"' \
  --customize-hook='rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/var/log/*' \
  --customize-hook='rm -rf "$1"/usr/share/i18n "$1"/usr/lib/*/gconv "$1"/usr/lib/python3*/test "$1"/usr/lib/python3*/idlelib "$1"/usr/lib/python3*/lib2to3' \
  bookworm "$out.part" - < <(sources)
mv "$out.part" "$out"

#!/usr/bin/env bash
# Debian's kernel with its modules, and a static busybox for the initramfs, without touching this machine's packages.
# Usage: tools/image/kernel.sh arm64|armhf|amd64 DIR   -> DIR/vmlinuz DIR/lib/modules/... DIR/busybox DIR/version
set -euo pipefail
arch=$1 dir=$(realpath -m "$2")
case $arch in armhf) flavour=armmp ;; *) flavour=$arch ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{state/lists/partial,cache/archives/partial,root} "$dir"
touch "$work/state/status"
list=/etc/apt/sources.list.d/debian.sources
if [ "${SUITES:-all}" = main ]; then
  awk -v RS= '!/security/' ORS='\n\n' "$list" >"$work/main.sources"
  list=$work/main.sources
fi
apt=(-o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o "Dir::State=$work/state"
  -o "Dir::State::status=$work/state/status" -o "Dir::Cache=$work/cache" -o "Dir::Etc::sourcelist=$list"
  -o Dir::Etc::sourceparts=/dev/null -o Acquire::Languages=none -o APT::Sandbox::User=root)
apt-get "${apt[@]}" update -qq
image=$(apt-cache "${apt[@]}" depends "linux-image-$flavour" | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
cd "$work" && apt-get "${apt[@]}" download -qq "$image" busybox-static
for package in *.deb; do dpkg-deb -x "$package" root; done
modules=root/lib/modules
[ -d "$modules" ] || modules=root/usr/lib/modules
rm -rf "$dir/lib" && mkdir -p "$dir/lib"
mv "$modules" "$dir/lib/modules"
ls "$dir/lib/modules" >"$dir/version"
depmod -b "$dir" "$(cat "$dir/version")"
mv root/bin/busybox "$dir/busybox"
mv root/boot/vmlinu* "$dir/vmlinuz"
echo "$image" >"$dir/package"

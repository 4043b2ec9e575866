#!/bin/sh
# BR2_ROOTFS_POST_IMAGE_SCRIPT: the root file system becomes a signed update. KEYS, COMPATIBLE and VERSION come from
# the build's environment; KIT is the unpacked kit.
set -eu
: "${KIT:?the unpacked kit}" "${KEYS:?folder made by vendor.py keys}" "${COMPATIBLE:?}" "${VERSION:?}"
rm -f "$BINARIES_DIR/update-$VERSION.raucb"
python3 "$KIT/vendor.py" build "$BINARIES_DIR/rootfs.ext4" "$BINARIES_DIR/update-$VERSION.raucb" \
  --compatible "$COMPATIBLE" --version "$VERSION" --keys "$KEYS"

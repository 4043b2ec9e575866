# With meta-rauc (layer rauc): bitbake terminal-bundle. The keys are those of: vendor.py keys KEYS
inherit bundle

RAUC_BUNDLE_FORMAT = "verity"
RAUC_BUNDLE_COMPATIBLE = "acme t1"
RAUC_BUNDLE_VERSION = "${DISTRO_VERSION}"
RAUC_BUNDLE_SLOTS = "rootfs"
RAUC_SLOT_rootfs = "core-image-minimal"
RAUC_SLOT_rootfs[fstype] = "ext4"

RAUC_KEY_FILE = "${KEYS}/signer.key"
RAUC_CERT_FILE = "${KEYS}/signer.pem"

################################################################################
#
# posmedic
#
################################################################################

# the wheel and segno's lie in dl/ (BR2_PRIMARY_SITE of the vendor); both are pure Python
POSMEDIC_VERSION = 0.1.0
POSMEDIC_SOURCE = posmedic-$(POSMEDIC_VERSION)-py3-none-any.whl
POSMEDIC_EXTRA_DOWNLOADS = segno-1.6.6-py3-none-any.whl
POSMEDIC_SITE = $(POSMEDIC_VENDOR_SITE)
POSMEDIC_LICENSE = Apache-2.0
POSMEDIC_DEPENDENCIES = host-python3
POSMEDIC_TREE = $(TARGET_DIR)/opt/posmedic
POSMEDIC_PACKAGES = $(POSMEDIC_TREE)/lib/python$(PYTHON3_VERSION_MAJOR)/site-packages

define POSMEDIC_EXTRACT_CMDS
	unzip -q -d $(@D) $(POSMEDIC_DL_DIR)/$(POSMEDIC_SOURCE)
	unzip -q -d $(@D) $(POSMEDIC_DL_DIR)/$(POSMEDIC_EXTRA_DOWNLOADS)
endef

# a prefix of its own, as in the Debian package: its folder names are common words
define POSMEDIC_INSTALL_TARGET_CMDS
	mkdir -p $(POSMEDIC_PACKAGES) $(POSMEDIC_TREE)/bin
	cp -a $(@D)/device $(@D)/native $(@D)/protocol $(@D)/segno $(@D)/*.dist-info $(POSMEDIC_PACKAGES)/
	printf 'home = /usr/bin\ninclude-system-site-packages = true\nversion = $(PYTHON3_VERSION_MAJOR)\n' \
		> $(POSMEDIC_TREE)/pyvenv.cfg
	ln -sf /usr/bin/python3 $(POSMEDIC_TREE)/bin/python
	$(HOST_DIR)/bin/python3 -m compileall -q --invalidation-mode unchecked-hash \
		-s $(TARGET_DIR) -p / $(POSMEDIC_PACKAGES)
	cp -a $(POSMEDIC_PKGDIR)/terminal/. $(TARGET_DIR)/
endef

define POSMEDIC_USERS
	posmedic -1 posmedic -1 * /var/lib/posmedic - dialout,video,input explains declined sales
endef

define POSMEDIC_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(POSMEDIC_PKGDIR)/no-systemd/S60posmedic $(TARGET_DIR)/etc/init.d/S60posmedic
	$(TARGET_CC) $(TARGET_CFLAGS) $(TARGET_LDFLAGS) -o $(TARGET_DIR)/usr/sbin/posmedic-supervise \
		$(POSMEDIC_PKGDIR)/no-systemd/supervise.c
endef

$(eval $(generic-package))

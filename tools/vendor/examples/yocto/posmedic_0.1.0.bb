SUMMARY = "Explains declined sales on the card terminal itself, and tests its hardware"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

# beside this recipe, in posmedic/: the two wheels, and the kit's folder terminal/
SRC_URI = "file://posmedic-${PV}-py3-none-any.whl;subdir=wheels;unpack=0 \
           file://segno-1.6.6-py3-none-any.whl;subdir=wheels;unpack=0 \
           file://terminal"
S = "${WORKDIR}"

inherit python3-dir systemd useradd
DEPENDS += "python3-native unzip-native"

PREFIX_DIR = "/opt/posmedic"
PACKAGES_DIR = "${PREFIX_DIR}/lib/${PYTHON_DIR}/site-packages"

do_install() {
    install -d ${D}${PACKAGES_DIR} ${D}${PREFIX_DIR}/bin
    for wheel in ${WORKDIR}/wheels/*.whl; do unzip -q -o -d ${D}${PACKAGES_DIR} $wheel; done
    printf 'home = /usr/bin\ninclude-system-site-packages = true\nversion = ${PYTHON_BASEVERSION}\n' \
        > ${D}${PREFIX_DIR}/pyvenv.cfg
    ln -s ${bindir}/python3 ${D}${PREFIX_DIR}/bin/python
    python3 -m compileall -q --invalidation-mode unchecked-hash -s ${D} -p / ${D}${PACKAGES_DIR}
    cp -R --no-dereference --preserve=mode ${WORKDIR}/terminal/. ${D}/
    chown -R root:root ${D}
}

SYSTEMD_SERVICE:${PN} = "posmedic.service posmedic-selfcheck.service posmedic-mark-good.service \
                         posmedic-reboot.path posmedic-gadget.service"
USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "--system --no-create-home --home-dir /var/lib/posmedic --groups dialout,video,input \
                       --user-group posmedic"
FILES:${PN} += "${PREFIX_DIR} ${systemd_system_unitdir} /usr/share /usr/lib /etc"
CONFFILES:${PN} = "/etc/posmedic/settings.toml"

RDEPENDS:${PN} = "python3-core python3-cffi python3-construct python3-pillow python3-pyserial python3-sqlite3"
RRECOMMENDS:${PN} = "openssh-keygen pcsc-lite rauc lrzsz"

#!/usr/bin/env bash
# All set-up of a development machine: Debian packages, then our own virtual environment. Safe to run again.
# Usage: tools/setup.sh [packages|venv]...   (both without an argument)
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(pcscd libpcsclite1 libpcsclite-dev vsmartcard-vpcd pkg-config fonts-wqy-microhei fonts-unifont
  openssh-client openssl lrzsz picocom iproute2 util-linux gcc libc6-dev rauc dbus-daemon squashfs-tools systemd)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif sudo -n true 2>/dev/null; then sudo -n "$@"; else return 77; fi
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]; }

# 0 if all are there in the end; whatever is missing is said in one line and does not end the set-up.
install_packages() {
  local missing=()
  command -v dpkg-query >/dev/null || { echo "setup: not a Debian machine; needed: $*"; return 1; }
  for name in "$@"; do installed "$name" || missing+=("$name"); done
  [ ${#missing[@]} = 0 ] && return
  if ! as_root true 2>/dev/null; then
    echo "setup: neither root nor sudo, so these stay missing: ${missing[*]}"
    return 1
  fi
  echo "setup: installing ${missing[*]}"
  # policy-rc.d is honoured: the tests start pcscd themselves, in a namespace of their own
  if ! { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }; then
    echo "setup: apt-get could not install them (its reason stands above), so these stay missing: ${missing[*]}"
    return 1
  fi
}

fail() { echo "setup: $*" >&2; exit 1; }

make_venv() {
  local stamp=.venv/.posmedic-ready log=.venv/setup.log
  if [ -e "$stamp" ] && [ "$stamp" -nt pyproject.toml ] && [ "$stamp" -nt tools/constraints.txt ]; then return; fi
  command -v python3 >/dev/null || install_packages python3 || fail "python3 is needed: apt-get install python3"
  echo "setup: making .venv with $(python3 --version)"
  if ! [ -x .venv/bin/pip ] && ! python3 -m venv .venv >/dev/null 2>&1; then
    if ! { install_packages python3-venv && python3 -m venv .venv; }; then
      fail "no .venv without the package python3-venv; as root: apt-get install python3-venv, then the same again"
    fi
  fi
  echo "setup: installing Python packages (about half a minute)"
  if ! { .venv/bin/python -m pip install -q --disable-pip-version-check -c tools/constraints.txt -U \
      pip setuptools wheel \
    && .venv/bin/python -m pip install -q --disable-pip-version-check --no-build-isolation \
      -c tools/constraints.txt -e . --group dev; } 2>"$log"; then
    cat "$log" >&2
    fail "pip could not install the Python packages (its reason stands above); the same command tries again"
  fi
  if [ -d .git ] && command -v git >/dev/null; then git config core.hooksPath tools/hooks || true; fi
  touch "$stamp"
}

[ $# -gt 0 ] || set -- packages venv
for step; do
  case "$step" in
    packages)
      install_packages "${packages[@]}" \
        || echo "setup: what needs them is skipped or reported as not run; everything else goes on"
      ;;
    venv) make_venv ;;
    *) echo "setup: unknown step $step" >&2; exit 2 ;;
  esac
done

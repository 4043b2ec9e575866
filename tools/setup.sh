#!/usr/bin/env bash
# All set-up of a development machine: Debian packages, then our own virtual environment. Safe to run again.
# Usage: tools/setup.sh [packages|venv]...   (both without an argument)
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(pcscd libpcsclite1 libpcsclite-dev vsmartcard-vpcd pkg-config fonts-wqy-microhei fonts-unifont
  openssh-client openssl iproute2 util-linux gcc libc6-dev)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif sudo -n true 2>/dev/null; then sudo -n "$@"; else return 77; fi
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]; }

install_packages() {
  local missing=()
  command -v dpkg-query >/dev/null || { echo "setup: not a Debian machine; needed: ${packages[*]}"; return; }
  for name in "$@"; do installed "$name" || missing+=("$name"); done
  [ ${#missing[@]} = 0 ] && return
  echo "setup: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  if ! as_root true 2>/dev/null; then
    echo "setup: neither root nor sudo, so these stay missing: ${missing[*]}"
    echo "setup: what needs them is reported as not run; everything else goes on"
    return
  fi
  as_root apt-get update -qq
  # policy-rc.d is honoured: the tests start pcscd themselves, in a namespace of their own
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

make_venv() {
  local stamp=.venv/.posmedic-ready
  if [ -e "$stamp" ] && [ "$stamp" -nt pyproject.toml ] && [ "$stamp" -nt tools/constraints.txt ]; then return; fi
  echo "setup: making .venv with $(python3 --version)"
  if ! [ -x .venv/bin/pip ]; then
    if ! python3 -m venv .venv 2>/dev/null; then
      install_packages python3-venv
      python3 -m venv .venv
    fi
  fi
  echo "setup: installing Python packages (about half a minute)"
  .venv/bin/python -m pip install -q --disable-pip-version-check -c tools/constraints.txt -U pip setuptools wheel
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-build-isolation \
    -c tools/constraints.txt -e . --group dev
  if [ -d .git ]; then git config core.hooksPath tools/hooks; fi
  touch "$stamp"
}

[ $# -gt 0 ] || set -- packages venv
for step; do
  case "$step" in
    packages) install_packages "${packages[@]}" ;;
    venv) make_venv ;;
    *) echo "setup: unknown step $step" >&2; exit 2 ;;
  esac
done

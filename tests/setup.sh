#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the Debian packages that building and testing need and that are missing: as root by
# itself, otherwise it prints the one line that does it and fails.
set -euo pipefail

build=(make gcc libc6-dev pkg-config scdoc libkmod-dev libnl-3-dev libnl-genl-3-dev
  libnl-route-3-dev libsystemd-dev libjansson-dev libcap-dev libnftables-dev
  libmicrohttpd-dev)
unit_tests=(libcmocka-dev valgrind)
lint=(clang clang-format clang-tidy cppcheck shellcheck)
fuzz=(libclang-rt-dev)
# systemd-analyze and jq judge the units.
docs=(systemd jq python3-jsonschema groff-base zsh)
guest=(qemu-system-x86 mmdebstrap cpio kmod libarchive-tools uidmap buildah ca-certificates
  debian-archive-keyring libelf1 xz-utils zstd)
packages=(build-essential debhelper dpkg-dev lintian rpm meson ninja-build gperf python3-jinja2
  libmount-dev liblzma-dev libzstd-dev)

missing=()
for package in "${build[@]}" "${unit_tests[@]}" "${lint[@]}" "${fuzz[@]}" "${docs[@]}" "${guest[@]}" \
  "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
    missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  printf 'Missing packages; this installs them:\n\n  sudo apt-get install --no-install-recommends %s\n\n' \
    "${missing[*]}" >&2
  exit 1
fi

printf '  %-7s %s\n' INSTALL "${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get -q update && apt-get -qy install --no-install-recommends "${missing[@]}"; } \
  </dev/null >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the Debian packages that are missing: as root by itself, otherwise it prints the one line that
# does it and fails.
#
#   setup.sh [build|package|bundle|test|guest]…
#
# build     both programs and their manual pages
# package   `make deb`, together with build
# bundle    `make rpm`, `make static` and `make bundle`, together with both
# test      lint, unit tests, fuzz targets, tests of documents
# guest     what boots a kernel, and the image of a container
#
# Without a part, all of them.
set -euo pipefail

build=(make gcc libc6-dev pkg-config scdoc libkmod-dev libnl-3-dev libnl-genl-3-dev
  libnl-route-3-dev libsystemd-dev libjansson-dev libcap-dev libnftables-dev
  libmicrohttpd-dev)
package=(build-essential debhelper dpkg-dev)
bundle=(rpm meson ninja-build gperf python3-jinja2 libmount-dev liblzma-dev libzstd-dev ca-certificates
  debian-archive-keyring)
# systemd-analyze and jq judge the units.
test=(libcmocka-dev valgrind clang libclang-rt-dev clang-format clang-tidy cppcheck shellcheck
  systemd jq python3-jsonschema python3-yaml groff-base zsh lintian git)
guest=(qemu-system-x86 mmdebstrap cpio kmod libarchive-tools uidmap buildah ca-certificates
  debian-archive-keyring libelf1 xz-utils zstd jq)

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(build package bundle test guest)
wanted=()
for part in "${parts[@]}"; do
  case $part in
    build | package | bundle | test | guest) declare -n packages=$part ;;
    *)
      echo "${0##*/}: no part $part; there are: build package bundle test guest" >&2
      exit 2
      ;;
  esac
  wanted+=("${packages[@]}")
done

mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
  <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
    sed -n 's/^installed //p' | sort -u))
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

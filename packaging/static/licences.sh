#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The licences of what is linked into the static programs, and which sources it is of:
#
#   licences.sh LIBRARIES PREFIX
#
# LIBRARIES is what libs.sh made; each text becomes PREFIXNAME, and the list PREFIXsources.
set -euo pipefail

[ $# -eq 2 ] || {
  echo "usage: ${0##*/} LIBRARIES PREFIX" >&2
  exit 2
}
libraries=$1 prefix=$2
# From Debian's archives.
packages=(libc6-dev libcap-dev libjansson-dev libnl-3-dev liblzma-dev libzstd-dev)

for file in "$libraries"/doc/copyright.*; do cp "$file" "$prefix${file##*.}"; done
for package in "${packages[@]}"; do cp -L "/usr/share/doc/$package/copyright" "$prefix${package%-dev}"; done
{
  cat "$libraries/doc/sources"
  dpkg-query -W -f '${source:Package} ${source:Version}\n' "${packages[@]}"
} >"${prefix}sources"

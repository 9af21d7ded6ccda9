#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the one file that installs ipvs-node without a network:
#
#   bundle.sh VERSION DEB RPM STATIC-ROOT STATIC-LIBRARIES OUTPUT.run
#
# with both packages, the libraries that a Debian with systemd may lack, the static programs as `make
# install` lays them out, the licence texts, checksums and an installer.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
. tests/vm/common.sh

[ $# -eq 6 ] || die "usage: bundle.sh VERSION DEB RPM STATIC-ROOT STATIC-LIBRARIES OUTPUT.run"
version=$1 deb=$(realpath -- "$2") rpm=$(realpath -- "$3") static=$(realpath -- "$4") libraries=$5 output=$6
name=$(basename "$output" .run)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/$name
mkdir -p "$tree"/{debs,rpm,licences}

# depends PACKAGE…: these and all that they need
depends() {
  apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances "$@" | sed -n 's/^\([a-z0-9][^ :]*\).*/\1/p' | sort -u
}

# Not what every Debian with systemd has.
download_libraries() {
  private_apt "$work/apt" deb
  local direct there
  mapfile -t direct < <(dpkg-deb -f "$deb" Depends | tr ',|' '\n' | sed -nE 's/^ *([a-z0-9][^ ]*).*/\1/p' | grep '^lib')
  direct+=(libmicrohttpd12)
  mapfile -t there < <(dpkg-query -W -f '${Essential} ${Package}\n' | sed -n 's/^yes //p')
  there+=(systemd systemd-sysv)
  (
    cd "$tree/debs"
    comm -23 <(depends "${direct[@]}") <(depends "${there[@]}") | xargs apt-get -qq download
  )
  [ "$(find "$tree/debs" -name '*.deb' | wc -l)" -gt 3 ] || die "hardly a library was found: is apt's mirror right?"
}

# As they were installed; a link leads to another package's.
licences() {
  cp LICENSE "$tree/licences/ipvs-node"
  local file package
  for file in "$tree"/debs/*.deb; do dpkg -x "$file" "$work/all"; done
  for file in "$tree"/debs/*.deb; do
    package=$(dpkg-deb -f "$file" Package)
    cp -L "$work/all/usr/share/doc/$package/copyright" "$tree/licences/$package"
  done
  packaging/static/licences.sh "$libraries" "$tree/licences/static-"
}

download_libraries
cp "$deb" "$tree/debs/"
cp "$rpm" "$tree/rpm/"
cp -aL "$static" "$tree/static"
licences
cp packaging/bundle/install.sh "$tree/"
(
  . /etc/os-release
  printf 'BUNDLE_VERSION=%s\nBUNDLE_ARCH=%s\nBUNDLE_ID=%s\nBUNDLE_RELEASE=%s\n' "$version" "$(uname -m)" "$ID" "$VERSION_ID"
) >"$tree/bundle.env"
chmod -R u=rwX,go=rX "$tree"
[ -z "$(find "$tree" ! -type f ! -type d)" ] || die "links among the bundle's files, which its installer refuses"
(cd "$tree" && find . -type f ! -path ./SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >"$work/sums")
mv "$work/sums" "$tree/SHA256SUMS"

# The same content gives the same bytes.
date=$(dpkg-parsechangelog -l packaging/debian/changelog -S Timestamp)
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$date" -cf - "$name" |
  gzip -9 -n >"$work/content"
mkdir -p "$(dirname "$output")"
sum=$(sha256sum <"$work/content")
sed -e "s/@SUM@/${sum%% *}/" -e "s/@FIRST@/$(($(wc -l <packaging/bundle/head.sh) + 1))/" packaging/bundle/head.sh |
  cat - "$work/content" >"$output.new"
chmod 755 "$output.new"
mv "$output.new" "$output"

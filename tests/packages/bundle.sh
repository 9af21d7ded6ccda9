#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The one file and the static programs in it: nothing of theirs is the machine's, each package has its
# licence, and the sums are right.
. "$(dirname -- "$0")/lib.sh"

make_package bundle
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sh "$build"/bundle/*.run --extract "$work"
cd "$work"/*/
sha256sum --check --quiet --strict SHA256SUMS

for program in static/usr/sbin/ipvs-agent static/usr/sbin/ipvs-preflight; do
  headers=$(readelf --wide --program-headers --dynamic "$program")
  [[ $headers != *INTERP* && $headers != *NEEDED* ]] || fail "$program needs something: $headers"
  has "$("$program" --version)" "(static, without libnftables)"
done
for example in "$top"/examples/*.json; do static/usr/sbin/ipvs-agent check --state "$example"; done

for package in debs/*.deb; do
  [ -s "licences/$(dpkg-deb -f "$package" Package)" ] || fail "no licence of $package"
done
for library in systemd kmod libmicrohttpd libc6 libnl-3 libjansson libcap liblzma libzstd; do
  [ -s "licences/static-$library" ] || fail "no licence of $library"
done
diff <(list static) <(made_by_install)

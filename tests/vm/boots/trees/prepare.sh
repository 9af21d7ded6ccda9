#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Module trees as other kernels have them, each with what IPVS needs and no more, in /opt/trees:
#
#   old-conntrack   connection tracking of IPv4 in nf_conntrack_ipv4, and not in nf_conntrack
#   xz, zst         compressed
#   no-ipvs         without IPVS
#   no-schedulers   IPVS, but ip_vs_wrr, ip_vs_sh and ip_vs_mh
set -euo pipefail
here=$(dirname -- "$(realpath -- "$0")")
# shellcheck disable=SC2154  # boot.sh sets them
version=$(<"$kernel/version") trees=$1/opt/trees
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2154
headers=$("$top/tests/vm/image.sh" headers)
cp -r "$here/module" "$work/module"
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$headers/usr/src/linux-headers-$version" M="$work/module" modules

bsdtar -xf "$kernel/modules.cpio" -C "$work"
all=$work/usr/lib/modules/$version

# tree NAME: a copy of what is needed, whose folder is then $tree
tree() {
  local file
  tree=$trees/$1/$version
  mkdir -p "$tree"
  (cd "$all" && find kernel/net/netfilter/ipvs kernel/net/netfilter/nf_{conntrack,nat}.ko kernel/net/ipv4/netfilter/nf_defrag_ipv4.ko \
    kernel/net/ipv6/netfilter/nf_defrag_ipv6.ko kernel/net/ipv4/udp_tunnel.ko kernel/net/ipv6/ip6_udp_tunnel.ko \
    kernel/lib/libcrc32c.ko modules.builtin* modules.order -type f -exec cp --parents -t "$tree" {} +)
}
# indexed: depmod looks under lib/modules.
indexed() {
  mkdir -p "$work/base/lib/modules"
  ln -sfn "$tree" "$work/base/lib/modules/$version"
  /sbin/depmod -b "$work/base" "$version"
}

tree old-conntrack
cp "$work/module/nf_conntrack_ipv4.ko" "$tree/kernel/net/ipv4/netfilter/"
# Its own alias for IPv4 becomes one for no family; the names are of one length. A signature that no
# longer fits is refused, none is not; objcopy leaves it behind.
sed -i 's/\x00alias=nf_conntrack-2\x00/\x00alias=nf_conntrack-0\x00/' "$tree/kernel/net/netfilter/nf_conntrack.ko"
objcopy "$tree/kernel/net/netfilter/nf_conntrack.ko"
indexed

compress() {
  tree "$1"
  find "$tree" -name '*.ko' -exec "${@:2}" {} +
  indexed
}
compress xz xz --check=crc32
compress zst zstd --quiet --rm

tree no-ipvs
rm -r "$tree/kernel/net/netfilter/ipvs"
indexed

tree no-schedulers
rm "$tree"/kernel/net/netfilter/ipvs/ip_vs_{wrr,sh,mh}.ko
indexed

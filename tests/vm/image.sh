#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes what a guest boots from, once, in build/vm:
#
#   image.sh kernel   Debian's stock cloud kernel of $KERNEL (vmlinuz, modules.cpio, version)
#   image.sh headers  what modules for that kernel are built with (usr/src/linux-headers-VERSION)
#   image.sh root [NAME]
#                     a Debian of $SUITE with the packages of roots/NAME ("default"), as an uncompressed cpio
#
# and prints where it is. The names carry a hash of everything the thing is made from, so that
# what is there already is what is wanted.
set -euo pipefail
. "$(dirname -- "$0")/common.sh"

# roots/NAME lists a root's packages.
root_name=${2:-default}
packages=()
if [ "${1:-}" = root ]; then
  [ -f "$vm/roots/$root_name" ] || die "no roots/$root_name"
  mapfile -t packages < <(sed 's/#.*//' "$vm/roots/$root_name" | tr -s '[:space:]' '\n' | sed '/^$/d')
fi

# Units of Debian's packages that would program the table, the firewall, or only take time.
masked=(
  ipvsadm.service keepalived.service nftables.service
  getty@tty1.service serial-getty@ttyS0.service console-getty.service getty-static.service
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
  e2scrub_reap.service fstrim.timer logrotate.timer man-db.timer systemd-networkd.service
  systemd-tmpfiles-clean.timer systemd-update-utmp.service systemd-update-utmp-runlevel.service
  modprobe@.service systemd-pcrphase.service systemd-pcrphase-sysinit.service systemd-random-seed.service
)

# What a virtual machine with network namespaces needs of a kernel's modules.
module_folders=(
  kernel/fs/autofs kernel/net kernel/lib kernel/crypto kernel/arch/x86/crypto
  kernel/drivers/net/veth.ko kernel/drivers/net/dummy.ko kernel/drivers/net/tun.ko
  kernel/drivers/net/macvlan.ko kernel/drivers/net/vxlan kernel/drivers/net/vrf.ko
)

pack() (cd -- "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
  cpio --quiet --null --create --format=newc --reproducible --owner=0:0)

# kernel_apt FOLDER: an apt of our own for $kernel_suite, from here on
kernel_apt() {
  mkdir -p "$1/download"
  private_apt "$1" deb "$kernel_suite" 'Dir::State::status "/dev/null"' 'APT::Architecture "amd64"'
}

make_kernel() (
  local work=$1 apt=$1/apt tree=$1/tree
  mkdir -p "$tree"
  kernel_apt "$apt"
  # The meta package names the image; from 7.x on that one again names its parts.
  local wanted=(linux-image-cloud-amd64) package
  for _ in 1 2; do
    for package in "${wanted[@]}"; do
      mapfile -t -O "${#wanted[@]}" wanted < <(apt-cache depends "$package" |
        sed -nE 's/^ +Depends: (linux-(image|binary|modules|base)-[0-9].*)/\1/p')
    done
  done
  mapfile -t wanted < <(printf '%s\n' "${wanted[@]:1}" | sort -u)
  [ ${#wanted[@]} -gt 0 ] || die "no kernel in $kernel_suite: linux-image-cloud-amd64 names none"
  (cd "$apt/download" && apt-get -qq download "${wanted[@]}")
  for package in "$apt"/download/*.deb; do dpkg -x "$package" "$tree"; done
  [ -d "$tree/usr/lib/modules" ] || { mkdir -p "$tree/usr/lib" && mv "$tree/lib/modules" "$tree/usr/lib/"; }

  local version vmlinuz folder file small=$work/small
  version=$(basename "$tree"/usr/lib/modules/*)
  for vmlinuz in "$tree/boot/vmlinuz-$version" "$tree/usr/lib/modules/$version/vmlinuz"; do
    [ ! -f "$vmlinuz" ] || cp "$vmlinuz" "$work/vmlinuz"
  done
  [ -f "$work/vmlinuz" ] || die "no vmlinuz in ${wanted[*]}"
  mkdir -p "$small/usr/lib/modules/$version/kernel"
  cd "$tree/usr/lib/modules/$version"
  for folder in "${module_folders[@]}"; do
    for file in "$folder"*; do
      [ ! -e "$file" ] || cp -a --parents "$file" "$small/usr/lib/modules/$version/"
    done
  done
  for file in modules.builtin modules.builtin.modinfo modules.order; do
    if [ -e "$file" ]; then cp "$file" "$small/usr/lib/modules/$version/"; fi
  done
  mkdir -p "$work/root/lib"
  ln -s "$small/usr/lib/modules" "$work/root/lib/modules"
  depmod -b "$work/root" "$version"
  pack "$small" >"$work/modules.cpio"
  printf '%s\n' "$version" >"$work/version"
  rm -rf "$apt" "$tree" "$small" "$work/root"
)

# What modules for that kernel are built with: its headers, where they are and as they are.
make_headers() (
  local work=$1 apt=$1/apt version package common wanted
  version=$(<"$kernel/version")
  kernel_apt "$apt"
  apt-cache show "linux-headers-$version" >/dev/null 2>&1 ||
    die "$kernel_suite has no headers of $version any more: make distclean, for a newer kernel"
  mapfile -t wanted < <(apt-cache depends "linux-headers-$version" |
    sed -nE 's/^ +Depends: (linux-(headers|kbuild)-[0-9].*)/\1/p')
  (cd "$apt/download" && apt-get -qq download "linux-headers-$version" "${wanted[@]}")
  for package in "$apt"/download/*.deb; do dpkg -x "$package" "$work"; done
  common=$(basename "$work"/usr/src/linux-headers-*-common)
  # shellcheck disable=SC2016
  printf 'include $(dir $(realpath $(lastword $(MAKEFILE_LIST))))../%s/Makefile\n' "$common" \
    >"$work/usr/src/linux-headers-$version/Makefile"
  rm -rf "$apt"
)

make_root() (
  local work=$1 hook=$1/customize settings=$1/apt.conf
  apt_settings >"$settings"
  cat >"$hook" <<HOOK
#!/bin/sh
set -eu
cd "\$1"
ln -s sbin/init init
: >etc/fstab
echo ipvs-node >etc/hostname
echo '127.0.0.1 localhost ipvs-node' >etc/hosts
# With an id there is no first boot, hence no presets that would enable anything.
echo 00000000000000000000000000000001 >etc/machine-id
for unit in ${masked[*]}; do ln -sf /dev/null "etc/systemd/system/\$unit"; done
rm -rf var/lib/apt/lists/* var/cache/* var/log/* etc/.updated var/.updated
rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/info usr/share/zoneinfo
rm -rf usr/share/snmp usr/share/misc usr/share/perl usr/lib/udev/hwdb.d
rm -rf usr/lib/x86_64-linux-gnu/gconv usr/lib/x86_64-linux-gnu/perl
HOOK
  chmod +x "$hook"
  sources_of "$suite" >"$work/sources.list"
  mmdebstrap --quiet --variant=minbase --aptopt="$settings" \
    --include="$(IFS=,; echo "${packages[*]}")" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="$hook \"\$1\"" \
    "$suite" "$work/root.tar" "$work/sources.list"
  # Through tar, so that owners are right for any user who makes the image.
  bsdtar --format newc -cf "$work/root.cpio" --exclude ./dev/\* "@$work/root.tar"
  rm -f "$work/root.tar" "$hook" "$settings" "$work/sources.list"
)

# cached NAME FUNCTION SOURCE…: the folder of NAME made from the given texts and functions.
cached() {
  local name=$1 function=$2 hash folder
  shift 2
  hash=$(printf '%s\0' "$(declare -f "$function" pack sources_of)" "$@" | sha256sum | cut -c1-12)
  folder=$cache/$name-$hash
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  [ -d "$folder" ] || flock 9
  if [ ! -d "$folder" ]; then
    say IMAGE "$name"
    rm -rf "$cache/$name".tmp.*
    local work=$cache/$name.tmp.$$
    mkdir -p "$work"
    "$function" "$work" >&2 9>&-
    mv -T "$work" "$folder"
  fi
  printf '%s\n' "$folder"
}

case ${1:-} in
  kernel) cached "kernel-$kernel_suite" make_kernel "$(declare -f private_apt kernel_apt)" "${module_folders[@]}" ;;
  headers)
    kernel=$("$0" kernel)
    cached "headers-$kernel_suite" make_headers "$(declare -f private_apt kernel_apt)" "$(<"$kernel/version")"
    ;;
  root) cached "root-$root_name-$suite" make_root "${packages[@]}" "${masked[@]}" ;;
  *) die "usage: image.sh kernel|headers|root [NAME]" ;;
esac

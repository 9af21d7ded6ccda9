# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the harness's scripts share: paths, defaults, messages, Debian's mirror. Sourced, never run.

umask 022
export LC_ALL=C.UTF-8

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
vm=$top/tests/vm
build=$(realpath -m -- "${BUILD:-$top/build}")
cache=${VM_CACHE:-$build/vm}

host_suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
# The guest's programs come from this machine, so its Debian is this machine's; its kernel need not be.
suite=${SUITE:-$host_suite}
kernel_suite=${KERNEL:-bookworm}

say() { printf '  %-7s %s\n' "$1" "$2" >&2; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# A make of our own, whatever make has called this.
run_make() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -s -C "$top" BUILD="$build" "$@"; }

# make_package TARGET…: the boots' prepare.sh make packages as well, so one at a time
make_package() { (flock 8 && run_make "$@") 8>"$cache/prepare.lock"; }

# option_of BOOT NAME: what boot.conf of the boot, a name or a folder, says, "" where nothing
option_of() {
  local folder=$1
  [[ $folder == */* ]] || folder=$vm/boots/$folder
  [ ! -f "$folder/boot.conf" ] || sed -n "s/^$2=//p" "$folder/boot.conf" | tail -n 1
}

# decide_kvm: sets KVM to 1 where a guest runs on this machine's virtualisation, else to 0; KVM given from
# outside stands. The device alone says nothing: on some machines a stock kernel hangs there. A trial boot
# whose first program ends at once decides; the kernel panics over that, and QEMU ends.
decide_kvm() {
  [ -z "${KVM:-}" ] || return 0
  export KVM=0
  [ -w /dev/kvm ] || return 0
  local kernel root
  kernel=$("$vm/image.sh" kernel)
  root=$("$vm/image.sh" root default)
  timeout --kill-after=1 15 qemu-system-x86_64 -accel kvm -cpu host -smp 2 -m 1G -display none -vga none \
    -nic none -no-reboot -monitor none -serial stdio -kernel "$kernel/vmlinuz" -initrd "$root/root.cpio" \
    -append "console=ttyS0 panic=-1 rdinit=/bin/true" </dev/null 2>/dev/null |
    grep -q 'Attempted to kill init! exitcode=0x00000000' || return 0
  KVM=1
}

# The mirror that apt uses here for Debian's main archive, or for "-security".
mirror_of() {
  local what=$1 found
  found=$(apt-get indextargets --no-release-info --format "\$(REPO_URI) \$(RELEASE)" \
    'Created-By: Packages' 2>/dev/null |
    awk -v suite="$host_suite$what" '$2 == suite { print $1; exit }')
  case $found:$what in
    :-security) found=http://deb.debian.org/debian-security ;;
    :*) found=http://deb.debian.org/debian ;;
  esac
  printf '%s\n' "$found"
}

# The apt sources of a Debian suite, one line each.
sources_of() {
  local suite=$1
  local options='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
  printf 'deb %s %s %s main\n' "$options" "$(mirror_of '')" "$suite"
  case $suite in
    sid | unstable) ;;
    *) printf 'deb %s %s %s-security main\n' "$options" "$(mirror_of -security)" "$suite" ;;
  esac
}

# This machine's apt settings that decide whether its mirror can be used: proxies, time checks.
apt_settings() {
  apt-config dump --no-empty | grep -E '^Acquire::(Check-|https?::|Retries|ForceIPv[46])' || true
}

# private_apt FOLDER deb|deb-src [SUITE [SETTING…]]: an apt of our own in FOLDER, with this machine's mirror
# and fresh lists, which the commands that follow take. For this machine's suite where none is named.
private_apt() {
  local folder=$1 type=$2 of=${3:-$host_suite}
  mkdir -p "$folder"/{lists/partial,cache/archives/partial}
  sources_of "$of" | sed "s/^deb /$type /" >"$folder/sources.list"
  {
    printf 'Dir::Etc::SourceList "%s";\nDir::Etc::SourceParts "/dev/null";\n' "$folder/sources.list"
    printf 'Dir::State::Lists "%s";\nDir::Cache "%s";\n' "$folder/lists" "$folder/cache"
    printf '%s;\n' 'APT::Sandbox::User ""' 'Acquire::Languages "none"' "${@:4}"
  } >"$folder/apt.conf"
  export APT_CONFIG=$folder/apt.conf
  apt-get -qq update
}

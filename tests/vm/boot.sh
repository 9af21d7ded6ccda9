#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots one guest:
#
#   boot.sh [--shell | --show] [--name NAME] [--pattern TEXT] BOOT-FOLDER OUTPUT-FOLDER
#
# and, where BOOT-FOLDER/reboot has cases, boots it once more with what the first boot changed on its
# disk. Leaves in OUTPUT-FOLDER `console.log` and `results` (what the guest's runner wrote to its
# second serial port). The exit status says whether the guest ended by itself, not what its cases
# found. --shell gives a root shell on this terminal instead, --show runs the boot's show.sh with the
# console on stdout. Programs and units come from `make install` of the release build, the sanitized programs
# from build/sanitized; both must be there. A boot's prepare.sh runs here before, with the folder of what
# goes over the guest's root as its argument. CPUS=2 gives it two processors.
set -euo pipefail
. "$(dirname -- "$0")/common.sh"

mode=tests pattern='' name=''
while [[ ${1:-} == --* ]]; do
  case $1 in
    --shell | --show) mode=${1#--} && shift ;;
    --name) name=$2 && shift 2 ;;
    --pattern) pattern=$2 && shift 2 ;;
    *) die "unknown option $1" ;;
  esac
done
[ $# -eq 2 ] || die "usage: boot.sh [--shell | --show] [--name NAME] [--pattern TEXT] BOOT-FOLDER OUTPUT-FOLDER"
boot=$(realpath -- "$1")
mkdir -p "$2"
output=$(realpath -- "$2")
rm -f "$output"/{console.log,results,overlay.cpio,changed.tar,changed.cpio}

decide_kvm
kernel=$("$vm/image.sh" kernel)
option() { option_of "$boot" "$1"; }
bound=$(option timeout)
bound=${bound:-900}
memory=$(option memory)
root=$(option root)
root=$("$vm/image.sh" root "${root:-default}")

# --- the overlay: what changes from boot to boot ----------------------------------------------

overlay=$(mktemp -d)
trap 'rm -rf "$overlay"' EXIT
mkdir -p "$overlay"/{opt/sanitized,usr/lib/vm-tests/cases,etc/systemd/system/multi-user.target.wants}
# Only one make at a time, because other boots may run.
[ "$(option install)" = none ] ||
  (flock 8 && run_make install DESTDIR="$overlay" >&2) 8>"$cache/install.lock"
for program in ipvs-preflight ipvs-agent; do
  if [ -x "$build/sanitized/$program" ]; then
    cp "$build/sanitized/$program" "$overlay/opt/sanitized/"
  fi
done
wants=$overlay/etc/systemd/system/multi-user.target.wants
case $(option start) in
  none) units=() ;;
  preflight) units=(ipvs-preflight) ;;
  *) units=(ipvs-preflight ipvs-agent) ;;
esac
for unit in "${units[@]}"; do ln -s "/usr/lib/systemd/system/$unit.service" "$wants/"; done
cp -r "$vm"/guest/* "$overlay/usr/lib/vm-tests/"
cp -r "$top/tests/vm/data" "$overlay/usr/lib/vm-tests/" 2>/dev/null || true
ln -s "/usr/lib/vm-tests/vm-$mode.service" "$wants/"
ln -s "/usr/lib/vm-tests/vm-$mode.service" "$overlay/etc/systemd/system/"
[ ! -f "$boot/show.sh" ] || cp "$boot/show.sh" "$overlay/usr/lib/vm-tests/"
[ ! -d "$boot/cases" ] || cp -r "$boot/cases/." "$overlay/usr/lib/vm-tests/cases/"
# Cases of other boots, by their names.
if [ -f "$boot/only" ]; then
  sed -n 's/^\([a-z].*\):.*/\1/p' "$boot/only" | sort -u | while IFS=/ read -r other file; do
    cp "$vm/boots/$other/cases/$file.sh" "$overlay/usr/lib/vm-tests/cases/"
  done
  sed -n 's,^[a-z][^/]*/,,p' "$boot/only" >"$overlay/usr/lib/vm-tests/only"
fi
reboots=''
if [ "$mode" = tests ] && [ -d "$boot/reboot" ]; then
  reboots=1
  cp -r "$boot/reboot" "$overlay/usr/lib/vm-tests/"
fi
for folder in bin sbin lib lib64; do
  [ ! -e "$boot/files/$folder" ] || die "$boot/files/$folder: a link in the guest, put it under usr/"
done
state=$(option state)
[ -z "$state" ] || install -D -m 644 "$top/$state" "$overlay/etc/ipvs-node/state.json"
[ ! -d "$boot/files" ] || cp -a "$boot/files/." "$overlay/"
[ ! -x "$boot/prepare.sh" ] ||
  (flock 8 && top="$top" build="$build" cache="$cache" kernel="$kernel" "$boot/prepare.sh" "$overlay" >&2) \
    8>"$cache/prepare.lock"
# set_cases FOLDER: which cases the guest runs
set_cases() {
  printf '%s=%q\n' BOOT "${name:-$(basename "$boot")}" 'export SHORT' "${SHORT:-}" KERNELS_OWN "${KERNELS_OWN:-}" PATTERN "$pattern" \
    CASES "$1" REBOOTS "$reboots" >"$overlay/usr/lib/vm-tests/boot.env"
}
set_cases cases
chmod -R u=rwX,go=rX "$overlay"
chmod 755 "$overlay"/usr/lib/vm-tests/*.sh

initrd=$output/initrd.cpio
trap 'rm -rf "$overlay" "$initrd" "$output/overlay.cpio" "$output"/changed.*' EXIT

# make_initrd [ARCHIVE…]: the root, the kernel's modules, the archives, the overlay
make_initrd() {
  (cd "$overlay" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc --owner=0:0) \
    >"$output/overlay.cpio"
  local archives=("$root/root.cpio")
  [ "$(option modules)" = none ] || archives+=("$kernel/modules.cpio")
  cat "${archives[@]}" "$@" "$output/overlay.cpio" >"$initrd"
}
make_initrd

# --- the machine ------------------------------------------------------------------------------

# A stall is one of the guest's only when it is longer than this machine leaves a guest waiting.
cmdline="rcupdate.rcu_cpu_stall_timeout=240 console=ttyS0 quiet loglevel=4 panic=1 no_timer_check random.trust_cpu=on net.ifnames=0 systemd.show_status=true SYSTEMD_COLORS=0"
[ ! -f "$boot/cmdline" ] || cmdline+=" $(tr '\n' ' ' <"$boot/cmdline")"
machine=(-m "${memory:-2G}" -display none -vga none -no-reboot -nic none -kernel "$kernel/vmlinuz"
  -initrd "$initrd")
if [ "$KVM" = 1 ]; then
  machine+=(-accel kvm -cpu host -smp 2)
else
  # What emulation pays for and no case looks at, a factor of three in all (docs/testing.md). An emulator
  # translates code for the address it is at: without randomisation a program is translated once, not at each
  # start. It runs "rep movsb" byte by byte, walks five levels of page tables where there are, and stops
  # its other processor at each change of an address space. A busy machine can calibrate the processor's own
  # clock wrongly, for the whole boot: time comes from another one, and the scheduler's clock is held to that
  # (too fast by six, it took four seconds for a soft lockup of 24).
  cmdline+=" norandmaps nokaslr mitigations=off clocksource=hpet tsc=unstable"
  machine+=(-accel "tcg,thread=multi" -cpu "max,la57=off,erms=off,fsrm=off,smap=off,smep=off" -smp "${CPUS:-1}")
fi
machine+=(-append "$cmdline")

case $mode in
  shell) qemu-system-x86_64 "${machine[@]}" -serial mon:stdio && exit ;;
  show) console=stdio ;;
  tests) console=file:$output/console.log ;;
esac

# run_machine RESULTS
run_machine() {
  local status=0 serials=(-serial "$console" -serial "file:$1")
  [ -z "$reboots" ] || serials+=(-serial "file:$output/changed.tar")
  timeout --kill-after=5 "$bound" qemu-system-x86_64 "${machine[@]}" -monitor none "${serials[@]}" \
    </dev/null || status=$?
  touch "$output/console.log" "$1"
  case $status in
    0) ;;
    124 | 137) die "${name:-$(basename "$boot")}: killed, it had not ended after $bound s" ;;
    *) die "${name:-$(basename "$boot")}: qemu ended with status $status" ;;
  esac
}

# The kernel patches its own code while it runs, with a breakpoint in place for a moment. Under emulation
# another processor can meet that breakpoint after it is gone, and the kernel has no name for it.
met_a_stale_breakpoint() { ! grep -q '^# booted' "$1" && grep -q 'Oops: int3' "$console_log"; }

# boot_once RESULTS: and again where the emulator is what ended it, before any case. Kernel 7.2 met one in
# two boots of twenty.
boot_once() {
  local console_log=${console#file:} again=0
  run_machine "$1"
  while [ "$mode" = tests ] && [ "$KVM" != 1 ] && [ $again -lt 3 ] && met_a_stale_breakpoint "$1"; do
    again=$((again + 1))
    mv "$console_log" "$output/console-stale-breakpoint.log"
    run_machine "$1"
  done
  [ $again = 0 ] ||
    echo "# booted again ($again): the emulator ran a breakpoint that was gone (console-stale-breakpoint.log)" >>"$1"
}

printf '%s\n' "$SECONDS" >"$output/prepared"
boot_once "$output/results"
[ -n "$reboots" ] || exit 0

[ -s "$output/changed.tar" ] || die "${name:-$(basename "$boot")}: no disk is left to boot again from"
bsdtar --format newc -cf "$output/changed.cpio" "@$output/changed.tar"
console=file:$output/console-reboot.log
reboots=''
set_cases reboot
make_initrd "$output/changed.cpio"
boot_once "$output/results-reboot"
sed -i '/^# end after/d' "$output/results"
cat "$output/results-reboot" >>"$output/results"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest: every case_* function of every file in cases/, each in a process, a control
# group and, where the file asks for it, a network namespace of its own. Writes to the second
# serial port one line for each case, and for a failed one what is known about it.
set -uo pipefail
here=/usr/lib/vm-tests
. "$here/boot.env"

mkdir -p /run/vm-tests
touch /run/vm-tests/began
exec 3>/dev/ttyS1
stty -F /dev/ttyS1 raw -echo
report() { printf '%s\n' "$*" >&3; }

kernel_trouble='BUG: |WARNING: CPU|Oops|general protection|blocked for more than|possible.*deadlock|KASAN|UBSAN|rcu: .*stall'
groups=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)

run_case() { # file, case, bound, netns
  local file=$1 name=$2 bound=$3 netns=$4
  local id=$BOOT/${file##*/}
  id=${id%.sh}:$name
  [ -z "$PATTERN" ] || [[ $id == *$PATTERN* ]] || return 0
  [ ! -e "$here/only" ] || grep -qxF "${id#"$BOOT/"}" "$here/only" || return 0
  local log=/run/vm-tests/$name.log began status start
  local group=$groups/case
  mkdir -p "$group"
  began=$(date +%s.%N)
  start=${EPOCHREALTIME/./}
  (
    echo 0 >"$group/cgroup.procs"
    exec timeout --kill-after=5 "$bound" "$here/case.sh" "$here/$CASES/$file" "$name" "$netns"
  ) >"$log" 2>&1 3>&- </dev/null
  status=$?
  local took=$(((${EPOCHREALTIME/./} - start) / 1000))
  # cgroup.kill is younger than the oldest kernel that is tested.
  echo 1 >"$group/cgroup.kill" 2>/dev/null || xargs -r kill -9 <"$group/cgroup.procs" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    ! rmdir "$group" 2>/dev/null || break
    sleep 0.1
  done

  case $status in
    0) report "ok $id ($took ms)" && return ;;
    77) report "skip $id: $(tail -n 1 "$log")" && return ;;
    124 | 137) report "not ok $id ($took ms: over its bound of $bound s)" ;;
    *) report "not ok $id ($took ms: exit status $status)" ;;
  esac
  {
    echo "--- output of $id"
    tail -n 200 "$log"
    echo "--- journal since its start"
    journalctl --quiet --no-pager --output=short-monotonic --since="@$began" 2>&1 | tail -n 60
    if [ -z "$units_shown" ]; then
      echo "--- our units since the machine started"
      journalctl --quiet --no-pager --output=short-monotonic --boot \
        --unit=ipvs-preflight --unit=ipvs-agent 2>&1 | head -n 60
    fi
    echo "--- end of $id"
  } | sed 's/^/    /' >&3
  units_shown=1
}
units_shown=''

# Everything that starts at boot has started or failed; a unit that restarts for ever does not
# keep the cases waiting.
timeout 60 systemctl is-system-running --wait >/dev/null 2>&1
report "# booted in $(cut -d' ' -f1 /proc/uptime) s: $(uname -r), systemd is $(systemctl is-system-running)"

# cases_of FILE: without those, on a further kernel, that show what is no kernel's doing
cases_of() {
  local text
  text=$(<"$1")
  if [ -n "${KERNELS_OWN:-}" ]; then
    ! grep -qx '# any kernel' <<<"$text" || return 0
    text=$(grep -v '# any kernel$' <<<"$text")
  fi
  sed -nE 's/^(case_[A-Za-z0-9_]+) ?\(\).*/\1/p' <<<"$text"
}

cd "$here/$CASES" 2>/dev/null || report "not ok $BOOT:cases (there are none)"
for file in *.sh; do
  [ -f "$file" ] || continue
  bound=$(sed -n 's/^# timeout: *//p' "$file" | head -n 1)
  netns=$(sed -n 's/^# netns: *//p' "$file" | head -n 1)
  if ! bash -n "$file" 2>/run/syntax; then
    report "not ok $BOOT/${file%.sh}:syntax ($(tr '\n' ' ' </run/syntax))"
    continue
  fi
  while read -r name; do
    run_case "$file" "$name" "${bound:-120}" "${netns:-}"
  done < <(cases_of "$file")
done

if [ -z "$PATTERN" ]; then
  if dmesg | grep -E "$kernel_trouble" >/run/trouble; then
    report "not ok $BOOT:kernel (the kernel complained)"
    dmesg | grep -E -A 40 "$kernel_trouble" | head -n 100 | sed 's/^/    /' >&3
  else
    report "ok $BOOT:kernel"
  fi
fi
# What has changed on the disk, for the boot that follows: not what is gone.
if [ -n "$REBOOTS" ]; then
  stty -F /dev/ttyS2 raw -echo
  (cd / && find . -xdev \( -path ./tmp -o -path ./var/tmp -o -path ./var/log -o -path ".$here" \) -prune -o \
    -cnewer /run/vm-tests/began -print0 |
    tar --create --gzip --null --no-recursion --files-from=- --file=- | cat >/dev/ttyS2) 2>&1 | sed 's/^/# /' >&3
fi
report "# end after $(cut -d' ' -f1 /proc/uptime) s"
exec 3>&-
systemctl --force --force poweroff

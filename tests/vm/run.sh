#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs guests, as many at a time as there are cores, and says what came of their cases:
#
#   run.sh [-k TEXT] [-o FOLDER] [BOOT[@SUITE]…]
#
# Without BOOT every folder in boots/ in its short form (SHORT=1), and those whose boot.conf has a line
# `kernels=` once more on the kernel of each Debian suite that it names, without the cases marked
# `# any kernel`. FULL=1 runs them in full, with those that are `full=yes`, and on one kernel alone.
# Builds what is out of date first. Result lines go to stdout and FOLDER/BOOT/results; the exit status
# is 1 where anything failed. VM_JOBS=1 runs one guest at a time.
set -euo pipefail
. "$(dirname -- "$0")/common.sh"

# Of a boot as it is named here: trust, or trust@sid.
folder_of() { printf '%s\n' "$vm/boots/${1%@*}"; }
kernels_of() { option_of "$1" kernels; }

pattern='' output=$build/vm/out boots=() short=${SHORT:-} whole_matrix=1
while [ $# -gt 0 ]; do
  case $1 in
    -k | -o) [ $# -ge 2 ] || die "$1 takes an argument" ;;&
    -k) pattern=$2 && shift 2 ;;
    -o) output=$2 && shift 2 ;;
    -*) die "usage: run.sh [-k TEXT] [-o FOLDER] [BOOT[@SUITE]…]" ;;
    *)
      [ -d "$(folder_of "$1")" ] || die "no boot $1; there are: $(cd "$vm/boots" && echo *)"
      boots+=("$1") && shift
      ;;
  esac
done
if [ ${#boots[@]} = 0 ]; then
  whole_matrix='' full=${FULL:-}
  short=${SHORT:-${full:+0}}
  short=${short:-1}
  for boot in $(cd "$vm/boots" && echo *); do
    [ -n "$full" ] || [ "$(option_of "$boot" full)" != yes ] || continue
    boots+=("$boot")
    [ -z "$full" ] || continue
    for kernel in $(kernels_of "$boot"); do
      [ "$kernel" = one ] || boots+=("$boot@$kernel")
    done
  done
fi

# With a pattern, only the boots that have such a case.
matches() {
  local boot=$1 file name
  [ -n "$pattern" ] || return 0
  for file in "$(folder_of "$boot")"/{cases,reboot}/*.sh; do
    [ -f "$file" ] || continue
    while read -r name; do
      [[ $boot/$(basename "$file" .sh):$name != *$pattern* ]] || return 0
    done < <(sed -nE 's/^(case_[A-Za-z0-9_]+) ?\(\).*/\1/p' "$file")
  done
  return 1
}

# run_boot BOOT: leaves its results in FOLDER/BOOT/results
run_boot() {
  local boot=$1 folder=$output/$1 results=$output/$1/results ended=0
  (
    [[ $boot != *@* ]] || export KERNEL=${boot#*@}
    [[ $boot != *@* || -n $whole_matrix ]] || export KERNELS_OWN=1
    export SHORT=$short
    exec "$vm/boot.sh" --name "$boot" --pattern "$pattern" "$(folder_of "$boot")" "$folder" >&2
  ) || ended=$?
  mkdir -p "$folder"
  touch "$results" "$folder/console.log"
  tr -d '\r' <"$results" >"$results.clean" && mv "$results.clean" "$results"
  [ "$ended" != 0 ] || ! grep -q '^# end after' "$results" || return 0
  printf 'not ok %s:boot (the guest did not come to its end)\n' "$boot" >>"$results"
  {
    echo "--- the end of its console"
    cat "$folder"/console*.log | tr -d '\r' | tail -n 100
  } | sed 's/^/    /' >>"$results"
}

run_make "-j$(nproc)" all sanitized >&2
chosen=()
for boot in "${boots[@]}"; do
  if matches "$boot"; then chosen+=("$boot"); fi
done
[ ${#chosen[@]} -gt 0 ] || die "no case matches '$pattern'"
# The longest first, so that none is left alone at the end.
weight_of() { cat "$(folder_of "$1")"/cases/*.sh | wc -l; }
mapfile -t chosen < <(for boot in "${chosen[@]}"; do
  weight=$(weight_of "$boot")
  [[ $boot != *@* ]] || weight=$((weight / 3))
  printf '%d %s\n' "$weight" "$boot"
done | sort -srn | cut -d' ' -f2)
for boot in "${chosen[@]}"; do
  root=$(option_of "${boot%@*}" root)
  "$vm/image.sh" root "${root:-default}" >/dev/null
  kernel=${boot#"${boot%@*}"}
  KERNEL=${kernel#@} "$vm/image.sh" kernel >/dev/null
done

decide_kvm
jobs=${VM_JOBS:-$(nproc)} running=0
declare -A boot_of
passed=0 failed=0 skipped=0

count() { grep -c "^$2 " "$1" || true; }
# One that has ended: what it found, in one piece.
finish_one() {
  local ended results
  wait -n -p ended || true
  results=$output/${boot_of[$ended]}/results
  running=$((running - 1))
  cat "$results"
  passed=$((passed + $(count "$results" ok)))
  failed=$((failed + $(count "$results" 'not ok')))
  skipped=$((skipped + $(count "$results" skip)))
}

for boot in "${chosen[@]}"; do
  [ "$running" -lt "$jobs" ] || finish_one
  say BOOT "$boot"
  run_boot "$boot" &
  boot_of[$!]=$boot
  running=$((running + 1))
done
while [ "$running" -gt 0 ]; do finish_one; done

[ $((passed + failed + skipped)) -gt 0 ] || die "no case matches '$pattern'"
printf '%d passed, %d failed%s\n' "$passed" "$failed" \
  "$([ "$skipped" = 0 ] || printf ', %d skipped' "$skipped")"
[ "$failed" = 0 ]

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs guests, two at a time for each core, and says what came of their cases:
#
#   run.sh [-k TEXT] [-o FOLDER] [BOOT[@SUITE]…]
#
# Without BOOT every folder in boots/ in its short form (SHORT=1), and those whose boot.conf has a line
# `kernels=` once more on the kernel of each Debian suite that it names, without the cases marked
# `# any kernel`. FULL=1 runs them in full, with two processors, with those that are `full=yes`, and on one kernel
# alone. A boot with `named=yes` runs only where it is named.
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
  [ -z "$full" ] || export CPUS=${CPUS:-2}
  short=${SHORT:-${full:+0}}
  short=${short:-1}
  for boot in $(cd "$vm/boots" && echo *); do
    [ "$(option_of "$boot" named)" != yes ] || continue
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

# run_boot BOOT: leaves its results in FOLDER/BOOT/results, and what it cost in FOLDER/BOOT/cost
run_boot() {
  local boot=$1 results=$output/$1/results start=${EPOCHREALTIME/./}
  mkdir -p "$output/$1"
  rm -f "$output/$1"/{cost,prepared,times}
  boot_results "$boot"
  # Not in a pipe or a substitution, whose own children it would count.
  times >"$output/$1/times"
  cost "$boot" $(((${EPOCHREALTIME/./} - start) / 1000)) >"$output/$1/cost"
}

# cost BOOT TOTAL-MS: in seconds what was made before the machine started, its start until the first case, its cases, the
# rest, the sum of these, and the processors' time
cost() {
  local prepared
  prepared=$(cat "$output/$1/prepared" 2>/dev/null || echo 0)
  { tail -n 1 "$output/$1/times" | sed -E 's/([0-9]+)m([0-9.]+)s/\1 \2/g; s/^/times /' && cat "$output/$1/results"; } |
    awk -v boot="$1" -v total="$2" -v prepared="$prepared" '
      $1 == "times" { used = $2 * 60 + $3 + $4 * 60 + $5 }
      /^# booted in/ { booted += $4 }
      /^(ok|not ok|skip) / && match($0, /\([0-9]+ ms/) { cases += substr($0, RSTART + 1) / 1000; n++ }
      END {
        rest = total / 1000 - prepared - booted - cases
        printf "%s %d %.1f %.1f %.1f %.1f %.1f %.1f\n", boot, n, prepared, booted, cases, rest, total / 1000, used
      }'
}

boot_results() {
  local boot=$1 folder=$output/$1 ended=0
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
# The longest first, so that none is left alone at the end: as long as its cases took in the last release, or by
# their lines. One that installs a package comes later: it would wait until that is made.
weight_of() {
  local weight
  weight=$(sed -n "s/^$1 //p" "$vm/release-costs")
  weight=${weight:-$(($(cat "$(folder_of "$1")"/{cases,reboot}/*.sh 2>/dev/null | wc -l) / 5))}
  [ "$(option_of "${1%@*}" install)" != none ] || weight=$((weight / 4))
  echo "$weight"
}
mapfile -t chosen < <(for boot in "${chosen[@]}"; do
  printf '%s %s\n' "$(weight_of "$boot")" "$boot"
done | sort -srn | cut -d' ' -f2)

decide_kvm
# A guest has one processor and waits half of its time.
jobs=${VM_JOBS:-$(($(nproc) * 2))} running=0
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

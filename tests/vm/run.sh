#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs guests one after the other and says what came of their cases:
#
#   run.sh [-k TEXT] [-o FOLDER] [BOOT…]
#
# Without BOOT every folder in boots/. Builds what is out of date first. Result lines go to stdout and FOLDER/BOOT/results; the exit
# status is 1 where anything failed.
set -euo pipefail
. "$(dirname -- "$0")/common.sh"

pattern='' output=$build/vm/out boots=()
while [ $# -gt 0 ]; do
  case $1 in
    -k | -o) [ $# -ge 2 ] || die "$1 takes an argument" ;;&
    -k) pattern=$2 && shift 2 ;;
    -o) output=$2 && shift 2 ;;
    -*) die "usage: run.sh [-k TEXT] [-o FOLDER] [BOOT…]" ;;
    *)
      [ -d "$vm/boots/$1" ] || die "no boot $1; there are: $(cd "$vm/boots" && echo *)"
      boots+=("$1") && shift
      ;;
  esac
done
[ ${#boots[@]} -gt 0 ] || mapfile -t boots < <(cd "$vm/boots" && printf '%s\n' *)

# With a pattern, only the boots that have such a case.
matches() {
  local boot=$1 file name
  [ -n "$pattern" ] || return 0
  for file in "$vm/boots/$boot"/cases/*.sh; do
    while read -r name; do
      [[ $boot/$(basename "$file" .sh):$name != *$pattern* ]] || return 0
    done < <(sed -nE 's/^(case_[A-Za-z0-9_]+) ?\(\).*/\1/p' "$file")
  done
  return 1
}

run_make "-j$(nproc)" all sanitized >&2
"$vm/image.sh" kernel >/dev/null
"$vm/image.sh" root >/dev/null

passed=0 failed=0 skipped=0
for boot in "${boots[@]}"; do
  matches "$boot" || continue
  folder=$output/$boot
  say BOOT "$boot"
  ended=0
  "$vm/boot.sh" --pattern "$pattern" "$vm/boots/$boot" "$folder" >&2 || ended=$?
  results=$folder/results
  mkdir -p "$folder"
  touch "$results" "$folder/console.log"
  tr -d '\r' <"$results" >"$results.clean" && mv "$results.clean" "$results"
  if [ "$ended" != 0 ] || ! grep -q '^# end after' "$results"; then
    printf 'not ok %s:boot (the guest did not come to its end)\n' "$boot" >>"$results"
    {
      echo "--- the end of its console"
      tr -d '\r' <"$folder/console.log" | tail -n 100
    } | sed 's/^/    /' >>"$results"
  fi
  cat "$results"
  passed=$((passed + $(grep -c '^ok ' "$results" || true)))
  failed=$((failed + $(grep -c '^not ok ' "$results" || true)))
  skipped=$((skipped + $(grep -c '^skip ' "$results" || true)))
done

[ $((passed + failed + skipped)) -gt 0 ] || die "no case matches '$pattern'"
printf '%d passed, %d failed%s\n' "$passed" "$failed" \
  "$([ "$skipped" = 0 ] || printf ', %d skipped' "$skipped")"
[ "$failed" = 0 ]

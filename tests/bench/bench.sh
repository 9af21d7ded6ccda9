#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Times who programs the same table in how long, in one guest: the floor, ipvs-agent, ipvsadm -R,
# keepalived. All set-up included. Prints a table and leaves build/bench/results.json.
#
#   RUNS=3                     how often; medians are shown
#   SIZES="1000x10 5000x10"    SERVICESxDESTINATIONS, of each service
#
# Slow is not wrong: the exit status is 1 only where a contender could not run or left another table.
set -euo pipefail
. "$(dirname -- "$0")/../vm/common.sh"

runs=${RUNS:-3} sizes=${SIZES:-1000x10 5000x10}
[[ $runs =~ ^[1-9][0-9]*$ ]] || die "RUNS=$runs: not a number from 1 on"
for size in $sizes; do
  [[ $size =~ ^[1-9][0-9]*x[0-9]+$ ]] || die "SIZES: $size is not SERVICESxDESTINATIONS"
done

"$top/tests/setup.sh"
run_make "-j$(nproc)" all bench-programs >&2

folder=$build/bench
boot=$folder/boot/bench
rm -rf "${folder:?}"/{boot,results.json}
mkdir -p "$boot/files/usr/lib/bench"
cp -r "$top/tests/bench/guest/"{boot.conf,cases} "$boot/"
cp "$folder/"{floor,generate,measure} "$top/tests/bench/guest/measurement.sh" \
  "$boot/files/usr/lib/bench/"
chmod 755 "$boot/files/usr/lib/bench/"*
printf 'RUNS=%q\nSIZES=%q\n' "$runs" "$sizes" >"$boot/files/usr/lib/bench/parameters"

say BENCH "$runs runs of $sizes"
"$vm/boot.sh" "$boot" "$folder" >&2
tr -d '\r' <"$folder/results" >"$folder/results.clean"
if grep -q '^not ok' "$folder/results.clean" || ! grep -q '^ok .*:case_bench' "$folder/results.clean"; then
  grep -v '^bench: ' "$folder/results.clean" >&2
  die "failed; $folder/console.log has the guest's log"
fi
sed -n 's/^bench: //p' "$folder/results.clean" |
  jq -s --arg date "$(date -u +%F)" --argjson runs "$runs" \
    -f "$top/tests/bench/summary.jq" >"$folder/results.json"
jq -r -f "$top/tests/bench/table.jq" "$folder/results.json"

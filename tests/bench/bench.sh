#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Times, in one guest, what keeping a table costs: the floors (what the kernel itself takes), ipvs-agent
# and its daemon, ipvsadm, keepalived. All set-up included. Prints a table and leaves
# build/bench/results.json and results.txt; picture.sh draws from the former.
#
#   RUNS=5           how often; medians are shown
#   PEER_RUNS=3      the same for what is slow and not ours: ipvsadm and keepalived
#   SIZES="…"        SERVICESxDESTINATIONS, of each service
#   PEER_SIZES="…"   of these, where ipvsadm -R and keepalived run
#   ONLY="…"         patterns of measurements: floor apply bound apply-directory ipvsadm keepalived save
#                    daemon daemon-directory burst resync-timer rest
#   REST_SECONDS=60  how long the daemon is watched at rest
#
# Slow is not wrong: the exit status is 1 only where something could not run or left another table.
set -euo pipefail
. "$(dirname -- "$0")/../vm/common.sh"

all_sizes="1000x10 5000x10 10000x10 44125x1 100x1000"
measurements=(floor apply bound apply-directory ipvsadm keepalived save daemon daemon-directory burst resync-timer rest)
runs=${RUNS:-5} peer_runs=${PEER_RUNS:-3} rest_seconds=${REST_SECONDS:-60}
sizes=${SIZES:-$all_sizes} peer_sizes=${PEER_SIZES:-1000x10 5000x10 10000x10} only=${ONLY:-*}

for number in RUNS="$runs" PEER_RUNS="$peer_runs" REST_SECONDS="$rest_seconds"; do
  [[ ${number#*=} =~ ^[1-9][0-9]*$ ]] || die "$number: not a number from 1 on"
done
for size in $sizes $peer_sizes; do
  [[ $size =~ ^[1-9][0-9]*x[1-9][0-9]*$ ]] || die "SIZES: $size is not SERVICESxDESTINATIONS"
done

# Of the sizes, by their number of objects.
by_objects() { tr ' ' '\n' <<<"$sizes" | awk -Fx 'NF { print $1 * ($2 + 1), $0 }' | sort -n | cut -d' ' -f2; }
in_sizes() { [[ " $sizes " == *" $1 "* ]]; }
smallest=$(by_objects | head -n 1)
largest=$(by_objects | tail -n 1)
change_size=10000x10
in_sizes "$change_size" || change_size=$largest
# Where addresses are made local as well.
bound_size=44125x1
in_sizes "$bound_size" || bound_size=$largest
rest_sizes=''
for size in 5000x10 10000x10; do ! in_sizes "$size" || rest_sizes+="$size "; done
rest_sizes=${rest_sizes:-$largest}

# What the whole bench has and this one has not.
left_out() {
  local size name pattern found
  for size in $all_sizes; do in_sizes "$size" || echo "size $size"; done
  for size in $sizes; do
    [[ " $peer_sizes " == *" $size "* ]] || echo "ipvsadm -R and keepalived at $size"
  done
  set -f
  for name in "${measurements[@]}"; do
    found=''
    # shellcheck disable=SC2053
    for pattern in $only; do [[ $name != $pattern ]] || found=1; done
    [ -n "$found" ] || echo "measurement $name"
  done
  set +f
  [ "$change_size" = 10000x10 ] || echo "changes at 10000x10 (here they are at $change_size)"
}

"$top/tests/setup.sh"
run_make "-j$(nproc)" all bench-programs >&2

folder=$build/bench
boot=$folder/boot/bench
rm -rf "${folder:?}"/{boot,results.json,results.txt}
mkdir -p "$boot/files/usr/lib/bench"
cp -r "$top/tests/bench/guest/"{boot.conf,cases} "$boot/"
cp "$folder/"{floor,generate,measure,change,fingerprint} "$top/tests/bench/guest/"{measurement,changes}.sh \
  "$boot/files/usr/lib/bench/"
chmod 755 "$boot/files/usr/lib/bench/"*
printf '%s=%q\n' RUNS "$runs" PEER_RUNS "$peer_runs" SIZES "$sizes" PEER_SIZES "$peer_sizes" ONLY "$only" \
  CHANGE_SIZE "$change_size" BOUND_SIZE "$bound_size" SMALLEST_SIZE "$smallest" REST_SIZES "$rest_sizes" REST_SECONDS "$rest_seconds" \
  >"$boot/files/usr/lib/bench/parameters"

say BENCH "$runs runs of $sizes"
began=$SECONDS
"$vm/boot.sh" "$boot" "$folder" >&2
tr -d '\r' <"$folder/results" >"$folder/results.clean"
if grep -q '^not ok' "$folder/results.clean" || ! grep -q '^ok .*:case_bench' "$folder/results.clean"; then
  grep -v '^bench: ' "$folder/results.clean" >&2
  die "failed; $folder/console.log has the guest's log"
fi
left_out | jq -R . | jq -s . >"$folder/left-out.json"
sed -n 's/^bench: //p' "$folder/results.clean" |
  jq -s --arg date "$(date -u +%F)" --argjson runs "$runs" --argjson peerRuns "$peer_runs" \
    --argjson seconds $((SECONDS - began)) --slurpfile leftOut "$folder/left-out.json" \
    -f "$top/tests/bench/summary.jq" >"$folder/results.json"
jq -r -f "$top/tests/bench/table.jq" "$folder/results.json" | tee "$folder/results.txt"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# measurement.sh CONTENDER SERVICES DESTINATIONS: one contender, once, in the network namespace that
# it is started in; run by the case. Prints one line of JSON for each figure's row; fails where the
# contender failed or the table that it left is not the whole one.
set -euo pipefail
contender=$1 services=$2 destinations=$3
bench=/usr/lib/bench
inputs=/run/bench/$services-$destinations
work=$(mktemp -d /run/bench/work.XXXX)
trap 'rm -rf "$work"' EXIT
ip link set lo up

die() {
  printf '%s at %s x %s: %s\n' "$contender" "$services" "$destinations" "$*" >&2
  tail -n 20 "$work"/{output,errors} >&2 || true
  exit 1
}

measure() { "$bench/measure" "$@" >"$work/output" 2>"$work/errors" || die "exit status $?"; }

# The table without what its connections count, one "SERVICE DESTINATION" a line, sorted.
table() {
  awk '$1 == "TCP" || $1 == "UDP" || $1 == "SCTP" || $1 == "FWM" { service = $0; print service }
    $1 == "->" && $2 ~ /^[[0-9A-F]/ { print service, $2, $3, $4 }' /proc/net/ip_vs | LC_ALL=C sort
}

# The same table whoever made it: as many lines as it must have, and for all contenders of a size
# the lines that the first one left.
check_table() {
  local found wanted=$((services * (destinations + 1)))
  table >"$work/table"
  found=$(wc -l <"$work/table")
  [ "$found" = "$wanted" ] || die "$found services and destinations in the kernel, not $wanted"
  [ -f "$inputs/table" ] || cp "$work/table" "$inputs/table"
  cmp -s "$inputs/table" "$work/table" ||
    die "another table: $(diff "$inputs/table" "$work/table" | head -n 5)"
}

result() { # CONTENDER REPORT: what was measured, with what the contender says of itself
  jq -c --arg contender "$1" --slurpfile report "$2" --argjson services "$services" \
    --argjson destinations "$destinations" \
    '{contender: $contender, services: $services, destinations: $destinations} + .
      + ($report[0] // {} | {kernel: (.kernel // .microseconds.kernel), phases: .microseconds,
        writes: .kernelWrites, reads: .kernelReads} | with_entries(select(.value != null)))' \
    "$work/result"
}

agent() { # applies the state and leaves the report in $work/output
  measure "$work/result" /usr/sbin/ipvs-agent apply --state "$inputs/state" --run-dir "$work/run" \
    --output=json
}

case $contender in
  floor)
    measure "$work/result" "$bench/floor" "$services" "$destinations"
    check_table
    result floor "$work/output"
    ;;
  apply)
    mkdir "$work/run"
    agent
    check_table
    result apply "$work/output"
    agent
    check_table
    [ "$(jq .kernelWrites "$work/output")" = 0 ] || die "writes although nothing had changed"
    result no-change "$work/output"
    ;;
  ipvsadm)
    measure "$work/result" ipvsadm -R <"$inputs/ipvsadm"
    check_table
    result ipvsadm /dev/null
    ;;
  keepalived)
    measure --until "$services" "$destinations" "$work/result" keepalived --dont-fork --check \
      --no-syslog --log-console --use-file "$inputs/keepalived" --pid "$work/pid" \
      --checkers_pid "$work/checkers-pid"
    check_table
    result keepalived /dev/null
    ;;
  *) die "no such contender" ;;
esac

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# measurement.sh NAME SERVICES DESTINATIONS: one measurement, once, in the network namespace that it
# is started in; run by the case. Prints a line of JSON for each figure; fails where a program failed,
# the table that it left is not the whole one, or it wrote although nothing had changed.
set -euo pipefail
name=$1 services=$2 destinations=$3
bench=/usr/lib/bench
program=/usr/sbin/ipvs-agent
. "$bench/parameters"
. "$bench/changes.sh"
inputs=/run/bench/$services-$destinations
objects=$((services * (destinations + 1)))
work=$(mktemp -d /run/bench/work.XXXX)
daemon=''
trap '[ -z "$daemon" ] || kill -9 "$daemon"; rm -rf "$work"' EXIT
unset NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID
mkdir "$work"/{run,data}
ip link set lo up

die() {
  printf '%s at %s x %s: %s\n' "$name" "$services" "$destinations" "$*" >&2
  tail -n 20 "$work"/{output,errors,log} >&2 || true
  exit 1
}

# Until less than a quarter of the machine is busy for half a second; half of it is with one kernel
# thread at work. The kernel takes a namespace's table down after its last process, and that must not be
# in the next figure.
settle() {
  local before now busy idle end=$((SECONDS + 120))
  while :; do
    read -ra before </proc/stat
    sleep 0.5
    read -ra now </proc/stat
    # cpu user nice system idle iowait irq softirq
    idle=$((now[4] + now[5] - before[4] - before[5]))
    busy=$((now[1] + now[2] + now[3] + now[6] + now[7] - before[1] - before[2] - before[3] - before[6] - before[7]))
    [ $((4 * busy)) -ge $((busy + idle)) ] || return 0
    [ $SECONDS -lt $end ] || die "the machine does not come to rest: busy $busy, idle $idle ticks"
  done
}

measure() { # [--until SERVICES DESTINATIONS] COMMAND…
  local until=()
  [ "$1" != --until ] || { until=("${@:1:3}") && shift 3; }
  settle
  "$bench/measure" "${until[@]}" "$work/result" "$@" >"$work/output" 2>"$work/errors" ||
    die "$1: exit status $?"
}

# --- the kernel's table -----------------------------------------------------------------------

# The same table whoever made it: as many entries as it must have, and for all contenders of a size
# what the first one left.
check_table() { # [CHANGE]
  local found known=$inputs/table${1:+-$1}
  found=$("$bench/fingerprint")
  [ "${found% *}" = "$objects" ] || die "${found% *} services and destinations in the kernel, not $objects"
  [ -f "$known" ] || echo "$found" >"$known"
  [ "$found" = "$(cat "$known")" ] || die "not the table that others left: $found, not $(cat "$known")"
}

# After a change, also as many destinations with its weight as it must have, and no others.
check_change() { # CHANGE
  local every first weight found
  read -r every first weight <<<"$(change_of "$1" "$services" "$destinations")"
  local wanted=$(((services * destinations - first - 1) / every + 1))
  found=$(awk -v weight="$weight" '$1 == "->" && $4 == weight { same++ } $1 == "->" && $4 == 1 { old++ }
    END { print same + 0, old + 0 }' /proc/net/ip_vs)
  [ "$found" = "$wanted $((services * destinations - wanted))" ] ||
    die "$found destinations with weights $weight and 1, not $wanted and the others"
  check_table "$1"
}

# --- results ----------------------------------------------------------------------------------

# emit NAME STATE FILE… [-- JQ-ARG…]: a line of the objects in the files; of an agent's report (with
# microseconds) its phases and counts. STATE is file, directory or "".
emit() {
  local figure=$1 state=$2 files=()
  shift 2
  while [ $# -gt 0 ] && [ "$1" != -- ]; do files+=("$1") && shift; done
  jq -cs --arg name "$figure" --arg state "$state" --argjson services "$services" \
    --argjson destinations "$destinations" "${@:2}" '
    {name: $name, services: $services, destinations: $destinations}
    + (if $state == "" then {} else {state: $state} end)
    + ($ARGS.named | del(.name, .state, .services, .destinations))
    + (map(if has("microseconds") then {phases: .microseconds, writes: .kernelWrites, reads: .kernelReads,
        kernel: .microseconds.kernel} else . end) | add // {})' "${files[@]}" /dev/null
}

# --- programs ---------------------------------------------------------------------------------

write_floor() {
  measure "$bench/floor" write "$services" "$destinations"
  check_table
  emit floor "" "$work/result" "$work/output"
}

read_floor() {
  measure "$bench/floor" read "$services" "$destinations"
  emit read-floor "" "$work/result" "$work/output"
}

no_write() { [ "$(jq .kernelWrites "$work/output")" = 0 ] || die "writes although nothing had changed"; }

apply() { # FIGURE STATE [INPUT]
  measure "$program" apply --state "$inputs/${3:-$2}" --run-dir "$work/run" --data-dir "$work/data" --output=json
  check_table
  [ "$1" != no-change ] || no_write
  emit "$1" "$2" "$work/result" "$work/output"
}

# Every service's address is local then: on a link, or beyond a thousand by a route.
bound() {
  apply bound file bound
  local local_ones
  # Of many there are only routes, and no link.
  local_ones=$({ ip -4 -o address show dev ipvs0 2>/dev/null || true; ip -4 route show table local proto 146; } | wc -l)
  [ "$local_ones" -ge "$services" ] || die "$local_ones addresses are local, not $services"
}

# The daemon, with a copy of the state that can be changed.
watched() { if [ -d "$work/state" ]; then echo "$work/state"; else echo "$work/state.json"; fi; }
start_daemon() { # INPUT RESYNC
  if [ -d "$inputs/$1" ]; then cp -r "$inputs/$1" "$work/state"; else cp "$inputs/$1" "$work/state.json"; fi
  "$program" run --state "$(watched)" --run-dir "$work/run" --data-dir "$work/data" --resync="$2" \
    >"$work/log" 2>&1 &
  daemon=$!
  "$program" status --wait=300s --run-dir "$work/run" >"$work/output" 2>&1 || die "not in sync"
  check_table
}
stop_daemon() {
  local status=0
  kill "$daemon"
  wait "$daemon" || status=$?
  daemon=''
  [ $status = 0 ] || die "the daemon ended with status $status"
}

status_of() { jq -r "$1" "$work/run/status.json"; }
reconciled() { # NUMBER: until there was one more, and all is in sync
  local end=$((SECONDS + 600))
  until [ "$(status_of '"\(.reconciles > '"$1"') \(.outcome)"')" = "true in-sync" ]; do
    [ $SECONDS -lt $end ] || die "no reconcile: $(status_of .status)"
    sleep 0.2
  done
}

# What the daemon does at a resync, without waiting for it: by default it sleeps fifty times as long.
resync() { # STATE
  local before
  before=$(status_of .reconciles)
  measure "$program" apply --state "$(watched)" --run-dir "$work/run" --output=json
  no_write
  [ "$(status_of .reconciles)" = $((before + 1)) ] || die "the daemon did not reconcile once"
  check_table
  jq "{wall}" "$work/result" >"$work/asked"
  emit resync "$1" "$work/asked" "$work/output"
}

change() { # FIGURE STATE FROM TO MILLISECONDS
  local before numbers
  before=$(status_of .reconciles)
  read -ra numbers <<<"$(change_of "$1" "$services" "$destinations")"
  settle
  "$bench/change" "$3" "$4" "$5" "$services" "$destinations" "${numbers[@]}" >"$work/output" 2>"$work/errors" ||
    die "change: exit status $?"
  reconciled "$before"
  # The watch coalesces for two seconds at most; a later change is another reconcile.
  [ "$5" = 0 ] || sleep 4
  settle
  check_change "$1"
  status_of .report >"$work/report"
  emit "$1" "$2" "$work/report" "$work/output" -- --argjson reconciles $(($(status_of .reconciles) - before))
}

memory() { # STATE: in KiB, as `measure` has it
  awk '$1 == "VmHWM:" { peak = $2 } $1 == "VmRSS:" { resting = $2 }
    END { printf "{\"memory\": %d, \"resting\": %d}\n", peak, resting }' "/proc/$daemon/status" >"$work/memory"
  emit daemon "$1" "$work/memory"
}

# --- the daemon's measurements ----------------------------------------------------------------

run_daemon() { # STATE
  start_daemon "$1" 1h
  read_floor
  resync "$1"
  settle
  memory "$1"
  if [ "${CHANGES:-0}" = 1 ]; then
    local one=$work/one.json
    mkdir "$work/tenth"
    if [ "$1" = directory ]; then
      cp "$inputs/one-directory/"*.json "$work/"
      one=$(echo "$work"/0*.json)
      cp "$inputs/tenth-directory/"*.json "$work/tenth/"
      change one "$1" "$one" "$work/state/${one##*/}" 0
      change tenth "$1" "$work/tenth" "$work/state" 0
    else
      cp "$inputs/one" "$one"
      cp "$inputs/tenth" "$work/tenth.json"
      change one "$1" "$one" "$work/state.json" 0
      change tenth "$1" "$work/tenth.json" "$work/state.json" 0
    fi
    memory "$1"
  fi
  stop_daemon
}

run_burst() {
  start_daemon burst-before 1h
  cp -r "$inputs/burst-after" "$work/burst"
  change burst directory "$work/burst" "$work/state" 1000
  stop_daemon
}

# Resyncs that come by themselves: whether asking for one is the same.
run_resync_timer() {
  local i reconciles
  start_daemon file 1s
  for ((i = 0; i < PEER_RUNS; i++)); do
    reconciles=$(status_of .reconciles)
    reconciled "$reconciles"
    status_of .report >"$work/output"
    no_write
    emit resync-timer file "$work/output"
    read_floor
  done
  stop_daemon
}

# Nothing happens for REST_SECONDS: the processor's time, and how often a thread went to sleep again.
spent() {
  printf '%s %s %s\n' "$(awk '{ print $14 + $15 }' "/proc/$daemon/stat")" \
    "$(awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }' /proc/"$daemon"/task/*/status)" \
    "$(status_of .reconciles)"
}
run_rest() { # RESYNC
  local before after
  start_daemon file "$1"
  sleep 5
  read -ra before <<<"$(spent)"
  sleep "$REST_SECONDS"
  read -ra after <<<"$(spent)"
  memory file >/dev/null
  emit rest file "$work/memory" -- --arg resync "$1" --argjson seconds "$REST_SECONDS" \
    --argjson cpu $(((after[0] - before[0]) * 1000000 / $(getconf CLK_TCK))) \
    --argjson wakeups $((after[1] - before[1])) --argjson reconciles $((after[2] - before[2])) \
    --argjson period "$(status_of .resyncMilliseconds)"
  stop_daemon
}

case $name in
  floor)
    write_floor
    read_floor
    ;;
  save)
    write_floor
    read_floor
    measure ipvsadm -Sn
    [ "$(wc -l <"$work/output")" = "$objects" ] || die "ipvsadm -Sn does not print the whole table"
    emit save "" "$work/result"
    ;;
  apply | apply-directory)
    state='file'
    [ "$name" = apply ] || state='directory'
    apply apply "$state"
    apply no-change "$state"
    ;;
  bound) bound ;;
  ipvsadm)
    measure ipvsadm -R <"$inputs/ipvsadm.rules"
    check_table
    emit ipvsadm "" "$work/result"
    ;;
  keepalived)
    measure --until "$services" "$destinations" keepalived --dont-fork --check \
      --no-syslog --log-console --use-file "$inputs/keepalived.conf" --pid "$work/pid" \
      --checkers_pid "$work/checkers-pid"
    check_table
    emit keepalived "" "$work/result"
    ;;
  daemon) run_daemon file ;;
  daemon-directory) run_daemon directory ;;
  burst) run_burst ;;
  resync-timer) run_resync_timer ;;
  rest) run_rest "$4" ;;
  *) die "no such measurement" ;;
esac

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# apply is killed before each of its writing system calls in turn. Whatever it had got to, the next
# apply makes the table and the record that a never-killed one makes, whether the state is still the
# same, is back to what it was, or has gone on; cleanup then leaves nothing of ours.
# netns: fresh
# timeout: 900
# any kernel
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

kinds=(sendto sendmsg write pwrite64 rename renameat renameat2 unlink unlinkat ftruncate fsync fdatasync)

# All of it in one process, and in an order of its own: starting one takes long here. Other cases hold
# what save prints against ipvsadm.
seen() {
  local name
  /usr/sbin/ipvs-agent save
  for name in conn_reuse_mode expire_nodest_conn expire_quiescent_template; do
    printf '%s=%s\n' "$name" "$(</proc/sys/net/ipv4/vs/$name)"
  done
}
# A name.new is taken away by the next who writes name.
left_in_files() { (shopt -s dotglob nullglob && printf '%s\n' "$RUN"/*) | grep -v '\.new$'; }

quiet_apply() { # NAME OF THE STATE, COMMAND BEFORE IT…
  "${@:2}" /usr/sbin/ipvs-agent apply --state "$1.json" --run-dir "$RUN" --drain-timeout=0 \
    --log-level=error --output=json >apply.out 2>&1
}
apply_state() { quiet_apply "$1" || fail "$(cat apply.out)"; }
traced_apply() { quiet_apply after strace -f -qq -o trace "$@"; }

# expected NEXT: what a never-killed way over the new state to NEXT gives
expected() {
  apply_state before
  apply_state after
  apply_state "$1"
  seen >"$1.table"
  recorded >"$1.record"
  left_in_files >"$1.files"
}

# ended_well NEXT WHERE
ended_well() {
  expect_equal "$(<"$1.table")" "$(seen)" "the table, $2"
  expect_equal "$(<"$1.record")" "$(recorded)" "the record, $2"
  expect_equal "$(<"$1.files")" "$(left_in_files)" "files, $2"
}

# cleaned_up WHERE: nothing is left but what was there before us
cleaned_up() {
  agent cleanup >cleanup.out 2>&1 || fail "cleanup $1: $(cat cleanup.out)"
  expect_equal "$nothing" "$(seen)" "cleanup leaves something, $1"
}

# killed_once KIND K NEXT: starts with the state before; false where the run ended before its K-th call
killed_once() {
  local status=0
  traced_apply -e trace="$1" -e inject="$1:signal=SIGKILL:when=$2" 2>/dev/null || status=$?
  [ "$status" = 137 ] || [ "$status" = 0 ] || fail "exit status $status: $(cat apply.out)"
  [ "$status" != 0 ] || return 1
  apply_state "$3"
  ended_well "$3" "killed before $1 no. $2, then the state $3"
  [[ $(<apply.out) == *'"drift": 0,'* ]] ||
    fail "somebody else's changes are seen, killed before $1 no. $2, then the state $3: $(<apply.out)"
}

# points_of KIND: before which calls of that kind to kill, counted in the trace of a whole run; the short
# form takes one of them.
points_of() {
  local count
  count=$(grep -cE "^[0-9]+ +$1\(" whole-run)
  seq "$count" | if [ "${SHORT:-}" = 1 ]; then shuf -n 1 --random-source=whole-run; else cat; fi
}
# ways_on N: the states that follow the kills at the Nth point: back to the old one and then on, to one of
# two; the short form takes one of the three.
ways_on() {
  case ${SHORT:-}:$(($1 % 3)) in
    1:0) echo before ;;
    *:0) echo before after ;;
    1:1) echo third ;;
    1:2) echo after ;;
    *) echo before third ;;
  esac
}

# killed_everywhere: on the way from before.json to after.json; third.json is where the state may have
# gone on to
killed_everywhere() {
  local kind k next nothing points=0 kills=0 began=$SECONDS
  others_have_services
  nothing=$(seen)
  for next in before third after; do expected "$next"; done
  cleaned_up "never killed"

  apply_state before
  traced_apply -e trace="$(IFS=,; echo "${kinds[*]}")"
  mv trace whole-run
  sed -nE 's/^[0-9]+ +([a-z0-9]+)\(.*/\1/p' whole-run | sort -u >kinds
  apply_state before
  while read -r kind; do
    for k in $(points_of "$kind"); do
      for next in $(ways_on $points); do
        killed_once "$kind" "$k" "$next" || break 2
        kills=$((kills + 1))
      done
      points=$((points + 1))
      cleaned_up "killed before $kind no. $k"
      apply_state before
    done
    apply_state before
  done <kinds
  echo "$kills kills at $points points in $((SECONDS - began)) s"
  [ "$kills" -ge "$(full_or_short 6 3)" ] || fail "only $kills kills"
}

state() { jq -n "{version: 1, services: [], $2}" >"$1.json"; }
other='services: [{address: "10.0.0.9", port: 9, protocol: "tcp", destinations: [{address: "10.0.1.9"}]}]'
four='[{address: "10.0.0.1", port: 80, protocol: "tcp", scheduler: "wrr",
    destinations: [{address: "10.0.1.1"}, {address: "10.0.1.2", weight: 3}]},
  {address: "10.0.0.2", port: 53, protocol: "udp", destinations: [{address: "10.0.1.1"}]},
  {address: "10.0.0.3", port: 80, protocol: "tcp", persistence: {timeout: 60}, destinations: []},
  {fwmark: 7, family: "ipv4", destinations: [{address: "10.0.1.3", port: 0}]}]'

case_killed_while_services_are_created() {
  state before 'timeouts: {}'
  state after "services: $four"
  state third "$other"
  killed_everywhere
}

case_killed_while_services_are_removed() {
  state before "services: $four"
  state after "services: ($four | .[:1])"
  state third "$other"
  killed_everywhere
}

case_killed_while_attributes_are_edited() {
  state before "services: $four"
  state after "services: ($four | .[0].scheduler = \"rr\" | .[0].destinations[0].weight = 9
    | .[0].destinations[1].upperThreshold = 50 | .[2].persistence.timeout = 90)"
  state third "services: ($four | .[0].scheduler = \"sh\" | .[0].destinations[0].weight = 4 | del(.[2].persistence))"
  killed_everywhere
}

case_killed_while_destinations_are_exchanged() {
  state before "services: $four"
  state after "services: ($four | .[0].destinations = [{address: \"10.0.1.2\", weight: 3}, {address: \"10.0.1.5\"}]
    | .[1].destinations[0].address = \"10.0.1.6\")"
  state third "services: ($four | .[0].destinations = [{address: \"10.0.1.7\"}])"
  killed_everywhere
}

case_killed_while_globals_are_set() {
  state before 'timeouts: {tcp: 1000}, sysctls: {"net.ipv4.vs.expire_nodest_conn": 1}'
  state after 'timeouts: {tcp: 1001, udp: 99}, sysctls: {"net.ipv4.vs.conn_reuse_mode": 0}'
  state third 'timeouts: {tcpFin: 50}'
  killed_everywhere
}

case_killed_while_a_sync_daemon_is_exchanged() {
  state before 'syncDaemons: [{role: "master", interface: "lo", syncId: 1}]'
  state after 'syncDaemons: [{role: "master", interface: "lo", syncId: 2}, {role: "backup", interface: "lo", syncId: 3}]'
  state third "$other"
  killed_everywhere
}

# A connection that is there all the time, so that what leaves drains. The kernel keeps a deleted
# destination with its connections and takes it again: it counts in every round.
case_killed_while_a_drain_starts() {
  modprobe ip_vs_sh
  clients_and_servers
  state_of_two '"scheduler": "sh"'
  cp state.json before.json
  agent apply >apply.out 2>&1
  held_by one
  agent cleanup >cleanup.out 2>&1
  without_one
  mv state.json after.json
  jq '.services += [{address: "10.0.0.9", port: 9, protocol: "tcp", destinations: []}]' after.json >third.json
  killed_everywhere
  expect_contains "$(cat after.record)" "drain tcp 10.0.0.1 80 192.168.2.2 8080" "nothing drained"
  apply_state after
  expect_contains "$(ipvsadm -Sn)" "-b sh-fallback"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# System calls that fail now and then: lost answers (ENOBUFS), interrupted calls (EINTR), a kernel out of
# memory. An apply that says it is done has done it; one that says it is not has lost nothing, and the
# next one does it.
# netns: fresh
# timeout: 900
# any kernel
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

before() {
  jq -n '{version: 1, services: [range(1; 5) | {address: "10.0.0.\(.)", port: 80, protocol: "tcp",
    destinations: [{address: "10.0.1.1"}, {address: "10.0.1.2"}]}]}' >state.json
}
after() {
  jq -n '{version: 1, services: [range(3; 9) | {address: "10.0.0.\(.)", port: 80, protocol: "tcp",
    scheduler: "wrr", destinations: [{address: "10.0.1.2", weight: 5}, {address: "10.0.1.3"}]}],
    timeouts: {tcp: 1000}}' >state.json
}

# apply_with INJECTION: its exit status is in STATUS, and in TRIED whether anything was injected
apply_with() {
  STATUS=0
  strace -f -qq -o trace -e trace="${1%%:*}" -e inject="$1" /usr/sbin/ipvs-agent apply --state state.json \
    --run-dir "$RUN" --output=json >out.json 2>err || STATUS=$?
  TRIED=0
  ! grep -q INJECTED trace || TRIED=1
}

# fails_at_each CALL ERROR: at its first call, its second, … until there is none; the short form leaves
# out two of three
fails_at_each() {
  local k step wanted failures=0 done_all_the_same=0
  step=$(full_or_short 1 3)
  others_have_services
  after
  agent apply >/dev/null 2>&1
  wanted=$(ipvsadm -Sn | LC_ALL=C sort)
  for ((k = 1; k < 200; k += step)); do
    before
    agent apply >/dev/null 2>&1
    after
    apply_with "$1:error=$2:when=$k"
    [ "$TRIED" = 1 ] || break
    case $STATUS in
      0)
        expect_equal "$wanted" "$(ipvsadm -Sn | LC_ALL=C sort)" "it said done at $1 no. $k"
        done_all_the_same=$((done_all_the_same + 1))
        ;;
      1 | 3) failures=$((failures + 1)) ;;
      *) fail "exit status $STATUS at $1 no. $k: $(cat err)" ;;
    esac
    agent apply >next.out 2>&1 || fail "the next apply fails, $1 no. $k: $(cat next.out)"
    expect_equal "$wanted" "$(ipvsadm -Sn | LC_ALL=C sort)" "after $1 no. $k"
    others_are_untouched "$1 no. $k"
  done
  echo "$1 $2: until no. $k, $done_all_the_same done all the same, $failures said so"
  [ "$k" -gt 3 ] || fail "$1 was hardly called"
  FAILURES=$failures
}

case_fault_lost_answers() { fails_at_each recvmmsg ENOBUFS; }

case_fault_interrupted_calls() {
  fails_at_each recvmmsg EINTR
  expect_equal 0 "$FAILURES" "an interrupted call is made again"
}

case_fault_interrupted_sends() {
  fails_at_each sendto EINTR
  expect_equal 0 "$FAILURES" "an interrupted call is made again"
}

case_fault_sends_without_memory() { fails_at_each sendto ENOMEM; }

# The daemon, while answers are lost all the time: it lives, says so, and is right in the end.
case_fault_daemon_survives() {
  local tracer
  before
  start_daemon --resync 1s
  strace -f -qq -o trace -p "$DAEMON" -e trace=recvmmsg -e inject=recvmmsg:error=ENOBUFS:when=2+3 &
  tracer=$!
  sleep 1
  after
  mv state.json new && mv new state.json
  sleep 5
  kill -0 "$DAEMON" || fail "the daemon died: $(cat log)"
  kill "$tracer"
  wait "$tracer" 2>/dev/null || true
  in_sync
  expect_equal 18 "$(ipvsadm -Sn | wc -l)"
  # Some seconds of it do not make a line each.
  [ "$(wc -l <log)" -lt 120 ] || fail "$(wc -l <log) lines in the log"
  end_daemon
}

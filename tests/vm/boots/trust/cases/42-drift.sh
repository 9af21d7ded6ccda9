# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What somebody changed by hand is put back within the period, told once, and given up for a while
# when it does not end.
# netns: fresh
# timeout: 270
# any kernel
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

started() {
  one_destination '"weight": 1'
  edit '.services += [{address: "10.0.0.2", port: 53, protocol: "udp", destinations: []}]'
  start_daemon --resync="${1:-1s}"
  TABLE=$(ipvsadm -Sn)
}
is_put_back() { [ "$(ipvsadm -Sn)" = "$TABLE" ]; }
repaired() { [ "$(of_status .driftRepaired)" = "$1" ]; }

# drifts TEXT IPVSADM-ARG…
drifts() {
  local before
  before=$(of_status .driftRepaired)
  ipvsadm "${@:2}"
  wait_until 40 is_put_back
  wait_until 40 repaired $((before + 1))
  logged 1 "drift: $1"
}

case_drift_is_told_with_old_and_new() {
  started
  expect_equal 0 "$(of_status .driftRepaired)"
  drifts "set destination tcp 10.0.0.1:80 -> 10.0.1.1:80, weight 5 -> 1" \
    -e -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 5
  drifts "set service tcp 10.0.0.1:80, scheduler wrr -> rr" -E -t 10.0.0.1:80 -s wrr
  drifts "new service udp 10.0.0.2:53" -D -u 10.0.0.2:53
  drifts "new destination tcp 10.0.0.1:80 -> 10.0.1.1:80" -d -t 10.0.0.1:80 -r 10.0.1.1:80
  # A foreign destination drains: it may have connections by then.
  drifts "set destination tcp 10.0.0.1:80 -> 10.0.1.9:80, weight 1 -> 0" -a -t 10.0.0.1:80 -r 10.0.1.9:80 -m
  in_sync
  end_daemon
  expect_equal 5 "$(grep -c 'drift: ' log)"
}

case_drift_of_globals_is_put_back() {
  started
  edit '.timeouts = {tcp: 1000} | .sysctls = {"net.ipv4.vs.conn_reuse_mode": 0}'
  wait_until 40 has "1000 120 300" ipvsadm -Ln --timeout
  ipvsadm --set 901 0 0
  wait_until 40 has "1000 120 300" ipvsadm -Ln --timeout
  echo 1 >/proc/sys/net/ipv4/vs/conn_reuse_mode
  wait_until 40 has 0 cat /proc/sys/net/ipv4/vs/conn_reuse_mode
  expect_match "$(cat log)" 'drift: .*901'
  expect_match "$(cat log)" 'drift: .*conn_reuse_mode'
}

case_change_of_the_state_is_no_drift() {
  started
  edit '.services[0].destinations[0].weight = 7'
  wait_until 40 has "-w 7" ipvsadm -Sn
  edit '.services = []'
  wait_until 40 has_no_services
  sleep 2
  logged 0 "drift: "
  expect_equal 0 "$(of_status .driftRepaired)"
}
has_no_services() { [ -z "$(ipvsadm -Sn)" ]; }

case_drift_while_nobody_ran_is_repaired_at_the_start() {
  started
  end_daemon
  ipvsadm -e -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 5
  start_daemon --resync=1h
  is_put_back || fail "still $(ipvsadm -Sn)"
  expect_equal 1 "$(of_status .report.kernelWrites)"
}

case_report_of_an_apply_has_the_drift() {
  one_destination '"weight": 1'
  applied
  expect_equal 0 "$(report '.drift // 0')"
  ipvsadm -e -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 5
  applied
  expect_equal 1 "$(report .drift)"
}

# A writer that never stops: after five repairs a minute's pause; other objects go on.
case_contested_object_is_left_alone_for_a_while() {
  local weight
  started
  for weight in 11 12 13 14 15; do
    ipvsadm -e -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w $weight
    wait_until 40 is_put_back
  done
  ipvsadm -e -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 16
  wait_until 40 has "contested: somebody else keeps changing it, put back 5 times; left alone for a while, longer each time" agent status
  expect_status 3 agent status
  sleep 3
  expect_contains "$(ipvsadm -Sn)" "-r 10.0.1.1:80 -m -w 16"
  expect_equal 1 "$(grep -c '^ipvs-agent: tcp .*: contested: ' log)"
  ipvsadm -D -u 10.0.0.2:53
  wait_until 40 has "-A -u 10.0.0.2:53 -s rr" ipvsadm -Sn
  # An apply does not have to wait.
  expect_status 0 agent apply
  is_put_back || fail "an explicit apply does not put it back"
}

# The failure's own back-off: status shows the attempts and the next one.
case_failing_object_has_a_pace_of_its_own() {
  one_service '"scheduler": "nosuch"'
  start_daemon --resync=1s
  wait_until 40 tried 2
  expect_match "$(of_status '.report.failures[0].since')" '^20[0-9-]+T[0-9:]+\.[0-9]{3}Z$'
  [ "$(of_status '.report.failures[0].nextMicroseconds')" -gt 100000 ] || fail "no next attempt"
  sleep 10
  # 1, 2, 4, 8 s, a quarter less at most: no more than six in the time so far.
  [ "$(of_status '.report.failures[0].attempts')" -le 7 ] || fail "$(of_status '.report.failures')"
  expect_equal 1 "$(grep -c "^ipvs-agent: tcp 10.0.0.1:80: .*nosuch" log)"
  edit '.services[0].scheduler = "rr"'
  wait_until 40 has "-s rr" ipvsadm -Sn
}
tried() { [ "$(of_status '.report.failures[0].attempts')" -ge "$1" ]; }

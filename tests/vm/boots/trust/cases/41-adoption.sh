# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Whose a service is that was there first, and what two writers of ours may do at once.
# netns: fresh
# timeout: 270
# any kernel
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

theirs_is() { # SCHEDULER
  ipvsadm -A -t 10.0.0.1:80 -s "$1"
  ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.1:80 -m
  one_destination '"weight": 1'
}

case_equal_is_adopted() {
  theirs_is rr
  applied
  expect_equal 0 "$(report .kernelWrites)"
  expect_equal "owned tcp 10.0.0.1 80" "$(recorded)"
  expect_status 0 agent cleanup
  expect_equal "" "$(ipvsadm -Sn)"
}

case_different_is_a_conflict() {
  theirs_is wlc
  local before
  before=$(ipvsadm -Sn)
  edit '.services += [{address: "10.0.0.2", port: 80, protocol: "tcp", destinations: []}]'
  applied 3
  expect_equal "tcp 10.0.0.1:80" "$(report '.failures[].object')"
  expect_contains "$(report '.failures[].text')" "it is in the kernel already, not ours, and differs (scheduler wlc"
  expect_equal "$before
-A -t 10.0.0.2:80 -s rr" "$(ipvsadm -Sn)"
  expect_status 0 agent cleanup
  expect_equal "$before" "$(ipvsadm -Sn)"
}

case_conflict_ends_with_the_other_service() {
  theirs_is wlc
  start_daemon --resync=1s
  expect_status 3 agent status
  ipvsadm -D -t 10.0.0.1:80
  in_sync
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:80 -s rr"
}

case_adopt_all_edits_in_place() {
  theirs_is wlc
  ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.9:80 -m
  agent apply --adopt=all >apply.out 2>&1
  expect_equal "-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 1" "$(ipvsadm -Sn)"
  expect_equal "owned tcp 10.0.0.1 80" "$(recorded)"
  expect_not_contains "$(cat apply.out)" "new service"
  others_have_services
  expect_status 0 agent cleanup
  expect_not_contains "$(ipvsadm -Sn)" "10.0.0.1:80"
  others_are_untouched
}

case_adopt_none_takes_nothing() {
  theirs_is rr
  local before
  before=$(ipvsadm -Sn)
  expect_status 1 agent apply --adopt=none
  expect_contains "$OUTPUT" "tcp 10.0.0.1:80: it is in the kernel already as wanted, but not ours, and --adopt=none"
  expect_status 1 agent diff --adopt=none
  expect_equal "$before" "$(ipvsadm -Sn)"
  expect_equal "" "$(recorded)"
  expect_status 0 agent cleanup
  expect_equal "$before" "$(ipvsadm -Sn)"
}

case_adopt_knows_three_words() {
  one_destination '"weight": 1'
  expect_status 2 agent apply --adopt=some
  expect_contains "$OUTPUT" "--adopt"
  expect_equal "" "$(ipvsadm -Sn)"
}

case_cleanup_takes_what_is_ours_and_puts_globals_back() {
  local before
  others_have_services
  before=$(everything)
  one_destination '"weight": 1'
  edit '.services[0].persistence = {timeout: 60} | .timeouts = {tcp: 1000, udp: 9}
    | .sysctls = {"net.ipv4.vs.conn_reuse_mode": 0} | .syncDaemons = [{role: "master", interface: "lo", syncId: 3}]'
  agent apply >apply.out 2>&1
  # What was added to a service of ours goes with it; its neighbours stay.
  ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.9:80 -m
  expect_status 0 agent cleanup
  expect_equal "$before" "$(everything)"
  expect_equal "" "$(recorded)"
  expect_status 0 agent cleanup
  expect_equal "$before" "$(everything)"
}

# refused_beside_a_daemon ARG…
refused_beside_a_daemon() {
  expect_status 1 agent "$@"
  expect_contains "$OUTPUT" "$DAEMON"
  expect_contains "$OUTPUT" "systemctl stop ipvs-agent"
}

case_what_a_daemon_does_is_not_to_be_told_otherwise() {
  local option
  one_destination '"weight": 1'
  start_daemon --resync=1h
  for option in --adopt=all --no-drain --drain-timeout=1s --drain-udp --data-dir=/nowhere; do
    refused_beside_a_daemon apply "$option"
  done
  cp state.json other.json
  STATE=other.json refused_beside_a_daemon apply
  refused_beside_a_daemon cleanup
  expect_status 1 agent run
  expect_contains "$OUTPUT" "pid $DAEMON holds"
  expect_status 0 agent apply
  expect_status 0 agent apply --allow-removal
  expect_status 0 agent status
  end_daemon
  expect_status 0 agent apply --adopt=all --no-drain --drain-timeout=1s --drain-udp --data-dir="$TMP/data"
  expect_status 0 agent cleanup
  expect_equal "" "$(ipvsadm -Sn)"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A changed state costs what has changed: the daemon reads and writes the services that are another now,
# and everything where that is not enough.
# netns: fresh
# timeout: 270
# any kernel
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# forty [OPTION…]: a daemon with forty services of two destinations
forty() {
  jq -n '{version: 1, services: [range(40) | {name: "s\(.)", address: "10.0.0.\(.)", port: 80, protocol: "tcp",
    destinations: [{address: "10.0.1.1"}, {address: "10.0.1.2", weight: 2}]}]}' >state.json
  start_daemon --resync=1h "$@"
  RECONCILES=$(of_status .reconciles)
}
# changes_to FILTER: the state, and until the daemon has seen it
changes_to() {
  edit "$1"
  RECONCILES=$((RECONCILES + 1))
  wait_until 40 has_reconciled "$RECONCILES"
}
# cost READS WRITES: of the last reconcile, which looked at a part
cost() { expect_equal "true $1 $2" "$(of_status '"\(.report.part) \(.report.kernelReads) \(.report.kernelWrites)"')"; }
whole() { expect_equal false "$(of_status .report.part)" "it looked at a part alone"; }
# The table is what the state wants.
settled_now() {
  in_sync
  expect_status 0 agent diff
}

case_one_change_is_read_and_written_alone() {
  forty
  whole
  changes_to '.services[7].destinations[0].weight = 9'
  cost 2 1
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.7:80 -r 10.0.1.1:80 -m -w 9"
  expect_equal 40 "$(of_status .report.services)"
  changes_to '.services[8].scheduler = "wrr" | .services += [{address: "10.0.0.99", port: 1, protocol: "tcp", destinations: []}]'
  settled_now
  expect_equal true "$(of_status .report.part)"
  changes_to '.services |= map(select(.port != 1))'
  settled_now
  changes_to '.services[3].name = "another"'
  cost 0 0
  expect_equal 40 "$(jq '[inputs | select(. | startswith("owned tcp"))] | length' -Rn <"$RUN/owned")"
}

case_destination_that_leaves_goes_by_the_same_way() {
  forty
  changes_to 'del(.services[5].destinations[1])'
  expect_equal true "$(of_status .report.part)"
  expect_not_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.5:80 -r 10.0.1.2:80"
  settled_now
  logged 1 "drained: delete destination tcp 10.0.0.5:80 -> 10.0.1.2:80"
}

case_much_at_once_and_globals_are_a_whole_reconcile() {
  forty
  changes_to '.services[].destinations[0].weight = 3'
  whole
  settled_now
  changes_to '.timeouts = {tcp: 1000}'
  whole
  changes_to '.services[2].persistence = {timeout: 60}'
  whole
  expect_equal 1 "$(cat /proc/sys/net/ipv4/vs/expire_quiescent_template)"
  changes_to '.services[2].destinations[0].weight = 5'
  cost 2 1
  settled_now
}

# What a part does not look at is repaired by the next whole reconcile, however often the state changes.
case_changes_do_not_put_off_the_resync() {
  local i
  forty
  end_daemon
  start_daemon --resync=3s
  ipvsadm -e -t 10.0.0.30:80 -r 10.0.1.1:80 -m -w 77
  for i in $(seq 20); do
    edit ".services[1].destinations[0].weight = $i"
    sleep 0.4
  done
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.30:80 -r 10.0.1.1:80 -m -w 1"
  wait_until 40 has "-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 20" ipvsadm -Sn
  settled_now
  logged 1 "drift: set destination tcp 10.0.0.30:80 -> 10.0.1.1:80, weight 77 -> 1"
}

case_removal_of_most_is_held_here_too() {
  forty
  changes_to '.services |= .[:15]'
  expect_contains "$(agent status)" "held: would remove 25 of 40 services"
  expect_equal 40 "$(ipvsadm -Sn | grep -c '^-A')"
  changes_to '.services[0].destinations[0].weight = 4'
  expect_contains "$(agent status)" "held: would remove 25 of 40 services"
}

case_service_of_others_is_a_conflict_here_too() {
  forty
  ipvsadm -A -t 10.0.0.99:1 -s wlc
  changes_to '.services += [{address: "10.0.0.99", port: 1, protocol: "tcp", destinations: [{address: "10.0.1.1"}]}]'
  expect_contains "$(agent status)" "tcp 10.0.0.99:1: it is in the kernel already, not ours, and differs"
  # It stays a failure while something else changes, and is programmed once the other one is gone.
  edit '.services[0].destinations[0].weight = 4'
  wait_until 40 has "-a -t 10.0.0.0:80 -r 10.0.1.1:80 -m -w 4" ipvsadm -Sn
  expect_contains "$(agent status)" "tcp 10.0.0.99:1: it is in the kernel already"
  ipvsadm -D -t 10.0.0.99:1
  wait_until 40 has "-A -t 10.0.0.99:1 -s rr" ipvsadm -Sn
  settled_now
}

case_broken_state_in_between() {
  forty
  changes_to '.services[0].destinations[0].weight = 4'
  cp state.json good.json
  echo '{' >new && mv new state.json
  wait_until 40 has "last good state of " agent status
  mv good.json state.json
  in_sync
  changes_to '.services[0].destinations[0].weight = 5' || true
  wait_until 40 has "-a -t 10.0.0.0:80 -r 10.0.1.1:80 -m -w 5" ipvsadm -Sn
  settled_now
}

# What failed in part is not "nothing": what of it did come to be goes again with the state.
case_failed_globals_that_are_taken_back_are_put_back() {
  local was
  was=$(cat /proc/sys/net/ipv4/vs/conn_reuse_mode)
  forty
  changes_to '.sysctls = {"net.ipv4.vs.no_such": 1, "net.ipv4.vs.conn_reuse_mode": 0} | .timeouts = {tcp: 1234}'
  expect_contains "$(ipvsadm -Ln --timeout)" ": 1234 "
  expect_equal 0 "$(cat /proc/sys/net/ipv4/vs/conn_reuse_mode)"
  changes_to 'del(.sysctls, .timeouts)'
  in_sync
  expect_contains "$(ipvsadm -Ln --timeout)" ": 900 "
  expect_equal "$was" "$(cat /proc/sys/net/ipv4/vs/conn_reuse_mode)"
  settled_now
}

case_failed_sync_daemon_that_is_taken_back_leaves_the_other_one() {
  ip link add sync0 type dummy
  ip link set sync0 up
  forty
  changes_to '.syncDaemons = [{role: "backup", interface: "sync0", syncId: 1}, {role: "master", interface: "none0", syncId: 1}]'
  expect_contains "$(ipvsadm -Ln --daemon)" "backup sync daemon (mcast=sync0"
  changes_to 'del(.syncDaemons)'
  in_sync
  expect_equal "" "$(ipvsadm -Ln --daemon)"
  settled_now
}

case_service_that_failed_in_part_and_is_taken_back_goes() {
  # The kernel takes no broadcast address as a destination.
  ip link add net0 type dummy
  ip address add 10.9.0.1/24 dev net0
  ip link set net0 up
  forty
  changes_to '.services += [{address: "10.0.0.99", port: 1, protocol: "tcp",
    destinations: [{address: "10.0.1.1"}, {address: "10.9.0.255"}]}]'
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.99:1 -r 10.0.1.1:1"
  changes_to 'del(.services[-1])'
  in_sync
  expect_not_contains "$(ipvsadm -Sn)" "10.0.0.99:1"
  settled_now
  # And one that is edited and edited back.
  changes_to '.services[2].destinations += [{address: "10.0.1.7"}, {address: "10.9.0.255"}]'
  changes_to 'del(.services[2].destinations[-1, -2])'
  in_sync
  expect_not_contains "$(ipvsadm -Sn)" "10.0.1.7"
  settled_now
}

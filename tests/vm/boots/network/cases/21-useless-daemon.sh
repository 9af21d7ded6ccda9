# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The daemon sees what makes services useless when it happens, and when it ends, with no resync in sight.
# netns: fresh
# timeout: 120
# shellcheck source=tests/vm/data/nat.sh
. /usr/lib/vm-tests/data/nat.sh

warns() { has "$1" of_status '.report.warnings[]'; }
warns_of_nothing() { [ "$(of_status '.report.warnings | length')" = 0 ]; }
# seen TEXT COMMAND…: what the command does is warned of
seen() {
  local text=$1
  shift
  "$@"
  wait_until 40 warns "$text"
}
# mended COMMAND…
mended() {
  "$@"
  wait_until 40 warns_of_nothing
}

case_what_changes_is_seen_without_a_reconcile() {
  cluster
  echo 1 >/proc/sys/net/ipv4/ip_forward
  state "$(service 10.0.0.1 10.244.1.2 '"name": "web"')"
  nft add table inet theirs
  start_daemon --resync=1h
  warns_of_nothing
  seen "is on no link of this node" ip address del 10.0.0.1/32 dev lo
  expect_status 0 "$AGENT" status --run-dir "$RUN"
  expect_contains "$OUTPUT" "warning: tcp 10.0.0.1:80 (web): the virtual address is on no link of this node"
  expect_status 0 "$AGENT" apply --state state.json --run-dir "$RUN"
  expect_contains "$OUTPUT" "tcp 10.0.0.1:80 (web): the virtual address is on no link of this node"
  local reconciles
  reconciles=$(of_status .reconciles)
  mended ip address add 10.0.0.1/32 dev lo
  seen "net.ipv4.conf.pod1-link.forwarding is 0" sysctl -q net.ipv4.conf.pod1-link.forwarding=0
  mended sysctl -q net.ipv4.conf.pod1-link.forwarding=1
  seen "no route to the destination" ip link set pod1-link down
  mended ip link set pod1-link up
  seen "the chain \`inet theirs forward\`" nft add chain inet theirs forward '{ type filter hook forward priority 0; policy drop; }'
  mended nft add rule inet theirs forward ip saddr 10.244.1.2 accept
  seen "the chain \`ip filter FORWARD\`" iptables -P FORWARD DROP
  mended iptables -P FORWARD ACCEPT
  expect_equal "$reconciles" "$(of_status .reconciles)"
  logged 1 "the chain \`ip filter FORWARD\` of nftables"
}

wakeups() { awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$DAEMON/status"; }

case_nothing_of_it_wakes_a_daemon_at_rest() { # any kernel
  cluster
  state "$(service 10.0.0.1 10.244.9.2)"
  nft add table inet theirs
  start_daemon --resync=1h
  wait_until 40 warns "no route to the destination"
  # What began with the start is over by then.
  sleep 2
  local before
  before=$(wakeups)
  sleep 2
  expect_equal "$before" "$(wakeups)"
}

case_many_changes_are_looked_at_once_in_a_second() { # any kernel
  cluster
  state "$(service 10.0.0.1 10.244.1.2)"
  start_daemon --resync=1h
  sleep 2
  local before end changes=0
  before=$(wakeups)
  end=$((SECONDS + 2))
  while [ "$SECONDS" -lt $end ]; do
    ip route add 10.250.0.0/24 dev pod1-link
    ip route del 10.250.0.0/24 dev pod1-link
    changes=$((changes + 2))
  done
  note "$changes changes of routes: $(($(wakeups) - before)) times awake"
  # A look is two of them, and a dump a few more where the daemon waits for the kernel.
  [ $(($(wakeups) - before)) -lt $changes ] || fail "as often awake as there are changes"
}

case_services_that_another_program_removes_are_back_soon() { # any kernel
  cluster
  state "$(service 10.0.0.1 10.244.1.2)" "$(service 10.0.0.2 10.244.2.2)"
  start_daemon --resync=1h
  sleep 2
  # As kube-proxy does when it starts: a link of its own, and the table is empty.
  ipvsadm -C
  ip link add kube-ipvs0 type dummy
  wait_until 10 has "-t 10.0.0.1:80" ipvsadm -Sn
  logged 1 "2 of 2 virtual services are gone"
  wait_until 40 in_sync
  # From then on without any event.
  ipvsadm -C
  wait_until 10 has "-t 10.0.0.2:80" ipvsadm -Sn
}

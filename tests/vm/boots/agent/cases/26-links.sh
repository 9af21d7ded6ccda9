# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What is bound to one link: its sysctls, and sync daemons; and sysctls with values that are not plain.
# netns: fresh
# timeout: 180
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

state_with() { echo "{\"version\": 1, \"services\": [], $1}" >state.json; }
value() { cat "/proc/sys/net/$1"; }
value_is() { [ "$1" = "$(value "$2")" ]; }
daemons() { ipvsadm -Ln --daemon; }

case_empty_sysctl_is_set_and_comes_back() {
  state_with '"sysctls": {"net.ipv4.ip_local_reserved_ports": "8080,9148"}'
  expect_equal "" "$(value ipv4/ip_local_reserved_ports)"
  applied
  expect_equal "8080,9148" "$(value ipv4/ip_local_reserved_ports)"
  edit '.sysctls = {}'
  applied
  expect_equal "" "$(value ipv4/ip_local_reserved_ports)"
  expect_status 0 agent diff
  # A state may ask for an empty one, too.
  echo 7000-7010 >/proc/sys/net/ipv4/ip_local_reserved_ports
  state_with '"sysctls": {"net.ipv4.ip_local_reserved_ports": ""}'
  applied
  expect_equal "" "$(value ipv4/ip_local_reserved_ports)"
  applied
  expect_equal 0 "$(report .kernelWrites)"
  expect_status 0 agent cleanup
  expect_equal "7000-7010" "$(value ipv4/ip_local_reserved_ports)"
  # What cannot be empty says so.
  state_with '"sysctls": {"net.ipv4.vs.conn_reuse_mode": ""}'
  applied 1
  expect_contains "$(report '.failures[].text')" "sysctl net.ipv4.vs.conn_reuse_mode: the kernel refuses the value"
}

case_sysctl_of_one_link_stays_beside_that_of_all() {
  ip link add net0 type dummy
  state_with '"sysctls": {"net.ipv4.conf.net0.forwarding": 0, "net.ipv4.ip_forward": 1,
    "net.ipv6.conf.net0.forwarding": 0, "net.ipv6.conf.all.forwarding": 1,
    "net.ipv4.conf.net0.rp_filter": 2, "net.ipv4.conf.default.rp_filter": 1}'
  applied
  expect_equal "1 0" "$(value ipv4/ip_forward) $(value ipv4/conf/net0/forwarding)"
  expect_equal "1 0" "$(value ipv6/conf/all/forwarding) $(value ipv6/conf/net0/forwarding)"
  expect_equal "1 2" "$(value ipv4/conf/default/rp_filter) $(value ipv4/conf/net0/rp_filter)"
  applied
  expect_equal 0 "$(report .kernelWrites)"
  expect_status 0 agent cleanup
  expect_equal "0 0" "$(value ipv4/ip_forward) $(value ipv6/conf/all/forwarding)"
  # The other way round: off for all, on for one.
  echo 1 >/proc/sys/net/ipv4/ip_forward
  state_with '"sysctls": {"net.ipv4.conf.net0.forwarding": 1, "net.ipv4.ip_forward": 0}'
  applied
  expect_equal "0 1" "$(value ipv4/ip_forward) $(value ipv4/conf/net0/forwarding)"
  applied
  expect_equal 0 "$(report .drift)"
  expect_equal 0 "$(report .kernelWrites)"
}

case_sysctl_of_a_link_that_comes_later() {
  state_with '"sysctls": {"net.ipv4.conf.later0.arp_ignore": 1, "net.ipv4.conf.later0/7.arp_ignore": 2}'
  start_daemon --resync=1h
  expect_contains "$(agent status)" "sysctl net.ipv4.conf.later0.arp_ignore: there is no link later0; it is set when the link appears"
  expect_contains "$(agent status)" "there is no link later0.7"
  ip link add later0 type dummy
  ip link add link later0 name later0.7 type vlan id 7
  wait_until 40 value_is 1 ipv4/conf/later0/arp_ignore
  wait_until 40 value_is 2 ipv4/conf/later0.7/arp_ignore
  in_sync
  # And again, by the same name.
  ip link del later0
  ip link add later0 type dummy
  wait_until 40 value_is 1 ipv4/conf/later0/arp_ignore
  ip link del later0
  # With the link away nothing is left to be put back.
  edit '.sysctls = {}'
  in_sync
  wait_until 40 lacks later0 cat "$RUN/owned"
}

case_sysctl_of_our_own_link() {
  jq -n '{version: 1, sysctls: {"net.ipv4.conf.ipvs0.arp_ignore": 1}, services: [{address: "10.0.0.1", port: 80,
    protocol: "tcp", bind: true, destinations: []}]}' >state.json
  applied
  expect_equal 1 "$(value ipv4/conf/ipvs0/arp_ignore)"
  applied
  expect_equal 0 "$(report .kernelWrites)"
  start_daemon --resync=1h
  ip link del ipvs0
  wait_until 40 test -e /proc/sys/net/ipv4/conf/ipvs0/arp_ignore
  wait_until 40 value_is 1 ipv4/conf/ipvs0/arp_ignore
  in_sync
  end_daemon
  expect_status 0 agent cleanup
  [ ! -e /proc/sys/net/ipv4/conf/ipvs0 ] || fail "our link is still there"
}

link() { ip link add "$1" type dummy && ip address add 10.9.0.1/24 dev "$1" && ip link set "$1" up; }
# What the backup daemon of a link listens to; a link that was made anew has nothing of the old one.
joined() { ip maddress show dev "$1" 2>/dev/null; }

case_sync_daemon_follows_a_link_that_is_made_anew() {
  link sync0
  state_with '"syncDaemons": [{"role": "master", "interface": "sync0", "syncId": 7}, {"role": "backup", "interface": "sync0", "syncId": 7}]'
  start_daemon --resync=1h
  wait_until 40 has 224.0.0.81 joined sync0
  ip link del sync0
  wait_until 40 has "there is no interface sync0; the daemon is started when the link appears" agent status
  expect_status 3 agent status
  link sync0
  in_sync
  wait_until 40 has 224.0.0.81 joined sync0
  expect_contains "$(daemons)" "master sync daemon (mcast=sync0, syncid=7,"
  # Faster than it can be looked at, and while no daemon runs.
  ip link del sync0 && link sync0
  wait_until 40 has 224.0.0.81 joined sync0
  in_sync
  end_daemon
  ip link del sync0 && link sync0
  expect_not_contains "$(joined sync0)" 224.0.0.81
  expect_equal "stop sync daemon
start sync daemon
stop sync daemon
start sync daemon" "$(planned)"
  applied
  expect_contains "$(joined sync0)" 224.0.0.81
  applied
  expect_equal 0 "$(report .kernelWrites)"
}

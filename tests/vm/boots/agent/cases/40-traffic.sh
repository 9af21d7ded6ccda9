# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Real connections through what the agent programmed.
# netns: fresh
# timeout: 120
# shellcheck source=tests/vm/data/agent.sh
. /usr/lib/vm-tests/data/agent.sh

# A client and two real servers, this namespace the node between them.
three_hosts() {
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add real1 192.168.2.2/24 192.168.2.1/24
  host_add real2 192.168.3.2/24 192.168.3.1/24
  echo 1 >/proc/sys/net/ipv4/ip_forward
  ip address add 10.0.0.1/32 dev lo
}

three_hosts_of_ipv6() {
  host_add client fd00:1::2/64 fd00:1::1/64
  host_add real1 fd00:2::2/64 fd00:2::1/64
  host_add real2 fd00:3::2/64 fd00:3::1/64
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
  ip -6 address add fd00::1/128 dev lo nodad
}

# answers N PROTOCOL ADDRESS PORT: the sorted answers of N connections from the client
answers() { for _ in $(seq "$1"); do ask "${@:2}" client; done | sort | uniq -c | tr -s ' ' | sed 's/^ //'; }

state_of_two() {
  jq -n --arg protocol "$1" --arg address "$2" --arg one "$3" --arg two "$4" '{version: 1,
    services: [{address: $address, port: 80, protocol: $protocol,
      destinations: [{address: $one, port: 8080}, {address: $two, port: 8080}]}]}' >state.json
}

case_tcp_through_masquerade_reaches_both() {
  three_hosts
  server tcp real1 192.168.2.2 8080 one
  server tcp real2 192.168.3.2 8080 two
  state_of_two tcp 10.0.0.1 192.168.2.2 192.168.3.2
  applied
  expect_equal "4 one
4 two" "$(answers 8 tcp 10.0.0.1 80)"
}

case_tcp_of_ipv6_through_masquerade_reaches_both() {
  three_hosts_of_ipv6
  server tcp real1 fd00:2::2 8080 one
  server tcp real2 fd00:3::2 8080 two
  state_of_two tcp fd00::1 fd00:2::2 fd00:3::2
  applied
  expect_equal "3 one
3 two" "$(answers 6 tcp fd00::1 80)"
}

case_udp_through_masquerade_reaches_both() { # any kernel
  three_hosts
  server udp real1 192.168.2.2 8080 one
  server udp real2 192.168.3.2 8080 two
  state_of_two udp 10.0.0.1 192.168.2.2 192.168.3.2
  applied
  expect_equal "2 one
2 two" "$(answers 4 udp 10.0.0.1 80)"
}

case_sctp_through_masquerade() {
  modprobe sctp || skip "this kernel has no SCTP sockets"
  three_hosts
  server sctp real1 192.168.2.2 8080 one
  jq -n '{version: 1, services: [{address: "10.0.0.1", port: 80, protocol: "sctp",
      destinations: [{address: "192.168.2.2", port: 8080}]}]}' >state.json
  applied
  expect_equal one "$(ask sctp 10.0.0.1 80 client)"
}

case_weight_0_takes_no_new_connection() { # any kernel
  three_hosts
  server tcp real1 192.168.2.2 8080 one
  server tcp real2 192.168.3.2 8080 two
  state_of_two tcp 10.0.0.1 192.168.2.2 192.168.3.2
  edit '.services[0].destinations[0].weight = 0'
  applied
  expect_equal "6 two" "$(answers 6 tcp 10.0.0.1 80)"
}

case_persistence_keeps_a_client() { # any kernel
  three_hosts
  server tcp real1 192.168.2.2 8080 one
  server tcp real2 192.168.3.2 8080 two
  state_of_two tcp 10.0.0.1 192.168.2.2 192.168.3.2
  edit '.services[0].persistence = {timeout: 60}'
  applied
  expect_equal 1 "$(answers 6 tcp 10.0.0.1 80 | wc -l)"
}

# Two nodes on one link: the master's connection is found on the backup.
case_connection_of_the_sync_master_is_found_on_the_backup() {
  three_hosts
  server tcp real1 192.168.2.2 8080 one
  ip netns add backup
  ip link add sync0 type veth peer name sync0 netns backup
  ip address add 10.9.0.1/24 dev sync0
  ip link set sync0 up
  ip -n backup address add 10.9.0.2/24 dev sync0
  ip -n backup link set sync0 up
  ip -n backup link set lo up
  state_of_two tcp 10.0.0.1 192.168.2.2 192.168.3.2
  edit 'del(.services[0].destinations[1]) | .syncDaemons = [{role: "backup", interface: "sync0", syncId: 9}]'
  ip netns exec backup "$AGENT" apply --state state.json --run-dir "$TMP/backup-run"
  edit '.syncDaemons[0].role = "master"'
  applied
  edit '.services[0].destinations[0].port = 9090'
  applied
  repeater real1 9090
  conversation 10.0.0.1 80
  # A master sends what has had three packets, by default: let it live a little.
  says two
  says three
  says four
  wait_until 40 eval "ip netns exec backup ipvsadm -Lcn | grep -q 'ESTABLISHED.*192.168.2.2:9090'"
}

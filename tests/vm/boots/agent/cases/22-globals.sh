# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Timeouts, sync daemons and sysctls: set, shown, given back, put back.
# netns: fresh
# timeout: 180
# shellcheck source=tests/vm/data/agent.sh
. /usr/lib/vm-tests/data/agent.sh

state_with() { echo "{\"version\": 1, \"services\": [], $1}" >state.json; }
timeouts() { ipvsadm -Ln --timeout; }
daemons() { ipvsadm -Ln --daemon; }
link() { ip link add "$1" type dummy && ip address add "10.9.$2.1/24" dev "$1" && ip link set "$1" up; }

case_timeouts() {
  state_with '"timeouts": {"tcp": 1000}'
  applied
  expect_equal "Timeout (tcp tcpfin udp): 1000 120 300" "$(timeouts)"
  expect_equal 1 "$(report .kernelWrites)"
  edited_in_place '.timeouts.tcpFin = 60' "set timeouts"
  edited_in_place '.timeouts.udp = 100' "set timeouts"
  expect_equal "Timeout (tcp tcpfin udp): 1000 60 100" "$(timeouts)"
  applied
  expect_equal 0 "$(report .kernelWrites)"
}

case_timeouts_that_leave_are_put_back() {
  ipvsadm --set 901 121 301
  state_with '"timeouts": {"tcp": 1000, "udp": 100}'
  applied
  edit 'del(.timeouts.udp)'
  applied
  expect_equal "Timeout (tcp tcpfin udp): 1000 121 301" "$(timeouts)"
  expect_status 0 agent cleanup
  expect_equal "Timeout (tcp tcpfin udp): 901 121 301" "$(timeouts)"
}

case_master() {
  link sync0 0
  link sync1 1
  state_with '"syncDaemons": [{"role": "master", "interface": "sync0", "syncId": 7}]'
  applied
  expect_equal "master sync daemon (mcast=sync0, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)" "$(daemons)"
  applied
  expect_equal 0 "$(report .kernelWrites)"
  local change
  for change in '.syncId = 8' '.interface = "sync1"' '.group = "224.0.0.99"' '.port = 9000' \
    '.ttl = 3' '.maxLength = 1000'; do
    edit ".syncDaemons[0] |= ($change)"
    expect_equal "stop sync daemon
start sync daemon" "$(planned)"
    applied
    applied
    expect_equal 0 "$(report .kernelWrites)" "$change"
  done
  expect_equal "master sync daemon (mcast=sync1, syncid=8, maxlen=1000, group=224.0.0.99, port=9000, ttl=3)" "$(daemons)"
  settled
  edit 'del(.syncDaemons)'
  applied
  expect_equal "" "$(daemons)"
}

case_backup_and_master_at_once() {
  link sync0 0
  state_with '"syncDaemons": [{"role": "master", "interface": "sync0", "syncId": 1},
    {"role": "backup", "interface": "sync0", "syncId": 2}]'
  applied
  expect_contains "$(daemons)" "master sync daemon (mcast=sync0, syncid=1,"
  expect_contains "$(daemons)" "backup sync daemon (mcast=sync0, syncid=2,"
  settled
}

case_group_of_ipv6() {
  ip link add sync0 type dummy
  ip link set sync0 up
  ip -6 address add fd00:9::1/64 dev sync0 nodad
  state_with '"syncDaemons": [{"role": "master", "interface": "sync0", "syncId": 1, "group": "ff02::81"}]'
  applied
  expect_contains "$(daemons)" "group=ff02::81"
  settled
}

case_missing_interface_is_one_failed_object() {
  one_destination '"weight": 1'
  edit '.syncDaemons = [{role: "master", interface: "later0", syncId: 1}]'
  applied 3
  expect_equal "sync daemon master" "$(report '.failures[].object')"
  expect_equal "there is no interface later0; the daemon is started when the link appears" \
    "$(report '.failures[].text')"
  expect_contains "$(ipvsadm -Sn)" "10.0.1.1:80"
  link later0 0
  applied
  expect_contains "$(daemons)" "mcast=later0"
}

case_daemon_of_others_is_a_conflict() { # any kernel
  link sync0 0
  ipvsadm --start-daemon master --mcast-interface sync0 --syncid 3
  state_with '"syncDaemons": [{"role": "master", "interface": "sync0", "syncId": 1}]'
  applied 1
  expect_contains "$(report '.failures[].text')" "one that is not ours runs on sync0 with id 3"
  expect_contains "$(daemons)" "syncid=3"
}

case_sysctls() {
  state_with '"sysctls": {"net.ipv4.vs.conn_reuse_mode": 0, "net.ipv4.ip_local_port_range": "20000 60000"}'
  local before
  before=$(cat /proc/sys/net/ipv4/vs/conn_reuse_mode /proc/sys/net/ipv4/ip_local_port_range)
  applied
  expect_equal 2 "$(report .kernelWrites)"
  expect_equal 0 "$(cat /proc/sys/net/ipv4/vs/conn_reuse_mode)"
  expect_equal "20000	60000" "$(cat /proc/sys/net/ipv4/ip_local_port_range)"
  applied
  expect_equal 0 "$(report .kernelWrites)"
  expect_status 0 agent cleanup
  expect_equal "$before" "$(cat /proc/sys/net/ipv4/vs/conn_reuse_mode /proc/sys/net/ipv4/ip_local_port_range)"
}

case_sysctl_that_is_not_there_is_one_failed_object() {
  one_destination '"weight": 1'
  edit '.sysctls = {"net.ipv4.vs.no_such_thing": 1, "net.ipv4.vs.conn_reuse_mode": "x"}'
  applied 3
  expect_contains "$(report '.failures[].text')" "sysctl net.ipv4.vs.no_such_thing: this kernel does not have it"
  expect_contains "$(report '.failures[].text')" "sysctl net.ipv4.vs.conn_reuse_mode: the kernel refuses the value"
  expect_contains "$(ipvsadm -Sn)" "10.0.1.1:80"
}

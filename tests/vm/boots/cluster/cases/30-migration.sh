# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# docs/migrating.md: a node goes over from another owner of the table, and a connection that is open goes on.
# netns: fresh
# timeout: 180
# shellcheck source=tests/vm/data/cluster.sh
. /usr/lib/vm-tests/data/cluster.sh

# A client of 10.96.0.1:80, which is a way to a real server's port 8080.
client_and_server() {
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add real 192.168.2.2/24 192.168.2.1/24
  echo 1 >/proc/sys/net/ipv4/ip_forward
  repeater real 8080
}
fresh_connection() { expect_equal new "$(echo new | ip netns exec client socat -t 20 - TCP4:10.96.0.1:80)"; }

case_from_ipvsadm() {
  client_and_server
  ip address add 10.96.0.1/32 dev lo
  ipvsadm -A -t 10.96.0.1:80 -s wlc
  ipvsadm -a -t 10.96.0.1:80 -r 192.168.2.2:8080 -m -w 3 -x 100 -y 50
  ipvsadm --set 1000 100 200
  conversation 10.96.0.1 80
  "$AGENT" save >state.json
  expect_status 0 agent diff
  applied
  expect_equal 0 "$(report .kernelWrites)"
  says two
  fresh_connection
  expect_contains "$(ipvsadm -Ln --thresholds)" "100        50"
  expect_contains "$(ipvsadm -Ln --timeout)" "1000 100 200"
}

# Whether $keepalived is the master: the address alone may be its predecessor's, and it ignores signals at first.
is_master() {
  local child
  child=$(cat v.pid) && grep -q "^PPid:[[:space:]]*$keepalived\$" "/proc/$child/status" &&
    journalctl --quiet "_PID=$child" | grep -q 'Entering MASTER STATE'
} 2>/dev/null

# Killed it leaves table and addresses, which a stop would take away.
case_from_keepalived() {
  local keepalived
  client_and_server
  cat >keepalived.conf <<'END'
vrrp_instance one { state MASTER
  interface client-link
  virtual_router_id 7
  priority 200
  advert_int 1
  virtual_ipaddress { 10.96.0.1/32 }
}
END
  cat - keepalived.conf >both.conf <<'END'
virtual_server 10.96.0.1 80 { lb_algo rr
  lb_kind NAT
  protocol TCP
  real_server 192.168.2.2 8080 { weight 1 }
}
END
  keepalived --dont-fork --use-file both.conf --pid keepalived.pid --checkers_pid c.pid --vrrp_pid v.pid &
  keepalived=$!
  wait_until 60 has 10.96.0.1 ip address show dev client-link
  wait_until 60 has 192.168.2.2:8080 ipvsadm -Sn
  conversation 10.96.0.1 80
  "$AGENT" save >state.json
  # A child that sees its parent die deletes the table. All are stopped first, so that none can.
  kill -STOP "$keepalived" "$(cat c.pid)" "$(cat v.pid)"
  kill -KILL "$keepalived" "$(cat c.pid)" "$(cat v.pid)"
  wait_until 40 ended "$keepalived"
  applied
  expect_equal 0 "$(report .kernelWrites)"
  says two
  edit '.services[0].bind = true'
  applied
  # Without the virtual server it moves the address alone, and the table is not its own any more.
  keepalived --dont-fork --use-file keepalived.conf --pid keepalived.pid --checkers_pid c.pid --vrrp_pid v.pid &
  keepalived=$!
  wait_until 60 is_master
  expect_contains "$(ip address show dev client-link)" 10.96.0.1
  says three
  kill "$keepalived"
  wait_until 60 ended "$keepalived"
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.96.0.1:80 -r 192.168.2.2:8080 -m -w 1"
  # The address went with keepalived, and is here all the same.
  applied
  says four
  fresh_connection
}
ended() { ! kill -0 "$1" 2>/dev/null; }

# What kube-proxy leaves on a node: its link with addresses, and its services, of which the cluster has
# changed one.
case_from_kube_proxy() {
  client_and_server
  ip route add default via 192.168.1.2
  ip link add kube-ipvs0 type dummy
  ip address add 10.96.0.1/32 dev kube-ipvs0
  ipvsadm -A -t 10.96.0.1:80 -s rr -p 10800
  ipvsadm -a -t 10.96.0.1:80 -r 192.168.2.2:8080 -m
  ipvsadm -A -t 10.96.0.9:80 -s rr
  conversation 10.96.0.1 80
  {
    service web '{"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "ports": [{"name": "web", "port": 80}]}'
    slice web '[{"name": "web", "port": 8080}]' "[$(endpoint 192.168.2.2 a)]"
  } | list >state.json
  # Without persistence it differs.
  agent apply >apply.out 2>&1 || true
  expect_contains "$(cat apply.out)" "it is in the kernel already, not ours, and differs"
  start_daemon --adopt=all --node-name a --cluster-cidr 192.168.2.0/24 --service-cidr 10.96.0.0/16
  in_sync
  says two
  ip link delete kube-ipvs0
  says three
  fresh_connection
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.96.0.1:80 -s rr
-a -t 10.96.0.1:80 -r 192.168.2.2:8080 -m -w 1"
  # What the cluster no longer has is foreign, and stays.
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.96.0.9:80 -s rr"
  expect_equal 1 "$(jq .report.foreignServices "$RUN/status.json")"
}

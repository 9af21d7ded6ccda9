# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Whose address the server sees.
# netns: fresh
# timeout: 120
# shellcheck source=tests/vm/data/nat.sh
. /usr/lib/vm-tests/data/nat.sh

case_all_are_masqueraded() { # any kernel
  cluster
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')"
  put_in
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 client)"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 pod2)"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 pod1)"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80)"
}

case_without_it_the_client_is_seen() { # any kernel
  cluster
  echo 1 >/proc/sys/net/ipv4/ip_forward
  state "$(service 10.0.0.1 10.244.1.2 '')" "$(service 10.0.0.2 10.244.1.2 '"sourceNat": true')"
  put_in
  expect_equal "pod1 192.168.1.2" "$(seen tcp 10.0.0.1 80 client)"
  expect_equal "pod1 10.244.2.2" "$(seen tcp 10.0.0.1 80 pod2)"
  # Beside it the other is masqueraded.
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.2 80 client)"
}

case_those_from_outside_are_masqueraded() {
  cluster
  OPTIONS=(--cluster-cidr="$CLUSTER")
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": "outside"')"
  put_in
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 client)"
  expect_equal "pod1 10.244.2.2" "$(seen tcp 10.0.0.1 80 pod2)"
  # Its own client, and the node, whose source is the virtual address.
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 pod1)"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80)"
  OPTIONS+=(--masquerade-all)
  put_in
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 pod2)"
}

case_without_a_cluster_network_outside_is_hairpin() { # any kernel
  cluster
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": "outside"')"
  put_in
  expect_equal "pod1 192.168.1.2" "$(seen tcp 10.0.0.1 80 client)"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 pod1)"
}

case_hairpin_alone() { # any kernel
  cluster
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": "hairpin"')"
  put_in
  expect_equal "pod1 192.168.1.2" "$(seen tcp 10.0.0.1 80 client)"
  expect_equal "pod1 10.244.2.2" "$(seen tcp 10.0.0.1 80 pod2)"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 pod1)"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80)"
}

case_udp() {
  cluster
  pod udp pod1 10.244.1.2
  OPTIONS=(--cluster-cidr="$CLUSTER")
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": "outside"' udp)" \
    "$(service 10.0.0.2 10.244.1.2 '"sourceNat": true' udp)"
  put_in
  expect_equal "pod1 10.244.1.1" "$(seen udp 10.0.0.1 80 client)"
  expect_equal "pod1 10.244.2.2" "$(seen udp 10.0.0.1 80 pod2)"
  expect_equal "pod1 10.244.1.1" "$(seen udp 10.0.0.1 80 pod1)"
  expect_equal "pod1 10.244.1.1" "$(seen udp 10.0.0.1 80)"
  expect_equal "pod1 10.244.1.1" "$(seen udp 10.0.0.2 80 pod2)"
}

NODE6="[fd02:0001:0000:0000:0000:0000:0000:0001]"

case_ipv6() {
  cluster6
  pod udp pod1 fd02:1::2
  OPTIONS=(--cluster-cidr="$CLUSTER")
  state "$(service fd00::1 fd02:1::2 '"sourceNat": "outside"')" \
    "$(service fd00::1 fd02:1::2 '"sourceNat": true' udp)"
  put_in
  there_is_none ip
  expect_equal "pod1 $NODE6" "$(seen tcp fd00::1 80 client)"
  expect_equal "pod1 [fd02:0002:0000:0000:0000:0000:0000:0002]" "$(seen tcp fd00::1 80 pod2)"
  expect_equal "pod1 $NODE6" "$(seen tcp fd00::1 80 pod1)"
  expect_equal "pod1 $NODE6" "$(seen tcp fd00::1 80)"
  expect_equal "pod1 $NODE6" "$(seen udp fd00::1 80 client)"
}

# Such a service goes by the packet's mark, all of its bits.
case_firewall_mark_service_beside_it() {
  cluster
  nft -f - <<'END'
table ip marking {
  chain prerouting {
    type filter hook prerouting priority -150;
    ip daddr 10.0.0.2 tcp dport 8080 meta mark set 7
  }
}
END
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')" \
    '{"fwmark": 7, "destinations": [{"address": "10.244.2.2"}]}'
  put_in
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 client)"
  expect_equal "pod2 192.168.1.2" "$(seen tcp 10.0.0.2 8080 client)"
}

case_mark_is_one_bit_of_the_connection() {
  cluster
  OPTIONS=(--masquerade-bit=3)
  nft -f - <<'END'
table ip marking {
  chain prerouting {
    type filter hook prerouting priority -190;
    ct state new ct mark set 0x80
  }
}
END
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')"
  put_in
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 client)"
  expect_match "$(conntrack -L -p tcp --orig-src 192.168.1.2 2>/dev/null)" 'mark=136 '
}

case_sysctls_are_set_and_put_back() {
  local before
  cluster
  before=$(surroundings)
  expect_equal 0 "$(cat /proc/sys/net/ipv4/ip_forward)"
  state "$(service 10.0.0.1 10.244.1.2 '"sourceRanges": ["10.0.0.0/8"]')"
  put_in
  expect_equal "0 1 1" "$(cat /proc/sys/net/ipv4/{ip_forward,vs/conntrack,vs/expire_nodest_conn} | xargs)"
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')"
  put_in
  expect_equal "1 1 1" "$(cat /proc/sys/net/ipv4/{ip_forward,vs/conntrack,vs/expire_nodest_conn} | xargs)"
  expect_equal "$(grep conf.all.forwarding <<<"$before")" "$(sysctl net.ipv6.conf.all.forwarding)"
  echo 0 >/proc/sys/net/ipv4/vs/conntrack
  expect_contains "$(agent apply --dry-run)" "set sysctl net.ipv4.vs.conntrack: 0 -> 1"
  put_in
  expect_equal 1 "$(cat /proc/sys/net/ipv4/vs/conntrack)"
  # The state's own word comes first.
  edit '.sysctls = {"net.ipv4.vs.expire_nodest_conn": 0}'
  put_in
  expect_equal 0 "$(cat /proc/sys/net/ipv4/vs/expire_nodest_conn)"
  agent cleanup
  expect_equal "$before" "$(surroundings)"
}

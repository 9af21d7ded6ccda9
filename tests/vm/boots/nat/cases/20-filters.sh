# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Who is let in, where those from inside go, and what is closed.
# netns: fresh
# timeout: 120
# shellcheck source=tests/vm/data/nat.sh
. /usr/lib/vm-tests/data/nat.sh

case_source_ranges_let_in_and_keep_out() {
  cluster
  echo 1 >/proc/sys/net/ipv4/ip_forward
  state "$(service 10.0.0.1 10.244.1.2 '"sourceRanges": ["192.168.1.2", "198.51.100.0/24"]')" \
    "$(service 10.0.0.2 10.244.1.2 '')"
  put_in
  expect_equal "pod1 192.168.1.2" "$(seen tcp 10.0.0.1 80 client)"
  expect_equal "no answer" "$(ASK_SECONDS=3 seen tcp 10.0.0.1 80 pod2)"
  expect_equal "no answer" "$(ASK_SECONDS=3 seen tcp 10.0.0.1 80)"
  expect_equal "pod1 10.244.2.2" "$(seen tcp 10.0.0.2 80 pod2)"
}

# The node's source is the virtual address, which is in no range; the node's own is.
case_source_ranges_of_the_node_let_it_in() { # any kernel
  cluster
  state "$(service 10.0.0.1 10.244.1.2 '"sourceRanges": ["192.168.1.0/24"], "sourceNat": true')"
  put_in
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80)"
  expect_equal "no answer" "$(ASK_SECONDS=3 seen tcp 10.0.0.1 80 pod2)"
}

case_source_ranges_of_ipv6_and_udp() { # any kernel
  cluster6
  pod udp pod1 fd02:1::2
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
  state "$(service fd00::1 fd02:1::2 '"sourceRanges": ["fd01::/64"]')" \
    "$(service fd00::1 fd02:1::2 '"sourceRanges": ["fd01::/64"]' udp)"
  put_in
  expect_equal "pod1 [fd01:0000:0000:0000:0000:0000:0000:0002]" "$(seen tcp fd00::1 80 client)"
  expect_equal "no answer" "$(ASK_SECONDS=3 seen tcp fd00::1 80 pod2)"
  expect_equal "pod1 [fd01:0000:0000:0000:0000:0000:0000:0002]" "$(seen udp fd00::1 80 client)"
  expect_not_contains "$(ASK_SECONDS=3 seen udp fd00::1 80 pod2)" pod1
}

case_established_connections_go_on() { # any kernel
  clients_and_servers
  state_of_two '"sourceRanges": ["192.168.1.0/24"], "sourceNat": true'
  put_in
  held_by one
  edit '.services[0].sourceRanges = ["198.51.100.0/24"]'
  put_in
  still_held again
  expect_equal "no answer" "$(ASK_SECONDS=3 seen tcp 10.0.0.1 80 client)"
  let_go
}

case_from_inside_goes_elsewhere() { # any kernel
  cluster
  ip address add 10.96.0.1/32 dev lo
  OPTIONS=(--cluster-cidr="$CLUSTER")
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": "hairpin", "fromInside": {"address": "10.96.0.1", "port": 80}')" \
    "$(service 10.96.0.1 10.244.2.2 '"sourceNat": "outside"')"
  put_in
  expect_equal "pod1 192.168.1.2" "$(seen tcp 10.0.0.1 80 client)"
  expect_equal "pod2 10.244.1.2" "$(seen tcp 10.0.0.1 80 pod1)"
  expect_equal "pod2 10.244.2.1" "$(seen tcp 10.0.0.1 80)"
  expect_equal "pod2 10.244.2.1" "$(seen tcp 10.0.0.1 80 pod2)"
  expect_equal "pod2 10.244.1.2" "$(seen tcp 10.96.0.1 80 pod1)"
}

# No destination here for those from outside, and a few elsewhere for those from inside.
case_from_inside_of_a_service_without_destinations() { # any kernel
  cluster
  ip address add 10.96.0.1/32 dev lo
  pod udp pod2 10.244.2.2
  OPTIONS=(--cluster-cidr="$CLUSTER" --no-endpoints=reject)
  state "$(service 10.0.0.1 '' '"fromInside": {"address": "10.96.0.1", "port": 80}')" \
    "$(service 10.0.0.1 '' '"fromInside": {"address": "10.96.0.1", "port": 80}' udp)" \
    "$(service 10.96.0.1 10.244.2.2 '"sourceNat": "outside"')" \
    "$(service 10.96.0.1 10.244.2.2 '"sourceNat": "outside"' udp)"
  put_in
  expect_equal "no answer" "$(ASK_SECONDS=3 seen tcp 10.0.0.1 80 client)"
  expect_equal "pod2 10.244.1.2" "$(seen tcp 10.0.0.1 80 pod1)"
  expect_equal "pod2 10.244.2.1" "$(seen tcp 10.0.0.1 80)"
  expect_equal "pod2 10.244.1.2" "$(seen udp 10.0.0.1 80 pod1)"
  expect_equal "pod2 10.244.2.1" "$(seen udp 10.0.0.1 80)"
}

case_from_inside_of_ipv6() {
  cluster6
  ip -6 address add fd96::1/128 dev lo nodad
  OPTIONS=(--cluster-cidr="$CLUSTER")
  state "$(service fd00::1 fd02:1::2 '"sourceNat": "hairpin", "fromInside": {"address": "fd96::1", "port": 80}')" \
    "$(service fd96::1 fd02:2::2 '"sourceNat": "outside"')"
  put_in
  expect_equal "pod1 [fd01:0000:0000:0000:0000:0000:0000:0002]" "$(seen tcp fd00::1 80 client)"
  expect_equal "pod2 [fd02:0001:0000:0000:0000:0000:0000:0002]" "$(seen tcp fd00::1 80 pod1)"
  expect_equal "pod2 [fd02:0002:0000:0000:0000:0000:0000:0001]" "$(seen tcp fd00::1 80)"
}

# echo_request ADDRESS NETNS: the answer to an ICMP echo request, as bytes in text
echo_request() {
  printf '\x08\x00\xf7\xff\x00\x00\x00\x00' |
    ip netns exec "$2" timeout 5 socat -t 2 - "IP4-SENDTO:$1:1" | od -An -v -tx1 -w64
}

case_ports_of_the_host_are_closed_on_a_virtual_address() {
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add pod1 10.244.1.2/24 10.244.1.1/24
  pod tcp pod1 10.244.1.2
  ip address add 10.0.0.3/32 dev lo
  server tcp - 0.0.0.0 2222 host
  server udp - 0.0.0.0 2222 host
  state "$(service 10.0.0.1 10.244.1.2 '"bind": true, "sourceNat": true')" \
    "$(service 10.0.0.2 10.244.1.2 '"bind": true, "overLocal": true')" \
    "$(service 10.0.0.3 10.244.1.2 '"bind": true')"
  put_in
  expect_contains "$(ours)" "elements = { 10.0.0.1 }"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 client)"
  expect_equal host "$(seen tcp 192.168.1.1 2222 client)"
  expect_contains "$(ask tcp 10.0.0.1 2222 client 2>&1 || true)" "Connection refused"
  expect_contains "$(ask udp 10.0.0.1 2222 client 2>&1 || true)" "Connection refused"
  expect_contains "$(ask tcp 10.0.0.1 2222 2>&1 || true)" "Connection refused"
  # The node has a use of its own for these two.
  expect_equal host "$(seen tcp 10.0.0.2 2222 client)"
  expect_equal host "$(seen tcp 10.0.0.3 2222 client)"
  expect_match "$(echo_request 10.0.0.1 client)" '00 00 (ff ff|00 00) 00 00 00 00'
}

case_ports_of_the_host_are_closed_on_an_ipv6_address() {
  host_add client fd01::2/64 fd01::1/64
  host_add pod1 fd02:1::2/64 fd02:1::1/64
  pod tcp pod1 fd02:1::2
  server tcp - :: 2222 host
  state "$(service fd00::1 fd02:1::2 '"bind": true, "sourceNat": true')"
  put_in
  expect_match "$(seen tcp fd00::1 80 client)" "^pod1 "
  expect_equal host "$(seen tcp fd01::1 2222 client)"
  expect_contains "$(ask tcp fd00::1 2222 client 2>&1 || true)" "Connection refused"
}

# A destination that is the node itself, and reached directly, listens on the virtual address.
case_direct_destination_on_the_node_is_reached() {
  host_add client 192.168.1.2/24 192.168.1.1/24
  server tcp - 0.0.0.0 80 host
  state '{"address": "10.0.0.1", "port": 80, "protocol": "tcp", "bind": true,
    "destinations": [{"address": "192.168.1.1", "forward": "direct"}]}'
  put_in
  expect_equal host "$(seen tcp 10.0.0.1 80 client)"
}

case_services_without_destinations_are_answered_for() {
  local began
  cluster
  state "$(service 10.0.0.1 '' '')" "$(service 10.0.0.1 '' '' udp)"
  OPTIONS=(--no-endpoints=reject)
  put_in
  expect_contains "$(ask tcp 10.0.0.1 80 client 2>&1 || true)" "Connection refused"
  expect_contains "$(ask udp 10.0.0.1 80 client 2>&1 || true)" "Connection refused"
  expect_contains "$(ask tcp 10.0.0.1 80 2>&1 || true)" "Connection refused"
  OPTIONS=(--no-endpoints=drop)
  put_in
  began=$SECONDS
  expect_equal "" "$(ASK_SECONDS=5 ask tcp 10.0.0.1 80 client 2>&1 || true)"
  [ $((SECONDS - began)) -ge 4 ] || fail "it was answered"
  # What has a destination is served.
  edit '.services[0].destinations = [{"address": "10.244.1.2", "port": 8080}] | .services[0].sourceNat = true'
  put_in
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 client)"
  OPTIONS=(--no-drain)
  edit '.services = [.services[1]]'
  put_in
  there_is_none
}

# published: port 80 of the node goes to pod2, by rules as other programs write them
published() {
  nft -f - <<'END'
add table inet published
delete table inet published
table inet published {
  chain ports {
    meta l4proto { tcp, udp } meta nfproto ipv4 th dport { 80, 81 } dnat ip to 10.244.2.2:8080
    meta l4proto { tcp, udp } meta nfproto ipv6 th dport { 80, 81 } dnat ip6 to [fd02:2::2]:8080
  }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    fib daddr type local goto ports
  }
  chain output {
    type nat hook output priority -100;
    fib daddr type local goto ports
  }
}
END
}

# A service that is masqueraded, one that is bound and takes one packet each, one that has every port of an
# address that is not closed; one by firewall mark stays as it is.
case_published_ports_do_not_take_a_service() {
  cluster
  # Answers of one-packet connections are not translated back, so that what arrives is looked at.
  ip netns exec pod1 socat -u UDP4-RECVFROM:8081,fork "OPEN:$TMP/arrived,creat,append" &
  wait_until 40 listens -lunH 8081 ip netns exec pod1
  echo 1 >/proc/sys/net/ipv4/ip_forward
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')" \
    "$(service 10.0.0.3 10.244.1.2 '"bind": true, "onePacket": true' udp)" \
    "$(service 10.0.0.4 10.244.1.2 '"bind": true, "overLocal": true, "port": 0, "persistence": {"timeout": 60}')" \
    '{"fwmark": 7, "destinations": [{"address": "10.244.1.2"}]}'
  edit '.services[1].destinations[0].port = 8081 | .services[2].destinations[0].port = 0'
  published
  nft -f - <<'END'
table ip marking {
  chain prerouting {
    type filter hook prerouting priority -150;
    ip daddr 10.0.0.2 tcp dport 8080 meta mark set 7
  }
}
END
  put_in
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 client)"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80)"
  ip netns exec client socat -u - UDP4:10.0.0.3:80,sourceport=4000 <<<one
  wait_until 40 grep -q one arrived
  ip netns exec client socat -u - UDP4:10.0.0.3:80,sourceport=4000 <<<two
  wait_until 40 grep -q two arrived
  expect_equal "pod1 192.168.1.2" "$(seen tcp 10.0.0.4 8080 client)"
  expect_equal "pod1 192.168.1.2" "$(seen tcp 10.0.0.2 8080 client)"
  # The node's own address, and the other port of one that is not closed.
  expect_equal "pod2 192.168.1.2" "$(seen tcp 192.168.1.1 80 client)"
  expect_equal "pod2 192.168.1.2" "$(seen tcp 10.0.0.1 81 client)"
  # A closed one has none.
  expect_contains "$(ask tcp 10.0.0.3 81 client 2>&1 || true)" "Connection refused"
}

case_published_ports_do_not_take_an_ipv6_service() {
  cluster6
  state "$(service fd00::1 fd02:1::2 '"sourceNat": true')" "$(service fd00::2 fd02:1::2 '"sourceNat": true, "bind": true')"
  published
  put_in
  expect_match "$(seen tcp fd00::1 80 client)" "^pod1 "
  expect_match "$(seen tcp fd00::2 80 client)" "^pod1 "
  expect_match "$(seen tcp fd00::2 80)" "^pod1 "
  expect_match "$(seen tcp fd01::1 80 client)" "^pod2 "
}

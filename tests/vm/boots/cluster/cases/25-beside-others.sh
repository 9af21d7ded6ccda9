# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What else would answer at the addresses of services: ports that other programs publish on the node by
# destination NAT, and programs of the node that listen on all addresses.
# netns: fresh
# timeout: 300
# shellcheck source=tests/vm/data/node.sh
. /usr/lib/vm-tests/data/node.sh

# cluster_of_both PROTOCOL…: the Service web of both address families, with a port 80 of each protocol
cluster_of_both() {
  local ports
  ports=$(printf '%s\n' "$@" | jq -R . | jq -cs 'map({name: ., port: 80, protocol: ascii_upcase, nodePort: 30080})')
  {
    service web "$(jq -n --argjson ports "$ports" '{type: "LoadBalancer", clusterIP: "10.96.0.1",
      clusterIPs: ["10.96.0.1", "fd00:96::1"], externalIPs: ["198.51.100.1", "2001:db8::1"], ports: $ports}')" \
      '{"loadBalancer": {"ingress": [{"ip": "198.51.100.2"}, {"ip": "2001:db8::2"}]}}'
    ports=$(jq -c 'map({name, protocol, port: 8080})' <<<"$ports")
    slice web "$ports" "$(endpoints both)"
    slice web "$ports" "$({ endpoint fd02:1::2 a && endpoint fd02:2::2 b; } | jq -s .)" IPv6
  } | list >state.json
}

# published_by WRITER: port 80 and the node port's number of the node go to pod3, in both address families
# and for each protocol, by rules as that program writes them
published_by() {
  "$1" iptables 10.244.3.2 10.244.3.0/24 127.0.0.0/8
  "$1" ip6tables '[fd02:3::2]' fd02:3::/64 ::1/128
}
# Those of the CNI plugin portmap.
portmap() {
  local protocol rules=()
  for protocol in tcp udp sctp; do
    rules+=("-A CNI-HOSTPORT-DNAT -p $protocol -m comment --comment \"dnat name: \\\"pods\\\"\" -m multiport --dports 80,30080 -j CNI-DN-1")
    rules+=("-A CNI-DN-1 -s $3 -p $protocol -m multiport --dports 80,30080 -j CNI-HOSTPORT-SETMARK")
    rules+=("-A CNI-DN-1 -p $protocol -m multiport --dports 80,30080 -j DNAT --to-destination $2:8080")
  done
  "$1${LEGACY:-}-restore" --noflush <<END
*nat
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-HOSTPORT-MASQ - [0:0]
:CNI-HOSTPORT-SETMARK - [0:0]
:CNI-DN-1 - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
$(printf '%s\n' "${rules[@]}")
COMMIT
END
}
docker() {
  local protocol port rules=()
  for protocol in tcp udp sctp; do
    for port in 80 30080; do
      rules+=("-A DOCKER ! -i docker0 -p $protocol -m $protocol --dport $port -j DNAT --to-destination $2:8080")
    done
  done
  "$1${LEGACY:-}-restore" --noflush <<END
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d $4 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s $3 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
$(printf '%s\n' "${rules[@]}")
COMMIT
END
}
# Those of portmap with nftables, of one table for both address families.
portmap_by_nftables() {
  [ "$1" = iptables ] || return 0
  nft -f - <<'END'
add table inet cni_hostport
delete table inet cni_hostport
table inet cni_hostport {
  chain hostports {
    meta l4proto { tcp, udp, sctp } meta nfproto ipv4 th dport { 80, 30080 } dnat ip to 10.244.3.2:8080
    meta l4proto { tcp, udp, sctp } meta nfproto ipv6 th dport { 80, 30080 } dnat ip6 to [fd02:3::2]:8080
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local goto hostports
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local goto hostports
  }
}
END
}
unpublished() {
  local tool
  for tool in iptables ip6tables; do
    "$tool${LEGACY:-}" -t nat -F
    "$tool${LEGACY:-}" -t nat -X
  done
}

# services_answer PROTOCOL: at all their addresses, from a pod, the node and outside
services_answer() {
  local address
  for address in 10.96.0.1 198.51.100.2 fd00:96::1 2001:db8::2; do
    printf '%s\n' "pod[12]* $1 $address 80 client" "pod[12]* $1 $address 80" "pod[12]* $1 $address 80 pod1"
  done >asked
  printf '%s\n' "pod[12]* $1 198.51.100.1 80 client" "pod[12]* $1 192.168.1.1 30080 client" \
    "pod[12]* $1 192.168.1.1 30080" "pod[12]* $1 fd01::1 30080 pod1" >>asked
  expect_answers <asked
}
# services_answer_still PROTOCOL: at some of them
services_answer_still() {
  printf "pod[12]* $1 %s\n" "10.96.0.1 80 pod1" "198.51.100.2 80 client" "10.96.0.1 80" "fd00:96::1 80 pod1" \
    "2001:db8::2 80 client" "2001:db8::2 80" "192.168.1.1 30080 client" "fd01::1 30080 client" >asked
  expect_answers <asked
}
# And the published ports at the node's own address.
published_ports_answer() {
  expect_answers <<END
pod3* $1 192.168.1.1 80 client
pod3* $1 192.168.1.1 80
pod3* $1 fd01::1 80 client
END
}

case_ports_published_by_portmap() {
  node_of_both tcp
  cluster_of_both tcp
  put_in
  published_by portmap
  published_ports_answer tcp
  services_answer tcp
  # Made anew, as at each start of a pod with one.
  unpublished
  published_by portmap
  services_answer_still tcp
}

case_ports_published_by_docker_before_the_agent() {
  node_of_both tcp
  cluster_of_both tcp
  published_by docker
  put_in
  published_ports_answer tcp
  services_answer_still tcp
}

case_ports_published_by_nftables() {
  node_of_both tcp
  cluster_of_both tcp
  published_by portmap_by_nftables
  put_in
  published_by portmap_by_nftables
  published_ports_answer tcp
  services_answer tcp
}

case_ports_published_by_legacy_iptables() {
  command -v iptables-legacy-restore >/dev/null || skip "no iptables-legacy"
  iptables-legacy -t nat -S >/dev/null 2>&1 || skip "this kernel has no iptables of its own"
  LEGACY=-legacy
  node_of_both tcp
  cluster_of_both tcp
  put_in
  published_by docker
  published_ports_answer tcp
  services_answer_still tcp
}

case_udp_and_sctp_ports_published_by_portmap() {
  local protocols=(udp)
  ! modprobe sctp || protocols+=(sctp)
  node_of_both "${protocols[@]}"
  cluster_of_both "${protocols[@]}"
  published_by portmap
  put_in
  services_answer_still udp
  [ "${#protocols[@]}" = 1 ] || services_answer_still sctp
}

# With policy Local and source ranges, from outside and from inside.
case_published_ports_beside_policies_and_ranges() {
  node_of_both tcp
  cluster_of '{"externalTrafficPolicy": "Local", "loadBalancerSourceRanges": ["192.168.1.2/32", "10.244.1.0/24"]}'
  put_in
  published_by portmap
  expect_answers <<'END'
pod1*192.168.1.2 tcp 198.51.100.2 80 client
pod1*192.168.1.2 tcp 192.168.1.1 30080 client
pod[12]* tcp 198.51.100.2 80 pod1
pod[12]* tcp 10.96.0.1 80 pod1

END
}

# A program of the node that listens on all addresses, and a published port: neither answers at an address
# of the service network that no Service has.
case_addresses_without_a_service_are_closed() {
  local address
  node_of_both tcp
  server tcp - 0.0.0.0 2222 host
  server udp - 0.0.0.0 2223 host
  socat TCP6-LISTEN:2222,ipv6only=1,fork,reuseaddr SYSTEM:"echo host" &
  wait_until 40 has "[::]:2222" ss -ltnH6
  cluster_of_both tcp
  put_in
  published_by docker
  for address in 10.96.7.7 10.96.255.255 10.96.0.1 fd00:96::7; do
    printf 'no*answer tcp %s\n' "$address 2222" "$address 2222 pod1" "$address 2222 client"
  done >asked
  printf 'no*answer tcp %s\n' "10.96.7.7 80" "10.96.7.7 80 pod1" "10.96.7.7 80 client" "fd00:96::7 80 pod1" >>asked
  printf '%s\n' "host tcp 192.168.1.1 2222 client" "host tcp 192.168.1.1 2222 pod1" "host tcp fd01::1 2222 client" \
    "host tcp 10.244.1.1 2222 pod1" >>asked
  expect_answers <asked
  expect_contains "$(ask tcp 10.96.7.7 2222 pod1 2>&1 || true)" "Connection refused"
  expect_contains "$(ask tcp 10.96.7.7 2222 2>&1 || true)" "Connection refused"
  expect_contains "$(ask udp 10.96.7.7 2223 client 2>&1 || true)" "Connection refused"
  expect_contains "$(ask tcp fd00:96::7 2222 client 2>&1 || true)" "Connection refused"
  # Until one gets it.
  jq '(.items[] | select(.kind == "Service").spec) |= (.clusterIP = "10.96.7.7" | .clusterIPs[0] = "10.96.7.7")' \
    state.json >edited.json
  mv edited.json state.json
  put_in
  expect_answers <<'END'
pod[12]* tcp 10.96.7.7 80 pod1
pod[12]* tcp 10.96.7.7 80
no*answer tcp 10.96.0.1 2222 pod1
END
}

# An address in it that the node itself has, as NodeLocal DNSCache gives it, stays the node's.
case_own_address_in_the_service_network_stays_open() {
  node tcp
  ip route add default via 192.168.1.2
  ip link add nodelocaldns type dummy
  ip address add 10.96.0.10/32 dev nodelocaldns
  server tcp - 0.0.0.0 2222 host
  cluster_of '{}'
  put_in
  expect_answers <<'END'
host tcp 10.96.0.10 2222
host tcp 10.96.0.10 2222 pod1
no*answer tcp 10.96.0.11 2222 pod1
pod[12]* tcp 10.96.0.1 80 pod1
END
}

health() { printf 'GET /healthz HTTP/1.0\r\n\r\n' | timeout 10 "${@:2}" socat -t 5 - "$1" 2>&1 || true; }

# Load balancers that hand packets on as they are ask at the address that they serve.
case_health_check_port_answers_at_the_load_balancers_address() {
  local target
  node_of_both tcp
  server tcp - 0.0.0.0 2222 host
  cluster_of_both tcp
  jq '(.items[] | select(.kind == "Service" and .spec.type == "LoadBalancer").spec) +=
    {externalTrafficPolicy: "Local", healthCheckNodePort: 32000}' state.json >edited.json
  mv edited.json state.json
  published_by portmap
  start_daemon --resync=1h "${OPTIONS[@]}"
  for target in TCP4:198.51.100.2 TCP4:198.51.100.1 TCP4:192.168.1.1 "TCP6:[2001:db8::2]" "TCP6:[fd01::1]"; do
    expect_contains "$(health "$target:32000" ip netns exec client)" "200 OK" "$target"
  done
  expect_contains "$(health TCP4:198.51.100.2:32000 ip netns exec pod1)" "200 OK"
  expect_contains "$(health "TCP6:[2001:db8::2]:32000" ip netns exec pod1)" "200 OK"
  expect_contains "$(health TCP4:198.51.100.2:32000)" "200 OK"
  expect_contains "$(health "TCP6:[2001:db8::2]:32000")" "200 OK"
  # There alone, and nothing else is open.
  expect_contains "$(health TCP4:10.96.0.1:32000 ip netns exec pod1)" "Connection refused"
  expect_contains "$(ask tcp 198.51.100.2 2222 client 2>&1 || true)" "Connection refused"
  expect_answers <<'END'
pod1*192.168.1.2 tcp 198.51.100.2 80 client
END
  # Another port; the old one is closed, and the table is changed by its elements.
  jq '(.items[] | select(.kind == "Service" and .spec.type == "LoadBalancer").spec.healthCheckNodePort) = 32001' \
    state.json >edited.json
  mv edited.json state.json
  wait_until 30 has "200 OK" health TCP4:198.51.100.2:32001 ip netns exec client
  expect_contains "$(health TCP4:198.51.100.2:32000 ip netns exec client)" "Connection refused"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Connections to a cluster's services from outside, from the node and from pods. This namespace is the
# node "a" with two pods; pod2 plays another node's.
# netns: fresh
# timeout: 300
# shellcheck source=tests/vm/data/node.sh
. /usr/lib/vm-tests/data/node.sh

case_cluster_address() {
  node tcp udp
  cluster_of '{"externalIPs": ["198.51.100.1"]}'
  put_in
  # From the node without masquerade; from a pod as it is; from outside with the node's address.
  answers 'pod1 10.244.1.1' tcp 10.96.0.1 80
  answers 'pod2 *' tcp 10.96.0.1 80
  answers 'pod2 10.244.1.2' tcp 10.96.0.1 80 pod1
  ip -n client route add 10.96.0.0/16 via 192.168.1.1
  all_answers 'pod* 10.244.?.1' tcp 10.96.0.1 80 client
  # A pod that reaches itself.
  answers 'pod1 10.244.1.1' tcp 10.96.0.1 80 pod1
  # The whole service network is local, none of its addresses is on a link.
  expect_equal "" "$(ip -o address | grep 10.96. || true)"
}

case_external_addresses_and_node_ports() {
  node tcp
  cluster_of '{"externalIPs": ["198.51.100.1"]}'
  put_in
  local target
  for target in "198.51.100.1 80" "198.51.100.2 80" "192.168.1.1 30080"; do
    # shellcheck disable=SC2086
    all_answers 'pod* 10.244.?.1' tcp $target client
    # shellcheck disable=SC2086
    answers 'pod2 *' tcp $target
    # shellcheck disable=SC2086
    answers 'pod2 10.244.2.1' tcp $target pod1
  done
}

case_external_policy_local_keeps_the_client() {
  node tcp
  cluster_of '{"externalTrafficPolicy": "Local"}'
  put_in
  all_answers 'pod1 192.168.1.2' tcp 198.51.100.2 80 client
  all_answers 'pod1 192.168.1.2' tcp 192.168.1.1 30080 client
  # The node and its pods may use all endpoints.
  answers 'pod2 *' tcp 198.51.100.2 80
  answers 'pod2 *' tcp 198.51.100.2 80 pod1
  # Without an endpoint here, no other node's endpoint answers clients from outside.
  cluster_of '{"externalTrafficPolicy": "Local"}' endpoint 10.244.2.2 b
  put_in
  all_answers 'no answer' tcp 198.51.100.2 80 client
  all_answers 'no answer' tcp 192.168.1.1 30080 client
  all_answers 'pod2 *' tcp 198.51.100.2 80
}

# each_answers PATTERN "PROTOCOL ADDRESS PORT [NETNS]"…: each of these, asked for at once
each_answers() {
  local i pattern=$1 asked=() ASK_SECONDS=40
  [ "$pattern" != 'no answer' ] || ASK_SECONDS=3
  shift
  for ((i = 1; i <= $#; i++)); do
    # shellcheck disable=SC2086
    seen ${!i} >"answer.$i" &
    asked+=($!)
  done
  wait "${asked[@]}"
  for ((i = 1; i <= $#; i++)); do
    # shellcheck disable=SC2053
    [[ $(<"answer.$i") == $pattern ]] || fail "'$(<"answer.$i")' instead of '$pattern' from ${!i}"
  done
}

# ended ADDRESS NODE: a pod that terminates and serves no more, whose address another one may have already
ended() { endpoint "$@" | jq -c '.conditions = {ready: false, serving: false, terminating: true}'; }
went_to_b() { ended "$1" a && endpoint "$1" b; }
came_to_a() { endpoint "$1" a && ended "$1" b; }
# moved SUBJECT ADDRESS FAMILY SPEC: the Service web with both policies Local; endpoints by SUBJECT
moved() {
  {
    service web "$(jq -n --argjson spec "$4" '{type: "LoadBalancer", externalTrafficPolicy: "Local",
      internalTrafficPolicy: "Local", healthCheckNodePort: 32000,
      ports: [{name: "web", port: 80, nodePort: 30080}]} * $spec')"
    slice web "$PORTS" "$("$1" "$2" | jq -s .)" "$3"
  } | list >new.json
  mv new.json state.json
}
health() { printf 'GET / HTTP/1.0\r\n\r\n' | timeout 5 socat -t 3 - TCP4:127.0.0.1:32000; }

# The endpoint that is ready is on the other node: the one here, which terminates, lends it nothing.
case_address_of_a_pod_that_ended_here() {
  local spec='{"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "externalIPs": ["198.51.100.1"]}'
  node tcp
  ip link set lo up
  moved went_to_b 10.244.2.2 IPv4 "$spec"
  start_daemon --resync=1h "${OPTIONS[@]}"
  expect_contains "$(health)" '503 Service Unavailable'
  ip -n client route add 10.96.0.0/16 via 192.168.1.1
  each_answers 'no answer' "tcp 198.51.100.1 80 client" "tcp 192.168.1.1 30080 client" \
    "tcp 10.96.0.1 80 client" "tcp 10.96.0.1 80" "tcp 10.96.0.1 80 pod1"
  # The other way round it is this node's.
  moved came_to_a 10.244.1.2 IPv4 "$spec"
  wait_until 30 has '200 OK' health
  each_answers 'pod1 192.168.1.2' "tcp 198.51.100.1 80 client" "tcp 192.168.1.1 30080 client"
  each_answers 'pod1 *' "tcp 10.96.0.1 80" "tcp 10.96.0.1 80 pod2" "tcp 10.96.0.1 80 client"
}

case_address_of_a_pod_that_ended_here_ipv6() {
  local spec='{"clusterIP": "fd00:96::1", "clusterIPs": ["fd00:96::1"], "externalIPs": ["2001:db8::1"]}'
  node6
  moved went_to_b fd02:2::2 IPv6 "$spec"
  put_in
  ip -n client -6 route add 2001:db8::/64 via fd01::1
  each_answers 'no answer' "tcp 2001:db8::1 80 client" "tcp fd01::1 30080 client" \
    "tcp fd00:96::1 80" "tcp fd00:96::1 80 pod1"
  moved came_to_a fd02:1::2 IPv6 "$spec"
  put_in
  each_answers 'pod1 *0002*' "tcp 2001:db8::1 80 client" "tcp fd01::1 30080 client"
  each_answers 'pod1 *' "tcp fd00:96::1 80" "tcp fd00:96::1 80 pod2"
}

case_internal_policy_local_is_strict() { # any kernel
  node tcp
  cluster_of '{"internalTrafficPolicy": "Local"}'
  put_in
  all_answers 'pod1 *' tcp 10.96.0.1 80
  all_answers 'pod1 *' tcp 10.96.0.1 80 pod2
  cluster_of '{"internalTrafficPolicy": "Local"}' endpoint 10.244.2.2 b
  put_in
  all_answers 'no answer' tcp 10.96.0.1 80
  answers 'pod2 *' tcp 198.51.100.2 80 client
}

case_source_ranges() { # any kernel
  node tcp
  cluster_of '{"loadBalancerSourceRanges": ["192.0.2.0/24"]}'
  put_in
  all_answers 'no answer' tcp 198.51.100.2 80 client
  all_answers 'no answer' tcp 198.51.100.2 80
  all_answers 'no answer' tcp 198.51.100.2 80 pod1
  all_answers 'pod* *' tcp 192.168.1.1 30080 client
  cluster_of '{"loadBalancerSourceRanges": ["192.168.1.2/32"], "externalTrafficPolicy": "Local"}'
  put_in
  all_answers 'pod1 192.168.1.2' tcp 198.51.100.2 80 client
  all_answers 'no answer' tcp 198.51.100.2 80 pod2
}

case_session_affinity() { # any kernel
  node tcp
  cluster_of '{"sessionAffinity": "ClientIP"}'
  put_in
  local first
  first=$(seen tcp 198.51.100.2 80 client)
  all_answers "$first" tcp 198.51.100.2 80 client
  expect_contains "$(ipvsadm -Ln)" "TCP  198.51.100.2:80 rr persistent 10800"
}

case_ipv6() {
  node6
  {
    service web '{"type": "LoadBalancer", "clusterIP": "fd00:96::1", "clusterIPs": ["fd00:96::1"],
      "ports": [{"name": "web", "port": 80, "nodePort": 30080}], "externalIPs": ["2001:db8::1"]}'
    slice web "$PORTS" "$({ endpoint fd02:1::2 a && endpoint fd02:2::2 b; } | jq -s .)" IPv6
  } | list >state.json
  put_in
  ip -n client -6 route add 2001:db8::/64 via fd01::1
  answers 'pod1 *' tcp fd00:96::1 80
  answers 'pod2 *' tcp fd00:96::1 80
  answers 'pod2 *' tcp fd00:96::1 80 pod1
  all_answers 'pod? *0001*' tcp 2001:db8::1 80 client
  all_answers 'pod? *0001*' tcp fd01::1 30080 client
  expect_not_contains "$(seen tcp 2001:db8::1 80 client)" "fd01:0000"
}

# dns_of ENDPOINT…: a UDP Service beside web, with these endpoints
dns_of() {
  cluster_of '{}'
  {
    jq '.items[]' state.json
    service dns '{"type": "NodePort", "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"],
      "ports": [{"name": "dns", "port": 53, "protocol": "UDP", "nodePort": 30053}],
      "externalIPs": ["198.51.100.5"]}'
    slice dns '[{"name": "dns", "port": 8080, "protocol": "UDP"}]' "[$*]"
  } | list >new.json
  mv new.json state.json
}
# same_port ADDRESS PORT: as seen udp, from the client's port 4000
same_port() {
  ip netns exec client timeout 5 socat -t 2 - "UDP4:$1:$2,sourceport=4000,reuseaddr" <<<"hello" ||
    echo "no answer"
}

# A client that sends on from the same port reaches the endpoint that took the first one's place.
case_udp_client_follows_its_endpoint() {
  node udp
  dns_of
  put_in
  expect_equal "no answer" "$(same_port 198.51.100.5 53)"
  dns_of "$(endpoint 10.244.1.2 a)"
  put_in
  expect_equal "pod1 10.244.1.1" "$(same_port 198.51.100.5 53)"
  dns_of "$(endpoint 10.244.2.2 b)"
  put_in
  wait_until 40 has 'pod2 10.244.2.1' same_port 198.51.100.5 53
}

# What was sent to a node port before there was a service is in connection tracking, as a connection
# to the node itself.
case_udp_client_that_was_there_before_its_service() {
  node udp
  cluster_of '{}'
  put_in
  expect_equal "no answer" "$(same_port 192.168.1.1 30053)"
  expect_contains "$(conntrack -L -p udp --orig-port-dst 30053 2>&1)" "sport=4000"
  dns_of "$(endpoint 10.244.1.2 a)"
  put_in
  expect_contains "$(cat apply.err)" \
    "connection tracking: 1 entries of UDP clients deleted whose service has got its first destination"
  expect_equal "pod1 10.244.1.1" "$(same_port 192.168.1.1 30053)"
}

case_guarded_addresses_are_refused() { # any kernel
  node tcp
  ip route add default via 192.168.1.2
  {
    service web '{"clusterIP": "10.96.0.1", "ports": [{"port": 80}],
      "externalIPs": ["192.168.1.2", "192.168.1.7", "127.0.0.9", "198.51.100.1"]}'
    jq -n '{apiVersion: "v1", kind: "Node", metadata: {name: "b"},
      status: {addresses: [{type: "InternalIP", address: "192.168.1.7"}]}}'
  } | list >state.json
  put_in 3
  expect_equal "10.96.0.1
198.51.100.1" "$(ipvsadm -Sn | sed -n 's/^-A -t \([0-9.]*\):.*/\1/p' | LC_ALL=C sort)"
  expect_contains "$(report '.failures[].text')" "default gateway"
  expect_contains "$(report '.failures[].text')" "Node b"
  expect_contains "$(report '.failures[].text')" "loopback"
}

# The API servers' address is another host's, and a Service's author names it as an external one.
case_reserved_address_stays_reachable() {
  node tcp
  ip address add fd01::1/64 dev client-link nodad
  ip -n client address add fd01::2/64 dev eth0 nodad
  ip -n client -6 route add default via fd01::1
  ip -n client address add 203.0.113.1/32 dev lo
  ip -n client address add 2001:db8:6::1/128 dev lo nodad
  ip route add 203.0.113.1 via 192.168.1.2
  ip -6 route add 2001:db8:6::1 via fd01::2
  server tcp client 203.0.113.1 6443 api
  server tcp client 2001:db8:6::1 6443 api
  {
    service web '{"type": "LoadBalancer", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "fd00:96::1"],
      "ports": [{"name": "web", "port": 6443}], "externalIPs": ["203.0.113.1", "198.51.100.1"]}' \
      '{"loadBalancer": {"ingress": [{"ip": "2001:db8:6::1"}]}}'
    slice web "$PORTS" "$(endpoints both)"
  } | list >state.json
  OPTIONS+=(--reserve "203.0.113.1,2001:db8:6::1" --permit default)
  put_in 3
  expect_equal "tcp 203.0.113.1:6443: refused: 203.0.113.1 is reserved by the option --reserve
tcp [2001:db8:6::1]:6443: refused: 2001:db8:6::1 is reserved by the option --reserve" \
    "$(report '.failures[] | "\(.object): \(.text)"' | LC_ALL=C sort)"
  local from
  for from in "" pod1; do
    # shellcheck disable=SC2086
    expect_equal api "$(ask tcp 203.0.113.1 6443 $from)"
  done
  expect_equal api "$(ask tcp 2001:db8:6::1 6443)"
  answers 'pod2 *' tcp 198.51.100.1 6443 client
}

# What the node itself uses is not for a Service's author to take.
case_ports_of_the_node_need_the_administrator() { # any kernel
  node tcp
  server tcp - 192.168.1.1 80 mine
  {
    service web '{"clusterIP": "10.96.0.1", "externalIPs": ["192.168.1.1"],
      "ports": [{"name": "web", "port": 80}, {"name": "ssh", "port": 22}, {"name": "kubelet", "port": 10250}]}' |
      jq '.metadata.annotations = {"ipvs-node/over-local": "true"}'
    slice web "$PORTS" "$(endpoints both)"
  } | list >state.json
  put_in 3
  expect_contains "$(report '.failures[].text')" "the annotation ipvs-node/over-local permits it where the agent has --permit=192.168.1.1 or --permit=default"
  expect_equal mine "$(ask tcp 192.168.1.1 80 client)"
  expect_equal 3 "$(report .servicesFailed)"
  OPTIONS+=(--permit default)
  put_in 3
  expect_equal "tcp 192.168.1.1:10250: refused: tcp port 10250 is that of the kubelet, on an address of the node itself; no Service may take it
tcp 192.168.1.1:22: refused: tcp port 22 is that of SSH, on an address of the node itself; no Service may take it" \
    "$(report '.failures[] | "\(.object): \(.text)"' | LC_ALL=C sort)"
  answers 'pod2 *' tcp 192.168.1.1 80 client
}

# Each Node is a load balancer, as ServiceLB of k3s has it; a program of the node is the endpoint itself.
case_load_balancer_addresses_of_other_nodes() { # any kernel
  node tcp
  server tcp - 192.168.1.1 80 host
  {
    service web '{"type": "LoadBalancer", "clusterIP": "10.96.0.1", "ports": [{"name": "web", "port": 80}]}' \
      '{"loadBalancer": {"ingress": [{"ip": "192.168.1.1"}, {"ip": "192.168.1.7"}, {"ip": "192.168.1.8"}]}}'
    slice web '[{"name": "web", "port": 80}]' "$(endpoints endpoint 192.168.1.1 a)"
    jq -n '{name: "a", ip: "192.168.1.1"}, {name: "b", ip: "192.168.1.7"}, {name: "c", ip: "192.168.1.8"} |
      {apiVersion: "v1", kind: "Node", metadata: {name}, status: {addresses: [{type: "InternalIP", address: .ip}]}}'
  } | list >state.json
  put_in
  put_in
  expect_equal "in-sync" "$(report .outcome)"
  expect_equal "Service default/web: load balancer address 192.168.1.7 is an address of Node b, which serves it itself, likewise 1 more" \
    "$(report '.warnings[]')"
  expect_equal "10.96.0.1
192.168.1.1" "$(ipvsadm -Sn | sed -n 's/^-A -t \([0-9.]*\):.*/\1/p' | LC_ALL=C sort)"
  expect_equal host "$(ask tcp 192.168.1.1 80 client)"
}

all_around() {
  nft list ruleset
  ip -o link | sed 's/^[0-9]*: //'
  ip -o address
  ip route show table all
  ip -6 route show table all
  sysctl -a 2>/dev/null | grep -E '^net\.(ipv4\.(vs\.|ip_forward|conf\.all)|ipv6\.conf\.all)' |
    grep -vE 'drop_entry|drop_packet|secure_tcp'
}

# The links' own addresses are no longer tentative.
links_have_settled() { [ "$(ip -o -6 address show scope link -tentative | wc -l)" = 3 ]; }

case_cleanup_leaves_nothing() { # any kernel
  local before
  node tcp
  wait_until 40 links_have_settled
  before=$(all_around)
  cluster_of '{"externalIPs": ["198.51.100.1"], "sessionAffinity": "ClientIP"}'
  OPTIONS+=(--strict-arp)
  put_in
  put_in
  expect_equal 0 "$(report .kernelWrites)" "a second apply writes"
  expect_status 0 "$AGENT" cleanup --run-dir "$RUN"
  expect_equal "$before" "$(all_around)"
}

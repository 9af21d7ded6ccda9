# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A cluster's objects as the state: what the kernel gets, and what is reported.
# netns: fresh
# timeout: 300
# shellcheck source=tests/vm/data/cluster.sh
. /usr/lib/vm-tests/data/cluster.sh

web_service() {
  service web '{"type": "ClusterIP", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"],
    "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}'
}
web_slice() { slice web '[{"name": "http", "port": 8080, "protocol": "TCP"}]' "[$1]"; }
two_endpoints() { echo "$(endpoint 10.1.0.1 a), $(endpoint 10.1.0.2 b)"; }

case_cluster_is_programmed() {
  { web_service && web_slice "$(two_endpoints)"; } | list >state.json
  applied
  expect_equal "-A -t 10.96.0.1:80 -s rr
-a -t 10.96.0.1:80 -r 10.1.0.1:8080 -m -w 1
-a -t 10.96.0.1:80 -r 10.1.0.2:8080 -m -w 1" "$(ipvsadm -Sn)"
  applied
  expect_equal 0 "$(report .kernelWrites)" "a second apply writes"
  # The objects in another order, and in files of their own beside a native one.
  mkdir state.d
  web_slice "$(endpoint 10.1.0.2 b), $(endpoint 10.1.0.1 a)" >state.d/1.json
  web_service >state.d/2.json
  echo '{"version": 1, "services": []}' >state.d/3.json
  STATE=state.d applied
  expect_equal 0 "$(report .kernelWrites)" "the same objects in files write"
}

case_endpoint_drains_and_comes_back() { # any kernel
  { web_service && web_slice "$(two_endpoints)"; } | list >state.json
  start_daemon --resync=1h
  { web_service && web_slice "$(endpoint 10.1.0.1 a)"; } | list >new.json && mv new.json state.json
  wait_until 30 lacks 10.1.0.2 ipvsadm -Sn
  { web_service && web_slice "$(two_endpoints)"; } | list >new.json && mv new.json state.json
  wait_until 30 has 10.1.0.2 ipvsadm -Sn
}

# What an interrupted kubectl leaves, and one that may not read Services.
case_broken_dump_changes_nothing() { # any kernel
  local table
  { web_service && web_slice "$(two_endpoints)"; } | list >state.json
  applied
  table=$(ipvsadm -Sn)
  head -c 700 state.json >half.json
  STATE=half.json applied 1
  expect_match "$(report '.problems[0]')" '^half.json:[0-9]+:[0-9]+: '
  expect_equal "$table" "$(ipvsadm -Sn)"
  web_slice "$(two_endpoints)" | list >slices.json
  STATE=slices.json applied 1
  expect_equal "$(report '.problems[0]')" \
    "slices.json:1: no Service among the Kubernetes objects: a cluster always has one, so this is no state"
  # One that may not read EndpointSlices.
  web_service >services.json
  STATE=services.json applied 1
  expect_equal "$(report '.problems[0]')" \
    "services.json:1: no EndpointSlice (discovery.k8s.io/v1) among the Kubernetes objects: a cluster always has one, so this is no state"
  # Yesterday's dump beside today's.
  mkdir both
  cp state.json both/1.json
  cp state.json both/2.json
  STATE=both applied 1
  expect_contains "$(report '.problems[]')" \
    "both/1.json:1: Service default/web stands here and in both/2.json: which one is the newer cannot be told"
  expect_equal "$table" "$(ipvsadm -Sn)"
}

case_what_cannot_be_served_is_told() { # any kernel
  {
    web_service && web_slice "$(two_endpoints)"
    service odd '{"clusterIP": "10.96.0.2", "ports": [{"port": 81}], "externalIPs": ["fd00::1"]}'
  } | list >state.json
  applied
  expect_equal 2 "$(ipvsadm -Sn | grep -c '^-A')" "services"
  expect_contains "$(report '.warnings[]')" \
    "Service default/odd: external address fd00::1 is of an address family that the service has not"
  expect_status 3 "$AGENT" convert state.json
  expect_contains "$OUTPUT" "Service default/odd: external address fd00::1"
  expect_status 0 "$AGENT" check state.json
  expect_contains "$OUTPUT" "not served: Service default/odd: external address fd00::1"
}

# The name of an image, say. What needs no name is served, and it is no good news.
case_node_name_that_no_node_has() { # any kernel
  local text="Node localhost: the node of --node-name is none of the Nodes, which are a, b: policies Local"
  {
    web_service && web_slice "$(two_endpoints)"
    jq -n '"b", "a" | {apiVersion: "v1", kind: "Node", metadata: {name: .}, status: {addresses: [
      {address: (if . == "a" then "192.0.2.1" else "192.0.2.2" end)}]}}'
  } | list >state.json
  expect_status 3 agent apply --node-name localhost
  expect_contains "$OUTPUT" "$text"
  expect_equal 1 "$(ipvsadm -Sn | grep -c '^-A')" "services"
  expect_status 1 "$AGENT" check --node-name localhost state.json
  expect_contains "$OUTPUT" "state.json: failure: $text"
  expect_status 3 "$AGENT" convert --node-name localhost state.json
  expect_contains "$OUTPUT" "$text"
  expect_status 0 agent apply --node-name b
  expect_not_contains "$OUTPUT" "warning"
  expect_status 0 "$AGENT" check --node-name b state.json
  expect_not_contains "$OUTPUT" "warning"
  # Without Nodes nothing of it is known.
  jq '.items |= map(select(.kind != "Node"))' state.json >nodeless.json
  STATE=nodeless.json expect_status 0 agent apply --node-name localhost
  expect_contains "$OUTPUT" "no Node among the Kubernetes objects: hints for zones are not followed"
  expect_status 0 "$AGENT" check --node-name localhost nodeless.json
  expect_contains "$OUTPUT" "nodeless.json: warning: no Node among the Kubernetes objects"
}

# What apply refuses for a reason that is among the objects, check and convert refuse as well.
case_guard_without_a_kernel() { # any kernel
  local text="default/web:http (tcp 192.0.2.1:80): refused: 192.0.2.1 is an address of Node a"
  {
    web_service | jq '.spec.externalIPs = ["192.0.2.1", "198.51.100.1"]' && web_slice "$(two_endpoints)"
    jq -n '"b", "a" | {apiVersion: "v1", kind: "Node", metadata: {name: .}, status: {addresses: [
      {address: (if . == "a" then "192.0.2.1" else "192.0.2.2" end)}]}}'
  } | list >state.json
  expect_status 0 "$AGENT" check --node-name b state.json
  expect_contains "$OUTPUT" "state.json: valid: 2 services"
  expect_contains "$OUTPUT" "state.json: not served: $text"
  expect_status 3 "$AGENT" convert --node-name b state.json
  expect_contains "$OUTPUT" "$text"
  expect_not_contains "$OUTPUT" '"address": "192.0.2.1"'
  expect_contains "$OUTPUT" '"address": "198.51.100.1"'
  expect_status 3 agent apply --node-name b
  expect_contains "$OUTPUT" "$text"
}

# What convert prints makes the same table.
case_converted_state_is_the_same_table() { # any kernel
  { web_service && web_slice "$(two_endpoints)"; } | list >state.json
  applied
  "$AGENT" convert state.json >native.json
  STATE=native.json applied
  expect_equal 0 "$(report .kernelWrites)" "the native form writes"
}

case_node_ports_follow_the_nodes_addresses() {
  service web '{"type": "NodePort", "clusterIP": "10.96.0.1", "ports": [{"port": 80, "nodePort": 30080}]}' |
    list >state.json
  ip link add uplink type dummy && ip link set uplink up
  ip address add 192.0.2.1/24 dev uplink
  ip address add 169.254.0.1/16 dev uplink
  applied
  expect_equal "-A -t 10.96.0.1:80 -s rr
-A -t 192.0.2.1:30080 -s rr" "$(ipvsadm -Sn | LC_ALL=C sort)"
  ip address add 192.0.2.2/24 dev uplink
  agent apply --node-port-addresses 192.0.2.2/32
  expect_equal "-A -t 10.96.0.1:80 -s rr
-A -t 192.0.2.2:30080 -s rr" "$(ipvsadm -Sn | LC_ALL=C sort)"
  expect_status 2 "$AGENT" apply --node-port-addresses 192.0.2.300/32
  expect_contains "$OUTPUT" "--node-port-addresses: '192.0.2.300/32' is not a network such as 192.0.2.0/24"
}

case_daemon_moves_node_ports_at_once() { # any kernel
  service web '{"type": "NodePort", "clusterIP": "10.96.0.1", "ports": [{"port": 80, "nodePort": 30080}]}' |
    list >state.json
  ip link add uplink type dummy && ip link set uplink up
  ip address add 192.0.2.1/24 dev uplink
  start_daemon --resync=1h
  expect_contains "$(ipvsadm -Sn)" "-A -t 192.0.2.1:30080"
  ip address add 192.0.2.2/24 dev uplink
  wait_until 40 has "-A -t 192.0.2.2:30080" ipvsadm -Sn
  ip address del 192.0.2.2/24 dev uplink
  wait_until 40 lacks "-A -t 192.0.2.2:30080" ipvsadm -Sn
  expect_contains "$(ipvsadm -Sn)" "-A -t 192.0.2.1:30080"
  # A link-local address is none that others know the node by.
  local reconciles
  reconciles=$(jq .reconciles "$RUN/status.json")
  ip address add 169.254.7.7/16 dev uplink
  sleep 1
  expect_equal "$reconciles" "$(jq .reconciles "$RUN/status.json")"
}

# http PORT: status line, headers and body, without carriage returns
http() { printf 'GET /healthz HTTP/1.0\r\n\r\n' | timeout 5 socat -t 3 - "TCP4:127.0.0.1:$1" | tr -d '\r'; }
health_web() {
  service web "$(jq -n --arg port "$1" '{type: "LoadBalancer", clusterIP: "10.96.0.1",
    externalTrafficPolicy: "Local", healthCheckNodePort: ($port | tonumber), ports: [{name: "http", port: 80}]}')"
}

case_health_check_node_port() { # any kernel
  { health_web 32000 && web_slice "$(two_endpoints)"; } | list >state.json
  start_daemon --resync=1h --node-name a
  OUTPUT=$(http 32000)
  expect_match "$OUTPUT" '^HTTP/1.[01] 200 OK$'
  expect_match "$OUTPUT" '^Content-Type: application/json$'
  expect_match "$OUTPUT" '^X-Content-Type-Options: nosniff$'
  expect_match "$OUTPUT" '^X-Load-Balancing-Endpoint-Weight: 1$'
  expect_equal '{"service":{"namespace":"default","name":"web"},"localEndpoints":1,"serviceProxyHealthy":true}' \
    "$(sed '1,/^$/d' <<<"$OUTPUT" | command jq -c .)"
  { health_web 32000 && web_slice "$(endpoint 10.1.0.2 b)"; } | list >new.json && mv new.json state.json
  wait_until 30 has '503 Service Unavailable' http 32000
  expect_match "$(http 32000)" '^X-Load-Balancing-Endpoint-Weight: 0$'
  # A state that cannot be read changes no answer.
  echo '{' >new.json && mv new.json state.json
  wait_until 30 has '"outcome": "bad-state"' status_file
  expect_match "$(http 32000)" '503 Service Unavailable'
  # Nor does a restart with it: the last good state is what the kernel has.
  end_daemon
  start_daemon --resync=1h --node-name a
  expect_match "$(http 32000)" '503 Service Unavailable'
  # Another port; the old one is closed.
  { health_web 32001 && web_slice "$(two_endpoints)"; } | list >new.json && mv new.json state.json
  wait_until 30 has '200 OK' http 32001
  expect_status 1 http_closed 32000
}
http_closed() { timeout 5 socat -u "TCP4:127.0.0.1:$1" - 2>/dev/null; }
status_file() { cat "$RUN/status.json"; }

case_health_check_port_in_use_is_told() { # any kernel
  { health_web 32000 && web_slice "$(two_endpoints)"; } | list >state.json
  ip link set lo up
  server tcp - 127.0.0.1 32000 mine
  start_daemon --resync=1h --node-name a
  wait_until 30 has "the health check port 32000 of Service default/web cannot be opened: Address already in use" \
    status_file
  expect_equal mine "$(tcp_ask 127.0.0.1 32000)"
}

hairpins() { nft list set ip ipvs-node hairpin; }
# web_of ENDPOINTS: as the state of a daemon that watches it
web_of() {
  { web_service && web_slice "$1"; } | list >new.json
  mv new.json state.json
}

# Only an endpoint of this node may be its own client by way of it, so nftables has nothing to do for others.
case_remote_endpoints_do_not_change_nftables() { # any kernel
  web_of "$(endpoint 10.1.0.1 a), $(endpoint 10.1.0.2 b)"
  start_daemon --resync=1h --node-name a --cluster-cidr 10.1.0.0/16
  expect_contains "$(hairpins)" "10.1.0.1 ."
  expect_not_contains "$(hairpins)" "10.1.0.2 ."
  web_of "$(endpoint 10.1.0.1 a), $(endpoint 10.1.0.3 b), $(endpoint 10.1.0.4 c)"
  wait_until 30 has "-r 10.1.0.4:" ipvsadm -Sn
  in_sync
  logged 1 "nftables table ip ipvs-node"
  # One here does.
  web_of "$(endpoint 10.1.0.1 a), $(endpoint 10.1.0.5 a)"
  wait_until 30 has "10.1.0.5 ." hairpins
}

case_thousand_services() { # any kernel
  local rates=/proc/sys/net/ipv4/vs/run_estimation
  dump 1000 10 >state.json
  agent apply --output=json >report.json
  expect_equal 1000 "$(ipvsadm -Sn | grep -c '^-A')"
  expect_equal 10000 "$(ipvsadm -Sn | grep -c '^-a')"
  expect_equal 1000 "$(ip -o address show dev ipvs0 scope global | wc -l)"
  agent apply --output=json >report.json
  expect_equal 0 "$(jq .kernelWrites report.json)" "a second apply writes"
  # Nothing reads rates, and many objects make them costly: off, if there is a switch.
  [ -f "$rates" ] || return 0
  expect_equal 0 "$(cat "$rates")"
  dump 10 1 >state.json
  agent apply --allow-removal --no-drain
  expect_equal 1 "$(cat "$rates")" "a small cluster"
}

# many ENDPOINTS SERVICES DNS-POD: kube-dns, the Service web with ENDPOINTS, and SERVICES more
many() {
  jq -n --argjson ends "$1" --argjson others "$2" --arg pod "$3" '
    def meta(n): {name: n, namespace: "default", labels: {"kubernetes.io/service-name": n}};
    def svc(n; ip; port): {apiVersion: "v1", kind: "Service", metadata: meta(n),
      spec: {type: "ClusterIP", clusterIP: ip, clusterIPs: [ip], ports: [port]}};
    def ends(n; port; addresses): {apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: "IPv4",
      metadata: meta(n), ports: [port], endpoints: [addresses[] | {addresses: [.], nodeName: "a",
        conditions: {ready: true, serving: true, terminating: false}}]};
    svc("kube-dns"; "10.96.0.10"; {name: "dns", port: 53, protocol: "UDP"}),
    ends("kube-dns"; {name: "dns", port: 53, protocol: "UDP"}; [$pod]),
    svc("web"; "10.96.0.1"; {name: "http", port: 80}),
    ends("web"; {name: "http", port: 8080, protocol: "TCP"}; [range($ends) | "10.1.0.\(. + 1)"]),
    (range($others) | svc("s\(.)"; "10.96.1.\(. + 1)"; {name: "http", port: 80}))'
}

# Scaled down and moved at once: endpoints are never held. Services are, and hold nothing else up.
case_endpoints_of_a_cluster_are_never_held() { # any kernel
  many 50 20 10.1.9.1 | list >state.json
  start_daemon --resync=1h
  expect_equal 51 "$(ipvsadm -Sn | grep -c '^-a')"
  many 5 20 10.1.9.1 | list >new.json && mv new.json state.json
  wait_until 40 lacks 10.1.0.50 ipvsadm -Sn
  in_sync
  many 5 2 10.1.9.1 | list >new.json && mv new.json state.json
  wait_until 40 has "held: would remove 18 of 22 services" agent status
  many 4 2 10.1.9.2 | list >new.json && mv new.json state.json
  wait_until 40 has "-r 10.1.9.2:53" ipvsadm -Sn
  wait_until 40 lacks "10.1.0.5:" ipvsadm -Sn
  expect_contains "$(agent status)" "held: would remove 18 of 22 services"
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.96.1.20:80"
  expect_status 0 agent apply --allow-removal
  expect_not_contains "$(ipvsadm -Sn)" "10.96.1.20:80"
}

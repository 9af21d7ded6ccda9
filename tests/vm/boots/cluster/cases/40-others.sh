# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What other programs do to a cluster's services: their packet filters, and a kube-proxy that comes back.
# netns: fresh
# timeout: 120
# shellcheck source=tests/vm/data/cluster.sh
. /usr/lib/vm-tests/data/cluster.sh
# shellcheck source=tests/vm/data/pods.sh
. /usr/lib/vm-tests/data/pods.sh

OPTIONS=(--node-name a --cluster-cidr 10.244.0.0/16 --service-cidr 10.96.0.0/16
  --node-port-addresses 192.168.1.0/24)

# This namespace is the node "a"; pod1 is its own, pod2 is reached through another node.
node() {
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add pod1 10.244.1.2/24 10.244.1.1/24
  host_add pod2 10.244.2.2/24 10.244.2.1/24
  pod tcp pod2 10.244.2.2
  {
    service web '{"type": "NodePort", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"],
      "ports": [{"name": "web", "port": 80, "nodePort": 30080}]}'
    slice web '[{"name": "web", "port": 8080}]' "[$(endpoint 10.244.2.2 b)]"
  } | list >state.json
}
put_in() {
  local status=0
  REPORT=$("$AGENT" apply --state state.json --run-dir "$RUN" --output=json "${OPTIONS[@]}" 2>apply.err) || status=$?
  [ "$status" = "${1:-0}" ] || fail "apply: exit status $status instead of ${1:-0}: $REPORT"
}
warns() { has "$1" of_status '.report.warnings[]'; }
# But that the dump has no Nodes.
warns_of_nothing() { [ "$(of_status '.report.warnings[]' | grep -cv '^no Node among the Kubernetes objects')" = 0 ]; }
answers() { # ADDRESS PORT [NETNS]
  expect_contains "$(ask tcp "$@")" pod2
}
is_silent() {
  ! timeout 1 ip netns exec "$3" socat -u "TCP4:$1:$2" - >/dev/null || fail "$1:$2 answers $3"
}

case_forward_policy_set_after_the_start() {
  node
  ip route add default via 192.168.1.2
  start_daemon --resync=1h "${OPTIONS[@]}"
  warns_of_nothing || fail "warnings: $(of_status '.report.warnings[]')"
  answers 10.96.0.1 80 pod1
  answers 192.168.1.1 30080 client
  # As Docker does when it starts.
  iptables -P FORWARD DROP
  iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  wait_until 40 warns "the chain \`ip filter FORWARD\` of nftables, another program's, drops the answers of masqueraded destinations on other machines; let it through there, as \`iptables -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\` does"
  is_silent 10.96.0.1 80 pod1
  is_silent 192.168.1.1 30080 client
  answers 10.96.0.1 80
  iptables -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  wait_until 40 warns_of_nothing
  answers 10.96.0.1 80 pod1
  answers 192.168.1.1 30080 client
  answers 10.96.0.1 80
}

case_health_check_port_that_nobody_reaches() { # any kernel
  node
  jq '.items[0].spec |= (. + {type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: 30200})' \
    state.json >new && mv new state.json
  nft add table inet theirs
  nft add chain inet theirs input '{ type filter hook input priority 0; policy drop; }'
  nft add rule inet theirs input tcp dport '{ 80, 30080 }' accept
  put_in
  expect_contains "$(report '.warnings[]')" \
    "health check port 30200 of Service default/web: the chain \`inet theirs input\` of nftables, another program's, drops the questions of load balancers; let it through there, as \`nft insert rule inet theirs input tcp dport 30200 accept\` does"
  nft add rule inet theirs input tcp dport 30200 accept
  put_in
  expect_not_contains "$(report '.warnings[]')" "health check port"
}

case_kube_proxy_beside_a_cluster_is_a_failure() { # any kernel
  node
  pretend kube-proxy 1000
  local kube_proxy=$PRETENDED
  put_in 3
  expect_equal "kube-proxy" "$(report '.failures[].object')"
  expect_contains "$(report '.failures[].text')" "it runs (pid $kube_proxy) and serves the same cluster"
  expect_contains "$(report '.failures[].text')" "--skip-phases=addon/kube-proxy"
  # Beside other services it is at home, but for its IPVS mode.
  edit '{version: 1, services: [{address: "10.0.0.1", port: 80, protocol: "tcp", bind: true,
    destinations: [{address: "10.244.2.2", port: 8080}]}]}'
  put_in
  ip link add kube-ipvs0 type dummy
  put_in 3
  expect_contains "$(report '.failures[].text')" "removes services that it does not know"
  kill "$kube_proxy"
  wait "$kube_proxy" || true
  put_in
}

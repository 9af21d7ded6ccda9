# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A node of a cluster with its pods and a client outside: source /usr/lib/vm-tests/data/node.sh. It has
# data/cluster.sh and data/pods.sh with it.
# shellcheck source=tests/vm/data/cluster.sh
. /usr/lib/vm-tests/data/cluster.sh
# shellcheck source=tests/vm/data/pods.sh
. /usr/lib/vm-tests/data/pods.sh

OPTIONS=(--node-name a --cluster-cidr 10.244.0.0/16 --cluster-cidr fd02::/16
  --service-cidr 10.96.0.0/16 --service-cidr fd00:96::/112
  --node-port-addresses 192.168.1.0/24 --node-port-addresses fd01::/64)

# node PROTOCOL…: client, pods and their servers for each protocol
node() {
  local protocol
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add pod1 10.244.1.2/24 10.244.1.1/24
  host_add pod2 10.244.2.2/24 10.244.2.1/24
  for protocol in "$@"; do
    pod "$protocol" pod1 10.244.1.2
    pod "$protocol" pod2 10.244.2.2
  done
  # What a router does that sends a cluster's addresses to its nodes.
  ip -n client route add 198.51.100.0/24 via 192.168.1.1
}
node6() {
  host_add client fd01::2/64 fd01::1/64
  host_add pod1 fd02:1::2/64 fd02:1::1/64
  host_add pod2 fd02:2::2/64 fd02:2::1/64
  pod tcp pod1 fd02:1::2
  pod tcp pod2 fd02:2::2
}

PORTS='[{"name": "web", "port": 8080}]'
both() { endpoint 10.244.1.2 a && endpoint 10.244.2.2 b; }
endpoints() { "$@" | jq -s .; }
# cluster_of SPEC [ENDPOINT-COMMAND…]: the Service web with that spec beside its addresses and port
cluster_of() {
  {
    service web "$(jq -n --argjson spec "$1" '{type: "LoadBalancer", clusterIP: "10.96.0.1",
      clusterIPs: ["10.96.0.1"], ports: [{name: "web", port: 80, nodePort: 30080}]} * $spec')" \
      '{"loadBalancer": {"ingress": [{"ip": "198.51.100.2"}]}}'
    slice web "$PORTS" "$(endpoints "${2:-both}" "${@:3}")"
  } | list >state.json
}

put_in() {
  local status=0
  REPORT=$("$AGENT" apply --state state.json --run-dir "$RUN" --output=json "${OPTIONS[@]}" 2>apply.err) ||
    status=$?
  [ "$status" = "${1:-0}" ] || {
    cat apply.err
    printf '%s\n' "$REPORT"
    fail "apply: exit status $status instead of ${1:-0}"
  }
}

# answers PATTERN PROTOCOL ADDRESS PORT [NETNS]: some of several connections get an answer like this
answers() {
  local i pattern=$1
  for i in 1 2 3 4; do
    # shellcheck disable=SC2053
    [[ $(seen "${@:2}") != $pattern ]] || return 0
  done
  fail "no answer like '$pattern' from ${*:2}"
}
# all_answers PATTERN …: all of them, asked for at once, since one that does not come takes long
all_answers() {
  local i pattern=$1 asked=() ASK_SECONDS=40
  [ "$pattern" != 'no answer' ] || ASK_SECONDS=3
  for i in 1 2 3 4; do
    seen "${@:2}" >"answer.$i" &
    asked+=($!)
  done
  wait "${asked[@]}"
  for i in 1 2 3 4; do
    # shellcheck disable=SC2053
    [[ $(<"answer.$i") == $pattern ]] || fail "'$(<"answer.$i")' instead of '$pattern' from ${*:2}"
  done
}

# second_family HOST ADDRESS/LEN OUR-ADDRESS/LEN: gives a host of host_add addresses of IPv6, too
second_family() {
  ip address add "$3" dev "$1-link" nodad
  ip -n "$1" address add "$2" dev eth0 nodad
  ip -n "$1" route add default via "${3%/*}"
}

# node_of_both PROTOCOL…: node with both address families, and a third pod, which is of no Service
node_of_both() {
  local protocol
  node "$@"
  host_add pod3 10.244.3.2/24 10.244.3.1/24
  second_family client fd01::2/64 fd01::1/64
  second_family pod1 fd02:1::2/64 fd02:1::1/64
  second_family pod2 fd02:2::2/64 fd02:2::1/64
  second_family pod3 fd02:3::2/64 fd02:3::1/64
  for protocol in "$@"; do
    pod "$protocol" pod1 fd02:1::2
    pod "$protocol" pod2 fd02:2::2
    pod "$protocol" pod3 10.244.3.2
    pod "$protocol" pod3 fd02:3::2
  done
  ip -n client route add 10.96.0.0/16 via 192.168.1.1
  ip -n client route add fd00:96::/112 via fd01::1
  ip -n client route add 2001:db8::/64 via fd01::1
}

# expect_answers, on stdin lines "PATTERN PROTOCOL ADDRESS PORT [NETNS]"
expect_answers() {
  local line found
  while read -r line; do
    [ -n "$line" ] || continue
    # shellcheck disable=SC2086 # words
    found=$(seen ${line#* } 2>/dev/null </dev/null)
    # shellcheck disable=SC2053
    [[ $found == ${line%% *} ]] || fail "'$found' for: $line"
  done
}

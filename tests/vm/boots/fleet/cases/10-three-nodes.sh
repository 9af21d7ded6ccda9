# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# One etcd and three nodes, each a namespace with its own table, agent and copy of the example's script.
# netns: fresh
# timeout: 600
# shellcheck source=tests/vm/data/etcd.sh
. /usr/lib/vm-tests/data/etcd.sh

nodes=(a b c)

node() {
  host_add "$1" "10.6.$2.2/24" "10.6.$2.1/24"
  mkdir -p "$1"
  LOOK_EVERY=15 AGAIN_AFTER=1 ANSWER_WITHIN=20 ip netns exec "$1" /usr/share/doc/ipvs-node/examples/etcd-fleet/fleet-state.sh \
    edge "$1" "$TMP/$1/state.json" 2>"$1.log" &
  ip netns exec "$1" ipvs-agent run --state "$TMP/$1/state.json" --run-dir "$TMP/$1/run" 2>"$1.agent.log" &
}
table() { ip netns exec "$1" ipvsadm -Sn; }
# have WEIGHT NODE…: until each of them has the destination with it
have() {
  local node
  for node in "${@:2}"; do wait_until 120 has "-r 10.0.1.1:80 -m -w $1" table "$node"; done
}
# say TEXT: until each node's script has
say() {
  local node
  for node in "${nodes[@]}"; do wait_until 120 has "$1" cat "$node.log"; done
}

case_fleet_follows_one_key() {
  sysctl -qw net.ipv4.ip_forward=1
  host_add etcd 10.5.0.2/24 10.5.0.1/24
  etcd_on 10.5.0.2 etcd
  local i began
  for i in 0 1 2; do node "${nodes[i]}" "$i"; done
  say "neither /ipvs-node/edge/nodes/"
  put state "$(web 1)"
  have 1 a b c
  began=${EPOCHREALTIME/./}
  put state "$(web 2)"
  have 2 a b c
  printf 'in three tables %d ms after it was put\n' $(((${EPOCHREALTIME/./} - began) / 1000))

  # What is broken is refused by name, and changes nothing.
  put state "$(web 70000)"
  say "/ipvs-node/edge/state at revision 4 is refused: /ipvs-node/edge/state:1: services[0].destinations[0].weight: 70000 is not in 0..65535"
  have 2 a b c

  # Neither does an outage. The next change arrives after it.
  etcd_off
  say "etcd does not answer, $TMP/"
  have 2 a b c
  for i in "${nodes[@]}"; do expect_status 0 ipvs-agent status --run-dir "$TMP/$i/run"; done
  etcd_on 10.5.0.2 etcd
  put state "$(web 4)"
  have 4 a b c

  # A node's own key goes before the fleet's; without it the fleet's is back.
  put nodes/b "$(web 9)"
  put state "$(web 5)"
  have 9 b
  have 5 a c
  etcdctl del /ipvs-node/edge/nodes/b
  have 5 a b c

  # A key that is gone is no empty state.
  etcdctl del /ipvs-node/edge/state
  for i in "${nodes[@]}"; do
    wait_until 120 has "neither /ipvs-node/edge/nodes/$i nor /ipvs-node/edge/state is in etcd" tail -n 1 "$i.log"
  done
  have 5 a b c
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The API server's address for three masters, by the example's script. This namespace is a node; each
# master is a namespace with a server.
# netns: fresh
# timeout: 300

WRITE_STATE=/usr/share/doc/ipvs-node/examples/kubeadm-ha/api-server-state.sh
VIRTUAL=10.77.0.1

masters() {
  local i
  for i in 1 2 3; do
    host_add "master$i" "10.229.$i.2/24" "10.229.$i.1/24"
    # Any address, as an API server listens.
    tcp_server "master$i" 0.0.0.0 6443 "master $i"
  done
  sysctl -qw net.ipv4.ip_forward=1
}
# answers COUNT [NETNS]: the servers that answer COUNT connections to the virtual address
answers() {
  local i
  for ((i = 0; i < $1; i++)); do tcp_ask $VIRTUAL 6443 "${2:-}" || echo "nobody"; done | sort -u
}
destinations() { ipvsadm -Sn | sed -n 's/^-a .* -r \([^ ]*\) .*/\1/p' | sort; }
has_destinations() { [ "$(destinations)" = "$1" ]; }

case_ha_a_node_has_the_address_before_it_joins() {
  masters
  export IPVS_STATE=$TMP/state.json
  "$WRITE_STATE" $VIRTUAL:6443 10.229.1.2 10.229.2.2 10.229.3.2
  "$AGENT" run --state "$IPVS_STATE" --run-dir "$RUN" --drain-timeout=5s &
  wait_until 120 has "in sync: 1 service" "$AGENT" status --run-dir "$RUN"
  expect_equal "master 1
master 2
master 3" "$(answers 6)"

  # One goes: its link is dead, and then it is no more in the state.
  ip -n master2 link set eth0 down
  "$WRITE_STATE" $VIRTUAL:6443 10.229.1.2 10.229.3.2
  wait_until 120 has "1 destination draining" "$AGENT" status --run-dir "$RUN"
  expect_equal "master 1
master 3" "$(answers 6)"
  wait_until 120 has_destinations "10.229.1.2:6443
10.229.3.2:6443"

  # What is not valid never gets there.
  expect_status 1 "$WRITE_STATE" $VIRTUAL:6443 10.229.1.2 master3
  expect_contains "$OUTPUT" "services[0].destinations[1].address: 'master3' is not an IPv4 or IPv6 address"
  expect_equal 2 "$(jq '.services[0].destinations | length' "$IPVS_STATE")"
  expect_equal "" "$(find "$TMP" -name '.state.*')"
}

# What runs on it reaches the address, too: through itself and through the others.
case_ha_a_master_has_the_address_itself() {
  masters
  export IPVS_STATE=$TMP/state.json
  local apply=(ip netns exec master1 "$AGENT" apply --state "$IPVS_STATE" --run-dir "$RUN")
  "$WRITE_STATE" $VIRTUAL:6443 10.229.1.2
  expect_status 0 "${apply[@]}"
  expect_equal "master 1" "$(answers 3 master1)"
  "$WRITE_STATE" $VIRTUAL:6443 10.229.1.2 10.229.2.2 10.229.3.2
  expect_status 0 "${apply[@]}"
  expect_equal "master 1
master 2
master 3" "$(answers 6 master1)"
}

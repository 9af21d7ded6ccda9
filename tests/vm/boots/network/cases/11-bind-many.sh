# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Service networks, and more addresses than a link is good for: local routes.
# netns: fresh
# timeout: 300
# shellcheck source=tests/vm/data/addresses.sh
. /usr/lib/vm-tests/data/addresses.sh

case_service_network_is_one_route_with_the_nodes_source() {
  client_and_server
  ip route add default via 192.168.1.2
  ip -6 route add default via fd01::2
  peer_server
  bound 10.96.0.1 10.96.0.2 fd00:96::1 10.0.0.1
  expect_status 0 agent apply --service-cidr 10.96.0.0/12 --service-cidr fd00:96::/112
  expect_equal "local 10.96.0.0/12 dev lo scope host src 192.168.1.1 metric 146
local fd00:96::/112 dev lo src fd01::1 metric 146 pref medium" "$(own_routes)"
  expect_equal "10.0.0.1/32" "$(on_link)"
  expect_contains "$(ip -o route get 10.96.0.7)" "local 10.96.0.7 dev lo src 192.168.1.1"
  expect_status 0 agent diff --service-cidr 10.96.0.0/12 --service-cidr fd00:96::/112
  # The node's own connections have an address that the real server can answer.
  expect_contains "$(tcp_ask 10.96.0.1 80)" "ffff:c0a8:0101]"
  expect_equal "[fd01:0000:0000:0000:0000:0000:0000:0001]" "$(tcp_ask fd00:96::1 80)"
  expect_contains "$(tcp_ask 10.96.0.1 80 client)" "ffff:c0a8:0102]"
  expect_equal "[fd01:0000:0000:0000:0000:0000:0000:0002]" "$(tcp_ask fd00:96::1 80 client)"
  expect_match "$(cat "$RUN/owned")" '^routes '
  # Without the option each is bound like the others.
  expect_status 0 agent apply
  expect_equal "" "$(own_routes)"
  expect_equal "10.0.0.1/32
10.96.0.1/32
10.96.0.2/32
fd00:96::1/128" "$(on_link)"
}

case_source_follows_the_nodes_address() { # any kernel
  client_and_server
  ip route add default via 192.168.1.2
  bound 10.96.0.1 fd00:96::1
  start_daemon --resync=1h --service-cidr 10.96.0.0/12 --service-cidr fd00:96::/112
  expect_contains "$(own_routes)" "10.96.0.0/12 dev lo scope host src 192.168.1.1"
  ip address del 192.168.1.1/24 dev client-link
  wait_until 40 has "src 192.168.2.1" own_routes
  ip address add 192.168.1.1/24 dev client-link
  ip route add default via 192.168.1.2
  ip address add 192.168.1.77/24 dev client-link
  wait_until 40 has "src 192.168.1.1" own_routes
  in_sync
}

case_service_network_of_the_node_is_refused() { # any kernel
  client_and_server
  bound 192.168.1.77 10.0.0.1
  expect_status 3 agent apply --service-cidr 192.168.0.0/16
  expect_match "$OUTPUT" 'local route 192\.168\.0\.0/16: refused: the service network has 192\.168\.[12]\.1, which the node itself uses; mend --service-cidr'
  # Its addresses are each for themselves then.
  expect_equal "10.0.0.1/32
192.168.1.77/32" "$(on_link)"
  expect_equal "" "$(own_routes)"
}

case_many_addresses_are_routes() {
  # shellcheck disable=SC2046
  bound $(for i in 1 2 3 4 5; do seq -f "10.1.$i.%.0f" 1 200; done)
  expect_status 0 agent apply
  expect_equal 1000 "$(on_link | wc -l)"
  # shellcheck disable=SC2046
  bound $(for i in 1 2 3 4 5 6; do seq -f "10.1.$i.%.0f" 1 200; done) fd00::1
  released_apply
  # 201 services with a destination each, 1,201 routes, 1,000 addresses and a link that go, two rulesets.
  expect_equal $((201 * 2 + 1201 + 1000 + 1 + 2)) "$(report .changes)"
  expect_equal 1201 "$(own_routes | wc -l)"
  expect_contains "$(own_routes)" "local 10.1.6.200 dev lo scope host metric 146"
  expect_status 1 ip link show ipvs0
  expect_contains "$(ip -o route get 10.1.6.200)" "local 10.1.6.200 dev lo"
  released_apply
  expect_equal 0 "$(report .kernelWrites)"
  # The record was lost: what is as wanted is ours again, and goes with the others.
  rm "$RUN/owned"
  released_apply
  expect_equal 2 "$(report .kernelWrites)" "two rulesets, of which it is not known how they were left"
  bound 10.1.1.1
  expect_status 0 agent apply --allow-removal --no-drain
  expect_equal "10.1.1.1/32" "$(on_link)"
  expect_equal "" "$(own_routes)"
  expect_status 0 agent cleanup
  expect_equal "" "$(on_link)"
}

case_routes_of_others_stay() { # any kernel
  ip route add local 10.7.0.0/16 dev lo table local proto 146 metric 146
  bound 10.96.0.1
  expect_status 0 agent apply
  ip route add local 10.0.0.0/24 dev lo table local proto 77
  expect_status 0 agent apply --service-cidr 10.96.0.0/12
  expect_status 0 agent cleanup
  expect_contains "$(ip route show table local)" "local 10.0.0.0/24 dev lo proto 77"
}

case_very_many_addresses_cost_seconds() {
  local count
  count=$(full_or_short 20000 4000)
  seq 0 $((count - 1)) | jq -sc '{version: 1, services: [.[] | {address: "10.\(. / 65536 | floor + 64).\(. / 256 | floor % 256).\(. % 256)",
    port: 80, protocol: "tcp", bind: true, destinations: []}]}' >state.json
  edit '.services |= map(select(.address | endswith(".255") | not))'
  local wanted began
  wanted=$(jq '.services | length' state.json)
  began=$SECONDS
  expect_status 0 agent apply
  echo "$wanted addresses: $((SECONDS - began)) s"
  expect_equal "$wanted" "$(own_routes | wc -l)"
  released_apply
  expect_equal 0 "$(report .kernelWrites)"
  expect_status 0 agent cleanup
  expect_equal "" "$(own_routes)"
}

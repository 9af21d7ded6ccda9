# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The table of nftables as an object: ours, replaced as a whole, put back, left alone where it is not.
# netns: fresh
# timeout: 180
# shellcheck source=tests/vm/data/nat.sh
. /usr/lib/vm-tests/data/nat.sh

masqueraded() { state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')"; }

case_the_plan_shows_it_as_one_operation() { # any kernel
  masqueraded
  expect_contains "$("$AGENT" apply --dry-run --state state.json --run-dir "$RUN")" \
    "new nftables table ip ipvs-node: 1 service masqueraded"
  there_is_none
  put_in
  expect_equal 0 "$(report .failureCount)"
  edit '.services[0].sourceRanges = ["10.0.0.0/8"]'
  expect_status 1 "$AGENT" diff --state state.json --run-dir "$RUN"
  expect_equal "replace nftables table ip ipvs-node: 1 service masqueraded, 1 service with source ranges" "$OUTPUT"
  expect_equal '["replace nftables table","state","nftables table ip ipvs-node","","1 service masqueraded, 1 service with source ranges"]' \
    "$(agent apply --dry-run --output=json |
      jq -c '.operations[0] | [.operation, .reason, .object, (.old // ""), .new]')"
  put_in
  edit '.services = []'
  # What leaves has to be seen without connections first.
  expect_contains "$(agent apply --dry-run)" "replace nftables table ip ipvs-node: connections that drain"
  expect_contains "$(agent apply --dry-run --no-drain)" "delete nftables table ip ipvs-node"
  put_in
  there_is_none
}

case_a_second_apply_writes_nothing() { # any kernel
  local before
  others_have_rules
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')" "$(service fd00::1 fd02::1 '"sourceNat": "hairpin"')"
  put_in
  before=$(ours ip && ours ip6)
  put_in
  expect_equal 0 "$(report .kernelWrites)"
  # Nor does it after another program has written rules.
  nft add element ip other some '{ 192.0.2.2 }'
  put_in
  expect_equal 0 "$(report .kernelWrites)"
  expect_equal "" "$(agent apply --dry-run)"
  expect_equal "$before" "$(ours ip && ours ip6)"
}

case_what_was_changed_by_hand_is_drift() { # any kernel
  masqueraded
  put_in
  nft add rule ip ipvs-node postrouting counter
  expect_equal "drift: replace nftables table ip ipvs-node: 1 service masqueraded" "$(agent apply --dry-run)"
  put_in
  expect_equal "1 1" "$(report '"\(.changes) \(.drift)"')"
  expect_not_contains "$(ours)" counter
  nft delete element ip ipvs-node masqueraded '{ 10.0.0.1 . tcp . 80 }'
  put_in
  expect_equal "1 1" "$(report '"\(.changes) \(.drift)"')"
  expect_contains "$(ours)" "10.0.0.1 . tcp . 80"
  nft flush ruleset
  put_in
  expect_equal "1 1" "$(report '"\(.changes) \(.drift)"')"
  expect_contains "$(ours)" "10.0.0.1 . tcp . 80"
  put_in
  expect_equal 0 "$(report .kernelWrites)"
}

case_another_table_of_the_name_stays() { # any kernel
  nft add table ip ipvs-node
  nft add chain ip ipvs-node mine
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')" \
    "$(service 10.0.0.2 10.244.1.2 '"sourceRanges": ["10.0.0.0/8"]')"
  put_in 3
  expect_equal "nftables table ip ipvs-node: there is one that is not ours; rename it, or delete it: nft delete table ip ipvs-node" \
    "$(report '.failures[] | select(.object | startswith("nft")) | "\(.object): \(.text)"')"
  expect_not_contains "$(ipvsadm -Sn)" 10.0.0.2
  expect_contains "$(agent apply --dry-run)" "conflict: nftables table ip ipvs-node"
  agent cleanup
  expect_contains "$(ours)" "chain mine"
  nft delete table ip ipvs-node
  put_in
  expect_contains "$(ours)" masquerade
}

case_a_lost_record_is_no_loss() { # any kernel
  masqueraded
  put_in
  rm "$RUN/owned"
  put_in
  expect_equal "" "$(agent apply --dry-run)"
  rm "$RUN/owned"
  OPTIONS=(--adopt=none)
  put_in 1
  expect_contains "$(report '.failures[].text')" "there is one that is not ours"
}

case_cleanup_leaves_others_alone() {
  local before
  others_have_rules
  before=$(surroundings)
  cluster
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')" "$(service fd00::1 fd02::1 '"sourceNat": true')"
  put_in
  expect_equal "1 1" "$(ours ip | grep -c 'table ip ') $(ours ip6 | grep -c 'table ip6 ')"
  agent cleanup
  expect_equal "" "$(diff <(printf '%s\n' "$before" | sed 's/packets .*//') <(surroundings | sed 's/packets .*//'))"
  expect_equal "" "$(recorded)"
}

# --- the daemon -------------------------------------------------------------------------------

has_ours() { has "10.0.0.1 . tcp . 80" ours; }

case_flushed_ruleset_is_put_back_at_once() {
  cluster
  others_have_rules
  masqueraded
  start_daemon --resync=1h
  in_sync
  nft flush ruleset
  wait_until 40 has_ours
  wait_until 40 has "1" of_status .driftRepaired
  logged 1 "drift: new nftables table ip ipvs-node: 1 service masqueraded"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 client)"
  nft add chain ip ipvs-node stranger
  wait_until 40 has "1" grep -c "drift: replace nftables table ip ipvs-node" log
  expect_not_contains "$(ours)" stranger
  in_sync
}

case_rules_of_others_are_no_reason() { # any kernel
  local reconciles
  masqueraded
  start_daemon --resync=1h
  in_sync
  reconciles=$(of_status .reconciles)
  others_have_rules
  nft add element ip other some '{ 192.0.2.9 }'
  nft delete table ip other
  sleep 1
  expect_equal "$reconciles" "$(of_status .reconciles)"
}

case_contested_table_is_left_alone_for_a_while() { # any kernel
  masqueraded
  start_daemon --resync=1h
  in_sync
  for i in 1 2 3 4 5; do
    nft flush ruleset
    wait_until 40 has_ours
    wait_until 40 has "$i" of_status .driftRepaired
  done
  nft flush ruleset
  wait_until 40 has "contested: somebody else keeps changing it" of_status '.report.failures[].text'
  there_is_none
  # Not by what else happens, either.
  edit '.services[0].destinations[0].weight = 2'
  wait_until 40 has "-w 2" ipvsadm -Sn
  there_is_none
  agent apply >apply.out 2>&1
  has_ours
}

case_change_of_the_state_changes_the_rules() { # any kernel
  cluster
  state "$(service 10.0.0.1 10.244.1.2 '')" "$(service 10.0.0.2 10.244.2.2 '"sourceNat": true')"
  start_daemon --resync=1h
  in_sync
  expect_not_contains "$(ours)" "10.0.0.1 "
  # The exposure alone.
  edit '.services[0].sourceNat = true'
  wait_until 40 has_ours
  wait_until 40 has true of_status .report.part
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 client)"
  edit '.services[0].sourceRanges = ["198.51.100.0/24"]'
  wait_until 40 has "198.51.100.0/24" ours
  expect_equal "no answer" "$(ASK_SECONDS=3 seen tcp 10.0.0.1 80 client)"
  # A service that comes and one that goes.
  edit 'del(.services[0].sourceRanges) | .services[1].address = "10.0.0.3"'
  wait_until 40 has "10.0.0.3 . tcp . 80" ours
  wait_until 40 lacks "10.0.0.2 " ours
  in_sync
  expect_equal 0 "$(of_status .driftRepaired)"
}

# The last one that had a use for the table drains: its connections are translated until they end.
case_table_stays_while_its_services_drain() { # any kernel
  clients_and_servers
  echo 0 >/proc/sys/net/ipv4/ip_forward
  state_of_two '"sourceNat": true'
  start_daemon --resync=1h
  held_by one
  edit '.services = []'
  wait_until 40 has "-w 0" ipvsadm -Sn
  still_held again
  expect_contains "$(ours)" "hook postrouting"
  expect_not_contains "$(ours)" masquerade
  logged 1 "replace nftables table ip ipvs-node: connections that drain"
  let_go
  wait_until 60 lacks "table ip ipvs-node" nft list ruleset
  wait_until 40 has 0 cat /proc/sys/net/ipv4/ip_forward
  expect_equal "" "$(ipvsadm -Sn)"
}

case_many_services() {
  local count
  count=$(full_or_short 5000 1000)
  jq -n --argjson count "$count" '{version: 1, services: [range($count) | {
    address: "10.1.\(. / 250 | floor).\(. % 250 + 1)", port: 80, protocol: "tcp", sourceNat: "outside",
    destinations: [{address: "10.244.\(. / 250 | floor).\(. % 250 + 1)", port: 8080}]}]}' >state.json
  OPTIONS=(--cluster-cidr=10.244.0.0/16)
  agent apply "${OPTIONS[@]}" >apply.out
  expect_equal "$count" "$(nft -j list set ip ipvs-node outside | jq '.nftables[1].set.elem | length')"
  expect_equal "$count" "$(nft -j list set ip ipvs-node hairpin | jq '.nftables[1].set.elem | length')"
  expect_equal "" "$(agent apply --dry-run "${OPTIONS[@]}")"
  # One of many elements that another program removed.
  nft delete element ip ipvs-node outside '{ 10.1.1.1 . tcp . 80 }'
  expect_contains "$(agent apply --dry-run "${OPTIONS[@]}")" "drift: replace nftables table ip ipvs-node"
  agent apply "${OPTIONS[@]}" >apply.out
  expect_equal "" "$(agent apply --dry-run "${OPTIONS[@]}")"
}

handle() { nft -ja list table ip ipvs-node | jq '.nftables[] | select(.table).table.handle'; }

# A daemon that has made the table once changes its elements alone.
case_one_of_many_changes() { # any kernel
  local before
  jq -n '{version: 1, services: [range(200) | {
    address: "10.1.0.\(. + 1)", port: 80, protocol: "tcp", sourceNat: "outside",
    destinations: [{address: "10.244.1.\(. + 1)", port: 8080}]}]}' >state.json
  start_daemon --resync=1h --cluster-cidr=10.244.0.0/16
  in_sync
  before=$(handle)
  edit '.services[7].destinations[0].address = "10.244.2.2" | .services[9].address = "10.1.9.9"'
  wait_until 40 has "10.244.2.2 . tcp . 8080 . 10.244.2.2" ours
  wait_until 40 has "10.1.9.9 . tcp . 80" ours
  in_sync
  expect_not_contains "$(ours)" "10.1.0.10 "
  expect_not_contains "$(ours)" "10.244.1.8 "
  expect_equal "$before" "$(handle)"
  expect_contains "$(<log)" "change elements of nftables table ip ipvs-node: 200 services masqueraded"
  expect_not_contains "$(<log)" "replace nftables table"
  expect_equal "$(nft -j list set ip ipvs-node hairpin | jq '.nftables[1].set.elem | length')" 200
  # And notices when another program does.
  nft delete element ip ipvs-node outside '{ 10.1.9.9 . tcp . 80 }'
  wait_until 40 has "10.1.9.9 . tcp . 80" ours
  wait_until 40 has 1 of_status .driftRepaired
  end_daemon
  expect_equal "" "$(agent apply --dry-run --cluster-cidr=10.244.0.0/16)"
}

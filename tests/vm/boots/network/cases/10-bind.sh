# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Addresses of services with "bind" are local here, on a link of ours.
# netns: fresh
# timeout: 120
# shellcheck source=tests/vm/data/addresses.sh
. /usr/lib/vm-tests/data/addresses.sh

case_bound_addresses_stand_on_our_link() {
  bound 10.0.0.1 fd00::1
  applied
  expect_equal "10.0.0.1/32
fd00::1/128" "$(on_link)"
  expect_contains "$(ip -d link show ipvs0)" "dummy"
  expect_contains "$(ip -o route get 10.0.0.1)" "local 10.0.0.1"
  expect_equal "in-sync 11 11" "$(report '"\(.outcome) \(.changes) \(.kernelWrites)"')"
  expect_match "$(cat "$RUN/owned")" '^link ipvs0 [0-9a-f]{12} '
  expect_match "$(cat "$RUN/owned")" '^bound 10\.0\.0\.1 '
  expect_match "$(cat "$RUN/owned")" '^bound fd00::1 '
  applied
  expect_equal "0 0" "$(report '"\(.changes) \(.kernelWrites)"')" "a second apply writes"
  ip address del 10.0.0.1/32 dev ipvs0
  applied
  expect_equal "1 1" "$(report '"\(.changes) \(.drift)"')"
}

case_two_services_of_one_address_have_it_once() { # any kernel
  bound 10.0.0.1
  edit '.services += [.services[0] | .port = 81] + [.services[0] | .protocol = "udp" | .port = 82]'
  applied
  expect_equal "10.0.0.1/32" "$(on_link)"
  edit 'del(.services[0], .services[1])'
  applied
  expect_equal "10.0.0.1/32" "$(on_link)"
}

case_plan_is_shown_before() { # any kernel
  bound 10.0.0.1
  expect_status 0 agent apply --dry-run
  expect_contains "$OUTPUT" "add link ipvs0
add address 10.0.0.1 to ipvs0"
  expect_equal "" "$(on_link)"
  expect_status 1 agent diff --output=json
  expect_equal '["add address","state","address 10.0.0.1",null,null,"ipvs0"]' \
    "$(jq -c '.operations[-1] | [.operation, .reason, .object, .name, .old, .new]' <<<"$OUTPUT")"
  expect_equal "[]" "$(jq -c .refused <<<"$OUTPUT")"
  applied
  expect_status 0 agent diff
  expect_equal "" "$OUTPUT"
  edit '.services = []'
  expect_status 1 agent diff
  expect_not_contains "$OUTPUT" "remove" "its destination's drain has not begun"
  applied
  expect_equal "" "$(on_link)"
}

case_bound_address_is_reached_from_outside() {
  client_and_server
  server tcp real 192.168.2.2 8080 four
  ip netns exec real socat TCP6-LISTEN:8081,fork,reuseaddr SYSTEM:"echo six" &
  wait_until 40 listens -ltnH 8081 ip netns exec real
  bound 10.0.0.1 fd00::1
  edit '.services[1].destinations[0].port = 8081'
  applied
  expect_equal four "$(tcp_ask 10.0.0.1 80 client)"
  expect_equal six "$(tcp_ask fd00::1 80 client)"
}

case_what_leaves_the_state_leaves_the_link() { # any kernel
  bound 10.0.0.1 10.0.0.2 fd00::1
  applied
  edit 'del(.services[1])'
  applied
  expect_equal "10.0.0.1/32
fd00::1/128" "$(on_link)"
  edit '.services |= map(.bind = false)'
  applied
  expect_equal "" "$(on_link)"
  expect_status 1 ip link show ipvs0
  expect_equal 2 "$(ipvsadm -Sn | grep -c '^-A')" "the services stay"
  expect_not_contains "$(cat "$RUN/owned")" "link "
  expect_not_contains "$(cat "$RUN/owned")" "bound "
}

case_address_of_another_link_is_left_there() { # any kernel
  ip link add eth9 type dummy
  ip address add 10.0.0.1/32 dev eth9
  bound 10.0.0.1
  applied
  expect_equal "" "$(on_link)"
  expect_equal 4 "$(report .kernelWrites)" "a service, its destination, two sysctls"
  edit '.services = []'
  applied
  expect_equal "10.0.0.1/32" "$(on_link eth9)"
}

case_another_name_for_the_link() { # any kernel
  bound 10.0.0.1
  expect_status 0 agent apply --link virtual-0
  expect_equal "10.0.0.1/32" "$(on_link virtual-0)"
  expect_status 0 agent apply --dry-run
  expect_equal "rename link virtual-0 to ipvs0" "$OUTPUT"
  applied
  expect_equal "10.0.0.1/32" "$(on_link ipvs0)"
  expect_status 1 ip link show virtual-0
  expect_status 0 agent cleanup
  expect_equal "" "$(on_link)"
}

case_foreign_link_of_the_name_is_refused() { # any kernel
  ip link add ipvs0 type dummy
  ip address add 10.9.9.9/32 dev ipvs0
  local before
  before=$(node_as_it_is)
  bound 10.0.0.1
  applied 3
  expect_equal "link ipvs0|a dummy link of that name is there and not ours; delete it (ip link delete ipvs0), or have another name with --link" \
    "$(report '.failures[] | "\(.object)|\(.text)"')"
  expect_equal 1 "$(ipvsadm -Sn | grep -c '^-A')" "the service is there"
  expect_equal "$(grep -v '^net.ipv4.vs' <<<"$before")" "$(node_as_it_is | grep -v '^net.ipv4.vs')"
  expect_status 0 agent apply --link other
  expect_equal "10.0.0.1/32" "$(on_link other)"
  expect_status 0 agent cleanup
  expect_equal "$before" "$(node_as_it_is)"
}

case_foreign_address_on_our_link_stays() { # any kernel
  bound 10.0.0.1
  applied
  ip address add 10.9.9.9/32 dev ipvs0
  edit '.services = []'
  applied
  expect_equal "10.9.9.9/32" "$(on_link)"
  expect_equal "link ipvs0: it stays: somebody else has 10.9.9.9 on it, which would go with it" \
    "$(report '.warnings[]')"
  ip address del 10.9.9.9/32 dev ipvs0
  applied
  expect_status 1 ip link show ipvs0
}

case_ipv6_that_is_disabled_is_a_failure_of_its_own() {
  echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
  bound 10.0.0.1 fd00::1
  applied 3
  expect_equal "10.0.0.1/32" "$(on_link)"
  expect_match "$(report '.failures[] | "\(.object): \(.text)"')" '^address fd00::1: IPv6 is disabled here'
  expect_not_contains "$(cat "$RUN/owned")" "bound fd00::1"
}

case_record_that_cannot_be_written() { # any kernel
  bound 10.0.0.1
  mkdir "$TMP/small"
  mount -t tmpfs -o size=64k none "$TMP/small"
  RUN=$TMP/small
  head -c 128k /dev/zero >"$RUN/full" 2>/dev/null || true
  expect_status 1 agent apply
  expect_contains "$OUTPUT" "record"
  expect_equal "" "$(on_link)"
  expect_status 1 ip link show ipvs0
  rm "$RUN/full"
  expect_status 0 agent apply
  expect_equal "10.0.0.1/32" "$(on_link)"
}

case_wrong_options_are_refused() { # any kernel
  bound 10.0.0.1
  local name
  for name in "" "name with blank" sixteen-letters- a/b lo all .x; do
    expect_status 2 agent apply --link "$name"
    expect_contains "$OUTPUT" "--link: '$name' is not a name for a link: 1 to 15 letters, digits, '.', '_' or '-'"
  done
  for name in "" 10.0.0.0/33 10.0.0 ten 0.0.0.0/0 ::/0; do
    expect_status 2 agent apply --service-cidr "$name"
    expect_contains "$OUTPUT" "--service-cidr: '$name' is not a network such as 10.96.0.0/12 or fd00:10:96::/112"
  done
  expect_status 2 agent apply --strict-arp=yes
  expect_status 2 agent check --link x
  expect_contains "$OUTPUT" "check does not take --link"
}

case_strict_arp_is_set_and_put_back() {
  local before
  before=$(sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce)
  bound 10.0.0.1
  expect_status 0 agent apply --strict-arp
  expect_equal "net.ipv4.conf.all.arp_ignore = 1
net.ipv4.conf.all.arp_announce = 2" "$(sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce)"
  released_apply --strict-arp
  expect_equal 0 "$(report .kernelWrites)"
  expect_status 0 agent cleanup
  expect_equal "$before" "$(sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce)"
  # A value of the state comes first.
  edit '.sysctls = {"net.ipv4.conf.all.arp_ignore": 2}'
  expect_status 0 agent apply --strict-arp
  expect_equal "net.ipv4.conf.all.arp_ignore = 2" "$(sysctl net.ipv4.conf.all.arp_ignore)"
}

case_cleanup_leaves_nothing() {
  client_and_server
  local before
  before=$(node_as_it_is)
  bound 10.0.0.1 10.0.0.2 10.96.0.1 fd00::1 fd00:96::1
  expect_status 0 agent apply --service-cidr 10.96.0.0/12 --service-cidr fd00:96::/112 --strict-arp
  expect_equal "10.0.0.1/32
10.0.0.2/32
fd00::1/128" "$(on_link)"
  expect_equal 2 "$(own_routes | wc -l)"
  expect_status 0 agent cleanup
  expect_equal "$before" "$(node_as_it_is)"
  expect_equal "" "$(ipvsadm -Sn)"
}

# Wherever it dies, what it has made is in the record, and goes.
case_kill_in_the_middle_leaves_nothing_that_cleanup_does_not_find() { # any kernel
  local before delay agents=0
  before=$(node_as_it_is)
  # shellcheck disable=SC2046
  bound $(seq -f '10.1.0.%.0f' 1 250) $(seq -f 'fd00::%.0f' 1 100)
  for delay in 0.01 0.02 0.03 0.05 0.08 0.12 0.17 0.25; do
    timeout -s KILL "$delay" /usr/sbin/ipvs-agent apply --state state.json --run-dir "$RUN" \
      --service-cidr 10.1.0.0/28 >/dev/null 2>&1 || agents=$((agents + 1))
    expect_status 0 agent cleanup
    expect_equal "$before" "$(node_as_it_is)" "after a kill at $delay s"
  done
  echo "killed $agents of 8"
}

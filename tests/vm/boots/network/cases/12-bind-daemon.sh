# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The daemon and local addresses: what is taken away is back at once, what drains keeps its address.
# netns: fresh
# timeout: 180
# shellcheck source=tests/vm/data/addresses.sh
. /usr/lib/vm-tests/data/addresses.sh

repaired() { [ "$(of_status .driftRepaired)" = "$1" ]; }
link_has() { [ "$(on_link)" = "$1" ]; }

case_restart_writes_nothing() { # any kernel
  bound 10.0.0.1 fd00::1 10.96.0.1
  start_daemon --service-cidr 10.96.0.0/12
  expect_equal "10.0.0.1/32
fd00::1/128" "$(on_link)"
  local before
  before=$(grep -cE ': (add|remove) ' log)
  expect_equal 4 "$before" "link, two addresses, a route"
  end_daemon
  expect_equal "10.0.0.1/32
fd00::1/128" "$(on_link)" "the end of the daemon leaves them"
  start_daemon --service-cidr 10.96.0.0/12
  expect_equal 0 "$(of_status .report.kernelWrites)"
  end_daemon KILL
  start_daemon --service-cidr 10.96.0.0/12
  expect_equal 0 "$(of_status .report.kernelWrites)"
  in_sync
}

# taken_away N TEXT COMMAND…: what the command takes away is there again with no resync in sight
taken_away() {
  local times=$1 text=$2 before
  before=$(of_status .driftRepaired)
  shift 2
  "$@"
  wait_until 40 repaired $((before + times))
  logged 1 "drift: $text"
}

case_what_somebody_removes_is_back_at_once() {
  bound 10.0.0.1 10.0.0.2 fd00::1 10.96.0.1
  start_daemon --resync=1h --service-cidr 10.96.0.0/12
  local wanted
  wanted="10.0.0.1/32
10.0.0.2/32
fd00::1/128"
  expect_equal "$wanted" "$(on_link)"
  taken_away 1 "add address 10.0.0.1 to ipvs0" ip address del 10.0.0.1/32 dev ipvs0
  taken_away 1 "add address fd00::1 to ipvs0" ip address del fd00::1/128 dev ipvs0
  taken_away 1 "add local route 10.96.0.0/12" ip route del local 10.96.0.0/12 dev lo table local
  taken_away 4 "add link ipvs0" ip link del ipvs0
  wait_until 40 link_has "$wanted"
  in_sync
  # Its own changes are no reason for more.
  local lines
  lines=$(wc -l <log)
  sleep 2
  expect_equal "$lines" "$(wc -l <log)"
  expect_equal 1 "$(of_status .reconciles)" "of the whole table there was none"
  expect_equal "$wanted" "$(on_link)"
}

case_somebody_who_does_not_stop_is_left_alone_for_a_while() { # any kernel
  bound 10.0.0.1
  start_daemon --resync=1h
  local i
  for i in 1 2 3 4 5; do
    ip address del 10.0.0.1/32 dev ipvs0
    wait_until 40 repaired "$i"
  done
  ip address del 10.0.0.1/32 dev ipvs0
  sleep 2
  expect_equal "" "$(on_link)"
  kill -HUP "$DAEMON"
  wait_until 40 has "address 10.0.0.1: contested: somebody else keeps taking it away" agent status
  # An apply does not have to wait.
  expect_status 0 agent apply
  expect_equal "10.0.0.1/32" "$(on_link)"
}

case_change_of_the_state_is_no_drift() { # any kernel
  bound 10.0.0.1
  start_daemon --resync=1h
  bound 10.0.0.2 10.0.0.3
  wait_until 40 link_has "10.0.0.2/32
10.0.0.3/32"
  edit '.services = []'
  wait_until 40 link_has ""
  logged 0 "drift: "
  expect_equal 0 "$(of_status .driftRepaired)"
}

case_change_that_is_not_about_addresses_reads_none() { # any kernel
  bound 10.0.0.1 10.0.0.2 10.0.0.3
  start_daemon --resync=1h
  edit '.services[0].destinations[0].weight = 7'
  wait_until 40 has "-w 7" ipvsadm -Sn
  wait_until 40 has_reconciled 2
  # The service and its destinations; a dump of links, addresses and routes would be six more.
  [ "$(of_status .report.kernelReads)" -le 3 ] || fail "$(of_status .report.kernelReads) reads"
  expect_equal true "$(of_status .report.part)"
  ip address del 10.0.0.2/32 dev ipvs0
  wait_until 40 repaired 1
}

case_address_stays_until_its_service_is_gone() { # any kernel
  client_and_server
  echo_server real 192.168.2.2 8080 one
  bound 10.0.0.1
  start_daemon --resync=1h
  mkfifo held-in
  ip netns exec client socat - "TCP4:10.0.0.1:80,linger=0" <held-in >held &
  HELD=$!
  exec 5>held-in
  wait_until 40 test -s held
  edit '.services = []'
  wait_until 40 has " draining" agent status
  still_held two
  expect_equal "10.0.0.1/32" "$(on_link)"
  # An apply without a daemon, and a new one, know it as well.
  end_daemon
  expect_status 0 agent apply
  expect_equal "10.0.0.1/32" "$(on_link)"
  start_daemon --resync=1h
  expect_equal "10.0.0.1/32" "$(on_link)"
  still_held three
  let_go
  wait_until 60 link_has ""
  expect_equal "" "$(ipvsadm -Sn)"
  in_sync
}

case_daemons_own_options_are_its_own() { # any kernel
  bound 10.0.0.1
  start_daemon
  expect_status 1 agent apply --link other
  expect_contains "$OUTPUT" "with a --link of its own; stop it first"
  expect_status 1 agent apply --service-cidr 10.96.0.0/12
  expect_contains "$OUTPUT" "with a --service-cidr of its own"
  expect_status 1 agent apply --strict-arp
  expect_contains "$OUTPUT" "with a --strict-arp of its own"
}

case_link_that_was_in_the_way_is_gone() { # any kernel
  ip link add ipvs0 type dummy
  bound 10.0.0.1
  start_daemon --resync=1h
  expect_match "$(of_status '.report.failures[0].text')" 'a dummy link of that name is there and not ours'
  ip link del ipvs0
  wait_until 40 link_has "10.0.0.1/32"
}

# Others look for the link to know that there is IPVS: Calico's Felix does.
case_link_is_kept_while_it_is_empty() { # any kernel
  bound 10.96.0.1
  start_daemon --resync=1h --service-cidr 10.96.0.0/16 --link kube-ipvs0 --keep-link
  in_sync
  expect_equal "" "$(on_link kube-ipvs0)"
  expect_contains "$(ip -d link show kube-ipvs0)" dummy
  taken_away 1 "add link kube-ipvs0" ip link del kube-ipvs0
  wait_until 40 has kube-ipvs0 ip link show kube-ipvs0
  edit '.services += [.services[0] | .address = "10.0.0.1"]'
  wait_until 40 has 10.0.0.1/32 on_link kube-ipvs0
  edit '.services = [.services[0]]'
  wait_until 40 lacks 10.0.0.1/32 on_link kube-ipvs0
  in_sync
  ip link show kube-ipvs0
  edit '.services = []'
  wait_until 40 lacks 10.96.0.1 ipvsadm -Sn
  ip link show kube-ipvs0
  end_daemon
  start_daemon --resync=1h --service-cidr 10.96.0.0/16 --link kube-ipvs0 --keep-link
  expect_equal 0 "$(of_status .report.kernelWrites)"
  end_daemon
  # Without the option it goes as always.
  agent apply --service-cidr 10.96.0.0/16 --link kube-ipvs0
  expect_status 1 ip link show kube-ipvs0
  agent apply --keep-link
  ip link show ipvs0
  agent cleanup
  expect_status 1 ip link show ipvs0
}

# NodeLocal DNSCache has the cluster's DNS address on a link of its own.
case_service_network_beside_an_address_of_another_link() {
  ip link add nodelocaldns type dummy
  ip address add 10.96.0.10/32 dev nodelocaldns
  ip address add fd00:96::a/128 dev nodelocaldns nodad
  bound 10.96.0.10 10.96.0.1 fd00:96::a
  local networks=(--service-cidr 10.96.0.0/16 --service-cidr fd00:96::/112)
  released_apply "${networks[@]}"
  expect_match "$(own_routes)" '^local 10\.96\.0\.0/16 '
  expect_match "$(own_routes)" '^local fd00:96::/112 '
  expect_equal "" "$(on_link)"
  expect_equal "local route 10.96.0.0/16: 10.96.0.10 is on link nodelocaldns as well: a program that listens there gets nothing of what a virtual service takes
local route fd00:96::/112: fd00:96::a is on link nodelocaldns as well: a program that listens there gets nothing of what a virtual service takes" \
    "$(report '.warnings[] | select(startswith("local route"))')"
  expect_status 0 agent diff "${networks[@]}"
  released_apply "${networks[@]}"
  expect_equal 0 "$(report .kernelWrites)"
  # The node's own network is another matter.
  ip address add 10.96.7.7/24 dev nodelocaldns
  expect_status 3 agent apply "${networks[@]}"
  expect_contains "$OUTPUT" "refused: the service network has 10.96.7.7, which the node itself uses"
}

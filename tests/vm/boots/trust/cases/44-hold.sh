# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A state that would take most of the table away is a mistake until somebody says otherwise, or nobody
# objects for long enough.
# netns: fresh
# timeout: 270
# any kernel
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# services N DESTINATIONS-EACH
services() {
  jq -n --argjson n "$1" --argjson m "$2" '{version: 1, services: [range($n) | {address: "10.0.0.\(.)", port: 80,
    protocol: "tcp", destinations: [range($m) | {address: "10.0.1.\(.)"}]}]}' >state.json
}
count() { ipvsadm -Sn | grep -c -- "^-$1" || true; }

case_apply_holds_and_does_it_when_told() {
  services 30 0
  agent apply >apply.out 2>&1
  edit '.services |= .[:10]'
  applied 1
  expect_equal held "$(report .outcome)"
  expect_status 1 agent apply
  expect_contains "$OUTPUT" "held: would remove 20 of 30 services"
  expect_equal 30 "$(count A)"
  expect_status 0 agent apply --allow-removal
  expect_equal 10 "$(count A)"
  expect_status 0 agent apply
}

case_destinations_count_too() {
  services 2 25
  agent apply >apply.out 2>&1
  edit '.services[].destinations |= .[:5]'
  expect_status 1 agent apply
  expect_contains "$OUTPUT" "held: would remove 40 of 50 destinations"
  expect_equal 50 "$(count a)"
  expect_status 0 agent apply --allow-removal
  expect_equal 10 "$(count a)"
}

# Half is not more than half, and ten services are not more than ten.
case_less_than_that_is_not_held() {
  services 30 0
  agent apply >apply.out 2>&1
  edit '.services |= .[:15]'
  expect_status 0 agent apply
  expect_equal 15 "$(count A)"
  services 10 2
  agent apply >apply.out 2>&1
  edit '.services = []'
  expect_status 0 agent apply
  expect_equal "" "$(ipvsadm -Sn)"
}

case_cleanup_is_not_held() {
  services 30 0
  agent apply >apply.out 2>&1
  expect_status 0 agent cleanup
  expect_equal "" "$(ipvsadm -Sn)"
}

# held_by_daemon [OPTION…]: it has 30 services with one destination each and a state with 5 of them
held_by_daemon() {
  services 30 1
  start_daemon --resync=1s "$@"
  edit '.services |= .[:5] | .services[0].destinations[0].weight = 9'
  wait_until 40 has "held: would remove 25 of 30 services" agent status
}

case_daemon_holds_and_keeps_the_last_good_state() {
  held_by_daemon
  expect_status 3 agent status
  expect_match "$OUTPUT" 'held: would remove 25 of 30 services; last good state of 20.* in use'
  expect_match "$OUTPUT" "held +until 20[^ ]+; .ipvs-agent apply --allow-removal. does it now"
  expect_equal 30 "$(count A)"
  # What it changes is in the kernel, and what it removes is kept.
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.0:80 -r 10.0.1.0:80 -m -w 9"
  sleep 3
  logged 1 "held: would remove"
  ipvsadm -D -t 10.0.0.29:80
  wait_until 40 has "-a -t 10.0.0.29:80 -r 10.0.1.0:80 -m -w 1" ipvsadm -Sn
  # A restart does not forget it.
  end_daemon KILL
  start_daemon --resync=1s
  expect_contains "$(agent status)" "held: would remove 25 of 30 services"
  expect_equal 30 "$(count A)"
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.0:80 -r 10.0.1.0:80 -m -w 9"
  # The state that comes back is nothing to be allowed.
  services 30 1
  in_sync
  expect_equal 30 "$(count A)"
}

case_daemon_is_told_to_go_on() {
  held_by_daemon
  expect_status 1 agent apply
  expect_contains "$OUTPUT" "held: would remove 25 of 30 services"
  expect_equal 30 "$(count A)"
  expect_status 0 agent apply --allow-removal
  expect_equal 5 "$(count A)"
  expect_contains "$(ipvsadm -Sn)" "-w 9"
  in_sync
}

case_hold_ends_by_itself() {
  local began
  began=$SECONDS
  held_by_daemon --removal-hold=5s
  wait_until 40 has_five
  [ $((SECONDS - began)) -ge 4 ] || fail "over after $((SECONDS - began)) s"
  in_sync
}
has_five() { [ "$(count A)" = 5 ]; }

case_hold_of_no_time_is_none() {
  services 30 1
  start_daemon --resync=1s --removal-hold=0
  edit '.services |= .[:5]'
  wait_until 40 has_five
  in_sync
  logged 0 "held: "
}

# What others have is not ours to be counted.
case_services_of_others_do_not_count() {
  local i
  for i in $(seq 40); do echo "-A -t 10.99.0.$i:1 -s rr"; done | ipvsadm -R
  services 12 0
  agent apply >apply.out 2>&1
  edit '.services = []'
  expect_status 1 agent apply
  expect_contains "$OUTPUT" "held: would remove 12 of 12 services"
  expect_status 0 agent apply --allow-removal
  expect_equal 40 "$(count A)"
}

# What it adds and moves is done at once, also what a later state adds while it is held, and does not end it.
case_hold_keeps_back_nothing_that_is_added_or_moved() {
  services 30 2
  start_daemon --resync=1s
  edit '.services |= .[:5] | .services[0].destinations[0].address = "10.0.1.77" | .timeouts = {tcp: 1000}
    | .services += [range(40) | {address: "10.1.0.\(.)", port: 80, protocol: "tcp", destinations: [{address: "10.0.1.9"}]}]'
  wait_until 40 has "held: would remove 25 of 30 services" agent status
  expect_equal 70 "$(count A)"
  wait_until 40 lacks "-a -t 10.0.0.0:80 -r 10.0.1.0:80" ipvsadm -Sn
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.0:80 -r 10.0.1.77:80"
  expect_contains "$(ipvsadm -Ln --timeout)" ": 1000 "
  edit '.services += [{address: "10.2.0.1", port: 80, protocol: "tcp", destinations: []}]'
  wait_until 40 has "-A -t 10.2.0.1:80" ipvsadm -Sn
  expect_contains "$(agent status)" "held: would remove 25 of 30 services"
  # A broken state changes nothing of it.
  cp state.json good.json
  echo '{' >new && mv new state.json
  wait_until 40 has "state refused, the kernel's table stays as it is" agent status
  RECONCILES=$(of_status .reconciles)
  wait_until 40 has_reconciled $((RECONCILES + 2))
  expect_equal 71 "$(count A)"
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.0:80 -r 10.0.1.77:80"
  mv good.json state.json
  wait_until 40 has "held: would remove 25 of 30 services" agent status
  # Nor does a restart, or one that is killed.
  end_daemon KILL
  start_daemon --resync=1s
  expect_contains "$(agent status)" "held: would remove 25 of 30 services"
  expect_equal 71 "$(count A)"
  expect_status 0 agent apply --allow-removal
  expect_equal 46 "$(count A)"
  in_sync
  expect_status 0 agent diff
  expect_equal 46 "$(recorded | grep -c '^owned')"
}

case_apply_does_what_is_added_and_holds_the_rest() {
  services 30 1
  agent apply >apply.out 2>&1
  edit '.services |= .[:5] | .services[1].destinations += [{address: "10.0.1.88"}]
    | .services += [range(40) | {address: "10.1.0.\(.)", port: 80, protocol: "tcp", destinations: []}]'
  for _ in 1 2; do
    expect_status 1 agent apply
    expect_contains "$OUTPUT" "held: would remove 25 of 30 services"
    expect_equal 70 "$(count A)"
    expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:80 -r 10.0.1.88:80"
  done
  # The same where nothing says what was in force before.
  rm -r "$RUN/last-good"
  expect_status 1 agent diff
  expect_status 0 agent apply --allow-removal
  expect_equal 45 "$(count A)"
}

# A destination that leaves during the hold by a move drains, as ever.
case_move_during_a_hold_drains() {
  local i
  clients_and_servers
  jq -n '{version: 1, services: ([{address: "10.0.0.1", port: 80, protocol: "tcp", destinations: [{address: "192.168.2.2", port: 8080}]}]
    + [range(30) | {address: "10.5.0.\(.)", port: 80, protocol: "tcp", destinations: []}])}' >state.json
  start_daemon --resync=1s
  held_by one
  edit '.services |= .[:1] | .services[0].destinations[0].address = "192.168.3.2"'
  wait_until 40 has "held: would remove 30 of 31 services" agent status
  still_held hello
  expect_contains "$(destinations)" "192.168.2.2:8080 -m -w 0"
  expect_equal "1 two" "$(clients 50 50)"
  let_go
  wait_until 60 lacks "192.168.2.2:8080" destinations
  expect_equal 31 "$(count A)"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# How a drain ends: quiet, its time over, or not begun at all; and who carries it on.
# netns: fresh
# timeout: 540
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

one="tcp 10.0.0.1:80 -> 192.168.2.2:8080"
now() { echo "${EPOCHREALTIME/./}"; }
deadline() { sed -n 's/^drain tcp 10\.0\.0\.1 80 192\.168\.2\.2 8080 \([0-9]*\) .*/\1/p' "$RUN/owned" | tail -n 1; }
drains() { has "192.168.2.2:8080 -m -w 0" ipvsadm -Sn; }
is_gone() { ! has "192.168.2.2:8080" ipvsadm -Sn; }
goes_at_once() { expect_equal "192.168.3.2:8080 -m -w 1" "$(destinations)"; }

# held_at_one: both are in the table, the first has a connection
held_at_one() {
  clients_and_servers
  state_of_two
  agent apply >apply.out 2>&1
  held_by one
}

case_drain_ends_at_its_deadline() { # any kernel
  held_at_one
  start_daemon --resync=1h --drain-timeout=5s
  without_one
  wait_until 40 drains
  local began
  began=$(now)
  expect_contains "$(agent status)" "in sync: 1 service, 1 destination draining"
  wait_until 40 is_gone
  [ $(($(now) - began)) -gt 3000000 ] || fail "gone after $((($(now) - began) / 1000)) ms"
  wait_until 40 grep -q "drain of $one is over its time: deleted with 1 active and 0 inactive connections" log
  in_sync
  expect_equal "" "$(recorded | grep '^drain ' || true)"
  expect_not_contains "$(agent status)" draining
}

case_drain_at_its_deadline_turns_the_fallback_off() { # any kernel
  clients_and_servers
  modprobe ip_vs_sh
  state_of_two '"scheduler": "sh"'
  agent apply >apply.out 2>&1
  held_by one
  start_daemon --resync=1h --drain-timeout=5s
  without_one
  wait_until 40 has "-s sh -b sh-fallback" ipvsadm -Sn
  wait_until 40 is_gone
  wait_until 40 has "-A -t 10.0.0.1:80 -s sh
" ipvsadm -Sn
}

case_drain_ends_when_it_is_quiet() {
  held_at_one
  start_daemon --resync=1h
  without_one
  wait_until 40 drains
  sleep 3
  drains || fail "it did not wait for its connection"
  still_held "after three seconds"
  let_go
  # The kernel keeps a reset connection for ten seconds.
  wait_until 30 is_gone
  logged 0 "is over its time"
}

# A killed daemon's drain keeps the time it was given, whatever its successor would give.
case_drain_keeps_its_deadline_over_a_restart() { # any kernel
  held_at_one
  start_daemon --resync=1h --drain-timeout=8s
  without_one
  wait_until 40 drains
  local began given
  began=$(now)
  given=$(deadline)
  [ -n "$given" ] || fail "no deadline in the record: $(cat "$RUN/owned")"
  sleep 3
  end_daemon KILL
  start_daemon --resync=1h --drain-timeout=1h
  expect_equal "$given" "$(deadline)"
  expect_equal 0 "$(of_status .report.kernelWrites)" "writes of the restart"
  drains || fail "gone before its time"
  wait_until 40 is_gone
  [ $(($(now) - began)) -gt 6500000 ] || fail "gone after $((($(now) - began) / 1000)) ms of 8000"
  wait_until 40 grep -q "drain of $one is over its time" log
}

case_drain_of_an_apply_is_carried_on() { # any kernel
  held_at_one
  without_one
  agent apply --drain-timeout=4s >apply.out 2>&1
  drains || fail "apply does not drain"
  agent apply >apply.out 2>&1
  drains || fail "a second apply does not wait"
  sleep 5
  drains || fail "nobody runs, and it is gone"
  agent apply >apply.out 2>&1
  expect_contains "$(cat apply.out)" "drain of $one is over its time: deleted with 1 active"
  goes_at_once
}

case_drain_of_a_whole_service() { # any kernel
  held_at_one
  start_daemon --resync=1h
  edit '.services = []'
  wait_until 40 drains
  # The second drain waits only for what the search for the first left to do.
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:80 -s rr"
  expect_equal "" "$(destinations | grep -v -- '-w 0$' || true)"
  expect_contains "$(clients 2 2)" "refused"
  still_held "without its service"
  let_go
  wait_until 40 has_no_services
  in_sync
  expect_equal "" "$(recorded)"
}
has_no_services() { [ -z "$(ipvsadm -Sn)" ]; }

case_whole_service_without_connections_goes_at_once() { # any kernel
  state_of_two
  agent apply >apply.out 2>&1
  edit '.services = []'
  agent apply >apply.out 2>&1
  expect_equal "" "$(ipvsadm -Sn)"
}

case_no_drain_goes_at_once() { # any kernel
  held_at_one
  without_one
  agent apply --no-drain >apply.out 2>&1
  goes_at_once
}

case_cleanup_does_not_drain() { # any kernel
  held_at_one
  without_one
  agent apply >apply.out 2>&1
  expect_status 0 agent cleanup
  expect_equal "" "$(ipvsadm -Sn)"
  expect_equal "" "$(recorded)"
}

case_udp_goes_at_once_or_drains_when_asked() {
  local options
  clients_and_servers
  server udp real1 192.168.2.2 8080 one
  for options in "" "--drain-udp"; do
    state_of_two '"protocol": "udp"'
    edit '.services[0].destinations |= .[:1] | .timeouts = {udp: 5}'
    agent apply >apply.out 2>&1
    expect_equal one "$(ask udp 10.0.0.1 80 client)"
    edit '.services[0].destinations = []'
    # shellcheck disable=SC2086
    agent apply $options >apply.out 2>&1
    if [ -z "$options" ]; then
      is_gone || fail "a UDP destination drains"
      continue
    fi
    drains || fail "a UDP destination does not drain"
    sleep 7
    agent apply $options >apply.out 2>&1
    is_gone || fail "it drains for ever: $(ipvsadm -Lcn)"
  done
}

# Only a template is left, for minutes to come.
case_persistence_template_alone_holds_nothing() { # any kernel
  clients_and_servers
  state_of_two '"persistence": {"timeout": 300}'
  edit '.services[0].destinations |= .[:1]'
  agent apply >apply.out 2>&1
  held_by one
  let_go
  wait_until 30 only_templates
  edit '.services[0].destinations = []'
  agent apply >apply.out 2>&1
  is_gone || fail "a template holds it"
}
only_templates() {
  local connections
  connections=$(ipvsadm -Lcn | tail -n +3)
  printf '%s\n' "$connections"
  # A template is a connection from port 0.
  awk '$4 ~ /:0$/ { templates++ } $4 !~ /:0$/ { others++ } END { exit !templates || others }' <<<"$connections"
}

# requests SECONDS: how many the daemon sends to the kernel meanwhile
requests() {
  local status=0
  timeout --signal=INT "$1" strace -f -qq -e trace=sendto -o trace -p "$DAEMON" || status=$?
  [ "$status" = 124 ] || fail "strace: exit status $status"
  grep -c 'sendto(.*AF_NETLINK' trace || true
}

# Whether it has handled its events (links that came up) and asks nothing more.
is_idle() { [ "$(requests 3)" = 0 ]; }
is_looked_after() { [ "$(requests 8)" != 0 ]; }

# Both destinations of a service drain: one dump for both at each look, about once a second. With
# nothing to drain nothing is asked.
case_drain_is_looked_after_by_one_dump_for_each_service() { # any kernel
  local looks
  clients_and_servers
  state_of_two
  start_daemon --resync=1h
  wait_until 60 is_idle
  held_by one
  exec 6>&5
  local first=$HELD
  held_by two
  edit '.services[0].destinations = []'
  wait_until 40 has "2 destinations draining" agent status
  # At most one each second. A look that takes longer here puts the next one off, so that there is no least number.
  looks=$(requests 8)
  [ "$looks" -le 12 ] || fail "$looks requests in 8 s for one service"
  [ "$looks" != 0 ] || wait_until 120 is_looked_after
  kill -KILL "$first"
  exec 6>&-
  let_go
  wait_until 60 has "in sync: 1 service" agent status
  wait_until 60 lacks "draining" agent status
  wait_until 60 is_idle
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A reconcile that takes long is seen, does not keep a new state waiting, and asks for each module once.
# netns: fresh
# timeout: 180
# any kernel
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# slow_modprobe SECONDS: the kernel's questions for modules, which take so long and find nothing, are in ./asked
slow_modprobe() {
  MODPROBE=$(cat /proc/sys/kernel/modprobe)
  trap 'echo "$MODPROBE" >/proc/sys/kernel/modprobe' EXIT
  printf '#!/bin/sh\necho "$@" >>%q\nsleep %s\nexit 1\n' "$TMP/asked" "$1" >modprobe
  chmod 755 modprobe
  : >asked
  echo "$TMP/modprobe" >/proc/sys/kernel/modprobe
}
asked() { grep -c "$1\$" asked || true; }
# schedulers NAME…: a service of each on 10.0.0.1, 10.0.0.2, …
schedulers() {
  printf '%s\n' "$@" | jq -nR '[inputs] | {version: 1, services: (to_entries | map({address: "10.0.0.\(.key + 1)",
    port: 80, protocol: "tcp", scheduler: .value, destinations: [{address: "10.0.1.1"}]}))}' >new.json
  mv new.json state.json
}

case_misspelt_word_is_asked_for_once_and_told_once() {
  local attempt
  jq -n '{version: 1, services: [range(120) | {name: "s\(.)", address: "10.0.0.\(.)", port: 80, protocol: "tcp",
    destinations: [{address: "10.0.1.1"}]}]}' >state.json
  agent apply >apply.out 2>&1
  slow_modprobe 0
  edit '(.services[10:110][].scheduler = "rrr") | .services += [range(20) | {name: "new\(.)", address: "10.0.1.\(.)", port: 80,
    protocol: "tcp", scheduler: "rrr", destinations: [{address: "10.0.1.1"}]}] | .services += [range(20) |
    {name: "voip\(.)", address: "10.0.2.\(.)", port: 80, protocol: "udp", persistence: {timeout: 60, engine: "sipp"}, destinations: []}]'
  applied 3
  expect_equal "1 1" "$(asked ip_vs_rrr) $(asked ip_vs_pe_sipp)"
  expect_equal 140 "$(report .servicesFailed)"
  expect_status 3 agent apply
  expect_match "$OUTPUT" "scheduler 'rrr' is not in this kernel: no module ip_vs_rrr; 119 more alike: tcp 10.0"
  expect_equal "1 1" "$(grep -c "'rrr'.* more alike" <<<"$OUTPUT") $(grep -c "'sipp'.* more alike" <<<"$OUTPUT")"
  expect_equal "2 2" "$(asked ip_vs_rrr) $(asked ip_vs_pe_sipp)"
  # A change that failed is still a change, not drift.
  expect_status 1 agent diff
  expect_contains "$OUTPUT" "scheduler rr -> rrr"
  expect_not_contains "$OUTPUT" "drift"
  # The daemon's log and its status say it in a line each.
  start_daemon --resync=1h
  expect_status 3 agent status
  expect_equal 1 "$(grep -c "'rrr'.* 119 more alike" <<<"$OUTPUT")"
  expect_equal 140 "$(of_status '.report.failures | length')"
  expect_equal 1 "$(grep -c "'rrr'.* 119 more alike" log)"
  expect_not_contains "$(cat log)" "drift"
}

case_new_state_does_not_wait_for_a_hopeless_one() {
  local i names=()
  schedulers rr rr
  start_daemon --resync=1h
  slow_modprobe 1
  for i in $(seq 90); do names+=("no$i"); done
  schedulers rr "${names[@]}"
  wait_until 60 has "reconciling since 20" agent status
  expect_status 3 agent status
  expect_match "$OUTPUT" '^reconciling since 20.*Z: [0-9]+ of [0-9]+ objects done$'
  expect_equal reconciling "$(of_status .outcome)"
  schedulers rr rr wrr
  wait_until 60 has "in sync: 3 services" agent status
  [ "$(wc -l <asked)" -lt 80 ] || fail "all was tried first: $(wc -l <asked) questions"
  expect_status 0 agent diff
  logged 1 "reconcile: interrupted, since another state or an order waits"
  # Neither does the end of the daemon.
  schedulers "${names[@]}"
  wait_until 60 has "reconciling since 20" agent status
  end_daemon
  [ "$(wc -l <asked)" -lt 150 ] || fail "all was tried before the end: $(wc -l <asked) questions"
}

case_terminal_shows_how_far_apply_is() {
  slow_modprobe 1
  schedulers rr no1 no2 no3
  script -qec "/usr/sbin/ipvs-agent apply --state state.json --run-dir $RUN" typed >script.out 2>&1 || true
  expect_match "$(tr '\r' '\n' <typed)" '[0-9] of 8 objects done'
  # The daemon's, too.
  start_daemon --resync=1h
  script -qec "/usr/sbin/ipvs-agent apply --state state.json --run-dir $RUN" typed >script.out 2>&1 || true
  expect_match "$(tr '\r' '\n' <typed)" '[0-9] of [0-9]+ objects done'
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the kernel refuses is named and does not stop the rest; what cannot be read changes nothing.
# netns: fresh
# timeout: 180
# shellcheck source=tests/vm/data/agent.sh
. /usr/lib/vm-tests/data/agent.sh

# services N SCHEDULER-OF-EACH (a jq expression of the number)
services() { jq -n --argjson n "$1" "{version: 1, services: [range(\$n) | {name: \"s\(.)\",
  address: \"10.\(./65536|floor).\(./256%256|floor).\(.%256)\", port: 80, protocol: \"tcp\",
  scheduler: ($2), destinations: [{address: \"10.200.0.1\"}, {address: \"10.200.0.2\"}]}]}" >state.json; }

case_one_impossible_service_among_a_hundred() {
  services 100 'if . == 42 then "nosuch" else "rr" end'
  expect_status 3 agent apply
  expect_contains "$OUTPUT" "s42 (tcp 10.0.0.42:80): scheduler 'nosuch' is not in this kernel: no module ip_vs_nosuch"
  expect_contains "$OUTPUT" "degraded: 99 of 100 services, 1 failed: s42: scheduler 'nosuch' is not in this kernel"
  expect_equal 99 "$(ipvsadm -Sn | grep -c '^-A')"
  expect_equal 198 "$(ipvsadm -Sn | grep -c '^-a')"
  # It is tried again, nothing else is written.
  applied 3
  expect_equal 1 "$(report .failureCount)"
  expect_equal 0 "$(report .changes)"
  edit '.services[42].scheduler = "rr"'
  applied
  expect_equal 300 "$(ipvsadm -Sn | wc -l)"
}

# They are made in groups; the destinations of one that failed are not sent, whichever group it is in.
case_impossible_services_in_several_groups() {
  services 600 'if . == 10 or . == 300 or . == 599 then "nosuch" else "rr" end'
  applied 3
  expect_equal 3 "$(report .failureCount)"
  expect_equal 597 "$(ipvsadm -Sn | grep -c '^-A')"
  expect_equal 1194 "$(ipvsadm -Sn | grep -c '^-a')"
}

case_a_thousand_that_fail_are_all_named() { # any kernel
  services 1000 '"nosuch"'
  # Without a modprobe to run a thousand times, which takes minutes here.
  local modprobe
  modprobe=$(cat /proc/sys/kernel/modprobe)
  echo >/proc/sys/kernel/modprobe
  local status=0
  REPORT=$(agent apply --output=json 2>/dev/null) || status=$?
  echo "$modprobe" >/proc/sys/kernel/modprobe
  expect_equal 1 "$status"
  expect_equal 1000 "$(report '.failures | length')"
  expect_equal 1000 "$(report '.failures[] | select(.text | contains("no module ip_vs_nosuch")) | .name' | sort -u | wc -l)"
  expect_equal "" "$(ipvsadm -Sn)"
}

case_a_thousand_failing_destinations_are_all_named() { # any kernel
  jq -n '{version: 1, services: [{address: "10.0.0.1", port: 80, protocol: "tcp",
    destinations: [range(1000) | {address: "10.\(.%250).0.1", port: (1000 + .)}]}]}' >state.json
  # The kernel takes unicast and local addresses only; this makes broadcast ones of them.
  ip route add table local broadcast 10.0.0.0/8 dev lo
  applied 3
  expect_equal 1000 "$(report '.failures | map(.object) | unique | length')"
  expect_contains "$(report '.failures[0].text')" "the kernel refuses 10."
  ip route del table local broadcast 10.0.0.0/8 dev lo
  applied
  expect_equal 1000 "$(ipvsadm -Sn | grep -c '^-a')"
}

# Each receive in turn finds its answers lost. Whatever that hits, the table is right after it or
# untouched, and the one that hits the batch itself is mended within the same apply.
case_lost_answers_are_survived() { # any kernel
  local k status again=0
  services 20 '"rr"'
  for k in $(seq 1 16); do
    status=0
    strace -f -qq -o /dev/null -e trace=recvmmsg -e "inject=recvmmsg:error=ENOBUFS:when=$k" \
      /usr/sbin/ipvs-agent apply --state state.json --run-dir "$RUN" --output=json \
      >report.json 2>err || status=$?
    if [ "$status" = 0 ]; then
      expect_equal 60 "$(ipvsadm -Sn | wc -l)" "lines after losing receive $k"
      # One dump more than a first apply needs: it read again.
      [ "$(jq .kernelReads report.json)" -le 3 ] || again=$((again + 1))
    else
      expect_equal 0 "$(ipvsadm -Sn | wc -l)" "lines after failing at receive $k"
    fi
    agent cleanup >/dev/null 2>&1
  done
  [ "$again" -gt 0 ] || fail "no run had to read the table again"
}

case_interrupted_calls_are_survived() { # any kernel
  services 20 '"rr"'
  strace -f -qq -o /dev/null -e trace=recvmmsg,sendto \
    -e inject=recvmmsg:error=EINTR:when=2+2 -e inject=sendto:error=EINTR:when=2+2 \
    /usr/sbin/ipvs-agent apply --state state.json --run-dir "$RUN"
  expect_equal 60 "$(ipvsadm -Sn | wc -l)"
}

case_bad_state_changes_nothing() { # any kernel
  local before text
  services 3 '"rr"'
  applied
  before=$(ipvsadm -Sn)
  edit '.services[1].destinations[0].weight = 70000 | .services |= .[1:]'
  expect_status 1 agent apply
  expect_match "$OUTPUT" '^state.json:[0-9]+: services\[0\]\.destinations\[0\]\.weight: 70000 is not in 0\.\.65535'
  for text in '' '   ' '{' '{"version": 1}' '[]' '{"version": 1, "services": [' \
    '{"version": 1, "services": []} x' '{"version": 2, "services": []}'; do
    printf '%s' "$text" >state.json
    expect_status 1 agent apply
    expect_equal "$before" "$(ipvsadm -Sn)" "after: $text"
  done
  rm state.json
  expect_status 1 agent apply
  expect_contains "$OUTPUT" "state.json"
  mkdir state.json
  expect_status 1 agent apply
  expect_equal "$before" "$(ipvsadm -Sn)"
}

case_empty_services_list_is_a_wish() { # any kernel
  services 3 '"rr"'
  applied
  edit '.services = []'
  applied
  expect_equal "" "$(ipvsadm -Sn)"
}

case_without_capability() { # any kernel
  services 1 '"rr"'
  expect_status 1 setpriv --bounding-set=-net_admin --inh-caps=-net_admin /usr/sbin/ipvs-agent apply \
    --state state.json --run-dir "$RUN"
  expect_contains "$OUTPUT" "CAP_NET_ADMIN in the initial user namespace is needed"
}

case_lblc_is_never_left_to_the_kernel() {
  grep -q '^ip_vs_lblc ' /proc/modules && modprobe -r ip_vs_lblc
  services 1 '"lblc"'
  applied 1
  expect_contains "$(report '.failures[].text')" "scheduler 'lblc' is not loaded, and the kernel is not asked to load it"
  grep -q '^ip_vs_lblc ' /proc/modules && fail "the kernel was asked to load it"
  modprobe ip_vs_lblc
  applied
  expect_contains "$(ipvsadm -Sn)" "-s lblc"
  agent cleanup
}

case_no_autoload() { # any kernel
  modprobe -r ip_vs_ovf || true
  services 1 '"ovf"'
  local status=0
  agent apply --no-autoload >out 2>&1 || status=$?
  expect_equal 1 "$status"
  expect_contains "$(cat out)" "scheduler 'ovf' is not loaded"
  grep -q '^ip_vs_ovf ' /proc/modules && fail "the kernel was asked to load it"
  applied
  expect_contains "$(ipvsadm -Sn)" "-s ovf"
}

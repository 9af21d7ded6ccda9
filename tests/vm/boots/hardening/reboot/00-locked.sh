# SPDX-License-Identifier: GPL-2.0-or-later
# A machine that loads no module after the agent's first reconcile: examples/ipvs-lock-modules.service
# timeout: 120

case_modules_are_locked() {
  expect_equal 1 "$(cat /proc/sys/kernel/modules_disabled)"
  expect_status 1 modprobe ip_vs_ovf
}

case_locked_after_the_first_reconcile() {
  local locked ready
  locked=$(property_of ipvs-lock-modules ExecMainStartTimestampMonotonic)
  ready=$(property_of ipvs-agent ActiveEnterTimestampMonotonic)
  [ "$locked" -gt "$ready" ] || fail "locked at $locked, the agent was ready at $ready"
}

case_preflight_is_content() {
  expect_status 0 ipvs-preflight --check --state /etc/ipvs-node/state.json
  expect_contains "$OUTPUT" "[WARNING ModulesDisabled]: kernel.modules_disabled is 1"
  expect_contains "$OUTPUT" "ready: "
  expect_status 0 systemctl restart ipvs-preflight
  wait_for_status ipvs-agent "in sync: *"
}

case_scheduler_that_is_not_loaded_stops_only_its_service() {
  jq '.services += [
    { name: "late", address: "10.0.0.2", port: 80, protocol: "tcp", scheduler: "ovf", destinations: [] },
    { name: "next", address: "10.0.0.3", port: 80, protocol: "tcp", scheduler: "rr", destinations: [] } ]' \
    /etc/ipvs-node/state.json >state.json
  mv state.json /etc/ipvs-node/state.json
  chmod 644 /etc/ipvs-node/state.json
  wait_for_status ipvs-agent "degraded: 2 of 3 services, 1 failed: late: *"
  expect_contains "$(property_of ipvs-agent StatusText)" "late: scheduler 'ovf' is not in this kernel"
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.3:80 -s rr"
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:80 -s wlc"
}

# The next boot loads before it locks.
case_persist_keeps_what_cannot_be_loaded_now() {
  expect_status 1 ipvs-preflight --module ip_vs_ovf --persist
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_ovf]: "
  expect_match "$(cat /etc/modules-load.d/ipvs-node.conf)" '^ip_vs_ovf$'
  rm /etc/modules-load.d/ipvs-node.conf
}

# From power-on to a programmed table: who starts when, and with what rights.

table='-A -t 10.0.0.1:443 -s sh -p 10800 -b sh-fallback,sh-port
-a -t 10.0.0.1:443 -r 10.229.43.2:6443 -m -w 1
-a -t 10.0.0.1:443 -r 10.229.43.3:6443 -m -w 2
-A -t [fd00:1::1]:80 -s wrr
-a -t [fd00:1::1]:80 -r [fd00:2::1]:80 -g -w 1
-A -u 10.0.0.10:53 -s rr
-a -u 10.0.0.10:53 -r 10.229.43.4:53 -m -w 1
-A -f 7 -s rr'
sorted() { LC_ALL=C sort; }

case_preflight_is_ready() {
  expect_equal active "$(property_of ipvs-preflight ActiveState)"
  expect_equal exited "$(property_of ipvs-preflight SubState)"
  expect_equal 0 "$(property_of ipvs-preflight ExecMainStatus)"
  expect_match "$(property_of ipvs-preflight StatusText)" .
}

case_agent_starts_only_after_preflight_is_ready() {
  local ready started
  ready=$(property_of ipvs-preflight ActiveEnterTimestampMonotonic)
  started=$(property_of ipvs-agent InactiveExitTimestampMonotonic)
  [ "$ready" -gt 0 ] || fail "preflight was never ready"
  [ "$started" -ge "$ready" ] || fail "agent started at $started us, preflight was ready at $ready us"
}

case_preflight_runs_after_modules_load_and_sysctl() {
  local after
  after=" $(property_of ipvs-preflight After) "
  expect_contains "$after" " systemd-modules-load.service "
  expect_contains "$after" " systemd-sysctl.service "
}

case_agent_is_in_sync() {
  expect_equal active "$(property_of ipvs-agent ActiveState)"
  expect_equal "in sync: 4 services" "$(property_of ipvs-agent StatusText)"
  expect_equal 0 "$(property_of ipvs-agent NRestarts)"
}

case_table_is_the_state() {
  expect_equal "$(sorted <<<"$table")" "$(ipvsadm -Sn | sorted)"
}

case_kubelet_finds_the_table_programmed() {
  expect_equal "$(sorted <<<"$table")" "$(sorted </run/kubelet-saw)"
  local ready started
  ready=$(property_of ipvs-agent ActiveEnterTimestampMonotonic)
  started=$(property_of kubelet InactiveExitTimestampMonotonic)
  [ "$started" -ge "$ready" ] || fail "kubelet started at $started us, the agent was ready at $ready us"
}

case_order_among_the_others() {
  local after before unit
  after=" $(property_of ipvs-agent After) "
  for unit in ipvs-preflight nftables firewalld ufw; do
    expect_contains "$after" " $unit.service "
  done
  before=" $(property_of ipvs-agent Before) "
  for unit in kubelet keepalived; do expect_contains "$before" " $unit.service "; done
  expect_contains " $(property_of ipvs-agent Requires) " " ipvs-preflight.service "
}

case_no_start_limit() {
  expect_equal 0 "$(property_of ipvs-agent StartLimitIntervalUSec)"
  expect_equal always "$(property_of ipvs-agent Restart)"
}

case_agent_has_its_own_user_and_one_capability() {
  local pid status
  pid=$(property_of ipvs-agent MainPID)
  status=$(tr '\t' ' ' <"/proc/$pid/status")
  local uid
  uid=$(id -u ipvs-node)
  [ "$uid" != 0 ] || fail "ipvs-node is root"
  expect_contains "$status" "Uid: $uid $uid $uid $uid"
  local set
  # CAP_NET_ADMIN is bit 12.
  for set in CapInh CapPrm CapEff CapBnd CapAmb; do
    expect_contains "$status" "$set: 0000000000001000"
  done
  expect_contains "$status" "NoNewPrivs: 1"
  expect_contains "$status" "Seccomp: 2"
  expect_equal -900 "$(cat "/proc/$pid/oom_score_adj")"
}

case_user_cannot_log_in() {
  expect_match "$(getent passwd ipvs-node)" ':/usr/sbin/nologin$'
}

case_status_for_everybody() {
  expect_status 0 setpriv --reuid=65534 --regid=65534 --clear-groups ipvs-agent status
  expect_contains "$OUTPUT" "in sync: 4 services"
}

case_units_are_clean() {
  expect_status 0 systemd-analyze verify --man=no ipvs-preflight.service ipvs-agent.service
  expect_equal "" "$OUTPUT"
}

case_agent_exposure() {
  expect_status 0 systemd-analyze security --no-pager --threshold=15 ipvs-agent.service
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The drop-in that makes the kubelet require the agent. It is shipped, and not enabled: the kubelet of
# this boot has started without it.
# timeout: 300

shipped=/usr/share/doc/ipvs-node/examples/kubeadm/20-ipvs-node.conf
enabled=/etc/systemd/system/kubelet.service.d/20-ipvs-node.conf

enable() {
  install -D -m 644 $shipped $enabled
  systemctl daemon-reload
}
disable() {
  rm -rf ${enabled%/*}
  systemctl daemon-reload
}
everything_off() {
  systemctl stop kubelet ipvs-agent ipvs-preflight
  systemctl reset-failed kubelet ipvs-agent ipvs-preflight 2>/dev/null || true
}
break_preflight() {
  ipvs-agent cleanup
  rmmod ip_vs_wrr 2>/dev/null || true
  echo 'blacklist ip_vs_wrr' >/etc/modprobe.d/case.conf
}
mend_preflight() { rm /etc/modprobe.d/case.conf; }
kubelet_runs() { [ "$(property_of kubelet SubState)" = running ]; }
kubelet_pid() { property_of kubelet MainPID; }

case_kubelet_orders_itself_after_the_agent_without_the_drop_in() {
  kubelet_runs || fail "the kubelet does not run"
  local ready started
  ready=$(property_of ipvs-agent ActiveEnterTimestampMonotonic)
  started=$(property_of kubelet InactiveExitTimestampMonotonic)
  [ "$started" -ge "$ready" ] || fail "kubelet started at $started us, the agent was ready at $ready us"
  expect_not_contains " $(property_of kubelet Wants) $(property_of kubelet Requires) " ipvs-
}

case_kubelet_starts_without_an_agent_where_nobody_decided_otherwise() {
  everything_off
  break_preflight
  expect_status 1 systemctl start kubelet ipvs-agent
  expect_equal failed "$(property_of ipvs-preflight ActiveState)"
  expect_equal inactive "$(property_of ipvs-agent ActiveState)"
  wait_until 120 kubelet_runs
  mend_preflight
}

case_kubelet_waits_for_an_agent_that_cannot_be_and_starts_when_it_is() {
  everything_off
  break_preflight
  enable
  systemctl start --no-block kubelet
  wait_until 120 has "no daemon is running" journal_of kubelet
  expect_equal failed "$(property_of ipvs-preflight ActiveState)"
  expect_equal 0 "$(property_of kubelet ExecMainStartTimestampMonotonic)"
  # Mended, the agent is all that has to be started.
  mend_preflight
  systemctl start ipvs-agent
  wait_until 120 kubelet_runs
}

case_kubelet_starts_the_agent_and_waits_for_it() {
  everything_off
  systemctl start kubelet
  kubelet_runs || fail "the kubelet does not run"
  expect_equal active "$(property_of ipvs-agent ActiveState)"
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:80 -r 10.0.1.1:80"
  expect_contains "$(journal_of kubelet)" "in sync: 1 service"
}

case_kubelet_outlives_restarts_deaths_and_a_stop_of_the_agent() {
  local pid
  pid=$(kubelet_pid)
  [ "$pid" != 0 ] || fail "the kubelet does not run"
  systemctl restart ipvs-agent
  systemctl restart ipvs-preflight
  systemctl start ipvs-agent
  systemctl kill --signal=KILL ipvs-agent
  wait_until 120 has "in sync" ipvs-agent status
  systemctl stop ipvs-agent
  expect_equal "$pid" "$(kubelet_pid)"
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:80 -r 10.0.1.1:80"
}

case_kubelet_starts_with_a_degraded_agent() {
  cp /etc/ipvs-node/state.json "$TMP/before"
  jq '.services += [.services[0] | .port = 81 | .scheduler = "nosuch"]' "$TMP/before" >/etc/ipvs-node/state.json
  systemctl stop kubelet
  systemctl start kubelet
  kubelet_runs || fail "the kubelet does not run"
  expect_contains "$(property_of ipvs-agent StatusText)" "degraded: 1 of 2 services"
  cat "$TMP/before" >/etc/ipvs-node/state.json
  disable
}

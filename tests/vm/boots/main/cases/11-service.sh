# timeout: 120
# The running unit: reload, stop, death, watchdog. Each case leaves it in sync again.
# any kernel

state=/etc/ipvs-node/state.json
in_sync() { expect_equal "in sync: 4 services" "$(property_of ipvs-agent StatusText)"; }
active_but_not() { # PID
  runs_anew ipvs-agent "$1" && [ "$(property_of ipvs-agent ActiveState)" = active ]
}

case_reload_reads_the_state_again() {
  local pid
  pid=$(property_of ipvs-agent MainPID)
  cp $state "$TMP/before"
  jq '.services[0].destinations[0].weight = 5' "$TMP/before" >$state
  expect_status 0 systemctl reload ipvs-agent
  wait_until 40 has "-r 10.229.43.2:6443 -m -w 5" ipvsadm -Sn
  cat "$TMP/before" >$state
  expect_status 0 systemctl reload ipvs-agent
  wait_until 40 has "-r 10.229.43.2:6443 -m -w 1" ipvsadm -Sn
  expect_equal "$pid" "$(property_of ipvs-agent MainPID)"
  wait_for_status ipvs-agent "in sync: 4 services"
}

case_stop_and_start_change_nothing() {
  local before
  before=$(ipvsadm -Sn)
  systemctl stop ipvs-agent
  expect_equal "$before" "$(ipvsadm -Sn)"
  expect_equal success "$(property_of ipvs-agent Result)"
  test -e /run/ipvs-node/owned
  expect_status 1 ipvs-agent status
  systemctl start ipvs-agent
  expect_equal "$before" "$(ipvsadm -Sn)"
  in_sync
}

case_dies_often_and_comes_back() {
  local i before pid
  before=$(ipvsadm -Sn)
  for i in 1 2 3 4 5 6 7; do
    pid=$(property_of ipvs-agent MainPID)
    kill -KILL "$pid"
    wait_until 40 active_but_not "$pid"
  done
  expect_equal "$before" "$(ipvsadm -Sn)"
  in_sync
}

case_watchdog_ends_a_hang() {
  local restarts pid
  mkdir -p /run/systemd/system/ipvs-agent.service.d
  printf '[Service]\nWatchdogSec=3s\n' >/run/systemd/system/ipvs-agent.service.d/watchdog.conf
  systemctl daemon-reload
  systemctl restart ipvs-agent
  sleep 5
  restarts=$(property_of ipvs-agent NRestarts)
  expect_equal 0 "$restarts" "it lives with a watchdog of 3 s"
  pid=$(property_of ipvs-agent MainPID)
  kill -STOP "$pid"
  wait_until 30 active_but_not "$pid"
  expect_match "$(journalctl --quiet --no-pager -b -u ipvs-agent -o cat)" 'Watchdog timeout'
  rm -r /run/systemd/system/ipvs-agent.service.d
  systemctl daemon-reload
  systemctl restart ipvs-agent
  in_sync
}

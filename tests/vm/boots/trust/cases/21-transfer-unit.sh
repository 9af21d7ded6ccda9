# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# As 20-transfer.sh, with the unit and the machine's own table: what an operator does to it.
# timeout: 540
# any kernel
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

unit_writes() { jq .report.kernelWrites /run/ipvs-node/status.json; }
unit_is_new() { runs_anew ipvs-agent "$1" && status_matches ipvs-agent "in sync: *"; }

# restarted COMMAND…: another process is in sync without a write
restarted() {
  local pid
  pid=$(property_of ipvs-agent MainPID)
  "$@"
  wait_until 30 unit_is_new "$pid"
  expect_equal 0 "$(unit_writes)" "writes after $*"
  transfer_goes_on
}

# The machine as it was, however the case ends.
put_back() {
  local host
  systemctl stop ipvs-agent
  ipvs-agent cleanup
  rm -f /etc/ipvs-node/state.json
  for host in client real1 real2; do ip netns del $host; done
  ip address del 10.0.0.1/32 dev lo
  echo "$FORWARD" >/proc/sys/net/ipv4/ip_forward
}

case_transfer_goes_on_whatever_is_done_to_the_unit() {
  local before
  FORWARD=$(cat /proc/sys/net/ipv4/ip_forward)
  trap 'put_back >/dev/null 2>&1 || true' EXIT
  before=$(everything)
  clients_and_servers
  state_of_two
  edit '.services[0].destinations |= .[:1]'
  install -D -m 644 state.json /etc/ipvs-node/state.json
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: 1 service"
  transfer

  systemctl stop ipvs-agent
  transfer_goes_on
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: 1 service"
  expect_equal 0 "$(unit_writes)" "writes after stop and start"
  restarted systemctl restart ipvs-agent
  restarted systemctl kill --signal=KILL ipvs-agent
  systemctl reload ipvs-agent
  expect_equal 0 "$(unit_writes)" "writes of a reload"
  transfer_goes_on
  cp /usr/sbin/ipvs-agent /usr/sbin/ipvs-agent.new
  mv /usr/sbin/ipvs-agent.new /usr/sbin/ipvs-agent
  restarted systemctl restart ipvs-agent
  transfer_ends

  expect_status 1 ipvs-agent cleanup
  expect_contains "$OUTPUT" "systemctl stop ipvs-agent"
  systemctl stop ipvs-agent
  expect_status 0 ipvs-agent cleanup
  expect_equal "$before" "$(everything)"
}

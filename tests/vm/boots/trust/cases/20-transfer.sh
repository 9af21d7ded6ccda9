# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A connection goes on byte for byte whatever is done to the agent and to other services.
# netns: fresh
# timeout: 540
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# The service of the transfer, and nine others with a destination more each than the last.
ten_services() {
  jq -n '{version: 1, services: [{address: "10.0.0.1", port: 80, protocol: "tcp",
      destinations: [{address: "192.168.2.2", port: 8080}]},
    (range(2; 11) | {address: "10.0.0.\(.)", port: 80, protocol: "tcp",
      destinations: [range(.) | select(. < 3) | {address: "192.168.3.\(. + 2)", port: 8080}]})]}' >state.json
}
others='.services[1:][]'

# No restart writes, and the connection goes on.
started_without_a_write() {
  start_daemon --resync=1h
  expect_equal 0 "$(of_status .report.kernelWrites)" "writes of a start after $1"
  transfer_goes_on
}

case_transfer_goes_on_whatever_the_agent_does() {
  clients_and_servers
  ten_services
  cp /usr/sbin/ipvs-agent program
  PROGRAM=$TMP/program
  start_daemon --resync=1h
  transfer

  end_daemon TERM
  transfer_goes_on
  started_without_a_write SIGTERM
  end_daemon KILL
  transfer_goes_on
  started_without_a_write SIGKILL

  local reconciles
  reconciles=$(of_status .reconciles)
  kill -HUP "$DAEMON"
  wait_until 40 has_reconciled $((reconciles + 1))
  expect_equal 0 "$(of_status .report.kernelWrites)" "writes of a reload"
  transfer_goes_on

  cp program another
  mv another program
  transfer_goes_on
  end_daemon TERM
  started_without_a_write "the exchange of the program"
  transfer_ends
  others_of_the_state_stay
}
others_of_the_state_stay() { expect_equal 10 "$(ipvsadm -Sn | grep -c '^-A')"; }

# edited FILTER [WRITES]: in sync with as many writes as that, while the connection goes on
edited() {
  local before
  before=$(writes)
  edit "$1"
  expect_status 0 agent apply
  [ -z "${2:-}" ] || expect_equal "$2" $(($(writes) - before)) "writes for $1"
  transfer_goes_on
}

case_transfer_goes_on_while_every_other_service_is_edited() {
  clients_and_servers
  ten_services
  start_daemon --resync=1h
  transfer
  edited "($others | .scheduler) = \"wrr\"" 9
  edited "($others | .destinations[].weight) = 5" 26
  edited "($others | .persistence) = {timeout: 60}" 10 # expire_quiescent_template is one of them
  edited "($others | .destinations) |= .[1:]"
  edited ".services |= .[:1]"
  edited '.timeouts = {tcp: 1000}' 1
  transfer_ends
}

# What the service itself can be given without an end of its connections.
case_transfer_goes_on_while_its_own_service_is_edited() {
  clients_and_servers
  ten_services
  start_daemon --resync=1h
  transfer
  edited '.services[0].scheduler = "wrr"' 1
  edited '.services[0].destinations[0].weight = 9' 1
  edited '.services[0].destinations += [{address: "192.168.3.2", port: 8080}]' 1
  edited '.services[0].destinations[0] |= (.upperThreshold = 100 | .weight = 0)' 1
  transfer_ends
}

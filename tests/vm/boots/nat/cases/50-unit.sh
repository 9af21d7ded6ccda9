# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The unit with its one capability, on the machine's own table.
# timeout: 120
# shellcheck source=tests/vm/data/nat.sh
. /usr/lib/vm-tests/data/nat.sh

put_back() {
  systemctl stop ipvs-agent
  ipvs-agent cleanup
  rm -f /etc/ipvs-node/state.json
  ip netns del client
  ip netns del pod1
  ip address del 10.0.0.1/32 dev lo
}

case_unit_has_what_it_takes() {
  local before pid
  trap 'put_back >/dev/null 2>&1 || true' EXIT
  before=$(surroundings)
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add pod1 10.244.1.2/24 10.244.1.1/24
  ip address add 10.0.0.1/32 dev lo
  pod tcp pod1 10.244.1.2
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true, "sourceRanges": ["192.168.1.0/24"]')"
  install -D -m 644 state.json /etc/ipvs-node/state.json
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: 1 service"
  expect_equal "pod1 10.244.1.1" "$(seen tcp 10.0.0.1 80 client)"
  nft flush ruleset
  wait_until 40 has "10.0.0.1 . tcp . 80" ours
  expect_contains "$(journal_of ipvs-agent)" "drift: new nftables table ip ipvs-node"
  # A restart changes nothing.
  pid=$(property_of ipvs-agent MainPID)
  systemctl restart ipvs-agent
  wait_for_status ipvs-agent "in sync: 1 service"
  expect_equal 0 "$(jq .report.kernelWrites /run/ipvs-node/status.json)" "writes after a restart of $pid"
  systemctl stop ipvs-agent
  expect_contains "$(ours)" "10.0.0.1 . tcp . 80"
  ipvs-agent cleanup
  expect_equal "$before" "$(surroundings)"
}

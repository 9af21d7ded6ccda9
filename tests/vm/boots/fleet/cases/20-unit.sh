# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The example's unit, with its user and sandbox, in front of the agent's.
# timeout: 300
# shellcheck source=tests/vm/data/etcd.sh
. /usr/lib/vm-tests/data/etcd.sh

case_fleet_unit_feeds_the_agent() {
  local examples=/usr/share/doc/ipvs-node/examples/etcd-fleet
  install -D -t /usr/local/lib/ipvs-node $examples/fleet-state.sh
  install -m 644 -t /etc/systemd/system $examples/fleet-state.service
  install -D -m 644 $examples/fleet-state.sysusers.conf /etc/sysusers.d/fleet-state.conf
  install -m 644 $examples/agent.conf /etc/ipvs-node/agent.conf
  systemd-sysusers
  install -D -m 600 /dev/stdin /etc/ipvs-node/fleet.env <<<'FLEET=edge
ETCDCTL_API=3
ETCDCTL_ENDPOINTS=http://127.0.0.1:2379'
  systemctl daemon-reload
  expect_status 0 systemd-analyze verify --man=no fleet-state.service
  expect_equal "" "$OUTPUT"

  # Nothing runs yet: the agent waits for a state, the unit for etcd.
  systemctl start fleet-state ipvs-agent
  wait_until 120 has "etcd does not answer" journal_of fleet-state
  expect_match "$(property_of ipvs-agent StatusText)" "^no state: "
  etcd_on 127.0.0.1
  put state "$(web 1)"
  wait_for_status ipvs-agent "in sync: 1 service"
  expect_contains "$(ipvsadm -Sn)" "-r 10.0.1.1:80 -m -w 1"
  expect_equal "ipvs-node-fleet 644" "$(stat -c '%U %a' /var/lib/ipvs-node-fleet/state.json)"
  # The next boot starts with it, whether etcd is there or not.
  etcd_off
  systemctl restart ipvs-preflight
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: 1 service"
  expect_status 0 systemd-analyze security --no-pager --threshold=25 fleet-state.service
}

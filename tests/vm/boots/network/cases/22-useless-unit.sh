# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The unit sees what makes services useless, with its capability and in its sandbox.
# timeout: 120
# shellcheck source=tests/vm/data/addresses.sh
. /usr/lib/vm-tests/data/addresses.sh

case_unit_sees_filters_and_kube_proxy() { # any kernel
  local warnings
  pretend kube-proxy 1000
  local kube_proxy=$PRETENDED
  # The link of its IPVS mode.
  ip link add kube-ipvs0 type dummy
  nft add table inet theirs
  nft add chain inet theirs input '{ type filter hook input priority 0; policy drop; }'
  mkdir -p /etc/ipvs-node
  bound 10.0.0.1
  cp state.json /etc/ipvs-node/state.json
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "degraded: 1 of 1 service, 1 failed: kube-proxy: it runs (pid $kube_proxy) *"
  warnings=$(jq -r '.report.warnings[]' /run/ipvs-node/status.json)
  expect_contains "$warnings" "the chain \`inet theirs input\` of nftables"
  expect_contains "$warnings" "tcp 10.0.0.1:80 -> 192.168.2.2:8080: this node has no route to the destination"
  expect_not_contains "$warnings" "not all is known"
  kill "$kube_proxy"
  wait "$kube_proxy" || true
  systemctl reload ipvs-agent
  wait_for_status ipvs-agent "in sync: *"
  expect_contains "$(ipvs-agent status)" "warning: tcp 10.0.0.1:80: the chain \`inet theirs input\` of nftables"
  nft delete table inet theirs
  wait_until 40 has "no route" ipvs-agent status
  wait_until 40 has_no_filter
  systemctl stop ipvs-agent
  ipvs-agent cleanup
  ip link del kube-ipvs0
}
has_no_filter() { ! ipvs-agent status | grep -q "inet theirs"; }

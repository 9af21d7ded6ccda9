# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The unit as it is installed: its user, its capability and its sandbox are enough for all of it.
# timeout: 120
# shellcheck source=tests/vm/data/addresses.sh
. /usr/lib/vm-tests/data/addresses.sh

case_unit_makes_addresses_local_and_cleanup_takes_them_away() {
  local before
  before=$(node_as_it_is)
  bound 10.0.0.1 fd00::1 10.96.0.1 127.0.0.9
  # A listener is looked for where the address is the node's own.
  ip address add 10.3.3.3/32 dev lo
  edit '.services += [.services[0] | .address = "10.3.3.3" | .port = 22]'
  mkdir -p /etc/ipvs-node /run/systemd/system/ipvs-agent.service.d
  cp state.json /etc/ipvs-node/state.json
  printf '[Service]\nExecStart=\nExecStart=/usr/sbin/ipvs-agent run --resync=1h --strict-arp --service-cidr 10.96.0.0/12\n' \
    >/run/systemd/system/ipvs-agent.service.d/options.conf
  systemctl daemon-reload
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "degraded: 3 of 5 services, 2 failed: *"
  expect_equal "10.0.0.1/32
fd00::1/128" "$(on_link)"
  expect_contains "$(own_routes)" "local 10.96.0.0/12 dev lo"
  expect_equal 1 "$(cat /proc/sys/net/ipv4/conf/all/arp_ignore)"
  ip link del ipvs0
  wait_until 40 has "10.0.0.1/32" on_link
  expect_equal 1 "$(journalctl --quiet --boot --unit ipvs-agent IPVS_REASON=drift "IPVS_OBJECT=link ipvs0" --output=cat | wc -l)"
  systemctl stop ipvs-agent
  expect_contains "$(on_link)" "10.0.0.1/32"
  expect_status 0 /usr/sbin/ipvs-agent cleanup
  ip address del 10.3.3.3/32 dev lo
  rm -r /run/systemd/system/ipvs-agent.service.d
  systemctl daemon-reload
  expect_equal "$before" "$(node_as_it_is)"
}

case_network_managers_keep_their_hands_off() {
  expect_contains "$(cat /usr/lib/NetworkManager/conf.d/90-ipvs-node.conf)" "unmanaged-devices+=interface-name:ipvs0"
  expect_contains "$(cat /usr/lib/systemd/network/10-ipvs-node.network)" "Unmanaged=yes"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# IPVS is unloaded underneath a running daemon and comes back: another table, another number of its
# netlink family. The machine's own namespace, because a module is in use as long as any has a service.
# timeout: 360
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

modules() { sed -n 's/^\(ip_vs_[a-z_]*\) .*/\1/p' /proc/modules; }
unload() {
  ipvsadm -C
  # shellcheck disable=SC2046
  modprobe -r $(modules) ip_vs
}
is_not_there() { ! grep -q '^ip_vs ' /proc/modules; }
is_in_sync() { status_matches ipvs-agent "in sync: 1 service"; }

case_unloaded_underneath_and_back() {
  one_destination '"weight": 3'
  edit '.timeouts = {tcp: 1000}'
  install -D -m 644 state.json /etc/ipvs-node/state.json
  mkdir -p /run/systemd/system/ipvs-agent.service.d
  printf '[Service]\nExecStart=\nExecStart=/usr/sbin/ipvs-agent run --resync=1s\n' \
    >/run/systemd/system/ipvs-agent.service.d/period.conf
  systemctl daemon-reload
  systemctl restart ipvs-agent
  wait_for_status ipvs-agent "in sync: 1 service"
  local pid modprobe
  pid=$(property_of ipvs-agent MainPID)

  # Nobody brings it back by asking for it.
  modprobe=$(cat /proc/sys/kernel/modprobe)
  echo /bin/false >/proc/sys/kernel/modprobe
  wait_until 30 unload
  is_not_there || fail "still there"
  wait_until 40 eval '! is_in_sync'
  expect_status 3 ipvs-agent status
  sleep 3
  expect_equal "$pid" "$(property_of ipvs-agent MainPID)" "it died of it"

  echo "$modprobe" >/proc/sys/kernel/modprobe
  modprobe -a ip_vs ip_vs_rr
  wait_until 30 is_in_sync
  expect_equal "-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 3" "$(ipvsadm -Sn)"
  expect_contains "$(ipvsadm -Ln --timeout)" 1000
  expect_equal "$pid" "$(property_of ipvs-agent MainPID)" "it died of it"

  systemctl stop ipvs-agent
  expect_status 0 ipvs-agent cleanup
  expect_equal "" "$(ipvsadm -Sn)"
  rm -r /run/systemd/system/ipvs-agent.service.d /etc/ipvs-node/state.json
  systemctl daemon-reload
}

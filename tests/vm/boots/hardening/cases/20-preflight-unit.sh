# SPDX-License-Identifier: GPL-2.0-or-later
# What the preflight sees under its unit, without root's eyes.
# timeout: 120

journal_of_next_start() {
  local since
  since=$(date +%s.%N)
  systemctl restart ipvs-preflight
  journalctl --quiet --no-pager --output=cat --unit=ipvs-preflight --since="@$since"
}

case_what_root_alone_sees_is_told() {
  local found state=/etc/ipvs-node/state.json
  pretend keepalived 100
  iptables-legacy -P INPUT DROP
  echo '# nothing' >/etc/modprobe.d/secret.conf
  chmod 600 /etc/modprobe.d/secret.conf
  # The agent's group is enough for both to read the state.
  chgrp ipvs-node "$state"
  chmod 640 "$state"
  # As a preflight that ran as root has left it.
  chown -R root:root /run/ipvs-preflight
  found=$(journal_of_next_start)
  iptables-legacy -P INPUT ACCEPT
  rm /etc/modprobe.d/secret.conf
  expect_match "$found" "WARNING OtherOwners\]: keepalived runs \(pid $!\)"
  expect_contains "$found" '[WARNING InputPolicy]: iptable_filter is there, and the policies of its table are not shown to this user: '
  expect_contains "$found" "[WARNING ModprobeConf]: /etc/modprobe.d/secret.conf cannot be read by this user: it has no effect"
  expect_contains "$found" "[preflight] ip_vs_wlc: there already"
  expect_not_contains "$found" StateFile
  expect_not_contains "$found" ReportFile
  expect_equal "ipvs-preflight 644" "$(stat -c '%U %a' /run/ipvs-preflight/report.json)"
  expect_not_contains "$found" ip6table_filter
}

case_nothing_to_tell() {
  local found
  rmmod iptable_filter
  found=$(journal_of_next_start)
  expect_not_contains "$found" OtherOwners
  expect_not_contains "$found" Policy
  expect_not_contains "$found" ModprobeConf
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: *"
}

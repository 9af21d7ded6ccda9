# SPDX-License-Identifier: GPL-2.0-or-later
# What the processes of both units cannot do, tried in these units themselves: a drop-in puts another
# program in the place of theirs, and all else stays.
# timeout: 300

programs=/usr/lib/vm-tests
# The manager opens it, before the unit's limits hold.
output=/run/attempts.output

# in_unit UNIT COMMAND…: its output is then in $OUTPUT
in_unit() {
  local unit=$1 drop_in=/run/systemd/system/$1.service.d
  shift
  mkdir -p "$drop_in"
  cat >"$drop_in/attempts.conf" <<CONF
[Service]
Type=oneshot
RemainAfterExit=no
Restart=no
WatchdogSec=0
TimeoutStartSec=200
ExecStart=
ExecStart=$*
StandardOutput=truncate:$output
CONF
  systemctl daemon-reload
  systemctl stop ipvs-agent "$unit"
  systemctl start "$unit" || journal_of "$unit"
  OUTPUT=$(<"$output")
  rm -r "$drop_in" "$output"
  systemctl daemon-reload
  echo "$OUTPUT"
}

reached() { sed -n 's/^reached \([^:]*\):.*/\1/p' <<<"$OUTPUT"; }

# All of them have been tried, and what of them left a file did so in a /tmp of its own.
attempts_in() {
  rm -f /tmp/attempt /var/tmp/attempt
  in_unit "$1" "$programs/attempts" "$2"
  expect_equal "$(</run/attempts.count)" "$(wc -l <<<"$OUTPUT")"
  [ ! -e /tmp/attempt ] || fail "the machine's /tmp was written"
  [ ! -e /var/tmp/attempt ] || fail "the machine's /var/tmp was written"
}

# Nothing of it is refused for a reason that has nothing to do with a unit.
case_attempts_are_reached_without_a_unit() {
  mkdir own
  install -m 4755 "$programs/attempts" "$programs/attempts-setuid"
  OUTPUT=$("$programs/attempts" "$TMP/own")
  expect_not_contains "$OUTPUT" denied
  wc -l <<<"$OUTPUT" >/run/attempts.count
  [ "$(</run/attempts.count)" -gt 80 ] || fail "only $(</run/attempts.count) attempts"
}

# Its folders, the network's sysctls, and sockets for health checks.
case_agent_is_confined() {
  attempts_in ipvs-agent /run/ipvs-node
  expect_equal "internet_socket
make_in /run/ipvs-node
make_in /var/lib/ipvs-node
make_in /tmp
make_in /var/tmp
write_to /proc/sys/net/ipv4/ip_forward" "$(reached)"
}

# Its folder, loading, and the network namespace of the probe.
case_preflight_is_confined() {
  attempts_in ipvs-preflight /run/ipvs-preflight
  expect_equal "init_module
finit_module
unshare_network
join_network
make_in /run/ipvs-preflight
make_in /tmp
make_in /var/tmp" "$(reached)"
}

case_agent_can_do_its_work() {
  in_unit ipvs-agent /bin/bash "$programs/work.sh"
  expect_equal "did sysctl
did ipvs
did link
did route
did nft
did conntrack
did record
did copy" "$OUTPUT"
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: *"
}

case_exposure_of_the_running_units() {
  expect_status 0 systemd-analyze security --no-pager --threshold=15 ipvs-agent.service
  expect_status 0 systemd-analyze security --no-pager --threshold=22 ipvs-preflight.service
}

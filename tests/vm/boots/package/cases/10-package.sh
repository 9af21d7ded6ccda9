# shellcheck shell=bash
# timeout: 600
# One life of the package, a case after the other.

KEPT=/var/lib/ipvs-node-removed

# What there is of these.
present() { find "$@" 2>/dev/null || true; }
version() { dpkg-query -W -f '${Version}' ipvs-node; }
writes() { jq .report.kernelWrites /run/ipvs-node/status.json; }
times_started() { journal_of "$1" | grep -c '^Started ' || true; }

state_of_two() {
  cat >/etc/ipvs-node/state.json.new <<'END'
{ "version": 1, "sysctls": { "net.ipv4.ip_forward": 1 }, "services": [
  { "address": "10.0.0.1", "port": 80, "protocol": "tcp", "bind": true,
    "destinations": [ { "address": "192.168.2.2", "port": 80 } ] },
  { "address": "10.0.0.2", "port": 80, "protocol": "tcp", "destinations": [] } ] }
END
  mv /etc/ipvs-node/state.json.new /etc/ipvs-node/state.json
}
TABLE="-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 192.168.2.2:80 -m -w 1
-A -t 10.0.0.2:80 -s rr"

case_install() {
  rm -f /etc/dpkg/dpkg.cfg.d/*
  expect_status 0 dpkg -i /opt/ipvs-node.deb
  expect_equal "enabled enabled" "$(systemctl is-enabled ipvs-preflight ipvs-agent | xargs)"
  expect_equal "active active" "$(systemctl is-active ipvs-preflight ipvs-agent | xargs)"
  wait_for_status ipvs-agent "in sync: 0 services*"
  expect_match "$(getent passwd ipvs-node)" ':/var/lib/ipvs-node:/usr/sbin/nologin$'
  expect_equal "644 root root" "$(stat -c '%a %U %G' /etc/ipvs-node/state.json)"
  expect_equal "750 ipvs-node ipvs-node" "$(stat -c '%a %U %G' /var/lib/ipvs-node)"
  expect_match "$(dpkg-query -W -f '${Conffiles}' ipvs-node)" '^ /etc/ipvs-node/agent.conf [0-9a-f]{32}$'
  expect_equal 1 "$(dpkg-query -W -f '${Conffiles}\n' ipvs-node | grep -c /)" "the state is no conffile"
  expect_equal "" "$(dpkg --verify ipvs-node)"
  local file
  for file in man5/ipvs-node-state.5 man5/ipvs-agent.conf.5 man8/ipvs-agent.8 man8/ipvs-preflight.8; do
    [ -s "/usr/share/man/$file.gz" ] || fail "no $file"
  done
}

case_its_sysctls_can_be_set() {
  expect_status 0 /usr/lib/systemd/systemd-sysctl /usr/lib/sysctl.d/40-ipvs-node.conf
  expect_equal "" "$OUTPUT"
  expect_equal 8192 "$(cat /proc/sys/net/ipv4/neigh/default/gc_thresh3)"
}

case_install_again_keeps_the_state() {
  state_of_two
  wait_for_status ipvs-agent "in sync: 2 services*"
  cp /etc/ipvs-node/state.json "$TMP/before"
  expect_status 0 dpkg -i /opt/ipvs-node.deb
  cmp "$TMP/before" /etc/ipvs-node/state.json
  wait_for_status ipvs-agent "in sync: 2 services*"
  expect_equal 0 "$(writes)"
  expect_equal "$TABLE" "$(ipvsadm -Sn)"
}

# Until stop is there: every look at the table that is not the whole one.
watch_table() {
  local wanted
  wanted=$(grep -c . /proc/net/ip_vs)
  : >looks
  until [ -e stop ]; do
    [ "$(grep -c . /proc/net/ip_vs)" = "$wanted" ] || echo "not whole" >>short
    echo >>looks
  done
}

case_upgrade_keeps_connections_and_table() {
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add real 192.168.2.2/24 192.168.2.1/24
  repeater real 80
  conversation 10.0.0.1 80
  local agents preflights
  agents=$(times_started ipvs-agent) preflights=$(times_started ipvs-preflight)
  watch_table &
  expect_status 0 dpkg -i /opt/ipvs-node-newer.deb
  wait_for_status ipvs-agent "in sync: 2 services*"
  touch stop
  expect_match "$(version)" '\+newer$'
  [ "$(wc -l <looks)" -gt 10 ] || fail "the table was not looked at"
  [ ! -e short ] || fail "the table was not whole"
  expect_equal $((agents + 1)) "$(times_started ipvs-agent)" "starts of the agent"
  expect_equal "$preflights" "$(times_started ipvs-preflight)" "starts of the preflight"
  expect_equal 0 "$(property_of ipvs-agent NRestarts)"
  expect_equal 0 "$(writes)"
  says two
  expect_match "$(ipvsadm -Lcn)" 'ESTABLISHED .*192\.168\.2\.2:80'
  ip netns delete client
  ip netns delete real
}

case_upgrade_under_a_broken_state() {
  echo '{ "version": 1, "services": [' >/etc/ipvs-node/state.json
  wait_for_status ipvs-agent "last good state*"
  expect_status 0 dpkg -i /opt/ipvs-node.deb
  wait_for_status ipvs-agent "last good state*"
  expect_equal active "$(systemctl is-active ipvs-agent)"
  expect_equal "$TABLE" "$(ipvsadm -Sn)"
}

case_upgrade_writes_no_state() {
  state_of_two
  wait_for_status ipvs-agent "in sync: 2 services*"
  mv /etc/ipvs-node/state.json state.json
  wait_for_status ipvs-agent "last good state*"
  echo 'resync = 20s' >>/etc/ipvs-node/agent.conf
  expect_status 0 dpkg -i /opt/ipvs-node-newer.deb
  wait_for_status ipvs-agent "last good state*"
  # No state, and the options file as it was changed.
  expect_equal /etc/ipvs-node/agent.conf "$(find /etc/ipvs-node -type f)"
  expect_equal 'resync = 20s' "$(tail -n 1 /etc/ipvs-node/agent.conf)"
  sed -i '$d' /etc/ipvs-node/agent.conf
  expect_equal "$TABLE" "$(ipvsadm -Sn)"
  mv state.json /etc/ipvs-node/state.json
  wait_for_status ipvs-agent "in sync: 2 services*"
}

case_remove_keeps_the_table_and_says_so() {
  state_of_two
  wait_for_status ipvs-agent "in sync: 2 services*"
  expect_status 0 dpkg -r ipvs-node
  expect_contains "$OUTPUT" "the kernel's virtual services stay as they are"
  expect_status 3 systemctl is-active ipvs-preflight ipvs-agent
  [ ! -e /usr/sbin/ipvs-agent ] || fail "the program is still there"
  [ -s /etc/ipvs-node/state.json ] || fail "the state is gone"
  expect_equal "700 root root" "$(stat -c '%a %U %G' "$KEPT")"
  expect_equal "$TABLE" "$(ipvsadm -Sn)"
}

case_installed_again_it_knows_its_own() {
  expect_status 0 dpkg -i /opt/ipvs-node.deb
  wait_for_status ipvs-agent "in sync: 2 services*"
  expect_equal "active active" "$(systemctl is-active ipvs-preflight ipvs-agent | xargs)"
  expect_equal 0 "$(writes)"
  expect_equal 0 "$(jq '.report.foreign // 0' /run/ipvs-node/status.json)"
  [ ! -e "$KEPT" ] || fail "$KEPT is still there"
}

case_purge_takes_away_its_own_alone() {
  ipvsadm -A -t 198.51.100.1:99 -s rr
  echo '{}' >/etc/ipvs-node/other.json
  expect_status 0 ipvs-preflight --persist
  [ -s /etc/modules-load.d/ipvs-node.conf ] || fail "no modules to be loaded"
  echo 'options ip_vs conn_tab_bits=14' >/etc/modprobe.d/ipvs-node.conf
  expect_status 0 dpkg --purge ipvs-node
  expect_equal "-A -t 198.51.100.1:99 -s rr" "$(ipvsadm -Sn)"
  expect_equal "" "$(ip -o address show to 10.0.0.1)"
  expect_equal /etc/ipvs-node/other.json "$(find /etc/ipvs-node -type f)"
  expect_equal "" "$(present /var/lib/ipvs-node /run/ipvs-node "$KEPT")"
  expect_equal "" "$(find /etc/systemd/system -name 'ipvs-*')"
  expect_equal /etc/modprobe.d/ipvs-node.conf "$(present /etc/modules-load.d /etc/modprobe.d -name 'ipvs-node.conf')"
  rm -r /etc/ipvs-node /etc/modprobe.d/ipvs-node.conf
}

# The libraries may go with the package that needed them.
case_purge_after_a_removal_without_the_libraries() {
  expect_status 0 dpkg -i /opt/ipvs-node.deb
  state_of_two
  wait_for_status ipvs-agent "in sync: 2 services*"
  expect_status 0 dpkg -r ipvs-node
  expect_contains "$(ipvsadm -Sn)" "$TABLE"
  mkdir libraries
  mv /usr/lib/*-linux-gnu/lib{jansson,nftables}.so.* libraries/
  local status=0
  dpkg --purge ipvs-node >said 2>&1 || status=$?
  mv libraries/* /usr/lib/*-linux-gnu/
  expect_equal 0 "$status"
  expect_not_contains "$(cat said)" "could be taken away"
  expect_equal "-A -t 198.51.100.1:99 -s rr" "$(ipvsadm -Sn)"
  expect_equal "" "$(ip -o address show to 10.0.0.1)"
  expect_equal "" "$(present /etc/ipvs-node /run/ipvs-node "$KEPT")"
}

case_purge_that_fails_keeps_the_record() {
  expect_status 0 dpkg -i /opt/ipvs-node.deb
  state_of_two
  wait_for_status ipvs-agent "in sync: 2 services*"
  expect_status 0 dpkg -r ipvs-node
  cp /bin/false "$KEPT/ipvs-agent"
  expect_status 0 dpkg --purge ipvs-node
  expect_contains "$OUTPUT" "not all virtual services could be taken away"
  expect_contains "$OUTPUT" "/run/ipvs-node, stays, and so does $KEPT"
  expect_contains "$(ipvsadm -Sn)" "$TABLE"
  [ -s /run/ipvs-node/owned ] || fail "the record is gone"
  # As the message has it.
  expect_status 0 dpkg -i /opt/ipvs-node.deb
  systemctl stop ipvs-agent
  expect_status 0 ipvs-agent cleanup
  expect_equal "-A -t 198.51.100.1:99 -s rr" "$(ipvsadm -Sn)"
  expect_status 0 dpkg --purge ipvs-node
  expect_equal "" "$(present /etc/ipvs-node /run/ipvs-node "$KEPT")"
}

# timeout: 120
# What comes out: JSON, --persist, --exec, the unit.
# any kernel

all_loaded() { modprobe -a ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack; }

case_json() {
  all_loaded
  "$PREFLIGHT" --module ip_vs_nosuch --output=json >report.json 2>errors && fail "status 0"
  expect_equal "" "$(cat errors)"
  expect_equal false "$(jq .ready report.json)"
  expect_equal "$(uname -r)" "$(jq -r .kernel report.json)"
  expect_equal live "$(jq -r '.modules[] | select(.name == "ip_vs") | .state' report.json)"
  expect_equal nf_conntrack "$(jq -r '.modules[] | select(.name == "nf_conntrack_ipv4") | .module' report.json)"
  expect_equal failed "$(jq -r '.modules[] | select(.name == "ip_vs_nosuch") | .load' report.json)"
  expect_equal 1 "$(jq '[.findings[] | select(.check == "Module-ip_vs_nosuch" and .level == "error")] | length' report.json)"
  expect_match "$(jq -r .status report.json)" '^not ready: Module-ip_vs_nosuch: '
}

case_persist() {
  all_loaded
  expect_status 0 "$PREFLIGHT" --persist --conn-tab-bits 14
  expect_equal "# Written by ipvs-preflight --persist.
ip_vs
ip_vs_rr
ip_vs_wrr
ip_vs_sh
nf_conntrack" "$(cat /etc/modules-load.d/ipvs-node.conf)"
  expect_contains "$(cat /etc/modprobe.d/ipvs-node.conf)" "options ip_vs conn_tab_bits=14"
  rmmod ip_vs_rr ip_vs_wrr ip_vs_sh
  expect_status 0 /usr/lib/systemd/systemd-modules-load
  grep -q '^ip_vs_sh .* Live' /proc/modules
  rm /etc/modules-load.d/ipvs-node.conf /etc/modprobe.d/ipvs-node.conf
}

# The five sets, one to a line.
sets() { sed -n 's/^Cap\(...\):\t/\1 /p' <<<"$1" | sort; }
five() { printf '%s\n' "Amb $1" "Bnd $1" "Eff $1" "Inh $1" "Prm $1"; }

case_exec_keeps_one_capability() {
  all_loaded
  expect_status 0 "$PREFLIGHT" --exec -- cat /proc/self/status
  expect_equal "$(five 0000000000001000)" "$(sets "$OUTPUT")"
  expect_match "$OUTPUT" "^NoNewPrivs:	1"
}

case_exec_keeps_what_is_named() {
  all_loaded
  expect_status 0 "$PREFLIGHT" --keep-cap net_raw --keep-cap CAP_NET_BIND_SERVICE --exec -- cat /proc/self/status
  expect_equal "$(five 0000000000003400)" "$(sets "$OUTPUT")"
}

case_exec_leaves_the_environment() {
  all_loaded
  NOTIFY_SOCKET=/run/nobody WATCHDOG_USEC=5 WATCHDOG_PID=$$ LISTEN_FDS=1 \
    expect_status 0 "$PREFLIGHT" --exec -- env
  expect_contains "$OUTPUT" "NOTIFY_SOCKET=/run/nobody"
  expect_contains "$OUTPUT" "WATCHDOG_USEC=5"
  expect_contains "$OUTPUT" "LISTEN_FDS=1"
}

case_exec_fails_where_it_cannot() {
  all_loaded
  expect_status 1 setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$PREFLIGHT" --exec -- touch ran
  expect_contains "$OUTPUT" "--exec: this process does not have cap_net_admin: Operation not permitted"
  expect_status 1 setpriv --bounding-set=-setpcap --inh-caps=-setpcap "$PREFLIGHT" --exec -- touch ran
  expect_contains "$OUTPUT" "--exec: the bounding set cannot drop cap_chown: Operation not permitted"
  expect_status 1 "$PREFLIGHT" --exec -- /nonexistent/command
  expect_contains "$OUTPUT" "--exec: /nonexistent/command: No such file or directory"
  expect_status 1 "$PREFLIGHT" --module ip_vs_nosuch --exec -- touch ran
  [ ! -e ran ] || fail "the command ran"
}

case_wrong_usage() {
  expect_status 2 "$PREFLIGHT" --conn-tab-bits 7
  expect_contains "$OUTPUT" "ipvs-preflight: --conn-tab-bits: '7' is not a number in 8..27; see ipvs-preflight --help"
}

service_off() {
  systemctl stop ipvs-preflight 2>/dev/null || true
  systemctl reset-failed ipvs-preflight 2>/dev/null || true
}

case_service_is_ready() {
  service_off
  mkdir -p /etc/ipvs-node
  echo '{ "version": 1, "services": [ { "address": "10.0.0.1", "port": 80, "protocol": "tcp", "scheduler": "wlc", "destinations": [] } ] }' >/etc/ipvs-node/state.json
  rmmod ip_vs_wlc 2>/dev/null || true
  expect_status 0 systemctl start ipvs-preflight
  expect_equal active "$(property_of ipvs-preflight ActiveState)"
  expect_equal exited "$(property_of ipvs-preflight SubState)"
  expect_match "$(property_of ipvs-preflight StatusText)" '^ready: 6 modules, [0-9]+ warnings?$'
  expect_contains "$(journal_of ipvs-preflight)" "[preflight] ip_vs_wlc: loaded"
  expect_contains "$(journal_of ipvs-preflight)" "throw-away network namespace: rr, wrr, sh, wlc"
  expect_equal true "$(setpriv --reuid=65534 --regid=65534 --clear-groups jq .ready /run/ipvs-preflight/report.json)"
}

case_service_fails_and_says_why() {
  service_off
  rmmod ip_vs_wrr 2>/dev/null || true
  echo 'blacklist ip_vs_wrr' >/etc/modprobe.d/case.conf
  expect_status 1 systemctl start ipvs-preflight
  expect_equal failed "$(property_of ipvs-preflight ActiveState)"
  expect_equal 1 "$(property_of ipvs-preflight StatusErrno)"
  expect_match "$(property_of ipvs-preflight StatusText)" '^not ready: Module-ip_vs_wrr: ip_vs_wrr \(a basic scheduler\) is not there: .* blacklisted by modprobe.d'
  expect_contains "$(systemctl status ipvs-preflight || true)" "not ready: Module-ip_vs_wrr"
  expect_equal false "$(jq .ready /run/ipvs-preflight/report.json)"
  service_off
  rm /etc/modprobe.d/case.conf
}

case_service_is_ready_though_the_state_asks_for_too_much() {
  service_off
  echo '{ "services": [ { "scheduler": "nosuch" } ] }' >/etc/ipvs-node/state.json
  expect_status 0 systemctl start ipvs-preflight
  expect_match "$(property_of ipvs-preflight StatusText)" '^ready: 5 modules, [0-9]+ warnings?$'
  expect_contains "$(journal_of ipvs-preflight)" "[WARNING Module-ip_vs_nosuch]: ip_vs_nosuch (a scheduler of the state) is not there"
  service_off
  rm /etc/ipvs-node/state.json
}

case_service_asks_for_time_while_a_load_runs() {
  service_off
  rmmod ip_vs_ovf 2>/dev/null || true
  mkdir -p /run/systemd/system/ipvs-preflight.service.d
  printf '[Service]\nTimeoutStartSec=12s\n' >/run/systemd/system/ipvs-preflight.service.d/case.conf
  echo 'install ip_vs_ovf sleep 16; /sbin/modprobe --ignore-install ip_vs_ovf' >/etc/modprobe.d/case.conf
  echo '{ "services": [ { "scheduler": "ovf" } ] }' >/etc/ipvs-node/state.json
  systemctl daemon-reload
  expect_status 0 systemctl start ipvs-preflight
  rm /etc/modprobe.d/case.conf /run/systemd/system/ipvs-preflight.service.d/case.conf /etc/ipvs-node/state.json
  systemctl daemon-reload
  expect_contains "$(journal_of ipvs-preflight)" "[preflight] ip_vs_ovf: loaded"
}

case_service_without_a_state() {
  service_off
  rm -f /etc/ipvs-node/state.json
  expect_status 0 systemctl start ipvs-preflight
  expect_contains "$(journal_of ipvs-preflight)" "[WARNING StateFile]: /etc/ipvs-node/state.json does not exist"
}

case_service_exposure() {
  expect_status 0 systemd-analyze security --no-pager --threshold=22 ipvs-preflight.service
}

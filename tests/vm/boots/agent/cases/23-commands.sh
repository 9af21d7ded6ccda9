# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What people see: list as ipvsadm has it, usage errors, exit statuses.
# netns: fresh
# timeout: 120
# any kernel
# shellcheck source=tests/vm/data/agent.sh
. /usr/lib/vm-tests/data/agent.sh

without_trailing_blanks() { sed 's/ *$//'; }

case_list_is_laid_out_as_ipvsadm_does() {
  echo '{"version": 1, "services": [
    {"address": "10.0.0.1", "port": 80, "protocol": "tcp", "scheduler": "wlc",
     "persistence": {"timeout": 300, "netmask": "255.255.255.0"},
     "destinations": [{"address": "10.0.1.1", "weight": 3}, {"address": "10.0.1.2", "forward": "direct"}]},
    {"address": "fd00::1", "port": 443, "protocol": "tcp",
     "destinations": [{"address": "fd00::2", "port": 8443}, {"address": "fd00::3", "forward": "tunnel"}]},
    {"address": "10.0.0.3", "port": 53, "protocol": "udp", "onePacket": true, "destinations": []},
    {"fwmark": 7, "scheduler": "rr", "destinations": []}]}' >state.json
  applied
  # Line by line: the order of services is ours.
  expect_equal "$(ipvsadm -Ln | without_trailing_blanks | LC_ALL=C sort)" \
    "$("$AGENT" list | without_trailing_blanks | LC_ALL=C sort)"
  "$AGENT" list --output=json >list.json
  expect_equal 4 "$(jq '.services | length' list.json)"
  expect_equal "tcp 10.0.0.1:80 300 10.0.1.1 3 masquerade 0" \
    "$(jq -r '.services[] | select(.scheduler == "wlc") | .service + " \(.persistenceTimeout) " +
      (.destinations[0] | "\(.address) \(.weight) \(.forward) \(.activeConnections)")' list.json)"
}

case_wrong_usage_ends_with_status_2() {
  expect_status 2 "$AGENT"
  expect_contains "$OUTPUT" "a command is missing; see ipvs-agent --help"
  expect_status 2 "$AGENT" aply
  expect_contains "$OUTPUT" "there is no command 'aply'"
  expect_status 2 "$AGENT" apply --nonsense
  expect_contains "$OUTPUT" "apply does not know the option --nonsense; see ipvs-agent apply --help"
  expect_status 2 "$AGENT" list --dry-run
  expect_contains "$OUTPUT" "list does not take --dry-run"
  expect_status 2 "$AGENT" apply --output=xml
  expect_contains "$OUTPUT" "--output: 'xml' is neither text nor json"
  expect_status 2 "$AGENT" run --resync=soon
  expect_contains "$OUTPUT" "--resync: 'soon' is not a time such as 30s, 500ms, 5min"
  expect_status 2 "$AGENT" apply state.json
  expect_contains "$OUTPUT" "apply takes no argument, but there is 'state.json'"
  expect_status 2 "$AGENT" apply --state
  expect_contains "$OUTPUT" "--state needs a value"
}

case_diff_tells_by_its_exit_status() {
  one_destination '"weight": 1'
  expect_status 1 "$AGENT" diff --state state.json --run-dir "$RUN"
  expect_equal "new service tcp 10.0.0.1:80, scheduler rr
new destination tcp 10.0.0.1:80 -> 10.0.1.1:80, forward masquerade, weight 1" "$OUTPUT"
  expect_equal "" "$(ipvsadm -Sn)" "diff writes"
  expect_status 0 "$AGENT" apply --dry-run --state state.json --run-dir "$RUN"
  expect_equal "" "$(ipvsadm -Sn)" "--dry-run writes"
  applied
  expect_status 0 "$AGENT" diff --state state.json --run-dir "$RUN"
  echo '{' >state.json
  expect_status 2 "$AGENT" diff --state state.json --run-dir "$RUN"
  expect_match "$OUTPUT" '^state.json:[0-9]+:[0-9]+: '
}

case_directory_of_states() {
  mkdir states
  one_destination '"weight": 1'
  cp state.json states/one.json
  edit '.services[0].port = 81'
  cp state.json states/two.json
  echo "not read" >states/README
  STATE=states applied
  expect_equal 2 "$(ipvsadm -Sn | grep -c '^-A')"
  echo '{' >states/three.json
  STATE=states applied 1
  expect_match "$(report '.problems[0]')" '^states/three.json:'
  expect_equal 2 "$(ipvsadm -Sn | grep -c '^-A')"
  rm states/*.json
  STATE=states applied 1
  expect_equal no-state "$(report .outcome)"
  expect_equal 2 "$(ipvsadm -Sn | grep -c '^-A')"
}

# What ipvsadm makes, save says, and apply finds it as it is.
case_save_takes_what_ipvsadm_makes() {
  ipvsadm -A -t 10.0.0.1:80 -s rr -p 60 -M 0.0.0.0
  ipvsadm -A -t 10.0.0.1:81 -s rr -p 60 -M 255.0.255.0
  ipvsadm -A -f 7 -s rr
  ipvsadm -a -f 7 -r 10.1.0.1:80 -g
  ipvsadm -a -f 7 -r 10.1.0.2:80 -i
  ipvsadm -A -f 8 -s rr -p 60
  ipvsadm -a -f 8 -r 10.1.0.1:8080 -m
  local before
  before=$(ipvsadm -Sn)
  "$AGENT" save >saved.json 2>left-out
  expect_equal "" "$(cat left-out)"
  expect_contains "$(cat saved.json)" '"netmask": "0.0.0.0"'
  expect_status 0 "$AGENT" check saved.json
  expect_status 0 "$AGENT" apply --state saved.json --run-dir "$RUN" --adopt all
  expect_equal "$before" "$(ipvsadm -Sn)"
  ipvsadm -C
  expect_status 0 "$AGENT" apply --state saved.json --run-dir "$RUN"
  expect_equal "$(sort <<<"$before")" "$(ipvsadm -Sn | sort)"
}

case_check_warns_of_what_fails_later() {
  mkdir -m 755 /run/case
  trap 'rm -r /run/case' EXIT
  cat >/run/case/state.json <<'END'
{ "version": 1, "services": [
  { "address": "10.0.0.1", "port": 80, "protocol": "tcp", "scheduler": "wrr", "destinations": [] },
  { "address": "10.0.0.1", "port": 81, "protocol": "tcp", "scheduler": "nosuch", "destinations": [] },
  { "address": "10.0.0.1", "port": 82, "protocol": "tcp", "scheduler": "nosuch", "destinations": [] } ] }
END
  expect_status 0 "$AGENT" check /run/case/state.json
  expect_contains "$OUTPUT" "scheduler 'nosuch' of 2 services is not in this kernel, nor in its module tree: no module ip_vs_nosuch"
  expect_not_contains "$OUTPUT" wrr
  expect_not_contains "$OUTPUT" "cannot be read"
  chmod 600 /run/case/state.json
  expect_status 0 "$AGENT" check /run/case
  expect_contains "$OUTPUT" "/run/case/state.json cannot be read by ipvs-node, the daemon's user"
  expect_contains "$("$AGENT" check --output=json /run/case)" '"/run/case/state.json cannot be read by ipvs-node'
  chmod 700 /run/case
  expect_status 0 "$AGENT" check /run/case
  expect_contains "$OUTPUT" "/run/case cannot be read by ipvs-node"
  expect_not_contains "$OUTPUT" "/run/case/state.json cannot"
}

# A machine whose state file is broken when it starts: the agent runs, names the place, and changes
# nothing until it is mended.

case_agent_is_active_and_names_the_place() {
  expect_equal active "$(property_of ipvs-agent ActiveState)"
  expect_match "$(property_of ipvs-agent StatusText)" 'state.json:3:[0-9]+: '
  expect_status 3 ipvs-agent status
  expect_match "$OUTPUT" 'state.json:3:[0-9]+: '
}

case_preflight_does_not_fail_for_it() {
  expect_equal active "$(property_of ipvs-preflight ActiveState)"
}

case_table_is_empty() {
  expect_equal "" "$(ipvsadm -Sn)"
}

case_mended_and_broken_again() {
  local state=/etc/ipvs-node/state.json
  cat >$state.new <<'END'
{ "version": 1, "services": [ { "address": "10.0.0.1", "port": 80, "protocol": "tcp",
  "destinations": [ { "address": "10.0.1.1", "port": 80 } ] } ] }
END
  mv $state.new $state
  wait_for_status ipvs-agent "in sync: 1 service"
  local before
  before=$(ipvsadm -Sn)
  expect_contains "$before" "-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 1"
  printf '{ "version": 1,\n  "services": [ }' >$state
  wait_for_status ipvs-agent "last good state of * in use: *state.json:2:*"
  expect_equal "$before" "$(ipvsadm -Sn)"
}

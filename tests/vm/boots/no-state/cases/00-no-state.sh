# A machine whose state file is not there yet: the agent runs, waits and says so.

case_agent_is_active_and_says_so() {
  expect_equal active "$(property_of ipvs-agent ActiveState)"
  expect_match "$(property_of ipvs-agent StatusText)" '^no state: .*/etc/ipvs-node/state.json.* does not exist'
  expect_status 3 ipvs-agent status
  expect_contains "$OUTPUT" "no state"
}

case_table_is_empty() {
  expect_equal "" "$(ipvsadm -Sn)"
}

case_state_that_arrives_is_programmed() {
  mkdir -p /etc/ipvs-node
  cat >/etc/ipvs-node/state.json.new <<'END'
{ "version": 1, "services": [ { "address": "10.0.0.1", "port": 80, "protocol": "tcp",
  "destinations": [ { "address": "10.0.1.1", "port": 80 } ] } ] }
END
  mv /etc/ipvs-node/state.json.new /etc/ipvs-node/state.json
  wait_until 40 has "-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 1" ipvsadm -Sn
  wait_for_status ipvs-agent "in sync: 1 service"
}

case_state_that_goes_changes_nothing() {
  rm /etc/ipvs-node/state.json
  wait_for_status ipvs-agent "last good state of * in use: *does not exist"
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 1"
}

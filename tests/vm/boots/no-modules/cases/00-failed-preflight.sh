# A kernel without modules: the preflight fails, the agent stays unstarted, and both say why.

case_preflight_failed() {
  expect_equal failed "$(property_of ipvs-preflight ActiveState)"
  expect_equal exit-code "$(property_of ipvs-preflight Result)"
  expect_equal 1 "$(property_of ipvs-preflight ExecMainStatus)"
}

case_agent_was_not_started() {
  expect_equal inactive "$(property_of ipvs-agent ActiveState)"
  expect_equal 0 "$(property_of ipvs-agent InactiveExitTimestampMonotonic)"
  expect_equal 0 "$(property_of ipvs-agent ExecMainPID)"
}

case_status_tells_why() {
  expect_status 3 systemctl --no-pager --full status ipvs-preflight
  expect_match "$OUTPUT" 'Status: ".*ip_vs'
  expect_status 3 systemctl --no-pager --full status ipvs-agent
  expect_contains "$OUTPUT" "Dependency failed for ipvs-agent.service"
}

case_report_names_the_modules() {
  local report
  report=$(journal_of ipvs-preflight)
  local module
  for module in ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh; do
    expect_match "$report" "\[ERROR .*$module"
  done
}

case_starting_the_agent_by_hand_runs_the_preflight_first() {
  expect_status 1 systemctl start ipvs-agent
  expect_contains "$OUTPUT" "dependency"
  expect_equal inactive "$(property_of ipvs-agent ActiveState)"
}

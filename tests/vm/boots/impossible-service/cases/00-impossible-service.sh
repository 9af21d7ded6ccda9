# A hundred services of which the kernel cannot have one: ninety-nine are there when the machine is
# up, and the one is named with its cause.

case_agent_is_active_and_degraded() {
  expect_equal active "$(property_of ipvs-agent ActiveState)"
  expect_match "$(property_of ipvs-agent StatusText)" \
    "^degraded: 99 of 100 services, 1 failed: s42: .*scheduler 'no_such'"
}

case_the_others_are_programmed() {
  expect_equal 99 "$(ipvsadm -Sn | grep -c '^-A')"
  expect_equal 99 "$(ipvsadm -Sn | grep -c '^-a')"
  expect_not_contains "$(ipvsadm -Sn)" "10.0.0.42:80"
}

case_status_names_the_one() {
  expect_status 3 ipvs-agent status
  expect_match "$OUTPUT" "s42.*no_such"
}

case_apply_ends_with_status_3() {
  expect_status 3 ipvs-agent apply
  expect_match "$OUTPUT" "s42.*no_such"
}

case_mended_state_is_in_sync() {
  sed -i 's/no_such/wrr/' /etc/ipvs-node/state.json
  wait_for_status ipvs-agent "in sync: 100 services"
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.42:80 -s wrr"
}

# The guest itself: what every other case takes for granted.

case_stock_kernel_has_ipvs() {
  expect_match "$(uname -r)" 'cloud-amd64$'
  modinfo -n ip_vs >/dev/null
}

case_systemd_is_pid_1() {
  expect_equal systemd "$(cat /proc/1/comm)"
}

case_both_programs_are_there_twice() {
  local program
  for program in ipvs-preflight ipvs-agent; do
    expect_status 0 "/usr/sbin/$program" --version
    expect_status 0 "/opt/sanitized/$program" --version
  done
}

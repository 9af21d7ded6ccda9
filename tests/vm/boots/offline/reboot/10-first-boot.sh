# shellcheck shell=bash
# timeout: 300

case_the_table_is_there_before_what_needs_it() {
  wait_for_status ipvs-agent "in sync: 1 service*"
  wait_until 60 test -s /run/seen-by-kubelet
  expect_contains "$(cat /run/seen-by-kubelet)" "0A000001:01BB wrr"
  expect_contains "$(cat /run/seen-by-kubelet)" "0AE52B02:192B"
  expect_contains "$(ip -o address show to 10.0.0.1)" ipvs0
  expect_equal 1 "$(cat /proc/sys/net/ipv4/ip_forward)"
  expect_equal 8192 "$(cat /proc/sys/net/ipv4/neigh/default/gc_thresh3)"
}

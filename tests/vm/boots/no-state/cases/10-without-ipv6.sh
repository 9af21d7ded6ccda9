# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# This boot's kernel has IPv6 turned off on its command line: what cannot be is said by that name, and the rest is done.
# netns: fresh
# any kernel

case_ipv6_turned_off_by_the_command_line() {
  cat >state.json <<'END'
{ "version": 1, "sysctls": { "net.ipv6.conf.all.forwarding": 1 }, "services": [
  { "name": "four", "address": "10.0.0.1", "port": 80, "protocol": "tcp",
    "destinations": [ { "address": "10.0.1.1" } ] },
  { "name": "six", "address": "fd00::1", "port": 80, "protocol": "tcp", "bind": true,
    "destinations": [ { "address": "fd00::2" } ] } ] }
END
  expect_status 3 "$AGENT" apply --state state.json --run-dir "$RUN"
  expect_match "$OUTPUT" "sysctl net\.ipv6\.conf\.all\.forwarding: .*ipv6\.disable=1"
  expect_match "$OUTPUT" "six [^:]*tcp .*: IPv6 is switched off .*ipv6\.disable=1"
  expect_not_contains "$OUTPUT" "CONFIG_IP_VS_IPV6"
  expect_not_contains "$OUTPUT" "disable_ipv6"
  expect_not_contains "$OUTPUT" "this kernel does not have it"
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 1"
  expect_status 0 "$AGENT" cleanup --run-dir "$RUN"
  expect_equal "" "$(ipvsadm -Sn)"
}

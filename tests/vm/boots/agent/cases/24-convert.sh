# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What ipvsadm-save prints of a table, converted, is that table.
# netns: fresh
# timeout: 120
# shellcheck source=tests/vm/data/agent.sh
. /usr/lib/vm-tests/data/agent.sh

# All that ipvsadm can ask for and its own listing tells.
make_table() {
  modprobe -a ip_vs_mh ip_vs_lc ip_vs_pe_sip
  ipvsadm -A -t 10.0.0.1:80
  ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.1
  ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.2:8080 -m -w 0
  ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.3 -i -w 65535
  ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.4 -i --tun-type gue --tun-port 6080
  ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.5 -i --tun-type gue --tun-port 6081 --tun-remcsum
  ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.6 -i --tun-type gre --tun-csum
  ipvsadm -a -t 10.0.0.1:80 -r '[fd01::1]:80' -i
  ipvsadm -A -t 10.0.0.1:0 -s rr -p 60 -M 255.255.255.0
  ipvsadm -A -u 10.0.0.1:5060 -s mh -p 70 --pe sip -o -b mh-port,mh-fallback
  ipvsadm -A -u '[fd00::1]:53' -s sh -p -M 64 -b sh-port
  ipvsadm -a -u '[fd00::1]:53' -r '[fd01::1]:5353' -m
  ipvsadm -A --sctp-service 10.0.0.1:9 -s lc -b flag-1,flag-2,flag-3
  ipvsadm -A -f 7 -s wrr
  ipvsadm -a -f 7 -r 10.1.0.1:0 -g -w 3
  ipvsadm -A -f 7 -6 -s rr -p 5
  ipvsadm -a -f 7 -6 -r '[fd01::1]:0' -m
}

case_table_of_ipvsadm_is_taken_over_without_a_write() {
  make_table
  # Which the agent sets for persistent services.
  sysctl -qw net.ipv4.vs.expire_quiescent_template=1
  ipvsadm-save -n >rules
  expect_status 0 "$AGENT" convert rules
  "$AGENT" convert - <rules >state.json
  expect_equal "$OUTPUT" "$(cat state.json)"
  applied
  expect_equal 0 "$(report .kernelWrites)"
  expect_equal "$(sort rules)" "$(ipvsadm-save -n | sort)"
  # And a table made from it anew is the same.
  expect_status 0 "$AGENT" cleanup --run-dir "$RUN"
  expect_equal "" "$(ipvsadm-save -n)"
  applied
  expect_equal "$(sort rules)" "$(ipvsadm-save -n | sort)"
}

# Where packets are not masqueraded, nothing looks at the server's port.
case_what_a_state_cannot_say_is_told_with_its_line() {
  cat >rules <<'END'
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.1:8080 -g -w 1
-a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 1
END
  expect_status 3 "$AGENT" convert rules
  expect_contains "$OUTPUT" "rules:2: port: 8080 is not the service's 80, and forward 'direct' leaves the port as it is"
  expect_contains "$OUTPUT" '"address": "10.1.0.2"'
  expect_not_contains "$OUTPUT" 10.1.0.1
}

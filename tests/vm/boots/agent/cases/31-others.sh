# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A table that is shared: what others put there is never touched.
# netns: fresh
# any kernel
# shellcheck source=tests/vm/data/agent.sh
. /usr/lib/vm-tests/data/agent.sh

case_services_of_others_stay() {
  ipvsadm -A -t 10.99.0.1:1 -s wlc
  ipvsadm -a -t 10.99.0.1:1 -r 10.99.1.1:1 -m
  one_destination '"weight": 1'
  applied
  expect_equal 1 "$(report .foreignServices)"
  edit '.services = []'
  applied
  expect_equal "-A -t 10.99.0.1:1 -s wlc
-a -t 10.99.0.1:1 -r 10.99.1.1:1 -m -w 1" "$(ipvsadm -Sn)"
  expect_status 0 agent cleanup
  expect_equal 2 "$(ipvsadm -Sn | wc -l)"
}

case_second_apply_takes_away_what_left_and_nothing_else() {
  echo '{"version": 1, "services": [
    {"address": "10.0.0.1", "port": 80, "protocol": "tcp", "destinations": [{"address": "10.0.1.1"}, {"address": "10.0.1.2"}]},
    {"address": "10.0.0.2", "port": 80, "protocol": "tcp", "destinations": []}]}' >state.json
  applied
  ipvsadm -A -t 10.0.0.3:80 -s rr
  edit 'del(.services[1]) | del(.services[0].destinations[0])'
  applied
  # The service goes at once; the destination gets weight 0, is looked at again, and goes.
  expect_equal 3 "$(report .kernelWrites)"
  expect_equal "-A -t 10.0.0.1:80 -s rr
-A -t 10.0.0.3:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.1.2:80 -m -w 1" "$(ipvsadm -Sn | LC_ALL=C sort)"
}

case_equal_service_of_others_is_adopted_without_a_write() {
  ipvsadm -A -t 10.0.0.1:80 -s rr
  ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.1:80 -m
  one_destination '"weight": 1'
  applied
  expect_equal 0 "$(report .kernelWrites)"
  edit '.services = []'
  applied
  expect_equal "" "$(ipvsadm -Sn)"
}

case_different_service_of_others_is_a_conflict() {
  ipvsadm -A -t 10.0.0.1:80 -s wlc
  one_destination '"weight": 1'
  expect_status 1 agent apply
  expect_contains "$OUTPUT" "tcp 10.0.0.1:80: it is in the kernel already, not ours, and differs (scheduler wlc, 0 destinations)"
  expect_equal "-A -t 10.0.0.1:80 -s wlc" "$(ipvsadm -Sn)"
}

case_record_of_another_boot_owns_nothing() {
  one_destination '"weight": 1'
  applied
  sed -i "s/$(cat /proc/sys/kernel/random/boot_id)/00000000-0000-0000-0000-000000000000/" "$RUN/owned"
  edit '.services = []'
  agent apply >out 2>&1
  expect_contains "$(cat out)" "it owns nothing"
  expect_equal 2 "$(ipvsadm -Sn | wc -l)"
}

case_established_connections_survive_a_second_apply() {
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add real 192.168.2.2/24 192.168.2.1/24
  echo 1 >/proc/sys/net/ipv4/ip_forward
  ip address add 10.0.0.1/32 dev lo
  echo '{"version": 1, "services": [{"address": "10.0.0.1", "port": 80, "protocol": "tcp",
    "destinations": [{"address": "192.168.2.2"}]}]}' >state.json
  applied
  repeater real 80
  conversation 10.0.0.1 80
  edit '.services += [{address: "10.0.0.2", port: 80, protocol: "tcp", destinations: []}]
    | .services[0].scheduler = "wrr" | .services[0].destinations[0].weight = 5'
  applied
  expect_equal 3 "$(report .kernelWrites)"
  says two
  expect_match "$(ipvsadm -Lcn)" 'ESTABLISHED .*192\.168\.2\.2:80'
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Every attribute of a service: apply sets it, ipvsadm shows it, save gives it back, a second apply
# writes nothing, an edit is one SET in place.
# netns: fresh
# timeout: 180
# shellcheck source=tests/vm/data/agent.sh
. /usr/lib/vm-tests/data/agent.sh

shown() { expect_equal "$1" "$(ipvsadm -Sn)"; }

case_protocols() {
  jq -n '{version: 1, services: [{address: "10.0.0.1", port: 80, protocol: ("tcp", "udp", "sctp"),
    destinations: []}]}' >state.json
  jq -s '.[0].services = [.[].services[]] | .[0]' state.json >all.json
  mv all.json state.json
  applied
  expect_equal 3 "$(report .changes)"
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:80 -s rr"
  expect_contains "$(ipvsadm -Sn)" "-A -u 10.0.0.1:80 -s rr"
  expect_contains "$(ipvsadm -Sn)" "-A --sctp-service 10.0.0.1:80 -s rr"
  settled
}

case_ipv6_service() {
  one_service '"address": "fd00::1"'
  applied
  shown "-A -t [fd00::1]:80 -s rr"
  settled
}

case_fwmark_services_of_both_families() {
  echo '{"version": 1, "services": [{"fwmark": 7, "family": "ipv4", "destinations": []},
    {"fwmark": 7, "family": "ipv6", "destinations": [{"address": "fd00::2", "port": 0}]}]}' >state.json
  applied
  expect_contains "$(ipvsadm -Sn)" "-A -f 7 -s rr"
  expect_contains "$(ipvsadm -Sn)" "-A -f 7 -6 -s rr"
  settled
}

case_every_scheduler() {
  local scheduler
  one_service '"scheduler": "rr"'
  applied
  for scheduler in wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh; do
    modprobe "ip_vs_$scheduler"
    edit ".services[0].scheduler = \"$scheduler\""
    expect_equal "set service" "$(planned)"
    applied
    expect_equal 1 "$(report .kernelWrites)" "$scheduler"
    shown "-A -t 10.0.0.1:80 -s $scheduler"
  done
  settled
}

case_scheduler_flags() { # any kernel
  one_service '"scheduler": "sh"'
  applied
  shown "-A -t 10.0.0.1:80 -s sh"
  edited_in_place '.services[0].schedulerFlags = ["sh-port"]' "set service"
  shown "-A -t 10.0.0.1:80 -s sh -b sh-port"
  edited_in_place '.services[0].schedulerFlags = ["sh-fallback", "sh-port"]' "set service"
  shown "-A -t 10.0.0.1:80 -s sh -b sh-fallback,sh-port"
  edited_in_place 'del(.services[0].schedulerFlags)' "set service"
  shown "-A -t 10.0.0.1:80 -s sh"
  edited_in_place '.services[0].scheduler = "rr" | .services[0].schedulerFlags = ["flag-1", "flag-3"]' "set service"
  shown "-A -t 10.0.0.1:80 -s rr -b flag-1,flag-3"
  edited_in_place '.services[0].schedulerFlags = ["flag-2"]' "set service"
  shown "-A -t 10.0.0.1:80 -s rr -b flag-2"
  settled
}

case_mh_flags() {
  one_service '"scheduler": "mh", "schedulerFlags": ["mh-fallback", "mh-port"]'
  applied
  shown "-A -t 10.0.0.1:80 -s mh -b mh-fallback,mh-port"
  settled
}

case_one_packet() {
  one_service '"protocol": "udp", "onePacket": true'
  applied
  shown "-A -u 10.0.0.1:80 -s rr -o"
  edited_in_place 'del(.services[0].onePacket)' "set service"
  shown "-A -u 10.0.0.1:80 -s rr"
}

case_persistence() { # any kernel
  one_service '"persistence": {"timeout": 300}'
  applied
  shown "-A -t 10.0.0.1:80 -s rr -p 300"
  edited_in_place '.services[0].persistence.timeout = 60' "set service"
  edited_in_place '.services[0].persistence.netmask = "255.255.255.0"' "set service"
  shown "-A -t 10.0.0.1:80 -s rr -p 60 -M 255.255.255.0"
  edited_in_place 'del(.services[0].persistence.netmask)' "set service"
  shown "-A -t 10.0.0.1:80 -s rr -p 60"
  settled
  # With the last persistent service net.ipv4.vs.expire_quiescent_template gets its old value.
  edit 'del(.services[0].persistence)'
  expect_equal "set sysctl
set service" "$(planned)"
  applied
  shown "-A -t 10.0.0.1:80 -s rr"
}

case_persistence_of_ipv6() {
  one_service '"address": "fd00::1", "persistence": {"timeout": 300, "netmask": 64}'
  applied
  shown "-A -t [fd00::1]:80 -s rr -p 300 -M 64"
  edited_in_place '.services[0].persistence.netmask = 48' "set service"
  shown "-A -t [fd00::1]:80 -s rr -p 300 -M 48"
}

case_persistence_engine() {
  one_service '"protocol": "udp", "port": 5060, "persistence": {"timeout": 60, "engine": "sip"}'
  applied
  shown "-A -u 10.0.0.1:5060 -s rr -p 60 --pe sip"
  edited_in_place 'del(.services[0].persistence.engine)' "set service"
  shown "-A -u 10.0.0.1:5060 -s rr -p 60"
  edited_in_place '.services[0].persistence.engine = "sip"' "set service"
}

case_port_0_with_persistence() {
  one_service '"port": 0, "persistence": {"timeout": 60}'
  edit '.services[0].destinations = [{address: "10.0.1.1"}]'
  applied
  shown "-A -t 10.0.0.1:0 -s rr -p 60
-a -t 10.0.0.1:0 -r 10.0.1.1:0 -m -w 1"
  settled
}

case_changed_key_is_created_before_the_old_one_goes() { # any kernel
  one_destination '"weight": 3'
  applied
  edit '.services[0].port = 81 | .services[0].destinations[0].port = 80'
  # The destinations of a service that leaves drain; without connections all goes in the same apply.
  expect_equal "new service
new destination
set destination" "$(planned)"
  applied
  shown "-A -t 10.0.0.1:81 -s rr
-a -t 10.0.0.1:81 -r 10.0.1.1:80 -m -w 3"
  settled
}

case_name_order_and_spelt_defaults_are_no_write() {
  echo '{"version": 1, "services": [
    {"address": "10.0.0.1", "port": 80, "protocol": "tcp",
     "destinations": [{"address": "10.0.1.1"}, {"address": "10.0.1.2"}]},
    {"address": "10.0.0.2", "port": 80, "protocol": "tcp", "destinations": []}]}' >state.json
  applied
  edit '.services |= reverse | .services[].name = "x" | .services[].scheduler = "rr"
    | .services[].destinations |= (reverse | map(.weight = 1 | .forward = "masquerade" | .port = 80))'
  applied
  expect_equal 0 "$(report .kernelWrites)"
}

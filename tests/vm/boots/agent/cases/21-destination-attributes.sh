# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Every attribute of a destination, as 20-service-attributes.sh does for services.
# netns: fresh
# timeout: 180
# shellcheck source=tests/vm/data/agent.sh
. /usr/lib/vm-tests/data/agent.sh

destination_shown() { expect_equal "$1" "$(ipvsadm -Sn | sed -n 's/^-a -t 10.0.0.1:80 -r //p')"; }
destination=".services[0].destinations[0]"

case_weight() { # any kernel
  one_destination '"weight": 5'
  applied
  destination_shown "10.0.1.1:80 -m -w 5"
  edited_in_place "$destination.weight = 0" "set destination"
  destination_shown "10.0.1.1:80 -m -w 0"
  edited_in_place "del($destination.weight)" "set destination"
  destination_shown "10.0.1.1:80 -m -w 1"
  edited_in_place "$destination.weight = 65535" "set destination"
  destination_shown "10.0.1.1:80 -m -w 65535"
  settled
}

case_thresholds() { # any kernel
  one_destination '"upperThreshold": 2000, "lowerThreshold": 1000'
  applied
  expect_match "$(ipvsadm -Ln --thresholds)" '10\.0\.1\.1:80 +2000 +1000'
  edited_in_place "$destination.upperThreshold = 3000" "set destination"
  expect_match "$(ipvsadm -Ln --thresholds)" '10\.0\.1\.1:80 +3000 +1000'
  edited_in_place "$destination.lowerThreshold = 7" "set destination"
  expect_match "$(ipvsadm -Ln --thresholds)" '10\.0\.1\.1:80 +3000 +7'
  settled
  edited_in_place "del($destination.lowerThreshold, $destination.upperThreshold)" "set destination"
  expect_match "$(ipvsadm -Ln --thresholds)" '10\.0\.1\.1:80 +0 +0'
}

case_forwarding_methods() {
  one_destination '"forward": "masquerade"'
  applied
  destination_shown "10.0.1.1:80 -m -w 1"
  edited_in_place "$destination.forward = \"direct\"" "set destination"
  destination_shown "10.0.1.1:80 -g -w 1"
  edited_in_place "$destination.forward = \"tunnel\"" "set destination"
  destination_shown "10.0.1.1:80 -i -w 1 --tun-type ipip"
  edited_in_place "del($destination.forward)" "set destination"
  destination_shown "10.0.1.1:80 -m -w 1"
}

case_tunnels() {
  one_destination '"forward": "tunnel", "tunnel": {"type": "gue", "port": 6080}'
  applied
  destination_shown "10.0.1.1:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum"
  edited_in_place "$destination.tunnel.port = 6081" "set destination"
  destination_shown "10.0.1.1:80 -i -w 1 --tun-type gue --tun-port 6081 --tun-nocsum"
  edited_in_place "$destination.tunnel.checksum = \"full\"" "set destination"
  destination_shown "10.0.1.1:80 -i -w 1 --tun-type gue --tun-port 6081 --tun-csum"
  edited_in_place "$destination.tunnel.checksum = \"remote\"" "set destination"
  destination_shown "10.0.1.1:80 -i -w 1 --tun-type gue --tun-port 6081 --tun-remcsum"
  edited_in_place "$destination.tunnel = {type: \"gre\", checksum: \"full\"}" "set destination"
  destination_shown "10.0.1.1:80 -i -w 1 --tun-type gre --tun-csum"
  settled
  edited_in_place "$destination.tunnel = {type: \"ipip\"}" "set destination"
  destination_shown "10.0.1.1:80 -i -w 1 --tun-type ipip"
}

case_ipv6_destination() {
  one_destination '"address": "fd00::2", "weight": 4'
  edit '.services[0].address = "fd00::1"'
  applied
  expect_contains "$(ipvsadm -Sn)" "-a -t [fd00::1]:80 -r [fd00::2]:80 -m -w 4"
  settled
}

case_tunnelled_destination_of_the_other_family() {
  one_destination '"address": "fd00::2", "forward": "tunnel"'
  applied
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:80 -r [fd00::2]:80 -i -w 1"
  edited_in_place "$destination.weight = 9" "set destination"
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:80 -r [fd00::2]:80 -i -w 9"
}

case_changed_key_is_created_before_the_old_one_goes() { # any kernel
  one_destination '"weight": 3'
  applied
  edit "$destination.port = 8080"
  # What leaves drains first; without connections it goes in the same apply.
  expect_equal "new destination
set destination" "$(planned)"
  applied
  expect_equal 3 "$(report .kernelWrites)"
  destination_shown "10.0.1.1:8080 -m -w 3"
  settled
}

# What was removed or changed comes back; what was added to a service of ours goes.
case_drift_is_repaired() { # any kernel
  one_destination '"weight": 3'
  applied
  ipvsadm -e -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 9
  ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.9:80 -m
  expect_status 1 agent diff
  expect_equal "drift: set destination tcp 10.0.0.1:80 -> 10.0.1.1:80, weight 9 -> 3
drift: set destination tcp 10.0.0.1:80 -> 10.0.1.9:80, weight 1 -> 0" "$OUTPUT"
  applied
  destination_shown "10.0.1.1:80 -m -w 3"
  expect_status 0 agent diff
}

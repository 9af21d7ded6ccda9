# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Options of source NAT and filters: what is refused, and what a daemon's apply says.
# netns: fresh
# any kernel
# shellcheck source=tests/vm/data/nat.sh
. /usr/lib/vm-tests/data/nat.sh

refused() { # MESSAGE OPTION…
  expect_status 2 "$AGENT" apply "${@:2}"
  expect_contains "$OUTPUT" "$1"
}

case_bad_values_are_refused() {
  refused "--masquerade-bit: '32' is not in 0..31" --masquerade-bit=32
  refused "--masquerade-bit: 'x' is not in 0..31" --masquerade-bit=x
  refused "--no-endpoints: 'deny' is none of reject, drop, none" --no-endpoints=deny
  refused "--cluster-cidr: '10.244.0.0/33' is not a network such as 10.244.0.0/16" --cluster-cidr=10.244.0.0/33
  refused "--cluster-cidr: '' is not a network" --cluster-cidr=10.244.0.0/16,
  refused "--cluster-cidr: '' is not a network" --cluster-cidr=
  refused "--cluster-cidr: 'fd00::/8 ' is not a network" "--cluster-cidr=10.0.0.0/8,fd00::/8 "
  refused "--cluster-cidr: ::/0 is every address" --cluster-cidr=::/0
  refused "--cluster-cidr: more than 64 networks" "--cluster-cidr=$(seq -f '10.0.%g.0/24' -s, 65)"
  expect_status 2 "$AGENT" list --masquerade-all
  expect_contains "$OUTPUT" "list does not take --masquerade-all"
}

case_order_of_networks_is_no_change() {
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": "outside"')"
  OPTIONS=("--cluster-cidr=10.244.0.0/16,192.0.2.0/24")
  put_in
  OPTIONS=(--cluster-cidr=192.0.2.0/24 --cluster-cidr=10.244.0.0/16)
  put_in
  expect_equal 0 "$(report .kernelWrites)"
}

case_daemon_has_its_own() {
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')"
  start_daemon
  expect_status 1 agent apply --no-endpoints=drop
  expect_contains "$OUTPUT" "with a --no-endpoints of its own"
  expect_status 1 agent apply --cluster-cidr=10.0.0.0/8
  expect_contains "$OUTPUT" "with a --cluster-cidr of its own"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Before anything else loads it.
# netns: fresh
# shellcheck source=tests/vm/data/nat.sh
. /usr/lib/vm-tests/data/nat.sh

loaded() { grep -q '^nf_tables ' /proc/modules; }

case_a_state_without_exposures_loads_nothing() {
  ! loaded || skip "nf_tables is loaded already"
  one_destination '"weight": 1'
  put_in
  ! loaded || fail "nf_tables was loaded for nothing"
}

case_failure_without_nf_tables_is_named() { # any kernel
  ! loaded || skip "nf_tables is loaded already"
  mkdir -p /run/modprobe.d
  echo 'install nf_tables /bin/false' >/run/modprobe.d/nat.conf
  trap 'rm -f /run/modprobe.d/nat.conf' EXIT
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')" \
    "$(service 10.0.0.2 10.244.1.2 '"sourceRanges": ["10.0.0.0/8"]')"
  put_in 3
  expect_equal "nftables table ip ipvs-node" "$(report '.failures[0].object')"
  expect_contains "$(report '.failures[0].text')" "this kernel has no nf_tables"
  # A service whose clients are not kept out is not made, all else is.
  expect_equal "tcp 10.0.0.2:80" "$(report '.failures[1].object')"
  expect_contains "$(report '.failures[1].text')" "not created: its sourceRanges cannot be enforced"
  expect_equal "-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.244.1.2:8080 -m -w 1" "$(ipvsadm -Sn)"
  rm /run/modprobe.d/nat.conf
  put_in
  expect_contains "$(ours)" "elements = { 10.0.0.1 . tcp . 80 }"
}

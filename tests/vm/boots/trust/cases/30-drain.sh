# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A destination that leaves takes no new connection and keeps the ones it has, under every kind of
# scheduling: nobody is refused meanwhile.
# netns: fresh
# timeout: 360
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# one_drains: from a state with both to one without the first, which has a connection
one_drains() {
  clients_and_servers
  agent apply >apply.out 2>&1
  held_by one
  without_one
  agent apply >apply.out 2>&1
  expect_contains "$(cat apply.out)" "in sync: 1 service, 1 destination draining"
  expect_equal "192.168.2.2:8080 -m -w 0
192.168.3.2:8080 -m -w 1" "$(destinations)"
  still_held "while it drains"
}

# Two hundred new clients, the one with the old connection among them.
all_get_to_two() { expect_equal "200 two" "$(clients 2 201)"; }

# one_returns WRITES
one_returns() {
  state_of_two "$2"
  applied
  expect_equal "$1" "$(report .kernelWrites)" "writes of the return"
  expect_equal "192.168.2.2:8080 -m -w 1
192.168.3.2:8080 -m -w 1" "$(destinations)"
  still_held "after the return"
  expect_equal "" "$(recorded | grep '^drain ' || true)"
}

case_drain_under_rr() {
  state_of_two
  one_drains
  all_get_to_two
  one_returns 1 ''
  expect_contains "$(clients 2 41)" "20 one"
}

case_drain_under_sh_turns_its_fallback_on_and_off() {
  modprobe ip_vs_sh
  state_of_two '"scheduler": "sh", "schedulerFlags": ["sh-port"]'
  one_drains
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:80 -s sh -b sh-fallback,sh-port"
  all_get_to_two
  expect_status 0 agent diff
  one_returns 2 '"scheduler": "sh", "schedulerFlags": ["sh-port"]'
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:80 -s sh -b sh-port"
}

case_drain_under_mh_turns_its_fallback_on_and_off() {
  modprobe ip_vs_mh
  state_of_two '"scheduler": "mh"'
  one_drains
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:80 -s mh -b mh-fallback"
  all_get_to_two
  one_returns 2 '"scheduler": "mh"'
  expect_equal "-A -t 10.0.0.1:80 -s mh" "$(ipvsadm -Sn | grep '^-A')"
}

# A flag that the state has is there before, during and after.
case_drain_leaves_the_states_own_fallback() { # any kernel
  modprobe ip_vs_sh
  state_of_two '"scheduler": "sh", "schedulerFlags": ["sh-fallback"]'
  one_drains
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:80 -s sh -b sh-fallback"
  one_returns 1 '"scheduler": "sh", "schedulerFlags": ["sh-fallback"]'
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:80 -s sh -b sh-fallback"
}

# Forty clients are bound to the one that leaves, or to the other, by templates: all are led elsewhere.
case_drain_of_a_persistent_service() {
  local before
  before=$(cat /proc/sys/net/ipv4/vs/expire_quiescent_template)
  clients_and_servers
  state_of_two '"persistence": {"timeout": 300}'
  agent apply >apply.out 2>&1
  clients 2 41 >bound
  expect_contains "$(cat bound)" "20 one"
  expect_equal "$(cat bound)" "$(clients 2 41)" "persistence does not bind"
  held_by one
  without_one
  agent apply >apply.out 2>&1
  expect_equal 1 "$(cat /proc/sys/net/ipv4/vs/expire_quiescent_template)"
  all_get_to_two
  one_returns 1 '"persistence": {"timeout": 300}'
  edit 'del(.services[0].persistence)'
  agent apply >apply.out 2>&1
  expect_equal "$before" "$(cat /proc/sys/net/ipv4/vs/expire_quiescent_template)"
}

case_persistent_service_and_a_state_that_names_the_sysctl() {
  state_of_two '"persistence": {"timeout": 300}'
  edit '.sysctls = {"net.ipv4.vs.expire_quiescent_template": 0}'
  agent apply >apply.out 2>&1
  expect_equal 0 "$(cat /proc/sys/net/ipv4/vs/expire_quiescent_template)"
  edit 'del(.sysctls)'
  agent apply >apply.out 2>&1
  expect_equal 1 "$(cat /proc/sys/net/ipv4/vs/expire_quiescent_template)"
  expect_status 0 agent cleanup
  expect_equal 0 "$(cat /proc/sys/net/ipv4/vs/expire_quiescent_template)"
}

case_persistent_service_where_the_sysctl_cannot_be_set() {
  local sysctl=/proc/sys/net/ipv4/vs/expire_quiescent_template
  mount --bind $sysctl $sysctl
  mount -o remount,bind,ro $sysctl
  state_of_two '"persistence": {"timeout": 300}'
  expect_status 0 agent apply
  expect_contains "$OUTPUT" "expire_quiescent_template"
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:80 -s rr -p 300"
}

# A service that stays and is persistent no more has no need of it while its destination drains.
case_sysctl_is_put_back_when_persistence_ends() { # any kernel
  clients_and_servers
  state_of_two '"persistence": {"timeout": 300}'
  agent apply >apply.out 2>&1
  expect_equal 1 "$(cat /proc/sys/net/ipv4/vs/expire_quiescent_template)"
  without_one
  edit 'del(.services[0].persistence)'
  agent apply >apply.out 2>&1
  expect_equal 0 "$(cat /proc/sys/net/ipv4/vs/expire_quiescent_template)"
  expect_equal "192.168.3.2:8080 -m -w 1" "$(destinations)"
  # Nor has one that has left, and whose last destination is gone.
  state_of_two '"persistence": {"timeout": 300}'
  agent apply >apply.out 2>&1
  edit '.services = []'
  agent apply >apply.out 2>&1
  expect_equal "" "$(ipvsadm -Sn)"
  expect_equal 0 "$(cat /proc/sys/net/ipv4/vs/expire_quiescent_template)"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A value that the kernel takes and makes another one of. The sysctl is there to be written in the first
# network namespace alone.
# timeout: 180
# shellcheck source=tests/vm/data/agent.sh
. /usr/lib/vm-tests/data/agent.sh

case_rounded_sysctl_is_as_wanted_with_a_warning() {
  local was
  was=$(cat /proc/sys/net/netfilter/nf_conntrack_buckets)
  echo '{"version": 1, "services": [], "sysctls": {"net.netfilter.nf_conntrack_buckets": 100000}}' >state.json
  applied
  expect_equal in-sync "$(report .outcome)"
  expect_equal 100352 "$(cat /proc/sys/net/netfilter/nf_conntrack_buckets)"
  expect_equal "sysctl net.netfilter.nf_conntrack_buckets: the kernel made 100352 of 100000" "$(report '.warnings[]')"
  applied
  expect_equal 0 "$(report .kernelWrites)"
  expect_equal 1 "$(report '.warnings | length')"
  expect_status 0 agent diff
  # A foreign change is repaired, and a change of the state is applied.
  echo 65536 >/proc/sys/net/netfilter/nf_conntrack_buckets
  applied
  expect_equal 100352 "$(cat /proc/sys/net/netfilter/nf_conntrack_buckets)"
  # The record was lost: what the kernel has is what it makes of that.
  rm "$RUN/owned"
  applied
  expect_equal in-sync "$(report .outcome)"
  edit '.sysctls = {}'
  applied
  echo "$was" >/proc/sys/net/netfilter/nf_conntrack_buckets
}

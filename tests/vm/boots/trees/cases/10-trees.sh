# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Kernels' module trees as they are elsewhere, in place of this kernel's own: what the preflight loads
# from them, what it says of what is not in them, and what becomes of the units.
# timeout: 120

unload() {
  local module
  systemctl stop ipvs-agent ipvs-preflight 2>/dev/null || true
  systemctl reset-failed
  ipvsadm -C 2>/dev/null || true
  for module in $(awk '$1 ~ /^ip_vs_/ { print $1 }' /proc/modules) ip_vs nf_conntrack_ipv4 nf_nat nf_conntrack; do
    rmmod "$module" 2>/dev/null || true
  done
  expect_not_contains "$(cut -d' ' -f1 /proc/modules)" ip_vs
}
live() { grep -q "^$1 .* Live " /proc/modules; }

# in_tree NAME: with nothing loaded, and only this tree to load from, also for the units
in_tree() {
  unload
  mount --bind "/opt/trees/$1" /usr/lib/modules
  trap 'umount /usr/lib/modules' EXIT
}

case_old_conntrack_is_loaded() {
  in_tree old-conntrack
  expect_equal nf_conntrack_ipv4 "$(modprobe --resolve-alias nf_conntrack-2)"
  expect_status 0 "$PREFLIGHT"
  expect_contains "$OUTPUT" "[preflight] nf_conntrack_ipv4: loaded"
  expect_not_contains "$OUTPUT" "stands in for it"
  live nf_conntrack_ipv4 || fail "it is not there"
  expect_status 0 "$PREFLIGHT" --check
  expect_contains "$OUTPUT" "[preflight] nf_conntrack_ipv4: there already"
}

# That nf_conntrack is loaded does not stand for the other where they are two modules.
case_old_conntrack_is_missed() {
  in_tree old-conntrack
  modprobe -a ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack
  ! live nf_conntrack_ipv4
  expect_status 1 "$PREFLIGHT" --check
  expect_contains "$OUTPUT" "[ERROR Module-nf_conntrack_ipv4]: nf_conntrack_ipv4 "
  expect_contains "$OUTPUT" "it can be loaded, and --check loads nothing"
  # A line for the old name reaches the module of the old name.
  echo "blacklist nf_conntrack_ipv4" >/etc/modprobe.d/case.conf
  trap 'rm /etc/modprobe.d/case.conf; umount /usr/lib/modules' EXIT
  expect_status 1 "$PREFLIGHT"
  expect_contains "$OUTPUT" "[WARNING Load-nf_conntrack_ipv4]: nf_conntrack_ipv4 "
  expect_contains "$OUTPUT" "\`blacklist nf_conntrack_ipv4\` in /etc/modprobe.d/case.conf:1"
}

case_old_conntrack_under_the_units() {
  in_tree old-conntrack
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: 2 services"
  live nf_conntrack_ipv4 || fail "it is not there"
  expect_contains "$(journal_of ipvs-preflight)" "nf_conntrack_ipv4: loaded"
}

case_merged_conntrack_stands_in() {
  unload
  expect_equal nf_conntrack "$(modprobe --resolve-alias nf_conntrack-2)"
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: 2 services"
  expect_contains "$(journal_of ipvs-preflight)" "nf_conntrack_ipv4: nf_conntrack stands in for it: "
  ! live nf_conntrack_ipv4
}

loads_all_of() {
  in_tree "$1"
  expect_contains "$(modinfo -n ip_vs)" ".ko.$1"
  expect_status 0 "$PREFLIGHT" --module ip_vs_mh
  local module
  for module in ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh ip_vs_mh nf_conntrack; do
    live "$module" || fail "$module is not there"
  done
}
case_modules_compressed_by_xz() { loads_all_of xz; }
case_modules_compressed_by_zstd() { loads_all_of zst; }

case_kernel_without_ipvs() {
  in_tree no-ipvs
  expect_status 1 systemctl start ipvs-agent
  expect_equal inactive "$(property_of ipvs-agent ActiveState)"
  expect_equal failed "$(property_of ipvs-preflight ActiveState)"
  expect_match "$(journal_of ipvs-preflight)" "\[ERROR Module-ip_vs\]: ip_vs \(the virtual server table\) is not there: .*not in this kernel's tree \(/lib/modules/$(uname -r)\)"
  expect_contains "$(property_of ipvs-preflight StatusText)" ip_vs
  live nf_conntrack || fail "what there is was not loaded"
}

case_schedulers_that_are_missing_are_named() {
  in_tree no-schedulers
  expect_status 1 "$PREFLIGHT" --state /etc/ipvs-node/state.json
  local name
  for name in ip_vs_wrr ip_vs_sh; do
    expect_match "$OUTPUT" "\[ERROR Module-$name\]: $name \(a basic scheduler\) is not there: .*not in this kernel's tree"
  done
  # What only the state names is one service's trouble.
  expect_match "$OUTPUT" "\[WARNING Module-ip_vs_mh\]: ip_vs_mh "
  expect_contains "$OUTPUT" "[preflight] ip_vs_rr: loaded"
  expect_contains "$OUTPUT" "throw-away network namespace: rr"
}

case_service_of_a_missing_scheduler_fails_alone() {
  in_tree no-schedulers
  # A person has decided that this node does without them.
  mkdir -p /run/systemd/system/ipvs-preflight.service.d
  local command
  command=$(systemctl cat ipvs-preflight | sed -n 's/^ExecStart=//p')
  printf '[Service]\nExecStart=\nExecStart=%s --ignore-preflight-errors=Module-ip_vs_wrr,Module-ip_vs_sh\n' \
    "$command" >/run/systemd/system/ipvs-preflight.service.d/case.conf
  trap 'rm -r /run/systemd/system/ipvs-preflight.service.d; systemctl daemon-reload; umount /usr/lib/modules' EXIT
  systemctl daemon-reload
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "degraded: 1 of 2 services, 1 failed: api: *mh*"
  expect_equal "-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 1" "$(ipvsadm -Sn)"
}

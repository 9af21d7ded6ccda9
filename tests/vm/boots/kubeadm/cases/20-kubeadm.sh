# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The preflight in front of kubeadm, by the example's script; a stand-in prints what kubeadm was given.
# timeout: 300

KUBEADM=/usr/share/doc/ipvs-node/examples/kubeadm/kubeadm.sh
export PATH=/opt/stand-ins:$PATH

off() {
  systemctl stop ipvs-agent ipvs-preflight
  ipvs-agent cleanup
}

case_kubeadm_joins_when_the_table_is_there() {
  off
  rmmod ip_vs_wrr 2>/dev/null || true
  expect_status 0 "$KUBEADM" join 10.0.0.1:6443 --token abc.def
  expect_contains "$OUTPUT" "[preflight] Running pre-flight checks"
  expect_contains "$OUTPUT" "[preflight] ip_vs_wrr: loaded"
  expect_contains "$OUTPUT" "kubeadm: join 10.0.0.1:6443 --token abc.def
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 1"
}

case_kubeadm_is_not_called_after_an_error_unless_it_is_ignored() {
  off
  rmmod ip_vs_wrr 2>/dev/null || true
  echo 'blacklist ip_vs_wrr' >/etc/modprobe.d/case.conf
  expect_status 1 "$KUBEADM" init --config kubeadm.yaml
  expect_contains "$OUTPUT" "	[ERROR Module-ip_vs_wrr]: ip_vs_wrr (a basic scheduler) is not there"
  expect_contains "$OUTPUT" "you can make a check non-fatal with \`--ignore-preflight-errors=...\`"
  expect_not_contains "$OUTPUT" "kubeadm:"

  # The unit has its own list, in the options file.
  expect_status 1 "$KUBEADM" init --ignore-preflight-errors Swap,Module-ip_vs_wrr
  expect_contains "$OUTPUT" "[WARNING Module-ip_vs_wrr]"
  expect_not_contains "$OUTPUT" "kubeadm:"
  cp -a /etc/ipvs-node/agent.conf "$TMP/"
  echo 'ignore-preflight-errors = Module-ip_vs_wrr' >>/etc/ipvs-node/agent.conf
  local list
  for list in "--ignore-preflight-errors=Swap,Module-ip_vs_wrr" "--ignore-preflight-errors Swap,Module-ip_vs_wrr"; do
    # shellcheck disable=SC2086
    expect_status 0 "$KUBEADM" init $list --config kubeadm.yaml
    expect_contains "$OUTPUT" "kubeadm: init $list --config kubeadm.yaml"
  done
  rm /etc/modprobe.d/case.conf
  cp -a "$TMP/agent.conf" /etc/ipvs-node/
}

case_kubeadm_other_commands_are_refused() {
  expect_status 2 "$KUBEADM" reset
  expect_contains "$OUTPUT" "usage: kubeadm.sh init|join"
}

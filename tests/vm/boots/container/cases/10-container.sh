# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The image under crun, on a machine that has nothing of ours. The cases build upon each other.
# timeout: 300

bundle=/run/bundle
state() {
  jq -n '{version: 1, services: [$ARGS.positional[] | {address: "10.0.0.1", port: 80, protocol: "tcp",
    scheduler: ., destinations: [{address: "10.0.1.1", port: 80}]}]}' --args "$@" >/etc/ipvs-node/state.json.new
  mv /etc/ipvs-node/state.json.new /etc/ipvs-node/state.json
}
no_modules() {
  [ ! -e /proc/net/ip_vs ] || ipvsadm -C
  local module
  for module in ip_vs_wlc ip_vs_sh ip_vs_wrr ip_vs_rr ip_vs; do rmmod $module 2>/dev/null || true; done
}
# without_modules: a bundle that mounts no /lib/modules
without_modules() {
  cp -r $bundle "$TMP/bundle"
  jq 'del(.mounts[] | select(.destination == "/lib/modules"))' $bundle/config.json >"$TMP/bundle/config.json"
}
# start BUNDLE: the container, until it is in sync; its messages are in /run/container.log. The guest's root is
# the kernel's first one, which nothing can pivot away from.
start() {
  systemd-run --quiet --collect --unit container --property Delegate=yes --property RuntimeMaxSec=300 \
    --property StandardOutput=truncate:/run/container.log --property StandardError=inherit \
    crun run --no-pivot --bundle "$1" ipvs-node
  wait_until 120 has "in sync" cat /run/container.log
}
stop() {
  crun kill ipvs-node "${1:-TERM}"
  wait_until 120 is_gone
}
is_gone() { ! systemctl --quiet is-active container; }
table='-A -t 10.0.0.1:80 -s wlc
-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 1'

case_container_loads_the_modules_and_programs_the_table() {
  expect_status 1 bash -c 'command -v ipvs-agent ipvs-preflight'
  mkdir -p /etc/ipvs-node /run/ipvs-node /var/lib/ipvs-node
  /opt/container/bundle.sh /opt/container/image.tar $bundle
  no_modules
  [ ! -e /proc/net/ip_vs ] || fail "ip_vs is there already"
  state wlc
  start $bundle
  expect_equal "$table" "$(ipvsadm -Sn)"
  expect_contains "$(cat /run/container.log)" "[preflight] ip_vs_wlc: loaded"
  expect_contains "$(cat /run/container.log)" "throw-away network namespace: rr, wrr, sh, wlc"
}

case_container_agent_has_one_capability() {
  local status set
  status=$(tr '\t' ' ' <"/proc/$(crun state ipvs-node | jq .pid)/status")
  expect_contains "$status" "Name: ipvs-agent"
  expect_contains "$status" "Uid: 0 0 0 0"
  expect_contains "$status" "NoNewPrivs: 1"
  # CAP_NET_ADMIN is bit 12.
  for set in CapInh CapPrm CapEff CapBnd CapAmb; do expect_contains "$status" "$set: 0000000000001000"; done
}

case_container_follows_the_state() {
  state rr
  wait_until 120 has "-A -t 10.0.0.1:80 -s rr" ipvsadm -Sn
  state wlc
  wait_until 120 has "-A -t 10.0.0.1:80 -s wlc" ipvsadm -Sn
}

# Its record is the host's: what an earlier container made is its own, and stays meanwhile.
case_container_started_again_goes_on() {
  local signal
  for signal in TERM KILL; do
    stop $signal
    expect_equal "$table" "$(ipvsadm -Sn)"
    start $bundle
    expect_not_contains "$(cat /run/container.log)" "new service"
    expect_equal "$table" "$(ipvsadm -Sn)"
  done
  stop
  state
  start $bundle
  wait_until 120 has "delete service tcp 10.0.0.1:80" cat /run/container.log
  expect_equal "" "$(ipvsadm -Sn)"
  stop
}

case_container_without_modules_takes_those_of_the_host() {
  without_modules
  state wlc
  no_modules
  modprobe -a ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh ip_vs_wlc nf_conntrack
  start "$TMP/bundle"
  expect_equal "$table" "$(ipvsadm -Sn)"
  expect_contains "$(cat /run/container.log)" "[preflight] ip_vs_wlc: there already"
  stop
}

case_container_without_any_modules_says_so() {
  without_modules
  no_modules
  expect_status 1 crun run --no-pivot --bundle "$TMP/bundle" ipvs-node
  expect_match "$OUTPUT" '\[WARNING Load-ip_vs\]: .*/lib/modules'
  expect_match "$OUTPUT" '\[ERROR Module-ip_vs\]: ip_vs .* is not there'
  expect_not_contains "$OUTPUT" "in sync"
}

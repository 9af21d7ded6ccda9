# netns: fresh
# timeout: 90
# The further checks, each in a namespace whose network is as the case wants it.
# Single quotes are for a shell of its own, or for what stands there literally.
# shellcheck disable=SC2016

all_loaded() { modprobe -a ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack; }

case_forwarding() { # any kernel
  echo '{ "services": [ { "destinations": [ { "address": "10.0.0.2" }, { "address": "fd00::2" } ] } ] }' >state.json
  sysctl -q net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
  expect_status 0 "$PREFLIGHT" --state state.json
  expect_contains "$OUTPUT" "[WARNING Sysctls]: net.ipv4.ip_forward is 0, not 1: "
  expect_contains "$OUTPUT" "[WARNING Sysctls]: net.ipv6.conf.all.forwarding is 0, not 1: "
  sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  expect_status 0 "$PREFLIGHT" --state state.json
  expect_not_contains "$OUTPUT" "WARNING Sysctls"
}

case_sysctls_of_ipvs() {
  all_loaded
  sysctl -q net.ipv4.ip_forward=1 net.ipv4.vs.conn_reuse_mode=0
  expect_status 0 "$PREFLIGHT"
  expect_contains "$OUTPUT" "[WARNING Sysctls]: net.ipv4.vs.conn_reuse_mode is 0, not 1: not the kernel's default"
  echo '{ "services": [ { "protocol": "udp", "persistence": { "timeout": 5 } } ], "sysctls": { "net.ipv4.vs.conn_reuse_mode": 0 } }' >state.json
  expect_status 0 "$PREFLIGHT" --state state.json
  expect_not_contains "$OUTPUT" conn_reuse_mode
  expect_contains "$OUTPUT" "[WARNING Sysctls]: net.ipv4.vs.expire_nodest_conn is 0, not 1: "
  # The agent sets these itself.
  expect_not_contains "$OUTPUT" expire_quiescent_template
  echo '{ "services": [ { "address": "10.0.0.1", "port": 80, "protocol": "udp", "bind": true, "sourceNat": true,
    "destinations": [ { "address": "10.0.0.2" } ] } ] }' >state.json
  sysctl -q net.ipv4.ip_forward=0 net.ipv4.vs.conn_reuse_mode=1
  expect_status 0 "$PREFLIGHT" --state state.json
  expect_not_contains "$OUTPUT" "WARNING Sysctls"
}

case_reverse_path_filter() { # any kernel
  ip link add one type veth peer name two
  sysctl -q net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.one.rp_filter=1 net.ipv4.conf.two.rp_filter=2
  expect_status 0 "$PREFLIGHT"
  expect_contains "$OUTPUT" "[WARNING ReversePathFilter]: rp_filter is strict (1) on one: "
  sysctl -q net.ipv4.conf.all.rp_filter=2
  expect_status 0 "$PREFLIGHT"
  expect_not_contains "$OUTPUT" ReversePathFilter
}

case_firewall_policies() {
  nft -f - <<'END'
table inet filter {
  chain input { type filter hook input priority filter; policy drop; }
  chain late { type filter hook input priority 101; policy drop; }
  chain forward { type filter hook forward priority filter; policy drop; }
}
END
  expect_status 0 "$PREFLIGHT"
  expect_contains "$OUTPUT" '[WARNING InputPolicy]: the chain `inet filter input` (priority 0) has policy drop: '
  expect_not_contains "$OUTPUT" '`inet filter late`'
  expect_contains "$OUTPUT" '[WARNING ForwardPolicy]: the chain `inet filter forward` (priority 0) has policy drop: '
  nft flush ruleset
  expect_status 0 "$PREFLIGHT"
  expect_not_contains "$OUTPUT" Policy
}

case_legacy_iptables_policies() { # any kernel
  command -v iptables-legacy >/dev/null || skip "no iptables-legacy"
  iptables-legacy -P INPUT DROP && ip6tables-legacy -P FORWARD DROP
  expect_status 0 "$PREFLIGHT"
  expect_contains "$OUTPUT" '[WARNING InputPolicy]: the chain `iptables filter INPUT` (priority 0) has policy drop: '
  expect_contains "$OUTPUT" '[WARNING ForwardPolicy]: the chain `ip6tables filter FORWARD` (priority 0) has policy drop: '
  expect_not_contains "$OUTPUT" '`iptables filter FORWARD`'
}

case_other_owners() { # any kernel
  pretend keepalived 60
  ip link add kube-ipvs0 type bridge
  rm -f /run/ipvs-node/owned
  ipvsadm -A -t 10.0.0.1:80 && ipvsadm -A -f 7
  expect_status 0 "$PREFLIGHT"
  expect_match "$OUTPUT" 'WARNING OtherOwners\]: keepalived runs \(pid [0-9]+\)'
  expect_contains "$OUTPUT" "[WARNING OtherOwners]: the link kube-ipvs0 is there"
  expect_contains "$OUTPUT" "[WARNING OtherOwners]: 2 virtual services are in the table already, and no ipvs-agent has put them there since the boot"
}

case_conntrack_table_is_told() {
  expect_status 0 "$PREFLIGHT"
  expect_match "$OUTPUT" '^\[preflight\] ConntrackTable: [0-9]+ of nf_conntrack_max=[0-9]+ entries in use$'
}

case_bridges_without_netfilter() { # any kernel
  trap 'ip link del case-br 2>/dev/null; rmmod br_netfilter 2>/dev/null || true' EXIT
  rmmod br_netfilter 2>/dev/null || true
  expect_status 0 "$PREFLIGHT"
  expect_not_contains "$OUTPUT" BridgeNetfilter
  ip link add case-br type bridge
  expect_status 0 "$PREFLIGHT"
  expect_contains "$OUTPUT" "[WARNING BridgeNetfilter]: br_netfilter is not loaded, and the bridge case-br is there: "
  expect_status 0 "$PREFLIGHT" --module br_netfilter
  expect_not_contains "$OUTPUT" BridgeNetfilter
  sysctl -qw net.bridge.bridge-nf-call-iptables=0
  expect_status 0 "$PREFLIGHT"
  expect_contains "$OUTPUT" "[WARNING BridgeNetfilter]: net.bridge.bridge-nf-call-iptables is 0, and the bridge case-br is there: "
}

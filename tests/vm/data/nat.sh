# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What cases about source NAT and filters are written with: source /usr/lib/vm-tests/data/nat.sh. It
# has data/trust.sh with it.
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh
# shellcheck source=tests/vm/data/pods.sh
. /usr/lib/vm-tests/data/pods.sh

# Cluster networks of the pods below; further options of apply and run.
CLUSTER=10.244.0.0/16,fd02::/16
OPTIONS=()

# This namespace is the node, with a client outside the cluster and two pods; 10.0.0.1, 10.0.0.2 and
# fd00::1 are virtual addresses. Each pod answers on 8080 with its name and its client's address.
cluster() {
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add pod1 10.244.1.2/24 10.244.1.1/24
  host_add pod2 10.244.2.2/24 10.244.2.1/24
  ip address add 10.0.0.1/32 dev lo
  ip address add 10.0.0.2/32 dev lo
  pod tcp pod1 10.244.1.2
  pod tcp pod2 10.244.2.2
}
cluster6() {
  host_add client fd01::2/64 fd01::1/64
  host_add pod1 fd02:1::2/64 fd02:1::1/64
  host_add pod2 fd02:2::2/64 fd02:2::1/64
  ip -6 address add fd00::1/128 dev lo nodad
  pod tcp pod1 fd02:1::2
  pod tcp pod2 fd02:2::2
}

# service ADDRESS POD-ADDRESS [JSON [PROTOCOL]]: of port 80, as JSON
service() {
  jq -n --arg address "$1" --arg pod "$2" --argjson more "{${3:-}}" --arg protocol "${4:-tcp}" \
    '{address: $address, port: 80, protocol: $protocol,
      destinations: (if $pod == "" then [] else [{address: $pod, port: 8080}] end)} + $more'
}
# state JSON…: of these services
state() { printf '%s\n' "$@" | jq -s '{version: 1, services: .}' >state.json; }

# put_in [STATUS]: as applied, with OPTIONS
put_in() {
  local status=0
  REPORT=$("$AGENT" apply --state state.json --run-dir "$RUN" --output=json "${OPTIONS[@]}" \
    2>apply.err) || status=$?
  [ "$status" = "${1:-0}" ] || {
    cat apply.err
    printf '%s\n' "$REPORT"
    fail "apply: exit status $status instead of ${1:-0}"
  }
}

ours() { nft list table "${1:-ip}" ipvs-node 2>&1; }
there_is_none() { expect_contains "$(ours "${1:-ip}")" "No such file or directory"; }

# All that nftables and sysctls have, as a cleanup has to leave it.
surroundings() {
  nft list ruleset
  sysctl net.ipv4.vs.conntrack net.ipv4.vs.expire_nodest_conn net.ipv4.vs.conn_reuse_mode \
    net.ipv4.ip_forward net.ipv6.conf.all.forwarding
}

# Foreign rules, on every hook that ours are on.
others_have_rules() {
  nft -f - <<'END'
table ip other {
  set some {
    type ipv4_addr
    elements = { 192.0.2.1 }
  }
  chain prerouting {
    type filter hook prerouting priority -150;
    counter
  }
  chain postrouting {
    type nat hook postrouting priority 100;
  }
}
table inet ipvs-node {
  chain of_another_family { }
}
END
}
others_rules() {
  nft list table ip other | sed 's/packets .*//'
  nft list table inet ipvs-node
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Services that are in the kernel and of no use: a warning says why, and goes with its cause.
# netns: fresh
# timeout: 120
# shellcheck source=tests/vm/data/nat.sh
. /usr/lib/vm-tests/data/nat.sh

# said TEXT…: the warnings of the last apply, each with its text, and no others
said() {
  local warnings text
  warnings=$(report '.warnings[]')
  expect_equal "$#" "$(report '.warnings | length')" "number of warnings: $warnings"
  for text in "$@"; do
    expect_contains "$warnings" "$text"
  done
}
# node, node6: this namespace, with a client and a pod; 10.0.0.1, 10.0.0.2 and fd00::1 are local
node() {
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add pod1 10.244.1.2/24 10.244.1.1/24
  ip address add 10.0.0.1/32 dev lo
  ip address add 10.0.0.2/32 dev lo
  pod tcp pod1 10.244.1.2
}
node6() {
  host_add client fd01::2/64 fd01::1/64
  host_add pod1 fd02:1::2/64 fd02:1::1/64
  ip -6 address add fd00::1/128 dev lo nodad
  pod tcp pod1 fd02:1::2
}
forwarding() { echo "$1" >"/proc/sys/net/ipv4/conf/$2/forwarding"; }
answers() { expect_equal "$1" "$(ask tcp 10.0.0.1 80 client)"; }
# is_silent [ADDRESS]
is_silent() {
  local address=${1:-10.0.0.1}
  ! timeout 1 ip netns exec client socat -u "$(socat_type tcp connect "$address"):$(bracketed "$address"):80" - >/dev/null ||
    fail "$address answers"
}

case_address_that_is_not_local() {
  node
  forwarding 1 all
  ip address del 10.0.0.1/32 dev lo
  state "$(service 10.0.0.1 10.244.1.2 '"name": "web"')"
  put_in
  said "tcp 10.0.0.1:80 (web): the virtual address is on no link of this node"
  is_silent
  # A local route of its network, and the address on a link, are both enough.
  ip route add local 10.0.0.0/24 dev lo
  put_in
  said
  answers "pod1 192.168.1.2"
  ip route del local 10.0.0.0/24 dev lo
  ip address add 10.0.0.1/32 dev lo
  put_in
  said
  ip address del 10.0.0.1/32 dev lo
  state "$(service 10.0.0.1 10.244.1.2 '"bind": true')"
  put_in
  said
  answers "pod1 192.168.1.2"
}

case_firewall_marks_and_standbys_need_no_address() { # any kernel
  node
  forwarding 1 all
  state "$(service 10.0.0.1 10.244.1.2 | jq 'del(.address, .port, .protocol) + {fwmark: 7}')"
  put_in
  said
  ip address del 10.0.0.2/32 dev lo
  state "$(service 10.0.0.2 10.244.1.2)"
  jq '. + {syncDaemons: [{role: "backup", interface: "pod1-link", syncId: 1}]}' state.json >new
  mv new state.json
  put_in
  said
}

case_forwarding_that_is_off() {
  node
  state "$(service 10.0.0.1 10.244.1.2)"
  put_in
  said "net.ipv4.conf.pod1-link.forwarding is 0, so that answers of masqueraded destinations"
  is_silent
  # That of the link counts, whatever all links have.
  forwarding 1 all
  put_in
  said
  answers "pod1 192.168.1.2"
  forwarding 0 pod1-link
  put_in
  said "tcp 10.0.0.1:80 -> 10.244.1.2:8080: net.ipv4.conf.pod1-link.forwarding is 0"
  is_silent
  # Direct routing needs none.
  state "$(service 10.0.0.1 10.244.1.2 | jq '.destinations[0] += {port: 80, forward: "direct"}')"
  put_in
  said
}

case_forwarding_of_ipv6_that_is_off() {
  node6
  state "$(service fd00::1 fd02:1::2)"
  put_in
  said "tcp [fd00::1]:80 -> [fd02:1::2]:8080: net.ipv6.conf.all.forwarding is 0"
  is_silent fd00::1
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
  put_in
  said
  expect_contains "$(ask tcp fd00::1 80 client)" pod1
}

case_destination_without_a_route() { # any kernel
  node
  forwarding 1 all
  state "$(service 10.0.0.1 10.244.9.2)" "$(service 10.0.0.2 10.244.9.2 | jq '.destinations[0] += {port: 80, forward: "tunnel"}')"
  put_in
  said "tcp 10.0.0.1:80 -> 10.244.9.2:8080, tcp 10.0.0.2:80 -> 10.244.9.2:80: this node has no route to the destination"
  ip route add 10.244.9.0/24 via 10.244.1.2
  put_in
  said
  ip route add unreachable 10.244.9.2
  put_in
  said "this node has no route to the destination"
}

case_no_destination_that_is_usable() { # any kernel
  node
  forwarding 1 all
  state "$(service 10.0.0.1 "")" "$(service 10.0.0.2 10.244.1.2 | jq '.destinations[0].weight = 0')"
  put_in
  said "tcp 10.0.0.1:80: there is no destination" "tcp 10.0.0.2:80: every destination has weight 0"
}

case_destination_of_loopback() {
  node
  server tcp - 127.0.0.1 8080 here
  state "$(service 10.0.0.1 127.0.0.1)"
  put_in
  said "tcp 10.0.0.1:80 -> 127.0.0.1:8080: the masqueraded destination is a loopback address"
  is_silent
}

case_destination_that_is_the_virtual_address() {
  node
  state "$(service 10.0.0.1 10.0.0.1)"
  put_in
  said "tcp 10.0.0.1:80 -> 10.0.0.1:8080: the destination is the virtual address itself, and no program listens there"
  # A listener is a real server like any other.
  server tcp - 10.0.0.1 8080 here
  put_in
  said
  answers here
}

# What another program's packet filter drops.
chain() { # HOOK [FAMILY [RULE…]]
  nft add table "${2:-inet}" theirs
  nft add chain "${2:-inet}" theirs "$1" "{ type filter hook $1 priority 0; policy drop; }"
  local rule
  for rule in "${@:3}"; do
    nft add rule "${2:-inet}" theirs "$1" "$rule"
  done
}

case_input_policy_that_drops() {
  node
  forwarding 1 all
  state "$(service 10.0.0.1 10.244.1.2)"
  chain input inet 'iif lo accept' 'ct state established,related accept' 'ct state vmap { invalid : drop, established : accept }' \
    'tcp dport { 22, 443 } accept' 'ip protocol icmp accept'
  put_in
  said "tcp 10.0.0.1:80: the chain \`inet theirs input\` of nftables, another program's, drops what comes for the virtual address; let it through there, as \`nft insert rule inet theirs input ip daddr 10.0.0.1 accept\` does"
  is_silent
  nft insert rule inet theirs input ip daddr 10.0.0.1 accept
  put_in
  said
  answers "pod1 192.168.1.2"
  nft delete table inet theirs
  # A chain that accepts some clients' packets was written on purpose.
  chain input ip 'ip saddr 192.168.1.0/24 accept'
  put_in
  said
  answers "pod1 192.168.1.2"
}

case_forward_policy_that_drops() {
  node
  forwarding 1 all
  state "$(service 10.0.0.1 10.244.1.2)"
  iptables -P FORWARD DROP
  iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
  put_in
  said "tcp 10.0.0.1:80 -> 10.244.1.2:8080: the chain \`ip filter FORWARD\` of nftables, another program's, drops the answers of masqueraded destinations on other machines; let it through there, as \`iptables -I FORWARD -s 10.244.1.2 -j ACCEPT\` does"
  is_silent
  # Without connection tracking of its own what IPVS forwards belongs to no connection.
  iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  put_in
  said "drops the answers"
  is_silent
  echo 1 >/proc/sys/net/ipv4/vs/conntrack
  put_in
  said
  answers "pod1 192.168.1.2"
  iptables -F FORWARD
  put_in
  said "as \`iptables -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\` does"
  is_silent
  iptables -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  put_in
  said
  answers "pod1 192.168.1.2"
}

case_forward_policy_of_ipv6_that_drops() {
  node6
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
  state "$(service fd00::1 fd02:1::2)"
  chain forward ip 'ip saddr 10.244.1.2 accept'
  put_in
  said
  chain forward ip6 'ip6 saddr fd02:2::/64 accept'
  put_in
  said "the chain \`ip6 theirs forward\`"
  is_silent fd00::1
  nft insert rule ip6 theirs forward ip6 saddr fd02:1::2 accept
  put_in
  said
  expect_contains "$(ask tcp fd00::1 80 client)" pod1
}

case_output_policy_that_drops() {
  node
  forwarding 1 all
  state "$(service 10.0.0.1 10.244.1.2)"
  chain output inet 'ct state established accept'
  put_in
  said "the chain \`inet theirs output\` of nftables, another program's, drops what IPVS sends to the destination"
  is_silent
  nft add rule inet theirs output ip daddr 10.244.1.2 accept
  put_in
  said
  answers "pod1 192.168.1.2"
}

case_rule_that_rejects_is_as_a_policy() { # any kernel
  node
  forwarding 1 all
  state "$(service 10.0.0.1 10.244.1.2)"
  iptables -A INPUT -p tcp --dport 22 -j ACCEPT
  iptables -A INPUT -j REJECT
  put_in
  said "the chain \`ip filter INPUT\`"
  # What is jumped to and returns decides nothing.
  iptables -N more
  iptables -A more -p udp -j ACCEPT
  iptables -I INPUT -j more
  put_in
  said "the chain \`ip filter INPUT\`"
  iptables -A more -p tcp --dport 80 -j ACCEPT
  put_in
  said
}

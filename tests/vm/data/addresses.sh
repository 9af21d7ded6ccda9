# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What cases about local addresses are written with: source /usr/lib/vm-tests/data/addresses.sh. It has
# data/trust.sh with it.
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# bound ADDRESS…: a state with a service on port 80 of each, local here, each with a destination
bound() {
  jq -n '{version: 1, services: [$ARGS.positional[] | {address: ., port: 80, protocol: "tcp", bind: true,
    destinations: [{address: (if contains(":") then "fd02::2" else "192.168.2.2" end), port: 8080}]}]}' \
    --args "$@" >state.json
}

# released_apply [OPTION…]: as applied, with options and the released program
released_apply() {
  REPORT=$(agent apply --output=json "$@" 2>apply.err) || {
    cat apply.err
    fail "apply: exit status $?"
  }
}

# on_link [NAME]: the addresses on our link, a line each, but for the kernel's own; "" without a link
on_link() {
  { ip -o address show dev "${1:-ipvs0}" 2>/dev/null || true; } | awk '$4 !~ /^fe80:/ { print $4 }' | LC_ALL=C sort
}
own_routes() {
  {
    ip -o route show table local proto 146
    ip -o -6 route show table local proto 146
  } | sed 's/ *$//' | LC_ALL=C sort
}

# Everything about links, addresses, routes and settings of this namespace, without what changes by
# itself.
node_as_it_is() {
  ip -o link show
  ip -o address show
  ip -o route show table all
  ip -o -6 route show table all
  sysctl -a 2>/dev/null | grep -E '^net\.ipv[46]\.(conf|ip_forward|vs)' | grep -v 'stable_secret'
}

# A client (192.168.1.2, fd01::2) and a real server (192.168.2.2, fd02::2), this namespace between them.
client_and_server() {
  # So that nothing changes by itself once it is there.
  echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add real 192.168.2.2/24 192.168.2.1/24
  local n
  for n in 1 2; do
    local host
    host=$([ $n = 1 ] && echo client || echo real)
    ip address add "fd0$n::1/64" dev "$host-link" nodad
    ip -n "$host" address add "fd0$n::2/64" dev eth0 nodad
    ip -n "$host" route add default via "fd0$n::1"
  done
  echo 1 >/proc/sys/net/ipv4/ip_forward
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
  wait_until 40 has "fe80::" ip address show dev client-link
  wait_until 40 has "fe80::" ip address show dev real-link
}
# Answers on port 8080 with the client's address.
peer_server() {
  # shellcheck disable=SC2016
  ip netns exec real socat TCP6-LISTEN:8080,fork,reuseaddr,ipv6only=0 SYSTEM:'echo $SOCAT_PEERADDR' &
  wait_until 40 listens -ltnH 8080 ip netns exec real
}

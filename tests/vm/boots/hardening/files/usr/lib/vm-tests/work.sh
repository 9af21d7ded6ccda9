#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Does the agent's work with other programs; reports what was possible.
did() { echo "did $1"; }

value=$(</proc/sys/net/ipv4/vs/conntrack) && echo "$value" >/proc/sys/net/ipv4/vs/conntrack && did sysctl
ipvsadm -A -t 192.0.2.1:9 -s rr && ipvsadm -D -t 192.0.2.1:9 && did ipvs
ip link add attempt0 type dummy && ip address add 192.0.2.1/32 dev attempt0 && ip link del attempt0 && did link
ip route add local 192.0.2.0/24 dev lo table local && ip route del local 192.0.2.0/24 dev lo table local && did route
nft add table ip attempt && nft delete table ip attempt && did nft
conntrack -L -p udp >/dev/null 2>&1 && did conntrack
touch /run/ipvs-node/attempt && rm /run/ipvs-node/attempt && did record
touch /var/lib/ipvs-node/attempt && rm /var/lib/ipvs-node/attempt && did copy
exit 0

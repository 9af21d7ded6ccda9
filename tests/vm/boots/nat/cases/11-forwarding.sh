# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Turning forwarding on turns other things in the kernel as well.
# netns: fresh
# timeout: 120
# shellcheck source=tests/vm/data/nat.sh
. /usr/lib/vm-tests/data/nat.sh

redirects=/proc/sys/net/ipv4/conf/all/accept_redirects

case_redirects_come_back_as_they_were() {
  local found
  host_add pod1 10.244.1.2/24 10.244.1.1/24
  state "$(service 10.0.0.1 10.244.1.2 '"sourceNat": true')"
  for found in 0 1; do
    echo $found >$redirects
    put_in
    expect_equal "1 0" "$(cat /proc/sys/net/ipv4/ip_forward $redirects | xargs)"
    agent cleanup
    expect_equal "0 $found" "$(cat /proc/sys/net/ipv4/ip_forward $redirects | xargs)" "found: $found"
  done
  # A node that forwards anyway has what it wants.
  echo 1 >/proc/sys/net/ipv4/ip_forward
  echo 1 >$redirects
  put_in
  expect_equal 1 "$(cat $redirects)"
}

# advertise: the client is a router for half an hour (RFC 4861, 4.2); the kernel sums it up
advertise() {
  printf '\x86\x00\x00\x00\x40\x00\x07\x08\x00\x00\x00\x00\x00\x00\x00\x00' |
    ip netns exec client socat -u - 'IP6-SENDTO:[ff02::1%eth0]:58,setsockopt-int=41:18:255'
}
routes() { ip -6 route show default; }

case_default_route_by_router_advertisement_is_not_lost() {
  host_add client fd01::2/64 fd01::1/64
  host_add pod1 fd02:1::2/64 fd02:1::1/64
  wait_until 40 has "fe80::" ip -n client -6 address show dev eth0 scope link -tentative
  wait_until 40 has "fe80::" ip -6 address show dev client-link scope link -tentative
  advertise
  wait_until 40 has "proto ra" routes
  state "$(service fd00::1 fd02:1::2 '"sourceNat": true')"
  put_in 3
  expect_contains "$(report '.failures[].text')" \
    "net.ipv6.conf.all.forwarding stays as it is: with 1 the kernel would drop the default route that client-link has by router advertisement; set net.ipv6.conf.client-link.accept_ra to 2 first"
  expect_contains "$(routes)" "proto ra"
  expect_equal 0 "$(cat /proc/sys/net/ipv6/conf/all/forwarding)"
  expect_contains "$(ipvsadm -Sn)" "-A -t [fd00::1]:80"
  echo 2 >/proc/sys/net/ipv6/conf/client-link/accept_ra
  put_in
  expect_equal 1 "$(cat /proc/sys/net/ipv6/conf/all/forwarding)"
  expect_contains "$(routes)" "proto ra"
}

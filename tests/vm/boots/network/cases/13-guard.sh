# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Addresses that the node cannot do without are refused, each with its reason; the rest works.
# netns: fresh
# timeout: 120
# shellcheck source=tests/vm/data/addresses.sh
. /usr/lib/vm-tests/data/addresses.sh

failures() { report '.failures[] | "\(.object): \(.text)"' | LC_ALL=C sort; }
services() { ipvsadm -Sn | sed -n '/^-A/p' | LC_ALL=C sort; }

case_addresses_of_the_network_are_refused() { # any kernel
  client_and_server
  ip route add default via 192.168.1.2
  ip -6 route add default via fd01::2
  bound 10.0.0.1 192.168.1.2 fd01::2 127.0.0.53 169.254.169.254 fe80::5 ::1
  edit '.services[1].name = "gateway"'
  applied 3
  expect_equal "tcp 127.0.0.53:80: refused: 127.0.0.53 is in 127.0.0.0/8, the loopback network
tcp 169.254.169.254:80: refused: 169.254.169.254 is in 169.254.0.0/16, the link-local network
tcp 192.168.1.2:80: refused: 192.168.1.2 is the node's default gateway
tcp [::1]:80: refused: ::1 is in ::1/128, the loopback network
tcp [fd01::2]:80: refused: fd01::2 is the node's default gateway
tcp [fe80::5]:80: refused: fe80::5 is in fe80::/10, the link-local network" "$(failures)"
  expect_equal '"gateway"' "$(report '.failures[] | select(.object == "tcp 192.168.1.2:80") | .name | tojson')"
  expect_equal "7 6" "$(report '"\(.services) \(.servicesFailed)"')"
  expect_equal "-A -t 10.0.0.1:80 -s rr" "$(services)"
  expect_equal "10.0.0.1/32" "$(on_link)"
  expect_status 1 agent diff
  expect_contains "$OUTPUT" "tcp 192.168.1.2:80: refused: 192.168.1.2 is the node's default gateway"
  expect_status 1 agent diff --output=json
  expect_equal '["tcp 192.168.1.2:80","gateway","refused: 192.168.1.2 is the node'"'"'s default gateway"]' \
    "$(jq -c '.refused[] | select(.name == "gateway") | [.object, .name, .text]' <<<"$OUTPUT")"
}

case_nameserver_is_refused() { # any kernel
  bound 10.0.0.1 10.9.9.9
  printf 'search example\nnameserver 10.9.9.9\n' >resolv.conf
  [ -e /etc/resolv.conf ] || : >/etc/resolv.conf
  mount --bind resolv.conf /etc/resolv.conf
  applied 3
  # The administrator knows better.
  released_apply --permit 10.9.9.0/24
  expect_equal 2 "$(services | wc -l)"
  applied 3
  umount /etc/resolv.conf
  expect_equal "tcp 10.9.9.9:80: refused: 10.9.9.9 is a nameserver of /etc/resolv.conf; the option --permit=10.9.9.9 permits it" \
    "$(failures)"
  expect_equal "-A -t 10.0.0.1:80 -s rr" "$(services)"
  applied
  expect_equal 2 "$(services | wc -l)"
}

case_ports_of_the_node_are_its_own() { # any kernel
  client_and_server
  bound 192.168.1.1 10.0.0.1
  edit '.services += [.services[0] | .port = (22, 10250, 8000)] + [.services[0] | .port = 8000 | .protocol = "udp"]'
  server tcp - 192.168.1.1 80 mine
  server udp - 192.168.1.1 8000 mine
  applied 3
  local end='on an address of the node itself; "overLocal" permits it'
  expect_equal "tcp 192.168.1.1:10250: refused: tcp port 10250 is that of the kubelet, $end
tcp 192.168.1.1:22: refused: tcp port 22 is that of SSH, $end
tcp 192.168.1.1:80: refused: tcp port 80 is in use by a program here, $end
udp 192.168.1.1:8000: refused: udp port 8000 is in use by a program here, $end" "$(failures)"
  expect_equal "-A -t 10.0.0.1:80 -s rr
-A -t 192.168.1.1:8000 -s rr" "$(services)"
  expect_equal "10.0.0.1/32" "$(on_link)" "nothing is bound that is there"
  expect_equal mine "$(tcp_ask 192.168.1.1 80 client)"
  edit '.services |= map(.overLocal = true)'
  applied
  expect_equal 6 "$(services | wc -l)"
  expect_equal "10.0.0.1/32" "$(on_link)"
  server tcp real 192.168.2.2 8080 theirs
  expect_equal theirs "$(tcp_ask 192.168.1.1 80 client)"
}

# An address that the state does not make local, and the node has.
case_own_addresses_without_bind() {
  client_and_server
  bound 192.168.1.1 fd01::1 10.0.0.1
  edit '.services |= map(del(.bind)) | .services += [.services[0, 1] | .port = (22, 8000)]'
  server tcp - 192.168.1.1 80 mine
  server tcp - fd01::1 80 mine
  applied 3
  local end='on an address of the node itself; "overLocal" permits it'
  expect_equal "tcp 192.168.1.1:22: refused: tcp port 22 is that of SSH, $end
tcp 192.168.1.1:80: refused: tcp port 80 is in use by a program here, $end
tcp [fd01::1]:22: refused: tcp port 22 is that of SSH, $end
tcp [fd01::1]:80: refused: tcp port 80 is in use by a program here, $end" "$(failures)"
  expect_equal "-A -t 10.0.0.1:80 -s rr
-A -t 192.168.1.1:8000 -s rr
-A -t [fd01::1]:8000 -s rr" "$(services)"
  expect_equal mine "$(tcp_ask 192.168.1.1 80 client)"
  expect_equal mine "$(tcp_ask fd01::1 80 client)"
  # The address comes to the node later: what is there stays, but for the ports that it lives by.
  edit '.services |= map(select(.address == "10.0.0.1")) | .services += [.services[0] | .port = 22]'
  applied
  ip address add 10.0.0.1/24 dev client-link
  applied 3
  expect_equal "tcp 10.0.0.1:22: refused: tcp port 22 is that of SSH, $end" "$(failures)"
  expect_equal "-A -t 10.0.0.1:80 -s rr" "$(services)"
}

# The program that listens at the virtual address is the destination itself.
case_listener_that_is_a_destination() {
  client_and_server
  bound 192.168.1.1 fd01::1
  edit '.services |= map(.destinations = [{address: .address, port: 80}])'
  server tcp - 192.168.1.1 80 mine
  server tcp - fd01::1 80 mine
  start_daemon --resync=1s
  in_sync
  wait_until 40 has_reconciled 2
  expect_equal "[]" "$(of_status .report.warnings)"
  expect_equal "-A -t 192.168.1.1:80 -s rr
-A -t [fd01::1]:80 -s rr" "$(services)"
  expect_equal mine "$(tcp_ask 192.168.1.1 80 client)"
  expect_equal mine "$(tcp_ask fd01::1 80 client)"
  # The kernel brings its counts up to date every two seconds.
  wait_until 40 has_counted_one
}
has_counted_one() { ipvsadm -Ln --stats | grep -E '^TCP +192\.168\.1\.1:80 +1 '; }

case_reserved_addresses_are_nobodys() { # any kernel
  bound 10.0.0.1 10.0.5.1 fd00::5
  edit '.services |= map(.overLocal = true)'
  expect_status 3 agent apply --reserve 10.0.5.0/24,fd00::5 --permit 10.0.5.1 --output=json
  REPORT=$(sed -n '/^{/,$p' <<<"$OUTPUT")
  expect_equal "tcp 10.0.5.1:80: refused: 10.0.5.1 is reserved by the option --reserve
tcp [fd00::5]:80: refused: fd00::5 is reserved by the option --reserve" "$(failures)"
  expect_equal "10.0.0.1/32" "$(on_link)"
  expect_status 2 agent apply --reserve 10.0.5.1 --service-cidr 10.0.0.0/16
  expect_contains "$OUTPUT" \
    "--reserve: 10.0.5.1/32 is in --service-cidr 10.0.0.0/16, of which every address is local here"
  expect_status 2 agent apply --reserve kube-system
  expect_contains "$OUTPUT" "--reserve: 'kube-system' is not an address, nor a network such as 192.0.2.0/24"
  expect_status 2 agent apply --permit 10.0.5
  expect_contains "$OUTPUT" "--permit: '10.0.5' is neither an address or network nor the name of a namespace"
}

# A program that listens on every address, and one that only does so on IPv6.
case_listeners_on_every_address() {
  client_and_server
  socat TCP6-LISTEN:80,fork,reuseaddr,ipv6only=1 SYSTEM:"echo six" &
  wait_until 40 listens -ltnH 80
  bound 192.168.1.1 fd01::1
  applied 3
  expect_match "$(failures)" '^tcp \[fd01::1\]:80: refused: tcp port 80 is in use'
  expect_equal "-A -t 192.168.1.1:80 -s rr" "$(services)"
  server tcp - 0.0.0.0 80 mine
  applied 3
  expect_equal "-A -t 192.168.1.1:80 -s rr" "$(services)" "one that is there stays"
  agent cleanup
  applied 1
  expect_equal 2 "$(failures | wc -l)"
  expect_equal "" "$(services)" "a new one is refused"
}

case_a_port_of_our_own_address_is_nobodys() { # any kernel
  socat TCP6-LISTEN:80,fork,reuseaddr,ipv6only=0 SYSTEM:"echo mine" &
  wait_until 40 listens -ltnH 80
  bound 10.0.0.1
  applied
  expect_equal "10.0.0.1/32" "$(on_link)"
  # Nor later, when it stands on our link, or by a process that has just begun.
  applied
  expect_equal 0 "$(report .kernelWrites)"
}

# Otherwise any program that can open a socket could take a service away.
case_service_that_is_there_stays_when_a_program_listens() { # any kernel
  client_and_server
  bound 192.168.1.1 10.0.0.1
  start_daemon --resync=1s
  in_sync
  socat TCP4-LISTEN:80,bind=192.168.1.1,fork,reuseaddr SYSTEM:"echo mine" &
  local listener=$!
  wait_until 40 has "a local program also listens on tcp 192.168.1.1:80; the virtual service takes its traffic" \
    of_status '.report.warnings[]'
  expect_status 0 agent status
  expect_equal 2 "$(services | wc -l)"
  end_daemon
  start_daemon --resync=1s
  expect_equal 2 "$(services | wc -l)" "after a restart"
  # One that is new is refused, and comes when the program is gone.
  edit '.services |= map(select(.address != "192.168.1.1"))'
  wait_until 40 has_services 1
  edit '.services += [.services[0] | .address = "192.168.1.1"] + [.services[0] | .address = "192.168.1.1" | .port = 22]'
  wait_until 40 has "tcp port 80 is in use by a program here" agent status
  expect_status 3 agent status
  # In what only a change of the state is looked at for, too.
  edit '.services += [.services[0] | .port = 81]'
  wait_until 40 has "-A -t 10.0.0.1:81" ipvsadm -Sn
  wait_until 40 has "degraded: 2 of 4 services, 2 failed" agent status
  expect_equal 2 "$(services | wc -l)"
  kill "$listener"
  wait_until 40 has_services 3
  wait_until 40 has "degraded: 3 of 4 services, 1 failed" agent status
}
has_services() { [ "$(services | wc -l)" = "$1" ]; }

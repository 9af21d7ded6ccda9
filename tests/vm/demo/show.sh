#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: shows what happened at boot, then uses it. Any step that fails ends the demo.
set -euo pipefail
export TMP=/run LC_ALL=C.UTF-8
. /usr/lib/vm-tests/lib.sh

verdict() {
  [ $? = 0 ] && echo passed >/dev/ttyS1 || printf '\nThe demo FAILED at: %s\n' "$step"
  sleep 0.2
  systemctl --force --force poweroff
}
trap verdict EXIT
show() { printf '\n\033[1m== %s\033[0m\n' "$*"; step=$*; }
run() { printf '$ %s\n' "$*"; "$@"; }

show "A stock kernel, started $(cut -d. -f1 /proc/uptime) seconds ago, with nothing prepared by hand"
run uname -srv
expect_status 0 grep -w ip_vs /proc/modules

show "ipvs-preflight loaded the modules, proved that IPVS works, and reported"
journalctl --quiet --no-pager -b -o cat _SYSTEMD_UNIT=ipvs-preflight.service
expect_equal active "$(property_of ipvs-preflight ActiveState)"

show "It told systemd that it is ready; only then was ipvs-agent started"
journalctl --quiet --no-pager -b -o short-monotonic -t systemd -u ipvs-preflight -u ipvs-agent
ready=$(property_of ipvs-preflight ActiveEnterTimestampMonotonic)
started=$(property_of ipvs-agent InactiveExitTimestampMonotonic)
ended=$(property_of ipvs-agent ActiveEnterTimestampMonotonic)
printf 'preflight ready at %d.%06d s, agent started %d us later and ready after another %d us\n' \
  $((ready / 1000000)) $((ready % 1000000)) $((started - ready)) $((ended - started))
[ "$ready" -gt 0 ] && [ "$started" -ge "$ready" ] && [ "$ended" -gt "$started" ]

show "The state file"
run cat /etc/ipvs-node/state.json

show "What the agent says"
run ipvs-agent status
expect_equal "in sync: 1 service" "$(property_of ipvs-agent StatusText)"

show "What the kernel has, by our reader and by ipvsadm"
run ipvs-agent list
run ipvsadm -Sn
expect_equal "-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.1.11:8080 -m -w 1
-a -t 10.0.0.1:80 -r 10.0.1.12:8080 -m -w 1" "$(ipvsadm -Sn)"

show "Two real servers and a client, each in a network namespace; this machine is between them"
ip link add servers type bridge
ip address add 10.0.1.1/24 dev servers
ip link set servers up
for n in 1 2; do
  host_add "server$n" "10.0.1.1$n/24"
  ip link set "server$n-link" master servers
  ip -n "server$n" route add default via 10.0.1.1
  tcp_server "server$n" "10.0.1.1$n" 8080 "hello from server$n, 10.0.1.1$n"
done
host_add client 10.0.2.2/24 10.0.2.1/24
ip address add 10.0.0.1/32 dev lo
echo "client 10.0.2.2 -- this machine, virtual address 10.0.0.1 -- server1 10.0.1.11, server2 10.0.1.12"

show "Eight connections from the client to 10.0.0.1:80"
for _ in 1 2 3 4 5 6 7 8; do tcp_ask 10.0.0.1 80 client; done | tee /run/answers
for n in 1 2; do
  expect_equal 4 "$(grep -cx "hello from server$n, 10.0.1.1$n" /run/answers)" "server$n's share"
done

show "The kernel counted them"
run ipvs-agent list
run ipvsadm -Ln --stats

show "Done: booted, prepared, programmed, and eight connections reached two servers, four each"

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What cases about what is ours, and what becomes of connections, are written with: source
# /usr/lib/vm-tests/data/trust.sh. It has data/agent.sh with it.
# shellcheck source=tests/vm/data/agent.sh
. /usr/lib/vm-tests/data/agent.sh

# full_or_short FULL SHORT: how much of something; make check-full takes the full form
full_or_short() { if [ "${SHORT:-}" = 1 ]; then echo "$2"; else echo "$1"; fi; }

lacks() { ! has "$@"; }

# --- the table and the record -----------------------------------------------------------------

# The foreign part of the table; others_are_untouched compares.
others_have_services() {
  ipvsadm -R <<'END'
-A -t 10.99.0.1:1 -s wlc
-a -t 10.99.0.1:1 -r 10.99.1.1:1 -m -w 7
-a -t 10.99.0.1:1 -r 10.99.1.2:1 -m -w 0
-A -u 10.99.0.1:1 -s rr
END
}
others_are_untouched() {
  expect_equal "-A -t 10.99.0.1:1 -s wlc
-A -u 10.99.0.1:1 -s rr
-a -t 10.99.0.1:1 -r 10.99.1.1:1 -m -w 7
-a -t 10.99.0.1:1 -r 10.99.1.2:1 -m -w 0" "$(ipvsadm -Sn | grep ' 10\.99\.' | LC_ALL=C sort)" \
    "what others have was touched${1:+: $1}"
}

# All that an agent sets, in an order of its own: the kernel's is that of creation.
everything() {
  {
    whole_table
    sysctl net.ipv4.vs.conn_reuse_mode net.ipv4.vs.expire_nodest_conn \
      net.ipv4.vs.expire_quiescent_template
  } | LC_ALL=C sort
}

# What the record says is ours, a line each; a later line about a key replaces an earlier one.
recorded() {
  [ -e "$RUN/owned" ] || return 0
  awk '{ sub(/ [0-9a-f]+$/, "") }
    $1 == "owned" || $1 == "intended" || $1 == "struck" { last["service " $2 " " $3 " " $4] = $1 " " $2 " " $3 " " $4 }
    $1 == "daemon" || $1 == "daemon-intended" { last["daemon " $2] = $1 " " $2 }
    $1 == "timeouts" { last[$1] = $0 }
    $1 == "sysctl" { last[$1 " " $2] = $0 }
    $1 == "drain" { last["drain " $2 " " $3 " " $4 " " $5 " " $6] = "drain " $2 " " $3 " " $4 " " $5 " " $6 }
    END { for (key in last) if (last[key] !~ /^struck /) print last[key] }' "$RUN/owned" | LC_ALL=C sort
}

# checksummed: a record's lines with their checksums, from the lines without; the form is that of
# agent/store/ownership_file_form.h.
checksummed() {
  local line i byte sum=$((0x1f5c9d3b))
  while IFS= read -r line; do
    for ((i = 0; i < ${#line}; i++)); do
      printf -v byte %d "'${line:i:1}"
      sum=$(((sum ^ byte) * 16777619 & 0xffffffff))
    done
    printf '%s %08x\n' "$line" "$sum"
  done
}
without_checksums() { sed 's/ [0-9a-f]*$//' "$@"; }

# --- the daemon -------------------------------------------------------------------------------

# start_daemon [OPTION…]: the released program, or PROGRAM; returns after its first reconcile. What
# it logs goes to ./log.
start_daemon() {
  "${PROGRAM:-/usr/sbin/ipvs-agent}" run --state state.json --run-dir "$RUN" "$@" 2>>log &
  DAEMON=$!
  wait_until 30 has_reconciled 1
}
has_reconciled() {
  [ "$(jq -r 'select(.report != null) | .pid' "$RUN/status.json")" = "$DAEMON" ] &&
    [ "$(jq .reconciles "$RUN/status.json")" -ge "$1" ]
}
# end_daemon [SIGNAL]
end_daemon() {
  kill "-${1:-TERM}" "$DAEMON"
  wait "$DAEMON" 2>/dev/null || true
}
in_sync() { expect_status 0 agent status --wait=30s; }
# of_status FILTER: of status.json
of_status() { jq -r "$1" "$RUN/status.json"; }
# new_state FILE or edit FILTER under another name first, so that the daemon never sees half of it
new_state() { cp "$1" state.json.new && mv state.json.new state.json; }
# How many writes it has logged, a line each. The report in status.json is only of the last reconcile,
# and an edited state may have been seen by the watch before an apply asks for it.
writes() { grep -cE 'ipvs-agent: (new|set|delete|start|stop) ' log || true; }
# logged N TEXT: the log has N lines with this text
logged() {
  [ "$1" = "$(grep -cF -- "$2" log || true)" ] || {
    grep -F -- "$2" log || true
    fail "the log has not $1 lines with: $2"
  }
}

# --- connections ------------------------------------------------------------------------------

# A client with 200 addresses, 192.168.1.2 and on; two real servers that say their names and then
# give back what they are sent; this namespace the node between them, 10.0.0.1 its virtual address.
clients_and_servers() {
  host_add client 192.168.1.2/24 192.168.1.1/24
  host_add real1 192.168.2.2/24 192.168.2.1/24
  host_add real2 192.168.3.2/24 192.168.3.1/24
  seq 3 201 | sed 's/.*/address add 192.168.1.&\/24 dev eth0/' | ip -n client -batch -
  echo 1 >/proc/sys/net/ipv4/ip_forward
  ip address add 10.0.0.1/32 dev lo
  echo_server real1 192.168.2.2 8080 one
  echo_server real2 192.168.3.2 8080 two
}

# state_of_two [JSON]: tcp 10.0.0.1:80 with both, its members changed by JSON
state_of_two() {
  jq -n --argjson more "{${1:-}}" '{version: 1, services: [{address: "10.0.0.1", port: 80, protocol: "tcp",
    destinations: [{address: "192.168.2.2", port: 8080}, {address: "192.168.3.2", port: 8080}]} * $more]}' \
    >state.json
}
without_one() { edit '.services[0].destinations |= map(select(.address != "192.168.2.2"))'; }

echo_server() { # NETNS ADDRESS PORT NAME
  ip netns exec "$1" perl /usr/lib/vm-tests/data/echo.pl "$2" "$3" "$4" &
  wait_until 40 listens -ltnH "$3" ip netns exec "$1"
}

# clients FIRST LAST [PORT]: a new connection to 10.0.0.1 from each of the client's addresses
# 192.168.1.FIRST to .LAST, all open at once; counts the answers
clients() {
  timeout 60 ip netns exec client perl /usr/lib/vm-tests/data/clients.pl "$1" "$2" "${3:-80}" |
    sort | uniq -c | sed 's/^ *//'
}

# held_by NAME: an open connection to this server, from the first of the client's addresses that
# gets there, with the process HELD. It ends with a reset: the kernel forgets that in ten seconds, an
# ordered end in two minutes.
held_by() {
  local i
  for i in $(seq 2 41); do
    rm -f held-in held
    mkfifo held-in
    ip netns exec client socat - "TCP4:10.0.0.1:80,bind=192.168.1.$i,linger=0" <held-in >held &
    HELD=$!
    exec 5>held-in
    wait_until 40 test -s held
    [ "$(head -n 1 held)" != "$1" ] || return 0
    let_go
  done
  fail "no connection got to $1"
}
still_held() {
  echo "$1" >&5
  wait_until 40 grep -qx "$1" held
}
let_go() {
  # No SIGTERM: socat would end it in order before it goes.
  kill -KILL "$HELD"
  wait "$HELD" 2>/dev/null || true
  exec 5>&-
}
destinations() { ipvsadm -Sn | sed -n 's/^-a -t 10.0.0.1:80 -r //p' | LC_ALL=C sort; }

# transfer: starts sending numbered blocks through 10.0.0.1:80 and back, both ways at once, until
# transfer_ends; its server is real1, port 8080
transfer() {
  rm -f stop sent received
  TRANSFER_BEGAN=$SECONDS
  {
    local block i=0
    printf -v block '%01023d' 0
    until [ -e stop ]; do
      printf '%012d %s\n' $((i++)) "$block"
      sleep 0.05
    done | tee sent
  } | ip netns exec client socat -t 20 - TCP4:10.0.0.1:80 >received &
  TRANSFER=$!
  transfer_goes_on
}
# Blocks that are sent from now on come back.
transfer_goes_on() {
  local size
  size=$(stat -c %s sent 2>/dev/null || echo 0)
  wait_until 40 is_larger_than received $((size + 4096))
}
is_larger_than() { [ "$(stat -c %s "$1")" -gt "$2" ]; }
# After ten seconds at least, and byte for byte.
transfer_ends() {
  while [ $((SECONDS - TRANSFER_BEGAN)) -lt 11 ]; do sleep 0.5; done
  transfer_goes_on
  expect_equal 1 "$(ipvsadm -Lcn | grep -c 'ESTABLISHED.* 10\.0\.0\.1:80 ')" "connections of the transfer"
  touch stop
  wait "$TRANSFER" || fail "the transfer broke off"
  expect_equal "$({ echo one && cat sent; } | sha256sum)" "$(sha256sum <received)" "what came back of $(stat -c %s sent) bytes"
}

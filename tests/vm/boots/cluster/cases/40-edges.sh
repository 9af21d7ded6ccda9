# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The daemon while something uses up what it shares with others: connections, descriptors, room in
# its folder, inotify instances. The table stays right, `status` says what is so, and all is well again by
# itself within ten seconds of the end.
# netns: fresh
# timeout: 300
# any kernel
# shellcheck source=tests/vm/data/cluster.sh
. /usr/lib/vm-tests/data/cluster.sh

native() {
  jq -n --arg weight "$1" '{version: 1, services: [{name: "web", address: "10.0.0.1", port: 80,
    protocol: "tcp", destinations: [{address: "10.0.1.1", port: 80, weight: ($weight | tonumber)}]}]}'
}
change() { native "$1" >new.json && mv new.json "${2:-state.json}"; }
weight_is() { ipvsadm -Sn | grep -qx -- "-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w $1"; }
status_says() { has "$1" "$AGENT" status --run-dir "$RUN"; }
status_is() {
  local status=0
  "$AGENT" status --run-dir "$RUN" || status=$?
  [ "$status" = "$1" ]
}
# soon COMMAND…: within the ten seconds that the daemon has to recover in; emulation and others' load take time, too
soon() { wait_until 30 "$@"; }
# ticks: what the daemon has used of the processor, in hundredths of a second
ticks() { awk '{ print $14 + $15 }' "/proc/$DAEMON/stat"; }

http() { printf 'GET /healthz HTTP/1.0\r\n\r\n' | timeout 20 socat -t 15 - "TCP4:127.0.0.1:$1" 2>&1 | tr -d '\r'; }
local_web() {
  service web '{"type": "LoadBalancer", "clusterIP": "10.96.0.1", "externalTrafficPolicy": "Local",
    "healthCheckNodePort": 32000, "ports": [{"name": "http", "port": 80}]}'
  slice web '[{"name": "http", "port": 8080, "protocol": "TCP"}]' "[$1]"
}
local_state() { local_web "$1" | list >new.json && mv new.json state.json; }

# crowd COUNT: so many connections to the health check port, each of which sends a byte now and then, opened
# again when they are closed, until the case ends
crowd() {
  # shellcheck disable=SC2016
  perl -MSocket -MFcntl -e '
    my ($count) = @ARGV;
    my $address = pack_sockaddr_in(32000, inet_aton("127.0.0.1"));
    my (@open, $made);
    while (1) {
      while (@open < 250) {
        socket(my $s, PF_INET, SOCK_STREAM, 0) or last;
        fcntl($s, F_SETFL, O_NONBLOCK);
        connect($s, $address);
        push @open, $s;
        $made++;
      }
      if ($made >= $count && !-e "crowd") { open(my $f, ">", "crowd"); }
      syswrite($_, "G") for @open;
      select(undef, undef, undef, 0.02);
      splice(@open, 0, 100);
    }' "$1" &
  CROWD=$!
}

case_crowd_at_a_health_check_port() {
  local_state "$(endpoint 10.1.0.1 a)"
  start_daemon --resync=2s --node-name a
  soon has '200 OK' http 32000
  ip addr add 127.0.0.2/8 dev lo
  crowd "$(full_or_short 10000 2000)"
  wait_until 200 test -e crowd
  # The crowd goes on: an honest question is answered, drift and a new state are seen to.
  soon has '200 OK' http 32000
  ipvsadm -D -t 10.96.0.1:80
  soon has '10.96.0.1:80' ipvsadm -Sn
  local_state "$(endpoint 10.1.0.9 a)"
  soon has 10.1.0.9 ipvsadm -Sn
  status_is 0 || fail "status: $("$AGENT" status --run-dir "$RUN")"
  expect_equal 1 "$(($(find "/proc/$DAEMON/fd" -type l | wc -l) < 400))"
  kill "$CROWD"
  soon has '200 OK' http 32000
}

case_slow_clients_are_let_go() {
  local_state "$(endpoint 10.1.0.1 a)"
  start_daemon --resync=1h --node-name a
  soon has '200 OK' http 32000
  local i
  for i in 1 2 3; do
    { while sleep 0.5; do printf G || break; done; } | socat - TCP4:127.0.0.1:32000 >/dev/null 2>&1 &
  done
  wait_until 20 has 3 open_connections
  soon has 0 open_connections
  soon has '200 OK' http 32000
}
open_connections() { ss -tnH state established "sport = :32000" | wc -l; }

case_descriptors_used_up() {
  change 1
  start_daemon --resync=1h
  expect_match "$(cat "/proc/$DAEMON/limits")" "Max open files +[0-9]{5,}"
  local before used
  prlimit --pid "$DAEMON" --nofile=8:65536
  change 2
  soon status_is 3
  status_says "Too many open files" || status_says "cannot write its status" ||
    fail "status: $("$AGENT" status --run-dir "$RUN")"
  weight_is 1 || fail "the table has changed"
  before=$(ticks)
  socat - "UNIX-CONNECT:$RUN/control" </dev/null &
  sleep 1
  used=$(($(ticks) - before))
  [ "$used" -lt 80 ] || fail "the daemon is busy: $used hundredths of a second"
  prlimit --pid "$DAEMON" --nofile=65536:65536
  soon weight_is 2
  soon status_is 0
  expect_status 0 "$AGENT" apply --state state.json --run-dir "$RUN"
}

# full BLOCKS: the daemon's folder is a file system of its own, with that many free blocks taken
run_folder() {
  mkdir -p run
  mount -t tmpfs -o size=256k,nr_inodes=64 tmpfs run
  RUN=$PWD/run/agent
  mkdir "$RUN"
}
fill() { dd if=/dev/zero of=run/filler bs=4k 2>/dev/null || true; }

case_full_folder() {
  run_folder
  change 1
  start_daemon --resync=1h --data-dir "$TMP"
  expect_equal 1 "$(jq .services[0].destinations[0].weight "$TMP/last-good")"
  fill
  # What is ours already needs no room, and the status makes its own.
  change 2
  soon weight_is 2
  soon status_is 0
  wait_until 30 has_reconciled 2
  # What is not ours yet is written down first.
  native 3 | jq '.services += [range(250) | {address: "10.0.2.\(. % 250)", port: 80, protocol: "udp"}]' >new.json
  mv new.json state.json
  soon status_is 3
  status_says "No space left on device" || status_says "cannot write its status" ||
    fail "status: $("$AGENT" status --run-dir "$RUN")"
  expect_not_contains "$(ipvsadm -Sn)" "10.0.2.7:80 -s"
  rm run/filler
  soon weight_is 3
  soon status_is 0
  umount -l run
}

case_start_in_a_full_folder() {
  run_folder
  fill
  change 1
  "$AGENT" run --state state.json --run-dir "$RUN" --data-dir "$TMP" --resync 1h 2>>"$TMP/log" &
  DAEMON=$!
  wait_until 40 grep -q "there is no room for the number of this process" log
  soon status_is 3
  expect_status 1 "$AGENT" run --state state.json --run-dir "$RUN" --data-dir "$TMP"
  expect_contains "$OUTPUT" "a daemon is running already: an unknown process holds $RUN/lock"
  rm run/filler
  soon weight_is 1
  soon status_is 0
  soon grep -qx "$DAEMON" "$RUN/lock"
  umount -l run
}

case_no_inotify_instance() {
  local instances
  instances=$(sysctl -n fs.inotify.max_user_instances)
  change 1
  sysctl -qw fs.inotify.max_user_instances=0
  "$AGENT" run --state state.json --run-dir "$RUN" --resync 1h 2>>"$TMP/log" &
  DAEMON=$!
  soon weight_is 1
  status_says "changes of the state may be seen late: cannot watch $PWD/state.json: no inotify instance is left" ||
    { sysctl -qw fs.inotify.max_user_instances="$instances"; fail "$("$AGENT" status --run-dir "$RUN")"; }
  change 2
  soon weight_is 2
  sysctl -qw fs.inotify.max_user_instances="$instances"
  soon watches_again
  change 3
  soon weight_is 3
  soon lacks "may be seen late" "$AGENT" status --run-dir "$RUN"
}
watches_again() { find "/proc/$DAEMON/fd" -lname "*inotify*" | grep -q .; }

# Links come and go faster than the daemon may look at them.
case_link_events_put_nothing_off() {
  jq '.syncDaemons = [{role: "master", interface: "nosuch0"}]' <<<"$(native 1)" >state.json
  start_daemon --resync=3s
  ip link add flap type dummy
  { while :; do echo "link set flap up"; echo "link set flap down"; done | ip -batch -; } &
  sleep 1
  ipvsadm -e -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 7
  soon weight_is 1
  kill %2 || true
}

case_mount_over_the_folder() {
  mkdir state.d other
  change 1 state.d/a.json
  change 2 other/a.json
  "$AGENT" run --state state.d --run-dir "$RUN" --resync 2s 2>>log &
  DAEMON=$!
  soon weight_is 1
  mount --bind other state.d
  soon weight_is 2
  # From now on it is watched there: no resync is waited for.
  change 3 state.d/a.json
  soon weight_is 3
  grep -q "state.d changed" log || fail "$(cat log)"
  umount state.d
  soon weight_is 1
}

# A daemon that hangs is not in sync, whatever it said before.
case_status_of_a_daemon_that_hangs() {
  change 1
  start_daemon --resync=1s
  status_is 0
  local now
  now=$(jq .writtenMonotonicMilliseconds "$RUN/status.json")
  kill -STOP "$DAEMON"
  jq ".writtenMonotonicMilliseconds = -100000" "$RUN/status.json" >"$RUN/new" && mv "$RUN/new" "$RUN/status.json"
  expect_match "$now" "^[0-9]+$"
  status_is 3
  status_says "has written no status for"
  expect_status 3 "$AGENT" status --run-dir "$RUN" --output=json
  expect_equal unknown "$(jq -r .outcome <<<"$OUTPUT")"
  kill -CONT "$DAEMON"
  soon status_is 0
}

# --- another network namespace ---

# elsewhere COMMAND…: in another network namespace
# shellcheck disable=SC2016
elsewhere() { unshare --net bash -c 'ip link set lo up && exec "$@"' bash "$@"; }

case_record_of_another_namespace_is_refused() {
  change 1
  expect_status 0 "$AGENT" apply --state state.json --run-dir "$RUN"
  local owned command
  owned=$(cat "$RUN/owned")
  for command in apply run cleanup; do
    expect_status 1 elsewhere "$AGENT" $command --run-dir "$RUN" --state state.json
    expect_contains "$OUTPUT" "$RUN belongs to another network namespace of this machine: name a folder for this one by --run-dir"
  done
  expect_status 2 elsewhere "$AGENT" diff --run-dir "$RUN" --state state.json
  expect_contains "$OUTPUT" "belongs to another network namespace"
  expect_equal "$owned" "$(cat "$RUN/owned")"
  if [ -e "$RUN/status.json" ] || [ -e "$RUN/control" ]; then fail "the other daemon has been here"; fi
  weight_is 1
  # With a folder of its own it is as free as anywhere.
  expect_status 0 elsewhere "$AGENT" apply --run-dir "$TMP/other" --state state.json
  # What is no longer named does not conflict with anything.
  expect_status 0 "$AGENT" cleanup --run-dir "$RUN"
  expect_status 0 elsewhere "$AGENT" apply --run-dir "$RUN" --state state.json
}

case_daemon_of_another_namespace_is_not_asked() {
  change 1
  start_daemon --resync=1h
  local command reconciles
  reconciles=$(jq .reconciles "$RUN/status.json")
  for command in apply run cleanup "apply --reload"; do
    # shellcheck disable=SC2086
    expect_status 1 elsewhere "$AGENT" $command --run-dir "$RUN" --state state.json
    expect_contains "$OUTPUT" "belongs to another network namespace"
  done
  expect_equal "$reconciles" "$(jq .reconciles "$RUN/status.json")"
  expect_status 0 "$AGENT" apply --state state.json --run-dir "$RUN"
}

case_last_good_state_of_another_namespace_is_not_taken() {
  change 1
  expect_status 0 "$AGENT" apply --state state.json --run-dir "$RUN" --data-dir "$TMP/data"
  expect_equal 1 "$(jq .services[0].destinations[0].weight "$TMP/data/last-good")"
  change 2
  expect_status 0 elsewhere "$AGENT" apply --state state.json --run-dir "$TMP/other" --data-dir "$TMP/data"
  expect_contains "$OUTPUT" "$TMP/data belongs to another network namespace: name a folder for this one by --data-dir"
  expect_equal 1 "$(jq .services[0].destinations[0].weight "$TMP/data/last-good")"
}

# --- messages ---

case_apply_says_which_changes() {
  change 1
  expect_status 0 "$AGENT" apply --state state.json --run-dir "$RUN"
  expect_contains "$OUTPUT" "in sync: 1 service (2 changes)"
  expect_match "$OUTPUT" "^  .*10.0.0.1:80"
  expect_match "$OUTPUT" "^  .*10.0.1.1:80"
  change 2
  expect_status 0 "$AGENT" apply --state state.json --run-dir "$RUN"
  expect_contains "$OUTPUT" "(1 change)"
  start_daemon --resync=1h
  jq '.services += [range(20) | {address: "10.0.2.\(.)", port: 80, protocol: "udp"}]' state.json >new.json
  mv new.json state.json
  expect_status 0 "$AGENT" apply --state state.json --run-dir "$RUN"
  [[ $OUTPUT == *"(0 changes)"* ]] || expect_contains "$OUTPUT" "  … and 10 more"
}

case_status_says_why_the_preflight_holds_the_daemon_back() {
  local report=/run/ipvs-preflight/report.json
  [ ! -e $report ] || cp $report "$TMP/kept"
  mkdir -p /run/ipvs-preflight
  echo '{"version": 1, "ready": false, "status": "not ready: ip_vs: not in this kernel"}' >$report
  expect_status 1 "$AGENT" status --run-dir "$RUN"
  if [ -e "$TMP/kept" ]; then cp "$TMP/kept" $report; else rm $report; fi
  expect_equal "no daemon is running
  preflight       not ready: ip_vs: not in this kernel" "$OUTPUT"
}

# A copy never has more readers than its state, even if the folder already exists.
case_copy_has_no_more_readers() {
  change 1
  chmod 640 state.json
  expect_status 0 "$AGENT" apply --state state.json --run-dir "$RUN" --data-dir "$TMP/data"
  expect_equal 640 "$(stat -c %a "$TMP/data/last-good")"
  mkdir state.d
  cp state.json state.d/a.json
  chmod 600 state.d/a.json
  chown 65534:65534 "$TMP/data"
  expect_status 0 "$AGENT" apply --state state.d --run-dir "$RUN" --data-dir "$TMP/data"
  expect_equal "600 root" "$(stat -c '%a %U' "$TMP/data/last-good/a.json")"
  # What its owner may read anyway is the owner's, to replace.
  chmod 644 state.d/a.json
  touch state.d/a.json
  change 3 state.d/a.json
  expect_status 0 "$AGENT" apply --state state.d --run-dir "$RUN" --data-dir "$TMP/data"
  expect_equal "644 65534" "$(stat -c '%a %u' "$TMP/data/last-good/a.json")"
  expect_equal 65534 "$(stat -c %u "$TMP/data/last-good")"
}

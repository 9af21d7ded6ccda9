# netns: fresh
# timeout: 180
# The daemon beside the commands, and what becomes of the table when it ends.
# any kernel

state() {
  cat <<END
{ "version": 1, "services": [
  { "name": "web", "address": "10.0.0.1", "port": 80, "protocol": "tcp", "scheduler": "${1:-rr}",
    "destinations": [ { "address": "10.0.1.1", "port": 80 }, { "address": "10.0.1.2", "port": 80 } ] },
  { "name": "dns", "address": "10.0.0.2", "port": 53, "protocol": "udp" } ] }
END
}

# start [OPTION…]: and wait until it has said something
start() {
  "$AGENT" run --state state.json --run-dir "$RUN" "$@" 2>>"$TMP/log" &
  DAEMON=$!
  wait_until 40 test -s "$RUN/status.json"
  wait_until 40 said_something
}
said_something() { [ "$(jq .pid "$RUN/status.json")" = "$DAEMON" ] && [ "$(jq .reconciles "$RUN/status.json")" != 0 ]; }
# ended [SIGNAL]: ends it and leaves its exit status in ENDED
end() {
  kill "-${1:-TERM}" "$DAEMON"
  ENDED=0
  wait "$DAEMON" || ENDED=$?
}
agent() { "$AGENT" "$1" --state state.json --run-dir "$RUN" "${@:2}"; }

case_daemon_stop_leaves_the_table() {
  state >state.json
  start
  local table
  table=$(ipvsadm -Sn)
  expect_contains "$table" "-a -t 10.0.0.1:80 -r 10.0.1.2:80 -m -w 1"
  local signal
  for signal in TERM INT; do
    end $signal
    expect_equal 0 "$ENDED"
    expect_equal "$table" "$(ipvsadm -Sn)"
    expect_status 1 agent status
    expect_contains "$OUTPUT" "no daemon is running; what the last one said:"
    start
    expect_equal 0 "$(jq .report.kernelWrites "$RUN/status.json")" "a restart writes nothing"
  done
  expect_contains "$(cat log)" "stopping on SIGINT; the kernel's table stays as it is"
  end KILL
  expect_equal "$table" "$(ipvsadm -Sn)"
  expect_status 1 agent status
  start
  expect_equal 0 "$(jq .report.kernelWrites "$RUN/status.json")" "nor does one after SIGKILL"
}

case_daemon_is_alone() {
  state >state.json
  start
  expect_status 1 agent run
  expect_contains "$OUTPUT" "a daemon is running already: pid $DAEMON holds $RUN/lock"
  expect_status 0 agent status
}

case_daemon_does_what_apply_asks() {
  state >state.json
  start --resync 1h
  expect_status 0 agent apply
  expect_contains "$OUTPUT" "in sync: 2 services"
  # What the watch cannot see, because it is in the kernel.
  ipvsadm -d -t 10.0.0.1:80 -r 10.0.1.2:80
  expect_status 0 agent apply --output=json
  expect_equal 1 "$(jq .report.changes "$RUN/status.json")"
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:80 -r 10.0.1.2:80 -m -w 1"
  state nosuch >new && mv new state.json
  expect_status 3 agent apply
  expect_contains "$OUTPUT" "nosuch"
  cp state.json other.json
  expect_status 1 "$AGENT" apply --state other.json --run-dir "$RUN"
  expect_match "$OUTPUT" "ipvs-agent runs \(pid [0-9]+\) with the state $TMP/state.json: leave --state out to apply that, or stop it to apply another one \(systemctl stop ipvs-agent\)"
  expect_status 1 setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$AGENT" apply --state "$TMP/state.json" --run-dir "$RUN"
}

case_commands_without_a_state_mean_the_daemons() {
  state >state.json
  start --resync 1h
  ipvsadm -d -t 10.0.0.1:80 -r 10.0.1.2:80
  expect_status 1 "$AGENT" diff --run-dir "$RUN"
  expect_contains "$OUTPUT" "the state is the running daemon's, $TMP/state.json"
  expect_contains "$OUTPUT" "new destination tcp 10.0.0.1:80 -> 10.0.1.2:80"
  expect_status 0 "$AGENT" check --run-dir "$RUN"
  expect_contains "$OUTPUT" "$TMP/state.json: valid: 2 services"
  expect_status 0 "$AGENT" check --run-dir "$RUN" state.json
  expect_equal "state.json: valid: 2 services, 2 destinations" "$OUTPUT"
  expect_status 0 "$AGENT" apply --run-dir "$RUN"
  expect_contains "$OUTPUT" "in sync: 2 services"
  expect_status 0 "$AGENT" diff --run-dir "$RUN"
  # Without a daemon it is the file that every node has.
  end
  expect_status 0 "$AGENT" check --run-dir "$RUN"
  expect_contains "$OUTPUT" "/etc/ipvs-node/state.json: valid: "
}

case_daemon_repairs_drift() {
  state >state.json
  start --resync 1s
  ipvsadm -E -t 10.0.0.1:80 -s wrr
  ipvsadm -d -t 10.0.0.1:80 -r 10.0.1.1:80
  ipvsadm -D -u 10.0.0.2:53
  # Where reading takes long, the daemon resyncs fifty times that long after.
  wait_until 60 has "-A -u 10.0.0.2:53 -s rr" ipvsadm -Sn
  wait_until 60 has "-A -t 10.0.0.1:80 -s rr" ipvsadm -Sn
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 1"
}

case_daemon_status_and_wait() {
  state nosuch >state.json
  start --resync 1h
  expect_status 3 agent status
  expect_contains "$OUTPUT" "degraded: 1 of 2 services, 1 failed: web: "
  expect_contains "$OUTPUT" "  failed: tcp 10.0.0.1:80 (web): "
  expect_contains "$OUTPUT" "nosuch"
  expect_status 3 agent status --wait=1s
  (sleep 1 && state >new && mv new state.json) &
  expect_status 0 agent status --wait=20s
  expect_contains "$OUTPUT" "in sync: 2 services"
  expect_status 0 agent status --output=json
  expect_equal in-sync "$(jq -r .outcome <<<"$OUTPUT")"
  expect_equal "$DAEMON" "$(jq .pid <<<"$OUTPUT")"
  expect_equal true "$(jq .running <<<"$OUTPUT")"
  expect_match "$(jq -r .since <<<"$OUTPUT")" '^20[0-9-]+T[0-9:]+\.[0-9]{3}Z$'
  expect_equal 3600000 "$(jq .resyncMilliseconds <<<"$OUTPUT")"
}

case_daemon_logs_a_failure_once() {
  state nosuch >state.json
  start --resync 1s
  wait_until 90 enough_reconciles 5
  expect_equal 1 "$(grep -c 'tcp 10.0.0.1:80 (web): .*nosuch' log)"
  expect_equal 1 "$(grep -c 'degraded: ' log)"
}
enough_reconciles() { [ "$(jq .reconciles "$RUN/status.json")" -ge "$1" ]; }

case_daemon_starts_a_sync_daemon_when_its_link_appears() {
  cat >state.json <<'END'
{ "version": 1, "services": [], "syncDaemons": [ { "role": "backup", "interface": "late0", "syncId": 7 } ] }
END
  start --resync 1h
  expect_status 3 agent status
  expect_contains "$OUTPUT" "failed: sync daemon backup: "
  # Until the next retry is far off, so that it is the link that brings it.
  wait_until 60 next_retry_is_far
  expect_not_contains "$(ipvsadm -Ln --daemon)" late0
  ip link add late0 type dummy
  ip link set late0 up
  wait_until 10 has "backup sync daemon (mcast=late0, syncid=7" ipvsadm -Ln --daemon
  expect_status 0 agent status --wait=30s
}
next_retry_is_far() {
  [ "$(jq '.report.failures[0].nextMicroseconds // 0' "$RUN/status.json")" -gt 11000000 ]
}

case_daemon_takes_its_turn_after_a_command() {
  state >state.json
  # A command that holds the lock for two seconds (an apply that was stopped on its way).
  mkdir -p "$RUN"
  # 37 is F_OFD_SETLK, and what is packed a struct flock: the first byte, for writing.
  perl -e 'open F, "+>>", $ARGV[0] or die; my $range = pack("ssx4qqlx4", 1, 0, 0, 1, 0);
    fcntl F, 37, $range or die; syswrite F, "$$\n"; sleep 2' "$RUN/lock" &
  wait_until 40 test -s "$RUN/lock"
  expect_status 1 agent status
  start
  expect_status 0 agent status
}

case_daemon_reloads_on_sighup() {
  state >state.json
  start --resync 1h
  ipvsadm -D -u 10.0.0.2:53
  kill -HUP "$DAEMON"
  wait_until 40 has "-A -u 10.0.0.2:53 -s rr" ipvsadm -Sn
  expect_contains "$(cat log)" "reloading $TMP/state.json"
}

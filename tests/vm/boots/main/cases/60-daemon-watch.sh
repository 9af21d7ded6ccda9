# netns: fresh
# The daemon follows its state wherever it comes from. The resync is an hour away: what is seen is
# seen by the watch.
# any kernel

# a state with one service on this port
state() { printf '{"version":1,"services":[{"address":"10.0.0.1","port":%s,"protocol":"tcp"}]}\n' "$1"; }

# start PATH: and wait for the first reconcile
start() {
  "$AGENT" run --state "$1" --run-dir "$RUN" --resync 1h 2>"$TMP/log" &
  DAEMON=$!
  wait_until 40 test -s "$RUN/status.json"
  wait_until 40 no_longer starting
}
no_longer() { ! has "$1" "$AGENT" status --run-dir "$RUN"; }
# the service on this port, and no other
wait_for_port() { wait_until 40 has_only "$1"; }
has_only() {
  local table
  table=$(ipvsadm -Sn)
  printf '%s\n' "$table"
  [ "$table" = "-A -t 10.0.0.1:$1 -s rr" ]
}

case_watch_rename() {
  state 81 >state.json
  start state.json
  wait_for_port 81
  state 82 >new && mv new state.json
  wait_for_port 82
  state 83 >new && mv new state.json
  wait_for_port 83
}

case_watch_in_place() {
  state 81 >state.json
  start state.json
  wait_for_port 81
  state 82 >state.json
  wait_for_port 82
}

case_watch_waits_for_quiet() {
  state 81 >state.json
  start state.json
  wait_for_port 81
  # In pieces, each of which alone is broken: never refused, because they follow one another fast.
  local text i
  text=$(state 82)
  : >state.json
  for ((i = 0; i < ${#text}; i += 30)); do
    printf '%s' "${text:i:30}" >>state.json
  done
  wait_for_port 82
  expect_not_contains "$(cat log)" "last good state of "
}

case_watch_link_swap() {
  mkdir one two
  state 81 >one/a.json
  state 82 >two/b.json
  ln -s one/a.json state.json
  start state.json
  wait_for_port 81
  ln -s two/b.json new && mv -T new state.json
  wait_for_port 82
  state 83 >two/b.json
  wait_for_port 83
}

case_watch_config_map() {
  mkdir -p mount/..1 mount/..2
  state 81 >mount/..1/state.json
  state 82 >mount/..2/state.json
  ln -s ..1 mount/..data
  ln -s ..data/state.json mount/state.json
  start mount/state.json
  wait_for_port 81
  ln -s ..2 mount/..new && mv -T mount/..new mount/..data
  wait_for_port 82
}

case_watch_missing_directory() {
  start later/on/state.json
  expect_status 3 "$AGENT" status --run-dir "$RUN"
  expect_contains "$OUTPUT" "no state: "
  mkdir later
  mkdir later/on
  state 81 >later/on/state.json
  wait_for_port 81
  "$AGENT" status --run-dir "$RUN" --wait=10s >/dev/null
}

case_watch_removal_changes_nothing() {
  state 81 >state.json
  start state.json
  wait_for_port 81
  rm state.json
  wait_until 40 has "Z in use: $TMP/state.json: does not exist" "$AGENT" status --run-dir "$RUN"
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:81 "
  state 82 >state.json
  wait_for_port 82
}

case_watch_broken_state_changes_nothing() {
  state 81 >state.json
  start state.json
  wait_for_port 81
  echo '{ "version": 1, "services": [ { } ] }' >state.json
  wait_until 40 has "last good state of " "$AGENT" status --run-dir "$RUN"
  expect_status 3 "$AGENT" status --run-dir "$RUN"
  expect_contains "$OUTPUT" "state.json:1: services[0]"
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:81 "
  state 82 >state.json
  wait_for_port 82
  expect_status 0 "$AGENT" status --run-dir "$RUN"
}

case_watch_directory() {
  mkdir states
  state 81 >states/a.json
  start states
  wait_for_port 81
  state 82 >states/b.json
  wait_until 40 has "-A -t 10.0.0.1:82 " ipvsadm -Sn
  rm states/a.json
  wait_for_port 82
  echo "not a state" >states/README
  rm states/b.json
  # A directory without a state is a missing state, not an empty one.
  wait_until 40 has "Z in use: $TMP/states: has no *.json file" "$AGENT" status --run-dir "$RUN"
  expect_contains "$(ipvsadm -Sn)" "-A -t 10.0.0.1:82 "
}

case_watch_others_files_cost_nothing() {
  state 81 >state.json
  start state.json
  wait_for_port 81
  local before after
  before=$(jq .reconciles "$RUN/status.json")
  for _ in $(seq 50); do
    echo x >other.json
    mv other.json another
  done
  sleep 3
  after=$(jq .reconciles "$RUN/status.json")
  expect_equal "$before" "$after"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The daemon is killed at any instant while its state changes; what starts after it knows what is ours.
# netns: fresh
# timeout: 1200
# any kernel
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# Six states that have next to nothing in common with their neighbours.
six_states() {
  local n
  for n in 0 1 2 3 4 5; do
    jq -n --argjson n "$n" '{version: 1,
      services: [range(1; 3 + $n % 4) as $s | {address: "10.0.0.\($s)", port: (80 + $n % 2), protocol: "tcp",
        scheduler: (["rr", "wrr", "sh"][($n + $s) % 3]),
        destinations: [range(1 + ($n + $s) % 3) | {address: "10.0.1.\(. + $n)", weight: ($n + 1)}]}
        + if ($n + $s) % 4 == 0 then {persistence: {timeout: 60}} else {} end],
      timeouts: {tcp: (1000 + $n)}, sysctls: {"net.ipv4.vs.conn_reuse_mode": ($n % 2)}}
      + if $n % 3 == 1 then {syncDaemons: [{role: "master", interface: "lo", syncId: $n}]} else {} end' >"$n.json"
    STATE=$n.json agent apply >apply.out 2>&1
    everything >"$n.table"
    recorded >"$n.record"
  done
  agent cleanup >cleanup.out 2>&1
}

daemon_has_spoken() { [ "$(jq .pid "$RUN/status.json")" = "$DAEMON" ]; }

case_killed_at_two_hundred_random_instants() {
  local seed=${SEED:-$EPOCHSECONDS} i n=0 nothing kills
  kills=$(full_or_short 200 40)
  echo "seed $seed"
  RANDOM=$seed
  others_have_services
  nothing=$(everything)
  six_states
  expect_equal "$nothing" "$(everything)" "cleanup leaves something"
  cp 0.json state.json
  start_daemon --resync=1h
  for ((i = 1; i <= kills; i++)); do
    n=$(((n + 1 + RANDOM % 5) % 6))
    new_state "$n.json"
    sleep "$(printf '0.%03d' $((RANDOM % 300)))"
    end_daemon KILL
    /usr/sbin/ipvs-agent run --state state.json --run-dir "$RUN" --resync=1h 2>>log &
    DAEMON=$!
    [ $((i % 5)) = 0 ] || continue
    wait_until 30 daemon_has_spoken
    in_sync
    expect_equal "$(cat "$n.table")" "$(everything)" "kill $i, seed $seed, state $n"
    expect_equal "$(cat "$n.record")" "$(recorded)" "kill $i, seed $seed, state $n: the record"
    others_are_untouched "kill $i, seed $seed"
  done
  end_daemon
  logged 0 "drift: "
  expect_status 0 agent cleanup
  expect_equal "$nothing" "$(everything)" "seed $seed: cleanup leaves something"
}

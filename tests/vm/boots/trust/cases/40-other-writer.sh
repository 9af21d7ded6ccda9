# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Another program writes to the same table all the time. Dumps of a table that changes miss and repeat
# entries; nothing follows from that for anybody.
# netns: fresh
# timeout: 720
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# A thousand services of somebody else's: all of them come and go, again and again, until ./stop is there;
# in the end all of them are there.
other_writer() {
  seq 0 999 | awk '{ at = "10.50." int($1 / 250) "." $1 % 250 ":80"
    print "-A -t " at " -s rr" >"add"; print "-D -t " at >"delete" }'
  echo 0 >rounds
  {
    until [ -e stop ]; do
      ipvsadm -R <add
      ipvsadm -R <delete
      echo $(($(<rounds) + 1)) >rounds
    done
    ipvsadm -R <add
  } 2>other.err &
  OTHER=$!
}
theirs() { ipvsadm -Sn | sed -n '/ 10\.50\./p' | LC_ALL=C sort; }
ours() { ipvsadm -Sn | sed '/ 10\.50\./d' | LC_ALL=C sort; }

twenty_services() {
  jq -n '{version: 1, services: [range(20) | {address: "10.0.0.\(.)", port: 80, protocol: "tcp",
    destinations: [{address: "10.0.1.1"}, {address: "10.0.1.2", weight: (. + 1)}]}]}' >state.json
}

case_two_hundred_reconciles_beside_a_thousand_services_of_others() {
  local i wanted reconciles
  reconciles=$(full_or_short 200 50)
  twenty_services
  start_daemon --resync=1s
  wanted=$(ours)
  other_writer
  for ((i = 0; i < reconciles; i++)); do
    agent apply >apply.out 2>&1 || fail "reconcile $i: $(cat apply.out)"
  done
  touch stop
  wait "$OTHER"
  echo "$(<rounds) rounds of the other writer, $(of_status .reconciles) reconciles"
  [ "$(<rounds)" -ge 2 ] || fail "the other writer made only $(<rounds) rounds"
  expect_equal "" "$(cat other.err)" "somebody else's services were touched"
  expect_equal "$(LC_ALL=C sort add)" "$(theirs)"
  expect_equal "$wanted" "$(ours)"
  # What the last reconcile counted was counted while they came and went.
  expect_status 0 agent apply
  in_sync
  logged 0 "drift: "
  logged 0 "failed"
  expect_equal 1000 "$(of_status .report.foreignServices)"
  expect_equal 0 "$(of_status .driftRepaired)"
}

# The same while the state changes, too: each change is there in the end, and nothing else.
case_state_changes_beside_a_writer() { # any kernel
  local i changes
  changes=$(full_or_short 20 8)
  twenty_services
  start_daemon --resync=1s
  other_writer
  for ((i = 1; i <= changes; i++)); do
    twenty_services
    edit ".services[].destinations[0].weight = $i | del(.services[$((i % 20))])
      | .services[$((i % 7))].destinations[1].address = \"10.0.1.$((i + 2))\""
    agent apply >apply.out 2>&1 || fail "change $i: $(cat apply.out)"
  done
  touch stop
  wait "$OTHER"
  end_daemon
  expect_equal "" "$(cat other.err)" "somebody else's services were touched"
  expect_equal "$(LC_ALL=C sort add)" "$(theirs)"
  logged 0 "drift: "
  expect_status 0 agent diff
  expect_status 0 agent cleanup
  expect_equal "" "$(ours)"
  expect_equal 1000 "$(theirs | wc -l)"
}

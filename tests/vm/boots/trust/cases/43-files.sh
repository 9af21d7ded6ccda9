# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The files that an agent keeps: a record that cannot be written, no room for the last good state, a
# state that is missing, broken or empty when the daemon starts.
# netns: fresh
# timeout: 270
# any kernel
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# With its own run directory a daemon keeps the last good state there by default.
good=$RUN/last-good

two_services() {
  jq -n '{version: 1, services: [range(1; 3) | {address: "10.0.0.\(.)", port: 80, protocol: "tcp",
    destinations: [{address: "10.0.1.1"}]}]}' >state.json
}
# limited FOLDER: a small file system, which full leaves without room for another byte
limited() { mount -t tmpfs -o size=128k,nr_inodes=64 tmpfs "$1"; }
full() { cat /dev/zero >"$1/filler" 2>/dev/null || true; }

# changed: an edit, a service that leaves, a destination and a service that are new
changed() {
  edit '.services[0].destinations[0].weight = 9 | .services[0].destinations += [{address: "10.0.1.2"}]
    | del(.services[1]) | .services += [{address: "10.0.0.3", port: 80, protocol: "tcp", destinations: []}]'
  wait_until 40 has "-r 10.0.1.1:80 -m -w 9" ipvsadm -Sn
  wait_until 40 lacks "10.0.0.2:80" ipvsadm -Sn
  others_are_untouched
}
all_is_well_again() {
  wait_until 30 has "-A -t 10.0.0.3:80" ipvsadm -Sn
  in_sync
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:80 -r 10.0.1.2:80 -m -w 1"
  expect_equal "owned tcp 10.0.0.1 80
owned tcp 10.0.0.3 80" "$(recorded)"
  end_daemon
  expect_status 0 agent cleanup
  others_are_untouched
}

# What is ours is still looked after; nothing becomes ours that the record could not name. The record
# alone is read-only: neither can it be appended to nor another be put in its place.
case_record_that_cannot_be_written() {
  others_have_services
  two_services
  start_daemon --resync=1s
  mount --bind "$RUN/owned" "$RUN/owned"
  mount -o remount,bind,ro "$RUN/owned"
  changed
  wait_until 40 has "owned: " agent status
  expect_status 3 agent status
  expect_match "$OUTPUT" 'owned: .*: nothing new is created until it can be written'
  expect_contains "$OUTPUT" "not created: the record of what is ours cannot be written"
  expect_not_contains "$(ipvsadm -Sn)" "10.0.0.3:80"
  # A restart knows what is ours all the same.
  end_daemon KILL
  start_daemon --resync=1s
  expect_contains "$(agent status)" "nothing new is created until it can be written"
  expect_not_contains "$(ipvsadm -Sn)" "10.0.0.3:80"
  umount "$RUN/owned"
  all_is_well_again
}

# Without room for the status either. A line may still fit into the record's last page: then it is
# there, and its service may be.
case_record_on_a_full_file_system() {
  others_have_services
  limited "$RUN"
  two_services
  start_daemon --resync=1s
  full "$RUN"
  changed
  sleep 3
  if has "10.0.0.3:80" ipvsadm -Sn; then
    expect_contains "$(recorded)" "tcp 10.0.0.3 80"
  fi
  kill -0 "$DAEMON" || fail "it died of it"
  rm "$RUN/filler"
  all_is_well_again
}

case_first_apply_without_a_record_creates_nothing() {
  two_services
  limited "$RUN"
  full "$RUN"
  expect_status 1 agent apply
  expect_contains "$OUTPUT" "$RUN"
  expect_equal "" "$(ipvsadm -Sn)"
  rm "$RUN/filler"
  expect_status 0 agent apply
}

case_full_data_directory_is_a_warning() {
  local good=$TMP/data/last-good
  two_services
  mkdir data
  limited data
  start_daemon --resync=1s --data-dir "$TMP/data"
  wait_until 40 test -s "$good"
  full data
  edit '.services[0].destinations[0].weight = 9'
  wait_until 40 has "-r 10.0.1.1:80 -m -w 9" ipvsadm -Sn
  in_sync
  wait_until 40 grep -q "last-good" log
  expect_contains "$(agent status)" "last-good"
  # What was there is whole.
  jq -e '.services | length == 2' "$good" >/dev/null
  rm data/filler
  edit '.services[0].destinations[0].weight = 8'
  wait_until 40 has_good '.services[0].destinations[0].weight == 8'
}
has_good() { jq -e "$1" "$good" >/dev/null; }

case_last_good_state_is_written_when_it_changed() {
  two_services
  start_daemon --resync=1s
  wait_until 40 has_good '.services | length == 2'
  local inode
  inode=$(stat -c %i "$good")
  sleep 3
  expect_equal "$inode" "$(stat -c %i "$good")" "written without a change"
  STATE="$good" expect_status 0 agent diff
  edit '.services |= .[:1]'
  wait_until 40 has_good '.services | length == 1'
}

# last_good_holds TEXT COMMAND…: the daemon starts on a state that COMMAND has made bad, and puts back
# what is missing of the last good one.
last_good_holds() {
  two_services
  start_daemon
  wait_until 40 test -s "$good"
  end_daemon
  local table
  table=$(ipvsadm -Sn)
  "${@:2}"
  ipvsadm -D -t 10.0.0.2:80
  ipvsadm -e -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 0
  # An apply prints the problem and changes nothing.
  expect_status 1 agent apply
  expect_not_contains "$(ipvsadm -Sn)" "10.0.0.2:80"
  start_daemon --resync=1s
  expect_equal "$table" "$(ipvsadm -Sn)"
  expect_status 3 agent status
  expect_match "$OUTPUT" "last good state of 20[0-9-]+T[0-9:]+Z in use: .*$1"
  ipvsadm -D -t 10.0.0.1:80
  wait_until 40 has "-r 10.0.1.1:80 -m -w 1" ipvsadm -Sn
  two_services
  edit '.services |= .[:1]'
  wait_until 40 has_one_service
  in_sync
}
has_one_service() { [ "$(ipvsadm -Sn | grep -c '^-A')" = 1 ]; }

case_missing_state_at_the_start() { last_good_holds "state.json.* does not exist" rm state.json; }
case_broken_state_at_the_start() { last_good_holds "state.json:[0-9]+:[0-9]+: " truncate --size=-9 state.json; }
case_empty_state_at_the_start() { last_good_holds "state.json" truncate --size=0 state.json; }

case_without_a_last_good_state_nothing_is_done() {
  others_have_services
  echo '{' >state.json
  start_daemon
  expect_status 3 agent status
  expect_not_contains "$OUTPUT" "last good state"
  rm state.json
  wait_until 40 has "no state: " agent status
  others_are_untouched
  expect_equal 4 "$(ipvsadm -Sn | wc -l)"
}

case_damaged_last_good_state_is_none() {
  two_services
  start_daemon
  wait_until 40 test -s "$good"
  end_daemon
  local table
  table=$(ipvsadm -Sn)
  echo '{ "version": 1, "services": [ { } ] }' >"$good"
  rm state.json
  start_daemon
  wait_until 40 has "no state: " agent status
  expect_equal "$table" "$(ipvsadm -Sn)"
}

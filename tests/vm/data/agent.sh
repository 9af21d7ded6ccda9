# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What cases about the agent are written with: source /usr/lib/vm-tests/data/agent.sh

# The state under test is ./state.json; REPORT is the JSON of the last apply.

# service JSON…: a state with these members of a service beside address, port and protocol tcp
one_service() { jq -n --argjson more "{$1}" \
  '{version: 1, services: [{address: "10.0.0.1", port: 80, protocol: "tcp", destinations: []} * $more]}' \
  >state.json; }

# one_destination JSON: a state with one service and one destination with these members
one_destination() { jq -n --argjson more "{$1}" \
  '{version: 1, services: [{address: "10.0.0.1", port: 80, protocol: "tcp",
    destinations: [{address: "10.0.1.1", port: 80} * $more]}]}' >state.json; }

# edit FILTER: changes the state by a jq filter
edit() { jq "$1" state.json >edited.json && mv edited.json state.json; }

# agent COMMAND ARG…: the released program, which is much faster here than the sanitized one
agent() { /usr/sbin/ipvs-agent "$1" --state "${STATE:-state.json}" --run-dir "$RUN" "${@:2}"; }

# applied [STATUS]: applies the state with the sanitized program and keeps the report
applied() {
  local status=0
  REPORT=$("$AGENT" apply --state "${STATE:-state.json}" --run-dir "$RUN" --output=json \
    2>apply.err) || status=$?
  [ "$status" = "${1:-0}" ] || {
    cat apply.err
    printf '%s\n' "$REPORT"
    fail "apply: exit status $status instead of ${1:-0}"
  }
}

report() { jq -r "$1" <<<"$REPORT"; }

# Everything that ipvsadm shows of what can be set.
# Without the first line's number of connection buckets, which newer kernels change as they need.
whole_table() {
  ipvsadm -Sn
  ipvsadm -Ln --thresholds | grep -v '^IP Virtual Server'
  ipvsadm -Ln --timeout
  ipvsadm -Ln --daemon
}

# planned: the kinds of the operations that apply would send, a line each
planned() { agent apply --dry-run --output=json | jq -r '.operations[].operation'; }

# saved_is_the_table: what save prints is a state that wants nothing else
saved_is_the_table() {
  "$AGENT" save >saved.json
  STATE=saved.json expect_status 0 agent diff
  expect_equal "" "$OUTPUT" "the saved state is not the table"
}

# settled: a second apply writes nothing; what save gives makes the same table from nothing
settled() {
  local table
  table=$(whole_table)
  applied
  expect_equal 0 "$(report .kernelWrites)" "a second apply writes"
  saved_is_the_table
  agent cleanup >cleanup.out 2>&1
  expect_equal "" "$(ipvsadm -Sn)" "cleanup leaves something"
  STATE=saved.json agent apply >apply.out 2>&1
  expect_equal "$table" "$(whole_table)"
}

# edited_in_place FILTER OPERATION: the edit is one write of this kind, nothing is left to do after
# it, and save gives it back
edited_in_place() {
  edit "$1"
  expect_equal "$2" "$(planned)" "the plan of $1"
  applied
  expect_equal 1 "$(report .kernelWrites)" "writes for $1"
  expect_equal "" "$(planned)" "a second apply after $1"
  saved_is_the_table
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What bash and zsh complete: bash's function as bash calls it, zsh on a terminal.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
programs=$(realpath "${BUILD:-build}/sanitized")
export PATH=$programs:$PATH
failures=0

fail() {
  printf '%s\n' "$*"
  failures=$((failures + 1))
}

# shellcheck source=packaging/completions/ipvs-agent.bash
. packaging/completions/ipvs-agent.bash

# of_bash WORD…: what is offered for the last one
of_bash() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  _ipvs_node
  printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' '
}

# offers WANTED WORD…
offers() {
  local wanted=$1 found
  shift
  found=$(of_bash "$@")
  [ "$wanted" = "$found" ] || fail "bash: $*: '$found', not '$wanted'"
}

has() {
  local wanted=$1 found
  shift
  found=$(of_bash "$@")
  [[ " $found " == *" $wanted "* ]] || fail "bash: $*: '$found' has no '$wanted'"
}

complete -p ipvs-agent ipvs-preflight >/dev/null || fail "bash: the programs have no completion"
offers "apply check cleanup convert diff list run save status" ipvs-agent ""
offers "save status" ipvs-agent s
offers "--config --help --log-level --output --run-dir --version --wait" ipvs-agent status --
offers "--node-name --node-port-addresses" ipvs-agent check --node-
has --strict-ready ipvs-agent run --s
has --version ipvs-agent --v
offers "json text" ipvs-agent status --output = ""
offers json ipvs-agent status --output = js
offers "json text" ipvs-agent status --output =
offers "all equal none" "$programs/ipvs-agent" apply --adopt ""
offers "drop none reject" ipvs-agent run --no-endpoints = ""
offers "debug" ipvs-agent run --log-level d
offers "sed sh" ipvs-agent run --scheduler s
offers "examples/sip.json examples/sticky-web.json examples/sync-and-tuning.json" ipvs-agent check examples/s
offers "examples/sip.json" ipvs-agent apply --state examples/si
offers "--check --config --conn-tab-bits" ipvs-preflight --c
offers "json text" ipvs-preflight --output = ""
has ipvs-agent ipvs-preflight --exec -- ipvs-a
offers "examples/sip.json" ipvs-agent check -- examples/si
offers "" ipvs-agent nonsense --x
offers "" ipvs-agent run "--a/b" --x
offers "" no-such-program --

timeout 600 zsh -f tests/docs/completions.zsh "$programs" || fail "zsh: see above"
echo "$failures failures"
[ "$failures" = 0 ]

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The code blocks of the documents can be pasted: blocks.py. First, that it refuses what cannot.
set -euo pipefail
shopt -s nullglob

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
blocks() { /usr/bin/python3 tests/docs/blocks.py "${BUILD:-build}/sanitized" "$@"; }

# expect_refused MESSAGE LANGUAGE LINE…
expect_refused() {
  local found
  printf '%s\n' "\`\`\`$2" "${@:3}" '```' >"$folder/broken.md"
  if found=$(blocks "$folder/broken.md") || [[ $found != *"$1"* ]]; then
    printf 'blocks.py does not say "%s" of:\n%s\nbut:\n%s\n' "$1" "$(cat "$folder/broken.md")" "$found"
    exit 1
  fi
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
expect_refused "unexpected EOF" sh 'echo "open'
expect_refused "'systemclt' is no known command" sh 'systemclt restart ipvs-agent'
expect_refused "'ipvs-agent aply' is no command" sh 'ipvs-agent aply'
expect_refused "has no option --rescync" sh 'ipvs-agent run --rescync=1s'
expect_refused "no target chekc" sh 'make chekc'
expect_refused "is not in the repository" sh 'tests/vm/rnu.sh main'
expect_refused "an ellipsis" sh 'ipvs-agent run … --strict-arp'
expect_refused "a placeholder" sh 'ipvs-agent check <file> -'
expect_refused "needs a #" sh 'ipvs-agent check      is the file valid?'
expect_refused "SC2086" sh "cp \$file /etc/ipvs-node"
expect_refused "not JSON" json '{ "version": 1, }'
expect_refused "not a state" json '{ "version": 1, "services": [ { "address": "10.0.0.1" } ] }'
expect_refused "not YAML" yaml 'a: [1'
expect_refused "nor an assignment" ini '[Service]' 'ExecStart /usr/sbin/ipvs-agent run'
expect_refused "has no option --stat" ini '[Service]' 'ExecStart=/usr/sbin/ipvs-agent run --stat x'
expect_refused "did you mean 'resync'?" conf 'resink = 1s'
expect_refused "no language" ''

blocks README.md docs/*.md examples/*.md examples/*/*.md tests/vm/README.md packaging/man/*.scd \
  examples/*/*.yaml examples/*.service examples/*/*.{service,timer} examples/*/{[0-9]*,agent}.conf packaging/agent.conf

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Keeps a node's state file equal to a key in etcd:
#
#   fleet-state.sh FLEET NODE FILE
#
# The key is /ipvs-node/FLEET/nodes/NODE where there is one, else /ipvs-node/FLEET/state; its value is a
# state as ipvs-agent reads it. FILE is replaced as a whole, and only by a state that ipvs-agent finds
# valid: while etcd is away, the key is gone or its value is broken, it stays as it is. Where etcd is
# and who we are there is in the environment (ETCDCTL_ENDPOINTS, ETCDCTL_CACERT, …, see etcdctl).
set -euo pipefail

[ $# -eq 3 ] || {
  echo "usage: ${0##*/} FLEET NODE FILE" >&2
  exit 2
}
prefix=/ipvs-node/$1
keys=("$prefix/nodes/$2" "$prefix/state")
file=$3
# In seconds: without an event for so long, look anyway; so soon again after trouble; the longest wait for
# an answer.
look_every=${LOOK_EVERY:-60}
again_after=${AGAIN_AFTER:-2}
answer_within=${ANSWER_WITHIN:-10}

# What repeats is said once.
said=''
say() {
  [ "$1" = "$said" ] || printf '%s\n' "$1" >&2
  said=$1
}

new=$(dirname -- "$file")/.fleet.$$
trap 'rm -f "$new" "$new".*; [ -z "${watch_pid:-}" ] || kill "$watch_pid" 2>/dev/null || true' EXIT
trap exit TERM INT

# Puts the value into $new, its key into $key and etcd's revision into $revision; 1: etcd did not answer,
# 2: there is neither key. Both are asked for at once, so that what counts is of one moment. etcdctl's own
# --command-timeout is not for transactions.
fetch() {
  local answer i
  answer=$(printf '\nget %s\nget %s\n\n\n' "${keys[@]}" |
    timeout "$answer_within" etcdctl txn --write-out=json 2>"$new.log") || return 1
  revision=$(jq -re .header.revision <<<"$answer") || return 1
  i=$(jq -re '[.responses[].Response.ResponseRange | has("kvs")] | index(true)' <<<"$answer") || return 2
  key=${keys[i]}
  jq -r ".responses[$i].Response.ResponseRange.kvs[0].value" <<<"$answer" | base64 --decode >"$new"
}

# Puts $new into its place, where it is another and a state.
take() {
  cmp -s "$new" "$file" && said='' && return
  ipvs-agent check "$new" >"$new.log" 2>&1 || {
    say "$key at revision $revision is refused: $(sed "s|$new|$key|" "$new.log")"
    return
  }
  chmod 644 "$new"
  sync "$new"
  mv "$new" "$file"
  sync "$(dirname -- "$file")"
  say "$file is $key at revision $revision"
}

# Until something under the prefix is another than at $revision, or for a while.
wait_for_change() {
  local ended=0
  coproc watch { exec etcdctl watch --prefix "$prefix/" --rev=$((revision + 1)) 2>/dev/null; }
  # shellcheck disable=SC2154
  watch_pid=$watch_PID
  read -r -t "$look_every" _ <&"${watch[0]}" || ended=$?
  kill "$watch_pid" 2>/dev/null || true
  wait "$watch_pid" 2>/dev/null || true
  watch_pid=''
  # Over 128 is the time; the rest a watch that ended by itself.
  [ $ended = 0 ] || [ $ended -gt 128 ] || sleep "$again_after"
}

while :; do
  status=0
  fetch || status=$?
  case $status in
    0) take ;;
    1)
      trouble=$(tail -n 1 "$new.log")
      say "etcd does not answer, $file stays as it is${trouble:+: $trouble}"
      ;;
    2) say "neither ${keys[0]} nor ${keys[1]} is in etcd, $file stays as it is" ;;
  esac
  if [ $status = 1 ]; then sleep "$again_after"; else wait_for_change; fi
done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Keeps a node's state file equal to a key in etcd:
#
#   fleet-state.sh FLEET NODE FILE
#
# The key is /ipvs-node/FLEET/nodes/NODE if it exists, else /ipvs-node/FLEET/state; its value is a state
# for ipvs-agent. FILE is replaced as a whole, and only by a state that ipvs-agent finds valid: while
# etcd is away, the key is gone or its value is broken, FILE stays as it is. The address of etcd and our
# certificates are in the environment (ETCDCTL_ENDPOINTS, ETCDCTL_CACERT, …, see etcdctl).
set -euo pipefail

[ $# -eq 3 ] || {
  echo "usage: ${0##*/} FLEET NODE FILE" >&2
  exit 2
}
prefix=/ipvs-node/$1
keys=("$prefix/nodes/$2" "$prefix/state")
file=$3
# In seconds: the period without an event after which to look anyway; the delay after a failure; the
# longest wait for an answer.
look_every=${LOOK_EVERY:-60}
again_after=${AGAIN_AFTER:-2}
answer_within=${ANSWER_WITHIN:-10}

# A repeated message is printed once.
said=''
say() {
  [ "$1" = "$said" ] || printf '%s\n' "$1" >&2
  said=$1
}

new=$(dirname -- "$file")/.fleet.$$
trap 'rm -f "$new" "$new".*; [ -z "${watch_pid:-}" ] || kill "$watch_pid" 2>/dev/null || true' EXIT
trap exit TERM INT

# Puts the value into $new, its key into $key and etcd's revision into $revision; 1: etcd did not answer,
# 2: there is neither key, 3: it cannot be written; $trouble says why. Both are asked for at once, so that
# what counts is of one moment. etcdctl's own --command-timeout is not for transactions. No here-strings:
# bash writes a large one to a file.
fetch() {
  local answer i
  trouble=$({ : >"$new.log"; } 2>&1) || return 3
  answer=$(printf '\nget %s\nget %s\n\n\n' "${keys[@]}" |
    timeout "$answer_within" etcdctl txn --write-out=json 2>"$new.log") || {
    trouble=$(tail -n 1 "$new.log")
    return 1
  }
  revision=$(printf '%s\n' "$answer" | jq -re .header.revision) || return 1
  i=$(printf '%s\n' "$answer" |
    jq -re '[.responses[].Response.ResponseRange | has("kvs")] | index(true)') || return 2
  key=${keys[i]}
  trouble=$({ printf '%s\n' "$answer" | jq -r ".responses[$i].Response.ResponseRange.kvs[0].value" |
    base64 --decode >"$new"; } 2>&1) || return 3
}

# Puts $new into its place, where it is another and a state.
take() {
  local complaint
  cmp -s "$new" "$file" && said='' && return
  complaint=$(ipvs-agent check "$new" 2>&1) || {
    say "$key at revision $revision is refused: ${complaint//"$new"/"$key"}"
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
  local ended=0 events
  exec {events}< <(exec etcdctl watch --prefix "$prefix/" --rev=$((revision + 1)) 2>/dev/null)
  watch_pid=$!
  read -r -t "$look_every" _ <&"$events" || ended=$?
  kill "$watch_pid" 2>/dev/null || true
  wait "$watch_pid" 2>/dev/null || true
  exec {events}<&-
  watch_pid=''
  # Over 128 is the time; the rest a watch that ended by itself.
  [ $ended = 0 ] || [ $ended -gt 128 ] || sleep "$again_after"
}

while :; do
  status=0
  fetch || status=$?
  case $status in
    0) take ;;
    1) say "etcd does not answer, $file stays as it is${trouble:+: $trouble}" ;;
    2) say "neither ${keys[0]} nor ${keys[1]} is in etcd, $file stays as it is" ;;
    3) say "nothing can be written beside $file, it stays as it is: ${trouble%%$'\n'*}" ;;
  esac
  case $status in
    1 | 3) sleep "$again_after" ;;
    *) wait_for_change ;;
  esac
done

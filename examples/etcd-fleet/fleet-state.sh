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
# Without an event for so long, look anyway; and so soon again after trouble.
look_every=${LOOK_EVERY:-60}
again_after=${AGAIN_AFTER:-2}

# What repeats is said once.
said=''
say() {
  [ "$1" = "$said" ] || printf '%s\n' "$1" >&2
  said=$1
}

new=$(dirname -- "$file")/.fleet.$$
trap 'rm -f "$new" "$new".*' EXIT
trap exit TERM INT

# Puts the key's value into $new, its name into $key and etcd's revision into $revision; 1: etcd did not
# answer, 2: there is no such key.
fetch() {
  local answer
  for key in "${keys[@]}"; do
    answer=$(etcdctl get "$key" --write-out=json 2>"$new.log") || return 1
    revision=$(jq -re .header.revision <<<"$answer") || return 1
    if jq -e 'has("kvs")' <<<"$answer" >/dev/null; then
      jq -r '.kvs[0].value' <<<"$answer" | base64 --decode >"$new"
      return
    fi
  done
  return 2
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
  local watch_pid ended=0
  coproc watch { exec etcdctl watch --prefix "$prefix/" --rev=$((revision + 1)) 2>/dev/null; }
  # shellcheck disable=SC2154
  watch_pid=$watch_PID
  read -r -t "$look_every" _ <&"${watch[0]}" || ended=$?
  kill "$watch_pid" 2>/dev/null || true
  wait "$watch_pid" 2>/dev/null || true
  # Over 128 is the time; the rest a watch that ended by itself.
  [ $ended = 0 ] || [ $ended -gt 128 ] || sleep "$again_after"
}

while :; do
  status=0
  fetch || status=$?
  case $status in
    0) take ;;
    1) say "etcd does not answer, $file stays as it is: $(tail -n 1 "$new.log")" ;;
    2) say "neither ${keys[0]} nor ${keys[1]} is in etcd, $file stays as it is" ;;
  esac
  if [ $status = 1 ]; then sleep "$again_after"; else wait_for_change; fi
done

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the state that gives this node the API server's address:
#
#   api-server-state.sh VIRTUAL-ADDRESS:PORT MASTER[:PORT]…
#
# to $IPVS_STATE (/etc/ipvs-node/state.json). Call it again with the present masters whenever one comes
# or goes. The file is replaced only by one that ipvs-agent finds valid.
set -euo pipefail

state=${IPVS_STATE:-/etc/ipvs-node/state.json}
[ $# -ge 2 ] || {
  echo "usage: ${0##*/} VIRTUAL-ADDRESS:PORT MASTER[:PORT]…" >&2
  exit 2
}
virtual=$1
shift

# split ADDRESS[:PORT] DEFAULT-PORT: address and port of 10.0.0.1, 10.0.0.1:443, fd00::1 or [fd00::1]:443
split() {
  case $1 in
    \[*\]:*) address=${1#[} port=${1##*]:} && address=${address%%]*} ;;
    *:*:*) address=$1 port=$2 ;;
    *:*) address=${1%:*} port=${1##*:} ;;
    *) address=$1 port=$2 ;;
  esac
}

destinations=''
split "$virtual" 6443
service=$(printf '"address": "%s", "port": %s' "$address" "$port")
default=$port
for master; do
  split "$master" "$default"
  destinations+=$(printf '%s\n        { "address": "%s", "port": %s }' "${destinations:+,}" "$address" "$port")
done

mkdir -p "$(dirname -- "$state")"
new=$(mktemp "$(dirname -- "$state")/.state.XXXXXX")
trap 'rm -f "$new"' EXIT
cat >"$new" <<STATE
{
  "version": 1,
  "services": [
    {
      "name": "kube-apiserver",
      $service, "protocol": "tcp",
      "bind": true,
      "sourceNat": true,
      "destinations": [$destinations
      ]
    }
  ]
}
STATE
ipvs-agent check "$new"
chmod 644 "$new"
sync "$new"
mv "$new" "$state"

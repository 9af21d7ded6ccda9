#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Asks the API server once for what the node's table is made of, and puts it where the agent reads:
#
#   refresh-state.sh FILE
#
# FILE is replaced as a whole, and only when kubectl has ended well and ipvs-agent finds a valid state in
# what it printed. In every other case it stays as it is and the exit status is not 0.
set -euo pipefail

[ $# -eq 1 ] || {
  echo "usage: ${0##*/} FILE" >&2
  exit 2
}
file=$1
[ -z "${CREDENTIALS_DIRECTORY:-}" ] || export KUBECONFIG=$CREDENTIALS_DIRECTORY/kubeconfig

# Beside the target, where a rename is atomic; a hidden file is no part of a state directory.
folder=$(dirname -- "$file")
rm -f "$folder"/.cluster.*
new=$(mktemp "$folder/.cluster.XXXXXX")
trap 'rm -f "$new"' EXIT

kubectl get services,endpointslices,nodes --all-namespaces --output=json \
  --request-timeout=20s --cache-dir="${CACHE_DIRECTORY:-$HOME/.kube/cache}" >"$new"
cmp -s "$new" "$file" && exit
ipvs-agent check "$new"
chmod 644 "$new"
sync "$new"
mv "$new" "$file"
sync "$folder"

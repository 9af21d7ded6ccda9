#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Asks the API server once for the objects of the node's table, and puts them where the agent reads:
#
#   refresh-state.sh FILE
#
# FILE is replaced as a whole, and only if kubectl succeeds and ipvs-agent finds its output valid. In
# every other case FILE stays as it is and the exit status is not 0. `ipvs-agent status` reports what of
# a valid state is not served, by the daemon's own options.
set -euo pipefail

[ $# -eq 1 ] || {
  echo "usage: ${0##*/} FILE" >&2
  exit 2
}
file=$1
[ -z "${CREDENTIALS_DIRECTORY:-}" ] || export KUBECONFIG=$CREDENTIALS_DIRECTORY/kubeconfig

# Without a context or a server kubectl asks http://localhost:8080, where any program of this machine may
# answer.
kubeconfig=${KUBECONFIG:-$HOME/.kube/config}
IFS=: read -r -a files <<<"$kubeconfig"
# values FIELD: what the kubeconfig, YAML or JSON, has for it, a line each
values() {
  { grep -hv '^[[:space:]]*#' "${files[@]}" || true; } |
    { grep -Eo "(^|[[:space:]{,\"'])$1[\"']?[[:space:]]*:[[:space:]]*[^[:space:],}]+" || true; } |
    sed -E "s/.*$1[\"']?[[:space:]]*:[[:space:]]*[\"']?//; s/[\"']*\$//"
}
servers=$(values server)
if [ -z "$(values current-context)" ] || [ -z "$servers" ] || grep -qv '^https://.' <<<"$servers"; then
  echo "${0##*/}: $kubeconfig names no context, no server, or one without https:" \
    "it must have 'server: https://ADDRESS:PORT'" >&2
  exit 1
fi

# Beside the target, where a rename is atomic; a hidden file is no part of a state directory.
folder=$(dirname -- "$file")
rm -f "$folder"/.cluster.*
new=$(mktemp "$folder/.cluster.XXXXXX")
trap 'rm -f "$new"' EXIT

kubectl get services,endpointslices,nodes --all-namespaces --output=json \
  --request-timeout=20s --cache-dir="${CACHE_DIRECTORY:-$HOME/.kube/cache}" >"$new"

# Without what changes all the time and does not affect the table: heartbeats, versions of objects.
steady() { sed -E '/"(lastHeartbeatTime|resourceVersion|renewTime|time)": /d; s/,$//' "$1"; }
[ ! -e "$file" ] || ! cmp -s <(steady "$new") <(steady "$file") || exit 0
check=$(ipvs-agent check "$new" 2>&1) || {
  printf '%s\n' "$check" >&2
  exit 1
}
# Readers of the old file may read the new one. If this user may not set its group, a directory with
# the set-group-ID bit does.
if [ -e "$file" ]; then
  chgrp --reference="$file" "$new" 2>/dev/null || true
  chmod --reference="$file" "$new"
else
  chmod 644 "$new"
fi
sync "$new"
mv "$new" "$file"
sync "$folder"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the kubeconfig of refresh-state.sh. Run it where kubectl has an administrator's rights:
#
#   ./kubeconfig.sh https://10.77.0.1:6443 refresh.kubeconfig
#
# It contains a token: no other user may read the file, which appears whole or not at all. Without FILE
# it is printed.
#
# The address must not be one that the table itself gets from the cluster (the cluster address of the
# Service default/kubernetes): the first table could never be fetched.
set -euo pipefail

[ $# -eq 1 ] || [ $# -eq 2 ] || {
  echo "usage: ${0##*/} https://ADDRESS:PORT [FILE]" >&2
  exit 2
}
# Without TLS anyone on the way could read the token and decide what the table is.
[[ $1 =~ ^https://[^[:space:]/]+/?$ ]] || {
  echo "${0##*/}: '$1' is not https://ADDRESS:PORT" >&2
  exit 2
}
secret=(kubectl --namespace kube-system get secret ipvs-node-refresh --output)
authority=$("${secret[@]}" 'jsonpath={.data.ca\.crt}')
token=$("${secret[@]}" 'jsonpath={.data.token}' | base64 --decode)
# The cluster fills a new Secret a moment later, or never where the ServiceAccount is missing.
[[ -n $authority && -n $token ]] || {
  echo "${0##*/}: the Secret ipvs-node-refresh has no token or no ca.crt yet: try again in a moment" >&2
  exit 1
}
config() {
  cat <<CONFIG
apiVersion: v1
kind: Config
clusters:
  - name: cluster
    cluster:
      server: $1
      certificate-authority-data: $authority
users:
  - name: ipvs-node-refresh
    user:
      token: $token
contexts:
  - name: refresh
    context:
      cluster: cluster
      user: ipvs-node-refresh
current-context: refresh
CONFIG
}

if [ $# -eq 1 ]; then
  config "$1"
  exit
fi
umask 077
new=$(mktemp "$2.XXXXXX")
trap 'rm -f "$new"' EXIT
config "$1" >"$new"
mv "$new" "$2"

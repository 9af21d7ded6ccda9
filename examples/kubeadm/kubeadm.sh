#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kubeadm init or join, after ipvs-preflight's checks and with the agent running:
#
#   kubeadm.sh init|join [ARG…]
#
# The ARGs are kubeadm's. Both programs get --ignore-preflight-errors: each looks for its own checks in
# the list. A check of the preflight that is ignored here must be ignored at each boot, too, by a line
# of /etc/ipvs-node/agent.conf. If a check fails, kubeadm is not called.
set -euo pipefail

case ${1:-} in
  init | join) ;;
  *)
    echo "usage: ${0##*/} init|join [ARG…]" >&2
    exit 2
    ;;
esac

ignore=() previous=''
for argument; do
  case $argument in
    --ignore-preflight-errors=*) ignore+=("$argument") ;;
    *) [ "$previous" != --ignore-preflight-errors ] || ignore+=("$previous=$argument") ;;
  esac
  previous=$argument
done

# Not by --exec, which leaves its command CAP_NET_ADMIN alone.
ipvs-preflight --state "${IPVS_STATE:-/etc/ipvs-node/state.json}" "${ignore[@]}"
systemctl enable --now ipvs-agent
# 3: some service is not in the kernel. kubeadm may continue; the agent retries.
ipvs-agent status --wait=30s || [ $? -eq 3 ]
exec kubeadm "$@"

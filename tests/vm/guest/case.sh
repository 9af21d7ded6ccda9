#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One case: case.sh FILE FUNCTION [fresh]. The runner starts it; a person may, too.
if [ "${3:-}" = fresh ]; then
  exec unshare --net --mount --propagation slave "$0" "$1" "$2" entered
fi

set -euo pipefail
CASE=$2
TMP=$(mktemp -d "/tmp/$CASE.XXXX")
RUN=$TMP/run
AGENT=/opt/sanitized/ipvs-agent
PREFLIGHT=/opt/sanitized/ipvs-preflight
mkdir "$RUN"
export CASE TMP RUN AGENT PREFLIGHT LC_ALL=C.UTF-8
cd "$TMP"

if [ "${3:-}" = entered ]; then
  # /sys shows the namespace it was mounted in; named namespaces end with the case.
  mkdir -p /run/netns
  mount -t sysfs sysfs /sys
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mount -t tmpfs tmpfs /run/netns
  ip link set lo up
fi

. /usr/lib/vm-tests/lib.sh
. "$1"
set -E
trap 'printf "FAILED: exit status %s of: %s\n  at %s:%s\n" $? "$BASH_COMMAND" "${BASH_SOURCE[0]##*/}" "$LINENO"' ERR
"$CASE"

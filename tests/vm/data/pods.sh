# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Servers that tell who has asked: source /usr/lib/vm-tests/data/pods.sh.

# pod PROTOCOL NETNS ADDRESS: answers on 8080; the client of IPv6 is told in its long form
pod() {
  # shellcheck disable=SC2016 # the server's shell expands it
  ip netns exec "$2" socat \
    "$(socat_type "$1" listen "$3"):8080,bind=$(bracketed "$3"),fork,reuseaddr" \
    SYSTEM:"echo $2 \$SOCAT_PEERADDR" 2>"$TMP/pod.$1.$2.log" &
  local option=-ltnH
  case $1 in udp) option=-lunH ;; sctp) option=-lSnH ;; esac
  wait_until 40 listens "$option" 8080 ip netns exec "$2"
}

# seen PROTOCOL ADDRESS PORT [NETNS]: what the pod that answers says, its own name and the client
seen() { ask "$@" || echo "no answer"; }

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An etcd for cases: source /usr/lib/vm-tests/data/etcd.sh.

# etcd_on ADDRESS [NETNS]: with what it had before, until the case ends or etcd_off; it is $ETCDCTL_ENDPOINTS
etcd_on() {
  local enter=()
  [ -z "${2:-}" ] || enter=(ip netns exec "$2")
  export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=http://$1:2379
  "${enter[@]}" etcd --data-dir "$TMP/etcd" --listen-client-urls "$ETCDCTL_ENDPOINTS" \
    --advertise-client-urls "$ETCDCTL_ENDPOINTS" --listen-peer-urls http://127.0.0.1:2380 >>"$TMP/etcd.log" 2>&1 &
  ETCD=$!
  wait_until 60 etcdctl endpoint health
}
etcd_off() {
  kill -KILL "$ETCD"
  wait "$ETCD" || true
}

# put KEY STATE
put() { etcdctl put "/ipvs-node/edge/$1" "$2" >/dev/null; }
# web WEIGHT: a state
web() {
  jq -nc --argjson weight "$1" '{version: 1, services: [{name: "web", address: "10.0.0.1", port: 80,
    protocol: "tcp", scheduler: "wrr", destinations: [{address: "10.0.1.1", port: 80, weight: $weight}]}]}'
}

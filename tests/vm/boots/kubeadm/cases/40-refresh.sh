# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The example that replaces kube-proxy: its timer, its service and Debian's kubectl, with a stand-in for
# the API server. The first case sets it up, the last takes it away.
# timeout: 180

examples=/usr/share/doc/ipvs-node/examples/kube-proxy-replacement
folder=/var/lib/ipvs-node-refresh
state=$folder/cluster.json
web=10.96.0.10:80
# shellcheck source=tests/vm/data/cluster.sh
. /usr/lib/vm-tests/data/cluster.sh

# objects ADDRESS…: the Service web with these endpoints, in the API server
objects() {
  mkdir -p /run/api
  {
    service web '{"type": "ClusterIP", "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"],
      "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}'
    slice web '[{"name": "http", "port": 8080}]' "$(for address; do endpoint "$address" a; done | jq -s .)"
    jq -n '{apiVersion: "v1", kind: "Node", metadata: {name: "ipvs-node"}}'
  } | list | jq .items >/run/api/new
  mv /run/api/new /run/api/objects.json
}
api_server_on() {
  systemd-run --quiet --collect --unit api-server socat TCP4-LISTEN:6443,bind=127.0.0.1,fork,reuseaddr \
    EXEC:/opt/stand-ins/api-server.sh
}
api_server_off() { systemctl stop api-server; }
failed() { [ "$(property_of refresh-state Result)" = exit-code ]; }
invocation() { property_of refresh-state InvocationID; }
another_than() { [ "$(invocation)" != "$1" ]; }
destinations() { ipvsadm -Sn | sed -n "s/^-a -t $web -r \([^ ]*\) .*/\1/p" | sort | paste -sd' '; }
serves() { [ "$(destinations)" = "$*" ] || { destinations && false; }; }
# refused TEXT: the service says so, again and again; neither state nor table are another
refused() {
  local before before_table last
  before=$(md5sum $state) before_table=$(ipvsadm -Sn)
  wait_until 60 has "$1" journalctl --quiet --boot --since "@$BEGAN" --unit refresh-state
  wait_until 60 failed
  last=$(invocation)
  wait_until 60 another_than "$last"
  expect_equal "$before" "$(md5sum $state)"
  expect_equal "$before_table" "$(ipvsadm -Sn)"
}
# stand_in: what kubectl does from now on
stand_in() {
  mkdir -p /usr/local/bin
  cat >/usr/local/bin/kubectl
  chmod +x /usr/local/bin/kubectl
}

case_refresh_fetches_the_state() {
  install -D -t /usr/local/lib/ipvs-node $examples/refresh-state.sh
  install -m 644 -t /etc/systemd/system $examples/refresh-state.service $examples/refresh-state.timer
  # The example's ten seconds are long here; the earlier of two counts.
  install -D -m 644 /dev/stdin /etc/systemd/system/refresh-state.timer.d/case.conf <<<'[Timer]
OnUnitInactiveSec=1s'
  install -D -m 644 $examples/refresh-state.sysusers.conf /etc/sysusers.d/refresh-state.conf
  systemd-sysusers
  install -D -m 644 $examples/ipvs-agent.conf /etc/systemd/system/ipvs-agent.service.d/cluster.conf
  install -D -m 644 $examples/ipvs-preflight.conf /etc/systemd/system/ipvs-preflight.service.d/cluster.conf
  install -m 600 /dev/stdin /etc/ipvs-node/refresh.kubeconfig <<'CONFIG'
apiVersion: v1
kind: Config
clusters: [{ name: cluster, cluster: { server: "http://127.0.0.1:6443" } }]
contexts: [{ name: refresh, context: { cluster: cluster } }]
current-context: refresh
CONFIG
  systemctl daemon-reload
  expect_status 0 systemd-analyze verify --man=no refresh-state.service refresh-state.timer
  expect_equal "" "$OUTPUT"

  # At first there is the address of the API server alone, in a file of its own.
  IPVS_STATE=$folder/api-server.json ${examples%/*}/kubeadm-ha/api-server-state.sh 10.77.0.1:6443 10.229.43.2
  systemctl restart ipvs-preflight
  systemctl start ipvs-agent
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.77.0.1:6443 -r 10.229.43.2:6443"

  objects 10.244.1.2
  api_server_on
  systemctl start refresh-state.timer
  wait_until 60 serves 10.244.1.2:8080
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.77.0.1:6443 -r 10.229.43.2:6443"
  expect_equal "ipvs-node-refresh 644" "$(stat -c '%U %a' $state)"
  objects 10.244.1.2 10.244.1.3
  wait_until 60 serves 10.244.1.2:8080 10.244.1.3:8080
}

case_refresh_leaves_all_as_it_is_while_the_api_server_is_away() {
  BEGAN=$(date +%s.%N)
  api_server_off
  objects 10.244.1.4
  refused "The connection to the server 127.0.0.1:6443 was refused"
  expect_equal active "$(property_of refresh-state.timer ActiveState)"
  expect_match "$(property_of ipvs-agent StatusText)" "^in sync: "
  api_server_on
  wait_until 60 serves 10.244.1.4:8080
}

case_refresh_refuses_half_an_answer() {
  BEGAN=$(date +%s.%N)
  stand_in <<<'#!/bin/sh
/usr/bin/kubectl "$@" | head -c 500'
  refused ".cluster."
  expect_match "$(journalctl --quiet --boot --since "@$BEGAN" --unit refresh-state --output cat)" \
    '/\.cluster\.[^ ]*:[0-9]+:[0-9]+: '
  rm /usr/local/bin/kubectl
}

case_refresh_refuses_an_empty_list() {
  BEGAN=$(date +%s.%N)
  stand_in <<<'#!/bin/sh
echo "{ \"apiVersion\": \"v1\", \"items\": [], \"kind\": \"List\", \"metadata\": {} }"'
  refused "a cluster always has one, so this is no state"
  rm /usr/local/bin/kubectl
}

case_refresh_has_few_rights() {
  expect_status 0 systemd-analyze security --no-pager --threshold=25 refresh-state.service
  expect_status 1 setpriv --reuid=ipvs-node-refresh --regid=ipvs-node-refresh --clear-groups \
    cat /etc/ipvs-node/refresh.kubeconfig
  systemctl stop refresh-state.timer
  api_server_off
  rm -rf /etc/systemd/system/ipvs-{agent,preflight}.service.d
  systemctl daemon-reload
  systemctl restart ipvs-preflight
  systemctl start ipvs-agent
}

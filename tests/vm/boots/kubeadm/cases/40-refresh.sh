# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The example that replaces kube-proxy: its timer and its service, in two cases with Debian's kubectl and a
# stand-in for the API server, then with one for kubectl, which costs no ten seconds each time. The first case
# sets it up, the last takes it away.
# timeout: 600

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
invocation() { property_of refresh-state InvocationID; }
another_than() { [ "$(invocation)" != "$1" ]; }
destinations() { ipvsadm -Sn | sed -n "s/^-a -t $web -r \([^ ]*\) .*/\1/p" | sort | paste -sd' '; }
serves() { [ "$(destinations)" = "$*" ] || { destinations && false; }; }
messages() { journalctl --quiet --boot --since "@$BEGAN" --unit refresh-state --output cat; }
# refused TEXT: the service says so, and the timer goes on; neither state nor table are another
refused() {
  local before before_table last
  before=$(md5sum $state) before_table=$(ipvsadm -Sn)
  wait_until 120 has "$1" messages
  wait_until 120 has "Failed with result 'exit-code'" messages
  last=$(invocation)
  wait_until 120 another_than "$last"
  expect_equal "$before" "$(md5sum $state)"
  expect_equal "$before_table" "$(ipvsadm -Sn)"
  expect_match "$(property_of ipvs-agent StatusText)" "^in sync: "
}
# kubectl_says STATUS: kubectl prints what is on stdin from now on, and ends so
kubectl_says() {
  cat >/run/api/new
  mv /run/api/new /run/api/answer
  install -D /dev/stdin /usr/local/bin/kubectl.new <<<"#!/bin/sh
cat /run/api/answer
exit $1"
  mv /usr/local/bin/kubectl.new /usr/local/bin/kubectl
}
answer() { jq '{apiVersion: "v1", kind: "List", items: .}' /run/api/objects.json; }

case_refresh_fetches_the_state() {
  install -D -t /usr/local/lib/ipvs-node $examples/refresh-state.sh
  install -m 644 -t /etc/systemd/system $examples/refresh-state.service $examples/refresh-state.timer
  # The example's ten seconds are long here; the earlier of two counts.
  install -D -m 644 /dev/stdin /etc/systemd/system/refresh-state.timer.d/case.conf <<<'[Timer]
OnUnitInactiveSec=1s'
  install -D -m 644 $examples/refresh-state.sysusers.conf /etc/sysusers.d/refresh-state.conf
  systemd-sysusers
  sed "s/NODE/$(hostname)/" $examples/agent.conf >/etc/ipvs-node/agent.conf
  install -m 600 /dev/stdin /etc/ipvs-node/refresh.kubeconfig <<'CONFIG'
apiVersion: v1
kind: Config
clusters: [{ name: cluster, cluster: { server: "https://127.0.0.1:6443" } }]
contexts: [{ name: refresh, context: { cluster: cluster } }]
current-context: refresh
CONFIG
  # The stand-in for an API server speaks no TLS.
  install -D /dev/stdin /usr/local/bin/kubectl <<<'#!/bin/sh
exec /usr/bin/kubectl --server=http://127.0.0.1:6443 "$@"'
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
  wait_until 300 serves 10.244.1.2:8080
  systemctl stop refresh-state.timer
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.77.0.1:6443 -r 10.229.43.2:6443"
  expect_equal "ipvs-node-refresh 644" "$(stat -c '%U %a' $state)"
}

case_refresh_leaves_all_as_it_is_where_the_api_server_is_away() {
  local before before_table
  before=$(md5sum $state) before_table=$(ipvsadm -Sn)
  wait_until 120 is_over
  api_server_off
  BEGAN=$(date +%s.%N)
  expect_status 1 systemctl start refresh-state
  expect_contains "$(messages)" "The connection to the server 127.0.0.1:6443 was refused"
  expect_equal failed "$(property_of refresh-state ActiveState)"
  expect_equal "$before" "$(md5sum $state)"
  expect_equal "$before_table" "$(ipvsadm -Sn)"
  expect_equal "api-server.json cluster.json" "$(find $folder -type f -printf '%f\n' | sort | paste -sd' ')"
}
is_over() { [ "$(property_of refresh-state ActiveState)" = inactive ]; }

case_refresh_goes_on_after_a_failure() {
  BEGAN=$(date +%s.%N)
  objects 10.244.1.3 10.244.1.4
  # All of an answer, and still not an end that is well.
  answer | kubectl_says 1
  systemctl start refresh-state.timer
  refused ""
  serves 10.244.1.2:8080
  answer | kubectl_says 0
  wait_until 120 serves 10.244.1.3:8080 10.244.1.4:8080
}

case_refresh_refuses_half_an_answer() {
  BEGAN=$(date +%s.%N)
  answer >whole
  head -c 500 whole | kubectl_says 0
  refused "/.cluster."
  expect_match "$(messages)" '/\.cluster\.[^ ]*:[0-9]+:[0-9]+: '
}

case_refresh_refuses_an_empty_list() {
  BEGAN=$(date +%s.%N)
  kubectl_says 0 <<<'{ "apiVersion": "v1", "items": [], "kind": "List", "metadata": {} }'
  refused "a cluster always has one, so this is no state"
}

# Without a configured server kubectl asks port 8080 of this machine.
case_refresh_asks_nobody_without_a_server_by_https() {
  local kubeconfig=/etc/ipvs-node/refresh.kubeconfig bad
  systemctl stop refresh-state.timer
  wait_until 120 is_over_or_failed
  answer | kubectl_says 0
  rm -f $folder/cluster.json
  cp $kubeconfig good
  for bad in "" 'server: "http://127.0.0.1:6443"' '# server: https://127.0.0.1:6443' \
    '{"server":"https://127.0.0.1:6443"}, {"server": "127.0.0.1:8080"}'; do
    BEGAN=$(date +%s.%N)
    cat <<<"$bad" >$kubeconfig
    expect_status 1 systemctl start refresh-state
    wait_until 40 has "it must have 'server: https://ADDRESS:PORT'" messages
    [ ! -e $folder/cluster.json ] || fail "a state from a kubeconfig with '$bad'"
  done
  cat good >$kubeconfig
  systemctl start refresh-state
  [ -e $folder/cluster.json ]
}
is_over_or_failed() { case $(property_of refresh-state ActiveState) in inactive | failed) ;; *) false ;; esac }

# A Node's heartbeat is nothing to the table; a state is judged by the daemon's options, not by none.
case_refresh_is_quiet_about_heartbeats() {
  local before
  jq '.[0].spec.externalTrafficPolicy = "Local" | .[0].spec.externalIPs = ["198.51.100.1"] |
    (.[] | select(.kind == "Node")) |= . + {status: {conditions: [{lastHeartbeatTime: "2026-01-01T00:00:00Z"}]}}' \
    /run/api/objects.json >/run/api/more && mv /run/api/more /run/api/objects.json
  BEGAN=$(date +%s.%N)
  answer | kubectl_says 0
  systemctl start refresh-state
  expect_not_contains "$(messages)" "--node-name"
  before=$(stat -c %i $state)
  answer | jq '(.items[] | select(.kind == "Node")) |= (.metadata.resourceVersion = "7" |
    .status.conditions[0].lastHeartbeatTime = "2026-01-01T00:00:10Z")' | kubectl_says 0
  systemctl start refresh-state
  expect_equal "$before" "$(stat -c %i $state)" "a heartbeat made another state"
  answer | jq '.items[0].spec.externalIPs = ["198.51.100.2"]' | kubectl_says 0
  systemctl start refresh-state
  expect_contains "$(cat $state)" 198.51.100.2
}

# The kubeconfig appears whole or not at all.
case_kubeconfig_is_whole_or_not_there() {
  local script=$examples/kubeconfig.sh
  kubectl_says 1 <<<""
  expect_status 1 "$script" https://10.77.0.1:6443 refresh.kubeconfig
  kubectl_says 0 </dev/null
  expect_status 1 "$script" https://10.77.0.1:6443 refresh.kubeconfig
  kubectl_says 0 <<<dG9rZW4=
  expect_status 2 "$script" http://10.77.0.1:6443 refresh.kubeconfig
  expect_status 2 "$script" 10.77.0.1:6443 refresh.kubeconfig
  expect_equal "" "$(find . -name 'refresh*')"
  expect_status 0 "$script" https://10.77.0.1:6443 refresh.kubeconfig
  expect_equal "600" "$(stat -c %a refresh.kubeconfig)"
  expect_contains "$(cat refresh.kubeconfig)" "server: https://10.77.0.1:6443"
  expect_contains "$(cat refresh.kubeconfig)" "token: token"
  expect_equal "refresh.kubeconfig" "$(find . -name 'refresh*' -printf '%f\n')"
  expect_status 0 "$script" https://10.77.0.1:6443
  expect_contains "$OUTPUT" "certificate-authority-data: dG9rZW4="
}

case_refresh_has_few_rights() {
  expect_status 0 systemd-analyze security --no-pager --threshold=25 refresh-state.service
  expect_status 1 setpriv --reuid=ipvs-node-refresh --regid=ipvs-node-refresh --clear-groups \
    cat /etc/ipvs-node/refresh.kubeconfig
  systemctl stop refresh-state.timer
  rm -rf /usr/local/bin/kubectl /etc/systemd/system/ipvs-{agent,preflight}.service.d
  systemctl daemon-reload
  systemctl restart ipvs-preflight
  systemctl start ipvs-agent
}

# A file that not all may read stays so.
case_refresh_keeps_who_may_read() {
  mkdir bin
  answer >new.json
  printf '#!/bin/sh\ncat %q\n' "$TMP/new.json" >bin/kubectl
  chmod 755 bin/kubectl
  echo '{}' >dump.json
  chgrp ipvs-node dump.json
  chmod 640 dump.json
  PATH=$TMP/bin:$PATH CACHE_DIRECTORY=$TMP KUBECONFIG=/etc/ipvs-node/refresh.kubeconfig expect_status 0 \
    /usr/local/lib/ipvs-node/refresh-state.sh "$TMP/dump.json"
  expect_equal "ipvs-node 640" "$(stat -c '%G %a' dump.json)"
  expect_equal List "$(jq -r .kind dump.json)"
}

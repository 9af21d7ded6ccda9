# timeout: 120
# The running unit: what it says to systemd and the journal. Each case leaves it in sync again.
# any kernel

state=/etc/ipvs-node/state.json

# change FILTER: the state through jq, in place; the old one is in $TMP/before
change() {
  [ -e "$TMP/before" ] || cp $state "$TMP/before"
  jq "$1" "$TMP/before" >$state
}
put_back() {
  cat "$TMP/before" >$state
  systemctl reload ipvs-agent
  wait_for_status ipvs-agent "in sync: 4 services"
}
# common/message_id.h: others rely on them.
declare -A IDS=(
  [SERVICE_CREATED]=8f2c231ba05c5d870975fa128191f20c
  [SERVICE_EDITED]=a926a9be6a313a97f4972f4292f12ff2
  [SERVICE_DELETED]=eefcb27c933686d32f376a4cb009b395
  [DESTINATION_CREATED]=9bead97fccba1347efb32dab34618d9c
  [DESTINATION_EDITED]=19d140e3f2756afe9328e83d649e3078
  [DESTINATION_DELETED]=bf79872cfabd0c7f8c8c1a60f17ea0c4
  [TIMEOUTS_SET]=c7f969a78baf316236c813ab6b258179
  [DAEMON_STARTED]=bab3bac40aed5ddfd50ed68ebeff9aa5
  [DAEMON_STOPPED]=1e97b448536607fb2d5ea55a6561bbfb
  [SYSCTL_SET]=b8fe587f4346f12d21fd81f6f3998567
  [IN_SYNC]=7b981e43504f910d1c5119b0d17c6e62
  [DEGRADED]=ffc225a7e67f57e93d2b29fa20679a71
  [OBJECT_FAILED]=028e36a90fb2329cff249853c802fc9e
  [STATE_REFUSED]=115f6b11535bcc41c70b5295e1985739
  [STATE_MISSING]=f40c36f657df88f6688ff50f1fc5323c
  [TROUBLE]=23b80fd4b768daad8dde305f32d86a7e
)
# event NAME: the last event with this MESSAGE_ID since the case began, as JSON
event() {
  journalctl --quiet --no-pager --boot --unit ipvs-agent --since "@$BEGAN" --output json \
    "MESSAGE_ID=${IDS[$1]}" | tail -n 1
}
there_is() { [ -n "$(event "$1")" ]; }
field() { jq -r ".$1" <<<"$EVENT"; }
await() {
  wait_until 40 there_is "$1"
  EVENT=$(event "$1")
}

case_unit_reload_waits_until_all_is_done() {
  local i
  for i in 3 4 5 6 7; do
    change ".services[0].destinations[0].weight = $i"
    systemctl reload ipvs-agent
    expect_contains "$(ipvsadm -Sn)" "-r 10.229.43.2:6443 -m -w $i"
    expect_equal active "$(property_of ipvs-agent ActiveState)"
  done
  put_back
}

case_unit_reload_of_a_broken_state_fails() {
  cp $state "$TMP/before"
  BEGAN=$(date +%s.%N)
  echo '{' >$state
  expect_status 1 systemctl reload ipvs-agent
  expect_contains "$(journalctl --quiet --no-pager --boot --unit ipvs-agent --since "@$BEGAN" --output cat)" \
    "$state:2:1:"
  expect_equal active "$(property_of ipvs-agent ActiveState)"
  wait_for_status ipvs-agent "last good state of *T*Z in use: $state:2:1: *"
  expect_status 3 ipvs-agent status
  put_back
}

# What the sandbox hides is named as that, and as where the link leads.
case_unit_state_behind_a_link_into_a_hidden_place() {
  local place
  cp -p $state "$TMP/before"
  for place in /root /tmp; do
    cp $state "$place/hidden-state.json"
    ln -sf "$place/hidden-state.json" $state.new && mv -T $state.new $state
    wait_until 40 has "$state is a link to $place/hidden-state.json; the unit's sandbox hides" status_or_link
    expect_status 0 ipvs-agent check
    expect_contains "$OUTPUT" "$place/hidden-state.json: ipvs-agent.service cannot see it"
    rm $state "$place/hidden-state.json"
    cat "$TMP/before" >$state
  done
  # What root reads and the daemon does not.
  chmod 600 $state
  expect_status 0 ipvs-agent check
  expect_contains "$OUTPUT" "user ipvs-node, who runs ipvs-agent.service, cannot read all of it"
  chmod 644 $state
  expect_status 0 ipvs-agent check
  expect_not_contains "$OUTPUT" "cannot"
  put_back
}
status_or_link() { ipvs-agent status | sed "s|: it is a link|: $state is a link|"; }

# A state of which one object cannot be made is taken all the same.
case_unit_reload_of_a_degraded_state_succeeds() {
  change '.services[0] |= (del(.schedulerFlags) | .scheduler = "nosuch")'
  expect_status 0 systemctl reload ipvs-agent
  expect_status 3 ipvs-agent status
  put_back
}

case_apply_reload_needs_a_daemon() {
  expect_status 1 ipvs-agent apply --reload --state $state --run-dir "$RUN"
  expect_contains "$OUTPUT" "no daemon runs"
  expect_equal lock "$(ls "$RUN")"
}

case_unit_has_a_watchdog_that_is_fed() {
  expect_equal 1min "$(property_of ipvs-agent WatchdogUSec)"
  [ "$(property_of ipvs-agent WatchdogTimestampMonotonic)" -gt 0 ] || fail "no watchdog"
}

case_unit_journal_has_every_write_with_its_fields() {
  BEGAN=$(date +%s.%N)
  change '.services[0].destinations[0].weight = 9'
  await DESTINATION_EDITED
  expect_equal "tcp 10.0.0.1:443" "$(field IPVS_SERVICE)"
  expect_equal "10.229.43.2:6443" "$(field IPVS_DESTINATION)"
  expect_contains "$(field IPVS_OLD)" "weight 1"
  expect_contains "$(field IPVS_NEW)" "weight 9"
  expect_equal 6 "$(field PRIORITY)"
  expect_equal ipvs-agent "$(field SYSLOG_IDENTIFIER)"
  expect_equal state "$(field IPVS_REASON)"

  change '.services += [{ "name": "new", "address": "10.0.0.99", "port": 1, "protocol": "tcp",
    "destinations": [ { "address": "10.0.1.1", "port": 1 } ] }]'
  await SERVICE_CREATED
  expect_equal new "$(field IPVS_SERVICE_NAME)"
  await DESTINATION_CREATED
  change '.services += [{ "name": "new", "address": "10.0.0.99", "port": 1, "protocol": "tcp",
    "scheduler": "wrr" }]'
  await SERVICE_EDITED
  await DESTINATION_DELETED
  expect_equal drained "$(field IPVS_REASON)"
  change '.timeouts = { "tcp": 901 }'
  await SERVICE_DELETED
  expect_equal "tcp 10.0.0.99:1" "$(field IPVS_SERVICE)"
  await TIMEOUTS_SET
  change '.sysctls = { "net.ipv4.vs.expire_nodest_conn": 1 }'
  await SYSCTL_SET
  expect_contains "$(field MESSAGE)" net.ipv4.vs.expire_nodest_conn
  change '.syncDaemons = [ { "role": "master", "interface": "lo", "syncId": 1 } ]'
  await DAEMON_STARTED
  put_back
  await DAEMON_STOPPED
}

case_unit_journal_has_the_outcomes() {
  BEGAN=$(date +%s.%N)
  change '.services[0].scheduler = "nosuch" | .services[0].schedulerFlags = []'
  await DEGRADED
  expect_equal 4 "$(field PRIORITY)"
  expect_equal 1 "$(field IPVS_FAILURES)"
  await OBJECT_FAILED
  expect_equal "tcp 10.0.0.1:443" "$(field IPVS_OBJECT)"
  expect_equal 3 "$(field PRIORITY)"
  BEGAN=$(date +%s.%N)
  mv $state "$TMP/away"
  await STATE_MISSING
  echo '[]' >$state
  await STATE_REFUSED
  put_back
  await IN_SYNC
}

# The daemon's user is not root's: both use the same lock and record.
case_unit_and_root_take_turns() {
  systemctl stop ipvs-agent
  rm -f /run/ipvs-node/*
  expect_status 0 ipvs-agent apply
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: 4 services"
  expect_status 0 ipvs-agent apply
  expect_contains "$OUTPUT" "in sync: 4 services"
  systemctl stop ipvs-agent
  expect_status 0 ipvs-agent apply
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: 4 services"
}

case_unit_status_is_for_everybody() {
  expect_status 0 setpriv --reuid=65534 --regid=65534 --clear-groups ipvs-agent status
  systemctl stop ipvs-agent
  expect_status 1 setpriv --reuid=65534 --regid=65534 --clear-groups ipvs-agent status
  systemctl start ipvs-agent
  expect_equal 644 "$(stat -c %a /run/ipvs-node/status.json)"
  expect_equal 600 "$(stat -c %a /run/ipvs-node/lock)"
  expect_equal 600 "$(stat -c %a /run/ipvs-node/control)"
}

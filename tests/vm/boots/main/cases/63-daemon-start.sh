# timeout: 120
# How the start of a unit ends: a long first reconcile asks for more time, --strict-ready waits for a
# state in sync. The units are transient and in a network namespace of their own, the machine's table
# is another.
# any kernel

write_state() { # SCHEDULER
  cat >/run/start.json.new <<END
{ "version": 1, "services": [ { "name": "web", "address": "10.0.0.1", "port": 80, "protocol": "tcp",
  "scheduler": "$1", "destinations": [ { "address": "10.0.1.1" } ] } ] }
END
  mv /run/start.json.new /run/start.json
}

# unit NAME [PROPERTY…] -- COMMAND…: a notify unit with five seconds to start
unit() {
  local name=$1 properties=()
  shift
  while [ "$1" != -- ]; do properties+=(-p "$1") && shift; done
  systemd-run --quiet --no-block --unit="$name" --service-type=notify -p NotifyAccess=all \
    -p TimeoutStartSec=5s -p PrivateNetwork=yes "${properties[@]}" "${@:2}"
}
state_is() { expect_equal "$2" "$(property_of "$1" ActiveState)"; }
has_ended_starting() { [ "$(property_of "$1" ActiveState)" != activating ]; }

case_start_long_first_reconcile_extends_the_time() {
  write_state rr
  # The first dump of the table takes twice as long as the unit has.
  unit slow-start -- strace -f -qq -o /dev/null -e trace=sendto \
    -e inject=sendto:delay_enter=10000000:when=1 \
    /usr/sbin/ipvs-agent run --state /run/start.json --run-dir /run/slow-start
  wait_until 60 has_ended_starting slow-start
  state_is slow-start active
  wait_for_status slow-start "in sync: 1 service"
  local began ready
  began=$(property_of slow-start InactiveExitTimestampMonotonic)
  ready=$(property_of slow-start ActiveEnterTimestampMonotonic)
  [ $((ready - began)) -gt 5000000 ] || fail "ready after $((ready - began)) us: nothing was slow"
  systemctl stop slow-start
}

case_start_strict_ready_waits_for_a_state_in_sync() {
  write_state nosuch
  unit strict-start TimeoutStartSec=60s -- /usr/sbin/ipvs-agent run --strict-ready \
    --state /run/start.json --run-dir /run/strict-start
  wait_for_status strict-start "degraded: 0 of 1 service, 1 failed: web: scheduler 'nosuch' is not in this kernel: no module ip_vs_nosuch"
  state_is strict-start activating
  write_state rr
  wait_until 60 has_ended_starting strict-start
  state_is strict-start active
  wait_for_status strict-start "in sync: 1 service"
  systemctl stop strict-start
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What a daemon takes that reconciles very often: source /usr/lib/vm-tests/data/soak.sh. It has
# data/trust.sh with it.
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# of_samples NAME FIRST LAST: what these samples say, the least first
of_samples() { sed -nE "s/^sample .* $1=([0-9]+)( .*)?$/\1/p" samples | sed -n "$2,$3p" | sort -n; }
least() { of_samples "$@" | head -n 1; }
most() { of_samples "$@" | tail -n 1; }

# soak RECONCILES: twenty samples, of which the first is after the warm-up. The kernel gives memory by
# pages and the allocator by arenas, hence the room.
soak() {
  local reconciles=$1 line
  modprobe -a ip_vs_rr ip_vs_wrr ip_vs_sh ip_vs_lc
  ln -s /dev/null log
  echo '{"version":1,"services":[]}' >state.json
  start_daemon
  perl /usr/lib/vm-tests/data/soak.pl "$PWD/state.json" "$RUN" "$DAEMON" "$reconciles" $((reconciles / 20)) |
    while read -r line; do
      note "$line"
      printf '%s\n' "$line" | tee -a samples
    done
  expect_equal 20 "$(grep -c ^sample samples)" "samples"
  [ "$(most reconciles 1 20)" -ge "$reconciles" ] || fail "only $(most reconciles 1 20) reconciles"
  expect_match "$(cat samples)" '^answers bad-state=[0-9]+ degraded=[0-9]+ in-sync=[0-9]+ no-state=[0-9]+$'

  [ "$(most descriptors 1 20)" -le $(($(least descriptors 1 20) + 2)) ] || fail "descriptors grow"
  [ "$(least private 16 20)" -le $(($(least private 1 5) + 128)) ] || fail "memory grows"
  [ "$(least record 16 20)" -le "$(most record 1 5)" ] || fail "the record grows"

  new_state <(echo '{"version":1,"services":[]}')
  wait_until 30 in_sync_now
  expect_equal "" "$(ipvsadm -Sn | grep ' 10\.0\.0\.' || true)"
}
in_sync_now() { agent status | grep -q '^in sync: 0 services'; }

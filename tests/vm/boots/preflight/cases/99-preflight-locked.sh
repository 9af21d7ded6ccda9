# timeout: 90
# What cannot be undone before the next boot comes last, and in this order.

all_loaded() { modprobe -a ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack; }

# An unsigned copy of a module in its place: a byte behind the signature hides it. It is not compressed, or
# the byte would be behind the compressed file, which libkmod refuses; what a file is, it sees by its content.
# shellcheck disable=SC2016
unsigned_fo() {
  rmmod ip_vs_fo 2>/dev/null || true
  FILE=$(modinfo -n ip_vs_fo) unshare --mount --propagation private bash -euo pipefail -c '
    cp /opt/ip_vs_fo.ko /run/ip_vs_fo.ko && echo >>/run/ip_vs_fo.ko
    mount --bind /run/ip_vs_fo.ko "$FILE"
    exec $PREFLIGHT --module ip_vs_fo'
}

case_lockdown() {
  all_loaded
  expect_status 0 unsigned_fo
  [ -w /sys/kernel/security/lockdown ] || skip "no lockdown"
  echo integrity >/sys/kernel/security/lockdown
  expect_status 0 "$PREFLIGHT"
  expect_contains "$OUTPUT" "[preflight] Lockdown: kernel lockdown (integrity): only signed modules can be loaded; all that is needed is there"
  expect_status 1 unsigned_fo
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_fo]: ip_vs_fo (asked for by --module) cannot be loaded: kernel lockdown (integrity) refuses a module without a valid signature"
  expect_contains "$OUTPUT" "[WARNING Lockdown]: kernel lockdown (integrity): only signed modules can be loaded, and 1 of those needed is not there"
}

case_refused_signature() {
  all_loaded
  echo Y >/sys/module/module/parameters/sig_enforce
  expect_status 1 unsigned_fo
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_fo]: ip_vs_fo (asked for by --module) cannot be loaded: its signature is missing or refused, and this kernel demands one"
}

case_modules_disabled() {
  all_loaded
  rmmod ip_vs_wrr
  echo 1 >/proc/sys/kernel/modules_disabled
  expect_status 1 "$PREFLIGHT"
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_wrr]: ip_vs_wrr (a basic scheduler) cannot be loaded: kernel.modules_disabled is 1: no module can be loaded until the next boot"
  expect_contains "$OUTPUT" "[WARNING ModulesDisabled]: kernel.modules_disabled is 1: a scheduler that is not loaded now cannot be used before the next boot"
}

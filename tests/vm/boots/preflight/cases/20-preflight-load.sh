# timeout: 120
# What the preflight loads, and why it does not: one case for each cause.
# Single quotes are for a shell of its own, or for what stands there literally.
# shellcheck disable=SC2016

unload() {
  local module
  for module in $(awk '$1 ~ /^ip_vs_/ { print $1 }' /proc/modules) ip_vs; do
    rmmod "$module" 2>/dev/null || true
  done
  expect_not_contains "$(cut -d' ' -f1 /proc/modules)" ip_vs
}
all_loaded() { modprobe -a ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack; }
conf() { printf '%s\n' "$@" >/etc/modprobe.d/case.conf; }
no_conf() { rm -f /etc/modprobe.d/case.conf; }
trap no_conf EXIT
live() { grep -q "^$1 .* Live " /proc/modules; }

case_loads_what_every_node_needs() {
  unload
  expect_status 0 "$PREFLIGHT"
  local module
  for module in ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack; do
    live $module || fail "$module is not there"
  done
  expect_contains "$OUTPUT" "[preflight] Running pre-flight checks"
  for module in ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh; do
    expect_contains "$OUTPUT" "[preflight] $module: loaded"
  done
  expect_match "$OUTPUT" '^\[preflight\] nf_conntrack_ipv4: nf_conntrack stands in for it: (there already|loaded)$'
  expect_contains "$OUTPUT" "[preflight] Probe: a service each in a throw-away network namespace: rr, wrr, sh"
  expect_match "$OUTPUT" '^\[preflight\] ready: 5 modules, '
}

case_second_run_loads_nothing() { # any kernel
  all_loaded
  expect_status 0 "$PREFLIGHT"
  expect_contains "$OUTPUT" "[preflight] ip_vs: there already"
  expect_not_contains "$OUTPUT" ": loaded"
}

case_check_loads_nothing() { # any kernel
  unload
  expect_status 1 "$PREFLIGHT" --check
  expect_not_contains "$(cut -d' ' -f1 /proc/modules)" ip_vs
  expect_contains "$OUTPUT" "[ERROR Module-ip_vs_rr]: ip_vs_rr (a basic scheduler) is not there: neither in /proc/modules nor built in; it can be loaded, and --check loads nothing"
}

case_state_names_schedulers_and_engines() {
  unload
  cat >state.json <<'END'
{ "version": 1, "services": [
  { "address": "10.0.0.1", "port": 80, "protocol": "tcp", "scheduler": "mh", "destinations": [] },
  { "address": "10.0.0.1", "port": 5060, "protocol": "udp", "scheduler": "lblcr",
    "persistence": { "timeout": 60, "engine": "sip" }, "destinations": [] } ] }
END
  expect_status 0 "$PREFLIGHT" --state state.json
  local module
  for module in ip_vs_mh ip_vs_lblcr ip_vs_pe_sip; do live $module || fail "$module is not there"; done
  expect_contains "$OUTPUT" "throw-away network namespace: rr, wrr, sh, mh, lblcr, engine sip"
}

case_directory_of_states() { # any kernel
  mkdir states
  echo '{ "services": [ { "scheduler": "fo" } ] }' >states/a.json
  echo '{ "services": [ { "scheduler": "ovf" } ] }' >states/b.json
  echo '{ "services": [ { "scheduler": "nosuch" } ] }' >states/not-read.txt
  expect_status 0 "$PREFLIGHT" --state states
  live ip_vs_fo && live ip_vs_ovf
}

case_state_missing_or_broken_is_a_warning() { # any kernel
  expect_status 0 "$PREFLIGHT" --state nowhere.json
  expect_contains "$OUTPUT" "[WARNING StateFile]: nowhere.json does not exist: "
  printf '{ "services": [\n  { "scheduler": }' >broken.json
  expect_status 0 "$PREFLIGHT" --state broken.json
  expect_match "$OUTPUT" 'WARNING StateFile\]: broken.json:2:[0-9]+: '
}

case_not_in_the_tree() { # any kernel
  expect_status 1 "$PREFLIGHT" --module ip_vs_nosuch
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_nosuch]: ip_vs_nosuch (asked for by --module) cannot be loaded: not in this kernel's tree (/lib/modules/$(uname -r))"
  expect_contains "$OUTPUT" "[ERROR Module-ip_vs_nosuch]: ip_vs_nosuch (asked for by --module) is not there"
  expect_contains "$OUTPUT" "[preflight] Some fatal errors occurred:"
  expect_contains "$OUTPUT" '[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`'
}

case_errors_can_be_demoted() { # any kernel
  expect_status 0 "$PREFLIGHT" --module ip_vs_nosuch --ignore-preflight-errors=MODULE-ip_vs_NOSUCH,nonsense
  expect_contains "$OUTPUT" "[WARNING Module-ip_vs_nosuch]: "
  expect_contains "$OUTPUT" "[WARNING IgnorePreflightErrors]: --ignore-preflight-errors names 'nonsense', and there is no such check"
  expect_status 0 "$PREFLIGHT" --module ip_vs_nosuch --ignore-preflight-errors=all
}

# A module tree of our own in a mount namespace of its own.
in_namespace() { unshare --mount --propagation private bash -euo pipefail -c "$1"; }

case_no_modules_but_all_loaded() { # any kernel
  all_loaded
  expect_status 0 in_namespace 'mount -t tmpfs tmpfs /usr/lib/modules; $PREFLIGHT'
  expect_not_contains "$OUTPUT" "WARNING Load-"
  expect_contains "$OUTPUT" "[preflight] nf_conntrack_ipv4: nf_conntrack stands in for it: there already"
}

case_no_modules_and_none_loaded() { # any kernel
  unload
  expect_status 1 in_namespace 'mount -t tmpfs tmpfs /usr/lib/modules; $PREFLIGHT'
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs]: ip_vs (the virtual server table) cannot be loaded: /lib/modules is empty"
  expect_contains "$OUTPUT" "[WARNING Probe]: cannot probe: ip_vs is not known to be there"
}

case_only_another_kernels_modules() { # any kernel
  unload
  expect_status 1 in_namespace 'mount -t tmpfs tmpfs /usr/lib/modules; mkdir /usr/lib/modules/1.2.3; $PREFLIGHT'
  expect_contains "$OUTPUT" "/lib/modules has no tree for the running kernel $(uname -r), only 1.2.3: was the kernel replaced without a reboot?"
}

case_blacklisted_by_modprobe_d() { # any kernel
  unload
  conf "# a comment" "blacklist ip-vs-wrr"
  expect_status 1 "$PREFLIGHT"
  no_conf
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_wrr]: ip_vs_wrr (a basic scheduler) cannot be loaded: blacklisted by modprobe.d: \`blacklist ip_vs_wrr\` in /etc/modprobe.d/case.conf:2"
  ! live ip_vs_wrr
}

# The kernel has it in the end, as another one depends on it: that counts.
case_blacklisted_and_brought_along() { # any kernel
  unload
  conf "blacklist ip_vs"
  expect_status 0 "$PREFLIGHT"
  live ip_vs || fail "it is not there"
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs]: ip_vs (the virtual server table) cannot be loaded: blacklisted by modprobe.d"
  expect_contains "$OUTPUT" "[preflight] ip_vs: there: it came along with another module"
  expect_match "$OUTPUT" '^\[preflight\] ready: 5 modules, '
}

case_another_file_sets_the_connection_table() { # any kernel
  unload
  echo "options ip_vs conn_tab_bits=10" >/etc/modprobe.d/zz-case.conf
  trap 'rm -f /etc/modprobe.d/zz-case.conf /etc/modprobe.d/ipvs-node.conf /etc/modules-load.d/ipvs-node.conf' EXIT
  expect_status 0 "$PREFLIGHT" --persist --conn-tab-bits 14
  expect_contains "$OUTPUT" "[WARNING Persist]: conn_tab_bits=10 in /etc/modprobe.d/zz-case.conf:1 is read later and wins at the next load: "
  unload
  modprobe ip_vs
  expect_equal 10 "$(cat /sys/module/ip_vs/parameters/conn_tab_bits)"
  expect_status 0 "$PREFLIGHT" --conn-tab-bits 14
  expect_contains "$OUTPUT" "[WARNING ConnectionTable]: conn_tab_bits is 10, not 14: conn_tab_bits=10 in /etc/modprobe.d/zz-case.conf:1 counts when ip_vs is loaded"
  unload
}

case_blacklisted_by_the_command_line() {
  expect_status 1 "$PREFLIGHT" --module ip_vs_sed --module ip_vs_nq
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_sed]: ip_vs_sed (asked for by --module) cannot be loaded: blacklisted by modprobe.blacklist= on the kernel's command line"
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_nq]: ip_vs_nq (asked for by --module) cannot be loaded: module_blacklist= on the kernel's command line names it"
}

case_install_line_that_fails() { # any kernel
  unload
  conf "install ip_vs_wrr /bin/false"
  expect_status 1 "$PREFLIGHT"
  no_conf
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_wrr]: ip_vs_wrr (a basic scheduler) cannot be loaded: the line \`install ip_vs_wrr /bin/false\` in /etc/modprobe.d/case.conf:1 failed: exit status 1"
}

case_install_line_that_loads_nothing() { # any kernel
  unload
  conf "install ip_vs_wrr /bin/true"
  expect_status 1 "$PREFLIGHT"
  no_conf
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_wrr]: ip_vs_wrr (a basic scheduler) cannot be loaded: the line \`install ip_vs_wrr /bin/true\` in modprobe.d loaded nothing"
}

case_install_line_of_a_dependency() { # any kernel
  unload
  conf "install ip_vs /bin/false"
  expect_status 1 "$PREFLIGHT"
  no_conf
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_rr]: ip_vs_rr (a basic scheduler) cannot be loaded: the line \`install ip_vs /bin/false\` in /etc/modprobe.d/case.conf:1 failed: exit status 1"
}

# What --check and --root foresee of it, without a try.
case_install_lines_are_foreseen() { # any kernel
  unload
  conf "install ip_vs /bin/false"
  expect_status 1 "$PREFLIGHT" --check
  expect_match "$OUTPUT" "Module-ip_vs_rr.*it could not be loaded: ip_vs, which it depends on, has a line \`install ip_vs /bin/false\`"
  conf "install nf_defrag_ipv6 /bin/false"
  mkdir -p tree/etc/modprobe.d tree/lib
  cp -r /usr/lib/modules tree/lib/
  cp /etc/modprobe.d/case.conf tree/etc/modprobe.d/
  expect_status 1 "$PREFLIGHT" --root tree
  expect_match "$OUTPUT" "ip_vs \(.*\) is in the tree, but nf_defrag_ipv6, which it depends on, has a line"
  # One that runs something may load it.
  conf "install ip_vs_sh modprobe --ignore-install ip_vs_sh && echo loaded"
  cp /etc/modprobe.d/case.conf tree/etc/modprobe.d/
  expect_status 0 "$PREFLIGHT" --root tree
  expect_contains "$OUTPUT" "ip_vs_sh (a basic scheduler) is in the tree, but it has a line \`install ip_vs_sh modprobe --ignore-install ip_vs_sh && echo loaded\`, and what that loads is only seen when it runs"
  expect_status 1 "$PREFLIGHT" --check
  expect_contains "$OUTPUT" "cannot tell whether ip_vs_sh (a basic scheduler) can be loaded: it has a line"
  no_conf
  printf 'alias ip_vs_sh nosuch\n' >tree/etc/modprobe.d/case.conf
  expect_status 1 "$PREFLIGHT" --root tree
  expect_contains "$OUTPUT" "ip_vs_sh (a basic scheduler) is in the tree, but an alias leads to nosuch, and this kernel's tree has no such module"
}

case_install_line_that_works() { # any kernel
  rmmod ip_vs_mh 2>/dev/null || true
  conf 'install ip_vs_mh echo noise; /sbin/modprobe --ignore-install ip_vs_mh $CMDLINE_OPTS'
  expect_status 0 "$PREFLIGHT" --module ip_vs_mh
  no_conf
  expect_contains "$OUTPUT" "ip_vs_mh: loaded"
  live ip_vs_mh
}

case_install_line_prints_nothing_into_the_json() { # any kernel
  rmmod ip_vs_mh 2>/dev/null || true
  conf 'install ip_vs_mh echo noise; /sbin/modprobe --ignore-install ip_vs_mh'
  "$PREFLIGHT" --module ip_vs_mh --output=json >report.json 2>/dev/null
  no_conf
  expect_equal true "$(jq .ready report.json)"
}

case_no_capability_to_load() {
  unload
  expect_status 1 setpriv --bounding-set=-sys_module --inh-caps=-sys_module "$PREFLIGHT"
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs]: ip_vs (the virtual server table) cannot be loaded: this process has no CAP_SYS_MODULE"
}

case_no_capability_but_all_loaded() { # any kernel
  all_loaded
  expect_status 0 setpriv --bounding-set=-sys_module --inh-caps=-sys_module "$PREFLIGHT"
}

# own_tree COMMAND: a tree that holds only ip_vs_fo.ko, changed by the command, and its indexes
own_tree() {
  local file
  file=$(modinfo -n ip_vs_fo)
  export FILE=$file CHANGE=$1
  in_namespace 'cp "$FILE" /run/ip_vs_fo.ko
    mount -t tmpfs tmpfs /usr/lib/modules
    folder=/usr/lib/modules/$(uname -r)
    mkdir -p "$folder/kernel"
    mv /run/ip_vs_fo.ko "$folder/kernel/ip_vs_fo.ko"
    eval "$CHANGE"
    touch "$folder/modules.order" "$folder/modules.builtin"
    depmod 2>/dev/null
    exec $PREFLIGHT --module ip_vs_fo'
}

case_unknown_symbol() {
  unload
  expect_status 1 own_tree :
  expect_contains "$OUTPUT" "[WARNING Load-ip_vs_fo]: ip_vs_fo (asked for by --module) cannot be loaded: unknown symbol: it does not fit this kernel or a module that it depends on"
}

case_damaged_module() {
  rmmod ip_vs_fo 2>/dev/null || true
  expect_status 1 own_tree 'echo nonsense >"$folder/kernel/ip_vs_fo.ko"'
  expect_contains "$OUTPUT" "ip_vs_fo.ko is damaged or was built for another kernel (Exec format error)"
}

case_module_file_is_gone() { # any kernel
  rmmod ip_vs_fo 2>/dev/null || true
  expect_status 1 own_tree 'depmod() { /sbin/depmod "$@"; rm "$folder/kernel/ip_vs_fo.ko"; }'
  expect_contains "$OUTPUT" "ip_vs_fo.ko is not there, though modules.dep names it"
}

case_ip_vs_ftp_is_not_ip_vs() {
  all_loaded && modprobe ip_vs_ftp
  live ip_vs_ftp
  grep -v '^ip_vs ' /proc/modules >modules
  expect_status 1 in_namespace "mount --bind '$PWD/modules' /proc/modules; \$PREFLIGHT --check"
  expect_contains "$OUTPUT" "[ERROR Module-ip_vs]: ip_vs (the virtual server table) is not there: neither in /proc/modules nor built in"
}

case_stub_of_the_old_name_is_used() { # any kernel
  # A tree that has a module of the old name: nf_conntrack-2 is not asked for.
  local file
  file=$(modinfo -n ip_vs_fo)
  rmmod ip_vs_fo 2>/dev/null || true
  conf "alias nf_conntrack_ipv4 ip_vs_fo"
  expect_status 0 "$PREFLIGHT"
  no_conf
  expect_contains "$OUTPUT" "nf_conntrack_ipv4: ip_vs_fo stands in for it: loaded"
}

case_connection_table_size_is_given() {
  unload
  expect_status 0 "$PREFLIGHT" --conn-tab-bits 14
  expect_equal 14 "$(cat /sys/module/ip_vs/parameters/conn_tab_bits)"
  # Not from ipvsadm -Ln: kernel 7.2 has no buckets before the first connection.
  expect_contains "$(dmesg | grep 'Connection hash table' | tail -n 1)" "size=16384"
  expect_contains "$OUTPUT" "[preflight] ConnectionTable: 16384 buckets (conn_tab_bits=14)"
  expect_status 0 "$PREFLIGHT" --conn-tab-bits 16
  expect_contains "$OUTPUT" "[WARNING ConnectionTable]: conn_tab_bits is 14, not 16: "
}

# timeout: 120
# Where a module is seen, where it cannot be, and what the probe proves.
# Single quotes are for a shell of its own, or for what stands there literally.
# shellcheck disable=SC2016

in_namespace() { unshare --mount --propagation private bash -euo pipefail -c "$1"; }
all_loaded() { modprobe -a ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack; }

case_built_in_by_the_list() {
  all_loaded
  expect_status 0 in_namespace 'mount -t tmpfs tmpfs /usr/lib/modules
    folder=/usr/lib/modules/$(uname -r)
    mkdir "$folder"
    for module in ip_vs ip_vs_rr ip-vs-wrr ip_vs_sh nf_conntrack; do
      echo "kernel/net/$module.ko" >>"$folder/modules.builtin"
    done
    : >/run/no-modules
    mount --bind /run/no-modules /proc/modules
    $PREFLIGHT'
  expect_contains "$OUTPUT" "[preflight] ip_vs: built in"
  expect_contains "$OUTPUT" "[preflight] ip_vs_wrr: built in"
  expect_contains "$OUTPUT" "[preflight] nf_conntrack_ipv4: nf_conntrack stands in for it: built in"
  expect_contains "$OUTPUT" "throw-away network namespace: rr, wrr, sh"
}

case_built_in_by_what_the_kernel_shows() {
  all_loaded
  # No tree, nothing in /proc/modules, no sysfs: /proc/net/ip_vs is left, and nothing for ip_vs_rr.
  expect_status 0 in_namespace 'mount -t tmpfs tmpfs /usr/lib/modules
    mount -t tmpfs tmpfs /sys
    : >/run/no-modules
    mount --bind /run/no-modules /proc/modules
    $PREFLIGHT --check'
  expect_contains "$OUTPUT" "[preflight] ip_vs: built in"
  expect_contains "$OUTPUT" "[WARNING Module-ip_vs_rr]: cannot tell whether ip_vs_rr (a basic scheduler) is there: not loaded, and /lib/modules/$(uname -r)/modules.builtin is missing: it may be built in"
}

case_proc_hidden_sysfs_tells() {
  all_loaded
  expect_status 0 in_namespace 'mount --bind /dev/null /proc/modules; $PREFLIGHT --check'
  expect_contains "$OUTPUT" "[preflight] ip_vs_rr: there already"
}

case_proc_and_sysfs_hidden_libkmod_and_the_probe_tell() {
  all_loaded
  expect_status 0 in_namespace 'mount --bind /dev/null /proc/modules
    mount -t tmpfs tmpfs /sys; $PREFLIGHT'
  expect_contains "$OUTPUT" "[preflight] ip_vs_rr: there: proven by the probe"
}

case_proc_and_sysfs_hidden_cannot_tell() {
  all_loaded
  # Without a tree nothing tells, and asking the kernel would make it load.
  expect_status 0 in_namespace 'mount --bind /dev/null /proc/modules
    mount -t tmpfs tmpfs /sys; mount -t tmpfs tmpfs /usr/lib/modules; $PREFLIGHT'
  expect_contains "$OUTPUT" "[WARNING Module-ip_vs_rr]: cannot tell whether ip_vs_rr (a basic scheduler) is there: /proc/modules and /sys/module are hidden"
  expect_contains "$OUTPUT" "[WARNING Probe]: cannot probe: no scheduler is known to be there"
}

case_the_probe_decides_where_nothing_is_loaded_by_the_kernel() {
  all_loaded
  local modprobe
  modprobe=$(cat /proc/sys/kernel/modprobe)
  echo >/proc/sys/kernel/modprobe
  expect_status 0 in_namespace 'mount --bind /dev/null /proc/modules
    mount -t tmpfs tmpfs /sys; mount -t tmpfs tmpfs /usr/lib/modules; $PREFLIGHT'
  echo "$modprobe" >/proc/sys/kernel/modprobe
  expect_contains "$OUTPUT" "[preflight] ip_vs_sh: there: proven by the probe"
}

case_probe_leaves_the_table_alone() {
  all_loaded
  ipvsadm -A -t 198.51.100.1:1 -s wrr
  expect_status 0 "$PREFLIGHT" --output=json
  expect_equal "-A -t 198.51.100.1:1 -s wrr" "$(ipvsadm -Sn)"
  ipvsadm -D -t 198.51.100.1:1
  expect_equal true "$(jq '[.modules[] | select(.name | test("_(rr|wrr|sh)$")) | .proven] | all' <<<"$OUTPUT")"
}

case_probe_makes_the_kernel_load_nothing() {
  all_loaded
  rmmod ip_vs_lblc 2>/dev/null || true
  echo "blacklist ip_vs_lblc" >/etc/modprobe.d/case.conf
  echo '{ "services": [ { "scheduler": "lblc" } ] }' >state.json
  expect_status 0 "$PREFLIGHT" --state state.json
  rm /etc/modprobe.d/case.conf
  expect_not_contains "$(cut -d' ' -f1 /proc/modules)" ip_vs_lblc
  expect_contains "$OUTPUT" "throw-away network namespace: rr, wrr, sh"
  expect_not_contains "$OUTPUT" "sh, lblc"
}

case_probe_says_what_it_lacks() {
  all_loaded
  expect_status 0 setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$PREFLIGHT"
  expect_contains "$OUTPUT" "[WARNING Probe]: cannot probe: no CAP_SYS_ADMIN"
  expect_status 0 setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$PREFLIGHT"
  expect_contains "$OUTPUT" "[WARNING Probe]: cannot probe: no CAP_NET_ADMIN"
  expect_contains "$OUTPUT" "[WARNING Capabilities]: no CAP_NET_ADMIN"
}

case_user_namespace_is_an_error() {
  all_loaded
  expect_status 1 unshare --user --map-root-user "$PREFLIGHT"
  expect_contains "$OUTPUT" "[ERROR Capabilities]: in a user namespace: IPVS asks for CAP_NET_ADMIN in the initial one"
  expect_contains "$OUTPUT" "[WARNING Probe]: cannot probe: IPVS asks for CAP_NET_ADMIN in the initial user namespace"
}

# A namespace that maps every ID to itself has the same map as the initial one.
case_user_namespace_with_the_initial_map() {
  modprobe -a ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack
  unshare --user sleep 60 &
  local sleeper=$!
  wait_until 30 in_another_user_namespace "$sleeper"
  echo "0 0 4294967295" >"/proc/$sleeper/uid_map"
  echo "0 0 4294967295" >"/proc/$sleeper/gid_map"
  expect_status 1 nsenter --user --target "$sleeper" "$PREFLIGHT" --check
  expect_contains "$OUTPUT" "[ERROR Capabilities]: in a user namespace: "
}
in_another_user_namespace() { [ "$(readlink "/proc/$1/ns/user")" != "$(readlink /proc/self/ns/user)" ]; }

# A scheduler with per-namespace state, while namespaces come and go: were the kernel left to load it
# on a service's first use, this hangs for good.
case_no_deadlock_with_dying_namespaces() { # any kernel
  echo '{ "services": [ { "scheduler": "lblc" }, { "scheduler": "lblcr" } ] }' >state.json
  all_loaded
  (while :; do unshare --net true; done) &
  local namespaces=$! round
  for round in 1 2 3 4 5 6 7 8; do
    rmmod ip_vs_lblc ip_vs_lblcr 2>/dev/null || true
    expect_status 0 timeout 20 "$PREFLIGHT" --state state.json
    expect_contains "$OUTPUT" "throw-away network namespace: rr, wrr, sh, lblc, lblcr"
    ipvsadm -A -t 10.0.0.1:80 -s lblc
    ipvsadm -A -t 10.0.0.1:81 -s lblcr
    ipvsadm -C
  done
  kill $namespaces
}

case_root_looks_at_another_tree() { # any kernel
  mkdir -p image/lib/modules/1.2.3-test image/etc
  expect_status 1 "$PREFLIGHT" --root image
  expect_contains "$OUTPUT" "[ERROR ModuleTree]: image/lib/modules holds no kernel's modules"
  cp -r "/usr/lib/modules/$(uname -r)/." image/lib/modules/1.2.3-test/
  depmod -b image 1.2.3-test
  expect_status 0 "$PREFLIGHT" --root image/ --persist
  expect_contains "$OUTPUT" "1.2.3-test: nf_conntrack_ipv4: nf_conntrack stands in for it: can be loaded"
  expect_equal "# Written by ipvs-preflight --persist.
ip_vs
ip_vs_rr
ip_vs_wrr
ip_vs_sh
nf_conntrack" "$(cat image/etc/modules-load.d/ipvs-node.conf)"
  mkdir -p image/etc/modprobe.d
  echo "blacklist ip_vs_sh" >image/etc/modprobe.d/no.conf
  expect_status 1 "$PREFLIGHT" --root image
  expect_contains "$OUTPUT" "1.2.3-test: ip_vs_sh (a basic scheduler) is in the tree, but blacklisted by modprobe.d: \`blacklist ip_vs_sh\` in image/etc/modprobe.d/no.conf:1"
  rm image/etc/modprobe.d/no.conf
  # A dependency is loaded in spite of a blacklist; a link means the image's own file.
  mkdir -p image/usr/share/case
  echo "blacklist ip_vs" >image/usr/share/case/no.conf
  ln -s /usr/share/case/no.conf image/etc/modprobe.d/no.conf
  expect_status 0 "$PREFLIGHT" --root image
  expect_match "$OUTPUT" '^\[preflight\] 1.2.3-test: ip_vs: blacklisted by modprobe.d: .* in image/usr/share/case/no.conf:1, but comes along with ip_vs_rr$'
  echo "blacklist ip_vs_sh" >image/usr/share/case/no.conf
  expect_status 1 "$PREFLIGHT" --root image
  rm image/etc/modprobe.d/no.conf
  echo '{ "services": [ { "scheduler": "nosuch" } ] }' >state.json
  expect_status 0 "$PREFLIGHT" --root image --state state.json
  expect_contains "$OUTPUT" "[WARNING Module-ip_vs_nosuch]: 1.2.3-test: ip_vs_nosuch (a scheduler of the state) is not in this kernel's tree"
  rm image/lib/modules/1.2.3-test/modules.dep.bin
  expect_status 1 "$PREFLIGHT" --root image
  expect_contains "$OUTPUT" "modules.dep.bin is not there: run depmod -b on the tree"
}

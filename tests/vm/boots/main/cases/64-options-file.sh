# timeout: 120
# /etc/ipvs-node/agent.conf: the unit's options, which the commands share. Each case leaves the file as it
# was shipped and the unit in sync.
# any kernel

options=/etc/ipvs-node/agent.conf

# put LINE…: the shipped file with these lines after it
put() {
  [ -e "$TMP/shipped" ] || cp -a $options "$TMP/shipped"
  cp -a "$TMP/shipped" $options
  printf '%s\n' "$@" >>$options
}
put_back() {
  cp -a "$TMP/shipped" $options
  systemctl restart ipvs-preflight
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: 4 services"
}

case_options_shipped_file_has_no_effect() {
  expect_equal "root:root 644" "$(stat -c '%U:%G %a' $options)"
  expect_not_contains "$(grep -v '^#' $options)" "="
  expect_status 0 ipvs-agent diff
}

case_options_of_the_file_are_the_daemons_and_diffs() {
  put 'strict-arp  # of the daemon and of diff' 'link = ipvs7' keep-link
  # The daemon goes by its own until the restart, and each command says so.
  expect_status 1 ipvs-agent diff
  expect_contains "$OUTPUT" "$options has changed since the daemon started"
  expect_contains "$(ipvs-agent status)" "$options has changed since the daemon started"
  systemctl reload ipvs-agent
  expect_equal 0 "$(sysctl -n net.ipv4.conf.all.arp_ignore)"

  systemctl restart ipvs-agent
  wait_for_status ipvs-agent "in sync: 4 services"
  expect_equal 1 "$(sysctl -n net.ipv4.conf.all.arp_ignore)"
  expect_status 0 ip link show ipvs7
  expect_status 0 ipvs-agent diff
  expect_not_contains "$OUTPUT" "has changed"
  expect_contains "$(ipvs-agent status)" "$options"
  expect_not_contains "$(ipvs-agent status)" "has changed"
  # What others would have without the file.
  expect_status 1 ipvs-agent diff --config=none
  put_back
  expect_equal 0 "$(sysctl -n net.ipv4.conf.all.arp_ignore)"
}

case_options_broken_file_is_refused_and_a_mended_one_starts() {
  local before line
  put 'resink = 10s'
  line=$(grep -n resink $options | cut -d: -f1)
  before=$(ipvsadm -Sn)
  expect_status 2 ipvs-agent apply
  expect_contains "$OUTPUT" "$options:$line: unknown option 'resink'; did you mean 'resync'?"
  expect_status 2 ipvs-agent status
  expect_status 0 ipvs-agent status --config=none
  expect_status 2 ipvs-preflight --check
  expect_contains "$OUTPUT" "$options:$line: unknown option 'resink'"
  # The running daemon is not harmed; a reload fails, and a restart has no daemon.
  expect_status 1 systemctl reload ipvs-agent
  expect_equal active "$(property_of ipvs-agent ActiveState)"
  BEGAN=$(date +%s.%N)
  systemctl restart ipvs-agent || true
  wait_until 40 has "$options:$line: unknown option 'resink'" journal_of ipvs-agent --since "@$BEGAN"
  expect_equal "$before" "$(ipvsadm -Sn)"
  put 'resync = 10s'
  wait_for_status ipvs-agent "in sync: 4 services"
  expect_equal 10000 "$(jq .resyncMilliseconds /run/ipvs-node/status.json)"
  put_back
}

case_options_file_that_others_may_write_is_refused() {
  put 'resync = 10s'
  chmod g+w $options
  expect_status 2 ipvs-agent check
  expect_contains "$OUTPUT" "chmod go-w $options"
  chmod g-w $options
  chown ipvs-node $options
  expect_status 2 ipvs-agent check
  expect_contains "$OUTPUT" "chown root $options"
  put_back
}

case_options_of_the_preflight() {
  put 'module = no_such_module' 'state = /etc/ipvs-node/elsewhere.json'
  expect_status 1 ipvs-preflight --check
  expect_contains "$OUTPUT" "no_such_module"
  expect_contains "$OUTPUT" "/etc/ipvs-node/elsewhere.json does not exist"
  put_back
}

# shellcheck shell=bash
# timeout: 600
# The one file on a machine without a network, a case after the other.

BUNDLE=/opt/ipvs-node.run
RECORD=/var/lib/ipvs-node-bundle
TABLE="-> 0AE52B02:192B Masq 2
-> 0AE52B03:192B Masq 1
TCP 0A000001:01BB wrr"

installed() { dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' | grep '^installed'; }
# The kernel has the newest destination first.
table() {
  sed 1,3d /proc/net/ip_vs | awk '$1 == "->" { print $1, $2, $3, $4 } $1 != "->" { print $1, $2, $3 }' | sort
}
owned_writes() { jq .report.kernelWrites /run/ipvs-node/status.json; }

twenty_lines() {
  mkdir -p /etc/ipvs-node
  cat >/etc/ipvs-node/state.json.new <<'END'
{
  "version": 1,
  "services": [
    {
      "name": "kube-apiserver",
      "address": "10.0.0.1",
      "port": 443,
      "protocol": "tcp",
      "scheduler": "wrr",
      "bind": true,
      "destinations": [
        { "address": "10.229.43.2", "port": 6443, "weight": 2 },
        { "address": "10.229.43.3", "port": 6443 }
      ]
    }
  ],
  "sysctls": {
    "net.ipv4.ip_forward": 1
  }
}
END
  mv /etc/ipvs-node/state.json.new /etc/ipvs-node/state.json
}

case_there_is_no_network_and_no_library() {
  installed >/opt/installed-before
  expect_equal lo "$(ls /sys/class/net)"
  expect_equal "" "$(find /var/lib/apt/lists -type f ! -name lock 2>/dev/null || true)"
  expect_not_contains "$(installed)" libjansson
  expect_not_contains "$(installed)" libnftables
}

case_a_damaged_file_is_refused_first() {
  local size
  cp "$BUNDLE" damaged.run
  size=$(stat -c %s damaged.run)
  printf X | dd of=damaged.run bs=1 seek=$((size - 1000)) conv=notrunc status=none
  expect_status 1 sh damaged.run
  expect_contains "$OUTPUT" "damaged.run is damaged"
  head -c $((size - 1000)) "$BUNDLE" >short.run
  expect_status 1 sh short.run --uninstall
  expect_contains "$OUTPUT" "short.run is damaged"

  sh "$BUNDLE" --extract extracted
  cd extracted/*/ || fail "it has no folder"
  echo >>debs/libjansson4_*.deb
  expect_status 1 sh install.sh
  expect_contains "$OUTPUT" "debs/libjansson4_"
  expect_contains "$OUTPUT" "nothing was changed"
  truncate -s -1 debs/libjansson4_*.deb
  cp debs/libjansson4_*.deb debs/other.deb
  expect_status 1 sh install.sh
  expect_contains "$OUTPUT" "debs/other.deb"
  rm debs/other.deb
  # Nor a link, to a file or to a folder, in the place of one of its files or beside them.
  local link
  for link in debs/other.deb static/usr/sbin/other; do
    ln -s /etc/passwd "$link"
    expect_status 1 sh install.sh
    expect_contains "$OUTPUT" "neither files nor folders, as links are: ./$link: nothing was changed"
    rm "$link"
  done
  cp bundle.env "$TMP/bundle.env"
  ln -sf "$TMP/bundle.env" bundle.env
  expect_status 1 sh install.sh
  expect_contains "$OUTPUT" "as links are: ./bundle.env"
  cp --remove-destination "$TMP/bundle.env" bundle.env
  cp bundle.env debs/SHA256SUMS
  expect_status 1 sh install.sh
  expect_contains "$OUTPUT" "debs/SHA256SUMS"
  rm debs/SHA256SUMS

  expect_equal "$(cat /opt/installed-before)" "$(installed)"
  expect_equal "" "$(find /usr/sbin /etc /var/lib -name '*ipvs-node*' -o -name 'ipvs-*' | grep -v vm-tests || true)"
}

case_wrong_use_is_told() {
  expect_status 2 sh "$BUNDLE" --instal
  expect_contains "$OUTPUT" "Usage: "
  expect_status 1 setpriv --reuid=65534 --clear-groups sh "$BUNDLE"
  expect_contains "$OUTPUT" "only root"
  expect_status 0 sh "$BUNDLE" --dry-run
  expect_contains "$OUTPUT" "would run: dpkg --install"
  expect_status 0 sh "$BUNDLE" --uninstall
  expect_contains "$OUTPUT" "nothing was installed from here"
  expect_equal "$(cat /opt/installed-before)" "$(installed)"
}

case_static_programs_need_no_library() {
  local program
  sh "$BUNDLE" --extract extracted
  mkdir alone
  cp extracted/*/static/usr/sbin/ipvs-* alone/
  expect_equal 2 "$(find alone -type f | wc -l)"
  for program in ipvs-agent ipvs-preflight; do
    expect_status 0 chroot alone "/$program" --version
    expect_contains "$OUTPUT" "(static, without libnftables)"
  done
}

# As one that was stopped leaves it. Without what needs nftables, which the static programs have not: "bind"
# asks for source NAT.
case_static_install_that_was_stopped_is_done_again() {
  twenty_lines
  sed -i '/"bind"/d' /etc/ipvs-node/state.json
  expect_status 0 sh "$BUNDLE" --static
  rm "$RECORD/done"
  systemctl disable --now ipvs-agent
  expect_status 0 sh "$BUNDLE" --static
  expect_contains "$OUTPUT" "ipvs-agent: active, in sync: 1 service"
  expect_equal enabled "$(systemctl is-enabled ipvs-agent)"
  expect_status 0 sh "$BUNDLE" --uninstall
}

case_static_install_and_uninstall() {
  twenty_lines
  sed -i '/"bind"/d' /etc/ipvs-node/state.json
  expect_status 0 sh "$BUNDLE" --static
  expect_contains "$OUTPUT" "ipvs-agent: active, in sync: 1 service"
  expect_equal "$TABLE" "$(table)"
  expect_status 0 /usr/sbin/ipvs-agent list
  expect_status 0 sh "$BUNDLE" --static
  expect_contains "$OUTPUT" "Nothing to do"
  expect_status 1 sh "$BUNDLE"
  expect_contains "$OUTPUT" "--uninstall first"
  expect_status 0 sh "$BUNDLE" --uninstall
  expect_contains "$OUTPUT" "stay as they are"
  expect_equal "$TABLE" "$(table)"
  expect_equal "" "$(find /usr /etc/systemd -name '*ipvs-node*' -o -name 'ipvs-*' | grep -v vm-tests || true)"
  expect_equal "$(cat /opt/installed-before)" "$(installed)"
}

# repack FOLDER: its sums anew
repack() { (cd "$1" && find . -type f ! -name SHA256SUMS -print0 | xargs -0 sha256sum >"$TMP/sums" && mv "$TMP/sums" SHA256SUMS); }

case_static_upgrade_replaces_the_whole_list() {
  local older newer documents=usr/share/doc/ipvs-node
  sh "$BUNDLE" --extract older
  sh "$BUNDLE" --extract newer
  older=$(echo older/*) newer=$(echo newer/*)
  echo old >"$older/static/$documents/old.md"
  repack "$older"
  echo new >"$newer/static/$documents/new.md"
  repack "$newer"
  expect_status 0 sh "$older/install.sh" --static
  echo other >"/$documents/new.md"
  expect_status 1 sh "$newer/install.sh" --static
  expect_contains "$OUTPUT" "/$documents/new.md is there and not from here"
  [ -e "/$documents/old.md" ] || fail "something was changed"
  rm "/$documents/new.md"
  mv /etc/ipvs-node/state.json state.json
  expect_status 0 sh "$newer/install.sh" --static
  expect_equal new "$(cat "/$documents/new.md")"
  [ ! -e "/$documents/old.md" ] || fail "a file of the older version is still there"
  [ ! -e /etc/ipvs-node/state.json ] || fail "an upgrade wrote a state"
  expect_equal "$TABLE" "$(table)"
  mv state.json /etc/ipvs-node/state.json
  expect_status 0 sh "$BUNDLE" --uninstall
  expect_equal "" "$(find /usr/share -path '*/ipvs-node*')"
}

case_install() {
  mkdir "a folder"
  TMPDIR="$TMP/a folder" expect_status 0 sh "$BUNDLE"
  expect_contains "$OUTPUT" "ipvs-agent: active, in sync: 1 service"
  expect_equal "$TABLE" "$(table)"
  expect_equal 0 "$(owned_writes)" "what the static programs made is still ours"
  installed >after
  expect_status 0 sh "$BUNDLE"
  expect_contains "$OUTPUT" "Nothing to do"
  expect_equal "$(cat after)" "$(installed)"
  expect_status 1 sh "$BUNDLE" --static
  expect_contains "$OUTPUT" "installed as a package"
}

case_a_newer_version_is_replaced() {
  installed >before
  sh "$BUNDLE" --extract extracted
  dpkg-deb -R extracted/*/debs/ipvs-node_*.deb tree
  sed -i 's/^Version: .*/&+newer/' tree/DEBIAN/control
  dpkg-deb --root-owner-group -b tree newer.deb
  expect_status 0 dpkg -i newer.deb
  expect_status 0 sh "$BUNDLE"
  expect_match "$OUTPUT" 'ipvs-node .*\+newer is installed: .* takes its place'
  expect_equal "$(cat before)" "$(installed)"
  expect_equal "$TABLE" "$(table)"
}

case_uninstall_undoes_it() {
  expect_status 0 sh "$BUNDLE" --uninstall
  expect_contains "$OUTPUT" "stay as they are"
  expect_equal "$(cat /opt/installed-before)" "$(installed)"
  expect_equal "$TABLE" "$(table)"
  [ ! -e "$RECORD" ] || fail "$RECORD is still there"
  [ -s /etc/ipvs-node/state.json ] || fail "the state is gone"
}

case_what_a_package_has_taken_over_stays() {
  local packages
  sh "$BUNDLE" --extract extracted
  expect_status 0 sh "$BUNDLE" --static
  expect_status 0 dpkg -i extracted/*/debs/*.deb
  expect_status 0 sh "$BUNDLE" --uninstall
  expect_contains "$OUTPUT" "are a package's now, and stay"
  # A small system leaves out documents.
  expect_equal "" "$(dpkg --verify ipvs-node | grep -v ' /usr/share/\(doc\|man\)/' || true)"
  expect_equal active "$(systemctl is-active ipvs-agent)"
  [ ! -e "$RECORD" ] || fail "$RECORD is still there"
  mapfile -t packages < <(installed | grep -vxF -f /opt/installed-before | cut -d ' ' -f 2)
  expect_status 0 dpkg -r "${packages[@]}"
  expect_equal "$(cat /opt/installed-before)" "$(installed)"
}

# For the boot that follows, with a kubelet that looks at the table when it starts.
case_installed_for_the_next_boot() {
  cat >/etc/systemd/system/kubelet.service <<'END'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'cat /proc/net/ip_vs >/run/seen-by-kubelet'
[Install]
WantedBy=multi-user.target
END
  systemctl enable kubelet
  twenty_lines
  expect_status 0 sh "$BUNDLE"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The machine booted with the record of the boot before in /run (files/ puts it there), and another
# program has services on keys that it names. They are not ours: that kernel's table is gone.
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh
RUN=/run/ipvs-node
left=/usr/lib/ipvs-node-tests/owned

theirs="-A -t 10.0.0.7:80 -s wlc
-A -t 10.0.0.8:80 -s wlc
-a -t 10.0.0.7:80 -r 10.0.1.7:80 -m -w 7
-a -t 10.0.0.8:80 -r 10.0.1.8:80 -m -w 8"
of_theirs() { ipvsadm -Sn | grep -E ' 10\.0\.0\.[78]:' | LC_ALL=C sort; }

case_services_on_the_old_records_keys_are_untouched() {
  expect_equal "$theirs" "$(of_theirs)"
  expect_contains "$(ipvsadm -Sn)" "-a -t 10.0.0.1:443 -r 10.0.1.1:443 -m -w 1"
}

case_it_is_said_what_was_found() {
  expect_contains "$(journal_of ipvs-agent)" "of another boot or network namespace"
  wait_for_status ipvs-agent "degraded: 1 of 2 services, 1 failed: both: *not ours*"
  expect_status 3 ipvs-agent status
  expect_contains "$OUTPUT" "tcp 10.0.0.8:80 (both): it is in the kernel already, not ours, and differs (scheduler wlc"
}

case_the_new_record_names_what_this_boot_made() {
  expect_equal "owned tcp 10.0.0.1 443" "$(recorded | grep -v '10\.0\.0\.8')"
  expect_contains "$(head -n 1 "$RUN/owned")" " $(cat /proc/sys/kernel/random/boot_id) "
}

# So that the cases above prove something: with this boot's header the same record is taken at its word.
case_only_the_header_made_the_difference() {
  local header
  expect_equal "$(without_checksums $left | checksummed)" "$(cat $left)" "the checksums"
  header="ipvs-node-owned 2 $(cat /proc/sys/kernel/random/boot_id) $(stat -Lc %d:%i /proc/self/ns/net)"
  systemctl stop ipvs-agent
  without_checksums $left | sed "1s/.*/$header/" | checksummed >"$RUN/owned"
  chown ipvs-node: "$RUN/owned"
  systemctl start ipvs-agent
  wait_for_status ipvs-agent "in sync: 2 services"
  expect_equal "-A -t 10.0.0.8:80 -s rr
-a -t 10.0.0.8:80 -r 10.0.1.1:80 -m -w 1" "$(of_theirs)"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A daemon that has reconciled very often takes what it took after the first few thousand times.
# netns: fresh
# timeout: 20000
# shellcheck source=tests/vm/data/soak.sh
. /usr/lib/vm-tests/data/soak.sh

case_hundred_thousand_reconciles_leave_nothing_behind() { soak 100000; }

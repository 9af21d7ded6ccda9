# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# As boots/soak, which make check-full runs, a hundred times shorter.
# any kernel
# netns: fresh
# timeout: 900
# shellcheck source=tests/vm/data/soak.sh
. /usr/lib/vm-tests/data/soak.sh

case_thousand_reconciles_leave_nothing_behind() { soak 1000; }

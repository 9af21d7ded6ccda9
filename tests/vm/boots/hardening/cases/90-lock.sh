# SPDX-License-Identifier: GPL-2.0-or-later
# The example's unit is enabled; reboot/ has what comes of it.

case_lock_is_enabled() {
  expect_status 0 systemctl enable ipvs-lock-modules
  expect_equal 0 "$(cat /proc/sys/kernel/modules_disabled)"
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The changes of the bench's table, as generate and change take them: EVERY FIRST WEIGHT. Sourced.

BURST_FILES=1000 STATE_FILES=100

change_of() { # CHANGE SERVICES DESTINATIONS
  local all=$(($2 * $3))
  case $1 in
    # One in the middle.
    one) echo $all $((all / 2)) 2 ;;
    # One of ten, spread over all services.
    tenth) echo 10 3 3 ;;
    # One in each file.
    burst) echo $((all > BURST_FILES ? all / BURST_FILES : 1)) 0 4 ;;
  esac
}

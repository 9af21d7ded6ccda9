#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Judges the units as `systemd-analyze security` does, without a running systemd:
#
#   exposure.sh [DOCUMENT]
#
# Fails where a unit's exposure is over its bound, or where DOCUMENT (docs/security.md) does not have
# the units' own figures: a heading `### UNIT: EXPOSURE` each, and under it one row `| NAME | EXPOSURE |
# WHY |` for everything that systemd-analyze finds exposed.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

# In tenths. The figures are those of systemd 252: others weigh some things differently.
declare -A bounds=([ipvs-agent]=15 [ipvs-preflight]=22)
known_version=252
document=${1:-docs/security.md}

analyze() { SYSTEMD_COLORS=0 systemd-analyze security --offline=true --no-pager "$@"; }
version=$(systemd-analyze --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
[ "${version:-0}" -ge 250 ] || {
  echo "exposure.sh: systemd-analyze ${version:-?} cannot judge unit files (--offline, from 250 on)" >&2
  exit 1
}

# "UNIT: EXPOSURE", then "NAME EXPOSURE" for each finding
found_in_unit() {
  local file=packaging/systemd/$1.service
  analyze "$file" | sed -n 's/.*exposure level for \(.*\): \([0-9.]*\) .*/\1: \2/p'
  analyze --json=short "$file" | jq -r '.[] | select(.exposure != null) | "\(.name) \(.exposure)"' | LC_ALL=C sort
}

found_in_document() {
  awk -v heading="### $1.service: " '
    /^#/ { inside = index($0, heading) == 1; if (inside) print substr($0, 5) }
    inside && /^[|] `[^`]+` [|] [0-9.]+ [|] .+ [|]$/ {
      split($0, cell, / [|] /)
      gsub(/\\/, "", cell[1])
      print substr(cell[1], 4, length(cell[1]) - 4), cell[2] | "LC_ALL=C sort"
    }' "$document"
}

status=0
for unit in "${!bounds[@]}"; do
  analyze --threshold="${bounds[$unit]}" "packaging/systemd/$unit.service" >/dev/null || {
    analyze "packaging/systemd/$unit.service" | grep -v '✓'
    echo "exposure.sh: $unit.service is over its bound of ${bounds[$unit]} tenths" >&2
    status=1
  }
  if [ "$version" != "$known_version" ]; then
    echo "$document has the figures of systemd $known_version and is not compared with those of $version"
  elif ! diff -u --label "$document" --label "systemd-analyze $unit.service" \
    <(found_in_document "$unit") <(found_in_unit "$unit"); then
    echo "exposure.sh: $document does not have what systemd-analyze finds in $unit.service" >&2
    status=1
  fi
done
exit $status

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a run of check.sh cost, from what it left in BUILD/check: the 20 slowest cases, each boot beside the last
# release's (tests/vm/release-costs), each stage. As text here, and as BUILD/check/costs.json.
#
#   costs.sh BUILD SECONDS
#
# A boot's columns are seconds: "made" on this machine before it started, "start" until the first case, "cases",
# "rest" between and after them, "sum" of these, "used" by the processors. Boots run side by side and beside the
# stages without a guest, so that the sums are more than the time of the run.
set -euo pipefail
top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -eq 2 ] || {
  echo "usage: ${0##*/} BUILD SECONDS" >&2
  exit 2
}
out=$1/check seconds=$2 release=$top/tests/vm/release-costs

slowest() {
  sed -nE 's/^(ok|not ok) ([^ ]+) \(([0-9]+) ms.*/\3 \2/p' "$out/results" | sort -srn | sed -n 1,20p
}

# Of the boots that this run's results name.
boots() {
  sed -nE 's,^(ok|not ok|skip) ([a-z0-9@-]+)[/:].*,\2,p' "$out/results" | sort -u | while read -r boot; do
    if [ -s "$1/$boot/cost" ]; then cat "$1/$boot/cost"; fi
  done | sort -k7,7rn
}

text() {
  printf '\n== the 20 slowest cases, in seconds\n'
  slowest | awk '{ printf "%8.1f  %s\n", $1 / 1000, $2 }'
  printf '\n== boots, in seconds\n'
  boots "$1" | awk -v release="$release" '
    BEGIN {
      while ((getline line <release) > 0) if (split(line, field) == 2 && line !~ /^#/) before[field[1]] = field[2]
      printf "%-22s %5s %6s %6s %7s %6s %7s %7s  %s\n", "boot", "cases", "made", "start", "cases", "rest", "sum", "used", "cases of the last release"
    }
    {
      was = $1 in before ? sprintf("%.0f (%+.0f)", before[$1], $5 - before[$1]) : "new"
      printf "%-22s %5d %6.0f %6.1f %7.1f %6.1f %7.1f %7.1f  %s\n", $1, $2, $3, $4, $5, $6, $7, $8, was
      n += $2; made += $3; start += $4; cases += $5; rest += $6; sum += $7; used += $8; old += before[$1]
    }
    END {
      printf "%-22s %5d %6.0f %6.1f %7.1f %6.1f %7.1f %7.1f  %.0f (%+.0f)\n", "all", n, made, start, cases, rest, sum, used, old, cases - old
    }'
  printf '\n== stages, in seconds\n'
  awk '{ printf "%-22s %5d\n", $1, $2 }' "$out/stages"
  printf '%-22s %5d\n' "the whole run" "$seconds"
}

json() {
  jq -n --arg seconds "$seconds" --rawfile slowest <(slowest) --rawfile boots <(boots "$1") --rawfile stages "$out/stages" '
    def rows: split("\n") | map(select(. != "") | split(" "));
    { seconds: ($seconds | tonumber),
      slowest: [$slowest | rows[] | { name: .[1], milliseconds: (.[0] | tonumber) }],
      boots: [$boots | rows[] | { name: .[0] } + ([["results", "made", "start", "cases", "rest", "sum", "used"], (.[1:] | map(tonumber))]
        | transpose | map({ (.[0]): .[1] }) | add)],
      stages: [$stages | rows[] | { name: .[0], seconds: (.[1] | tonumber) }] }'
}

text "$1/vm/out"
json "$1/vm/out" >"$out/costs.json"

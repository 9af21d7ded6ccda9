#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every boot on the kernel of every Debian suite, each in its short form, and what came of it as a table
# in docs/kernels.md:
#
#   kernels.sh           runs, then writes the table
#   kernels.sh --table   writes the table alone
#
# KERNELS="trixie sid" and BOOTS="agent main" choose a part; RESUME=1 leaves out what has passed
# before. Results stay in build/vm/kernels, and the table is made from all that are there. A boot whose
# boot.conf says `kernels=one` or `full=yes` shows nothing that another kernel could change.
set -euo pipefail
. "$(dirname -- "$0")/common.sh"

output=$build/vm/kernels
document=$top/docs/kernels.md
read -ra kernels <<<"${KERNELS:-bullseye bookworm trixie sid}"
all_kernels=(bullseye bookworm trixie sid)

all_boots() {
  local folder boot
  for folder in "$vm"/boots/*/; do
    boot=$(basename "$folder")
    [ "$(option_of "$boot" kernels)" = one ] || [ "$(option_of "$boot" full)" = yes ] || echo "$boot"
  done
}
mapfile -t table_boots < <(all_boots)
read -ra boots <<<"${BOOTS:-${table_boots[*]}}"

passed() { grep -q '^# end after' "$output/$1/results" 2>/dev/null && ! grep -q '^not ok' "$output/$1/results"; }

run_all() {
  local kernel boot chosen=()
  for kernel in "${kernels[@]}"; do
    for boot in "${boots[@]}"; do
      if [ -z "${RESUME:-}" ] || ! passed "$boot@$kernel"; then chosen+=("$boot@$kernel"); fi
    done
  done
  [ ${#chosen[@]} = 0 ] || SHORT=1 "$vm/run.sh" -o "$output" "${chosen[@]}"
}

# version_of KERNEL: as the guests that ran said it
version_of() {
  local found
  found=$(sed -nsE 's/^# booted in .* s: ([^,]+),.*/\1/p' "$output"/*@"$1"/results 2>/dev/null | sort -u | paste -sd ' ')
  echo "${found:-not run}"
}
count() { grep -c "^$2 " "$output/$1/results" || true; }
row() {
  local boot=$1 kernel cell
  printf '| %s' "$boot"
  for kernel in "${all_kernels[@]}"; do
    cell=-
    if grep -qs -e '^# end after' -e '^not ok' "$output/$boot@$kernel/results"; then
      cell="$(count "$boot@$kernel" ok) passed"
      [ "$(count "$boot@$kernel" skip)" = 0 ] || cell+=", $(count "$boot@$kernel" skip) skipped"
      [ "$(count "$boot@$kernel" 'not ok')" = 0 ] || cell+=", **$(count "$boot@$kernel" 'not ok') failed**"
    fi
    printf ' | %s' "$cell"
  done
  printf ' |\n'
}
# The cases that are not "ok", with what was said.
others() {
  local what=$1 title=$2 lines
  lines=$(cd "$output" && for boot in "${table_boots[@]}"; do
    for kernel in "${all_kernels[@]}"; do
      sed -nE "s/^$what ([^ :]+:[^ :]+):? ?(.*)/- \`\1\` \2/p" "$boot@$kernel/results" 2>/dev/null || true
    done
  done)
  [ -z "$lines" ] || printf '\n%s\n\n%s\n' "$title" "$lines"
}
dates() {
  local results=("$output"/*@*/results) first last
  first=$(stat -c %y "${results[@]}" | sort | head -n 1)
  last=$(stat -c %y "${results[@]}" | sort | tail -n 1)
  if [ "${first%% *}" = "${last%% *}" ]; then echo "on ${last%% *}"; else echo "from ${first%% *} to ${last%% *}"; fi
}

table() {
  local kernel boot
  printf "Made %s by \`make check-kernels\`.\n\n" "$(dates)"
  printf '| boot'
  for kernel in "${all_kernels[@]}"; do
    printf ' | %s: %s' "$kernel" "$(version_of "$kernel")"
  done
  printf ' |\n| ---'
  for kernel in "${all_kernels[@]}"; do printf ' | ---'; done
  printf ' |\n'
  for boot in "${table_boots[@]}"; do row "$boot"; done
  others skip 'Left out, and why:'
  others 'not ok' 'Failed:'
}

# Between the two lines that mark its place.
write_table() {
  local begin='<!-- results: begin -->' end='<!-- results: end -->' made
  [ "$(grep -cxF -e "$begin" -e "$end" "$document")" = 2 ] || die "$document has no place for the table"
  made=$(table)
  MADE=$made awk -v begin="$begin" -v end="$end" '
    $0 == end { print "\n" ENVIRON["MADE"] "\n"; inside = 0 }
    !inside { print }
    $0 == begin { inside = 1 }' "$document" >"$document.new"
  mv "$document.new" "$document"
}

status=0
if [ "${1:-}" != --table ]; then run_all || status=$?; fi
if ls "$output"/*@*/results >/dev/null 2>&1; then
  write_table
  say TABLE "${document#"$top"/}"
fi
exit "$status"

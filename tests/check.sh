#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every test, or the stages that are named, set-up included:
#
#   check.sh [build|lint|unit|fuzz|docs|packages|vm|kernels]…
#
# FULL=1 shortens nothing, and has the guests on every kernel among its stages. A stage that fails does
# not hide the later ones. Each test is a line `ok NAME`, `not ok NAME` or `skip NAME`; the last line of
# all is the total.
set -uo pipefail

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top" || exit 1
build=${BUILD:-build}
stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(build lint unit fuzz docs packages vm)
[ $# -gt 0 ] || [ -z "${FULL:-}" ] || stages+=(kernels)

tests/setup.sh || exit 1
out=$build/check
mkdir -p "$out"
results=$out/results
: >"$results"

# A make of our own, whatever make has called this.
make=(env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -k "-j$(nproc)" BUILD="$build")
for variable in V WERROR NFTABLES CC CFLAGS LDFLAGS; do
  [ -z "${!variable:-}" ] || make+=("$variable=${!variable}")
done

stage() { printf '\n== %s\n' "$*"; }
result() { printf '%s\n' "$*" | tee -a "$results"; }

# test_command NAME COMMAND…: one test, its output shown where it fails
test_command() {
  local name=$1 log
  log=$out/$(tr / - <<<"$1").log
  shift
  if "$@" >"$log" 2>&1 </dev/null; then
    result "ok $name"
  else
    result "not ok $name (exit status $?)"
    tail -n 200 "$log" | sed 's/^/    /'
  fi
}

run_build() {
  stage "build"
  test_command build/release "${make[@]}" all
  test_command build/sanitized "${make[@]}" sanitized
}

run_lint() {
  stage "lint"
  local tool
  for tool in clang-format clang-tidy cppcheck shellcheck; do
    test_command "lint/$tool" "${make[@]}" "lint-$tool"
  done
}

# Each program says what became of its tests in TAP; one that dies before its end is a failure more.
run_unit() {
  stage "unit tests"
  local program name log status
  [ -n "$(echo tests/unit/test_*.c)" ] || return
  "${make[@]}" sanitized >"$out/unit-build.log" 2>&1 || {
    result "not ok unit/build"
    tail -n 100 "$out/unit-build.log" | sed 's/^/    /'
  }
  for program in tests/unit/test_*.c; do
    name=$(basename "$program" .c)
    program=$build/sanitized/tests/$name
    log=$out/unit-$name.log
    status=0
    if [ -x "$program" ]; then
      CMOCKA_MESSAGE_OUTPUT=TAP timeout --kill-after=5 300 "$program" >"$log" 2>&1 </dev/null || status=$?
    else
      echo "was not built" >"$log" && status=1
    fi
    sed -nE "s,^ok [0-9]+ - (.*) # SKIP.*,skip unit/$name:\1,p; t
      s,^ok [0-9]+ - ,ok unit/$name:,p; s,^not ok [0-9]+ - ,not ok unit/$name:,p" "$log" >"$log.results"
    if [ "$status" != 0 ] && ! grep -q '^not ok' "$log.results"; then
      echo "not ok unit/$name (exit status $status)" >>"$log.results"
    elif [ ! -s "$log.results" ]; then
      echo "not ok unit/$name (it ran no test)" >>"$log.results"
    fi
    cat "$log.results" >>"$results"
    if grep -q '^not ok' "$log.results"; then
      grep '^not ok' "$log.results"
      tail -n 200 "$log" | sed 's/^/    /'
    else
      printf 'ok unit/%s: %d tests\n' "$name" "$(wc -l <"$log.results")"
    fi
  done
}

# Every file of tests/fuzz/corpus/NAME through the target fuzz_NAME, sanitized.
run_fuzz() {
  stage "fuzz corpora"
  local source name file
  for source in tests/fuzz/fuzz_*.c; do
    [ -f "$source" ] || continue
    name=$(basename "$source" .c)
    test_command "fuzz/${name#fuzz_}" "$build/sanitized/fuzz/$name" "tests/fuzz/corpus/${name#fuzz_}"
  done
}

# Every example of a state, and every block marked ```json in the documents, is a state file that is
# valid. And each script of tests/docs.
run_docs() {
  stage "documents and examples"
  local file block script blocks=$out/blocks
  rm -rf "$blocks"
  mkdir -p "$blocks"
  for file in README.md docs/*.md packaging/man/*.scd tests/vm/README.md; do
    [ ! -f "$file" ] || awk -v prefix="$blocks/$(tr / - <<<"$file")" '
      /^[ \t]*```json[ \t]*$/ { n++; name = prefix "-" n ".json"; inside = 1; next }
      /^[ \t]*```/ { inside = 0 }
      inside { print > name }' "$file"
  done
  for block in "$blocks"/*.json examples/*.json examples/*/state.json; do
    file=${block#"$blocks/"}
    file=${file#examples/}
    [ ! -f "$block" ] || test_command "docs/${file%.json}" \
      "$build/sanitized/ipvs-agent" check --state "$block"
  done
  for script in tests/docs/*.sh; do
    test_command "docs/$(basename "$script" .sh)" "$script"
  done
}

# guests NAME COMMAND…: which prints their results
guests() {
  "${@:2}" | tee "$out/$1.log" | sed '$d'
  if ! tail -n 1 "$out/$1.log" | grep -q ' passed, '; then
    result "not ok $1 (the guests could not be run)"
  fi
  grep -E '^(ok|not ok|skip) ' "$out/$1.log" >>"$results"
}

# What is installed from; that it installs is proven in guests.
run_packages() {
  stage "packages"
  local name
  for name in deb rpm bundle; do
    test_command "packages/$name" "tests/packages/$name.sh"
  done
}

run_vm() {
  stage "a real kernel and systemd"
  guests vm tests/vm/run.sh -o "$build/vm/out"
}

run_kernels() {
  stage "every kernel"
  guests kernels tests/vm/kernels.sh
}

for name in "${stages[@]}"; do
  declare -F "run_$name" >/dev/null || {
    echo "${0##*/}: no stage $name" >&2
    exit 2
  }
  began=$SECONDS
  "run_$name"
  printf '   (%d s)\n' $((SECONDS - began))
done

passed=$(grep -c '^ok ' "$results")
failed=$(grep -c '^not ok ' "$results")
skipped=$(grep -c '^skip ' "$results")
echo
if [ "$failed" != 0 ]; then
  echo "Failed:"
  grep '^not ok ' "$results" | sed 's/^not ok /  /'
fi
[ $((passed + failed)) -gt 0 ] || failed=1
printf '%d passed, %d failed%s\n' "$passed" "$failed" "$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" = 0 ]

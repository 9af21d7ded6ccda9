#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every test, or the stages that are named, set-up included:
#
#   check.sh [build|lint|unit|fuzz|docs|packages|vm|kernels]…
#   check.sh quick
#
# The guests leave the processors idle while they wait, so the stages that need no guest run beside them, but for
# packages at a lower priority; VM_BESIDE=0 has them before. FULL=1 shortens nothing, and has the guests on every kernel among its stages.
# "quick" is build, lint of what changed, unit tests and one guest with the most telling cases. A stage that fails
# does not hide the later ones. Each test is a line `ok NAME`, `not ok NAME` or `skip NAME`; at the end come the
# costs (costs.sh), and as the last line of all the total.
set -uo pipefail

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top" || exit 1
build=${BUILD:-build}
stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(build packages lint unit fuzz docs vm)
[ $# -gt 0 ] || [ -z "${FULL:-}" ] || stages+=(kernels)
changed_only=''
if [ "${stages[*]}" = quick ]; then
  stages=(build lint unit quick) changed_only=1
fi

tests/setup.sh || exit 1
out=$build/check
mkdir -p "$out"
results=$out/results
rm -f "$out"/{results,stages,host.results,host.log}
: >"$results"
: >"$out/stages"
began=$SECONDS

# A make of our own, whatever make has called this.
make=(env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -k "-j$(nproc)" BUILD="$build")
for variable in V WERROR NFTABLES CC CFLAGS LDFLAGS; do
  [ -z "${!variable:-}" ] || make+=("$variable=${!variable}")
done

stage() { printf '\n== %s\n' "$*"; }
result() { printf '%s\n' "$*" | tee -a "$results"; }

# test_command NAME COMMAND…: one test, its output shown where it fails
test_command() {
  local name=$1 log status=0 start=${EPOCHREALTIME/./}
  log=$out/$(tr / - <<<"$1").log
  shift
  "$@" >"$log" 2>&1 </dev/null || status=$?
  local took=$(((${EPOCHREALTIME/./} - start) / 1000))
  if [ $status = 0 ]; then
    result "ok $name ($took ms)"
  else
    result "not ok $name ($took ms: exit status $status)"
    tail -n 200 "$log" | sed 's/^/    /'
  fi
}

run_build() {
  stage "build"
  test_command build/release "${make[@]}" all
  test_command build/sanitized "${make[@]}" sanitized
}

# changed_files PATTERN…: those that differ from the branch that the work is for, or are not committed
changed_files() {
  local base
  base=$(git merge-base HEAD '@{upstream}' 2>/dev/null || git rev-parse --verify -q HEAD~1 || git rev-parse HEAD)
  { git diff --name-only --diff-filter=d "$base" -- "$@" && git ls-files --others --exclude-standard -- "$@"; } | sort -u
}

run_lint() {
  stage "lint"
  local tool
  if [ -n "$changed_only" ]; then
    mapfile -t c_files < <(changed_files 'agent/*.[ch]' 'common/*.[ch]' 'preflight/*.[ch]' 'tests/*.[ch]')
    mapfile -t sh_files < <(changed_files '*.sh' '*.bash' .ci/run)
    mapfile -t tidy < <(printf '%s\n' "${c_files[@]}" | sed -n '/^tests\/vm\/boots\//d; s,\.c$,,p' | sed "s,.*,$build/lint/&.tidy,")
    [ ${#c_files[@]} = 0 ] || test_command lint/clang-format clang-format --dry-run -Werror "${c_files[@]}"
    [ ${#tidy[@]} = 0 ] || test_command lint/clang-tidy "${make[@]}" "${tidy[@]}"
    [ ${#sh_files[@]} = 0 ] || test_command lint/shellcheck shellcheck --shell=bash --external-sources "${sh_files[@]}"
    return
  fi
  for tool in clang-format clang-tidy cppcheck shellcheck; do
    test_command "lint/$tool" "${make[@]}" "lint-$tool"
  done
}

# Each program says what became of its tests in TAP; one that dies before its end is a failure more.
run_unit() {
  stage "unit tests"
  local program name log status scratch
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
      scratch=$(mktemp -d) && chmod 1777 "$scratch"
      TMPDIR=$scratch CMOCKA_MESSAGE_OUTPUT=TAP timeout --kill-after=5 300 "$program" >"$log" 2>&1 </dev/null || status=$?
      rm -rf "$scratch"
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

# Every example of a state is valid, and each script of tests/docs succeeds.
run_docs() {
  stage "documents and examples"
  local file name script
  for file in examples/*.json examples/*/state.json; do
    name=${file#examples/}
    test_command "docs/${name%.json}" "$build/sanitized/ipvs-agent" check --state "$file"
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
  local script
  for script in tests/packages/*.sh; do
    [ "$script" = tests/packages/lib.sh ] || test_command "packages/$(basename "$script" .sh)" "$script"
  done
}

run_vm() {
  stage "a real kernel and systemd"
  guests vm tests/vm/run.sh -o "$build/vm/out"
}

run_quick() {
  stage "a real kernel and systemd, the most telling cases"
  guests quick tests/vm/run.sh -o "$build/vm/out" quick
}

run_kernels() {
  stage "every kernel"
  guests kernels tests/vm/kernels.sh
}

# run_stage NAME: one stage, its time noted for costs.sh
run_stage() {
  local start=$SECONDS
  "run_$1"
  printf '%s %d\n' "$1" $((SECONDS - start)) >>"$out/stages"
  printf '   (%d s)\n' $((SECONDS - start))
}

# These need no guest, those do.
host_stages=() guest_stages=()
for name in "${stages[@]}"; do
  declare -F "run_$name" >/dev/null || {
    echo "${0##*/}: no stage $name" >&2
    exit 2
  }
  case $name in
    build) ;;
    vm | quick | kernels) guest_stages+=("$name") ;;
    *) host_stages+=("$name") ;;
  esac
done

# The stages without a guest, in a file of their own while the guests run.
run_host_stages() {
  local name
  results=$out/host.results
  for name in "${host_stages[@]}"; do
    # Guests wait for packages; all else takes what they leave.
    [ "$name" = packages ] || renice -n 10 "$BASHPID" >/dev/null
    run_stage "$name"
  done >"$out/host.log" 2>&1
}

images=''
if [ ${#guest_stages[@]} -gt 0 ]; then
  tests/vm/images.sh "${guest_stages[@]}" >"$out/images.log" 2>&1 </dev/null &
  images=$!
fi
[[ " ${stages[*]} " != *" build "* ]] || run_stage build
beside=''
if [ ${#guest_stages[@]} -gt 0 ] && [ "${VM_BESIDE:-1}" = 1 ]; then
  run_host_stages </dev/null &
  beside=$!
else
  for name in "${host_stages[@]}"; do run_stage "$name"; done
fi
if [ -n "$images" ] && ! wait "$images"; then
  cat "$out/images.log"
fi
for name in "${guest_stages[@]}"; do run_stage "$name"; done
if [ -n "$beside" ]; then
  wait "$beside"
  cat "$out/host.log"
  cat "$out/host.results" >>"$results"
fi

passed=$(grep -c '^ok ' "$results")
failed=$(grep -c '^not ok ' "$results")
skipped=$(grep -c '^skip ' "$results")
tests/costs.sh "$build" $((SECONDS - began))
echo
if [ "$failed" != 0 ]; then
  echo "Failed:"
  grep '^not ok ' "$results" | sed 's/^not ok /  /'
fi
[ $((passed + failed)) -gt 0 ] || failed=1
printf '%d passed, %d failed%s\n' "$passed" "$failed" "$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" = 0 ]

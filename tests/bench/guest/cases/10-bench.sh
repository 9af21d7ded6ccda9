# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Every measurement that was asked for, at every size, RUNS times, each in a network namespace of its own.
# What comes out goes to the results as lines of JSON that begin with "bench: ".
# timeout: 7000

bench=/usr/lib/bench
results=/dev/ttyS1
# The order of one run at one size. The floors are in it again and again, since other
# work of the host comes and goes, and all is measured against them.
order=(floor apply bound ipvsadm daemon floor keepalived apply-directory daemon-directory save burst)

make_states() { # SERVICES DESTINATIONS
  mkdir directory
  "$bench/generate" state "$1" "$2" >file
  "$bench/generate" -d directory "$STATE_FILES" state "$1" "$2"
}

# The change is among all services; a directory keeps the files that it is in.
make_changes() { # SERVICES DESTINATIONS
  local change numbers
  mkdir {one,tenth}-directory burst-{before,after}
  for change in one tenth; do
    read -ra numbers <<<"$(change_of "$change" "$1" "$2")"
    "$bench/generate" -c "${numbers[@]}" state "$1" "$2" >"$change"
    "$bench/generate" -c "${numbers[@]}" -d "$change-directory" "$STATE_FILES" state "$1" "$2"
    grep -L '"weight"' "$change-directory"/* | xargs -r rm
  done
  read -ra numbers <<<"$(change_of burst "$1" "$2")"
  "$bench/generate" -d burst-before "$BURST_FILES" state "$1" "$2"
  "$bench/generate" -c "${numbers[@]}" -d burst-after "$BURST_FILES" state "$1" "$2"
}

make_inputs() { # SIZE
  local services=${1%x*} destinations=${1#*x}
  mkdir -p "/run/bench/$services-$destinations"
  cd "/run/bench/$services-$destinations" || return
  make_states "$services" "$destinations"
  if [ "$1" = "$CHANGE_SIZE" ]; then make_changes "$services" "$destinations"; fi
  if [ "$1" = "$BOUND_SIZE" ] || [ "$1" = 50x10 ]; then sed 's/"protocol": "tcp",/& "bind": true,/' file >bound; fi
  "$bench/generate" ipvsadm "$services" "$destinations" >ipvsadm.rules
  "$bench/generate" keepalived "$services" "$destinations" >keepalived.conf
  cd "$TMP" || return
}

# The shell takes the lists apart at blanks; their patterns are not names of files here.
is_wanted() { # NAME
  local pattern
  set -f
  for pattern in $ONLY; do
    # shellcheck disable=SC2053
    if [[ $1 == $pattern ]]; then
      set +f
      return 0
    fi
  done
  set +f
  return 1
}

is_due() { # NAME SIZE RUN
  is_wanted "$1" || return
  case $1 in
    ipvsadm | keepalived) [ "$3" -le "$PEER_RUNS" ] && [[ " $PEER_SIZES " == *" $2 "* ]] ;;
    save) [ "$3" -le "$PEER_RUNS" ] ;;
    daemon-directory | burst) [ "$2" = "$CHANGE_SIZE" ] ;;
    bound) [ "$2" = "$BOUND_SIZE" ] ;;
  esac
}

measure() { # NAME SIZE [ARG…]
  local changes=0
  [ "$2" != "$CHANGE_SIZE" ] || changes=1
  CHANGES=$changes unshare --net "$bench/measurement.sh" "$1" "${2%x*}" "${2#*x}" "${@:3}"
}

write_results() { # RUN FILE
  jq -c --argjson run "$1" '. + {run: $run}' "$2" | sed 's/^/bench: /' >"$results"
}

run_rounds() {
  local size name run i
  for ((run = 1; run <= (RUNS > PEER_RUNS ? RUNS : PEER_RUNS); run++)); do
    for size in $SIZES; do
      for ((i = 0; i < ${#order[@]}; i++)); do
        # Every other run backwards, so that no one always follows the same one.
        name=${order[run % 2 == 1 ? i : ${#order[@]} - 1 - i]}
        is_due "$name" "$size" "$run" || continue
        measure "$name" "$size" >"$TMP/lines"
        write_results "$run" "$TMP/lines"
      done
    done
  done
}

# One after the other: all namespaces' services are in one hash table of the kernel, and who reads it while
# another changes it misses some.
rest() {
  local size resync
  for size in $REST_SIZES; do
    for resync in 1h 30s; do
      measure rest "$size" "$resync" >"$TMP/lines"
      write_results 1 "$TMP/lines"
    done
  done
}

case_bench() {
  # shellcheck source=/dev/null
  . "$bench/parameters"
  . "$bench/changes.sh"
  modprobe -a ip_vs ip_vs_rr
  jq -cn --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
    --arg cpus "$(nproc)" --arg kernel "$(uname -r)" \
    --arg agent "$(/usr/sbin/ipvs-agent --version | head -n 1)" \
    --arg ipvsadm "$(dpkg-query -W -f '${Version}' ipvsadm)" \
    --arg keepalived "$(dpkg-query -W -f '${Version}' keepalived)" \
    '{machine: $ARGS.named}' | sed 's/^/bench: /' >"$results"

  local name size
  for size in 50x10 $SIZES; do make_inputs "$size"; done
  # Once for nothing: the first time, programs come from the disk, code is translated, and the memory that
  # a table needs is given to the guest.
  for size in $SIZES; do measure floor "$size"; done
  for name in "${order[@]}"; do
    if is_wanted "$name" && [ "$name" != burst ]; then measure "$name" 50x10; fi
  done
  run_rounds
  if is_wanted resync-timer; then
    measure resync-timer "$SMALLEST_SIZE" >"$TMP/lines"
    write_results 1 "$TMP/lines"
  fi
  if is_wanted rest; then rest; fi
}

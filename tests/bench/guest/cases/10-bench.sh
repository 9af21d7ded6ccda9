# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Every contender at every size, RUNS times, each time in a network namespace of its own. What comes
# out goes to the results as lines of JSON that begin with "bench: ".
# timeout: 2900

bench=/usr/lib/bench
results=/dev/ttyS1
# The order of one run. What costs little comes more often, spread over the run: its ratios are small,
# and other work of the host would show in them first.
order=(floor apply ipvsadm floor apply keepalived floor apply)

make_inputs() {
  local size folder format
  for size in 50x10 $SIZES; do
    folder=/run/bench/${size%x*}-${size#*x}
    mkdir -p "$folder"
    for format in state ipvsadm keepalived; do
      "$bench/generate" "$format" "${size%x*}" "${size#*x}" >"$folder/$format"
    done
  done
}

# Whether less than a quarter of the machine is busy for a second; half of it is with one kernel thread
# at work.
is_quiet() {
  local before now
  read -ra before </proc/stat
  sleep 1
  read -ra now </proc/stat
  # cpu user nice system idle iowait irq softirq
  local idle=$((now[4] + now[5] - before[4] - before[5]))
  local busy=$((now[1] + now[2] + now[3] + now[6] + now[7] - before[1] - before[2] - before[3] - before[6] - before[7]))
  echo "busy $busy, idle $idle ticks"
  [ $((4 * busy)) -lt $((busy + idle)) ]
}

# The kernel takes a namespace's table down after its last process; what is still going on of that
# must not be in the next measurement.
measure() { # CONTENDER SIZE
  wait_until 120 is_quiet
  unshare --net "$bench/measurement.sh" "$1" "${2%x*}" "${2#*x}"
}

case_bench() {
  # shellcheck source=/dev/null
  . "$bench/parameters"
  modprobe -a ip_vs ip_vs_rr
  make_inputs
  jq -cn --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
    --arg cpus "$(nproc)" --arg kernel "$(uname -r)" \
    --arg agent "$(/usr/sbin/ipvs-agent --version | head -n 1)" \
    --arg ipvsadm "$(dpkg-query -W -f '${Version}' ipvsadm)" \
    --arg keepalived "$(dpkg-query -W -f '${Version}' keepalived)" \
    '{machine: $ARGS.named}' | sed 's/^/bench: /' >"$results"

  local size contender run i
  # Once for nothing: the first time, programs come from the disk and code is translated.
  for contender in floor apply ipvsadm keepalived; do measure "$contender" 50x10; done
  for ((run = 1; run <= RUNS; run++)); do
    for size in $SIZES; do
      for ((i = 0; i < ${#order[@]}; i++)); do
        # Every other run backwards, so that no one always follows the same one.
        contender=${order[run % 2 == 1 ? i : ${#order[@]} - 1 - i]}
        measure "$contender" "$size" | tee "$TMP/lines"
        jq -c --argjson run "$run" '. + {run: $run}' "$TMP/lines" | sed 's/^/bench: /' >"$results"
      done
    done
  done
}

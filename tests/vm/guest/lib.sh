# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What cases are written with; tests/vm/README.md shows how.

fail() {
  printf 'FAILED: %s\n' "$*"
  local i
  for ((i = 1; i < ${#FUNCNAME[@]} - 1; i++)); do
    [[ ${FUNCNAME[i]} == expect_* || ${FUNCNAME[i]} == wait_until ]] ||
      printf '  at %s:%s (%s)\n' "${BASH_SOURCE[i]##*/}" "${BASH_LINENO[i - 1]}" "${FUNCNAME[i]}"
  done
  exit 1
}

skip() {
  printf '%s\n' "$*"
  exit 77
}

# expect_equal WANTED FOUND [WHAT]
expect_equal() {
  [ "$1" = "$2" ] || {
    printf '%s\n' "--- wanted" "$1" "--- found" "$2"
    diff <(printf '%s\n' "$1") <(printf '%s\n' "$2") || true
    fail "${3:-not equal}"
  }
}

# expect_contains TEXT PART [WHAT]; no patterns, PART stands there literally
expect_contains() {
  [[ $1 == *"$2"* ]] || {
    printf '%s\n' "--- text" "$1" "--- does not contain" "$2"
    fail "${3:-"not there: $2"}"
  }
}

expect_not_contains() {
  [[ $1 != *"$2"* ]] || {
    printf '%s\n' "--- text" "$1" "--- contains" "$2"
    fail "${3:-"should not be there: $2"}"
  }
}

# expect_match TEXT REGEX: an extended regular expression, over the whole text
expect_match() {
  grep -qE -- "$2" <<<"$1" || {
    printf '%s\n' "--- text" "$1" "--- no line matches" "$2"
    fail "no match: $2"
  }
}

# expect_status N COMMAND…: runs it and compares its exit status; what it printed, both streams,
# is in OUTPUT afterwards.
expect_status() {
  local wanted=$1 status=0
  shift
  OUTPUT=$("$@" 2>&1) || status=$?
  [ "$status" = "$wanted" ] || {
    printf '%s\n' "--- command" "$*" "--- printed" "$OUTPUT"
    fail "exit status $status instead of $wanted: $*"
  }
}

# note TEXT: a line among the results, at once
note() { printf '# %s\n' "$*" >/dev/ttyS1; }

# wait_until SECONDS COMMAND…: until it succeeds. The time only ends what hangs: a daemon reads no more
# often than a fiftieth of its time allows, which on a machine that stalls is seconds for any --resync.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/tmp/wait.$$ 2>&1; do
    [ "$SECONDS" -lt "$end" ] || {
      cat /tmp/wait.$$
      fail "still false: $*"
    }
    sleep 0.1
  done
}

# has TEXT COMMAND…: whether its output contains TEXT; for wait_until
has() {
  local text=$1 output
  shift
  output=$("$@" 2>&1) || true
  printf '%s\n' "--- $* printed" "$output"
  [[ $output == *"$text"* ]]
}

# pretend NAME SECONDS: a process of this name, which is $PRETENDED, runs until the case ends
pretend() {
  cp "$(command -v sleep)" "$1"
  "./$1" "$2" &
  PRETENDED=$!
  wait_until 40 grep -qx -- "$1" "/proc/$PRETENDED/comm"
}

# The cases' own questions and states: the same language, and a start that costs a seventh. Programs and examples that
# a case runs have jq itself.
! command -v gojq >/dev/null || jq() { gojq "$@"; }

# --- systemd ----------------------------------------------------------------------------------

# journal_of UNIT [ARG…]: the unit's messages of this boot, text only
journal_of() { journalctl --quiet --no-pager --boot --output=cat --unit="$1" "${@:2}"; }

# property_of UNIT PROPERTY
property_of() { systemctl show --value --property="$2" "$1"; }

# runs_anew UNIT PID: its main process is another than PID. It is 0 for a moment when one has died, while the
# unit is still active.
runs_anew() {
  local pid
  pid=$(property_of "$1" MainPID)
  [ "$pid" != 0 ] && [ "$pid" != "$2" ]
}

# wait_for_status UNIT PATTERN: until its STATUS matches (a shell pattern), at most 30 s
wait_for_status() { wait_until 30 status_matches "$1" "$2"; }
status_matches() {
  local status
  status=$(property_of "$1" StatusText)
  printf 'STATUS of %s is: %s\n' "$1" "$status"
  # shellcheck disable=SC2053
  [[ $status == $2 ]]
}

# --- machines and connections -----------------------------------------------------------------

# host_add NAME ADDRESS/LEN [PEER-ADDRESS/LEN]: a network namespace with one link, eth0, to here;
# our end is NAME-link, and the namespace's default route leads to PEER-ADDRESS.
host_add() {
  local name=$1 address=$2 peer=${3:-} flags=()
  [[ $address != *:* ]] || flags=(nodad)
  ip netns add "$name"
  ip link add "$name-link" type veth peer name eth0 netns "$name"
  ip -n "$name" link set lo up
  ip -n "$name" link set eth0 up
  ip link set "$name-link" up
  ip -n "$name" address add "$address" dev eth0 "${flags[@]}"
  [ -z "$peer" ] || {
    ip address add "$peer" dev "$name-link" "${flags[@]}"
    ip -n "$name" route add default via "${peer%/*}"
  }
}

bracketed() { if [[ $1 == *:* ]]; then printf '[%s]' "$1"; else printf '%s' "$1"; fi; }

# socat's name of an address family and protocol: socat_type tcp listen 10.0.0.1 -> TCP4-LISTEN
socat_type() {
  local family=4
  [[ $3 != *:* ]] || family=6
  case $1:$2 in
    udp:listen) echo "UDP$family-RECVFROM" ;;
    *:listen) echo "${1^^}$family-LISTEN" ;;
    *) echo "${1^^}$family" ;;
  esac
}

# server PROTOCOL NETNS ADDRESS PORT TEXT: answers every connection (or datagram) with TEXT until the
# case ends; NETNS "-" is here. Returns once it listens.
server() {
  local protocol=$1 netns=$2 address=$3 port=$4 text=$5 enter=()
  [ "$netns" = - ] || enter=(ip netns exec "$netns")
  "${enter[@]}" socat \
    "$(socat_type "$protocol" listen "$address"):$port,bind=$(bracketed "$address"),fork,reuseaddr" \
    SYSTEM:"echo '$text'" 2>"$TMP/server.$port.log" &
  local option=-ltnH
  case $protocol in udp) option=-lunH ;; sctp) option=-lSnH ;; esac
  wait_until 40 listens "$option" "$port" "${enter[@]}"
}
listens() { "${@:3}" ss "$1" "sport = :$2" | grep -q .; }

tcp_server() { server tcp "$@"; }

# ask PROTOCOL ADDRESS PORT [NETNS]: connects (udp: sends a line) and prints the answer; fails where nobody
# listens, and after ASK_SECONDS, 40 where that is not set: an answer ends it, so that only a case that wants
# none sets it
ask() {
  local enter=()
  [ -z "${4:-}" ] || enter=(ip netns exec "$4")
  if [ "$1" = udp ]; then
    # A datagram can be lost: it is sent again after ten seconds.
    # shellcheck disable=SC2016 # the inner shell expands it
    timeout "${ASK_SECONDS:-40}" "${enter[@]}" bash -c 'exec 3<>"/dev/udp/$1/$2" || exit
      while echo hello >&3; do
        status=0
        timeout 10 head -n 1 <&3 || status=$?
        [ $status = 124 ] || exit $status
      done' - "$2" "$3"
  else
    timeout "${ASK_SECONDS:-40}" "${enter[@]}" \
      socat -u "$(socat_type "$1" connect "$2"):$(bracketed "$2"):$3" -
  fi
}

tcp_ask() { ask tcp "$@"; }

# repeater NETNS PORT: echoes its input until the case ends; returns once it listens
repeater() {
  ip netns exec "$1" socat "TCP4-LISTEN:$2,fork,reuseaddr" EXEC:cat &
  wait_until 40 listens -ltnH "$2" ip netns exec "$1"
}
# conversation ADDRESS PORT: a connection with a repeater from the host `client`, one in each case; it
# stays open until the case ends
conversation() {
  mkfifo in
  ip netns exec client socat - "TCP4:$1:$2" <in >out &
  exec 5>in
  says one
}
# says WORD: over that connection, and waits for it to come back
says() {
  echo "$1" >&5
  wait_until 40 grep -qx "$1" out
}

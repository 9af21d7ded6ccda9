# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for ipvs-agent(8) and ipvs-preflight(8): what --help names, so that it is this version's.

# _ipvs_node_options PROGRAM [COMMAND]: the options, a line each, and the words that each may have
_ipvs_node_options() {
  "$@" --help 2>/dev/null |
    sed -nE 's/^  (--[a-z-]+)[= ]([a-z]+(\|[a-z]+)+)( .*)?$/\1 \2/; t found
      s/^  (--[a-z-]+).*/\1/; t found
      d; : found; y/|/ /; p'
}

_ipvs_node_commands() { "$1" --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p'; }

# _ipvs_node_values OPTION OPTIONS: the words that may stand behind it
_ipvs_node_values() {
  case $1 in
    --log-level) echo error warning notice info debug ;;
    --scheduler) echo rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos ;;
    --*) awk -v option="$1" '$1 == option { $1 = ""; print }' <<<"$2" ;;
  esac
}

_ipvs_node() {
  local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local options words command=()
  COMPREPLY=()
  # "--output=te" is three words.
  if [ "$current" = = ]; then
    current=''
  elif [ "$previous" = = ]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if [ "${program##*/}" = ipvs-agent ] && [ "$COMP_CWORD" -gt 1 ]; then command=("${COMP_WORDS[1]}"); fi
  if [ "$previous" = -- ] && [ "${program##*/}" = ipvs-preflight ]; then
    mapfile -t COMPREPLY < <(compgen -c -- "$current")
    return
  fi
  options=$(_ipvs_node_options "$program" "${command[@]}")
  words=$(_ipvs_node_values "$previous" "$options")
  if [ -z "$words" ] && [[ $current == -* ]]; then
    words=$(cut -d ' ' -f 1 <<<"$options")
  elif [ "${program##*/}" = ipvs-agent ] && [ "$COMP_CWORD" = 1 ]; then
    words=$(_ipvs_node_commands "$program")
  fi
  if [ -n "$words" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}

complete -o filenames -F _ipvs_node ipvs-agent ipvs-preflight

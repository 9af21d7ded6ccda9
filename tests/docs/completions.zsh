# SPDX-License-Identifier: GPL-2.0-or-later
# Types into a zsh on a terminal of its own, a tab behind each word, and looks at what was run then:
# completions.zsh FOLDER-OF-PROGRAMS
zmodload zsh/zpty
integer failures=0

# What the shell prints up to the mark of a command that was run; its last line.
heard() {
  local text
  zpty -r shell text '*RAN:*:END*' || exit 1
  text=${text##*RAN:}
  print -r -- ${text%%:END*}
}

# completes WANTED TYPED
completes() {
  local found
  zpty -w shell "$2"$'\t'
  found=$(heard)
  [[ $found == $1 ]] || { print -r "zsh: '$2' became '$found', not '$1'"; failures+=1 }
}

zpty shell zsh -f -i
zpty -w shell "PS1= PS2= RPS1= TERM=dumb; unsetopt zle_bracketed_paste 2>/dev/null
fpath=(${0:A:h:h:h}/packaging/completions \$fpath); autoload -Uz compinit; compinit -D
ran() { print -r -- RA''N:\$*:E''ND }
ipvs-agent() { if [[ \$* == *--help ]]; then $1/ipvs-agent \"\$@\"; else ran \$*; fi }
ipvs-preflight() { if [[ \$* == *--help ]]; then $1/ipvs-preflight \"\$@\"; else ran \$*; fi }
cd ${0:A:h:h:h}; ran ready"
[[ $(heard) == ready ]] || exit 1

completes status 'ipvs-agent stat'
completes 'status --wait' 'ipvs-agent status --w'
completes 'apply --dry-run' 'ipvs-agent apply --dry'
completes '--version' 'ipvs-agent --v'
completes 'status --output=json' 'ipvs-agent status --output=j'
completes 'apply --adopt equal' 'ipvs-agent apply --adopt e'
completes 'run --log-level notice' 'ipvs-agent run --log-level n'
completes 'run --scheduler twos' 'ipvs-agent run --scheduler t'
completes 'check examples/sip.json' 'ipvs-agent check examples/si'
completes '--conn-tab-bits' 'ipvs-preflight --conn'
completes '--output=text' 'ipvs-preflight --output=t'
zpty -d shell
exit $(( failures > 0 ))

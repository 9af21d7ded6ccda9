#!/bin/sh
# ipvs-node in one file: sh FILE.run --help. A tar archive follows the last line of this script.
set -eu
sum=@SUM@ first=@FIRST@

content() { tail -n "+$first" "$0"; }
found=$(content | sha256sum)
[ "${found%% *}" = "$sum" ] || {
  echo "$0 is damaged: SHA-256 ${found%% *} instead of $sum; nothing was changed" >&2
  exit 1
}
if [ "${1:-}" = --extract ]; then
  mkdir -p "${2:?a folder}"
  content | tar -xzf - -C "$2"
  exit
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
content | tar -xzf - -C "$folder"
status=0
sh "$folder"/*/install.sh "$@" || status=$?
exit "$status"

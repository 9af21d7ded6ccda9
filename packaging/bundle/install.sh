#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs ipvs-node from this folder, without a network. --help says how.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/bundle.env" # BUNDLE_VERSION, BUNDLE_ARCH and the distribution: BUNDLE_ID, BUNDLE_RELEASE
record=/var/lib/ipvs-node-bundle
states=/etc/ipvs-node
options=etc/ipvs-node/agent.conf

usage() {
  cat <<END
Usage: sh install.sh [--static] [--dry-run]
       sh install.sh --uninstall [--dry-run]

Installs ipvs-node $BUNDLE_VERSION: on $BUNDLE_ID $BUNDLE_RELEASE as a package, with the libraries that are missing,
elsewhere as programs that need none (without source NAT and filters). Libraries that are installed are left, and
another version of ipvs-node, an older or a newer one, is replaced.

  --static      the programs without libraries, also on $BUNDLE_ID $BUNDLE_RELEASE
  --uninstall   takes away what was installed from here. The state file and the kernel's table stay; to have the
                table go, too, before it: systemctl stop ipvs-agent && ipvs-agent cleanup
  --dry-run     says what would be done

From the one file: sh FILE.run [--extract FOLDER | the options above]
END
}

say() { printf '%s\n' "$*"; }
die() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}
# run COMMAND…, or say what would be run
run() {
  if [ -n "$dry" ]; then
    say "would run: $*"
  else
    "$@"
  fi
}

# Every file is as it was packed, and there is nothing else: a link could stand for any file, or lead anywhere.
verify() {
  cd "$here"
  odd=$(find . ! -type f ! -type d)
  [ -z "$odd" ] || die "neither files nor folders, as links are: $odd: nothing was changed"
  sha256sum --check --quiet --strict SHA256SUMS >&2 || die "the bundle is damaged, see above: nothing was changed"
  others=$(find . -type f ! -path ./SHA256SUMS | grep -vxF -e "$(sed 's/^[0-9a-f]*  //' SHA256SUMS)") || true
  [ -z "$others" ] || die "files that SHA256SUMS does not name: $others: nothing was changed"
}

check_machine() {
  [ "$(id -u)" = 0 ] || die "only root can do that"
  [ "$(uname -m)" = "$BUNDLE_ARCH" ] || die "this machine is $(uname -m), the bundle is for $BUNDLE_ARCH"
  [ -d /run/systemd/system ] || die "systemd does not run this machine"
}

of_this_distribution() {
  command -v dpkg >/dev/null && [ -r /etc/os-release ] &&
    [ "$(. /etc/os-release && echo "${ID:-} ${VERSION_ID:-}")" = "$BUNDLE_ID $BUNDLE_RELEASE" ]
}

# installed PACKAGE: its version, or nothing
installed() {
  dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p'
}

# present PACKAGE: whether any of it is there, also where its installation has failed
present() {
  case $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) in
    '' | not-installed | config-files) return 1 ;;
  esac
}

# By dpkg or by rpm, from here or from elsewhere.
package_is_there() {
  present ipvs-node || { command -v rpm >/dev/null && rpm -q ipvs-node >/dev/null 2>&1; }
}

# Whether the files that are recorded are still the static programs', and not a package's.
static_is_ours() { [ -e "$record/files" ] && ! package_is_there; }

forget_static() {
  if [ ! -e "$record/files" ] || static_is_ours; then
    return 0
  fi
  say "The files of the static programs are a package's now, and stay."
  run rm -f "$record/files" "$record/done"
  [ -n "$dry" ] || rmdir "$record" 2>/dev/null || true
}

summary() {
  [ -z "$dry" ] || return 0
  for unit in ipvs-preflight ipvs-agent; do
    say "$unit: $(systemctl is-active "$unit" || true), $(systemctl show --value --property=StatusText "$unit")"
  done
  say "The state file is /etc/ipvs-node/state.json."
}

# --- as a package -----------------------------------------------------------------------------

install_packages() {
  ! static_is_ours || die "installed as static programs: --uninstall first"
  missing='' debs=''
  # Relative names, as a folder's name may have spaces.
  cd "$here/debs"
  for deb in ./*.deb; do
    package=${deb#./} package=${package%%_*}
    there=$(installed "$package")
    if [ -z "$there" ]; then
      missing="$missing $package" debs="$debs $deb"
    elif [ "$package" = ipvs-node ] && [ "$there" != "$BUNDLE_VERSION" ]; then
      say "ipvs-node $there is installed: $BUNDLE_VERSION takes its place."
      debs="$debs $deb"
    fi
  done
  if [ -z "$debs" ]; then
    say "Nothing to do: ipvs-node $(installed ipvs-node) is installed."
    return
  fi
  failed=''
  [ -n "$dry" ] || record_packages "$missing"
  # shellcheck disable=SC2086 # a list
  run dpkg --install $debs || failed=1
  [ -n "$dry" ] || record_those_present
  [ -z "$failed" ] || die "dpkg failed, see above; --uninstall takes back what was done"
  summary
}

record_packages() {
  mkdir -p "$record"
  for package in $1; do
    grep -qxF "$package" "$record/packages" 2>/dev/null || echo "$package" >>"$record/packages"
  done
}

# What dpkg did not come to is not from here, should it be installed one day.
record_those_present() {
  [ -e "$record/packages" ] || return 0
  while read -r package; do
    ! present "$package" || echo "$package"
  done <"$record/packages" >"$record/packages.new"
  mv "$record/packages.new" "$record/packages"
}

# Those that others have come to need stay.
remove_packages() {
  packages=$(cat "$record/packages")
  left='' removed=1
  if echo "$packages" | grep -qx ipvs-node; then
    ! present ipvs-node || run dpkg --remove ipvs-node
  fi
  while [ -n "$removed" ]; do
    removed='' left=''
    for package in $packages; do
      if [ "$package" = ipvs-node ] || ! present "$package"; then
        continue
      elif [ -n "$dry" ]; then
        say "would run: dpkg --remove $package"
      elif dpkg --remove "$package" >/dev/null 2>&1; then
        removed=1
      else
        left="$left $package"
      fi
    done
  done
  [ -z "$left" ] || say "Kept, since other packages need them:$left"
}

# --- as static programs -----------------------------------------------------------------------

# Without the options file, which is the administrator's to change.
static_files() {
  (cd "$here/static" && find . -type f ! -path "./$options") | sed 's/^\.//' | LC_ALL=C sort
}

# but_not FILE: the lines of stdin that FILE, which may not be there, has not
but_not() {
  if [ -e "$1" ]; then
    grep -vxF -f "$1" || true
  else
    cat
  fi
}

# All of it, and as it was packed: an installation that was stopped is done again.
static_is_there() {
  [ -e "$record/done" ] && static_files | cmp -s - "$record/files" || return 1
  static_files | while read -r file; do
    cmp -s "$here/static$file" "$file" || exit 1
  done
}

# Where there is no state. Not in an upgrade: the agent would take the table away.
empty_state() {
  if [ -e "$states/state.json" ] || [ -L "$states/state.json" ]; then
    return 0
  fi
  mkdir -p "$states"
  say '{ "version": 1, "services": [] }' >"$states/.state.json.empty"
  chmod 644 "$states/.state.json.empty"
  mv "$states/.state.json.empty" "$states/state.json"
}

# An upgrade leaves it as it is, as a package does with one that was changed.
options_file() {
  if [ -e "/$options" ] || [ -L "/$options" ]; then
    return 0
  fi
  mkdir -p "/${options%/*}"
  cp "$here/static/$options" "/$options.new"
  mv "/$options.new" "/$options"
}

install_static() {
  ! package_is_there || die "installed as a package: remove that first"
  if static_is_there; then
    say "Nothing to do: the static programs of ipvs-node $BUNDLE_VERSION are installed."
    return
  fi
  static_files | but_not "$record/files" | while read -r file; do
    if [ -e "$file" ] || [ -L "$file" ]; then
      die "$file is there and not from here: nothing was changed"
    fi
  done
  if [ -n "$dry" ]; then
    say "would install: $(static_files | tr '\n' ' ')"
    return
  fi
  upgrade=''
  [ ! -e "$record/files" ] || upgrade=1
  [ -n "$upgrade" ] || empty_state
  options_file
  replace_static
  systemd-sysusers ipvs-node.conf
  systemctl daemon-reload
  systemctl enable ipvs-preflight ipvs-agent
  systemctl start ipvs-preflight || say "The preflight failed: systemctl status ipvs-preflight"
  if [ -n "$upgrade" ]; then
    systemctl restart ipvs-agent || true
  else
    systemctl start ipvs-agent || true
  fi
  : >"$record/done"
  summary
}

# The list has the files of both versions until those of the older one alone are gone.
replace_static() {
  mkdir -p "$record"
  rm -f "$record/done"
  touch "$record/files"
  static_files >"$record/packed"
  but_not "$record/packed" <"$record/files" >"$record/older"
  cat "$record/packed" "$record/older" >"$record/files.new"
  mv "$record/files.new" "$record/files"
  while read -r file; do
    mkdir -p "$(dirname "$file")"
    cp "$here/static$file" "$file.new"
    mv "$file.new" "$file"
  done <"$record/packed"
  delete_files "$record/older"
  rm "$record/older"
  mv "$record/packed" "$record/files"
}

# delete_files LIST: those files, and the folders that are empty then and bear our name, which are ours
delete_files() {
  while read -r file; do
    rm -f "$file" "$file.new"
  done <"$1"
  sed -n 's,^\(.*/ipvs-node\(/.*\)*\)/[^/]*$,\1,p' "$1" | sort -ru | while read -r folder; do
    rmdir -p "$folder" 2>/dev/null || true
  done
}

remove_static() {
  if [ -n "$dry" ]; then
    say "would remove: $(tr '\n' ' ' <"$record/files")"
    return
  fi
  systemctl disable --now ipvs-agent ipvs-preflight || true
  delete_files "$record/files"
  ! cmp -s "$here/static/$options" "/$options" || rm -f "/$options"
  systemctl daemon-reload
}

# ----------------------------------------------------------------------------------------------

uninstall() {
  if [ ! -e "$record/packages" ] && ! static_is_ours; then
    say "Nothing to do: nothing was installed from here."
    return
  fi
  how="install again, and systemctl stop ipvs-agent && ipvs-agent cleanup"
  if static_is_ours; then
    remove_static
  fi
  if [ -e "$record/packages" ]; then
    remove_packages
    how="dpkg --purge ipvs-node, and the state goes with them"
  fi
  run rm -rf "$record"
  say "The kernel's virtual services and $states stay as they are. To take away those that are ours: $how"
}

static='' dry='' action=install
for option in "$@"; do
  case $option in
    --static) static=1 ;;
    --uninstall) action=uninstall ;;
    --dry-run) dry=1 ;;
    --help) usage && exit ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done

umask 022
verify
check_machine
forget_static
if [ "$action" = uninstall ]; then
  uninstall
elif [ -z "$static" ] && of_this_distribution; then
  install_packages
else
  [ -n "$static" ] || say "This is not $BUNDLE_ID $BUNDLE_RELEASE: installing the programs without libraries."
  install_static
fi

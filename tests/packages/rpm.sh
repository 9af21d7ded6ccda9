#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The RPM: what it holds, what it needs, and that its scripts are a shell's.
. "$(dirname -- "$0")/lib.sh"

make_package rpm
package=$(echo "$build"/rpm/ipvs-node-*.rpm)
zsh=/usr/share/zsh/site-functions
diff <(made_by_install ZSHDIR=$zsh) <(rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$package" |
  sed -n 's,^[-l][^ ]* ,,p; s,^d[^ ]* \(.*/ipvs-node.*\),\1/,p' | as_installed) || fail "'make install' and the package differ"
has "$(rpm -qp --configfiles "$package")" /etc/ipvs-node/agent.conf
requires=$(rpm -qp --requires "$package")
for library in libjansson.so.4 libkmod.so.2 libnl-3.so.200 libnl-genl-3.so.200 libsystemd.so.0; do
  has "$requires" "$library()(64bit)"
done
has "$(rpm -qp --licensefiles "$package")" /LICENSE
for tag in POSTIN PREUN POSTUN; do
  rpm -qp --qf "%{$tag}\n" "$package" >"$build/rpm/$tag"
  [ "$(wc -l <"$build/rpm/$tag")" -gt 1 ] || fail "no script $tag"
  ! grep -n '%{\|%systemd' "$build/rpm/$tag" || fail "$tag: a macro was not expanded"
  sh -n "$build/rpm/$tag"
done

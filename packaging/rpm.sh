#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the RPM package with rpmbuild, from a tarball of what a build needs:
#
#   rpm.sh VERSION FOLDER
#
# FOLDER then has ipvs-node-VERSION-1.ARCH.rpm and the build's log. Where rpm does not keep the machine's
# packages (Debian) it is not asked whether what a build requires is installed.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

[ $# -eq 2 ] || { echo "usage: rpm.sh VERSION FOLDER" >&2 && exit 2; }
version=$1 folder=$(realpath -m -- "$2")
scratch=$folder/scratch
rm -rf "$folder"
mkdir -p "$scratch/ipvs-node-$version/tests"
tree=$scratch/ipvs-node-$version
cp -a Makefile LICENSE README.md common preflight agent packaging docs examples "$tree/"
tar -C "$scratch" -czf "$scratch/ipvs-node-$version.tar.gz" "ipvs-node-$version"
requires=()
rpm -q rpm >/dev/null 2>&1 || requires=(--nodeps)
if ! env -i PATH="$PATH" HOME="$scratch" LC_ALL=C.UTF-8 rpmbuild -bb "${requires[@]}" \
  --define "_topdir $scratch/rpmbuild" --define "_sourcedir $scratch" --define "_rpmdir $scratch/rpms" \
  --define "ipvs_version $version" packaging/rpm/ipvs-node.spec >"$folder/build.log" 2>&1 </dev/null; then
  tail -n 40 "$folder/build.log" >&2
  echo "rpm.sh: the package was not built; the whole log is $folder/build.log" >&2
  exit 1
fi
mv "$scratch"/rpms/*/*.rpm "$folder/"
rm -rf "$scratch"

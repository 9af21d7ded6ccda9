#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes an OCI image of the static programs and of nothing else:
#
#   image.sh FOLDER VERSION ARCHIVE
#
# FOLDER has ipvs-agent and ipvs-preflight, and FOLDER-libs their libraries; ARCHIVE is a tar of an OCI
# layout. Nothing is run in the image, and no network is needed. Whoever is not root needs a range in
# /etc/subuid.
set -euo pipefail

[ $# -eq 3 ] || {
  echo "usage: ${0##*/} FOLDER VERSION ARCHIVE" >&2
  exit 2
}
top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
programs=$(realpath -- "$1")
version=$2
mkdir -p "$(dirname -- "$3")"
archive=$(realpath -m -- "$3")

# Another user's storage is in a user namespace of its own.
if [ "$(id -u)" != 0 ] && [ "${_CONTAINERS_USERNS_CONFIGURED:-}" != 'done' ]; then
  exec buildah unshare "$0" "$programs" "$version" "$archive"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/licenses/ipvs-node"
cp "$top/LICENSE" "$work/licenses/ipvs-node/"
"$top/packaging/static/licences.sh" "$programs-libs" "$work/licenses/"

buildah=(buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs)
image=$("${buildah[@]}" from scratch)
"${buildah[@]}" copy --quiet --chown 0:0 --chmod 755 "$image" "$programs"/ipvs-{agent,preflight} / >/dev/null
"${buildah[@]}" copy --quiet --chown 0:0 "$image" "$work/licenses" /licenses >/dev/null
"${buildah[@]}" copy --quiet --chown 0:0 --chmod 644 "$image" "$top/packaging/agent.conf" /etc/ipvs-node/ >/dev/null
# What is given after the image's name is the agent's: --node-name, say.
"${buildah[@]}" config \
  --entrypoint '["/ipvs-preflight", "--for-agent", "--exec", "--", "/ipvs-agent", "run"]' \
  --label org.opencontainers.image.title=ipvs-node \
  --label "org.opencontainers.image.version=$version" \
  --label org.opencontainers.image.licenses=GPL-2.0-or-later "$image"
rm -f "$archive" "$archive.new"
"${buildah[@]}" commit --quiet --timestamp 0 --format oci "$image" "oci-archive:$archive.new:localhost/ipvs-node:$version" >/dev/null
mv "$archive.new" "$archive"

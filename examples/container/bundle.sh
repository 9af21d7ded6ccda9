#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes a bundle for an OCI runtime such as crun or runc from the image:
#
#   bundle.sh ARCHIVE FOLDER [ARG…]
#
# FOLDER gets rootfs/ and config.json: the config.json beside this script with the image's entry point
# and ARGs, which are the agent's. Needs tar and jq. Then, as root:
#
#   mkdir -p /etc/ipvs-node /run/ipvs-node /var/lib/ipvs-node
#   crun run --bundle FOLDER ipvs-node
set -euo pipefail

[ $# -ge 2 ] || {
  echo "usage: ${0##*/} ARCHIVE FOLDER [ARG…]" >&2
  exit 2
}
archive=$1 folder=$2
shift 2
image=$(mktemp -d)
trap 'rm -rf "$image"' EXIT
tar -xf "$archive" -C "$image"

# blob JSON-OF-A-DESCRIPTOR: its file, after verifying the checksum. Within $(…) bash does not end a
# script at the first failure, so each failure is handled.
blob() {
  local digest
  digest=$(jq -r .digest <<<"$1")
  [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || return 1
  digest=${digest#sha256:}
  sha256sum --quiet --check <<<"$digest  $image/blobs/sha256/$digest" >&2 || return 1
  printf '%s\n' "$image/blobs/sha256/$digest"
}

manifest=$(blob "$(jq -e '.manifests[0]' "$image/index.json")")
settings=$(blob "$(jq -e .config "$manifest")")
mkdir -p "$folder/rootfs"
# One layer over the other. Whiteout files are not handled; this image has none.
jq -c '.layers[]' "$manifest" | while read -r layer; do
  file=$(blob "$layer")
  tar -xf "$file" -C "$folder/rootfs"
done
jq --slurpfile image "$settings" \
  '.process.args = $image[0].config.Entrypoint + ($image[0].config.Cmd // []) + $ARGS.positional' \
  "$(dirname -- "${BASH_SOURCE[0]}")/config.json" --args -- "$@" >"$folder/config.json"

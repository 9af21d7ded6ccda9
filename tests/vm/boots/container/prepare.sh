#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The image, and the example that makes a bundle of it, into the guest's /opt/container.
set -euo pipefail
# shellcheck disable=SC2154
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -C "$top" BUILD="$build" image
mkdir -p "$1/opt/container"
cp "$build"/oci/*.oci.tar "$1/opt/container/image.tar"
cp "$top"/examples/container/{bundle.sh,config.json} "$1/opt/container/"

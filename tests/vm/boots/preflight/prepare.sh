#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's ip_vs_fo.ko without compression, in /opt.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2154  # boot.sh sets it
bsdtar -xf "$kernel/modules.cpio" -C "$work" '*/ip_vs_fo.ko*'
file=$(find "$work" -name 'ip_vs_fo.ko*')
mkdir -p "$1/opt"
case $file in *.xz) xz -dc "$file" ;; *) cat "$file" ;; esac >"$1/opt/ip_vs_fo.ko"

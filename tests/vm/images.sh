#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes what the guests of `make check` boot from, that of most boots first: images.sh [quick]. Each boot
# makes what it lacks by itself; here it is made while the programs are compiled.
set -euo pipefail
. "$(dirname -- "$0")/common.sh"

"$vm/image.sh" kernel
"$vm/image.sh" root default
[ "${1:-}" != quick ] || exit 0
for boot in "$vm"/boots/*/; do
  for name in $(option_of "$boot" kernels); do
    [ "$name" = one ] || KERNEL=$name "$vm/image.sh" kernel
  done
  root=$(option_of "$boot" root)
  [ -z "$root" ] || "$vm/image.sh" root "$root"
done

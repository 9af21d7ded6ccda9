#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the static libraries that Debian has no archive of, from Debian's own sources:
#
#   libs.sh FOLDER
#
# libsystemd and libkmod for both programs, libmicrohttpd without TLS for the agent's health checks.
# FOLDER then has include/, lib/ with pkg-config's files, and doc/ with their licences. What this
# very script has made is kept.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../../tests/vm/common.sh"

[ $# -eq 1 ] || die "usage: libs.sh FOLDER"
mkdir -p "$(dirname "$1")"
folder=$(realpath -m -- "$1")
exec 9>"$folder.lock"
flock 9
script=$(realpath -- "${BASH_SOURCE[0]}")
! cmp -s "$script" "$folder/made-by" || exit 0
say STATIC "libraries from Debian's sources"

work=$folder.tmp
rm -rf "$work"
mkdir -p "$work/source" "$work"/out/{include,lib/pkgconfig,doc}
trap 'rm -rf "$work"' EXIT
out=$work/out
log=$folder.log
cflags='-O2 -g -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections'

# fetch SOURCE…: unpacked, with Debian's patches, to source/SOURCE
fetch() {
  local name
  private_apt "$work/apt" deb-src
  cd "$work/source"
  apt-get -qq source --download-only "$@"
  for name in "$@"; do
    dpkg-source --no-copy -x "$name"_*.dsc "$name"
    cp "$name/debian/copyright" "$out/doc/copyright.$name"
    sed -n 's/^\(Source\|Version\): //p' "$name"_*.dsc | xargs echo >>"$out/doc/sources"
  done
}

# pc NAME SOURCE LIBS PRIVATE-LIBS: what pkg-config says of it
pc() {
  local version
  version=$(sed -n 's/^Version: //p' "$work/source/$2"_*.dsc)
  printf 'Name: %s\nDescription: static build\nVersion: %s\nCflags: -I%s/include\nLibs: -L%s/lib %s\nLibs.private: %s\n' \
    "$1" "$version" "$folder" "$folder" "$3" "$4" >"$out/lib/pkgconfig/$1.pc"
}

# archive NAME PREFIX INPUT…: libNAME.a of one object, in which only the names with the prefix are seen:
# a function of ours must not stand in for one of the library's.
archive() {
  local name=$1 prefix=$2 object=$work/$1.o
  shift 2
  ld -r --whole-archive -o "$object" "$@"
  objcopy --wildcard --keep-global-symbol="$prefix*" "$object"
  ar rcs "$out/lib/lib$name.a" "$object"
}

# Nothing of what is optional: the programs take the event loop, notifications and the journal's socket.
make_systemd() {
  local source=$work/source/systemd
  meson setup "$work/systemd" "$source" -Dstatic-libsystemd=pic -Dmode=release --buildtype=plain \
    -Dc_args="$cflags" --auto-features=disabled -Dtests=false -Dman=false
  ninja -C "$work/systemd" version.h libsystemd.a
  archive systemd sd_ "$work/systemd/libsystemd.a"
  cp -r "$source/src/systemd" "$out/include/"
  pc libsystemd systemd -lsystemd '-lcap -lpthread'
}

# kmod's configure refuses a static library, so that its sources are compiled here.
make_kmod() {
  local source=$work/source/kmod file
  cd "$source"
  printf '#define %s\n' 'ENABLE_LOGGING 1' 'ENABLE_XZ 1' 'ENABLE_ZSTD 1' 'HAVE_LINUX_MODULE_H 1' \
    'HAVE_SECURE_GETENV 1' 'HAVE_DECL_STRNDUPA 1' 'HAVE_DECL_BE32TOH 1' \
    'HAVE_STATIC_ASSERT 1' 'HAVE_NORETURN 1' 'HAVE_STRUCT_STAT_ST_MTIM 1' \
    'HAVE___BUILTIN_CLZ 1' 'HAVE___BUILTIN_TYPES_COMPATIBLE_P 1' \
    'HAVE___BUILTIN_UADDL_OVERFLOW 1' 'HAVE___BUILTIN_UADDLL_OVERFLOW 1' \
    'SYSCONFDIR "/etc"' 'KMOD_FEATURES "+ZSTD +XZ"' >config.h
  for file in libkmod/*.c shared/*.c; do
    # shellcheck disable=SC2086 # flags
    cc $cflags -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -include config.h -I. -c "$file" \
      -o "$(basename "$file" .c).o"
  done
  archive kmod kmod_ ./*.o
  cp libkmod/libkmod.h "$out/include/"
  pc libkmod kmod -lkmod '-lzstd -llzma'
}

make_microhttpd() {
  local source=$work/source/libmicrohttpd
  mkdir -p "$work/microhttpd"
  cd "$work/microhttpd"
  "$source/configure" --disable-shared --enable-static --disable-https --disable-doc --disable-examples \
    --disable-curl --disable-bauth --disable-dauth --disable-postprocessor CFLAGS="$cflags"
  make -C src/microhttpd libmicrohttpd.la
  archive microhttpd MHD_ src/microhttpd/.libs/libmicrohttpd.a
  cp "$source/src/include/microhttpd.h" "$out/include/"
  pc libmicrohttpd libmicrohttpd -lmicrohttpd -lpthread
}

# Not as a condition, in which errexit would be off.
(fetch systemd kmod libmicrohttpd; make_systemd; make_kmod; make_microhttpd) >"$log" 2>&1 </dev/null 9>&- &
wait $! || {
  tail -n 40 "$log" >&2
  die "the libraries of the static build could not be made; the whole log is $log"
}
cp "$script" "$out/made-by"
rm -rf "$folder"
mv -T "$out" "$folder"

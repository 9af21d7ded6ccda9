/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Appended to --version when the build lacks an optional library. */
#if HAVE_NFTABLES
#define BUILD_NOTE ""
#elif defined(STATIC_BUILD)
#define BUILD_NOTE " (static, without libnftables)"
#else
#define BUILD_NOTE " (without libnftables)"
#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/* The number of elements of an array; a pointer does not compile. */
#define ARRAY_SIZE(a)                                                                    \
	(sizeof(a) / sizeof((a)[0]) +                                                    \
	 0 * sizeof(char[1 - 2 * __builtin_types_compatible_p(__typeof__(a),             \
							      __typeof__(&(a)[0]))]))

/* Take the value out of a cleanup variable, so that leaving its scope frees nothing. */
#define TAKE_PTR(p)                                                                      \
	({                                                                               \
		__typeof__(p) *take_from_ = &(p);                                        \
		__typeof__(p) taken_ = *take_from_;                                      \
		*take_from_ = NULL;                                                      \
		taken_;                                                                  \
	})

#define TAKE_FD(fd)                                                                      \
	({                                                                               \
		int *take_from_ = &(fd);                                                 \
		int taken_ = *take_from_;                                                \
		*take_from_ = -1;                                                        \
		taken_;                                                                  \
	})

#define MUST_CHECK	       __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED		       __attribute__((unused))

#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <stddef.h>

/*
 * A kernel whose answers are the input: what a fuzz target that is linked with this asks over netlink,
 * directly or by libnl, never leaves the process. Two bytes are the length of each datagram (little endian),
 * which follows. A message's sequence number that is below the number of requests sent last means the
 * request with that index. When the input is used up, each of these requests is acknowledged.
 */
void answers_begin(const uint8_t *data, size_t size);

/* From now on nothing lies ready when the input is used up. */
void answers_end_quietly(void);

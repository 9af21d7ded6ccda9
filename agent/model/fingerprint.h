/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "agent/model/table.h"

/*
 * Short numbers that stand for objects: equal objects have equal ones, others practically never.
 * They tell whether something is what it was, across reconciles and restarts, without keeping a
 * copy. Never 0, which stands for "not known". Against accidents, not against forgers. They are
 * written to files: what they come from must not change within a record's version.
 */

/* The attributes that service_equal() compares; neither key, name nor destinations. */
uint64_t fingerprint_service(const struct service *service);

/* The attributes and all destinations with theirs, sorted; neither key nor name. */
uint64_t fingerprint_service_whole(const struct service *service);

/* The same, taken from the service where it is kept there. */
uint64_t fingerprint_service_kept(const struct service *service);

/* All but the length of its messages, which the kernel takes from the link where none is given. */
uint64_t fingerprint_sync_daemon(const struct sync_daemon *daemon);

/* Of the bytes as they are: for long texts, and for what the kernel has. */
uint64_t fingerprint_bytes(const void *bytes, size_t length);

/* A whole sorted table: keys, names, attributes, globals that the state itself names. */
uint64_t fingerprint_table(const struct table *table);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/model/destination.h"
#include "agent/model/globals.h"
#include "agent/model/service.h"

/*
 * What a state may not ask of the kernel although each field on its own is sound: what the
 * kernel refuses, silently changes, or answers by dropping traffic. One set of rules for the
 * reader, which refuses, and the writer, which leaves out.
 */

enum {
	WEIGHT_MAX = 65535,
	/* Seconds; ip_vs_ctl.c, ip_vs_set_timeout: INT_MAX / HZ, and HZ is at most 1000. */
	TIMEOUT_MAX = INT32_MAX / 1000,
	/* Seconds; ip_vs_ctl.c, ip_vs_add_service: times HZ in an unsigned int. */
	PERSISTENCE_MAX = UINT32_MAX / 1000,
};

/*
 * Called for each broken rule: the object within the service or destination ("persistence",
 * "tunnel") or NULL, the field, and what is wrong with it.
 */
typedef void (*rules_report_fn)(void *context, const char *object, const char *field,
				const char *text);

/* The service alone, without its destinations. */
void rules_check_service(const struct service *service, rules_report_fn fn,
			 void *context);

void rules_check_destination(const struct service *service,
			     const struct destination *destination, rules_report_fn fn,
			     void *context);

/* The daemon's fields; role and syncId are always sound. */
void rules_check_daemon(const struct sync_daemon *daemon, rules_report_fn fn,
			void *context);

/* Whether the name is a sysctl's under net., which cannot lead out of /proc/sys/net. */
bool rules_sysctl_name(const char *name);

/* Whether the value is at most one line of printable characters, short enough for a sysctl. */
bool rules_sysctl_value(const char *value);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/service.h"
#include "common/macro.h"

/* The options of ipvsadm(8) that make a virtual service or a destination, as ipvsadm-save prints them. */

enum { RULE_REASON_TEXT = 200, RULE_GROUPS_MAX = 32 };

enum rule_kind { RULE_NONE, RULE_SERVICE, RULE_DESTINATION };

/* One line: a service, or a destination with its service's key. */
struct rule {
	enum rule_kind kind;
	struct service service;
	struct destination destination;
	const char *netmask;
	char *flags; /* the words behind -b, not yet cut */
	bool has_key, has_server, has_port, is_ipv6, has_tunnel;
	char groups
		[RULE_GROUPS_MAX]; /* the options that were there: letters of our own */
	bool unreadable;	   /* reason says why it is no rule at all */
	char reason[RULE_REASON_TEXT]; /* why it cannot be carried over; "" */
};

/* Takes the words of one line, which are cut up; the rule begins with ipvsadm's defaults. */
void rule_take_words(struct rule *rule, char **words, size_t count);

/* A state cannot say it. The first reason stays. */
void rule_leave_out(struct rule *rule, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* It is no rule, whatever a state could say. */
void rule_refuse(struct rule *rule, const char *fmt, ...) PRINTF_LIKE(2, 3);

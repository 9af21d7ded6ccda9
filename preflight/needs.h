/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/macro.h"
#include "preflight/module_name.h"
#include "preflight/presence.h"

/*
 * What the kernel must have: a list of modules, each with its purpose and, after the
 * checks, its result; and what else the state asks of the machine.
 */

enum { NEED_PURPOSE = 80, NEED_CAUSE = 1000, SCHEDULER_NAME = 16 };

enum need_kind {
	NEED_MODULE,
	NEED_SCHEDULER, /* short_name is the scheduler's */
	NEED_ENGINE,	/* short_name is the persistence engine's */
};

enum load_result {
	LOAD_NOT_TRIED,	 /* --check, or libkmod is unavailable */
	LOAD_NOT_NEEDED, /* it was already present */
	LOAD_DONE,
	LOAD_FAILED, /* cause says why */
};

struct need {
	char name[MODULE_NAME];		 /* as asked for */
	char module[MODULE_NAME];	 /* the kernel's module for it; "": none found */
	char short_name[SCHEDULER_NAME]; /* "rr", "sip"; "" for other modules */
	char purpose[NEED_PURPOSE];
	enum need_kind kind;
	enum load_result load;
	enum presence presence;
	char why[PRESENCE_WHY]; /* what the presence is based on */
	char cause[NEED_CAUSE]; /* of a failed load */
	int code;		/* its errno, positive, or 0 */
	bool proven;		/* the probe created a service with it */
	bool in_tree;		/* lib/modules has it as a loadable module */
	/*
	 * Only the state asks for it. If it is missing, some objects of the state fail
	 * and the agent names them; the node is ready anyway.
	 */
	bool of_state;
	bool missed; /* missing from the tree that is being checked */
};

struct needs {
	struct need *items;
	size_t count;
	size_t room;
	bool state_read; /* a state file was understood; the rest is from it */
	bool cluster;	 /* the state has Services of Kubernetes */
	bool masquerade4, masquerade6; /* destinations of that family are masqueraded */
	bool udp;		       /* a UDP or fwmark service */
	/* What the agent turns on: for rulesets, and for source NAT of that family. */
	bool agent_sets_rules, agent_forwards4, agent_forwards6;
	char wrong
		[300]; /* the first name of the state that no module can have, in words */
	size_t wrong_count;
	char **sysctls; /* names that the state sets itself */
	size_t sysctl_count;
};

/*
 * Adds a module once; a second purpose is appended to the first. -EINVAL for an
 * impossible module name, -ENOMEM.
 */
int needs_add_module(struct needs *needs, const char *name,
		     const char *purpose) MUST_CHECK;

/* Adds ip_vs_NAME, or ip_vs_pe_NAME for an engine. "none" needs no module. */
int needs_add_scheduler(struct needs *needs, const char *name,
			const char *purpose) MUST_CHECK;
int needs_add_engine(struct needs *needs, const char *name,
		     const char *purpose) MUST_CHECK;

/* What every node needs; ip_vs first, so that its parameters can be set. */
int needs_add_basic(struct needs *needs) MUST_CHECK;

/*
 * Counts a name in the file at path that cannot be a what ("scheduler"), and keeps the
 * first.
 */
void needs_note_wrong(struct needs *needs, const char *path, const char *what,
		      const char *name);

int needs_add_sysctl(struct needs *needs, const char *name) MUST_CHECK;
bool needs_sets_sysctl(const struct needs *needs, const char *name);

struct need *needs_find(const struct needs *needs, const char *name);

void needs_clear(struct needs *needs);
#define cleanup_needs CLEANUP(needs_clear)

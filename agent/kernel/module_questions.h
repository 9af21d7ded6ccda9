/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/service.h"

/*
 * The kernel asks modprobe for a scheduler or persistence engine that is not there once
 * for each service that names it (ip_vs_sched.c, ip_vs_pe.c), and waits for it with the
 * table locked. So the first service with a name goes alone, and its answer stands for
 * the others of the same attempt.
 */

enum { MODULE_QUESTIONS_MAX = 256 }; /* further names are asked about for each service */

struct module_answer {
	char name[SCHEDULER_NAME_MAX + 1];
	bool is_there;
};

struct module_answers {
	struct module_answer list[MODULE_QUESTIONS_MAX];
	size_t count;
};

struct module_pair {
	char scheduler[SCHEDULER_NAME_MAX + 1], engine[ENGINE_NAME_MAX + 1];
};

/* What one attempt has found. Zeroed at its start. */
struct module_questions {
	struct module_answers schedulers, engines;
	/* Refused, and it is not known for which of the two. */
	struct module_pair refused[MODULE_QUESTIONS_MAX];
	size_t refused_count;
};

enum module_knowledge {
	MODULES_UNKNOWN, /* the kernel is to be asked with this service alone */
	MODULES_THERE,
	MODULES_MISSING, /* it would say -ENOENT */
};

enum module_knowledge module_questions_ask(const struct module_questions *questions,
					   const struct service *service);

/* What the kernel said to a service: 0 or a negative errno. */
void module_questions_note(struct module_questions *questions,
			   const struct service *service, int result);

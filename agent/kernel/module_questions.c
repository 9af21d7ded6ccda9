/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/module_questions.h"

#include <errno.h>
#include <string.h>

static const struct module_answer *find(const struct module_answers *answers,
					const char *name)
{
	for (size_t i = 0; i < answers->count; i++) {
		if (strcmp(answers->list[i].name, name) == 0)
			return &answers->list[i];
	}
	return NULL;
}

static void note(struct module_answers *answers, const char *name, bool is_there)
{
	struct module_answer *added;

	if (answers->count == MODULE_QUESTIONS_MAX || find(answers, name))
		return;
	added = &answers->list[answers->count++];
	strcpy(added->name, name);
	added->is_there = is_there;
}

static bool is_refused_pair(const struct module_questions *questions,
			    const struct service *service)
{
	for (size_t i = 0; i < questions->refused_count; i++) {
		if (strcmp(questions->refused[i].scheduler, service->scheduler) == 0 &&
		    strcmp(questions->refused[i].engine, service->engine) == 0)
			return true;
	}
	return false;
}

enum module_knowledge module_questions_ask(const struct module_questions *questions,
					   const struct service *service)
{
	const struct module_answer *scheduler =
		find(&questions->schedulers, service->scheduler);
	const struct module_answer *engine =
		service->engine[0] ? find(&questions->engines, service->engine) : NULL;

	if ((scheduler && !scheduler->is_there) || (engine && !engine->is_there) ||
	    is_refused_pair(questions, service))
		return MODULES_MISSING;
	if (!scheduler || (service->engine[0] && !engine))
		return MODULES_UNKNOWN;
	return MODULES_THERE;
}

static bool is_known_there(const struct module_answers *answers, const char *name)
{
	const struct module_answer *answer = find(answers, name);

	return name[0] == '\0' || (answer && answer->is_there);
}

/* -ENOENT names neither of the two; what is known of one tells of the other. */
static void note_refusal(struct module_questions *questions,
			 const struct service *service)
{
	struct module_pair *pair;

	if (is_known_there(&questions->engines, service->engine)) {
		note(&questions->schedulers, service->scheduler, false);
	} else if (is_known_there(&questions->schedulers, service->scheduler)) {
		note(&questions->engines, service->engine, false);
	} else if (questions->refused_count < MODULE_QUESTIONS_MAX) {
		pair = &questions->refused[questions->refused_count++];
		strcpy(pair->scheduler, service->scheduler);
		strcpy(pair->engine, service->engine);
	}
}

void module_questions_note(struct module_questions *questions,
			   const struct service *service, int result)
{
	if (result == -ENOENT) {
		note_refusal(questions, service);
		return;
	}
	if (result != 0)
		return;
	note(&questions->schedulers, service->scheduler, true);
	if (service->engine[0])
		note(&questions->engines, service->engine, true);
}

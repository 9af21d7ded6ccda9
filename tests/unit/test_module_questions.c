/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "agent/kernel/module_questions.h"
#include "common/macro.h"

/* How often the kernel is asked for schedulers and engines that it may not have. */

static struct service with(const char *scheduler, const char *engine)
{
	struct service service = { 0 };

	snprintf(service.scheduler, sizeof(service.scheduler), "%s", scheduler);
	snprintf(service.engine, sizeof(service.engine), "%s", engine);
	return service;
}

static void assert_known(const struct module_questions *questions, const char *scheduler,
			 const char *engine, enum module_knowledge knowledge)
{
	const struct service service = with(scheduler, engine);

	assert_int_equal(module_questions_ask(questions, &service), knowledge);
}

static void say(struct module_questions *questions, const char *scheduler,
		const char *engine, int result)
{
	const struct service service = with(scheduler, engine);

	module_questions_note(questions, &service, result);
}

static void each_scheduler_is_asked_for_once(UNUSED void **state)
{
	struct module_questions questions = { 0 };

	assert_known(&questions, "rr", "", MODULES_UNKNOWN);
	say(&questions, "rr", "", 0);
	assert_known(&questions, "rr", "", MODULES_THERE);
	assert_known(&questions, "rrr", "", MODULES_UNKNOWN);
	say(&questions, "rrr", "", -ENOENT);
	assert_known(&questions, "rrr", "", MODULES_MISSING);
	assert_known(&questions, "rrr", "sip", MODULES_MISSING);
	/* Another error says nothing of modules. */
	say(&questions, "wrr", "", -EEXIST);
	assert_known(&questions, "wrr", "", MODULES_UNKNOWN);
}

static void each_engine_is_asked_for_once(UNUSED void **state)
{
	struct module_questions questions = { 0 };

	say(&questions, "rr", "", 0);
	say(&questions, "rr", "sipp", -ENOENT);
	assert_known(&questions, "rr", "sipp", MODULES_MISSING);
	assert_known(&questions, "wrr", "sipp", MODULES_MISSING);
	assert_known(&questions, "rr", "", MODULES_THERE);
	say(&questions, "rr", "sip", 0);
	assert_known(&questions, "rr", "sip", MODULES_THERE);
	assert_known(&questions, "wrr", "sip", MODULES_UNKNOWN);
	say(&questions, "foo", "sip", -ENOENT);
	assert_known(&questions, "foo", "", MODULES_MISSING);
}

static void one_of_two_is_not_known(UNUSED void **state)
{
	struct module_questions questions = { 0 };

	say(&questions, "rr", "sip", -ENOENT);
	assert_known(&questions, "rr", "sip", MODULES_MISSING);
	assert_known(&questions, "rr", "", MODULES_UNKNOWN);
	assert_known(&questions, "wrr", "sip", MODULES_UNKNOWN);
}

static void many_names_are_asked_for_each_time(UNUSED void **state)
{
	struct module_questions questions = { 0 };
	char name[SCHEDULER_NAME_MAX + 1];

	for (int i = 0; i < MODULE_QUESTIONS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		say(&questions, name, "", -ENOENT);
		say(&questions, "rr", name, -ENOENT);
	}
	assert_known(&questions, "s0", "", MODULES_MISSING);
	assert_known(&questions, name, "", MODULES_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_scheduler_is_asked_for_once),
		cmocka_unit_test(each_engine_is_asked_for_once),
		cmocka_unit_test(one_of_two_is_not_known),
		cmocka_unit_test(many_names_are_asked_for_each_time),
	};

	return cmocka_run_group_tests_name("module_questions", tests, NULL, NULL);
}

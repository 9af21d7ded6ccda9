/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/state_case.h"

#include "agent/plan/ruleset_make.h"

/* What nftables is asked for by a state's services. */

struct fixture {
	struct table table;
	struct ruleset_settings settings;
	struct ruleset ruleset;
};

static inline void make(struct fixture *f, const char *services, uint8_t family)
{
	char text[4096];

	snprintf(text, sizeof(text), "{ 'version': 1, 'services': [ %s ] }", services);
	write_state("state.json", text);
	table_clear(&f->table);
	ruleset_clear(&f->ruleset);
	expect_state("state.json", &f->table);
	if (f->settings.masquerade_bit == 0)
		f->settings.masquerade_bit = MASQUERADE_BIT_DEFAULT;
	assert_int_equal(ruleset_make(&f->table, &f->settings, family, &f->ruleset), 0);
}

static inline void clear(struct fixture *f)
{
	table_clear(&f->table);
	ruleset_clear(&f->ruleset);
}

static inline bool has(const struct fixture *f, const char *part)
{
	return f->ruleset.text && strstr(f->ruleset.text, part);
}

#define ASSERT_HAS(f, part)                                                              \
	do {                                                                             \
		if (!has(f, part))                                                       \
			print_error("not there: %s\nin:\n%s\n", part,                    \
				    (f)->ruleset.text ? (f)->ruleset.text : "nothing");  \
		assert_true(has(f, part));                                               \
	} while (0)

#define ASSERT_LACKS(f, part)                                                            \
	do {                                                                             \
		if (has(f, part))                                                        \
			print_error("there: %s\nin:\n%s\n", part, (f)->ruleset.text);    \
		assert_false(has(f, part));                                              \
	} while (0)

static inline void assert_described(const struct fixture *f, const char *wanted)
{
	char text[RULESET_TEXT];

	assert_string_equal(ruleset_describe(&f->ruleset, text, sizeof(text)), wanted);
}

#define ADDRESS(address) "'address': '" address "', 'port': 80, 'protocol': 'tcp'"
#define TO(address)	 "'destinations': [ { 'address': '" address "', 'port': 8080 } ]"
#define SERVICE(text)	 "{ " ADDRESS("10.0.0.1") ", " TO("10.1.0.1") ", " text " }"
#define SERVICE6(text)	 "{ " ADDRESS("fd00::1") ", " TO("fd01::1") ", " text " }"

static const struct network cluster[] = {
	{ .address = { .family = AF_INET, .bytes = { 10, 244 } }, .prefix = 16 },
	{ .address = { .family = AF_INET, .bytes = { 10, 244, 3 } }, .prefix = 24 },
	{ .address = { .family = AF_INET6, .bytes = { 0xfd, 2 } }, .prefix = 48 },
};

/* Sorted. */
static const struct address own[] = {
	{ .family = AF_INET, .bytes = { 10, 0, 0, 9 } },
	{ .family = AF_INET, .bytes = { 192, 0, 2, 7 } },
};

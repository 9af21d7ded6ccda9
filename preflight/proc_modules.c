/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/proc_modules.h"

#include <stdio.h>
#include <string.h>

#include "common/macro.h"
#include "preflight/module_name.h"

static enum proc_module_state state_from_word(const char *word)
{
	static const struct {
		const char *word;
		enum proc_module_state state;
	} states[] = {
		{ "Live", PROC_MODULE_LIVE },
		{ "Loading", PROC_MODULE_LOADING },
		{ "Unloading", PROC_MODULE_UNLOADING },
	};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (strcmp(word, states[i].word) == 0)
			return states[i].state;
	}
	return PROC_MODULE_ABSENT;
}

/*
 * Copies the field at *text on this line, cut to the buffer's size; advances *text past
 * it.
 */
static void take_field(const char **text, char *field, size_t size)
{
	size_t length = strcspn(*text, " \n");

	snprintf(field, size, "%.*s", (int)MIN_OF(length, size), *text);
	*text += length;
	*text += **text == ' ';
}

/* "ip_vs_rr 16384 2 - Live 0xffffffffc0a2f000 (OE)": name, size, users, used by, state. */
static enum proc_module_state state_on_line(const char *line, const char *name)
{
	char found[MODULE_NAME + 1], word[16];

	take_field(&line, found, sizeof(found));
	for (int field = 2; field <= 5; field++)
		take_field(&line, word, sizeof(word));
	if (!module_name_equal(found, name))
		return PROC_MODULE_ABSENT;
	return state_from_word(word);
}

enum proc_module_state proc_modules_find(const char *text, const char *name)
{
	while (*text) {
		enum proc_module_state state = state_on_line(text, name);

		if (state != PROC_MODULE_ABSENT)
			return state;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return PROC_MODULE_ABSENT;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/module_name.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static char canonical(char c)
{
	return c == '-' ? '_' : c;
}

bool module_name_equal(const char *a, const char *b)
{
	while (*a && canonical(*a) == canonical(*b)) {
		a++;
		b++;
	}
	return *a == '\0' && *b == '\0';
}

int module_name_copy(char name[static MODULE_NAME], const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length >= MODULE_NAME || text[0] == '.')
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.+", text[i]))
			return -EINVAL;
	}
	for (size_t i = 0; i <= length; i++)
		name[i] = canonical(text[i]);
	return 0;
}

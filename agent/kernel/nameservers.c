/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/nameservers.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"

/* "nameserver ADDRESS", where an IPv6 one may have a zone behind a percent sign. */
static int take_line(char *line, struct address_list *nameservers)
{
	static const char blanks[] = " \t\r";
	char *rest = NULL, *word = strtok_r(line, blanks, &rest);
	struct address address;

	if (!word || strcmp(word, "nameserver") != 0)
		return 0;
	word = strtok_r(NULL, blanks, &rest);
	if (!word)
		return 0;
	word[strcspn(word, "%")] = '\0';
	return address_parse(word, &address) < 0
		       ? 0
		       : address_list_add(nameservers, &address);
}

int nameservers_parse(char *text, struct address_list *nameservers)
{
	char *rest = NULL;
	int r = 0;

	for (char *line = strtok_r(text, "\n", &rest); r == 0 && line;
	     line = strtok_r(NULL, "\n", &rest))
		r = take_line(line, nameservers);
	return r;
}

int nameservers_read(const char *path, struct address_list *nameservers, struct err *err)
{
	cleanup_free char *text = NULL;
	size_t length;
	int r = file_read(path, NAMESERVERS_FILE_MAX, &text, &length, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = nameservers_parse(text, nameservers);
	return r < 0 ? err_errno(err, -r, "%s", path) : 0;
}

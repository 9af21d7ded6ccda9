/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/report/timestamp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *timestamp_format(uint64_t realtime_usec, char buffer[static TIMESTAMP_TEXT])
{
	time_t seconds = (time_t)(realtime_usec / 1000000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(buffer, TIMESTAMP_TEXT - 5, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buffer + n, TIMESTAMP_TEXT - n, ".%03uZ",
		 (unsigned int)(realtime_usec / 1000 % 1000));
	return buffer;
}

int timestamp_parse(const char *text, uint64_t *realtime_usec)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	time_t seconds;

	if (!rest || rest[0] != '.' || strspn(rest + 1, "0123456789") != 3 ||
	    strcmp(rest + 4, "Z") != 0)
		return -EINVAL;
	seconds = timegm(&tm);
	if (seconds < 0)
		return -EINVAL;
	*realtime_usec = (uint64_t)seconds * 1000000;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <systemd/sd-daemon.h>

int notify_enabled(void)
{
	const char *socket = getenv("NOTIFY_SOCKET");

	return socket && socket[0] != '\0';
}

void notify_send(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sd_notify(0, text);
}

void notify_extend_timeout(uint64_t usec)
{
	notify_send("EXTEND_TIMEOUT_USEC=%llu", (unsigned long long)usec);
}

int notify_barrier(uint64_t usec)
{
	int r;

	if (!notify_enabled())
		return 0;
	r = sd_notify_barrier(0, usec);
	return r < 0 ? r : 0;
}

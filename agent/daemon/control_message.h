/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/un.h>

#include "common/err.h"
#include "common/macro.h"

/* What both ends of the control socket agree on. */

enum {
	CONTROL_VERSION = 1,
	CONTROL_REQUEST_MAX = 32 * 1024, /* a path of PATH_MAX, every byte escaped */
	CONTROL_ANSWER_MAX = 256 * 1024 * 1024,
};

/* The address of RUN-DIR/control; -ENAMETOOLONG (unix(7) has room for 107 bytes). */
int control_address(const char *run_directory, struct sockaddr_un *address,
		    struct err *err) MUST_CHECK;

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "agent/model/address_list.h"
#include "common/err.h"
#include "common/macro.h"

enum { NAMESERVERS_FILE_MAX = 64 * 1024 };

/*
 * Adds the nameservers of a resolv.conf(5). None where there is no such file; -errno
 * where it cannot be read or is larger than NAMESERVERS_FILE_MAX.
 */
int nameservers_read(const char *path, struct address_list *nameservers,
		     struct err *err) MUST_CHECK;

/*
 * The same from memory; the text is changed on the way. What is no nameserver is passed
 * over. -ENOMEM.
 */
int nameservers_parse(char *text, struct address_list *nameservers) MUST_CHECK;

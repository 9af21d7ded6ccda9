/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/capability.h>

#include "common/cleanup.h"
#include "common/err.h"

enum { KEEP_CAPS_MAX = 64 };

/* The command line; texts are borrowed from argv. */
struct preflight_options {
	const char **modules; /* --module; the array is owned */
	size_t module_count;
	const char *state_path; /* --state, or NULL */
	const char *root; /* --root without slashes at its end, "" for none; owned */
	const char *
		*ignore; /* --ignore-preflight-errors, each a list; the array is owned */
	size_t ignore_count;
	uint32_t conn_tab_bits; /* 0: none */
	bool check;
	bool json;
	bool persist;
	bool exec;
	char *const *command; /* what follows --exec, ended by NULL */
	cap_value_t keep[KEEP_CAPS_MAX];
	size_t keep_count; /* CAP_NET_ADMIN is the first */
};

enum options_outcome { OPTIONS_RUN = 0, OPTIONS_HELP = 1, OPTIONS_VERSION = 2 };

/* An outcome, or -EINVAL for wrong usage with err naming the argument, or -ENOMEM. */
int preflight_options_parse(int argc, char **argv, struct preflight_options *options,
			    struct err *err) MUST_CHECK;

void preflight_options_print_help(void);

void preflight_options_clear(struct preflight_options *options);
#define cleanup_options CLEANUP(preflight_options_clear)

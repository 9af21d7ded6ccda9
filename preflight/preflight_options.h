/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/capability.h>

#include "common/cleanup.h"
#include "common/config_file.h"
#include "common/err.h"

enum { KEEP_CAPS_MAX = 64 };

/* What the command line and the options file ask for; texts are borrowed from both. */
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
	bool for_agent;	      /* --for-agent; state_path has the agent's default then */
	char *const *command; /* what follows --exec, ended by NULL */
	cap_value_t keep[KEEP_CAPS_MAX];
	size_t keep_count; /* CAP_NET_ADMIN is the first */
};

/*
 * Options of default_config (NULL: no file; --config names another) and of the command
 * line, which replace the file's. config has the file's text, and is the caller's to
 * clear, after options. An outcome, or -errno with err naming the argument, or file and
 * line.
 */
int preflight_options_parse(int argc, char **argv, const char *default_config,
			    struct config_file *config, struct preflight_options *options,
			    struct err *err) MUST_CHECK;

void preflight_options_print_help(void);

void preflight_options_clear(struct preflight_options *options);
#define cleanup_options CLEANUP(preflight_options_clear)

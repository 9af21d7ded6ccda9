/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/preflight_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/parse.h"
#include "preflight/module_name.h"

/*
 * ip_vs_conn.c: 8 to 20 up to kernel 6.5, from then on up to 27; what a kernel does not take it
 * replaces by its default, which the check ConnectionTable sees.
 */
enum { CONN_TAB_BITS_MIN = 8, CONN_TAB_BITS_MAX = 27 };

enum option_id {
	OPTION_CHECK = 256,
	OPTION_MODULE,
	OPTION_STATE,
	OPTION_CONN_TAB_BITS,
	OPTION_IGNORE,
	OPTION_OUTPUT,
	OPTION_ROOT,
	OPTION_PERSIST,
	OPTION_EXEC,
	OPTION_KEEP_CAP,
	OPTION_LOG_LEVEL,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option_row {
	const char *name;
	const char *argument; /* NULL: none */
	enum option_id option;
	const char *help;
} rows[] = {
	{ "check", NULL, OPTION_CHECK, "load nothing, only look" },
	{ "module", "NAME", OPTION_MODULE,
	  "a further module that is needed; may be repeated" },
	{ "state", "PATH", OPTION_STATE,
	  "a state file or a directory of them: what it needs is needed" },
	{ "conn-tab-bits", "N", OPTION_CONN_TAB_BITS,
	  "give ip_vs a connection table of 2^N buckets" },
	{ "ignore-preflight-errors", "LIST", OPTION_IGNORE,
	  "errors that are to be warnings: names with commas, or all" },
	{ "output", "text|json", OPTION_OUTPUT, "how to report (default: text)" },
	{ "root", "DIR", OPTION_ROOT, "look at another tree's modules, load nothing" },
	{ "persist", NULL, OPTION_PERSIST, "write /etc/modules-load.d/ipvs-node.conf" },
	{ "exec", NULL, OPTION_EXEC,
	  "become the command after `--`, with CAP_NET_ADMIN alone" },
	{ "keep-cap", "NAME", OPTION_KEEP_CAP,
	  "with --exec: keep this capability too; may be repeated" },
	{ "log-level", "LEVEL", OPTION_LOG_LEVEL,
	  "error, warning, notice, info or debug" },
	{ "help", NULL, OPTION_HELP, "show this" },
	{ "version", NULL, OPTION_VERSION, "show the version" },
};

void preflight_options_print_help(void)
{
	printf("Usage: ipvs-preflight [OPTION]… [--exec -- COMMAND [ARG…]]\n"
	       "Loads and verifies what IPVS needs of this kernel, and checks what else decides\n"
	       "whether it works.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name,
			 rows[i].argument ? "=" : "",
			 rows[i].argument ? rows[i].argument : "");
		printf("  %-34s %s\n", left, rows[i].help);
	}
	printf("\nExit status: 0 ready (warnings allowed), 1 an error, 2 wrong usage.\n"
	       "See ipvs-preflight(8).\n");
}

static int add_text(const char ***list, size_t *count, const char *text)
{
	const char **grown = reallocarray(*list, *count + 1, sizeof(grown[0]));

	if (!grown)
		return -ENOMEM;
	grown[(*count)++] = text;
	*list = grown;
	return 0;
}

static int parse_module(struct preflight_options *options, const char *text,
			struct err *err)
{
	char name[MODULE_NAME];

	if (module_name_copy(name, text) < 0)
		return err_set(err, EINVAL, "--module: '%s' cannot be a module's name",
			       text);
	return add_text(&options->modules, &options->module_count, text);
}

static int parse_root(struct preflight_options *options, const char *text,
		      struct err *err)
{
	size_t length = strlen(text);
	char *root;

	while (length > 0 && text[length - 1] == '/')
		length--;
	/* The running machine's own root is what there is without --root. */
	if (length == 0)
		return err_set(err, EINVAL,
			       "--root: '%s' is not the directory of another tree", text);
	root = strndup(text, length);
	if (!root)
		return -ENOMEM;
	free((char *)options->root);
	options->root = root;
	return 0;
}

static int parse_keep_cap(struct preflight_options *options, const char *text,
			  struct err *err)
{
	char name[64];
	cap_value_t capability;

	snprintf(name, sizeof(name), "%s%s", strncasecmp(text, "cap_", 4) ? "cap_" : "",
		 text);
	if (cap_from_name(name, &capability) < 0)
		return err_set(err, EINVAL, "--keep-cap: there is no capability '%s'",
			       text);
	for (size_t i = 0; i < options->keep_count; i++) {
		if (options->keep[i] == capability)
			return 0;
	}
	if (options->keep_count == KEEP_CAPS_MAX)
		return err_set(err, EINVAL, "--keep-cap: too many");
	options->keep[options->keep_count++] = capability;
	return 0;
}

static int parse_output(struct preflight_options *options, const char *text,
			struct err *err)
{
	options->json = strcmp(text, "json") == 0;
	if (!options->json && strcmp(text, "text") != 0)
		return err_set(err, EINVAL, "--output: '%s' is neither text nor json",
			       text);
	return 0;
}

static int parse_conn_tab_bits(struct preflight_options *options, const char *text,
			       struct err *err)
{
	if (parse_u32(text, CONN_TAB_BITS_MIN, CONN_TAB_BITS_MAX,
		      &options->conn_tab_bits) < 0)
		return err_set(err, EINVAL,
			       "--conn-tab-bits: '%s' is not a number in %d..%d", text,
			       CONN_TAB_BITS_MIN, CONN_TAB_BITS_MAX);
	return 0;
}

static int parse_log_level(const char *text, struct err *err)
{
	int level;

	if (log_level_from_name(text, &level) < 0)
		return err_set(
			err, EINVAL,
			"--log-level: '%s' is none of error, warning, notice, info, debug",
			text);
	log_set_level(level);
	return 0;
}

static int parse_one(struct preflight_options *options, int option, const char *text,
		     struct err *err)
{
	switch (option) {
	case OPTION_CHECK:
		options->check = true;
		return 0;
	case OPTION_MODULE:
		return parse_module(options, text, err);
	case OPTION_STATE:
		options->state_path = text;
		return 0;
	case OPTION_CONN_TAB_BITS:
		return parse_conn_tab_bits(options, text, err);
	case OPTION_IGNORE:
		return add_text(&options->ignore, &options->ignore_count, text);
	case OPTION_OUTPUT:
		return parse_output(options, text, err);
	case OPTION_ROOT:
		return parse_root(options, text, err);
	case OPTION_PERSIST:
		options->persist = true;
		return 0;
	case OPTION_EXEC:
		options->exec = true;
		return 0;
	case OPTION_KEEP_CAP:
		return parse_keep_cap(options, text, err);
	case OPTION_LOG_LEVEL:
		return parse_log_level(text, err);
	case OPTION_HELP:
		return OPTIONS_HELP;
	case OPTION_VERSION:
		return OPTIONS_VERSION;
	default:
		return -EINVAL;
	}
}

static int check_together(struct preflight_options *options, char *const *rest,
			  struct err *err)
{
	if (options->exec && !rest[0])
		return err_set(err, EINVAL, "--exec: no command after it");
	if (!options->exec && rest[0])
		return err_set(err, EINVAL, "unexpected argument '%s'", rest[0]);
	if (!options->exec && options->keep_count > 1)
		return err_set(err, EINVAL, "--keep-cap: only with --exec");
	if (options->exec && options->root[0])
		return err_set(err, EINVAL, "--exec: not with --root");
	options->command = options->exec ? rest : NULL;
	return OPTIONS_RUN;
}

int preflight_options_parse(int argc, char **argv, struct preflight_options *options,
			    struct err *err)
{
	struct option table[ARRAY_SIZE(rows) + 1] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		table[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument : no_argument,
			.val = (int)rows[i].option,
		};
	*options =
		(struct preflight_options){ .keep = { CAP_NET_ADMIN }, .keep_count = 1 };
	options->root = strdup("");
	if (!options->root)
		return err_errno(err, ENOMEM, "options");
	opterr = 0;
	optind = 0;
	for (;;) {
		int index = optind ? optind : 1;
		int option = getopt_long(argc, argv, "+:", table, NULL);
		int r;

		if (option == -1)
			return check_together(options, argv + optind, err);
		if (option == ':')
			return err_set(err, EINVAL, "%s: needs a value", argv[index]);
		if (option == '?')
			return err_set(err, EINVAL, "unknown option '%s'", argv[index]);
		r = parse_one(options, option, optarg, err);
		if (r != 0)
			return r;
	}
}

void preflight_options_clear(struct preflight_options *options)
{
	free(options->modules);
	free(options->ignore);
	free((char *)options->root);
	*options = (struct preflight_options){ 0 };
}

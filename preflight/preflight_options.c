/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/preflight_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/parse.h"
#include "preflight/module_name.h"

/*
 * ip_vs_conn.c: 8 to 20 up to kernel 6.5, from then on up to 27; what a kernel does not
 * take it replaces by its default, which the check ConnectionTable sees.
 */
enum { CONN_TAB_BITS_MIN = 8, CONN_TAB_BITS_MAX = 27 };

void preflight_options_print_help(void)
{
	printf("Usage: ipvs-preflight [OPTION]… [--exec -- COMMAND [ARG…]]\n"
	       "Loads and verifies what IPVS needs of this kernel, and checks what else decides\n"
	       "whether it works.\n\n");
	option_print_help(stdout, FOR_PREFLIGHT);
	printf("\nOptions can also be lines of " DEFAULT_CONFIG_PATH ".\n"
	       "Exit status: 0 ready (warnings allowed), 1 an error, 2 wrong usage.\n"
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

static int set_module(void *context, const char *value, struct err *err)
{
	struct preflight_options *options = context;
	char name[MODULE_NAME];

	if (module_name_copy(name, value) < 0)
		return err_set(err, EINVAL, "'%s' cannot be a module's name", value);
	if (add_text(&options->modules, &options->module_count, value) < 0)
		return err_errno(err, ENOMEM, "'%s'", value);
	return 0;
}

static int set_ignore(void *context, const char *value, struct err *err)
{
	struct preflight_options *options = context;

	if (add_text(&options->ignore, &options->ignore_count, value) < 0)
		return err_errno(err, ENOMEM, "'%s'", value);
	return 0;
}

static int set_state(void *context, const char *value, UNUSED struct err *err)
{
	struct preflight_options *options = context;

	options->state_path = value;
	return 0;
}

static int set_root(void *context, const char *value, struct err *err)
{
	struct preflight_options *options = context;
	size_t length = strlen(value);
	char *root;

	while (length > 0 && value[length - 1] == '/')
		length--;
	/* The running machine's own root is what there is without --root. */
	if (length == 0)
		return err_set(err, EINVAL, "'%s' is not the directory of another tree",
			       value);
	root = strndup(value, length);
	if (!root)
		return err_errno(err, ENOMEM, "'%s'", value);
	free((char *)options->root);
	options->root = root;
	return 0;
}

static int set_keep_cap(void *context, const char *value, struct err *err)
{
	struct preflight_options *options = context;
	char name[64];
	cap_value_t capability;

	snprintf(name, sizeof(name), "%s%s", strncasecmp(value, "cap_", 4) ? "cap_" : "",
		 value);
	if (cap_from_name(name, &capability) < 0)
		return err_set(err, EINVAL, "there is no capability '%s'", value);
	for (size_t i = 0; i < options->keep_count; i++) {
		if (options->keep[i] == capability)
			return 0;
	}
	if (options->keep_count == KEEP_CAPS_MAX)
		return err_set(err, EINVAL, "too many");
	options->keep[options->keep_count++] = capability;
	return 0;
}

static int set_output(void *context, const char *value, struct err *err)
{
	struct preflight_options *options = context;

	options->json = strcmp(value, "json") == 0;
	if (!options->json && strcmp(value, "text") != 0)
		return err_set(err, EINVAL, "'%s' is neither text nor json", value);
	return 0;
}

static int set_conn_tab_bits(void *context, const char *value, struct err *err)
{
	struct preflight_options *options = context;

	if (parse_u32(value, CONN_TAB_BITS_MIN, CONN_TAB_BITS_MAX,
		      &options->conn_tab_bits) < 0)
		return err_set(err, EINVAL, "'%s' is not a number in %d..%d", value,
			       CONN_TAB_BITS_MIN, CONN_TAB_BITS_MAX);
	return 0;
}

static int set_log_level(UNUSED void *context, const char *value, struct err *err)
{
	int level;

	if (log_level_from_name(value, &level) < 0)
		return err_set(err, EINVAL,
			       "'%s' is none of error, warning, notice, info, debug",
			       value);
	log_set_level(level);
	return 0;
}

static const struct option_action actions[OPTION_COUNT] = {
	[OPTION_CHECK] = OPTION_FLAG(struct preflight_options, check),
	[OPTION_MODULE] = OPTION_VALUE(set_module),
	[OPTION_CONN_TAB_BITS] = OPTION_VALUE(set_conn_tab_bits),
	[OPTION_IGNORE] = OPTION_VALUE(set_ignore),
	[OPTION_ROOT] = OPTION_VALUE(set_root),
	[OPTION_PERSIST] = OPTION_FLAG(struct preflight_options, persist),
	[OPTION_EXEC] = OPTION_FLAG(struct preflight_options, exec),
	[OPTION_KEEP_CAP] = OPTION_VALUE(set_keep_cap),
	[OPTION_FOR_AGENT] = OPTION_FLAG(struct preflight_options, for_agent),
	[OPTION_STATE] = OPTION_VALUE(set_state),
	[OPTION_OUTPUT] = OPTION_VALUE(set_output),
	[OPTION_LOG_LEVEL] = OPTION_VALUE(set_log_level),
};

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
	return OPTIONS_OK;
}

/* The file is the running machine's: with --root nothing of it is read unless named. */
static int read_config(const struct given_options *given, const char *default_config,
		       struct config_file *config, struct err *err)
{
	if (given_options_find(given, &option_rows[OPTION_ROOT]))
		default_config = NULL;
	return config_file_read(given, default_config, config, err);
}

static int apply_given(const struct given_options *given,
		       const struct config_file *config,
		       struct preflight_options *options, struct err *err)
{
	int r;

	*options =
		(struct preflight_options){ .keep = { CAP_NET_ADMIN }, .keep_count = 1 };
	options->root = strdup("");
	if (!options->root)
		return err_errno(err, ENOMEM, "options");
	r = given_options_apply(&config->lines, config->path, given, actions,
				FOR_PREFLIGHT, options, err);
	if (r == 0)
		r = given_options_apply(given, NULL, NULL, actions, FOR_PREFLIGHT,
					options, err);
	if (r == 0 && options->for_agent && !options->state_path)
		options->state_path = DEFAULT_STATE_PATH;
	return r;
}

int preflight_options_parse(int argc, char **argv, const char *default_config,
			    struct config_file *config, struct preflight_options *options,
			    struct err *err)
{
	cleanup_given_options struct given_options given = { 0 };
	int first, r;

	*options = (struct preflight_options){ 0 };
	r = command_line_read(argc, argv, FOR_PREFLIGHT, NULL, true, &given, &first, err);
	if (r != OPTIONS_OK)
		return r;
	r = read_config(&given, default_config, config, err);
	if (r == 0)
		r = apply_given(&given, config, options, err);
	return r < 0 ? r : check_together(options, argv + first, err);
}

void preflight_options_clear(struct preflight_options *options)
{
	free(options->modules);
	free(options->ignore);
	free((char *)options->root);
	*options = (struct preflight_options){ 0 };
}

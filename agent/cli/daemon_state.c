/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/daemon_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/report/status_file.h"
#include "common/log.h"

const char *daemon_options_differ(const json_t *document, const struct options *options,
				  char text[static DAEMON_OPTIONS_TEXT])
{
	const char *path = json_string_value(json_object_get(document, "optionsFile"));
	const char *fingerprint =
		json_string_value(json_object_get(document, "optionsFingerprint"));
	const char *ours = options->config_path;
	char now[17];

	snprintf(now, sizeof(now), "%016" PRIx64, options->config_fingerprint);
	if (!fingerprint || strcmp(fingerprint, now) == 0)
		return NULL;
	if (path && (!ours || strcmp(path, ours) != 0))
		snprintf(text, DAEMON_OPTIONS_TEXT,
			 "the daemon has its options from %s, not from %s", path,
			 ours ? ours : "the command line alone");
	else
		snprintf(text, DAEMON_OPTIONS_TEXT,
			 "%s has changed since the daemon started, which goes by the "
			 "options of then until systemctl restart ipvs-agent",
			 ours ? ours : "the options file");
	return text;
}

static void use_state(const json_t *document, struct options *options, char **owned)
{
	const char *path = json_string_value(json_object_get(document, "state"));

	if (options->state_given || !path || strcmp(path, options->state_path) == 0)
		return;
	*owned = strdup(path);
	if (!*owned)
		return;
	options->state_path = *owned;
	log_notice("the state is the running daemon's, %s", path);
}

void daemon_state_use(struct options *options, char **owned)
{
	cleanup_status_view struct status_view view = { 0 };
	char text[DAEMON_OPTIONS_TEXT];
	const char *differ;

	if (status_read(options->run_directory, &view, NULL) < 0 ||
	    view.health == STATUS_NO_DAEMON)
		return;
	use_state(view.document, options, owned);
	differ = daemon_options_differ(view.document, options, text);
	if (differ)
		log_notice("%s", differ);
}

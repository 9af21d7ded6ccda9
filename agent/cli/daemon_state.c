/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/daemon_state.h"

#include <string.h>

#include "agent/report/status_file.h"
#include "common/log.h"

void daemon_state_use(struct options *options, char **owned)
{
	cleanup_status_view struct status_view view = { 0 };
	const char *path;

	if (options->state_given ||
	    status_read(options->run_directory, &view, NULL) < 0 ||
	    view.health == STATUS_NO_DAEMON)
		return;
	path = json_string_value(json_object_get(view.document, "state"));
	if (!path || strcmp(path, options->state_path) == 0)
		return;
	*owned = strdup(path);
	if (!*owned)
		return;
	options->state_path = *owned;
	log_notice("the state is the running daemon's, %s", path);
}

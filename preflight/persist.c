/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/persist.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/parse.h"
#include "common/plural.h"
#include "preflight/autoload.h"
#include "preflight/modprobe_conf.h"

static const char check[] = "Persist";

/*
 * Built-in modules need no loading, and a module that failed would fail at each boot. An
 * exception: if loading is locked now, it is not locked when a boot begins.
 */
static bool worth_loading(const struct need *need, bool locked)
{
	if (need->module[0] == '\0' || (need->load == LOAD_FAILED && !locked))
		return false;
	return need->presence == PRESENCE_LIVE || need->presence == PRESENCE_SHOWN ||
	       need->load == LOAD_DONE ||
	       ((need->load == LOAD_NOT_TRIED || need->load == LOAD_FAILED) &&
		need->in_tree);
}

static bool names_before(const struct needs *needs, size_t index, bool locked)
{
	for (size_t i = 0; i < index; i++) {
		if (worth_loading(&needs->items[i], locked) &&
		    strcmp(needs->items[i].module, needs->items[index].module) == 0)
			return true;
	}
	return false;
}

static char *modules_text(const struct needs *needs, bool locked, size_t *count)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	*count = 0;
	if (!out)
		return NULL;
	fprintf(out, "# Written by ipvs-preflight --persist.\n");
	for (size_t i = 0; i < needs->count; i++) {
		if (!worth_loading(&needs->items[i], locked) ||
		    names_before(needs, i, locked))
			continue;
		fprintf(out, "%s\n", needs->items[i].module);
		(*count)++;
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int write_file(const struct system *system, const char *directory,
		      const char *text, struct report *report)
{
	char path[SYSTEM_PATH];
	struct err err = { 0 };

	if (mkdir(system_path(system, path, "%s", directory), 0755) < 0 &&
	    errno != EEXIST) {
		report_error(report, check, errno, "%s: %s", path, strerror(errno));
		return -EIO;
	}
	system_path(system, path, "%s/ipvs-node.conf", directory);
	if (file_replace(path, 0644, text, strlen(text), 1, &err) < 0) {
		report_error(report, check, err.code, "%s", err.text);
		return -EIO;
	}
	return 0;
}

/* The last line counts, and a file of another name may be read later. */
static void tell_of_other_option(const struct system *system, uint32_t conn_tab_bits,
				 struct report *report)
{
	struct modprobe_conf_option option;
	uint32_t bits;

	if (!modprobe_conf_option(system, "ip_vs", "conn_tab_bits", &option) ||
	    (parse_u32(option.value, 0, UINT32_MAX, &bits) == 0 && bits == conn_tab_bits))
		return;
	report_warning(
		report, check,
		"conn_tab_bits=%s in %s is read later and wins at the next load: remove it there",
		option.value, option.place);
}

void persist_write(const struct system *system, const struct needs *needs,
		   uint32_t conn_tab_bits, struct report *report)
{
	size_t count;
	cleanup_free char *text = modules_text(needs, loading_is_locked(system), &count);
	char options[128];

	if (!text) {
		report_error(report, check, ENOMEM, "out of memory");
		return;
	}
	if (write_file(system, "etc/modules-load.d", text, report) == 0)
		report_note(
			report, check,
			"%zu module%s written to %s/etc/modules-load.d/ipvs-node.conf",
			count, PLURAL(count), system->root);
	if (conn_tab_bits == 0)
		return;
	snprintf(
		options, sizeof(options),
		"# Written by ipvs-preflight --persist.\noptions ip_vs conn_tab_bits=%u\n",
		conn_tab_bits);
	if (write_file(system, "etc/modprobe.d", options, report) < 0)
		return;
	report_note(report, check,
		    "conn_tab_bits=%u written to %s/etc/modprobe.d/ipvs-node.conf",
		    conn_tab_bits, system->root);
	tell_of_other_option(system, conn_tab_bits, report);
}

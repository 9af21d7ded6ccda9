/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs that write to the same table, or left something in it. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "preflight/checks.h"
#include "common/process_names.h"

static const struct {
	const char *comm;
	const char *meaning;
} owners[] = {
	{ "kube-proxy", "in IPVS mode it deletes services that it does not know" },
	{ "keepalived", "with virtual_server blocks it programs the table too" },
	{ "kube-router", "as a service proxy it programs the table too" },
	{ "lvscare", "it programs the table too" },
	{ "ldirectord", "it programs the table too" },
};

static bool is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* The processes seen so far, and the programs already reported. */
struct sighting {
	struct process_names *names; /* opened at the first name that /proc hides */
	bool asked;
	bool found[ARRAY_SIZE(owners)];
	size_t seen, hidden;
};

/* The name of a process that /proc lists, but whose files it hides. */
static int hidden_name(struct sighting *sighting, const char *number,
		       char comm[static PROCESS_NAME])
{
	uint32_t pid;

	if (!sighting->asked)
		sighting->names = process_names_new();
	sighting->asked = true;
	if (!sighting->names || parse_u32(number, 1, INT32_MAX, &pid) < 0)
		return -EACCES;
	return process_names_get(sighting->names, pid, comm);
}

static int name_of(const struct inspection *inspection, struct sighting *sighting,
		   const char *number, char comm[static PROCESS_NAME])
{
	char path[SYSTEM_PATH];
	int r;

	snprintf(path, sizeof(path), "proc/%s/comm", number);
	r = system_read_line(inspection->system, path, comm, PROCESS_NAME);
	if (r == -EPERM || r == -EACCES) {
		r = hidden_name(sighting, number, comm);
		/* A process that has ended meanwhile is not hidden. */
		sighting->hidden += r < 0 && r != -ESRCH;
	}
	sighting->seen += r == 0;
	return r;
}

static void judge_process(struct sighting *sighting, const char *number, const char *comm,
			  const char *check, struct report *report)
{
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		if (strcmp(comm, owners[i].comm) != 0 || sighting->found[i])
			continue;
		sighting->found[i] = true;
		report_warning(report, check, "%s runs (pid %s): %s", comm, number,
			       owners[i].meaning);
	}
}

static void look_at_processes(const struct inspection *inspection, const char *check,
			      struct report *report)
{
	char path[SYSTEM_PATH], comm[PROCESS_NAME];
	cleanup_dir DIR *proc = opendir(system_path(inspection->system, path, "proc"));
	struct sighting sighting = { 0 };
	const struct dirent *entry;

	while (proc && (entry = readdir(proc)))
		if (is_number(entry->d_name) &&
		    name_of(inspection, &sighting, entry->d_name, comm) == 0)
			judge_process(&sighting, entry->d_name, comm, check, report);
	if (sighting.names)
		process_names_free(sighting.names);
	if (sighting.seen == 0)
		report_cannot_tell(report, check,
				   "/proc shows no process: other owners cannot be seen");
	else if (sighting.hidden > 0)
		report_cannot_tell(
			report, check,
			"/proc hides the names of %zu process%s: other owners may run",
			sighting.hidden, sighting.hidden == 1 ? "" : "es");
}

/* Lines such as "TCP  0A000001:01BB rr", "UDP  [fd00:…]:0035 rr", "FWM  00000007 rr". */
static size_t count_services(const char *table)
{
	static const char *const kinds[] = { "TCP ", "UDP ", "SCTP ", "FWM " };
	size_t count = 0;

	while (*table) {
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
			count += strncmp(table, kinds[i], strlen(kinds[i])) == 0;
		table += strcspn(table, "\n");
		table += *table == '\n';
	}
	return count;
}

static void look_at_table(const struct inspection *inspection, const char *check,
			  struct report *report)
{
	cleanup_free char *table = NULL;
	size_t count;
	int r = system_read(inspection->system, "proc/net/ip_vs", &table);

	if (r == -ENOENT)
		return;
	if (r < 0) {
		report_cannot_tell(report, check, "/proc/net/ip_vs cannot be read: %s",
				   strerror(-r));
		return;
	}
	count = count_services(table);
	/*
	 * If the ownership file exists, `ipvs-agent status` shows which services are
	 * foreign.
	 */
	if (count > 0 && !system_exists(inspection->system, "run/ipvs-node/owned"))
		report_warning(
			report, check,
			"%zu virtual service%s in the table already, and no ipvs-agent has put %s there since the boot",
			count, count == 1 ? " is" : "s are", count == 1 ? "it" : "them");
}

/* "02:1a:…" without the colons. */
static void strip_colons(char *text)
{
	char *end = text;

	for (const char *at = text; *at; at++) {
		if (*at != ':')
			*end++ = *at;
	}
	*end = '\0';
}

/*
 * Whether the ownership file lists the link, as with `--link kube-ipvs0`: it then has a
 * line "link NAME HARDWARE CHECKSUM" with the hardware address that the agent chose.
 */
static bool is_agents_link(const struct inspection *inspection)
{
	cleanup_free char *record = NULL;
	char hardware[64], *rest, *line;

	if (system_read_line(inspection->system, "sys/class/net/kube-ipvs0/address",
			     hardware, sizeof(hardware)) < 0 ||
	    system_read(inspection->system, "run/ipvs-node/owned", &record) < 0)
		return false;
	strip_colons(hardware);
	rest = record;
	while ((line = strsep(&rest, "\n"))) {
		const char *found = strncmp(line, "link ", 5) == 0 ? line + 5 : "";

		found += strcspn(found, " ");
		if (hardware[0] && *found &&
		    strncmp(found + 1, hardware, strlen(hardware)) == 0 &&
		    found[1 + strlen(hardware)] == ' ')
			return true;
	}
	return false;
}

void check_other_owners(const struct inspection *inspection, const char *check,
			struct report *report)
{
	look_at_processes(inspection, check, report);
	if (system_exists(inspection->system, "sys/class/net/kube-ipvs0") &&
	    !is_agents_link(inspection))
		report_warning(
			report, check,
			"the link kube-ipvs0 is there: kube-proxy's IPVS mode runs or has left its addresses behind");
	look_at_table(inspection, check, report);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes a state while the daemon runs, and waits until the kernel shows it:
 *
 *   change FROM TO MILLISECONDS SERVICES DESTINATIONS EVERY FIRST WEIGHT
 *
 * FROM is renamed to TO; where FROM is a directory, each of its files is, into TO, evenly over so
 * many milliseconds (0: at once). The last five numbers are the change that this makes of the
 * bench's table (addresses.h). At most SAMPLES of the changed destinations, the first and the last
 * among them, are looked at; the case checks the whole table afterwards. A look is one
 * getsockopt, which costs little whatever the size of the table; there is one every 2 ms, later
 * one whenever a fiftieth more of the time has passed.
 *
 * Prints how many files were renamed, and the microseconds from before the first rename to after
 * the last, and to when all that is looked at was there, as JSON. Status 1 where it did not come.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ip_vs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/macro.h"
#include "common/parse.h"
#include "tests/bench/addresses.h"

enum {
	SAMPLES = 64,
	POLL_USEC_LEAST = 2000,
	POLL_FRACTION = 50, /* of what has passed: so exact is the figure */
	SHOWN_TIMEOUT_SEC = 300,
	FILES_MAX = 100000,
};

struct task {
	const char *from, *to;
	uint32_t milliseconds;
	uint32_t services, destinations;
	struct table_change change;
	uint64_t began;
	uint32_t files;
};

static uint64_t elapsed(const struct task *task)
{
	return clock_usec(CLOCK_MONOTONIC) - task->began;
}

/* --- the files --------------------------------------------------------------------------------- */

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void rename_all(struct task *task, struct dirent **entries, int count)
{
	int from = open(task->from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int to = open(task->to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (from < 0 || to < 0)
		err(1, "%s, %s", task->from, task->to);
	task->began = clock_usec(CLOCK_MONOTONIC);
	for (int i = 0; i < count; i++) {
		uint64_t due = (uint64_t)task->milliseconds * 1000 * (uint64_t)i /
			       (uint64_t)count;
		uint64_t now = elapsed(task);

		if (now < due)
			usleep((useconds_t)(due - now));
		if (renameat(from, entries[i]->d_name, to, entries[i]->d_name) < 0)
			err(1, "%s/%s", task->from, entries[i]->d_name);
	}
	close(from);
	close(to);
}

static void rename_directory(struct task *task)
{
	struct dirent **entries;
	int count = scandir(task->from, &entries, is_file, alphasort);

	if (count <= 0 || count > FILES_MAX)
		errx(1, "%s: not a directory with files", task->from);
	rename_all(task, entries, count);
	task->files = (uint32_t)count;
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

static void replace_state(struct task *task)
{
	struct stat st;

	if (stat(task->from, &st) < 0)
		err(1, "%s", task->from);
	if (S_ISDIR(st.st_mode)) {
		rename_directory(task);
		return;
	}
	task->began = clock_usec(CLOCK_MONOTONIC);
	if (rename(task->from, task->to) < 0)
		err(1, "%s", task->to);
	task->files = 1;
}

/* --- the kernel -------------------------------------------------------------------------------- */

static struct ip_vs_get_dests *get_destinations(int fd, const struct task *task,
						uint32_t service)
{
	size_t size = sizeof(struct ip_vs_get_dests) +
		      task->destinations * sizeof(struct ip_vs_dest_entry);
	struct ip_vs_get_dests *found = calloc(1, size);
	socklen_t length = (socklen_t)size;

	if (!found)
		err(1, "destinations");
	found->protocol = IPPROTO_TCP;
	found->addr = service_address(service).s_addr;
	found->port = htons(SERVICE_PORT);
	found->num_dests = task->destinations;
	if (getsockopt(fd, IPPROTO_IP, IP_VS_SO_GET_DESTS, found, &length) < 0)
		err(1, "the destinations of service %u", service);
	return found;
}

static bool is_shown(int fd, const struct task *task, uint64_t number)
{
	uint32_t service = (uint32_t)(number / task->destinations);
	struct in_addr address = destination_address(
		service, task->destinations, (uint32_t)(number % task->destinations));
	struct ip_vs_get_dests *found = get_destinations(fd, task, service);
	bool shown = false;

	for (uint32_t i = 0; i < task->destinations && !shown; i++) {
		const struct ip_vs_dest_entry *entry = &found->entrytable[i];

		shown = entry->addr == address.s_addr &&
			entry->port == htons(DESTINATION_PORT) &&
			entry->weight == (int)task->change.weight;
	}
	free(found);
	return shown;
}

static void wait_for_destination(int fd, const struct task *task, uint64_t number)
{
	while (!is_shown(fd, task, number)) {
		if (elapsed(task) > SHOWN_TIMEOUT_SEC * 1000000ULL)
			errx(1, "destination %" PRIu64 " is not changed after %d s",
			     number, SHOWN_TIMEOUT_SEC);
		/* More looks would take processor and lock from whom they wait for. */
		usleep((useconds_t)MAX_OF(elapsed(task) / POLL_FRACTION,
					  (uint64_t)POLL_USEC_LEAST));
	}
}

static void wait_for_kernel(int fd, const struct task *task)
{
	uint64_t all = (uint64_t)task->services * task->destinations;
	uint64_t changed = (all - task->change.first - 1) / task->change.every + 1;
	uint64_t samples = MIN_OF(changed, (uint64_t)SAMPLES);

	for (uint64_t i = 0; i < samples; i++) {
		uint64_t which = samples > 1 ? i * (changed - 1) / (samples - 1) : 0;

		wait_for_destination(fd, task,
				     task->change.first + which * task->change.every);
	}
}

/* A change that is there before anything was renamed would measure nothing. */
static void check_before(int fd, const struct task *task)
{
	if (is_shown(fd, task, task->change.first))
		errx(1, "the kernel shows the change already");
}

static bool read_arguments(int argc, char **argv, struct task *task)
{
	struct table_change *change = &task->change;

	if (argc != 9)
		return false;
	task->from = argv[1];
	task->to = argv[2];
	return parse_u32(argv[3], 0, 60000, &task->milliseconds) == 0 &&
	       parse_u32(argv[4], 1, SERVICES_MAX, &task->services) == 0 &&
	       parse_u32(argv[5], 1, DESTINATIONS_MAX, &task->destinations) == 0 &&
	       parse_u32(argv[6], 1, UINT32_MAX, &change->every) == 0 &&
	       parse_u32(argv[7], 0, UINT32_MAX, &change->first) == 0 &&
	       parse_u32(argv[8], 0, 65535, &change->weight) == 0 &&
	       change->first < (uint64_t)task->services * task->destinations;
}

int main(int argc, char **argv)
{
	struct task task = { 0 };
	uint64_t renamed;
	int fd;

	if (!read_arguments(argc, argv, &task))
		errx(2, "usage: change FROM TO MILLISECONDS SERVICES DESTINATIONS"
			" EVERY FIRST WEIGHT");
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		err(1, "raw socket");
	check_before(fd, &task);
	replace_state(&task);
	renamed = elapsed(&task);
	wait_for_kernel(fd, &task);
	printf("{\"files\": %u, \"renames\": %" PRIu64 ", \"wall\": %" PRIu64 "}\n",
	       task.files, renamed, elapsed(&task));
	close(fd);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a command and writes to RESULT what it took, as JSON: wall-clock time from exec to exit,
 * processor time of it and its children in user and kernel mode, all in microseconds, and the
 * peak memory of the largest process in KiB.
 *
 *   measure RESULT COMMAND [ARG…]
 *   measure --until SERVICES DESTINATIONS RESULT COMMAND [ARG…]
 *
 * With --until the command is one that stays: its time ends when the last service of the bench's
 * table has all its destinations, and then it and its children are killed. The last one is looked
 * at through getsockopt, which costs a few microseconds whatever the size of the table.
 *
 * Ends with the command's status, 1 where the table did not come.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/ip_vs.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parse.h"
#include "tests/bench/addresses.h"

enum { POLL_USEC = 10000, TABLE_TIMEOUT_SEC = 600 };

struct task {
	uint32_t services, destinations; /* of the table that is waited for; none: 0 */
	const char *result;
	char **command;
	uint64_t wall;
	int status; /* exit status */
};

static bool table_is_whole(int fd, const struct task *task)
{
	struct ip_vs_service_entry entry = {
		.protocol = IPPROTO_TCP,
		.addr = service_address(task->services - 1).s_addr,
		.port = htons(SERVICE_PORT),
	};
	socklen_t size = sizeof(entry);

	return getsockopt(fd, IPPROTO_IP, IP_VS_SO_GET_SERVICE, &entry, &size) == 0 &&
	       entry.num_dests == task->destinations;
}

static pid_t start(const struct task *task)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child > 0)
		return child;
	if (task->services > 0)
		setpgid(0, 0);
	execvp(task->command[0], task->command);
	warn("%s", task->command[0]);
	_exit(127);
}

/* A killed process that waits for its table to be torn down would end much later. */
static void kill_group(pid_t child)
{
	kill(-child, SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		continue;
}

static void wait_for_table(struct task *task, pid_t child, uint64_t began)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	bool whole = false;

	if (fd < 0)
		err(1, "raw socket");
	while (!whole && waitpid(child, NULL, WNOHANG) == 0 &&
	       clock_usec(CLOCK_MONOTONIC) - began < TABLE_TIMEOUT_SEC * 1000000ULL) {
		usleep(POLL_USEC);
		whole = table_is_whole(fd, task);
	}
	task->wall = clock_usec(CLOCK_MONOTONIC) - began;
	close(fd);
	kill_group(child);
	if (!whole)
		errx(1, "%s: its table did not come in %" PRIu64 " s", task->command[0],
		     task->wall / 1000000);
}

static void wait_for_end(struct task *task, pid_t child, uint64_t began)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			err(1, "wait");
	}
	task->wall = clock_usec(CLOCK_MONOTONIC) - began;
	task->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int64_t microseconds(struct timeval time)
{
	return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static void write_result(const struct task *task)
{
	FILE *file = fopen(task->result, "we");
	struct rusage usage;

	if (!file || getrusage(RUSAGE_CHILDREN, &usage) < 0)
		err(1, "%s", task->result);
	fprintf(file,
		"{\"wall\": %" PRIu64 ", \"user\": %" PRId64 ", \"system\": %" PRId64
		", \"memory\": %ld}\n",
		task->wall, microseconds(usage.ru_utime), microseconds(usage.ru_stime),
		usage.ru_maxrss);
	if (fclose(file) != 0)
		err(1, "%s", task->result);
}

static bool read_arguments(int argc, char **argv, struct task *task)
{
	if (argc > 4 && strcmp(argv[1], "--until") == 0) {
		if (parse_u32(argv[2], 1, SERVICES_MAX, &task->services) < 0 ||
		    parse_u32(argv[3], 0, DESTINATIONS_MAX, &task->destinations) < 0)
			return false;
		argv += 3;
		argc -= 3;
	}
	if (argc < 3)
		return false;
	task->result = argv[1];
	task->command = argv + 2;
	return true;
}

int main(int argc, char **argv)
{
	struct task task = { 0 };
	uint64_t began;
	pid_t child;

	if (!read_arguments(argc, argv, &task))
		errx(2, "usage: measure [--until SERVICES DESTINATIONS] RESULT COMMAND…");
	/* Children whose parent was killed come to us, and their usage with them. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1L) < 0)
		err(1, "subreaper");
	began = clock_usec(CLOCK_MONOTONIC);
	child = start(&task);
	if (task.services > 0)
		wait_for_table(&task, child, began);
	else
		wait_for_end(&task, child, began);
	write_result(&task);
	return task.status;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

uint64_t child_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* 1 if the child has ended, 0 at the deadline. */
static int poll_until(pid_t pid, uint64_t deadline, int *status)
{
	const struct timespec step = { .tv_nsec = 5 * 1000 * 1000 };

	for (;;) {
		pid_t ended = waitpid(pid, status, WNOHANG);

		if (ended == pid)
			return 1;
		if (ended < 0 && errno != EINTR)
			return -errno;
		if (child_clock() >= deadline)
			return 0;
		nanosleep(&step, NULL);
	}
}

int child_wait(pid_t pid, uint64_t deadline, int *status)
{
	int r;

	r = poll_until(pid, deadline, status);
	if (r != 0)
		return r < 0 ? r : 0;
	/* Kills its whole process group if it leads one. */
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	r = poll_until(pid, child_clock() + 1000000, status);
	if (r < 0)
		return r;
	return r == 0 ? -EBUSY : -ETIMEDOUT;
}

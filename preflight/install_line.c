/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/install_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preflight/child.h"

static void __attribute__((noreturn)) run_shell(const char *module, const char *command)
{
	setpgid(0, 0);
	/* Like modprobe(8), but stdout is reserved for the report. */
	setenv("MODPROBE_MODULE", module, 1);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

int install_line_run(const char *module, const char *command, uint64_t usec,
		     char *outcome, size_t size)
{
	int status, r;
	pid_t pid;

	pid = fork();
	if (pid < 0) {
		r = -errno;
		snprintf(outcome, size, "cannot be run: %s", strerror(-r));
		return r;
	}
	if (pid == 0)
		run_shell(module, command);
	setpgid(pid, pid);
	r = child_wait(pid, child_clock() + usec, &status);
	if (r < 0) {
		snprintf(outcome, size, "ended after %llu s without a result",
			 (unsigned long long)(usec / 1000000));
		return r;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		snprintf(outcome, size, "exit status %d", WEXITSTATUS(status));
	else
		snprintf(outcome, size, "killed by signal %d", WTERMSIG(status));
	return -EINVAL;
}

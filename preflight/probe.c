/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A module must be known to be present before the kernel is asked for it: a request for
 * an unknown scheduler runs modprobe with the IPVS mutex held, which can deadlock with
 * the end of a network namespace, and a request for an unknown netlink family loads ip_vs
 * itself.
 */
#include "preflight/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "preflight/autoload.h"
#include "preflight/capability.h"
#include "preflight/child.h"
#include "preflight/probe_child.h"

static const char check[] = "Probe";

enum { PROBE_USEC = 15 * 1000 * 1000, NAMES = 400 };

struct probe {
	struct probe_item *items;
	struct need **needs; /* needs[i] is proven by items[i] */
	size_t count;
	bool no_autoload; /* this kernel never loads modules on demand */
};

/* A success from libkmod is the kernel's own answer, also if /proc is hidden. */
static bool safe_to_name(const struct probe *probe, const struct need *need)
{
	if (need->presence == PRESENCE_UNKNOWN)
		return probe->no_autoload || need->load == LOAD_DONE;
	return presence_usable(need->presence);
}

static void probe_clear(struct probe *probe)
{
	free(probe->items);
	free(probe->needs);
}

/* An engine needs a scheduler, too: any that may be named. */
static int collect_items(struct needs *needs, struct probe *probe)
{
	const char *scheduler = NULL;

	probe->items = calloc(needs->count + 1, sizeof(probe->items[0]));
	probe->needs = calloc(needs->count + 1, sizeof(probe->needs[0]));
	if (!probe->items || !probe->needs)
		return -ENOMEM;
	for (size_t i = 0; i < needs->count; i++) {
		struct need *need = &needs->items[i];

		if (need->kind != NEED_SCHEDULER || !safe_to_name(probe, need))
			continue;
		scheduler = need->short_name;
		probe->items[probe->count] =
			(struct probe_item){ .scheduler = need->short_name };
		probe->needs[probe->count++] = need;
	}
	for (size_t i = 0; scheduler && i < needs->count; i++) {
		struct need *need = &needs->items[i];

		if (need->kind != NEED_ENGINE || !safe_to_name(probe, need))
			continue;
		probe->items[probe->count] =
			(struct probe_item){ .scheduler = scheduler,
					     .engine = need->short_name };
		probe->needs[probe->count++] = need;
	}
	return 0;
}

/* Reads one answer: 1, 0 at the end of the child's answers, -ETIMEDOUT. */
static int read_answer(int fd, uint64_t deadline, struct probe_answer *answer)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	for (;;) {
		uint64_t now = child_clock();
		int left = now < deadline ? (int)((deadline - now) / 1000) + 1 : 0;
		int r = poll(&poller, 1, left);

		if (r == 0)
			return -ETIMEDOUT;
		if (r > 0)
			return read(fd, answer, sizeof(*answer)) == sizeof(*answer);
		if (errno != EINTR)
			return -errno;
	}
}

static void append_name(char names[static NAMES], const struct need *need)
{
	size_t used = strlen(names);

	snprintf(names + used, NAMES - used, "%s%s%s", used ? ", " : "",
		 need->kind == NEED_ENGINE ? "engine " : "", need->short_name);
}

static enum probe_outcome cannot_start(const struct probe_answer *answer,
				       struct report *report)
{
	if (answer->step == PROBE_STEP_NAMESPACE && answer->code == EPERM)
		report_cannot_tell(
			report, check,
			"cannot probe: this process may not make a network namespace (no CAP_SYS_ADMIN, or a seccomp filter)");
	else if (answer->step == PROBE_STEP_NAMESPACE)
		report_cannot_tell(report, check,
				   "cannot probe: no network namespace: %s",
				   strerror(answer->code));
	else
		report_cannot_tell(
			report, check,
			"cannot probe: the kernel does not answer for IPVS over generic netlink");
	return PROBE_CANNOT_TELL;
}

static void report_refusal(const struct need *need, int code, struct report *report)
{
	const char *what = need->kind == NEED_ENGINE ? "persistence engine" : "scheduler";

	if (code == ENOENT)
		report_problem(
			report, !need->of_state, check, code,
			"the kernel takes no service with %s %s, though %s is there",
			what, need->short_name,
			need->module[0] ? need->module : need->name);
	else
		report_problem(report, !need->of_state, check, code,
			       "the kernel refuses a service with %s %s: %s", what,
			       need->short_name, strerror(code));
}

/* Reads the child's answers to the last. */
static enum probe_outcome judge_answers(struct probe *probe, int fd, uint64_t deadline,
					struct report *report)
{
	enum probe_outcome outcome = PROBE_PROVED;
	struct probe_answer answer = { 0 };
	char proven[NAMES] = "";
	size_t answers = 0;
	int r;

	while ((r = read_answer(fd, deadline, &answer)) == 1) {
		if (answer.index < 0 && answer.code != 0)
			return cannot_start(&answer, report);
		if (answer.index < 0 || (size_t)answer.index >= probe->count)
			continue;
		answers++;
		if (answer.code == EPERM) {
			report_cannot_tell(
				report, check,
				"cannot probe: IPVS asks for CAP_NET_ADMIN in the initial user namespace");
			return PROBE_CANNOT_TELL;
		}
		if (answer.code != 0) {
			report_refusal(probe->needs[answer.index], answer.code, report);
			outcome = PROBE_REFUSED;
			continue;
		}
		probe->needs[answer.index]->proven = true;
		append_name(proven, probe->needs[answer.index]);
	}
	if (proven[0] != '\0')
		report_note(report, check,
			    "a service each in a throw-away network namespace: %s",
			    proven);
	if (answers == probe->count)
		return outcome;
	report_cannot_tell(
		report, check,
		r == -ETIMEDOUT
			? "the probe did not end within %d s: %zu of %zu answers"
			: "the probe ended early, within %d s: %zu of %zu answers",
		PROBE_USEC / 1000000, answers, probe->count);
	return PROBE_CANNOT_TELL;
}

static enum probe_outcome run_child(struct probe *probe, struct report *report)
{
	uint64_t deadline = child_clock() + PROBE_USEC;
	enum probe_outcome outcome;
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		report_cannot_tell(report, check, "cannot probe: %s", strerror(errno));
		return PROBE_CANNOT_TELL;
	}
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		probe_child_main(probe->items, probe->count, fds[1]);
	}
	close(fds[1]);
	if (pid < 0) {
		report_cannot_tell(report, check, "cannot probe: %s", strerror(errno));
		outcome = PROBE_CANNOT_TELL;
	} else {
		outcome = judge_answers(probe, fds[0], deadline, report);
		if (child_wait(pid, deadline, &status) == -EBUSY)
			report_warning(
				report, check,
				"the probe (pid %d) hangs inside the kernel and was left running",
				(int)pid);
	}
	close(fds[0]);
	return outcome;
}

static bool host_may_be_asked(const struct probe *probe, const struct needs *needs,
			      struct report *report)
{
	const struct need *ip_vs = needs_find(needs, "ip_vs");

	if (!ip_vs || !safe_to_name(probe, ip_vs)) {
		report_cannot_tell(
			report, check,
			"cannot probe: ip_vs is not known to be there, and asking would make the kernel load it");
		return false;
	}
	if (!capability_effective(CAP_SYS_ADMIN)) {
		report_cannot_tell(report, check, "cannot probe: no CAP_SYS_ADMIN");
		return false;
	}
	if (!capability_effective(CAP_NET_ADMIN)) {
		report_cannot_tell(report, check, "cannot probe: no CAP_NET_ADMIN");
		return false;
	}
	return true;
}

enum probe_outcome probe_run(const struct system *system, struct needs *needs,
			     struct report *report)
{
	struct probe probe CLEANUP(probe_clear) = { 0 };

	probe.no_autoload = autoload_is_off(system);
	if (!host_may_be_asked(&probe, needs, report))
		return PROBE_CANNOT_TELL;
	if (collect_items(needs, &probe) < 0) {
		report_cannot_tell(report, check, "cannot probe: out of memory");
		return PROBE_CANNOT_TELL;
	}
	if (probe.count == 0) {
		report_cannot_tell(report, check,
				   "cannot probe: no scheduler is known to be there");
		return PROBE_CANNOT_TELL;
	}
	return run_child(&probe, report);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/preparation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/daemon/record.h"
#include "agent/kernel/sysctl.h"
#include "common/log.h"

uint64_t monotonic_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int refuse_state(struct reconcile_report *report, enum reconcile_outcome outcome)
{
	report->outcome = outcome;
	report->message = strdup(report->problems.count ? report->problems.lines[0] : "");
	return report->message ? 0 : -ENOMEM;
}

int preparation_read_state(struct preparation *preparation, const struct options *options,
			   struct reconcile_report *report)
{
	uint64_t start = monotonic_usec();
	int r;

	r = state_read(options->state_path, &preparation->wanted, &report->problems);
	report->times.read = monotonic_usec() - start;
	if (r == STATE_MISSING)
		return refuse_state(report, RECONCILE_NO_STATE);
	if (r == STATE_INVALID)
		return refuse_state(report, RECONCILE_BAD_STATE);
	if (r < 0)
		return r;
	report->services = preparation->wanted.service_count;
	report->destinations = table_destination_count(&preparation->wanted);
	return 0;
}

/* The present values of those sysctls that the state names or that are ours. */
static int read_sysctls(const struct globals *names, struct globals *actual)
{
	for (size_t i = 0; i < names->sysctl_count; i++) {
		const char *name = names->sysctls[i].name;
		cleanup_free char *value = NULL;
		int r;

		if (globals_find_sysctl(actual, name))
			continue;
		/* One that cannot be read is left out; setting it will then say why. */
		r = sysctl_read(name, &value, NULL);
		if (r == 0)
			r = globals_add_sysctl(actual, name, value);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

static int load_record(struct preparation *preparation, const struct options *options,
		       struct err *err)
{
	struct err found = { 0 };
	int r;

	r = record_load(options->run_directory, &preparation->ownership, &found);
	if (r < 0) {
		err_set(err, found.code, "%s", found.text);
		return r;
	}
	if (r != RECORD_LOADED && r != RECORD_NONE)
		log_warning(
			"%s: it owns nothing; services that it named count as others'",
			found.text);
	return 0;
}

static int read_kernel(struct preparation *preparation, struct err *err)
{
	struct globals *actual = &preparation->actual.globals;
	int r;

	if (!preparation->ipvs) {
		r = ipvs_open(&preparation->ipvs, err);
		if (r < 0)
			return r;
	}
	r = ipvs_dump(preparation->ipvs, &preparation->actual, err);
	if (r < 0)
		return r;
	r = read_sysctls(&preparation->wanted.globals, actual);
	if (r == 0)
		r = read_sysctls(&preparation->ownership.before, actual);
	return r < 0 ? err_errno(err, -r, "reading sysctls") : 0;
}

int preparation_plan(struct preparation *preparation, const struct options *options,
		     struct reconcile_report *report, struct err *err)
{
	uint64_t start = monotonic_usec(), dumped;
	int r;

	plan_clear(&preparation->plan);
	table_clear(&preparation->actual);
	ownership_clear(&preparation->ownership);
	r = load_record(preparation, options, err);
	if (r == 0)
		r = read_kernel(preparation, err);
	dumped = monotonic_usec();
	report->times.dump += dumped - start;
	if (r < 0)
		return r;
	r = plan_make(&preparation->wanted, &preparation->actual, &preparation->ownership,
		      &preparation->plan);
	report->times.plan += monotonic_usec() - dumped;
	report->foreign_services = preparation->plan.foreign_services;
	return r < 0 ? err_errno(err, -r, "planning") : 0;
}

void preparation_clear(struct preparation *preparation)
{
	plan_clear(&preparation->plan);
	table_clear(&preparation->wanted);
	table_clear(&preparation->actual);
	ownership_clear(&preparation->ownership);
	ipvs_close(preparation->ipvs);
	memset(preparation, 0, sizeof(*preparation));
}

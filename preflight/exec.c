/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/exec.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/cleanup.h"

DEFINE_CLEANUP(cleanup_cap_pointer, cap_t, cap_free)
#define cleanup_cap CLEANUP(cleanup_cap_pointer)

static int is_kept(cap_value_t capability, const cap_value_t *keep, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (keep[i] == capability)
			return 1;
	}
	return 0;
}

static int fail_capability(struct err *err, const char *what, cap_value_t capability)
{
	int code = errno;
	char *name = cap_to_name(capability);
	int r = err_errno(err, code, "--exec: %s %s", what, name ? name : "a capability");

	cap_free(name);
	return r;
}

static int check_permitted(const cap_value_t *keep, size_t count, struct err *err)
{
	cleanup_cap cap_t set = cap_get_proc();

	if (!set)
		return err_errno(err, errno, "--exec: capabilities");
	for (size_t i = 0; i < count; i++) {
		cap_flag_value_t value = CAP_CLEAR;

		if (cap_get_flag(set, keep[i], CAP_PERMITTED, &value) == 0 &&
		    value == CAP_SET)
			continue;
		errno = EPERM;
		return fail_capability(err, "this process does not have", keep[i]);
	}
	return 0;
}

/* Needs CAP_SETPCAP only if the bounding set has something to drop. */
static int reduce_bounding(const cap_value_t *keep, size_t count, struct err *err)
{
	for (cap_value_t capability = 0; capability < cap_max_bits(); capability++) {
		int bound = cap_get_bound(capability);

		if (is_kept(capability, keep, count)) {
			if (bound == 1)
				continue;
			errno = EPERM;
			return fail_capability(err, "the bounding set lacks", capability);
		}
		if (bound == 1 && cap_drop_bound(capability) < 0)
			return fail_capability(err, "the bounding set cannot drop",
					       capability);
	}
	return 0;
}

static int set_process(const cap_value_t *keep, size_t count, struct err *err)
{
	static const cap_flag_t flags[] = { CAP_PERMITTED, CAP_EFFECTIVE,
					    CAP_INHERITABLE };
	cleanup_cap cap_t set = cap_init();

	if (!set)
		return err_errno(err, errno, "--exec: capabilities");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (cap_set_flag(set, flags[i], (int)count, keep, CAP_SET) < 0)
			return err_errno(err, errno, "--exec: capabilities");
	}
	if (cap_set_proc(set) < 0)
		return err_errno(err, errno, "--exec: capabilities cannot be set");
	return 0;
}

static int set_ambient(const cap_value_t *keep, size_t count, struct err *err)
{
	if (cap_reset_ambient() < 0)
		return err_errno(err, errno, "--exec: the ambient set cannot be cleared");
	for (size_t i = 0; i < count; i++) {
		if (cap_set_ambient(keep[i], CAP_SET) < 0)
			return fail_capability(err, "the ambient set cannot get",
					       keep[i]);
	}
	return 0;
}

int exec_command(char *const *command, const cap_value_t *keep, size_t keep_count,
		 struct err *err)
{
	int r;

	r = check_permitted(keep, keep_count, err);
	/* The bounding set first: it needs CAP_SETPCAP, which the next step drops. */
	if (r == 0)
		r = reduce_bounding(keep, keep_count, err);
	if (r == 0)
		r = set_process(keep, keep_count, err);
	if (r == 0)
		r = set_ambient(keep, keep_count, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(err, errno, "--exec: no_new_privs");
	execvp(command[0], command);
	return err_errno(err, errno, "--exec: %s", command[0]);
}

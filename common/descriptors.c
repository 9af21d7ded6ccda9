/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static const rlim_t raised = 65536;

void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur >= raised || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = MIN_OF(limit.rlim_max, raised);
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
}

bool descriptor_is_scarce(int fd)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	       (rlim_t)fd >= limit.rlim_cur / 4 * 3;
}

bool errno_is_shortage(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS ||
	       code == ENOSPC || code == EDQUOT;
}

void spare_descriptors_fill(struct spare_descriptors *spare)
{
	while (spare->count < DESCRIPTORS_SPARE) {
		int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return;
		spare->fds[spare->count++] = fd;
	}
}

void spare_descriptors_release(struct spare_descriptors *spare)
{
	while (spare->count > 0)
		close(spare->fds[--spare->count]);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/model/globals.h"
#include "agent/model/sysctl_name.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/ipv6.h"

enum { SYSCTL_PATH_MAX = 512 };

static bool is_safe(const char *name)
{
	return strncmp(name, "net.", 4) == 0 && !strstr(name, "..") &&
	       !strstr(name, "//") && !strstr(name, "./") && !strstr(name, "/.");
}

/* "net.ipv4.conf.eth0/1.rp_filter" to "/proc/sys/net/ipv4/conf/eth0.1/rp_filter". */
static int sysctl_path(const char *name, char path[static SYSCTL_PATH_MAX],
		       struct err *err)
{
	static const char root[] = "/proc/sys/";

	if (!is_safe(name))
		return err_set(err, EINVAL, "sysctl %s: not a name under net.", name);
	if (strlen(name) >= SYSCTL_PATH_MAX - sizeof(root))
		return err_set(err, EINVAL, "sysctl %s: the name is too long", name);
	snprintf(path, SYSCTL_PATH_MAX, "%s%s", root, name);
	for (char *c = path + sizeof(root) - 1; *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
	return 0;
}

static int explain(const char *name, int code, struct err *err)
{
	char link[IF_NAMESIZE];

	if (code == ENOENT && sysctl_link(name, link) && if_nametoindex(link) == 0)
		return err_set(
			err, ENOENT,
			"sysctl %s: there is no link %s; it is set when the link appears",
			name, link);
	if (code == ENOENT && strncmp(name, "net.ipv6.", 9) == 0 && ipv6_is_off(""))
		return err_set(err, ENOENT, "sysctl %s: " IPV6_IS_OFF_TEXT, name);
	if (code == ENOENT)
		return err_set(err, ENOENT, "sysctl %s: this kernel does not have it",
			       name);
	if (code == EINVAL)
		return err_set(err, EINVAL, "sysctl %s: the kernel refuses the value",
			       name);
	if (code == EROFS || code == EACCES || code == EPERM)
		return err_set(err, code, "sysctl %s: it may not be written here: %s",
			       name, strerror(code));
	return err_errno(err, code, "sysctl %s", name);
}

int sysctl_read(const char *name, char **value, struct err *err)
{
	char path[SYSCTL_PATH_MAX];
	cleanup_free char *text = NULL;
	size_t length;
	int r;

	r = sysctl_path(name, path, err);
	if (r < 0)
		return r;
	r = file_read(path, SYSCTL_VALUE_MAX, &text, &length, NULL);
	if (r < 0)
		return explain(name, -r, err);
	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	*value = TAKE_PTR(text);
	return 0;
}

static int write_value(const char *path, const char *value)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t length;
	ssize_t written;

	if (fd < 0)
		return -errno;
	/*
	 * A write of no bytes changes nothing; an empty line makes the value an empty
	 * one.
	 */
	if (value[0] == '\0')
		value = "\n";
	length = strlen(value);
	written = write(fd, value, length);
	if (written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -EIO;
}

int sysctl_write(const char *name, const char *value, char **made, struct err *err)
{
	cleanup_free char *kept = NULL;
	char path[SYSCTL_PATH_MAX];
	int r;

	*made = NULL;
	r = sysctl_path(name, path, err);
	if (r < 0)
		return r;
	r = write_value(path, value);
	if (r < 0)
		return explain(name, -r, err);
	r = sysctl_read(name, &kept, err);
	if (r < 0)
		return r;
	if (!sysctl_value_equal(kept, value))
		*made = TAKE_PTR(kept);
	return 0;
}

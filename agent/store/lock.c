/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/parse.h"

/*
 * Open file description locks on two bytes: whoever writes holds the first, a daemon both. So the
 * kernel itself tells what kind of holder there is; the text in the file only names the process and
 * its network namespace.
 */
enum {
	BYTE_WRITER = 0,
	BYTE_DAEMON = 1,
	POLL_MSEC = 20,
	HOLDER_TEXT = 16 + OWNERSHIP_FILE_IDENTITY_TEXT,
};

static int lock_path(const char *run_directory, char path[static PATH_MAX],
		     struct err *err)
{
	int n = snprintf(path, PATH_MAX, "%s/lock", run_directory);

	if (n < 0 || n >= PATH_MAX)
		return err_errno(err, ENAMETOOLONG, "%s/lock", run_directory);
	return 0;
}

static void sleep_msec(unsigned int msec)
{
	struct timespec pause = { .tv_nsec = (long)msec * 1000000L };

	nanosleep(&pause, NULL);
}

/*
 * Root's file in a directory that belongs to the daemon's user goes to that user, who could not
 * open it otherwise. That this can fail (no CAP_CHOWN) shows where the daemon wants it.
 */
static void give_to_directory_owner(int fd, int directory)
{
	struct stat st;

	if (geteuid() == 0 && fstat(directory, &st) == 0 && st.st_uid != 0 &&
	    fchown(fd, st.st_uid, st.st_gid) < 0)
		return;
}

static int open_or_make(const char *run_directory, int *fd)
{
	cleanup_close int directory = -1, opened = -1;
	struct stat st;

	if (mkdir(run_directory, 0755) < 0 && errno != EEXIST)
		return -errno;
	directory = open(run_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	opened = openat(directory, "lock",
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (opened >= 0) {
		give_to_directory_owner(opened, directory);
	} else if (errno == EEXIST) {
		opened = openat(directory, "lock",
				O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	}
	if (opened < 0 || fstat(opened, &st) < 0)
		return -errno;
	/* Not into another file that was linked here. */
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return -EINVAL;
	*fd = TAKE_FD(opened);
	return 0;
}

static int set_lock(int fd, bool daemon)
{
	struct flock range = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = BYTE_WRITER,
		.l_len = daemon ? BYTE_DAEMON + 1 : 1,
	};

	return fcntl(fd, F_OFD_SETLK, &range) < 0 ? -errno : 0;
}

static bool byte_is_held(int fd, off_t byte)
{
	struct flock range = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};

	return fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

/* "PID\nBOOT-ID DEVICE:INODE\n"; what is not there is left as it is. */
static void read_text(int fd, struct lock_holder *holder)
{
	char text[HOLDER_TEXT] = { 0 };
	char *line;
	uint32_t pid;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return;
	line = strchr(text, '\n');
	if (!line)
		return;
	*line++ = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (parse_u32(text, 1, INT_MAX, &pid) < 0)
		return;
	holder->pid = (pid_t)pid;
	snprintf(holder->identity, sizeof(holder->identity), "%s", line);
}

/* Over what stands there, so that a file which has its page needs no room for another. */
static int write_text(int fd, const char *text, size_t length)
{
	/* The number of a holder before us must not be read meanwhile. */
	if (pwrite(fd, "\n", 1, 0) != 1 ||
	    pwrite(fd, text, length, 0) != (ssize_t)length ||
	    ftruncate(fd, (off_t)length) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

int lock_name_holder(int fd)
{
	char identity[OWNERSHIP_FILE_IDENTITY_TEXT] = "", text[HOLDER_TEXT];
	struct lock_holder known = { 0 };
	int n;

	read_text(fd, &known);
	if (ownership_file_identity(identity, NULL) < 0)
		identity[0] = '\0';
	if (known.pid == getpid() && strcmp(known.identity, identity) == 0)
		return 0;
	n = snprintf(text, sizeof(text), "%d\n%s\n", (int)getpid(), identity);
	errno = 0;
	return write_text(fd, text, (size_t)n);
}

const char *lock_holder_process(const struct lock_holder *holder,
				char buffer[static LOCK_PROCESS_TEXT])
{
	if (holder->pid != 0)
		snprintf(buffer, LOCK_PROCESS_TEXT, "pid %d", (int)holder->pid);
	else
		snprintf(buffer, LOCK_PROCESS_TEXT, "pid unknown");
	return buffer;
}

/* False where the lock was let go in between. */
static bool read_holder(int fd, struct lock_holder *holder)
{
	struct lock_holder found = { .daemon = byte_is_held(fd, BYTE_DAEMON) };

	/* A holder writes its number just after it has the lock. */
	for (int i = 0; i < 5; i++) {
		if (!byte_is_held(fd, BYTE_WRITER))
			return false;
		read_text(fd, &found);
		if (found.pid != 0)
			break;
		sleep_msec(POLL_MSEC);
	}
	*holder = found;
	return true;
}

static int take_or_wait(int fd, bool daemon, uint64_t wait_usec,
			struct lock_holder *holder)
{
	uint64_t end = clock_usec(CLOCK_MONOTONIC) + MIN_OF(wait_usec, UINT64_MAX / 2);

	for (;;) {
		struct lock_holder found;
		int r = set_lock(fd, daemon);

		if (r == 0)
			return LOCK_TAKEN;
		if (r != -EAGAIN && r != -EACCES)
			return r;
		if (read_holder(fd, &found) &&
		    (found.daemon || clock_usec(CLOCK_MONOTONIC) >= end)) {
			*holder = found;
			return LOCK_HELD;
		}
		sleep_msec(POLL_MSEC);
	}
}

int lock_take(const char *run_directory, bool daemon, uint64_t wait_usec, int *fd,
	      struct lock_holder *holder, struct err *err)
{
	cleanup_close int opened = -1;
	char path[PATH_MAX];
	int r;

	r = lock_path(run_directory, path, err);
	if (r < 0)
		return r;
	r = open_or_make(run_directory, &opened);
	if (r < 0)
		return err_errno(err, -r, "%s", path);
	r = take_or_wait(opened, daemon, wait_usec, holder);
	if (r < 0)
		return err_errno(err, -r, "%s", path);
	/* The next process that asks then reports an unknown holder. */
	if (r == LOCK_TAKEN && lock_name_holder(opened) < 0)
		log_warning("%s: there is no room for the number of this process", path);
	if (r == LOCK_TAKEN)
		*fd = TAKE_FD(opened);
	return r;
}

int lock_query(const char *run_directory, struct lock_holder *holder, struct err *err)
{
	cleanup_close int fd = -1;
	char path[PATH_MAX];
	int r;

	r = lock_path(run_directory, path, err);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return LOCK_FREE;
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	if (!byte_is_held(fd, BYTE_WRITER) || !read_holder(fd, holder))
		return LOCK_FREE;
	return LOCK_HELD;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/source.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/state/state.h"

/* Often enough for the peak to stay flat, seldom enough for the calls not to count. */
enum { RELEASE_STEP = 256 * 1024 };

bool source_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int read_all(int fd, char *data, size_t size, size_t *length)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, data + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += n;
	}
	*length = used;
	return 0;
}

int source_read(struct source *source, int fd, const struct stat *known)
{
	struct source s = { 0 };
	struct stat now;
	int r;

	if (known->st_size > STATE_FILE_MAX)
		return -EFBIG;
	/* One byte more than expected, so that a file which grows is seen to. */
	s.mapped = (size_t)known->st_size + 1;
	s.data = mmap(NULL, s.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (s.data == MAP_FAILED)
		return -ENOMEM;
	r = read_all(fd, s.data, s.mapped, &s.length);
	if (r == 0 && fstat(fd, &now) < 0)
		r = -errno;
	if (r == 0 &&
	    (s.length != (size_t)known->st_size || !source_same_file(known, &now)))
		r = -ESTALE;
	if (r < 0) {
		source_clear(&s);
		return r;
	}
	*source = s;
	return 0;
}

uint64_t source_hash(const struct source *source)
{
	const char *at = source->data, *end = at + source->length;
	uint64_t hash = source->length + 1;

	while (at < end) {
		uint64_t bytes = 0;
		size_t count = MIN_OF((size_t)(end - at), sizeof(bytes));

		memcpy(&bytes, at, count);
		hash = (hash ^ bytes) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
		at += count;
	}
	return hash ? hash : 1;
}

size_t source_page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

void source_release(struct source *source, size_t position)
{
	size_t page = source_page_size(), end = position - position % page;

	if (source->mapped == 0 || end < source->released + RELEASE_STEP)
		return;
	(void)madvise(source->data + source->released, end - source->released,
		      MADV_DONTNEED);
	source->released = end;
}

void source_clear(struct source *source)
{
	if (source->mapped)
		munmap(source->data, source->mapped);
	memset(source, 0, sizeof(*source));
}

static bool is_within(const struct timespec *time, uint64_t now, uint64_t before,
		      uint64_t after)
{
	uint64_t usec = (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_nsec / 1000;

	return usec + before > now && usec < now + after;
}

/*
 * A write within the same tick of the file system's clock leaves the times as they are. Every
 * write sets ctime, and a file server's clock may be ahead of ours; where a file system has no
 * ctime worth the name there is mtime, but that may have been set to anything.
 */
bool source_is_young(const struct stat *st, uint64_t now, uint64_t doubt)
{
	return is_within(&st->st_ctim, now, doubt, UINT64_MAX / 2) ||
	       is_within(&st->st_mtim, now, doubt, doubt);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/state_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include "agent/daemon/path_walk.h"
#include "common/clock.h"
#include "common/descriptors.h"

/*
 * Every directory on the path to the state is watched, with the names that are looked up
 * in it; events about other names are ignored. After an event the path is walked again. A
 * watch is always set before the name below it is looked up, so no change is missed.
 * After a quiet period the state's signature shows whether the state has changed.
 */

/*
 * A renamed file is complete; the short wait is for other renames that belong to the same
 * change. A file that is written in place gets a longer wait.
 */
static const uint64_t quiet_renames_usec = 50 * 1000;
static const uint64_t quiet_usec = 200 * 1000;
static const uint64_t latest_usec = 2 * 1000 * 1000;
/* Polling period while the kernel has no inotify watch left. */
static const uint64_t poll_usec = 2 * 1000 * 1000;
/* Two contents can have the same signature within one tick of the file system's clock. */
static const uint64_t recent_usec = 100 * 1000;

enum {
	EVENTS_NAMES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
		       IN_DELETE_SELF | IN_MOVE_SELF,
	EVENTS_CONTENT = IN_MODIFY | IN_CLOSE_WRITE,
};

/* A name that is looked up in a watched directory. */
struct interest {
	int wd;
	char *name; /* NULL: every *.json */
};

struct signature {
	uint64_t sum; /* the sum of the files' hashes, independent of their order */
	uint64_t count;
	bool recent;
};

struct state_watch {
	char *path;
	int epoll_fd, inotify_fd, timer_fd;
	struct interest *interests;
	size_t interest_count, interest_room;
	int *wds; /* all that are set; arm_watches() removes the unwanted ones */
	size_t wd_count, wd_room;
	struct signature signature;
	uint64_t first_event; /* since the last check; 0: none */
	bool only_renames;    /* all events since then */
	struct err problem;   /* code 0, or the first path that cannot be watched */
};

static bool is_json(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".json") == 0;
}

/* --- the signature ------------------------------------------------------------- */

/* FNV-1a over 64-bit numbers; the shift mixes their high bits into the low ones. */
static uint64_t hash(uint64_t seed, uint64_t number)
{
	seed = (seed ^ number) * 1099511628211ULL;
	return seed ^ seed >> 32;
}

static void add_file(struct signature *signature, const char *name, const struct stat *st)
{
	const uint64_t values[] = {
		st->st_dev,
		st->st_ino,
		st->st_mode,
		(uint64_t)st->st_size,
		(uint64_t)st->st_mtim.tv_sec,
		(uint64_t)st->st_mtim.tv_nsec,
		(uint64_t)st->st_ctim.tv_sec,
		(uint64_t)st->st_ctim.tv_nsec,
	};
	uint64_t changed = (uint64_t)st->st_ctim.tv_sec * 1000000 +
			   (uint64_t)st->st_ctim.tv_nsec / 1000;
	uint64_t sum = 14695981039346656037ULL;

	for (const char *p = name; *p; p++)
		sum = hash(sum, (unsigned char)*p);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		sum = hash(sum, values[i]);
	signature->sum += sum;
	signature->count++;
	if (changed + recent_usec > clock_usec(CLOCK_REALTIME))
		signature->recent = true;
}

static struct signature take_signature(const char *path)
{
	struct signature signature = { 0 };
	cleanup_dir DIR *directory = NULL;
	struct dirent *entry;
	struct stat st;

	if (stat(path, &st) < 0) {
		/* For two links to an unreadable file, the message names the target. */
		if (lstat(path, &st) == 0)
			add_file(&signature, "", &st);
		return signature;
	}
	if (!S_ISDIR(st.st_mode)) {
		add_file(&signature, "", &st);
		return signature;
	}
	/* The directory's presence counts, not its time: it may contain foreign files. */
	signature.count = 1;
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		if (!is_json(entry->d_name))
			continue;
		if (fstatat(dirfd(directory), entry->d_name, &st, 0) < 0)
			memset(&st, 0, sizeof(st)); /* a dangling link counts, too */
		add_file(&signature, entry->d_name, &st);
	}
	return signature;
}

/* --- the watches --------------------------------------------------------------- */

static void clear_interests(struct state_watch *watch)
{
	for (size_t i = 0; i < watch->interest_count; i++)
		free(watch->interests[i].name);
	watch->interest_count = 0;
}

static int add_interest(struct state_watch *watch, int wd, const char *name)
{
	cleanup_free char *copy = NULL;

	if (watch->interest_count == watch->interest_room) {
		size_t room = watch->interest_room ? watch->interest_room * 2 : 16;
		struct interest *grown =
			reallocarray(watch->interests, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		watch->interests = grown;
		watch->interest_room = room;
	}
	if (name) {
		copy = strdup(name);
		if (!copy)
			return -ENOMEM;
	}
	watch->interests[watch->interest_count++] =
		(struct interest){ .wd = wd, .name = TAKE_PTR(copy) };
	return 0;
}

static int remember_wd(struct state_watch *watch, int wd)
{
	for (size_t i = 0; i < watch->wd_count; i++) {
		if (watch->wds[i] == wd)
			return 0;
	}
	if (watch->wd_count == watch->wd_room) {
		size_t room = watch->wd_room ? watch->wd_room * 2 : 16;
		int *grown = reallocarray(watch->wds, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		watch->wds = grown;
		watch->wd_room = room;
	}
	watch->wds[watch->wd_count++] = wd;
	return 0;
}

static void forget_wd(struct state_watch *watch, int wd)
{
	for (size_t i = 0; i < watch->wd_count; i++) {
		if (watch->wds[i] == wd) {
			watch->wds[i] = watch->wds[--watch->wd_count];
			return;
		}
	}
}

/* Watches path for events on name in it (NULL: every *.json; "": path itself, a file). */
static int set_watch(struct state_watch *watch, const char *path, uint32_t events,
		     const char *name)
{
	int wd, r;

	if (watch->inotify_fd < 0)
		return 0;
	/* One directory can occur twice in the walk, with different events. */
	wd = inotify_add_watch(watch->inotify_fd, path, events | IN_MASK_ADD);
	if (wd < 0) {
		r = -errno;
		if ((r == -EACCES || errno_is_shortage(-r)) && watch->problem.code == 0)
			err_errno(&watch->problem, -r, "%s", path);
		/* Otherwise it is gone, which the parent directory's watch reports. */
		return 0;
	}
	r = remember_wd(watch, wd);
	return r < 0 ? r : add_interest(watch, wd, name);
}

static int watch_directory(void *context, const char *directory, const char *name,
			   bool last)
{
	uint32_t events = EVENTS_NAMES | IN_ONLYDIR | (last ? EVENTS_CONTENT : 0);

	return set_watch(context, directory, events, name);
}

/* Each entry has a path of its own, because it can be a link to anywhere. */
static int walk_entries(struct state_watch *watch)
{
	cleanup_dir DIR *directory = opendir(watch->path);
	struct dirent *entry;
	int r = 0;

	while (r == 0 && directory && (entry = readdir(directory))) {
		cleanup_free char *path = NULL;

		if (!is_json(entry->d_name) || entry->d_type == DT_REG)
			continue;
		if (asprintf(&path, "%s/%s", watch->path, entry->d_name) < 0)
			return -ENOMEM;
		r = path_walk(path, watch_directory, watch);
	}
	return r;
}

static void drop_unwanted(struct state_watch *watch)
{
	for (size_t i = watch->wd_count; i-- > 0;) {
		int wd = watch->wds[i];
		bool wanted = false;

		for (size_t j = 0; j < watch->interest_count && !wanted; j++)
			wanted = watch->interests[j].wd == wd;
		if (!wanted) {
			inotify_rm_watch(watch->inotify_fd, wd);
			forget_wd(watch, wd);
		}
	}
}

/* Other processes of this user, or of a container's, may have used all instances. */
static int open_inotify(struct state_watch *watch)
{
	struct epoll_event event = { .events = EPOLLIN };
	cleanup_close int fd = -1;

	if (watch->inotify_fd >= 0)
		return 0;
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return err_set(
			&watch->problem, errno,
			"%s: no inotify instance is left (sysctl fs.inotify.max_user_instances)",
			watch->path);
	if (fd < 0 || epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return err_errno(&watch->problem, errno, "%s", watch->path);
	watch->inotify_fd = TAKE_FD(fd);
	return 0;
}

static int arm_watches(struct state_watch *watch)
{
	struct stat st;
	int r;

	watch->problem.code = 0;
	clear_interests(watch);
	if (open_inotify(watch) < 0)
		return 0;
	r = path_walk(watch->path, watch_directory, watch);
	if (r == 0 && stat(watch->path, &st) == 0) {
		if (S_ISDIR(st.st_mode)) {
			r = set_watch(watch, watch->path,
				      EVENTS_NAMES | EVENTS_CONTENT | IN_ONLYDIR, NULL);
			if (r == 0)
				r = walk_entries(watch);
		} else {
			/* A bind-mounted file changes below another directory. */
			r = set_watch(watch, watch->path, EVENTS_CONTENT | IN_ATTRIB, "");
		}
	}
	if (r == -ENAMETOOLONG)
		r = 0;
	if (r == 0)
		drop_unwanted(watch);
	return r;
}

/* --- events -------------------------------------------------------------------- */

static bool is_of_interest(const struct state_watch *watch,
			   const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	for (size_t i = 0; i < watch->interest_count; i++) {
		const struct interest *interest = &watch->interests[i];

		if (interest->wd != event->wd)
			continue;
		/* An event about the watched directory or file itself. */
		if (event->len == 0)
			return true;
		if (interest->name ? strcmp(interest->name, event->name) == 0
				   : is_json(event->name))
			return true;
	}
	return false;
}

enum { SEEN_INTEREST = 1, SEEN_NAMES = 2, SEEN_OTHER_THAN_RENAMES = 4 };

/* Reads all events. A mask of SEEN_…, or -errno. */
static int read_events(struct state_watch *watch)
{
	char buffer[16 * 1024]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	int seen = 0;

	while (watch->inotify_fd >= 0) {
		ssize_t n = read(watch->inotify_fd, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? seen : -errno;
		for (char *at = buffer; at < buffer + n;) {
			const struct inotify_event *event = (void *)at;

			at += sizeof(*event) + event->len;
			if (event->mask & IN_IGNORED) {
				forget_wd(watch, event->wd);
				continue;
			}
			if (!is_of_interest(watch, event))
				continue;
			seen |= SEEN_INTEREST;
			if (event->mask & ~(uint32_t)EVENTS_CONTENT)
				seen |= SEEN_NAMES;
			if (!(event->mask & (IN_MOVED_FROM | IN_MOVED_TO)))
				seen |= SEEN_OTHER_THAN_RENAMES;
		}
	}
	return seen;
}

static int set_timer_at(struct state_watch *watch, uint64_t due)
{
	const struct itimerspec timer = {
		.it_value = { .tv_sec = (time_t)(due / 1000000),
			      .tv_nsec = (long)(due % 1000000) * 1000 },
	};

	return timerfd_settime(watch->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL) < 0
		       ? -errno
		       : 0;
}

/* Polls while the kernel has no watch left: no event says when it has one again. */
static int set_poll_timer(struct state_watch *watch)
{
	if (!errno_is_shortage(watch->problem.code) || watch->first_event != 0)
		return 0;
	return set_timer_at(watch, clock_usec(CLOCK_MONOTONIC) + poll_usec);
}

static int set_timer(struct state_watch *watch, bool renames)
{
	uint64_t now = clock_usec(CLOCK_MONOTONIC), due;

	watch->only_renames = renames && (watch->only_renames || !watch->first_event);
	if (watch->first_event == 0)
		watch->first_event = now;
	due = now + (watch->only_renames ? quiet_renames_usec : quiet_usec);
	return set_timer_at(watch, MIN_OF(due, watch->first_event + latest_usec));
}

static int check_signature(struct state_watch *watch)
{
	struct signature found;
	bool changed;
	uint64_t expired;
	int r = 0;

	if (read(watch->timer_fd, &expired, sizeof(expired)) < 0)
		return errno == EAGAIN || errno == EINTR ? STATE_WATCH_NOTHING : -errno;
	/*
	 * Sets the watches before the signature is taken, so later changes cause an
	 * event.
	 */
	if (errno_is_shortage(watch->problem.code))
		r = arm_watches(watch);
	if (r < 0)
		return r;
	found = take_signature(watch->path);
	changed = watch->signature.recent || found.sum != watch->signature.sum ||
		  found.count != watch->signature.count;
	watch->signature = found;
	watch->first_event = 0;
	r = set_poll_timer(watch);
	if (r < 0)
		return r;
	return changed ? STATE_WATCH_CHANGED : STATE_WATCH_NOTHING;
}

int state_watch_dispatch(struct state_watch *watch)
{
	int seen = read_events(watch), r;

	if (seen < 0)
		return seen;
	if (seen & SEEN_NAMES) {
		r = arm_watches(watch);
		if (r < 0)
			return r;
	}
	if (seen & SEEN_INTEREST) {
		r = set_timer(watch, !(seen & SEEN_OTHER_THAN_RENAMES));
		if (r < 0)
			return r;
	}
	return check_signature(watch);
}

int state_watch_renew(struct state_watch *watch)
{
	int r = arm_watches(watch);

	return r < 0 ? r : set_poll_timer(watch);
}

const char *state_watch_problem(const struct state_watch *watch)
{
	return watch->problem.code ? watch->problem.text : NULL;
}

/* --- new and free -------------------------------------------------------------- */

static int open_descriptors(struct state_watch *watch)
{
	struct epoll_event event = { .events = EPOLLIN };

	watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (watch->epoll_fd < 0 || watch->timer_fd < 0 ||
	    epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, watch->timer_fd, &event) < 0)
		return -errno;
	return 0;
}

int state_watch_new(struct state_watch **watch, const char *path, struct err *err)
{
	cleanup_state_watch struct state_watch *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return err_errno(err, ENOMEM, "%s", path);
	made->epoll_fd = made->inotify_fd = made->timer_fd = -1;
	r = absolute_path(path, &made->path, err);
	if (r < 0)
		return r;
	r = open_descriptors(made);
	if (r == 0)
		r = arm_watches(made);
	if (r == 0)
		r = set_poll_timer(made);
	if (r < 0)
		return err_errno(err, -r, "cannot watch %s", path);
	made->signature = take_signature(made->path);
	if (made->problem.code != 0 && err)
		*err = made->problem;
	*watch = TAKE_PTR(made);
	return 0;
}

void state_watch_free(struct state_watch *watch)
{
	clear_interests(watch);
	free(watch->interests);
	free(watch->wds);
	if (watch->epoll_fd >= 0)
		close(watch->epoll_fd);
	if (watch->inotify_fd >= 0)
		close(watch->inotify_fd);
	if (watch->timer_fd >= 0)
		close(watch->timer_fd);
	free(watch->path);
	free(watch);
}

int watch_fd(const struct state_watch *watch)
{
	return watch->epoll_fd;
}

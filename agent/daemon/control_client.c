/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "agent/daemon/control_message.h"
#include "agent/report/report_json.h"
#include "agent/daemon/path_walk.h"
#include "common/clock.h"
#include "common/printable.h"

/*
 * Bounds the whole answer, however slow it is. The daemon answers nothing else while it
 * reconciles, and the first reconcile of a large state on a slow machine takes tens of
 * seconds. If the daemon dies, the connection ends at once.
 */
static const uint64_t answer_usec = 5 * 60 * 1000000ULL;
/* A daemon takes the lock a moment before it listens. */
static const uint64_t listen_usec = 5 * 1000000ULL;

int control_address(const char *run_directory, struct sockaddr_un *address,
		    struct err *err)
{
	struct sockaddr_un made = { .sun_family = AF_UNIX };
	int n = snprintf(made.sun_path, sizeof(made.sun_path), "%s/control",
			 run_directory);

	if (n < 0 || (size_t)n >= sizeof(made.sun_path))
		return err_errno(err, ENAMETOOLONG, "%s/control", run_directory);
	*address = made;
	return 0;
}

static int connect_to_daemon(const char *run_directory, int *connected, struct err *err)
{
	static const struct timespec pause = { .tv_nsec = 50 * 1000000L };
	static const struct timeval queue = { .tv_sec = 1 };
	uint64_t end = clock_usec(CLOCK_MONOTONIC) + listen_usec;
	struct sockaddr_un address;
	cleanup_close int fd = -1;
	int r;

	r = control_address(run_directory, &address, err);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, errno, "a socket");
	/* connect() blocks while the daemon's backlog is full (unix(7)). */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &queue, sizeof(queue)) < 0)
		return err_errno(err, errno, "a socket");
	for (;;) {
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			break;
		if (errno == EAGAIN && clock_usec(CLOCK_MONOTONIC) >= end)
			return err_set(
				err, ETIMEDOUT,
				"cannot reach the daemon: %s: it accepts no connection",
				address.sun_path);
		if ((errno != ENOENT && errno != ECONNREFUSED && errno != EAGAIN) ||
		    clock_usec(CLOCK_MONOTONIC) >= end)
			return err_errno(err, errno, "cannot reach the daemon: %s",
					 address.sun_path);
		nanosleep(&pause, NULL);
	}
	*connected = TAKE_FD(fd);
	return 0;
}

static int send_request(int fd, const struct options *options, struct err *err)
{
	cleanup_free char *absolute = NULL, *text = NULL;
	json_auto_t *request = NULL;
	size_t length;
	int r;

	r = absolute_path(options->state_path, &absolute, err);
	if (r < 0)
		return r;
	request = json_pack("{s:i, s:s, s:s}", "version", CONTROL_VERSION, "command",
			    "apply", "state", absolute);
	/* Only if set: an older daemon does not know this member. */
	if (request && options->allow_removal &&
	    json_object_set_new(request, "allowRemoval", json_true()) < 0)
		return err_errno(err, ENOMEM, "a request");
	if (!request)
		return err_set(err, EINVAL, "%s: not UTF-8, the daemon cannot be asked",
			       absolute);
	text = json_dumps(request, JSON_COMPACT);
	if (!text)
		return err_errno(err, ENOMEM, "a request");
	length = strlen(text);
	/* Far smaller than the socket's buffer. */
	if (send(fd, text, length, MSG_NOSIGNAL) == (ssize_t)length &&
	    shutdown(fd, SHUT_WR) == 0)
		return 0;
	/* The daemon closed its end: reading shows whether it sent an answer. */
	if (errno == EPIPE || errno == ENOTCONN)
		return 0;
	return err_errno(err, errno, "cannot ask the daemon");
}

/* Reads once. The number of bytes, 0 at the end. end: CLOCK_MONOTONIC in microseconds. */
static ssize_t read_some(int fd, uint64_t end, char *buffer, size_t size, struct err *err)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t n;
	int r;

	do {
		uint64_t now = clock_usec(CLOCK_MONOTONIC);

		r = now >= end ? 0 : poll(&poll_fd, 1, (int)((end - now) / 1000) + 1);
	} while (r < 0 && errno == EINTR);
	if (r == 0)
		return err_set(
			err, ETIMEDOUT,
			"the daemon has not answered in time; see journalctl -u ipvs-agent");
	n = r < 0 ? -1 : recv(fd, buffer, size, 0);
	/* Reset: the daemon closed without reading our request. */
	if (n < 0 && errno == ECONNRESET)
		return 0;
	return n < 0 ? err_errno(err, errno, "the daemon's answer") : n;
}

static int read_answer(int fd, uint64_t end, char **answer, size_t *length,
		       struct err *err)
{
	cleanup_free char *text = NULL;
	size_t used = 0, room = 0;

	for (;;) {
		ssize_t n;

		if (used == room) {
			char *grown;

			if (room >= CONTROL_ANSWER_MAX)
				return err_errno(err, EMSGSIZE, "the daemon's answer");
			room = room ? room * 2 : 64 * 1024;
			grown = realloc(text, room);
			if (!grown)
				return err_errno(err, ENOMEM, "the daemon's answer");
			text = grown;
		}
		n = read_some(fd, end, text + used, room - used, err);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	*answer = TAKE_PTR(text);
	*length = used;
	return 0;
}

int control_parse_answer(const char *text, size_t length, struct reconcile_report *report,
			 struct err *err)
{
	json_auto_t *answer = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	const char *refused = json_string_value(json_object_get(answer, "error"));
	json_int_t code = json_integer_value(json_object_get(answer, "errno"));

	if (length == 0)
		return err_set(
			err, EPIPE,
			"the daemon refused the connection, or ended before it answered");
	if (refused && refused[0] != '\0') {
		struct err words = { 0 };
		int r = err_set(&words, code > 0 && code < 4096 ? (int)code : EPROTO,
				"%s", refused);

		printable_make(words.text);
		if (err)
			*err = words;
		return r;
	}
	if (!json_is_object(json_object_get(answer, "report")))
		return err_set(err, EPROTO, "the daemon's answer is malformed");
	return report_from_json(json_object_get(answer, "report"), report, err);
}

int control_apply_within(const struct options *options, uint64_t usec,
			 struct reconcile_report *report, struct err *err)
{
	uint64_t end = clock_usec(CLOCK_MONOTONIC) + usec;
	cleanup_free char *answer = NULL;
	cleanup_close int fd = -1;
	size_t length = 0;
	int r;

	r = connect_to_daemon(options->run_directory, &fd, err);
	if (r == 0)
		r = send_request(fd, options, err);
	if (r == 0)
		r = read_answer(fd, end, &answer, &length, err);
	return r < 0 ? r : control_parse_answer(answer, length, report, err);
}

int control_apply(const struct options *options, struct reconcile_report *report,
		  struct err *err)
{
	return control_apply_within(options, answer_usec, report, err);
}

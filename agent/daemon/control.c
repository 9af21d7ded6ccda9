/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/control.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "agent/daemon/acceptor.h"
#include "agent/daemon/control_message.h"
#include "agent/report/report_json.h"
#include "common/log.h"

enum { CLIENTS_MAX = 16 };

/* Bounds the whole request, and then the whole answer, however slow they are. */
static const uint64_t request_usec = 30 * 1000000ULL;
static const uint64_t answer_usec = 120 * 1000000ULL;

struct client {
	struct control *control;
	int fd;
	sd_event_source *io, *timer;
	char request[CONTROL_REQUEST_MAX];
	size_t request_length;
	char *answer;
	size_t answer_length, answer_sent;
};

struct control {
	sd_event *event;
	struct acceptor *acceptor;
	bool bound; /* the name in the file system is ours */
	struct sockaddr_un address;
	const char *state_path;
	control_reconcile reconcile;
	void *context;
	struct client *clients[CLIENTS_MAX];
};

static void client_free(struct client *client)
{
	struct control *control = client->control;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i] == client)
			control->clients[i] = NULL;
	}
	sd_event_source_disable_unref(client->io);
	sd_event_source_disable_unref(client->timer);
	if (client->fd >= 0)
		close(client->fd);
	free(client->answer);
	free(client);
}

/* --- the answer ------------------------------------------------------------------ */

static json_t *refusal(int code, const char *text)
{
	return json_pack("{s:s, s:i}", "error", text, "errno", code);
}

static bool same_path(const char *a, const char *b)
{
	cleanup_free char *real_a = NULL, *real_b = NULL;

	if (strcmp(a, b) == 0)
		return true;
	real_a = realpath(a, NULL);
	real_b = realpath(b, NULL);
	return real_a && real_b && strcmp(real_a, real_b) == 0;
}

static bool request_is_known(json_t *request, bool *allow_removal)
{
	int version = 0, allow = 0;
	const char *command = NULL, *state = NULL;

	/* Strict: an unknown member may change what the request means. */
	if (json_unpack_ex(request, NULL, JSON_STRICT, "{s:i, s:s, s:s, s?b}", "version",
			   &version, "command", &command, "state", &state, "allowRemoval",
			   &allow) < 0)
		return false;
	*allow_removal = allow;
	return version == CONTROL_VERSION && strcmp(command, "apply") == 0;
}

static json_t *answer_apply(const struct control *control, bool allow_removal)
{
	const struct reconcile_report *report =
		control->reconcile(control->context, allow_removal);
	json_t *json = report ? report_to_json(report, SIZE_MAX) : NULL;

	return json ? json_pack("{s:o}", "report", json)
		    : refusal(ENOMEM, "the daemon is out of memory");
}

static json_t *answer_request(const struct control *control, const char *text,
			      size_t length)
{
	json_auto_t *request = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	char words[PATH_MAX + 200];
	bool allow_removal = false;
	const char *state;

	if (!request || !request_is_known(request, &allow_removal))
		return refusal(
			EPROTO,
			"the daemon does not know this request: it is of another version");
	state = json_string_value(json_object_get(request, "state"));
	if (!same_path(state, control->state_path)) {
		snprintf(
			words, sizeof(words),
			"ipvs-agent runs (pid %d) with the state %s: leave --state out to apply that, or stop it to apply another one (systemctl stop ipvs-agent)",
			(int)getpid(), control->state_path);
		return refusal(EBUSY, words);
	}
	return answer_apply(control, allow_removal);
}

/* --- clients --------------------------------------------------------------------- */

/* Sends what the socket accepts. False when the client is finished, or failed. */
static bool send_answer(struct client *client)
{
	while (client->answer_sent < client->answer_length) {
		ssize_t n = send(client->fd, client->answer + client->answer_sent,
				 client->answer_length - client->answer_sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		client->answer_sent += (size_t)n;
	}
	return false;
}

static bool begin_answer(struct client *client, json_t *json)
{
	client->answer = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (!client->answer)
		return false;
	client->answer_length = strlen(client->answer);
	if (sd_event_source_set_io_events(client->io, EPOLLOUT) < 0 ||
	    sd_event_source_set_time_relative(client->timer, answer_usec) < 0)
		return false;
	return send_answer(client);
}

/*
 * Reads what has arrived and answers a complete request. False when the client is
 * finished.
 */
static bool read_request(struct client *client)
{
	for (;;) {
		size_t room = sizeof(client->request) - client->request_length;
		ssize_t n;

		if (room == 0)
			return begin_answer(client,
					    refusal(EMSGSIZE, "the request is too long"));
		n = recv(client->fd, client->request + client->request_length, room,
			 MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			break;
		client->request_length += (size_t)n;
	}
	return begin_answer(client, answer_request(client->control, client->request,
						   client->request_length));
}

static int on_client(UNUSED sd_event_source *source, UNUSED int fd, uint32_t events,
		     void *userdata)
{
	struct client *client = userdata;
	bool goes_on;

	if (client->answer)
		goes_on = !(events & (EPOLLERR | EPOLLHUP)) && send_answer(client);
	else
		goes_on = read_request(client);
	if (!goes_on)
		client_free(client);
	return 0;
}

static int on_client_late(UNUSED sd_event_source *source, UNUSED uint64_t usec,
			  void *userdata)
{
	client_free(userdata);
	return 0;
}

static int client_new(struct control *control, int fd, size_t slot)
{
	struct client *client = calloc(1, sizeof(*client));
	int r;

	if (!client) {
		close(fd);
		return -ENOMEM;
	}
	client->control = control;
	client->fd = fd;
	r = sd_event_add_io(control->event, &client->io, fd, EPOLLIN, on_client, client);
	if (r >= 0)
		r = sd_event_add_time_relative(control->event, &client->timer,
					       CLOCK_MONOTONIC, request_usec, 0,
					       on_client_late, client);
	if (r < 0) {
		client_free(client);
		return r;
	}
	control->clients[slot] = client;
	return 0;
}

static bool may_ask(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void on_connection(void *context, int fd,
			  UNUSED const struct sockaddr_storage *peer)
{
	struct control *control = context;
	size_t slot = 0;
	int r;

	while (slot < CLIENTS_MAX && control->clients[slot])
		slot++;
	if (slot == CLIENTS_MAX || !may_ask(fd)) {
		log_debug("control: a connection was refused");
		close(fd);
		return;
	}
	r = client_new(control, fd, slot);
	if (r < 0)
		log_warning("control: %s", strerror(-r));
}

/* --- listening ------------------------------------------------------------------- */

/* The listening socket, or -errno. */
static int bind_and_listen(struct control *control)
{
	const struct sockaddr *address = (const struct sockaddr *)&control->address;
	cleanup_close int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* The socket's name gets the mode of its descriptor (unix(7)), less the umask. */
	if (fchmod(fd, 0600) < 0)
		return -errno;
	if (unlink(control->address.sun_path) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, address, sizeof(control->address)) < 0)
		return -errno;
	control->bound = true;
	return listen(fd, CLIENTS_MAX) < 0 ? -errno : TAKE_FD(fd);
}

int control_listen(struct control **control, sd_event *event, const char *run_directory,
		   const char *state_path, control_reconcile reconcile, void *context,
		   struct err *err)
{
	cleanup_control struct control *made = NULL;
	struct sockaddr_un address;
	int r;

	r = control_address(run_directory, &address, err);
	if (r < 0)
		return r;
	made = calloc(1, sizeof(*made));
	if (!made)
		return err_errno(err, ENOMEM, "%s", address.sun_path);
	made->event = sd_event_ref(event);
	made->address = address;
	made->state_path = state_path;
	made->reconcile = reconcile;
	made->context = context;
	r = bind_and_listen(made);
	if (r >= 0)
		r = acceptor_new(&made->acceptor, event, r, "control", CLIENTS_MAX,
				 SD_EVENT_PRIORITY_NORMAL, on_connection, made);
	if (r < 0)
		return err_errno(err, -r, "%s", address.sun_path);
	*control = TAKE_PTR(made);
	return 0;
}

int control_fd(const struct control *control)
{
	return acceptor_fd(control->acceptor);
}

void control_free(struct control *control)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i])
			client_free(control->clients[i]);
	}
	if (control->acceptor)
		acceptor_free(control->acceptor);
	sd_event_unref(control->event);
	if (control->bound)
		unlink(control->address.sun_path);
	free(control);
}

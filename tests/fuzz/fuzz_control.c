/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes at the control socket: an input that begins with 'a' is a daemon's answer to its client, any
 * other one, but for its first byte, what a client asks of the daemon.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/daemon/control.h"
#include "agent/daemon/control_message.h"
#include "agent/report/report_json.h"
#include "common/log.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char state_path[] = "/etc/ipvs-node/state.json";

static struct reconcile_report report;

static const struct reconcile_report *on_ask(void *context, bool allow_removal UNUSED)
{
	(*(unsigned int *)context)++;
	return &report;
}

static unsigned int asked;

/* The daemon's side, for all inputs. */
static sd_event *listen_once(void)
{
	static sd_event *event;
	static struct control *control;
	struct err err = { 0 };

	if (event)
		return event;
	log_set_level(LOG_EMERG);
	REQUIRE(sd_event_new(&event) >= 0);
	REQUIRE(control_listen(&control, event, scratch_directory(), state_path, on_ask,
			       &asked, &err) == 0);
	return event;
}

static int connect_to_it(void)
{
	struct sockaddr_un address;
	struct err err = { 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	REQUIRE(fd >= 0 && control_address(scratch_directory(), &address, &err) == 0);
	REQUIRE(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

/* The answer, up to its end; its length. */
static size_t take_answer(sd_event *event, int fd, char *answer, size_t room)
{
	size_t length = 0;

	for (;;) {
		ssize_t n = recv(fd, answer + length, room - length, 0);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return length;
		if (n > 0)
			length += (size_t)n;
		else
			REQUIRE(errno == EAGAIN && sd_event_run(event, 0) >= 0);
	}
}

static void require_answer(const char *text, size_t length, bool was_asked)
{
	json_t *answer = json_loadb(text, length, 0, NULL);

	REQUIRE(json_is_object(answer));
	REQUIRE(was_asked == json_is_object(json_object_get(answer, "report")));
	REQUIRE(was_asked || json_is_string(json_object_get(answer, "error")));
	json_decref(answer);
}

static void ask(const uint8_t *data, size_t size)
{
	static char answer[256 * 1024];
	sd_event *event = listen_once();
	unsigned int before = asked;
	int fd = connect_to_it();
	size_t length;

	/* The daemon may have had enough before the end. */
	if (size > 0 && send(fd, data, size, MSG_NOSIGNAL) < 0)
		REQUIRE(errno == EAGAIN || errno == EPIPE);
	(void)shutdown(fd, SHUT_WR);
	length = take_answer(event, fd, answer, sizeof(answer));
	require_answer(answer, length, asked != before);
	close(fd);
}

static void be_answered(const uint8_t *data, size_t size)
{
	struct reconcile_report read = { 0 };
	struct err err = { 0 };
	int r = control_parse_answer((const char *)data, size, &read, &err);

	REQUIRE(r == 0 || err.text[0] != '\0');
	if (r == 0) {
		json_t *json = report_to_json(&read, SIZE_MAX);

		REQUIRE(json);
		json_decref(json);
	}
	reconcile_report_clear(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 'a')
		be_answered(data + 1, size - 1);
	else
		ask(data + 1, size - 1);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/unit/temporary.h"

#include "agent/daemon/health_connections.h"
#include "agent/daemon/health_server.h"
#include "common/clock.h"
#include "common/descriptors.h"

enum { SECOND = 1000000 };

static const char question[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

struct fixture {
	sd_event *event;
	struct health_server *server;
	struct reconcile_report report;
	uint16_t port;
};

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	cleanup_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin_port);
}

static void update(struct fixture *fixture, size_t endpoints)
{
	char space[] = "default", name[] = "web";
	struct health_check check = { .space = space,
				      .name = name,
				      .port = fixture->port,
				      .local_endpoints = endpoints };
	const struct notes notes = { .health_checks = &check, .health_check_count = 1 };

	assert_int_equal(
		health_server_update(fixture->server, &notes, true, &fixture->report), 0);
}

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_true(sd_event_new(&fixture->event) >= 0);
	fixture->server = health_server_new(fixture->event);
	assert_non_null(fixture->server);
	fixture->port = free_port();
	*state = fixture;
	return 0;
}

static int stop(void **state)
{
	struct fixture *fixture = *state;

	health_server_free(fixture->server);
	sd_event_unref(fixture->event);
	reconcile_report_clear(&fixture->report);
	free(fixture);
	return 0;
}

static int dial(const struct fixture *fixture)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(fixture->port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_true(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
		    errno == EINPROGRESS);
	return fd;
}

/* Runs the loop until it has nothing to do for a moment; how often it woke up. */
static unsigned int settle(const struct fixture *fixture)
{
	unsigned int events = 0;

	while (sd_event_run(fixture->event, 30 * 1000) > 0 && events < 100000)
		events++;
	return events;
}

/* Whether the server answers a question within some seconds; its status line. */
static bool asks(const struct fixture *fixture, char answer[static 64])
{
	uint64_t end = clock_usec(CLOCK_MONOTONIC) + 10 * SECOND;
	cleanup_close int fd = dial(fixture);
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	ssize_t n = -1;

	memset(answer, 0, 64);
	assert_int_equal(poll(&writable, 1, 10000), 1);
	if (send(fd, question, strlen(question), MSG_NOSIGNAL) < 0)
		return false;
	while (n < 0 && clock_usec(CLOCK_MONOTONIC) < end) {
		sd_event_run(fixture->event, 10 * 1000);
		n = recv(fd, answer, 63, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			return false;
	}
	return n > 0;
}

static void assert_answer(const struct fixture *fixture, const char *status)
{
	char answer[64];

	assert_true(asks(fixture, answer));
	assert_non_null(strstr(answer, status));
}

static void test_answers(void **state)
{
	struct fixture *fixture = *state;

	update(fixture, 2);
	assert_answer(fixture, "HTTP/1.1 200 OK");
	update(fixture, 0);
	assert_answer(fixture, "HTTP/1.1 503 Service Unavailable");
	assert_int_equal(fixture->report.warning_count, 0);
}

static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN);
}

static size_t count_closed(const int *fds, size_t count)
{
	size_t closed = 0;

	for (size_t i = 0; i < count; i++) {
		errno = 0;
		closed += is_closed(fds[i]);
	}
	return closed;
}

/* Idle connections are in nobody's way, however many, and the oldest go. */
static void test_crowd(void **state)
{
	enum { CROWD = 600 };
	struct fixture *fixture = *state;
	int fds[CROWD];

	update(fixture, 1);
	for (size_t i = 0; i < CROWD; i++) {
		fds[i] = dial(fixture);
		if (i % 50 == 0)
			settle(fixture);
	}
	settle(fixture);
	assert_answer(fixture, "200 OK");
	settle(fixture);
	/* The question took one's place, and has ended. */
	assert_int_equal(CROWD - count_closed(fds, CROWD),
			 HEALTH_CONNECTIONS_OF_CLIENT_MAX - 1);
	assert_int_equal(count_closed(fds, CROWD - HEALTH_CONNECTIONS_OF_CLIENT_MAX),
			 CROWD - HEALTH_CONNECTIONS_OF_CLIENT_MAX);
	for (size_t i = 0; i < CROWD; i++)
		close(fds[i]);
	settle(fixture);
	assert_answer(fixture, "200 OK");
}

/* A byte now and then prolongs nothing. */
static void test_slow_client(void **state)
{
	enum { CLIENTS = 4 };
	struct fixture *fixture = *state;
	uint64_t start_usec = clock_usec(CLOCK_MONOTONIC), end = start_usec + 60 * SECOND;
	size_t sent = 0;
	int fds[CLIENTS];

	update(fixture, 1);
	for (size_t i = 0; i < CLIENTS; i++)
		fds[i] = dial(fixture);
	settle(fixture);
	while (count_closed(fds, CLIENTS) < CLIENTS &&
	       clock_usec(CLOCK_MONOTONIC) < end) {
		uint64_t next = clock_usec(CLOCK_MONOTONIC) + SECOND / 2;

		for (size_t i = 0; i < CLIENTS && sent < strlen(question) - 2; i++)
			send(fds[i], question + sent, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		sent++;
		while (clock_usec(CLOCK_MONOTONIC) < next)
			sd_event_run(fixture->event, SECOND / 20);
	}
	assert_int_equal(count_closed(fds, CLIENTS), CLIENTS);
	assert_true(clock_usec(CLOCK_MONOTONIC) - start_usec >=
		    HEALTH_CONNECTION_MSEC * 1000ULL);
	for (size_t i = 0; i < CLIENTS; i++)
		close(fds[i]);
	assert_answer(fixture, "200 OK");
}

/* No descriptor for a connection: the loop rests, and answers when there is one again. */
static void test_no_descriptor(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit before, low;
	int fd, next;

	update(fixture, 1);
	fd = dial(fixture);
	next = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	assert_true(next > 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	low.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_true(settle(fixture) < 20);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	close(fd);
	assert_answer(fixture, "200 OK");
}

/* The last quarter of the descriptors is the process's own. */
static void test_scarce_descriptors(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit before, low;
	int fds[24];

	update(fixture, 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = dial(fixture);
	low = before;
	low.rlim_cur = (rlim_t)fds[ARRAY_SIZE(fds) - 1] + 12;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	settle(fixture);
	for (int i = 0; i < 6; i++) {
		int own = open("/", O_PATH | O_CLOEXEC);

		assert_true(own >= 0);
		close(own);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	assert_answer(fixture, "200 OK");
}

static void add_client(struct health_connections *connections, const char *address,
		       bool makes_room)
{
	struct sockaddr_storage peer = { 0 };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
	memcpy(&peer, &v6, sizeof(v6));
	assert_int_equal(health_connections_make_room(connections, &peer), makes_room);
	if (makes_room)
		health_connections_remove(connections, connections->order[0]);
	assert_non_null(health_connections_add(connections, -1, &peer, connections));
}

/* Of one client a few, of all together more; a network of 64 bits is one client. */
static void test_limits(UNUSED void **state)
{
	struct health_connections connections = { 0 };
	char address[64];

	for (int i = 0; i < HEALTH_CONNECTIONS_OF_CLIENT_MAX; i++) {
		snprintf(address, sizeof(address), "2001:db8::%d", i + 1);
		add_client(&connections, address, false);
	}
	add_client(&connections, "2001:db8::ffff", true);
	for (int i = HEALTH_CONNECTIONS_OF_CLIENT_MAX; i < HEALTH_CONNECTIONS_MAX; i++) {
		snprintf(address, sizeof(address), "::ffff:10.0.%d.%d", i / 256, i % 256);
		add_client(&connections, address, false);
	}
	assert_int_equal(connections.count, HEALTH_CONNECTIONS_MAX);
	add_client(&connections, "::ffff:10.1.0.1", true);
	assert_int_equal(connections.count, HEALTH_CONNECTIONS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, start, stop),
		cmocka_unit_test_setup_teardown(test_crowd, start, stop),
		cmocka_unit_test_setup_teardown(test_slow_client, start, stop),
		cmocka_unit_test_setup_teardown(test_no_descriptor, start, stop),
		cmocka_unit_test_setup_teardown(test_scarce_descriptors, start, stop),
		cmocka_unit_test(test_limits),
	};

	descriptors_raise();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

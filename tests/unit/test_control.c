/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/unit/temporary.h"

#include "agent/daemon/control.h"
#include "agent/daemon/control_message.h"
#include "common/cleanup.h"
#include "common/clock.h"

static const char state_path[] = "/etc/ipvs-node/state.json";

/* The daemon's side of a test: answers every request with its report. */
struct server {
	sd_event *event;
	struct control *control;
	struct reconcile_report report;
	unsigned int asked;
	bool allowed_removal;
};

static const struct reconcile_report *on_ask(void *context, bool allow_removal)
{
	struct server *server = context;

	server->asked++;
	server->allowed_removal = allow_removal;
	return &server->report;
}

static void start_server(struct server *server, const char *directory)
{
	struct err err = { 0 };

	memset(server, 0, sizeof(*server));
	assert_true(sd_event_new(&server->event) >= 0);
	assert_int_equal(control_listen(&server->control, server->event, directory,
					state_path, on_ask, server, &err),
			 0);
}

static void stop_server(struct server *server)
{
	control_free(server->control);
	sd_event_unref(server->event);
	reconcile_report_clear(&server->report);
}

/* One `apply` in a thread of its own, while the test runs the loop. */
struct client {
	pthread_t thread;
	struct options options;
	struct reconcile_report report;
	struct err err;
	int result;
	volatile bool done;
};

static void *run_client(void *argument)
{
	struct client *client = argument;

	client->result = control_apply(&client->options, &client->report, &client->err);
	__atomic_store_n(&client->done, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static void ask(struct server *server, struct client *client, const char *directory,
		const char *path)
{
	memset(client, 0, sizeof(*client));
	client->options.run_directory = directory;
	client->options.state_path = path;
	assert_int_equal(pthread_create(&client->thread, NULL, run_client, client), 0);
	while (!__atomic_load_n(&client->done, __ATOMIC_SEQ_CST))
		assert_true(sd_event_run(server->event, 20000) >= 0);
	pthread_join(client->thread, NULL);
}

static void test_report(void **state)
{
	struct server server;
	struct client client;
	struct stat st;

	start_server(&server, *state);
	assert_int_equal(stat(in_directory(*state, "control"), &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	server.report.outcome = RECONCILE_DEGRADED;
	server.report.services = 100;
	server.report.changes = 99;
	assert_int_equal(reconcile_report_add(&server.report, "tcp 10.0.0.1:80", "web",
					      "no scheduler 'foo'", ENOENT),
			 0);
	for (unsigned int i = 1; i <= 3; i++) {
		ask(&server, &client, *state, state_path);
		assert_int_equal(client.result, 0);
		assert_int_equal(server.asked, i);
		assert_int_equal(client.report.outcome, RECONCILE_DEGRADED);
		assert_int_equal(client.report.changes, 99);
		assert_int_equal(client.report.failure_count, 1);
		assert_string_equal(client.report.failures[0].name, "web");
		reconcile_report_clear(&client.report);
	}
	stop_server(&server);
	assert_int_equal(stat(in_directory(*state, "control"), &st), -1);
}

/* More than a socket takes at once. */
static void test_long_report(void **state)
{
	enum { FAILURES = 20000 };
	struct server server;
	struct client client;

	start_server(&server, *state);
	for (int i = 0; i < FAILURES; i++)
		assert_int_equal(reconcile_report_add(&server.report,
						      "tcp 10.0.0.1:80 -> 10.0.1.1:80",
						      "a service's name",
						      "the kernel said no", EINVAL),
				 0);
	ask(&server, &client, *state, state_path);
	assert_int_equal(client.result, 0);
	assert_int_equal(client.report.failure_count, FAILURES);
	assert_string_equal(client.report.failures[FAILURES - 1].text,
			    "the kernel said no");
	reconcile_report_clear(&client.report);
	stop_server(&server);
}

static void test_other_state(void **state)
{
	struct server server;
	struct client client;

	start_server(&server, *state);
	ask(&server, &client, *state, "/etc/ipvs-node/other.json");
	assert_int_equal(client.result, -EBUSY);
	assert_non_null(strstr(client.err.text, "ipvs-agent runs (pid "));
	assert_non_null(strstr(
		client.err.text,
		") with the state /etc/ipvs-node/state.json: leave --state out to apply that, or stop it to apply another one (systemctl stop ipvs-agent)"));
	assert_int_equal(server.asked, 0);
	stop_server(&server);
}

/* The same file by another name is the same state. */
static void test_same_state(void **state)
{
	struct server server;
	struct client client;
	struct err err = { 0 };
	char real[PATH_MAX], other[PATH_MAX];

	strcpy(real, in_directory(*state, "state.json"));
	strcpy(other, in_directory(*state, "link.json"));
	write_text(real, "{}");
	assert_int_equal(symlink("state.json", other), 0);
	start_server(&server, *state);
	control_free(server.control);
	assert_int_equal(control_listen(&server.control, server.event, *state, real,
					on_ask, &server, &err),
			 0);
	ask(&server, &client, *state, other);
	assert_int_equal(client.result, 0);
	assert_int_equal(server.asked, 1);
	reconcile_report_clear(&client.report);
	stop_server(&server);
}

static int connect_raw(const char *directory)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address;

	assert_int_equal(control_address(directory, &address, NULL), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Sends a text and returns the answer ("" where there is none). */
static const char *ask_raw(struct server *server, const char *directory, const char *text,
			   size_t length)
{
	static char answer[4096];
	size_t used = 0;
	int fd = connect_raw(directory);

	assert_int_equal(send(fd, text, length, MSG_NOSIGNAL), (ssize_t)length);
	shutdown(fd, SHUT_WR);
	for (;;) {
		ssize_t n;

		assert_true(sd_event_run(server->event, 20000) >= 0);
		n = recv(fd, answer + used, sizeof(answer) - used - 1, MSG_DONTWAIT);
		if (n > 0)
			used += (size_t)n;
		else if (n == 0 || errno != EAGAIN)
			break;
	}
	answer[used] = '\0';
	close(fd);
	return answer;
}

static void test_allow_removal(void **state)
{
	static const char asks[] =
		"{\"version\":1,\"command\":\"apply\",\"state\":\"/etc/ipvs-node/state.json\",\"allowRemoval\":true}";
	static const char asks_not[] =
		"{\"version\":1,\"command\":\"apply\",\"state\":\"/etc/ipvs-node/state.json\"}";
	struct server server;

	start_server(&server, *state);
	ask_raw(&server, *state, asks, strlen(asks));
	assert_true(server.allowed_removal);
	ask_raw(&server, *state, asks_not, strlen(asks_not));
	assert_false(server.allowed_removal);
	assert_int_equal(server.asked, 2);
	stop_server(&server);
}

static void test_requests_refused(void **state)
{
	static const char *const requests[] = {
		"",
		"{",
		"[]",
		"{\"version\":1}",
		"{\"version\":2,\"command\":\"apply\",\"state\":\"/etc/ipvs-node/state.json\"}",
		"{\"version\":1,\"command\":\"stop\",\"state\":\"/etc/ipvs-node/state.json\"}",
		"{\"version\":1,\"command\":\"apply\",\"state\":\"/etc/ipvs-node/state.json\",\"force\":true}",
		"{\"version\":1,\"command\":\"apply\",\"state\":\"/etc/ipvs-node/state.json\",\"allowRemoval\":1}",
		"{\"version\":1,\"version\":1,\"command\":\"apply\",\"state\":\"/etc/ipvs-node/state.json\"}",
	};
	cleanup_free char *huge = malloc(2 * CONTROL_REQUEST_MAX);
	struct server server;

	start_server(&server, *state);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		const char *answer =
			ask_raw(&server, *state, requests[i], strlen(requests[i]));

		assert_non_null(strstr(
			answer,
			"the daemon does not know this request: it is of another version"));
	}
	assert_non_null(huge);
	memset(huge, ' ', 2 * CONTROL_REQUEST_MAX);
	assert_non_null(strstr(ask_raw(&server, *state, huge, CONTROL_REQUEST_MAX),
			       "the request is too long"));
	assert_int_equal(server.asked, 0);
	stop_server(&server);
}

/* Clients that come and say nothing do not keep others out for good, nor the daemon from working. */
static void test_silent_clients(void **state)
{
	enum { SILENT = 20 };
	struct server server;
	struct client client;
	int fds[SILENT];
	char byte;

	start_server(&server, *state);
	for (int i = 0; i < SILENT; i++) {
		fds[i] = connect_raw(*state);
		assert_true(sd_event_run(server.event, 0) >= 0);
	}
	/* Those beyond the limit were turned away, the others are waited for. */
	assert_int_equal(recv(fds[SILENT - 1], &byte, 1, MSG_DONTWAIT), 0);
	assert_int_equal(recv(fds[0], &byte, 1, MSG_DONTWAIT), -1);
	for (int i = 0; i < SILENT; i++)
		close(fds[i]);
	while (sd_event_run(server.event, 0) > 0)
		;
	ask(&server, &client, *state, state_path);
	assert_int_equal(client.result, 0);
	assert_int_equal(server.asked, 1);
	reconcile_report_clear(&client.report);
	stop_server(&server);
}

static void test_stranger(void **state)
{
	struct server server;
	int ends[2];
	char byte = 0;
	pid_t child;

	if (geteuid() != 0)
		skip();
	start_server(&server, *state);
	/* Even where the file system would let anybody in. */
	assert_int_equal(chmod(*state, 0755), 0);
	assert_int_equal(chmod(in_directory(*state, "control"), 0666), 0);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd;

		if (setuid(65534) != 0)
			_exit(2);
		fd = connect_raw(*state);
		if (write(ends[1], "y", 1) != 1)
			_exit(3);
		_exit(recv(fd, &byte, 1, 0) != 0);
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	while (waitpid(child, &ends[0], WNOHANG) == 0)
		assert_true(sd_event_run(server.event, 20000) >= 0);
	assert_true(WIFEXITED(ends[0]));
	assert_int_equal(WEXITSTATUS(ends[0]), 0);
	stop_server(&server);
}

static void test_daemon_ends(void **state)
{
	struct sockaddr_un address;
	struct client client = { 0 };
	int listening = socket(AF_UNIX, SOCK_STREAM, 0), fd;

	assert_int_equal(control_address(*state, &address, NULL), 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(listening, 1), 0);
	client.options.run_directory = *state;
	client.options.state_path = state_path;
	assert_int_equal(pthread_create(&client.thread, NULL, run_client, &client), 0);
	fd = accept(listening, NULL, NULL);
	assert_true(fd >= 0);
	close(fd);
	close(listening);
	pthread_join(client.thread, NULL);
	assert_int_equal(client.result, -EPIPE);
	assert_string_equal(
		client.err.text,
		"the daemon refused the connection, or ended before it answered");
}

static void test_path_too_long(UNUSED void **state)
{
	struct options options = { .state_path = state_path };
	struct reconcile_report report = { 0 };
	struct err err = { 0 };
	char directory[200];

	memset(directory, 'x', sizeof(directory) - 1);
	directory[sizeof(directory) - 1] = '\0';
	options.run_directory = directory;
	assert_int_equal(control_apply(&options, &report, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "/control: File name too long"));
}

#define CONTROL_TEST(name)                                                               \
	cmocka_unit_test_setup_teardown(name, temporary_make, temporary_remove)

/* A daemon that answers a byte now and then: there is one end for the whole answer. */
static void *trickle(void *argument)
{
	int listening = *(int *)argument, fd = accept(listening, NULL, NULL);

	for (int i = 0; fd >= 0 && i < 200; i++) {
		if (send(fd, " ", 1, MSG_NOSIGNAL) != 1)
			break;
		usleep(20 * 1000);
	}
	close(fd);
	return NULL;
}

static void test_slow_answer(void **state)
{
	struct options options = { .run_directory = *state, .state_path = state_path };
	cleanup_close int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct reconcile_report report = { 0 };
	struct sockaddr_un address;
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	struct err err = { 0 };
	pthread_t thread;

	assert_int_equal(control_address(*state, &address, &err), 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, trickle, &listening), 0);
	assert_int_equal(control_apply_within(&options, 300 * 1000, &report, &err),
			 -ETIMEDOUT);
	assert_true(clock_usec(CLOCK_MONOTONIC) - start < 3 * 1000000);
	assert_non_null(strstr(err.text, "the daemon has not answered in time"));
	pthread_join(thread, NULL);
}

/* What the daemon says is printed to a terminal. */
static void test_terminal_text(void **state)
{
	struct server server;
	struct client client;

	start_server(&server, *state);
	server.report.outcome = RECONCILE_DEGRADED;
	assert_int_equal(reconcile_report_add(&server.report, "tcp \033[2J", "web\nx",
					      "no\rscheduler", ENOENT),
			 0);
	assert_int_equal(report_lines_add(&server.report.changed, "add \033[31m"), 0);
	ask(&server, &client, *state, state_path);
	assert_int_equal(client.result, 0);
	assert_string_equal(client.report.failures[0].object, "tcp ?[2J");
	assert_string_equal(client.report.failures[0].name, "web?x");
	assert_string_equal(client.report.failures[0].text, "no?scheduler");
	assert_string_equal(client.report.changed.lines[0], "add ?[31m");
	reconcile_report_clear(&client.report);
	stop_server(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slow_answer, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_terminal_text, temporary_make,
						temporary_remove),
		CONTROL_TEST(test_report),
		CONTROL_TEST(test_long_report),
		CONTROL_TEST(test_other_state),
		CONTROL_TEST(test_same_state),
		CONTROL_TEST(test_allow_removal),
		CONTROL_TEST(test_requests_refused),
		CONTROL_TEST(test_silent_clients),
		CONTROL_TEST(test_stranger),
		CONTROL_TEST(test_daemon_ends),
		cmocka_unit_test(test_path_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/state_case.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

/* What can stand at the path: files, directories, what is neither, and what is not there. */

#define STATE(services) "{ 'version': 1, 'services': [ " services " ] }"
#define SERVICE(n)	"{ 'address': '10.0.0." n "', 'port': 80, 'protocol': 'tcp' }"

static void make_directory(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static size_t service_count(const char *path)
{
	struct table table = { 0 };
	size_t count;

	expect_state(path, &table);
	count = table.service_count;
	table_clear(&table);
	return count;
}

static void test_missing(void **state UNUSED)
{
	expect_problems("file", "nothing.json", STATE_MISSING,
			"nothing.json: does not exist\n");
	expect_problems("in no directory", "no/where.json", STATE_MISSING,
			"no/where.json: does not exist\n");
	assert_int_equal(symlink("nowhere", "dangling.json"), 0);
	expect_problems("link", "dangling.json", STATE_MISSING,
			"dangling.json: does not exist: it is a link to nowhere\n");
	make_directory("empty");
	expect_problems("directory", "empty", STATE_MISSING,
			"empty: has no *.json file\n");
	write_state("empty/README", "");
	write_state("empty/.hidden.json", "x");
	write_state("empty/.json", "x");
	write_state("empty/state.json~", "x");
	make_directory("empty/directory.json");
	expect_problems("other files", "empty", STATE_MISSING,
			"empty: has no *.json file\n");
}

static void test_not_a_regular_file(void **state UNUSED)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(mkfifo("fifo", 0644), 0);
	expect_problems("fifo", "fifo", STATE_INVALID,
			"fifo: is not a regular file but a FIFO\n");
	expect_problems("device", "/dev/null", STATE_INVALID,
			"/dev/null: is not a regular file but a device\n");
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	expect_problems("socket", "socket", STATE_INVALID,
			"socket: is not a regular file\n");
	close(fd);
	write_state("file", STATE(""));
	expect_problems("below a file", "file/state.json", STATE_INVALID,
			"file/state.json: cannot be read: Not a directory\n");
	make_directory("with-fifo");
	assert_int_equal(mkfifo("with-fifo/a.json", 0644), 0);
	expect_problems("fifo in a directory", "with-fifo", STATE_INVALID,
			"with-fifo/a.json: is not a regular file but a FIFO\n");
}

static void test_unreadable(void **state UNUSED)
{
	bool root = geteuid() == 0;

	write_state("secret.json", STATE(""));
	assert_int_equal(chmod("secret.json", 0), 0);
	make_directory("secrets");
	write_state("secrets/a.json", STATE(""));
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(chmod("secrets", 0711), 0);
	/* root may read everything */
	if (root)
		assert_int_equal(seteuid(65534), 0);
	expect_problems("file", "secret.json", STATE_INVALID,
			"secret.json: cannot be read: Permission denied\n");
	if (root)
		expect_problems("directory", "secrets", STATE_INVALID,
				"secrets: cannot be read: Permission denied\n");
	if (root)
		assert_int_equal(seteuid(0), 0);
}

static void test_too_large(void **state UNUSED)
{
	write_state("large.json", "");
	assert_int_equal(truncate("large.json", (off_t)STATE_FILE_MAX + 1), 0);
	expect_problems("large", "large.json", STATE_INVALID,
			"large.json: is larger than 512 MiB\n");
	assert_int_equal(unlink("large.json"), 0);
}

static void test_links(void **state UNUSED)
{
	write_state("real", STATE(SERVICE("1")));
	assert_int_equal(symlink("real", "link.json"), 0);
	assert_int_equal(service_count("link.json"), 1);
	make_directory("volume");
	make_directory("volume/..data");
	write_state("volume/..data/a.json", STATE(SERVICE("1") ", " SERVICE("2")));
	assert_int_equal(symlink("..data/a.json", "volume/a.json"), 0);
	assert_int_equal(service_count("volume"), 2);
	assert_int_equal(symlink("volume", "link-to-directory"), 0);
	assert_int_equal(service_count("link-to-directory"), 2);
	assert_int_equal(symlink("nowhere", "volume/b.json"), 0);
	expect_problems(
		"dangling", "volume", STATE_INVALID,
		"volume/b.json: is a link to a file that does not exist: it is a link to nowhere\n");
}

static void test_directory_merges(void **state UNUSED)
{
	struct table table = { 0 };

	make_directory("merge");
	write_state(
		"merge/20.json",
		"{ 'version': 1, 'services': [ " SERVICE(
			"1") " ],\n"
			     "'timeouts': { 'tcp': 900 }, 'sysctls': { 'net.b': 1 },"
			     "'syncDaemons': [ { 'role': 'master', 'interface': 'a' } ] }");
	write_state(
		"merge/10.json",
		"{ 'version': 1, 'services': [ " SERVICE(
			"2") " ],\n"
			     "'timeouts': { 'udp': 30 }, 'sysctls': { 'net.a': '2' },"
			     "'syncDaemons': [ { 'role': 'backup', 'interface': 'b' } ] }");
	write_state("merge/notes.txt", "not read");
	expect_state("merge", &table);
	assert_int_equal(table.service_count, 2);
	assert_int_equal(table.globals.timeouts.tcp, 900);
	assert_int_equal(table.globals.timeouts.tcp_fin, 0);
	assert_int_equal(table.globals.timeouts.udp, 30);
	assert_int_equal(table.globals.sysctl_count, 2);
	assert_string_equal(table.globals.sysctls[0].name, "net.a");
	assert_string_equal(table.globals.daemons[0].interface, "a");
	assert_string_equal(table.globals.daemons[1].interface, "b");
	table_clear(&table);
}

static void test_conflicts_of_files(void **state UNUSED)
{
	make_directory("conflict");
	write_state(
		"conflict/a.json",
		"{ 'version': 1, 'services': [\n" SERVICE(
			"1") " ],\n"
			     "'timeouts': { 'tcp': 900 },\n"
			     "'sysctls': { 'net.a': 1 },\n"
			     "'syncDaemons': [ { 'role': 'master', 'interface': 'a' } ] }");
	write_state(
		"conflict/b.json",
		"{ 'version': 1,\n\n'services': [ " SERVICE(
			"1") " ],\n"
			     "'timeouts': { 'tcp': 900 },\n"
			     "'sysctls': { 'net.a': 1 },\n"
			     "'syncDaemons': [ { 'role': 'master', 'interface': 'a' } ] }");
	expect_problems(
		"conflict", "conflict", STATE_INVALID,
		"conflict/b.json:4: timeouts.tcp: stands twice, first at conflict/a.json:3\n"
		"conflict/b.json:5: sysctls[\"net.a\"]: stands twice, first at conflict/a.json:4\n"
		"conflict/b.json:6: syncDaemons[0]: a second master daemon, the first is at conflict/a.json:5\n"
		"conflict/b.json:3: services[0]: tcp 10.0.0.1:80 stands twice, first at conflict/a.json:2 (services[0])\n");
}

static void test_one_bad_file_refuses_all(void **state UNUSED)
{
	make_directory("bad");
	write_state("bad/a.json", STATE(SERVICE("1")));
	write_state("bad/b.json", "{ 'version': 1,\n'services': [ }");
	write_state("bad/c.json", STATE("{ 'fwmark': 0 }"));
	expect_problems("bad", "bad", STATE_INVALID,
			"bad/b.json:2:15: unexpected token near '}'\n"
			"bad/c.json:1: services[0].fwmark: 0 is not in 1..4294967295\n");
	write_state("bad/b.json", "");
	write_state("bad/c.json", STATE(""));
	expect_problems(
		"an empty one", "bad", STATE_INVALID,
		"bad/b.json:1:1: the file is empty; a state without services says \"services\": []\n");
	assert_int_equal(unlink("bad/b.json"), 0);
	assert_int_equal(service_count("bad"), 1);
}

/* Two states that differ in every service; a reader must never see some of each. */
static void write_generation(const char *path, int generation, int services)
{
	FILE *file = fopen("generation.tmp", "w");

	if (!file)
		_exit(1);
	fputs("{ \"version\": 1, \"services\": [", file);
	for (int i = 1; i <= services; i++)
		fprintf(file,
			"%s\n{ \"fwmark\": %d, \"persistence\": { \"timeout\": %d } }",
			i > 1 ? "," : "", i, generation);
	fputs("\n] }\n", file);
	if (fclose(file) != 0 || rename("generation.tmp", path) != 0)
		_exit(1);
}

static void test_replaced_while_read(void **state UNUSED)
{
	enum { SERVICES = 50, READS = 300 };
	pid_t child;
	int good = 0, status;

	make_directory("race");
	write_generation("race/a.json", 1, SERVICES);
	write_state("race/b.json", STATE(""));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		for (int generation = 2;; generation = generation % 1000 + 1) {
			write_generation("race/a.json", generation, SERVICES);
			/* Names come and go meanwhile. */
			if (rename("race/b.json", "race/c.json") != 0 ||
			    rename("race/c.json", "race/b.json") != 0)
				_exit(1);
			usleep(2000);
		}
	}
	for (int i = 0; i < READS; i++) {
		struct state_problems problems = { 0 };
		struct table table = { 0 };
		int r = state_read("race", &table, &problems);

		if (r == STATE_OK) {
			good++;
			assert_int_equal(table.service_count, SERVICES);
			for (size_t n = 1; n < SERVICES; n++)
				assert_int_equal(table.services[n].persistence_timeout,
						 table.services[0].persistence_timeout);
		} else {
			assert_int_equal(r, STATE_INVALID);
			assert_string_equal(problems.lines[0],
					    "race: changes while it is read");
		}
		table_clear(&table);
		state_problems_clear(&problems);
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_true(good > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_not_a_regular_file),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_directory_merges),
		cmocka_unit_test(test_conflicts_of_files),
		cmocka_unit_test(test_one_bad_file_refuses_all),
		cmocka_unit_test(test_replaced_while_read),
	};

	return cmocka_run_group_tests_name("state files", tests, enter_state_directory,
					   leave_state_directory);
}

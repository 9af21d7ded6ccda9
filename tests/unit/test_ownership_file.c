/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>

#include "tests/unit/ownership_file_case.h"

#include "common/file.h"

static void assert_ownership_equal(const struct ownership *a, const struct ownership *b)
{
	assert_int_equal(a->service_count, b->service_count);
	for (size_t i = 0; i < a->service_count; i++) {
		assert_int_equal(
			service_key_compare(&a->services[i].key, &b->services[i].key), 0);
		assert_int_equal(a->services[i].mark, b->services[i].mark);
		assert_true(a->services[i].fingerprint == b->services[i].fingerprint);
	}
	assert_int_equal(a->drain_count, b->drain_count);
	for (size_t i = 0; i < a->drain_count; i++) {
		assert_int_equal(drain_compare(&a->drains[i], &b->drains[i]), 0);
		assert_true(a->drains[i].deadline_msec == b->drains[i].deadline_msec);
	}
	assert_true(a->good_fingerprint == b->good_fingerprint);
	assert_int_equal(a->good_saved, b->good_saved);
	assert_int_equal(a->good_left, b->good_left);
	assert_memory_equal(&a->timeouts_before, &b->timeouts_before,
			    sizeof(a->timeouts_before));
	for (int i = 0; i < SYNC_DAEMON_SLOTS; i++) {
		assert_int_equal(a->daemons[i].mark, b->daemons[i].mark);
		assert_true(a->daemons[i].fingerprint == b->daemons[i].fingerprint);
		assert_int_equal(a->daemons[i].link, b->daemons[i].link);
	}
	for (int i = 0; i < RULESET_SLOTS; i++) {
		assert_int_equal(a->rulesets[i].mark, b->rulesets[i].mark);
		assert_true(a->rulesets[i].fingerprint == b->rulesets[i].fingerprint);
		assert_true(a->rulesets[i].handle == b->rulesets[i].handle);
		assert_true(a->rulesets[i].sum == b->rulesets[i].sum);
	}
	assert_int_equal(a->before.sysctl_count, b->before.sysctl_count);
	for (size_t i = 0; i < a->before.sysctl_count; i++) {
		assert_string_equal(a->before.sysctls[i].name, b->before.sysctls[i].name);
		assert_string_equal(a->before.sysctls[i].value,
				    b->before.sysctls[i].value);
	}
	assert_int_equal(a->made_count, b->made_count);
	for (size_t i = 0; i < a->made_count; i++) {
		assert_string_equal(a->made[i].name, b->made[i].name);
		assert_string_equal(a->made[i].value, b->made[i].value);
		assert_string_equal(a->made[i].made, b->made[i].made);
	}
	assert_string_equal(a->link.name, b->link.name);
	assert_memory_equal(a->link.hardware, b->link.hardware, sizeof(a->link.hardware));
	assert_int_equal(a->bound.count, b->bound.count);
	for (size_t i = 0; i < a->bound.count; i++)
		assert_int_equal(address_compare(&a->bound.items[i], &b->bound.items[i]),
				 0);
	assert_int_equal(a->routes, b->routes);
}

static void test_file_and_back(void **state)
{
	cleanup_ownership struct ownership written = { 0 }, read = { 0 };
	struct err err = { 0 };

	fill(&written);
	assert_int_equal(ownership_file_write(*state, &written, &err), 0);
	assert_int_equal(ownership_file_load(*state, &read, &err), OWNERSHIP_FILE_LOADED);
	assert_ownership_equal(&written, &read);
	assert_int_equal(err.code, 0);
}

static void test_good_state_appended(void **state)
{
	cleanup_ownership struct ownership written = { 0 }, read = { 0 };
	struct err err = { 0 };

	fill(&written);
	assert_int_equal(ownership_file_write(*state, &written, &err), 0);
	written.good_left = true;
	assert_int_equal(ownership_file_append_good(*state, &written, &err), 0);
	written.good_fingerprint++;
	written.good_left = written.good_saved = false;
	assert_int_equal(ownership_file_append_good(*state, &written, &err), 0);
	assert_int_equal(ownership_file_load(*state, &read, &err), OWNERSHIP_FILE_LOADED);
	assert_ownership_equal(&written, &read);

	ownership_clear(&read);
	written.good_left = true;
	assert_int_equal(ownership_file_append_good(*state, &written, &err), 0);
	assert_int_equal(ownership_file_load(*state, &read, &err), OWNERSHIP_FILE_LOADED);
	assert_true(read.good_left);
}

/* Whoever cannot append writes all of it; what is there is not made worse. */
static void test_good_state_not_appended(void **state)
{
	cleanup_ownership struct ownership ownership = { 0 }, read = { 0 };
	const char *path = in_directory(*state, "owned");
	struct err err = { 0 };
	FILE *file;

	fill(&ownership);
	assert_int_equal(ownership_file_append_good(*state, &ownership, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/owned: No such file or directory"));

	write_text(path, "");
	assert_int_equal(ownership_file_append_good(*state, &ownership, &err), -EBADMSG);
	write_text(path, "a line without a checksum\n");
	assert_int_equal(ownership_file_append_good(*state, &ownership, &err), -EBADMSG);
	assert_int_equal(unlink(path), 0);

	/* A line that was torn off is mended by writing it all. */
	assert_int_equal(ownership_file_write(*state, &ownership, &err), 0);
	file = fopen(path, "a");
	assert_non_null(file);
	assert_true(fputs("good 01", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(ownership_file_append_good(*state, &ownership, &err), -EBADMSG);
	assert_int_equal(ownership_file_load(*state, &read, &err), OWNERSHIP_FILE_LOADED);
	assert_ownership_equal(&ownership, &read);

	assert_int_equal(ownership_file_write(*state, &ownership, &err), 0);
	ownership.good_fingerprint = 0;
	assert_int_equal(ownership_file_append_good(*state, &ownership, &err), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(ownership_file_append_good(*state, &ownership, &err), -ELOOP);
}

static void test_none(void **state)
{
	cleanup_ownership struct ownership read = { 0 };
	struct err err = { 0 };

	assert_int_equal(ownership_file_load(*state, &read, &err), OWNERSHIP_FILE_NONE);
	assert_int_equal(ownership_file_load("/nonexistent", &read, &err),
			 OWNERSHIP_FILE_NONE);
	assert_int_equal(err.code, 0);
}

static void test_unwritable(UNUSED void **state)
{
	cleanup_ownership struct ownership empty = { 0 };
	struct err err = { 0 };

	assert_int_equal(ownership_file_write("/nonexistent/run", &empty, &err), -ENOENT);
	assert_string_equal(err.text,
			    "/nonexistent/run/owned.new: No such file or directory");
}

static void test_text(UNUSED void **state)
{
	static const char *const lines[] = {
		"ipvs-node-owned 3 8d1a1f00-aaaa-bbbb-cccc-000000000001 4:4026531840 ",
		"\ngood 0123456789abcdef saved ",
		"\ntimeouts 900 0 300 ",
		"\ndaemon master ",
		"\ndaemon-link master 7 ",
		"\nintended-daemon backup 000000000000000a ",
		"\nruleset ip 000000000000000b 42 ffffffffffffffff ",
		"\nintended-ruleset ip6 000000000000000c ",
		"\nsysctl net.ipv4.vs.conntrack 0 ",
		"\nsysctl net.ipv4.tcp_rmem 4096%09131072%206291456%25%ff ",
		"\nsysctl net.core.empty % ",
		"\nmade-sysctl net.netfilter.nf_conntrack_buckets 100000 100352 ",
		"\nlink ipvs0 02005e00ff01 ",
		"\nbound 10.0.0.1 ",
		"\nbound fd00::1 ",
		"\nroutes ",
		"\nowned tcp 10.0.0.1 443 ",
		"\nintended tcp fd00::1 0 fedcba9876543210 ",
		"\nowned fwmark ipv4 7 ",
		"\nintended fwmark ipv6 4294967295 fedcba9876543210 ",
		"\ndrain tcp 10.0.0.1 443 10.0.1.1 8080 18446744073709551615 ",
		"\ndrain fwmark ipv4 7 fd00::9 8080 0 ",
	};
	cleanup_ownership struct ownership written = { 0 };
	cleanup_free char *text = NULL;
	const char *at;
	size_t length;

	fill(&written);
	assert_int_equal(ownership_file_format(&written, identity, &text, &length), 0);
	text[length - 1] = '\0';
	at = text;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_memory_equal(at, lines[i], strlen(lines[i]));
		at += strlen(lines[i]) + 8;
	}
	assert_int_equal(*at, '\0');
}

static void test_many(void **state)
{
	enum { SERVICES = 44000 };
	cleanup_ownership struct ownership written = { 0 }, read = { 0 };
	struct err err = { 0 };

	for (unsigned int i = 0; i < SERVICES; i++) {
		struct service_key key = tcp_key("10.0.0.0", 80);

		key.address.v4.s_addr = htonl(0x0a000000 + i);
		assert_int_equal(ownership_mark(&written, &key, OWNERSHIP_OWNED, 0), 0);
	}
	assert_int_equal(ownership_file_write(*state, &written, &err), 0);
	assert_int_equal(ownership_file_load(*state, &read, &err), OWNERSHIP_FILE_LOADED);
	assert_ownership_equal(&read, &written);
}

static void write_record(const char *directory, const char *text, size_t length)
{
	FILE *file = fopen(in_directory(directory, "owned"), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

/* A record of this boot and another network namespace is that one's, while it names anything. */
static void test_of_another_namespace(void **state)
{
	char here[OWNERSHIP_FILE_IDENTITY_TEXT], other[OWNERSHIP_FILE_IDENTITY_TEXT + 1];
	cleanup_ownership struct ownership written = { 0 }, none = { 0 };
	cleanup_free char *full = NULL, *empty = NULL;
	struct err err = { 0 };
	size_t length, header;

	assert_int_equal(ownership_file_identity(here, &err), 0);
	snprintf(other, sizeof(other), "%s1", here);
	fill(&written);
	assert_int_equal(ownership_file_format(&written, other, &full, &length), 0);
	assert_int_equal(ownership_file_format(&none, other, &empty, &header), 0);

	assert_int_equal(ownership_file_check_namespace(*state, &err), 0);
	write_record(*state, full, length);
	assert_int_equal(ownership_file_check_namespace(*state, &err), -EBUSY);
	assert_non_null(strstr(err.text, "belongs to another network namespace"));
	assert_non_null(strstr(err.text, "--run-dir"));
	write_record(*state, empty, header);
	assert_int_equal(ownership_file_check_namespace(*state, &err), 0);
	/* Of another boot it owns nothing, as ever. */
	full[strlen("ipvs-node-owned 3 ")] ^= 1;
	write_record(*state, full, length);
	assert_int_equal(ownership_file_check_namespace(*state, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_of_another_namespace, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_file_and_back, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_good_state_appended, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_good_state_not_appended,
						temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(test_none, temporary_make,
						temporary_remove),
		cmocka_unit_test(test_unwritable),
		cmocka_unit_test(test_text),
		cmocka_unit_test_setup_teardown(test_many, temporary_make,
						temporary_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

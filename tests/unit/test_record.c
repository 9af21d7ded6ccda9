/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>

#include "tests/unit/temporary.h"

#include "agent/daemon/record.h"
#include "common/clock.h"
#include "common/file.h"

static const char identity[] = "8d1a1f00-aaaa-bbbb-cccc-000000000001 4:4026531840";

static struct service_key tcp_key(const char *address, uint16_t port)
{
	struct service_key key = { .protocol = IPPROTO_TCP, .port = port };

	assert_int_equal(address_parse(address, &key.address), 0);
	return key;
}

static struct service_key fwmark_key(uint8_t family, uint32_t fwmark)
{
	return (struct service_key){ .address.family = family, .fwmark = fwmark };
}

/* One of everything that can be owned. */
static void fill(struct ownership *ownership)
{
	struct service_key keys[] = {
		tcp_key("10.0.0.1", 443),
		tcp_key("fd00::1", 0),
		fwmark_key(AF_INET, 7),
		fwmark_key(AF_INET6, UINT32_MAX),
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(
			ownership_mark(ownership, &keys[i],
				       i % 2 ? OWNERSHIP_INTENDED : OWNERSHIP_OWNED,
				       i % 2 ? 0xfedcba9876543210ULL : 0),
			0);
	for (unsigned int i = 0; i < 2; i++) {
		struct drain drain = { .service = keys[2 * i], .port = 8080 };

		assert_int_equal(
			address_parse(i ? "fd00::9" : "10.0.1.1", &drain.address), 0);
		drain.deadline_msec = i ? 0 : UINT64_MAX;
		assert_int_equal(ownership_set_drain(ownership, &drain), 0);
	}
	ownership->good_fingerprint = 0x0123456789abcdefULL;
	ownership->good_saved = true;
	ownership->timeouts_before = (struct timeouts){ .tcp = 900, .udp = 300 };
	ownership->daemons[sync_slot(SYNC_MASTER)].mark = OWNERSHIP_OWNED;
	ownership->daemons[sync_slot(SYNC_BACKUP)] =
		(struct owned_daemon){ OWNERSHIP_INTENDED, 0xaULL };
	ownership->rulesets[ruleset_slot(AF_INET)] =
		(struct owned_ruleset){ .mark = OWNERSHIP_OWNED,
					.fingerprint = 0xbULL,
					.handle = 42,
					.sum = UINT64_MAX };
	ownership->rulesets[ruleset_slot(AF_INET6)] =
		(struct owned_ruleset){ .mark = OWNERSHIP_INTENDED,
					.fingerprint = 0xcULL };
	assert_int_equal(
		globals_add_sysctl(&ownership->before, "net.ipv4.vs.conntrack", "0"), 0);
	assert_int_equal(globals_add_sysctl(&ownership->before, "net.ipv4.tcp_rmem",
					    "4096\t131072 6291456%\xff"),
			 0);
	assert_int_equal(globals_add_sysctl(&ownership->before, "net.core.empty", ""), 0);
	ownership->link = (struct owned_link){ "ipvs0", { 2, 0, 0x5e, 0, 0xff, 1 } };
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(address_list_add(&ownership->bound, &keys[i].address),
				 0);
	ownership->routes = true;
}

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
	assert_int_equal(record_write(*state, &written, &err), 0);
	assert_int_equal(record_load(*state, &read, &err), RECORD_LOADED);
	assert_ownership_equal(&written, &read);
	assert_int_equal(err.code, 0);
}

static void test_good_state_appended(void **state)
{
	cleanup_ownership struct ownership written = { 0 }, read = { 0 };
	struct err err = { 0 };

	fill(&written);
	assert_int_equal(record_write(*state, &written, &err), 0);
	written.good_left = true;
	assert_int_equal(record_append_good(*state, &written, &err), 0);
	written.good_fingerprint++;
	written.good_left = written.good_saved = false;
	assert_int_equal(record_append_good(*state, &written, &err), 0);
	assert_int_equal(record_load(*state, &read, &err), RECORD_LOADED);
	assert_ownership_equal(&written, &read);

	ownership_clear(&read);
	written.good_left = true;
	assert_int_equal(record_append_good(*state, &written, &err), 0);
	assert_int_equal(record_load(*state, &read, &err), RECORD_LOADED);
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
	assert_int_equal(record_append_good(*state, &ownership, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/owned: No such file or directory"));

	write_text(path, "");
	assert_int_equal(record_append_good(*state, &ownership, &err), -EBADMSG);
	write_text(path, "a line without a checksum\n");
	assert_int_equal(record_append_good(*state, &ownership, &err), -EBADMSG);
	assert_int_equal(unlink(path), 0);

	/* A line that was torn off is mended by writing it all. */
	assert_int_equal(record_write(*state, &ownership, &err), 0);
	file = fopen(path, "a");
	assert_non_null(file);
	assert_true(fputs("good 01", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(record_append_good(*state, &ownership, &err), -EBADMSG);
	assert_int_equal(record_load(*state, &read, &err), RECORD_LOADED);
	assert_ownership_equal(&ownership, &read);

	assert_int_equal(record_write(*state, &ownership, &err), 0);
	ownership.good_fingerprint = 0;
	assert_int_equal(record_append_good(*state, &ownership, &err), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(record_append_good(*state, &ownership, &err), -ELOOP);
}

static void test_none(void **state)
{
	cleanup_ownership struct ownership read = { 0 };
	struct err err = { 0 };

	assert_int_equal(record_load(*state, &read, &err), RECORD_NONE);
	assert_int_equal(record_load("/nonexistent", &read, &err), RECORD_NONE);
	assert_int_equal(err.code, 0);
}

static void test_unwritable(UNUSED void **state)
{
	cleanup_ownership struct ownership empty = { 0 };
	struct err err = { 0 };

	assert_int_equal(record_write("/nonexistent/run", &empty, &err), -ENOENT);
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
		"\nintended-daemon backup 000000000000000a ",
		"\nruleset ip 000000000000000b 42 ffffffffffffffff ",
		"\nintended-ruleset ip6 000000000000000c ",
		"\nsysctl net.ipv4.vs.conntrack 0 ",
		"\nsysctl net.ipv4.tcp_rmem 4096%09131072%206291456%25%ff ",
		"\nsysctl net.core.empty % ",
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
	assert_int_equal(record_format(&written, identity, &text, &length), 0);
	text[length - 1] = '\0';
	at = text;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_memory_equal(at, lines[i], strlen(lines[i]));
		at += strlen(lines[i]) + 8;
	}
	assert_int_equal(*at, '\0');
}

static int parse(const char *text, size_t length, const char *here,
		 struct ownership *ownership, struct err *err)
{
	cleanup_free char *copy = malloc(length + 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, length);
	copy[length] = '\0';
	r = record_parse(copy, length, here, ownership, err);
	return r;
}

static void test_foreign(UNUSED void **state)
{
	static const char other_boot[] =
		"8d1a1f00-aaaa-bbbb-cccc-000000000002 4:4026531840";
	static const char other_namespace[] =
		"8d1a1f00-aaaa-bbbb-cccc-000000000001 4:4026531841";
	cleanup_ownership struct ownership written = { 0 }, read = { 0 };
	cleanup_free char *text = NULL;
	struct err err = { 0 };
	size_t length;

	fill(&written);
	assert_int_equal(record_format(&written, identity, &text, &length), 0);
	assert_int_equal(parse(text, length, other_boot, &read, &err), RECORD_FOREIGN);
	assert_string_equal(
		err.text,
		"of another boot or network namespace (8d1a1f00-aaaa-bbbb-cccc-000000000001 4:4026531840, this is 8d1a1f00-aaaa-bbbb-cccc-000000000002 4:4026531840): owns nothing");
	assert_int_equal(parse(text, length, other_namespace, &read, &err),
			 RECORD_FOREIGN);
	assert_int_equal(read.service_count, 0);
}

/* Lines about services that end before the cut. */
static size_t count_services(const char *text, size_t cut)
{
	const char *line = text, *feed;
	size_t count = 0;

	while ((feed = memchr(line, '\n', cut - (size_t)(line - text)))) {
		count += strncmp(line, "owned ", 6) == 0 ||
			 strncmp(line, "intended ", 9) == 0;
		line = feed + 1;
	}
	return count;
}

/* Cut anywhere, the whole lines count and the rest is left out. */
static void test_torn(UNUSED void **state)
{
	cleanup_ownership struct ownership written = { 0 };
	cleanup_free char *text = NULL;
	size_t length, header;

	fill(&written);
	assert_int_equal(record_format(&written, identity, &text, &length), 0);
	header = strcspn(text, "\n") + 1;
	for (size_t cut = 0; cut <= length; cut++) {
		cleanup_ownership struct ownership read = { 0 };
		size_t services = count_services(text, cut);
		struct err err = { 0 };
		int r = parse(text, cut, identity, &read, &err);

		if (cut < header) {
			assert_int_equal(r, RECORD_DAMAGED);
			assert_string_equal(err.text,
					    "line 1: not the header of a record");
			continue;
		}
		assert_int_equal(r, RECORD_LOADED);
		assert_int_equal(read.service_count, services);
	}
}

/* Any byte changed is found, and so is a line that is missing. */
static void test_damaged(UNUSED void **state)
{
	cleanup_ownership struct ownership written = { 0 }, read = { 0 };
	cleanup_free char *text = NULL;
	struct err err = { 0 };
	size_t length, header;
	char *second;

	fill(&written);
	assert_int_equal(record_format(&written, identity, &text, &length), 0);
	header = strcspn(text, "\n") + 1;
	for (size_t i = header; i < length - 1; i++) {
		text[i] ^= 1;
		assert_int_equal(parse(text, length, identity, &read, &err),
				 RECORD_DAMAGED);
		assert_int_equal(read.service_count, 0);
		assert_int_equal(read.before.sysctl_count, 0);
		text[i] ^= 1;
	}
	second = text + header + strcspn(text + header, "\n") + 1;
	memmove(text + header, second, length - (size_t)(second - text));
	length -= (size_t)(second - text) - header;
	assert_int_equal(parse(text, length, identity, &read, &err), RECORD_DAMAGED);
	assert_string_equal(err.text, "line 2: damaged");
}

/* What a later version may append: the same lines again, and ones that take a key off. */
static void append(char *text, size_t room, uint32_t *sum, const char *line)
{
	size_t used = strlen(text);

	for (const char *p = line; *p; p++)
		*sum = (*sum ^ (unsigned char)*p) * 16777619U;
	snprintf(text + used, room - used, "%s %08x\n", line, *sum);
}

static void test_appended(UNUSED void **state)
{
	cleanup_ownership struct ownership read = { 0 };
	char text[1024] = "", header[160];
	uint32_t sum = 0x1f5c9d3b;
	struct service_key key = tcp_key("10.0.0.2", 80);
	struct err err = { 0 };

	snprintf(header, sizeof(header), "ipvs-node-owned 1 %s", identity);
	append(text, sizeof(text), &sum, header);
	append(text, sizeof(text), &sum, "intended tcp 10.0.0.2 80");
	append(text, sizeof(text), &sum, "intended tcp 10.0.0.1 80");
	append(text, sizeof(text), &sum, "owned tcp 10.0.0.2 80");
	append(text, sizeof(text), &sum, "struck tcp 10.0.0.1 80");
	append(text, sizeof(text), &sum, "sysctl net.a 1");
	append(text, sizeof(text), &sum, "sysctl net.a 2");
	assert_int_equal(parse(text, strlen(text), identity, &read, &err), RECORD_LOADED);
	assert_int_equal(read.service_count, 1);
	assert_non_null(ownership_find(&read, &key));
	assert_int_equal(ownership_find(&read, &key)->mark, OWNERSHIP_OWNED);
	assert_string_equal(globals_find_sysctl(&read.before, "net.a"), "2");
	assert_int_equal(read.before.sysctl_count, 1);

	ownership_clear(&read);
	append(text, sizeof(text), &sum, "address 10.0.0.1");
	assert_int_equal(parse(text, strlen(text), identity, &read, &err), RECORD_NEWER);
	assert_string_equal(
		err.text,
		"line 8: 'address' is not known here, a newer version wrote it");
	assert_int_equal(read.service_count, 0);
}

/* What version 1 wrote: an intended key without what was intended is kept, but never ours. */
static void test_version_1(UNUSED void **state)
{
	cleanup_ownership struct ownership read = { 0 };
	char text[1024] = "", header[160];
	uint32_t sum = 0x1f5c9d3b;
	struct service service = { .key = tcp_key("10.0.0.2", 80), .scheduler = "rr" };
	const struct owned_service *found;

	snprintf(header, sizeof(header), "ipvs-node-owned 1 %s", identity);
	append(text, sizeof(text), &sum, header);
	append(text, sizeof(text), &sum, "daemon master");
	append(text, sizeof(text), &sum, "intended tcp 10.0.0.2 80");
	assert_int_equal(parse(text, strlen(text), identity, &read, NULL), RECORD_LOADED);
	found = ownership_find(&read, &service.key);
	assert_non_null(found);
	assert_int_equal(found->mark, OWNERSHIP_INTENDED);
	assert_false(owned_service_is_ours(found, &service));
	assert_int_equal(read.daemons[sync_slot(SYNC_MASTER)].mark, OWNERSHIP_OWNED);
}

/* Lines whose checksum is right but whose words are not. */
static void test_nonsense(UNUSED void **state)
{
	static const char *const lines[] = {
		"owned tcp 10.0.0.1",
		"owned tcp 10.0.0.1 65536",
		"owned tcp 10.0.0.1 -1",
		"owned tcp localhost 80",
		"owned icmp 10.0.0.1 80",
		"owned fwmark ipv4 0",
		"owned fwmark ipv5 1",
		"owned tcp 10.0.0.1 80 90",
		"owned  tcp 10.0.0.1 80",
		"timeouts 1 2",
		"timeouts 1 2 x",
		"daemon slave",
		"daemon",
		"sysctl net.a",
		"ruleset ip 000000000000000b 42",
		"ruleset ip 0000000000000000 42 000000000000000b",
		"ruleset ip 000000000000000b x 000000000000000b",
		"ruleset ip 000000000000000b 42 b",
		"ruleset inet 000000000000000b 42 000000000000000b",
		"intended-ruleset ip",
		"intended-ruleset arp 000000000000000b",
		"sysctl net.a %0",
		"sysctl net.a %00",
		"sysctl % 1",
		"intended tcp 10.0.0.1 80 0",
		"intended tcp 10.0.0.1 80 0000000000000000",
		"intended tcp 10.0.0.1 80 0123456789abcdeg",
		"intended tcp 10.0.0.1 80 0123456789abcdef 1",
		"owned tcp 10.0.0.1 80 0123456789abcdef",
		"intended-daemon master",
		"intended-daemon slave 0123456789abcdef",
		"drain tcp 10.0.0.1 80 10.0.1.1 80",
		"drain tcp 10.0.0.1 80 10.0.1 80 0",
		"drain tcp 10.0.0.1 80 10.0.1.1 65536 0",
		"drain tcp 10.0.0.1 80 10.0.1.1 80 -1",
		"link ipvs0",
		"link ipvs0 02005e00ff",
		"link ipvs0 02005e00ff0g",
		"link ipvs0 02005e00ff01 up",
		"link % 02005e00ff01",
		"link sixteen-letters- 02005e00ff01",
		"bound",
		"bound 10.0.0",
		"bound 10.0.0.1 ipvs0",
		"routes 146",
		"good 0123456789abcdef",
		"good 0123456789abcdef perhaps",
		"good 0123456789abcdef saved right",
		"good 0123456789abcdef saved left over",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		cleanup_ownership struct ownership read = { 0 };
		char text[512] = "", header[160];
		uint32_t sum = 0x1f5c9d3b;
		struct err err = { 0 };

		snprintf(header, sizeof(header), "ipvs-node-owned 1 %s", identity);
		append(text, sizeof(text), &sum, header);
		append(text, sizeof(text), &sum, lines[i]);
		assert_int_equal(parse(text, strlen(text), identity, &read, &err),
				 RECORD_DAMAGED);
		assert_string_equal(err.text, "line 2: damaged");
	}
}

/* Nothing that grows with the square of the services. */
static void test_many(void **state)
{
	enum { SERVICES = 44000 };
	cleanup_ownership struct ownership written = { 0 }, read = { 0 };
	struct err err = { 0 };
	uint64_t start, wrote, loaded;

	for (unsigned int i = 0; i < SERVICES; i++) {
		struct service_key key = tcp_key("10.0.0.0", 80);

		key.address.v4.s_addr = htonl(0x0a000000 + i);
		assert_int_equal(ownership_mark(&written, &key, OWNERSHIP_OWNED, 0), 0);
	}
	start = clock_usec(CLOCK_MONOTONIC);
	assert_int_equal(record_write(*state, &written, &err), 0);
	wrote = clock_usec(CLOCK_MONOTONIC);
	assert_int_equal(record_load(*state, &read, &err), RECORD_LOADED);
	loaded = clock_usec(CLOCK_MONOTONIC);
	assert_int_equal(read.service_count, SERVICES);
	print_message("44000 services: written in %u us, loaded in %u us\n",
		      (unsigned int)(wrote - start), (unsigned int)(loaded - wrote));
	/* A few milliseconds without sanitizers; this is about the order of magnitude. */
	assert_true(loaded - start < 10 * 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_appended),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test_setup_teardown(test_many, temporary_make,
						temporary_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

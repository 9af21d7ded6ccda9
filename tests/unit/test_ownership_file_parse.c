/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/ownership_file_case.h"

static int parse(const char *text, size_t length, const char *here,
		 struct ownership *ownership, struct err *err)
{
	cleanup_free char *copy = malloc(length + 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, length);
	copy[length] = '\0';
	r = ownership_file_parse(copy, length, here, ownership, err);
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
	assert_int_equal(ownership_file_format(&written, identity, &text, &length), 0);
	assert_int_equal(parse(text, length, other_boot, &read, &err),
			 OWNERSHIP_FILE_FOREIGN);
	assert_string_equal(
		err.text,
		"of another boot or network namespace (8d1a1f00-aaaa-bbbb-cccc-000000000001 4:4026531840, this is 8d1a1f00-aaaa-bbbb-cccc-000000000002 4:4026531840): owns nothing");
	assert_int_equal(parse(text, length, other_namespace, &read, &err),
			 OWNERSHIP_FILE_FOREIGN);
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
	assert_int_equal(ownership_file_format(&written, identity, &text, &length), 0);
	header = strcspn(text, "\n") + 1;
	for (size_t cut = 0; cut <= length; cut++) {
		cleanup_ownership struct ownership read = { 0 };
		size_t services = count_services(text, cut);
		struct err err = { 0 };
		int r = parse(text, cut, identity, &read, &err);

		if (cut < header) {
			assert_int_equal(r, OWNERSHIP_FILE_DAMAGED);
			assert_string_equal(err.text,
					    "line 1: not the header of a record");
			continue;
		}
		assert_int_equal(r, OWNERSHIP_FILE_LOADED);
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
	assert_int_equal(ownership_file_format(&written, identity, &text, &length), 0);
	header = strcspn(text, "\n") + 1;
	for (size_t i = header; i < length - 1; i++) {
		text[i] ^= 1;
		assert_int_equal(parse(text, length, identity, &read, &err),
				 OWNERSHIP_FILE_DAMAGED);
		assert_int_equal(read.service_count, 0);
		assert_int_equal(read.before.sysctl_count, 0);
		text[i] ^= 1;
	}
	second = text + header + strcspn(text + header, "\n") + 1;
	memmove(text + header, second, length - (size_t)(second - text));
	length -= (size_t)(second - text) - header;
	assert_int_equal(parse(text, length, identity, &read, &err),
			 OWNERSHIP_FILE_DAMAGED);
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
	assert_int_equal(parse(text, strlen(text), identity, &read, &err),
			 OWNERSHIP_FILE_LOADED);
	assert_int_equal(read.service_count, 1);
	assert_non_null(ownership_find(&read, &key));
	assert_int_equal(ownership_find(&read, &key)->mark, OWNERSHIP_OWNED);
	assert_string_equal(globals_find_sysctl(&read.before, "net.a"), "2");
	assert_int_equal(read.before.sysctl_count, 1);

	ownership_clear(&read);
	append(text, sizeof(text), &sum, "address 10.0.0.1");
	assert_int_equal(parse(text, strlen(text), identity, &read, &err),
			 OWNERSHIP_FILE_NEWER);
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
	assert_int_equal(parse(text, strlen(text), identity, &read, NULL),
			 OWNERSHIP_FILE_LOADED);
	found = ownership_find(&read, &service.key);
	assert_non_null(found);
	assert_int_equal(found->mark, OWNERSHIP_INTENDED);
	assert_false(owned_service_is_ours(found, &service));
	assert_int_equal(read.daemons[sync_slot(SYNC_MASTER)].mark, OWNERSHIP_OWNED);
}

/* Lines whose checksum is right but whose words are not. */
static const char *const nonsense[] = {
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

static void test_nonsense(UNUSED void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
		cleanup_ownership struct ownership read = { 0 };
		char text[512] = "", header[160];
		uint32_t sum = 0x1f5c9d3b;
		struct err err = { 0 };

		snprintf(header, sizeof(header), "ipvs-node-owned 1 %s", identity);
		append(text, sizeof(text), &sum, header);
		append(text, sizeof(text), &sum, nonsense[i]);
		assert_int_equal(parse(text, strlen(text), identity, &read, &err),
				 OWNERSHIP_FILE_DAMAGED);
		assert_string_equal(err.text, "line 2: damaged");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign),	  cmocka_unit_test(test_torn),
		cmocka_unit_test(test_damaged),	  cmocka_unit_test(test_appended),
		cmocka_unit_test(test_version_1), cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

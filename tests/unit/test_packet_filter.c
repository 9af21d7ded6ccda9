/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/table_builder.h"

#include <string.h>

#include "agent/model/packet_filter.h"
#include "common/array.h"

/* A filter as it is built: chains by their order, rules into the last one. */

static struct filter_chain *add_chain(struct packet_filter *filter, const char *name)
{
	struct filter_chain *chain;

	assert_int_equal(ARRAY_MAKE_ROOM(filter->chains, filter->count, filter->room), 0);
	chain = &filter->chains[filter->count++];
	*chain = (struct filter_chain){ .family = AF_INET, .read = true };
	snprintf(chain->table, sizeof(chain->table), "theirs");
	snprintf(chain->name, sizeof(chain->name), "%s", name);
	return chain;
}

static struct filter_chain *add_base(struct packet_filter *filter, bool drops)
{
	struct filter_chain *chain = add_chain(filter, "input");

	chain->base = true;
	chain->hook = FILTER_INPUT;
	chain->drops = drops;
	return chain;
}

static void add_rule(struct filter_chain *chain,
		     const struct filter_expression *expressions, size_t count)
{
	struct filter_rule *rule;

	assert_int_equal(ARRAY_MAKE_ROOM(chain->rules, chain->count, chain->room), 0);
	rule = &chain->rules[chain->count++];
	*rule = (struct filter_rule){ .expressions = calloc(count, sizeof(*expressions)),
				      .count = count };
	assert_non_null(rule->expressions);
	memcpy(rule->expressions, expressions, count * sizeof(*expressions));
}

#define RULE(chain, ...)                                                                 \
	do {                                                                             \
		const struct filter_expression rule_[] = { __VA_ARGS__ };                \
		add_rule(chain, rule_, ARRAY_SIZE(rule_));                               \
	} while (0)

#define VERDICT(what)                                                                    \
	{                                                                                \
		.kind = EXPRESSION_VERDICT, .verdict = VERDICT_##what, .chain = -1       \
	}
#define TO(how, index)                                                                   \
	{                                                                                \
		.kind = EXPRESSION_VERDICT, .verdict = VERDICT_##how, .chain = (index)   \
	}
#define PORT_LOAD                                                                        \
	{                                                                                \
		.kind = EXPRESSION_LOAD, .field = FIELD_TRANSPORT_HEADER, .offset = 2,   \
		.length = 2                                                              \
	}
#define PORT_IS(port)                                                                    \
	{                                                                                \
		.kind = EXPRESSION_COMPARE, .length = 2, .data = {                       \
			(port) / 256,                                                    \
			(port) % 256                                                     \
		}                                                                        \
	}
#define NAME_LOAD                                                                        \
	{                                                                                \
		.kind = EXPRESSION_LOAD, .field = FIELD_INPUT_NAME, .length = 16         \
	}
#define NAME_IS(is, ...)                                                                 \
	{                                                                                \
		.kind = EXPRESSION_COMPARE, .length = 16, .operation = !(is), .data = {  \
			__VA_ARGS__                                                      \
		}                                                                        \
	}
#define UNKNOWN                                                                          \
	{                                                                                \
		.kind = EXPRESSION_UNKNOWN                                               \
	}

static struct packet packet_to(uint16_t port)
{
	struct packet packet = { .family = AF_INET,
				 .protocol = IPPROTO_TCP,
				 .target_port = port,
				 .ct_state = CT_STATE_NEW };

	assert_int_equal(address_parse("10.0.0.1", &packet.target), 0);
	return packet;
}

static bool drops(const struct packet_filter *filter, const struct packet *packet)
{
	struct filter_memory memory = { 0 };
	bool found =
		packet_filter_drops(filter, FILTER_INPUT, 98, packet, &memory) != NULL;

	/* The same again is answered from memory. */
	assert_int_equal(packet_filter_drops(filter, FILTER_INPUT, 98, packet, &memory) !=
				 NULL,
			 found);
	assert_int_equal(memory.asked, 1);
	return found;
}

static void test_policy_alone(void **state UNUSED)
{
	struct packet_filter filter = { 0 };
	struct packet packet = packet_to(80);
	char text[FILTER_CHAIN_TEXT];
	struct filter_chain *chain;

	assert_false(drops(&filter, &packet));
	chain = add_base(&filter, true);
	assert_true(drops(&filter, &packet));
	assert_string_equal(filter_chain_format(chain, text), "ip theirs input");
	assert_true(packet_filter_can_drop(&filter, FILTER_INPUT));
	assert_false(packet_filter_can_drop(&filter, FILTER_FORWARD));
	assert_null(packet_filter_drops(&filter, FILTER_FORWARD, 98, &packet,
					&(struct filter_memory){ 0 }));
	packet.family = AF_INET6;
	assert_false(drops(&filter, &packet));
	chain->family = 1;
	assert_true(drops(&filter, &packet));
	assert_string_equal(filter_chain_format(chain, text), "inet theirs input");
	/* IPVS has the packet by then. */
	chain->priority = 98;
	assert_false(drops(&filter, &packet));
	packet_filter_clear(&filter);
}

static void test_rule_for_the_port(void **state UNUSED)
{
	struct packet_filter filter = { 0 };
	struct packet packet = packet_to(80);

	RULE(add_base(&filter, true), PORT_LOAD, PORT_IS(80), VERDICT(ACCEPT));
	assert_false(drops(&filter, &packet));
	packet.target_port = 81;
	assert_true(drops(&filter, &packet));
	/* Not known: it may be that port. */
	packet.target_port = 0;
	assert_false(drops(&filter, &packet));
	packet_filter_clear(&filter);
}

/* Packets that differ only in what no rule looks at get the same verdict. */
static void test_memory_is_of_what_was_looked_at(void **state UNUSED)
{
	struct packet_filter filter = { 0 };
	struct packet packet = packet_to(80);
	struct filter_memory memory = { 0 };

	RULE(add_base(&filter, true), PORT_LOAD, PORT_IS(80), VERDICT(ACCEPT));
	assert_null(packet_filter_drops(&filter, FILTER_INPUT, 98, &packet, &memory));
	packet.ct_state = CT_STATE_ESTABLISHED;
	packet.protocol = IPPROTO_UDP;
	packet.input = (struct packet_link){ 3, "eth1" };
	assert_int_equal(address_parse("10.0.0.2", &packet.target), 0);
	assert_int_equal(address_parse("10.0.0.3", &packet.source), 0);
	assert_null(packet_filter_drops(&filter, FILTER_INPUT, 98, &packet, &memory));
	assert_int_equal(memory.asked, 1);
	packet.target_port = 81;
	assert_non_null(packet_filter_drops(&filter, FILTER_INPUT, 98, &packet, &memory));
	assert_int_equal(memory.asked, 2);
	packet.target_port = 80;
	assert_null(packet_filter_drops(&filter, FILTER_INPUT, 98, &packet, &memory));
	assert_int_equal(memory.asked, 3);
	packet_filter_clear(&filter);
}

static void test_what_is_not_understood_may_accept(void **state UNUSED)
{
	struct packet_filter filter = { 0 };
	struct packet packet = packet_to(81);

	/* But for what the rule asks beside it. */
	RULE(add_base(&filter, true), PORT_LOAD, PORT_IS(80), UNKNOWN, VERDICT(ACCEPT));
	assert_true(drops(&filter, &packet));
	RULE(&filter.chains[0], PORT_LOAD, UNKNOWN, PORT_IS(80), VERDICT(ACCEPT));
	assert_false(drops(&filter, &packet));
	packet_filter_clear(&filter);
}

static void test_rule_that_may_drop_does_not(void **state UNUSED)
{
	struct packet_filter filter = { 0 };
	struct packet packet = packet_to(80);
	struct filter_chain *chain = add_base(&filter, false);

	RULE(chain, UNKNOWN, VERDICT(DROP));
	assert_false(drops(&filter, &packet));
	RULE(chain, VERDICT(DROP));
	assert_true(drops(&filter, &packet));
	packet_filter_clear(&filter);
}

static void test_link_that_is_not_known_is_not_lo(void **state UNUSED)
{
	struct packet_filter filter = { 0 };
	struct packet packet = packet_to(80);
	struct filter_chain *chain = add_base(&filter, true);

	RULE(chain, NAME_LOAD, NAME_IS(true, 'l', 'o'), VERDICT(ACCEPT));
	assert_true(drops(&filter, &packet));
	RULE(chain, NAME_LOAD, NAME_IS(true, 'e', 't', 'h', '0'), VERDICT(ACCEPT));
	assert_false(drops(&filter, &packet));
	packet.input = (struct packet_link){ 3, "eth1" };
	assert_true(drops(&filter, &packet));
	RULE(chain, NAME_LOAD, NAME_IS(false, 'e', 't', 'h', '0'), VERDICT(ACCEPT));
	assert_false(drops(&filter, &packet));
	packet_filter_clear(&filter);
}

static void test_states_of_connections(void **state UNUSED)
{
	struct packet_filter filter = { 0 };
	struct packet packet = packet_to(80);

	RULE(add_base(&filter, true),
	     { .kind = EXPRESSION_LOAD, .field = FIELD_CT_STATE, .length = 4 },
	     { .kind = EXPRESSION_BITWISE, .length = 4, .data = { 6 } },
	     { .kind = EXPRESSION_COMPARE, .length = 4, .operation = 1 },
	     VERDICT(ACCEPT));
	assert_true(drops(&filter, &packet));
	packet.ct_state = CT_STATE_ESTABLISHED;
	assert_false(drops(&filter, &packet));
	packet.ct_state = 0;
	assert_false(drops(&filter, &packet));
	packet.ct_state = CT_STATE_NEW;
	RULE(&filter.chains[0],
	     { .kind = EXPRESSION_CT_STATE, .ct_states = CT_STATE_ESTABLISHED },
	     VERDICT(ACCEPT));
	assert_true(drops(&filter, &packet));
	packet.ct_state = 0;
	assert_false(drops(&filter, &packet));
	packet_filter_clear(&filter);
}

static void test_sets_and_maps(void **state UNUSED)
{
	struct filter_element elements[] = {
		{ .key = { 0, 22 }, .chain = -1, .verdict = VERDICT_DROP },
		{ .key = { 0, 80 }, .chain = -1, .verdict = VERDICT_ACCEPT },
	};
	struct filter_set set = { .length = 2, .elements = elements, .count = 2 };
	struct packet_filter filter = { .sets = &set, .set_count = 1 };
	struct packet packet = packet_to(80);
	struct filter_chain *chain = add_base(&filter, true);

	RULE(chain, PORT_LOAD, { .kind = EXPRESSION_LOOKUP, .set = 0 }, VERDICT(ACCEPT));
	assert_false(drops(&filter, &packet));
	packet.target_port = 81;
	assert_true(drops(&filter, &packet));
	RULE(chain, PORT_LOAD, { .kind = EXPRESSION_LOOKUP, .set = 0, .inverts = true },
	     VERDICT(ACCEPT));
	assert_false(drops(&filter, &packet));

	chain->drops = false;
	free(chain->rules[0].expressions);
	free(chain->rules[1].expressions);
	chain->count = 0;
	RULE(chain, PORT_LOAD, { .kind = EXPRESSION_LOOKUP, .set = 0, .maps = true });
	RULE(chain, VERDICT(DROP));
	packet.target_port = 80;
	assert_false(drops(&filter, &packet));
	packet.target_port = 22;
	assert_true(drops(&filter, &packet));
	/* In a set that was not read anything may be. */
	chain->rules[0].expressions[1].set = -1;
	assert_false(drops(&filter, &packet));
	filter.sets = NULL;
	filter.set_count = 0;
	packet_filter_clear(&filter);
}

static void test_jumps(void **state UNUSED)
{
	struct packet_filter filter = { 0 };
	struct packet packet = packet_to(80);

	RULE(add_base(&filter, true), TO(JUMP, 1));
	RULE(add_chain(&filter, "one"), VERDICT(RETURN));
	assert_true(drops(&filter, &packet));
	RULE(&filter.chains[0], TO(GOTO, 2));
	RULE(&filter.chains[0], VERDICT(ACCEPT));
	RULE(add_chain(&filter, "two"), PORT_LOAD, PORT_IS(22), VERDICT(ACCEPT));
	/* What goes there and matches nothing is left to the policy. */
	assert_true(drops(&filter, &packet));
	packet.target_port = 22;
	assert_false(drops(&filter, &packet));
	packet.target_port = 80;
	filter.chains[2].read = false;
	assert_false(drops(&filter, &packet));
	packet_filter_clear(&filter);
}

static void test_return_that_may_happen_saves_from_a_drop(void **state UNUSED)
{
	struct packet_filter filter = { 0 };
	struct packet packet = packet_to(80);

	RULE(add_base(&filter, false), TO(JUMP, 1));
	RULE(add_chain(&filter, "one"), UNKNOWN, VERDICT(RETURN));
	RULE(&filter.chains[1], VERDICT(DROP));
	assert_false(drops(&filter, &packet));
	packet_filter_clear(&filter);
}

static void test_endless_jumps_end(void **state UNUSED)
{
	struct packet_filter filter = { 0 };
	struct packet packet = packet_to(80);

	RULE(add_base(&filter, true), TO(JUMP, 1));
	RULE(add_chain(&filter, "one"), TO(JUMP, 1));
	RULE(&filter.chains[1], TO(JUMP, 1));
	assert_false(drops(&filter, &packet));
	packet_filter_clear(&filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_alone),
		cmocka_unit_test(test_rule_for_the_port),
		cmocka_unit_test(test_memory_is_of_what_was_looked_at),
		cmocka_unit_test(test_what_is_not_understood_may_accept),
		cmocka_unit_test(test_rule_that_may_drop_does_not),
		cmocka_unit_test(test_link_that_is_not_known_is_not_lo),
		cmocka_unit_test(test_states_of_connections),
		cmocka_unit_test(test_sets_and_maps),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_return_that_may_happen_saves_from_a_drop),
		cmocka_unit_test(test_endless_jumps_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

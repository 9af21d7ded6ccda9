/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/option_values.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "agent/model/service.h"
#include "common/log.h"
#include "common/parse.h"

enum {
	DURATION_MAX_DAYS = 365,
	RESYNC_MIN_USEC = 1000000,
	NODE_NAME_MAX = 253, /* Kubernetes: the name of a Node is a DNS subdomain */
};

static const uint64_t duration_max_usec = DURATION_MAX_DAYS * 24ULL * 3600 * 1000000;

static int take_path(const char *value, const char **path, struct err *err)
{
	if (value[0] == '\0')
		return err_set(err, EINVAL, "the path is empty");
	*path = value;
	return 0;
}

static int take_time(const char *value, uint64_t min_usec, uint64_t *usec,
		     struct err *err)
{
	uint64_t parsed;
	int r = parse_duration(value, duration_max_usec, &parsed);

	if (r == -ERANGE || (r == 0 && parsed < min_usec))
		return err_set(err, EINVAL, "%s is out of range", value);
	if (r < 0)
		return err_set(err, EINVAL, "'%s' is not a time such as 30s, 500ms, 5min",
			       value);
	*usec = parsed;
	return 0;
}

static int take_name(const char *value, size_t max, const char **name, struct err *err)
{
	if (value[0] == '\0' || strlen(value) > max)
		return err_set(err, EINVAL, "'%.60s' is not a name of 1 to %zu bytes",
			       value, max);
	*name = value;
	return 0;
}

/* The index of a word, or -EINVAL. */
static int find_word(const char *value, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], value) == 0)
			return (int)i;
	}
	return -EINVAL;
}

/* Calls take for each part of a list with commas, of which none may be empty. */
static int take_list(const char *value,
		     int (*take)(struct options *options, const char *text, int length,
				 struct err *err),
		     struct options *options, struct err *err)
{
	for (;;) {
		size_t length = strcspn(value, ",");
		int r = take(options, value, (int)length, err);

		if (r < 0 || value[length] == '\0')
			return r;
		value += length + 1;
	}
}

static int set_state(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	return take_path(value, &options->state_path, err);
}

static int set_run_directory(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	return take_path(value, &options->run_directory, err);
}

static int set_data_directory(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	return take_path(value, &options->data_directory, err);
}

static int set_output(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
		return err_set(err, EINVAL, "'%s' is neither text nor json", value);
	options->json = strcmp(value, "json") == 0;
	return 0;
}

static int set_log_level(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	if (log_level_from_name(value, &options->log_level) < 0)
		return err_set(err, EINVAL,
			       "'%s' is none of error, warning, notice, info, debug",
			       value);
	return 0;
}

static int set_wait(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	options->wait = true;
	options->wait_usec = UINT64_MAX;
	return value ? take_time(value, 0, &options->wait_usec, err) : 0;
}

static int set_resync(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	return take_time(value, RESYNC_MIN_USEC, &options->resync_usec, err);
}

static int set_drain_timeout(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	return take_time(value, 0, &options->drain_timeout_usec, err);
}

static int set_removal_hold(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	return take_time(value, 0, &options->removal_hold_usec, err);
}

static int set_adopt(void *context, const char *value, struct err *err)
{
	static const char *const words[] = {
		[ADOPT_EQUAL] = "equal",
		[ADOPT_ALL] = "all",
		[ADOPT_NONE] = "none",
	};
	struct options *options = context;
	int word = find_word(value, words, ARRAY_SIZE(words));

	if (word < 0)
		return err_set(err, EINVAL, "'%s' is none of equal, all, none", value);
	options->adopt = (enum adopt_mode)word;
	return 0;
}

static int set_no_endpoints(void *context, const char *value, struct err *err)
{
	static const char *const words[] = {
		[NO_ENDPOINTS_NONE] = "none",
		[NO_ENDPOINTS_REJECT] = "reject",
		[NO_ENDPOINTS_DROP] = "drop",
	};
	struct options *options = context;
	int word = find_word(value, words, ARRAY_SIZE(words));

	if (word < 0)
		return err_set(err, EINVAL, "'%s' is none of reject, drop, none", value);
	options->no_endpoints = (enum no_endpoints)word;
	return 0;
}

static int set_masquerade_bit(void *context, const char *value, struct err *err)
{
	struct options *options = context;
	uint32_t parsed;

	if (parse_u32(value, 0, MASQUERADE_BIT_MAX, &parsed) < 0)
		return err_set(err, EINVAL, "'%s' is not in 0..%d", value,
			       MASQUERADE_BIT_MAX);
	options->masquerade_bit = (uint8_t)parsed;
	return 0;
}

static int add_cluster_network(struct options *options, const char *text, int length,
			       struct err *err)
{
	struct network network;
	char one[NETWORK_TEXT];
	size_t at = options->cluster_network_count;
	int n = snprintf(one, sizeof(one), "%.*s", length, text);

	if (n < 0 || n >= (int)sizeof(one) || network_parse(one, &network) < 0)
		return err_set(err, EINVAL,
			       "'%.*s' is not a network such as 10.244.0.0/16", length,
			       text);
	if (network.prefix == 0)
		return err_set(err, EINVAL, "%s is every address", one);
	if (at == CLUSTER_NETWORKS_MAX)
		return err_set(err, EINVAL, "more than %d networks",
			       CLUSTER_NETWORKS_MAX);
	/* Sorted, so that the order they are given in means nothing. */
	for (;
	     at > 0 && network_compare(&options->cluster_networks[at - 1], &network) > 0;
	     at--)
		options->cluster_networks[at] = options->cluster_networks[at - 1];
	options->cluster_networks[at] = network;
	options->cluster_network_count++;
	return 0;
}

static int set_cluster_cidr(void *context, const char *value, struct err *err)
{
	return take_list(value, add_cluster_network, context, err);
}

static int add_node_port_network(struct options *options, const char *text, int length,
				 struct err *err)
{
	struct state_settings *settings = &options->cluster;
	char one[NETWORK_TEXT] = "";

	if (settings->node_port_network_count == NODE_PORT_NETWORKS_MAX)
		return err_set(err, EINVAL, "more than %d networks",
			       NODE_PORT_NETWORKS_MAX);
	if (length < (int)sizeof(one))
		memcpy(one, text, (size_t)length);
	if (network_parse(
		    one,
		    &settings->node_port_networks[settings->node_port_network_count]) < 0)
		return err_set(err, EINVAL,
			       "'%.*s' is not a network such as 192.0.2.0/24",
			       MIN_OF(length, 60), text);
	settings->node_port_network_count++;
	return 0;
}

static int set_node_port_addresses(void *context, const char *value, struct err *err)
{
	return take_list(value, add_node_port_network, context, err);
}

static int set_service_cidr(void *context, const char *value, struct err *err)
{
	struct options *options = context;
	struct network network;

	if (network_parse(value, &network) < 0 || network.prefix == 0)
		return err_set(
			err, EINVAL,
			"'%s' is not a network such as 10.96.0.0/12 or fd00:10:96::/112",
			value);
	if (options->service_network_count == SERVICE_NETWORKS_MAX)
		return err_set(err, EINVAL, "more than %d networks",
			       SERVICE_NETWORKS_MAX);
	options->service_networks[options->service_network_count++] = network;
	return 0;
}

static int add_rule(const char *what, const char *text, int length,
		    int (*add)(struct guard_rules *rules, const char *text),
		    struct guard_rules *rules, struct err *err)
{
	char one[GUARD_NAMESPACE_MAX + 1] = "";
	int r = -EINVAL;

	if (length < (int)sizeof(one)) {
		memcpy(one, text, (size_t)length);
		r = add(rules, one);
	}
	if (r == -E2BIG)
		return err_set(err, EINVAL, "more than %d", GUARD_RULES_MAX);
	if (r == -ERANGE)
		return err_set(err, EINVAL, "%s is every address", one);
	if (r < 0)
		return err_set(err, EINVAL, "'%.*s' is %s", MIN_OF(length, 60), text,
			       what);
	return 0;
}

static int add_reserved(struct options *options, const char *text, int length,
			struct err *err)
{
	return add_rule("not an address, nor a network such as 192.0.2.0/24", text,
			length, guard_rules_reserve, &options->guard, err);
}

static int set_reserve(void *context, const char *value, struct err *err)
{
	return take_list(value, add_reserved, context, err);
}

static int add_permitted(struct options *options, const char *text, int length,
			 struct err *err)
{
	return add_rule("neither an address or network nor the name of a namespace", text,
			length, guard_rules_permit, &options->guard, err);
}

static int set_permit(void *context, const char *value, struct err *err)
{
	return take_list(value, add_permitted, context, err);
}

static int set_node_name(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	return take_name(value, NODE_NAME_MAX, &options->cluster.node_name, err);
}

static int set_scheduler(void *context, const char *value, struct err *err)
{
	struct options *options = context;

	return take_name(value, SCHEDULER_NAME_MAX, &options->cluster.scheduler, err);
}

/*
 * What the kernel takes (net/core/dev.c: dev_valid_name), but for what sysctls give a
 * meaning.
 */
static int set_link(void *context, const char *value, struct err *err)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	struct options *options = context;

	if (value[0] == '\0' || strlen(value) >= IF_NAMESIZE ||
	    value[strspn(value, letters)] != '\0' || value[0] == '.' ||
	    strcmp(value, "lo") == 0 || strcmp(value, "all") == 0 ||
	    strcmp(value, "default") == 0)
		return err_set(
			err, EINVAL,
			"'%s' is not a name for a link: 1 to 15 letters, digits, '.', '_' or '-'",
			value);
	options->link = value;
	return 0;
}

const struct option_action agent_option_actions[OPTION_COUNT] = {
	[OPTION_DRY_RUN] = OPTION_FLAG(struct options, dry_run),
	[OPTION_ALLOW_REMOVAL] = OPTION_FLAG(struct options, allow_removal),
	[OPTION_RELOAD] = OPTION_FLAG(struct options, reload),
	[OPTION_WAIT] = OPTION_VALUE(set_wait),
	[OPTION_RESYNC] = OPTION_VALUE(set_resync),
	[OPTION_STRICT_READY] = OPTION_FLAG(struct options, strict_ready),
	[OPTION_REMOVAL_HOLD] = OPTION_VALUE(set_removal_hold),
	[OPTION_ADOPT] = OPTION_VALUE(set_adopt),
	[OPTION_DRAIN_TIMEOUT] = OPTION_VALUE(set_drain_timeout),
	[OPTION_DRAIN_UDP] = OPTION_FLAG(struct options, drain_udp),
	[OPTION_NO_DRAIN] = OPTION_FLAG(struct options, no_drain),
	[OPTION_CLUSTER_CIDR] = OPTION_VALUE(set_cluster_cidr),
	[OPTION_MASQUERADE_ALL] = OPTION_FLAG(struct options, masquerade_all),
	[OPTION_MASQUERADE_BIT] = OPTION_VALUE(set_masquerade_bit),
	[OPTION_NO_ENDPOINTS] = OPTION_VALUE(set_no_endpoints),
	[OPTION_NODE_NAME] = OPTION_VALUE(set_node_name),
	[OPTION_SCHEDULER] = OPTION_VALUE(set_scheduler),
	[OPTION_NODE_PORT_ADDRESSES] = OPTION_VALUE(set_node_port_addresses),
	[OPTION_RESERVE] = OPTION_VALUE(set_reserve),
	[OPTION_PERMIT] = OPTION_VALUE(set_permit),
	[OPTION_LINK] = OPTION_VALUE(set_link),
	[OPTION_KEEP_LINK] = OPTION_FLAG(struct options, keep_link),
	[OPTION_SERVICE_CIDR] = OPTION_VALUE(set_service_cidr),
	[OPTION_STRICT_ARP] = OPTION_FLAG(struct options, strict_arp),
	[OPTION_DATA_DIR] = OPTION_VALUE(set_data_directory),
	[OPTION_NO_AUTOLOAD] = OPTION_FLAG(struct options, no_autoload),
	[OPTION_STATE] = OPTION_VALUE(set_state),
	[OPTION_RUN_DIR] = OPTION_VALUE(set_run_directory),
	[OPTION_OUTPUT] = OPTION_VALUE(set_output),
	[OPTION_LOG_LEVEL] = OPTION_VALUE(set_log_level),
};

static bool overlap(const struct network *a, const struct network *b)
{
	return network_contains(a, &b->address) || network_contains(b, &a->address);
}

/* The route of a service network makes each of its addresses local, reserved ones too. */
int option_values_check(const struct options *options, struct err *err)
{
	char reserved[NETWORK_TEXT], local[NETWORK_TEXT];

	for (size_t i = 0; i < options->guard.reserved_count; i++) {
		for (size_t k = 0; k < options->service_network_count; k++) {
			const struct network *a = &options->guard.reserved[i];
			const struct network *b = &options->service_networks[k];

			if (overlap(a, b))
				return err_set(
					err, EINVAL,
					"--reserve: %s is in --service-cidr %s, of which every address is local here",
					network_format(a, reserved),
					network_format(b, local));
		}
	}
	return 0;
}

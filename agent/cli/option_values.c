/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/option_values.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/parse.h"

enum { DURATION_MAX_DAYS = 365 };
static const uint64_t duration_max_usec = DURATION_MAX_DAYS * 24ULL * 3600 * 1000000;

int option_parse_path(const char *option, const char *value, const char **path,
		      struct err *err)
{
	if (value[0] == '\0')
		return err_set(err, EINVAL, "%s: the path is empty", option);
	*path = value;
	return 0;
}

int option_parse_output(const char *value, bool *json, struct err *err)
{
	if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
		return err_set(err, EINVAL, "--output: '%s' is neither text nor json",
			       value);
	*json = strcmp(value, "json") == 0;
	return 0;
}

int option_parse_time(const char *option, const char *value, uint64_t min_usec,
		      uint64_t *usec, struct err *err)
{
	uint64_t parsed;
	int r = parse_duration(value, duration_max_usec, &parsed);

	if (r == -ERANGE || (r == 0 && parsed < min_usec))
		return err_set(err, EINVAL, "%s: %s is out of range", option, value);
	if (r < 0)
		return err_set(err, EINVAL,
			       "%s: '%s' is not a time such as 30s, 500ms, 5min", option,
			       value);
	*usec = parsed;
	return 0;
}

int option_parse_level(const char *value, struct err *err)
{
	int level;

	if (log_level_from_name(value, &level) < 0)
		return err_set(
			err, EINVAL,
			"--log-level: '%s' is none of error, warning, notice, info, debug",
			value);
	log_set_level(level);
	return 0;
}

int option_parse_adopt(const char *value, enum adopt_mode *adopt, struct err *err)
{
	static const char *const names[] = {
		[ADOPT_EQUAL] = "equal",
		[ADOPT_ALL] = "all",
		[ADOPT_NONE] = "none",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], value) == 0) {
			*adopt = (enum adopt_mode)i;
			return 0;
		}
	}
	return err_set(err, EINVAL, "--adopt: '%s' is none of equal, all, none", value);
}

int option_parse_bit(const char *value, uint8_t *bit, struct err *err)
{
	uint32_t parsed;

	if (parse_u32(value, 0, MASQUERADE_BIT_MAX, &parsed) < 0)
		return err_set(err, EINVAL, "--masquerade-bit: '%s' is not in 0..%d",
			       value, MASQUERADE_BIT_MAX);
	*bit = (uint8_t)parsed;
	return 0;
}

int option_parse_no_endpoints(const char *value, enum no_endpoints *mode, struct err *err)
{
	static const char *const names[] = {
		[NO_ENDPOINTS_NONE] = "none",
		[NO_ENDPOINTS_REJECT] = "reject",
		[NO_ENDPOINTS_DROP] = "drop",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], value) == 0) {
			*mode = (enum no_endpoints)i;
			return 0;
		}
	}
	return err_set(err, EINVAL, "--no-endpoints: '%s' is none of reject, drop, none",
		       value);
}

static int add_cluster_network(const char *text, int length, struct options *options,
			       struct err *err)
{
	struct network network;
	char one[NETWORK_TEXT];
	size_t at = options->cluster_network_count;
	int n = snprintf(one, sizeof(one), "%.*s", length, text);

	if (n < 0 || n >= (int)sizeof(one) || network_parse(one, &network) < 0)
		return err_set(
			err, EINVAL,
			"--cluster-cidr: '%.*s' is not a network such as 10.244.0.0/16",
			length, text);
	if (network.prefix == 0)
		return err_set(err, EINVAL, "--cluster-cidr: %s is every address", one);
	if (at == CLUSTER_NETWORKS_MAX)
		return err_set(err, EINVAL, "--cluster-cidr: more than %d networks",
			       CLUSTER_NETWORKS_MAX);
	/* In their order, so that theirs on the command line is of no meaning. */
	for (;
	     at > 0 && network_compare(&options->cluster_networks[at - 1], &network) > 0;
	     at--)
		options->cluster_networks[at] = options->cluster_networks[at - 1];
	options->cluster_networks[at] = network;
	options->cluster_network_count++;
	return 0;
}

int option_parse_cluster(const char *value, struct options *options, struct err *err)
{
	int r = 0;

	for (const char *at = value; r == 0; at++) {
		size_t length = strcspn(at, ",");

		r = add_cluster_network(at, (int)length, options, err);
		at += length;
		if (*at == '\0')
			break;
	}
	return r;
}

int option_parse_wait(const char *value, struct options *options, struct err *err)
{
	options->wait = true;
	options->wait_usec = UINT64_MAX;
	return value ? option_parse_time("--wait", value, 0, &options->wait_usec, err)
		     : 0;
}

int option_parse_name(const char *option, const char *value, size_t max,
		      const char **name, struct err *err)
{
	if (value[0] == '\0' || strlen(value) > max)
		return err_set(err, EINVAL, "%s: '%.60s' is not a name of 1 to %zu bytes",
			       option, value, max);
	*name = value;
	return 0;
}

/* Networks with commas between them; the option may be given more than once. */
int option_parse_node_port_addresses(const char *value, struct state_settings *settings,
				     struct err *err)
{
	while (1) {
		size_t length = strcspn(value, ",");
		char text[NETWORK_TEXT] = "";

		if (settings->node_port_network_count == NODE_PORT_NETWORKS_MAX)
			return err_set(err, EINVAL,
				       "--node-port-addresses: more than %d networks",
				       NODE_PORT_NETWORKS_MAX);
		if (length < sizeof(text))
			memcpy(text, value, length);
		if (network_parse(text, &settings->node_port_networks
						 [settings->node_port_network_count]) < 0)
			return err_set(
				err, EINVAL,
				"--node-port-addresses: '%.*s' is not a network such as 192.0.2.0/24",
				(int)MIN_OF(length, (size_t)60), value);
		settings->node_port_network_count++;
		if (value[length] == '\0')
			return 0;
		value += length + 1;
	}
}

/* What the kernel takes (net/core/dev.c: dev_valid_name), but for what means something in sysctls. */
int option_parse_link(const char *value, const char **link, struct err *err)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (value[0] == '\0' || strlen(value) >= IF_NAMESIZE ||
	    value[strspn(value, letters)] != '\0' || value[0] == '.' ||
	    strcmp(value, "lo") == 0 || strcmp(value, "all") == 0 ||
	    strcmp(value, "default") == 0)
		return err_set(
			err, EINVAL,
			"--link: '%s' is not a name for a link: 1 to 15 letters, digits, '.', '_' or '-'",
			value);
	*link = value;
	return 0;
}

int option_parse_service_network(const char *value, struct options *options,
				 struct err *err)
{
	struct network network;

	if (network_parse(value, &network) < 0 || network.prefix == 0)
		return err_set(
			err, EINVAL,
			"--service-cidr: '%s' is not a network such as 10.96.0.0/12 or fd00:10:96::/112",
			value);
	if (options->service_network_count == SERVICE_NETWORKS_MAX)
		return err_set(err, EINVAL, "--service-cidr: more than %d networks",
			       SERVICE_NETWORKS_MAX);
	options->service_networks[options->service_network_count++] = network;
	return 0;
}

/* Each of a list with commas; the option may be given more than once. */
static int add_rules(const char *option, const char *what, const char *value,
		     int (*add)(struct guard_rules *rules, const char *text),
		     struct guard_rules *rules, struct err *err)
{
	while (1) {
		int length = (int)strcspn(value, ",");
		char text[GUARD_NAMESPACE_MAX + 1] = "";
		int r = -EINVAL;

		if (length < (int)sizeof(text)) {
			memcpy(text, value, (size_t)length);
			r = add(rules, text);
		}
		if (r == -E2BIG)
			return err_set(err, EINVAL, "%s: more than %d", option,
				       GUARD_RULES_MAX);
		if (r == -ERANGE)
			return err_set(err, EINVAL, "%s: %s is every address", option,
				       text);
		if (r < 0)
			return err_set(err, EINVAL, "%s: '%.*s' is %s", option,
				       MIN_OF(length, 60), value, what);
		if (value[length] == '\0')
			return 0;
		value += length + 1;
	}
}

int option_parse_reserve(const char *value, struct options *options, struct err *err)
{
	return add_rules("--reserve",
			 "not an address, nor a network such as 192.0.2.0/24", value,
			 guard_rules_reserve, &options->guard, err);
}

int option_parse_permit(const char *value, struct options *options, struct err *err)
{
	return add_rules("--permit",
			 "neither an address or network nor the name of a namespace",
			 value, guard_rules_permit, &options->guard, err);
}

static bool overlap(const struct network *a, const struct network *b)
{
	return network_contains(a, &b->address) || network_contains(b, &a->address);
}

/* The route of a service network makes each of its addresses local, reserved ones too. */
int option_check_guard(const struct options *options, struct err *err)
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

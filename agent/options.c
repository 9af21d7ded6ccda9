/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/options.h"

#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "agent/kernel/node_address.h"
#include "agent/table/service.h"
#include "common/log.h"
#include "common/parse.h"

enum { DURATION_MAX_DAYS = 365 };
static const uint64_t duration_max_usec = DURATION_MAX_DAYS * 24ULL * 3600 * 1000000;

/* Kubernetes: the name of a Node is a DNS subdomain. */
enum { NODE_NAME_MAX = 253 };

static const char default_run_directory[] = "/run/ipvs-node";
static const char default_data_directory[] = "/var/lib/ipvs-node";

enum option_code {
	OPTION_STATE = 256,
	OPTION_RUN_DIR,
	OPTION_OUTPUT,
	OPTION_LOG_LEVEL,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_DRY_RUN,
	OPTION_NO_AUTOLOAD,
	OPTION_STRICT_READY,
	OPTION_WAIT,
	OPTION_RESYNC,
	OPTION_ADOPT,
	OPTION_DRAIN_TIMEOUT,
	OPTION_DRAIN_UDP,
	OPTION_NO_DRAIN,
	OPTION_ALLOW_REMOVAL,
	OPTION_REMOVAL_HOLD,
	OPTION_DATA_DIR,
	OPTION_NODE_NAME,
	OPTION_SCHEDULER,
	OPTION_NODE_PORT_ADDRESSES,
	OPTION_LINK,
	OPTION_SERVICE_CIDR,
	OPTION_STRICT_ARP,
	OPTION_MASQUERADE_BIT,
	OPTION_MASQUERADE_ALL,
	OPTION_CLUSTER_CIDR,
	OPTION_NO_ENDPOINTS,
};

static const struct option long_options[] = {
	{ "state", required_argument, NULL, OPTION_STATE },
	{ "run-dir", required_argument, NULL, OPTION_RUN_DIR },
	{ "output", required_argument, NULL, OPTION_OUTPUT },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "no-autoload", no_argument, NULL, OPTION_NO_AUTOLOAD },
	{ "strict-ready", no_argument, NULL, OPTION_STRICT_READY },
	{ "wait", optional_argument, NULL, OPTION_WAIT },
	{ "resync", required_argument, NULL, OPTION_RESYNC },
	{ "adopt", required_argument, NULL, OPTION_ADOPT },
	{ "drain-timeout", required_argument, NULL, OPTION_DRAIN_TIMEOUT },
	{ "drain-udp", no_argument, NULL, OPTION_DRAIN_UDP },
	{ "no-drain", no_argument, NULL, OPTION_NO_DRAIN },
	{ "allow-removal", no_argument, NULL, OPTION_ALLOW_REMOVAL },
	{ "removal-hold", required_argument, NULL, OPTION_REMOVAL_HOLD },
	{ "data-dir", required_argument, NULL, OPTION_DATA_DIR },
	{ "node-name", required_argument, NULL, OPTION_NODE_NAME },
	{ "scheduler", required_argument, NULL, OPTION_SCHEDULER },
	{ "node-port-addresses", required_argument, NULL, OPTION_NODE_PORT_ADDRESSES },
	{ "link", required_argument, NULL, OPTION_LINK },
	{ "service-cidr", required_argument, NULL, OPTION_SERVICE_CIDR },
	{ "strict-arp", no_argument, NULL, OPTION_STRICT_ARP },
	{ "masquerade-bit", required_argument, NULL, OPTION_MASQUERADE_BIT },
	{ "masquerade-all", no_argument, NULL, OPTION_MASQUERADE_ALL },
	{ "cluster-cidr", required_argument, NULL, OPTION_CLUSTER_CIDR },
	{ "no-endpoints", required_argument, NULL, OPTION_NO_ENDPOINTS },
	{ 0 },
};

/* Those options that only some commands take. */
static const struct {
	enum option_code code;
	unsigned int takes;
	const char *name;
	bool daemon_own; /* what a running daemon does by its own option, whatever apply's is */
} special[] = {
	{ OPTION_DRY_RUN, TAKES_DRY_RUN, "--dry-run", false },
	{ OPTION_NO_AUTOLOAD, TAKES_NO_AUTOLOAD, "--no-autoload", false },
	{ OPTION_STRICT_READY, TAKES_STRICT_READY, "--strict-ready", false },
	{ OPTION_WAIT, TAKES_WAIT, "--wait", false },
	{ OPTION_RESYNC, TAKES_RESYNC, "--resync", false },
	{ OPTION_ADOPT, TAKES_POLICY, "--adopt", true },
	{ OPTION_DRAIN_TIMEOUT, TAKES_POLICY, "--drain-timeout", true },
	{ OPTION_DRAIN_UDP, TAKES_POLICY, "--drain-udp", true },
	{ OPTION_NO_DRAIN, TAKES_POLICY, "--no-drain", true },
	{ OPTION_ALLOW_REMOVAL, TAKES_ALLOW_REMOVAL, "--allow-removal", false },
	{ OPTION_REMOVAL_HOLD, TAKES_REMOVAL_HOLD, "--removal-hold", false },
	{ OPTION_DATA_DIR, TAKES_DATA_DIR, "--data-dir", true },
	{ OPTION_NODE_NAME, TAKES_CLUSTER, "--node-name", true },
	{ OPTION_SCHEDULER, TAKES_CLUSTER, "--scheduler", true },
	{ OPTION_NODE_PORT_ADDRESSES, TAKES_CLUSTER, "--node-port-addresses", true },
	{ OPTION_LINK, TAKES_ADDRESSES, "--link", true },
	{ OPTION_SERVICE_CIDR, TAKES_ADDRESSES, "--service-cidr", true },
	{ OPTION_STRICT_ARP, TAKES_ADDRESSES, "--strict-arp", true },
	{ OPTION_MASQUERADE_BIT, TAKES_POLICY, "--masquerade-bit", true },
	{ OPTION_MASQUERADE_ALL, TAKES_POLICY, "--masquerade-all", true },
	{ OPTION_CLUSTER_CIDR, TAKES_POLICY, "--cluster-cidr", true },
	{ OPTION_NO_ENDPOINTS, TAKES_POLICY, "--no-endpoints", true },
};

static int check_taken(int code, unsigned int takes, const char *command,
		       struct options *options, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(special); i++) {
		if ((int)special[i].code != code)
			continue;
		if (!(takes & special[i].takes))
			return err_set(err, EINVAL, "%s does not take %s", command,
				       special[i].name);
		if (special[i].daemon_own && !options->daemon_own)
			options->daemon_own = special[i].name;
	}
	return 0;
}

static int parse_path(const char *option, const char *value, const char **path,
		      struct err *err)
{
	if (value[0] == '\0')
		return err_set(err, EINVAL, "%s: the path is empty", option);
	*path = value;
	return 0;
}

static int parse_output(const char *value, bool *json, struct err *err)
{
	if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
		return err_set(err, EINVAL, "--output: '%s' is neither text nor json",
			       value);
	*json = strcmp(value, "json") == 0;
	return 0;
}

static int parse_time(const char *option, const char *value, uint64_t min_usec,
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

static int parse_level(const char *value, struct err *err)
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

static int parse_adopt(const char *value, enum adopt_mode *adopt, struct err *err)
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

static int parse_bit(const char *value, uint8_t *bit, struct err *err)
{
	uint32_t parsed;

	if (parse_u32(value, 0, MASQUERADE_BIT_MAX, &parsed) < 0)
		return err_set(err, EINVAL, "--masquerade-bit: '%s' is not in 0..%d",
			       value, MASQUERADE_BIT_MAX);
	*bit = (uint8_t)parsed;
	return 0;
}

static int parse_no_endpoints(const char *value, enum no_endpoints *mode, struct err *err)
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

static int parse_cluster(const char *value, struct options *options, struct err *err)
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

static int parse_wait(const char *value, struct options *options, struct err *err)
{
	options->wait = true;
	options->wait_usec = UINT64_MAX;
	return value ? parse_time("--wait", value, 0, &options->wait_usec, err) : 0;
}

static int parse_name(const char *option, const char *value, size_t max,
		      const char **name, struct err *err)
{
	if (value[0] == '\0' || strlen(value) > max)
		return err_set(err, EINVAL, "%s: '%.60s' is not a name of 1 to %zu bytes",
			       option, value, max);
	*name = value;
	return 0;
}

/* Networks with commas between them; the option may be given more than once. */
static int parse_node_port_addresses(const char *value, struct state_settings *settings,
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
static int parse_link(const char *value, const char **link, struct err *err)
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

static int parse_service_network(const char *value, struct options *options,
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

static int parse_option(int code, struct options *options, struct err *err)
{
	switch (code) {
	case OPTION_STATE:
		return parse_path("--state", optarg, &options->state_path, err);
	case OPTION_RUN_DIR:
		return parse_path("--run-dir", optarg, &options->run_directory, err);
	case OPTION_OUTPUT:
		return parse_output(optarg, &options->json, err);
	case OPTION_LOG_LEVEL:
		return parse_level(optarg, err);
	case OPTION_WAIT:
		return parse_wait(optarg, options, err);
	case OPTION_RESYNC:
		return parse_time("--resync", optarg, 1000000, &options->resync_usec,
				  err);
	case OPTION_ADOPT:
		return parse_adopt(optarg, &options->adopt, err);
	case OPTION_DRAIN_TIMEOUT:
		return parse_time("--drain-timeout", optarg, 0,
				  &options->drain_timeout_usec, err);
	case OPTION_REMOVAL_HOLD:
		return parse_time("--removal-hold", optarg, 0,
				  &options->removal_hold_usec, err);
	case OPTION_DATA_DIR:
		return parse_path("--data-dir", optarg, &options->data_directory, err);
	case OPTION_NODE_NAME:
		return parse_name("--node-name", optarg, NODE_NAME_MAX,
				  &options->cluster.node_name, err);
	case OPTION_SCHEDULER:
		return parse_name("--scheduler", optarg, SCHEDULER_NAME_MAX,
				  &options->cluster.scheduler, err);
	case OPTION_NODE_PORT_ADDRESSES:
		return parse_node_port_addresses(optarg, &options->cluster, err);
	case OPTION_LINK:
		return parse_link(optarg, &options->link, err);
	case OPTION_SERVICE_CIDR:
		return parse_service_network(optarg, options, err);
	case OPTION_STRICT_ARP:
		options->strict_arp = true;
		return 0;
	case OPTION_MASQUERADE_BIT:
		return parse_bit(optarg, &options->masquerade_bit, err);
	case OPTION_CLUSTER_CIDR:
		return parse_cluster(optarg, options, err);
	case OPTION_NO_ENDPOINTS:
		return parse_no_endpoints(optarg, &options->no_endpoints, err);
	case OPTION_MASQUERADE_ALL:
		options->masquerade_all = true;
		return 0;
	case OPTION_DRAIN_UDP:
		options->drain_udp = true;
		return 0;
	case OPTION_NO_DRAIN:
		options->no_drain = true;
		return 0;
	case OPTION_ALLOW_REMOVAL:
		options->allow_removal = true;
		return 0;
	case OPTION_DRY_RUN:
		options->dry_run = true;
		return 0;
	case OPTION_NO_AUTOLOAD:
		options->no_autoload = true;
		return 0;
	case OPTION_STRICT_READY:
		options->strict_ready = true;
		return 0;
	default:
		return err_set(err, EINVAL, "option without a meaning");
	}
}

/* getopt_long() answered '?' or ':': the argument before optind is the one it means. */
static int refuse_argument(int answer, char **argv, const char *command, struct err *err)
{
	const char *argument = argv[optind - 1];

	if (answer == ':')
		return err_set(err, EINVAL, "%s needs a value", argument);
	return err_set(err, EINVAL, "%s does not know the option %s", command, argument);
}

static int take_operands(int argc, char **argv, unsigned int takes,
			 struct options *options, struct err *err)
{
	if (optind < argc && !(takes & TAKES_OPERANDS))
		return err_set(err, EINVAL, "%s takes no argument, but there is '%s'",
			       argv[0], argv[optind]);
	options->operands = argv + optind;
	options->operand_count = argc - optind;
	return OPTIONS_OK;
}

int options_parse(int argc, char **argv, unsigned int takes, struct options *options,
		  struct err *err)
{
	int code, r;

	*options = (struct options){
		.state_path = "/etc/ipvs-node/state.json",
		.run_directory = default_run_directory,
		.link = "ipvs0",
		.resync_usec = 30 * 1000000,
		.removal_hold_usec = 10 * 60 * 1000000ULL,
		.drain_timeout_usec = 15 * 60 * 1000000ULL,
		.cluster = { .node_addresses = node_address_list },
		.masquerade_bit = MASQUERADE_BIT_DEFAULT,
	};
	optind = 0; /* glibc: start anew, also its inner state */
	opterr = 0;
	while ((code = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		if (code == '?' || code == ':')
			return refuse_argument(code, argv, argv[0], err);
		if (code == OPTION_HELP)
			return OPTIONS_HELP;
		if (code == OPTION_VERSION)
			return OPTIONS_VERSION;
		r = check_taken(code, takes, argv[0], options, err);
		if (r == 0)
			r = parse_option(code, options, err);
		if (r < 0)
			return r;
	}
	options->cluster.node_addresses_context = options->link;
	/* Whoever has a run directory of their own must not be given another table's last state. */
	if (!options->data_directory)
		options->data_directory = options->run_directory == default_run_directory
						  ? default_data_directory
						  : options->run_directory;
	return take_operands(argc, argv, takes, options, err);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/agent_options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>

#include "agent/kernel/node_address.h"
#include "agent/cli/option_values.h"
#include "agent/model/service.h"

/* Kubernetes: the name of a Node is a DNS subdomain. */
enum { NODE_NAME_MAX = 253 };

static const char default_run_directory[] = DEFAULT_RUN_DIRECTORY;
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
	OPTION_RELOAD,
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
	OPTION_RESERVE,
	OPTION_PERMIT,
	OPTION_KEEP_LINK,
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
	{ "reload", no_argument, NULL, OPTION_RELOAD },
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
	{ "reserve", required_argument, NULL, OPTION_RESERVE },
	{ "permit", required_argument, NULL, OPTION_PERMIT },
	{ "keep-link", no_argument, NULL, OPTION_KEEP_LINK },
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
	{ OPTION_RELOAD, TAKES_ALLOW_REMOVAL, "--reload", false },
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
	{ OPTION_RESERVE, TAKES_CLUSTER, "--reserve", true },
	{ OPTION_PERMIT, TAKES_CLUSTER, "--permit", true },
	{ OPTION_KEEP_LINK, TAKES_ADDRESSES, "--keep-link", true },
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

/* Those without a value: each turns something on. */
static const struct {
	enum option_code code;
	size_t member; /* where its bool is in struct options */
} switches[] = {
	{ OPTION_STRICT_ARP, offsetof(struct options, strict_arp) },
	{ OPTION_KEEP_LINK, offsetof(struct options, keep_link) },
	{ OPTION_MASQUERADE_ALL, offsetof(struct options, masquerade_all) },
	{ OPTION_DRAIN_UDP, offsetof(struct options, drain_udp) },
	{ OPTION_NO_DRAIN, offsetof(struct options, no_drain) },
	{ OPTION_ALLOW_REMOVAL, offsetof(struct options, allow_removal) },
	{ OPTION_RELOAD, offsetof(struct options, reload) },
	{ OPTION_DRY_RUN, offsetof(struct options, dry_run) },
	{ OPTION_NO_AUTOLOAD, offsetof(struct options, no_autoload) },
	{ OPTION_STRICT_READY, offsetof(struct options, strict_ready) },
};

static bool set_switch(int code, struct options *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		if ((int)switches[i].code != code)
			continue;
		*(bool *)((char *)options + switches[i].member) = true;
		return true;
	}
	return false;
}

static int parse_option(int code, struct options *options, struct err *err)
{
	switch (code) {
	case OPTION_STATE:
		options->state_given = true;
		return option_parse_path("--state", optarg, &options->state_path, err);
	case OPTION_RUN_DIR:
		return option_parse_path("--run-dir", optarg, &options->run_directory,
					 err);
	case OPTION_OUTPUT:
		return option_parse_output(optarg, &options->json, err);
	case OPTION_LOG_LEVEL:
		return option_parse_level(optarg, err);
	case OPTION_WAIT:
		return option_parse_wait(optarg, options, err);
	case OPTION_RESYNC:
		return option_parse_time("--resync", optarg, 1000000,
					 &options->resync_usec, err);
	case OPTION_ADOPT:
		return option_parse_adopt(optarg, &options->adopt, err);
	case OPTION_DRAIN_TIMEOUT:
		return option_parse_time("--drain-timeout", optarg, 0,
					 &options->drain_timeout_usec, err);
	case OPTION_REMOVAL_HOLD:
		return option_parse_time("--removal-hold", optarg, 0,
					 &options->removal_hold_usec, err);
	case OPTION_DATA_DIR:
		return option_parse_path("--data-dir", optarg, &options->data_directory,
					 err);
	case OPTION_NODE_NAME:
		return option_parse_name("--node-name", optarg, NODE_NAME_MAX,
					 &options->cluster.node_name, err);
	case OPTION_SCHEDULER:
		return option_parse_name("--scheduler", optarg, SCHEDULER_NAME_MAX,
					 &options->cluster.scheduler, err);
	case OPTION_NODE_PORT_ADDRESSES:
		return option_parse_node_port_addresses(optarg, &options->cluster, err);
	case OPTION_LINK:
		return option_parse_link(optarg, &options->link, err);
	case OPTION_SERVICE_CIDR:
		return option_parse_service_network(optarg, options, err);
	case OPTION_MASQUERADE_BIT:
		return option_parse_bit(optarg, &options->masquerade_bit, err);
	case OPTION_CLUSTER_CIDR:
		return option_parse_cluster(optarg, options, err);
	case OPTION_NO_ENDPOINTS:
		return option_parse_no_endpoints(optarg, &options->no_endpoints, err);
	case OPTION_RESERVE:
		return option_parse_reserve(optarg, options, err);
	case OPTION_PERMIT:
		return option_parse_permit(optarg, options, err);
	default:
		return set_switch(code, options)
			       ? 0
			       : err_set(err, EINVAL, "option without a meaning");
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
		.cluster = { .node_addresses = host_address_list },
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
	r = option_check_guard(options, err);
	if (r < 0)
		return r;
	options->own_link.name = options->link;
	options->cluster.guard = &options->guard;
	options->cluster.node_addresses_context = &options->own_link;
	/* Whoever has a run directory of their own must not be given another table's last state. */
	if (!options->data_directory)
		options->data_directory = options->run_directory == default_run_directory
						  ? default_data_directory
						  : options->run_directory;
	return take_operands(argc, argv, takes, options, err);
}

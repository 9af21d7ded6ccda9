/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/kernel/node_address.h"
#include "agent/model/guard_rules.h"
#include "agent/plan/planning.h"
#include "agent/plan/ruleset.h"
#include "agent/state/settings.h"
#include "common/network.h"

enum { SERVICE_NETWORKS_MAX = 16, CLUSTER_NETWORKS_MAX = 64 };

/*
 * What the command line and the options file ask of a command
 * (agent/cli/agent_options.h). Texts are borrowed from both.
 */
struct options {
	/* --state, default /etc/ipvs-node/state.json */
	const char *state_path;
	bool state_given; /* by --state on the command line */
	/* --run-dir, default /run/ipvs-node: record, status, lock, control */
	const char *run_directory;
	char *const *operands; /* what stands behind the options */
	int operand_count;
	/* The options file that was read (NULL: none), and its config_file_fingerprint() */
	const char *config_path;
	uint64_t config_fingerprint;
	int log_level;	  /* --log-level, in force already */
	bool json;	  /* --output=json */
	bool dry_run;	  /* apply --dry-run */
	bool no_autoload; /* --no-autoload: no scheduler is left to the kernel's modprobe */
	bool strict_ready;    /* run --strict-ready: READY only when in sync */
	bool wait;	      /* status --wait */
	uint64_t wait_usec;   /* status --wait=TIME; UINT64_MAX without a bound */
	uint64_t resync_usec; /* run --resync, default 30 s */
	/* --data-dir, default /var/lib/ipvs-node or --run-dir's: the last good state */
	const char *data_directory;
	enum adopt_mode adopt;	     /* --adopt */
	bool allow_removal;	     /* apply --allow-removal */
	bool reload;		     /* apply --reload */
	uint64_t removal_hold_usec;  /* run --removal-hold, default 10 min; 0: no hold */
	bool no_drain;		     /* --no-drain */
	bool drain_udp;		     /* --drain-udp */
	uint64_t drain_timeout_usec; /* --drain-timeout, default 15 min; 0: no deadline */
	/* How Kubernetes objects are read: --node-name, --scheduler and so on */
	struct state_settings cluster;
	struct guard_rules guard; /* --reserve and --permit; cluster.guard is this */
	struct own_link own_link; /* by its name alone */
	const char *link; /* --link, default ipvs0: a name that the kernel takes */
	struct network service_networks[SERVICE_NETWORKS_MAX]; /* --service-cidr */
	size_t service_network_count;
	bool keep_link;		/* --keep-link */
	bool strict_arp;	/* --strict-arp */
	uint8_t masquerade_bit; /* --masquerade-bit, default MASQUERADE_BIT_DEFAULT */
	bool masquerade_all;	/* --masquerade-all */
	enum no_endpoints no_endpoints; /* --no-endpoints, default none */
	/* --cluster-cidr: of both families, sorted */
	struct network cluster_networks[CLUSTER_NETWORKS_MAX];
	size_t cluster_network_count;
	/* The first option of the command line that a daemon has its own of, or NULL */
	const char *daemon_own;
};

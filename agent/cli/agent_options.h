/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/config.h"
#include "common/err.h"
#include "common/macro.h"

#define DEFAULT_RUN_DIRECTORY "/run/ipvs-node"

/* Which options a command takes, beside --state, --run-dir, --output, --log-level and --help. */
enum {
	TAKES_DRY_RUN = 1 << 0,
	TAKES_NO_AUTOLOAD = 1 << 1,
	TAKES_STRICT_READY = 1 << 2,
	TAKES_WAIT = 1 << 3,
	TAKES_RESYNC = 1 << 4,
	TAKES_OPERANDS = 1 << 5,
	/* --adopt, --drain-timeout, --drain-udp, --no-drain, --masquerade-bit, --masquerade-all,
	 * --cluster-cidr, --no-endpoints */
	TAKES_POLICY = 1 << 6,
	TAKES_ALLOW_REMOVAL = 1 << 7,
	TAKES_REMOVAL_HOLD = 1 << 8,
	TAKES_DATA_DIR = 1 << 9,
	/* --node-name, --scheduler, --node-port-addresses, --reserve, --permit */
	TAKES_CLUSTER = 1 << 10,
	TAKES_ADDRESSES = 1 << 11, /* --link, --keep-link, --service-cidr, --strict-arp */
	/* No option: without --state it is about the state of the daemon that runs. */
	ABOUT_THE_DAEMON = 1 << 12,
};

enum options_outcome {
	OPTIONS_OK = 0,
	OPTIONS_HELP = 1, /* --help was asked for */
	OPTIONS_VERSION = 2,
};

/*
 * Parses what follows the command's name (argv[0] is that name). -EINVAL with err naming the
 * argument that is wrong. Sets the log level at once.
 */
int options_parse(int argc, char **argv, unsigned int takes, struct options *options,
		  struct err *err) MUST_CHECK;

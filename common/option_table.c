/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/option_table.h"

#include <string.h>

#include "common/nearest_name.h"

enum { HELP_WIDTH = 80, HELP_INDENT = 23 };

/* Those that make the wanted table and the plan of it. */
enum {
	FOR_PLANS = FOR_RUN | FOR_APPLY | FOR_DIFF,
	FOR_STATES = FOR_PLANS | FOR_CHECK | FOR_CONVERT,
	FOR_RUN_DIRECTORY = FOR_PLANS | FOR_CHECK | FOR_STATUS | FOR_CLEANUP,
	FOR_REPORTS =
		FOR_APPLY | FOR_DIFF | FOR_CHECK | FOR_LIST | FOR_STATUS | FOR_CLEANUP,
	FOR_BOTH = FOR_AGENT | FOR_PREFLIGHT,
};

#define IN_FILE(who)   .commands = (who), .from_file = (who)
#define ON_LINE(who)   .commands = (who)
#define TAKES_ALL(who) .commands = (who), .accepted = FOR_AGENT & ~(who)

const struct option_row option_rows[OPTION_COUNT] = {
	[OPTION_DRY_RUN] = { "dry-run", NULL, "print what would be done, and do nothing",
			     NULL, ON_LINE(FOR_APPLY) },
	[OPTION_ALLOW_REMOVAL] = { "allow-removal", NULL,
				   "do it even if it takes away most of what is ours",
				   NULL, ON_LINE(FOR_APPLY) },
	[OPTION_RELOAD] = { "reload", NULL,
			    "ask a daemon or fail, and succeed where it takes the state, "
			    "even if some objects fail: for systemctl reload",
			    NULL, ON_LINE(FOR_APPLY) },
	[OPTION_WAIT] = { "wait", "TIME", "wait until it is in sync, at most this long",
			  NULL, ON_LINE(FOR_STATUS), .argument_optional = true },
	[OPTION_RESYNC] = { "resync", "TIME",
			    "compare with the kernel this often (default 30s)", "30s",
			    IN_FILE(FOR_RUN) },
	[OPTION_STRICT_READY] = { "strict-ready", NULL,
				  "tell systemd READY only when everything is in sync",
				  NULL, IN_FILE(FOR_RUN) },
	[OPTION_REMOVAL_HOLD] = { "removal-hold", "TIME",
				  "how long a state that takes away most of what is ours "
				  "is held (default 10min; 0: not at all)",
				  "10min", IN_FILE(FOR_RUN) },
	[OPTION_ADOPT] = { "adopt", "equal|all|none",
			   "services of others on keys of the state: take over those "
			   "that are equal (default), all, or none",
			   "equal", IN_FILE(FOR_PLANS), .daemon_own = true },
	[OPTION_DRAIN_TIMEOUT] = { "drain-timeout", "TIME",
				   "how long what leaves waits for its connections to "
				   "end (default 15min; 0: as long as they last)",
				   "15min", IN_FILE(FOR_PLANS), .daemon_own = true },
	[OPTION_DRAIN_UDP] = { "drain-udp", NULL,
			       "let UDP and SCTP destinations drain as well", NULL,
			       IN_FILE(FOR_PLANS), .daemon_own = true },
	[OPTION_NO_DRAIN] = { "no-drain", NULL, "what leaves goes at once", NULL,
			      IN_FILE(FOR_PLANS), .daemon_own = true },
	[OPTION_CLUSTER_CIDR] = { "cluster-cidr", "NETWORK[,NETWORK]…",
				  "networks of the cluster's own, of both families: a "
				  "client in none of them is outside; may be given "
				  "several times",
				  "10.244.0.0/16", IN_FILE(FOR_PLANS), .repeats = true,
				  .daemon_own = true },
	[OPTION_MASQUERADE_ALL] = { "masquerade-all", NULL,
				    "source NAT meant for clients outside is for all",
				    NULL, IN_FILE(FOR_PLANS), .daemon_own = true },
	[OPTION_MASQUERADE_BIT] = { "masquerade-bit", "N",
				    "the bit of a connection's mark that says so, 0 to "
				    "31 (default 14)",
				    "14", IN_FILE(FOR_PLANS), .daemon_own = true },
	[OPTION_NO_ENDPOINTS] = { "no-endpoints", "reject|drop|none",
				  "how to answer for services without destinations "
				  "(default none: as IPVS does)",
				  "none", IN_FILE(FOR_PLANS), .daemon_own = true },
	[OPTION_NODE_NAME] = { "node-name", "NAME",
			       "this node's name among the Kubernetes objects of a state",
			       "worker-1", IN_FILE(FOR_STATES), .daemon_own = true },
	[OPTION_SCHEDULER] = { "scheduler", "NAME",
			       "the scheduler of Kubernetes Services that name none "
			       "(default rr)",
			       "rr", IN_FILE(FOR_STATES), .daemon_own = true },
	[OPTION_NODE_PORT_ADDRESSES] = { "node-port-addresses", "NETWORK[,NETWORK]…",
					 "the node's addresses that have node ports; may "
					 "be given several times (default: all that are "
					 "neither loopback nor link-local)",
					 "192.0.2.0/24", IN_FILE(FOR_STATES),
					 .repeats = true, .daemon_own = true },
	[OPTION_RESERVE] = { "reserve", "ADDRESS[,ADDRESS]…",
			     "addresses or networks that must stay reachable and are "
			     "refused as virtual addresses; may be given several times",
			     "192.0.2.10", IN_FILE(FOR_STATES), .repeats = true,
			     .daemon_own = true },
	[OPTION_PERMIT] = { "permit", "WHAT[,WHAT]…",
			    "addresses or networks that are not refused for what they "
			    "are; namespaces whose Services may take ports in use; may "
			    "be given several times",
			    "kube-system", IN_FILE(FOR_STATES), .repeats = true,
			    .daemon_own = true },
	[OPTION_LINK] = { "link", "NAME",
			  "the dummy link for virtual addresses (default ipvs0)", "ipvs0",
			  IN_FILE(FOR_PLANS), .daemon_own = true },
	[OPTION_KEEP_LINK] = { "keep-link", NULL,
			       "have that link also while no address is on it", NULL,
			       IN_FILE(FOR_PLANS), .daemon_own = true },
	[OPTION_SERVICE_CIDR] = { "service-cidr", "NETWORK",
				  "a network of virtual addresses, local as a whole; may "
				  "be given several times",
				  "10.96.0.0/12", IN_FILE(FOR_PLANS), .repeats = true,
				  .daemon_own = true },
	[OPTION_STRICT_ARP] = { "strict-arp", NULL,
				"answer ARP for an address only on the link that has it",
				NULL, IN_FILE(FOR_PLANS), .daemon_own = true },
	[OPTION_DATA_DIR] = { "data-dir", "PATH",
			      "where the last good state is kept (default "
			      "/var/lib/ipvs-node; with --run-dir, that directory)",
			      "/var/lib/ipvs-node",
			      IN_FILE(FOR_RUN | FOR_APPLY | FOR_CLEANUP),
			      .daemon_own = true },
	[OPTION_NO_AUTOLOAD] = { "no-autoload", NULL,
				 "leave no scheduler to the kernel's own module loading",
				 NULL, IN_FILE(FOR_RUN | FOR_APPLY) },

	[OPTION_CHECK] = { "check", NULL, "load nothing, only look", NULL,
			   ON_LINE(FOR_PREFLIGHT) },
	[OPTION_MODULE] = { "module", "NAME",
			    "a further module that is needed; may be given several times",
			    "ip_vs_ftp", IN_FILE(FOR_PREFLIGHT), .repeats = true },
	[OPTION_CONN_TAB_BITS] = { "conn-tab-bits", "N",
				   "give ip_vs a connection table of 2^N buckets, where "
				   "the preflight loads it",
				   "16", IN_FILE(FOR_PREFLIGHT) },
	[OPTION_IGNORE] = { "ignore-preflight-errors", "LIST",
			    "errors of the preflight that are to be warnings: names of "
			    "checks with commas, or all; may be given several times",
			    "Module-ip_vs_sh", IN_FILE(FOR_PREFLIGHT), .repeats = true },
	[OPTION_ROOT] = { "root", "DIR", "look at another tree's modules, load nothing",
			  NULL, ON_LINE(FOR_PREFLIGHT) },
	[OPTION_PERSIST] = { "persist", NULL, "write /etc/modules-load.d/ipvs-node.conf",
			     NULL, ON_LINE(FOR_PREFLIGHT) },
	[OPTION_EXEC] = { "exec", NULL,
			  "become the command after `--`, with CAP_NET_ADMIN alone", NULL,
			  ON_LINE(FOR_PREFLIGHT) },
	[OPTION_KEEP_CAP] = { "keep-cap", "NAME",
			      "with --exec: keep this capability too; may be given "
			      "several times",
			      NULL, ON_LINE(FOR_PREFLIGHT), .repeats = true },
	[OPTION_FOR_AGENT] = { "for-agent", NULL,
			       "where no state is given, look at the agent's default, "
			       "/etc/ipvs-node/state.json",
			       NULL, ON_LINE(FOR_PREFLIGHT) },

	[OPTION_STATE] = { "state", "PATH",
			   "a state file, or a directory of *.json (the agent's default "
			   "/etc/ipvs-node/state.json; of apply, diff and check that of "
			   "the running daemon)",
			   DEFAULT_STATE_PATH, .commands = FOR_STATES | FOR_PREFLIGHT,
			   .accepted = FOR_AGENT & ~FOR_STATES,
			   .from_file = FOR_STATES | FOR_PREFLIGHT },
	[OPTION_RUN_DIR] = { "run-dir", "PATH",
			     "ownership file, status and lock (default /run/ipvs-node)",
			     "/run/ipvs-node", TAKES_ALL(FOR_RUN_DIRECTORY),
			     .from_file = FOR_RUN_DIRECTORY },
	[OPTION_CONFIG] = { "config", "FILE",
			    "the options file (default /etc/ipvs-node/agent.conf; none: "
			    "read no such file)",
			    NULL, ON_LINE(FOR_BOTH) },
	[OPTION_OUTPUT] = { "output", "text|json", "how to print (default text)", NULL,
			    .commands = FOR_REPORTS | FOR_PREFLIGHT,
			    .accepted = FOR_AGENT & ~FOR_REPORTS },
	[OPTION_LOG_LEVEL] = { "log-level", "LEVEL",
			       "error, warning, notice, info or debug (default info)",
			       "info", ON_LINE(FOR_BOTH),
			       .from_file = FOR_RUN | FOR_PREFLIGHT },
	[OPTION_HELP] = { "help", NULL, "show this", NULL, ON_LINE(FOR_BOTH) },
	[OPTION_VERSION] = { "version", NULL, "show the version", NULL,
			     ON_LINE(FOR_BOTH) },
};

const struct option_row *option_find(const char *name)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strcmp(option_rows[i].name, name) == 0)
			return &option_rows[i];
	}
	return NULL;
}

const char *option_nearest(const char *name, unsigned int commands)
{
	const char *names[OPTION_COUNT];
	size_t count = 0;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (option_rows[i].commands & commands)
			names[count++] = option_rows[i].name;
	}
	return nearest_name(name, names, count);
}

const char *option_nearest_in_file(const char *name)
{
	const char *names[OPTION_COUNT];
	size_t count = 0;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (option_rows[i].from_file)
			names[count++] = option_rows[i].name;
	}
	return nearest_name(name, names, count);
}

/* Columns of UTF-8 text whose characters are one wide each. */
static size_t columns_of(const char *text, size_t bytes)
{
	size_t columns = 0;

	for (size_t i = 0; i < bytes; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

static void print_wrapped(FILE *out, const char *text)
{
	size_t column = HELP_INDENT;

	while (*text) {
		size_t length = strcspn(text, " ");
		size_t wide = columns_of(text, length);

		if (column > HELP_INDENT && column + 1 + wide > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_INDENT, "");
			column = HELP_INDENT;
		} else if (column > HELP_INDENT) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)length, text);
		column += wide;
		text += length;
		text += *text == ' ';
	}
	fputc('\n', out);
}

static void print_row(FILE *out, const struct option_row *row)
{
	const char *argument = row->argument ? row->argument : "";
	const char *equals = !row->argument ? "" : row->argument_optional ? "[=" : "=";
	const char *end = row->argument_optional ? "]" : "";
	size_t column = 4 + strlen(row->name) + strlen(equals) +
			columns_of(argument, strlen(argument)) + strlen(end);

	fprintf(out, "  --%s%s%s%s", row->name, equals, argument, end);
	if (column >= HELP_INDENT)
		fprintf(out, "\n%*s", HELP_INDENT, "");
	else
		fprintf(out, "%*s", (int)(HELP_INDENT - column), "");
	print_wrapped(out, row->help);
}

void option_print_help(FILE *out, unsigned int commands)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if ((option_rows[i].commands & commands) == commands)
			print_row(out, &option_rows[i]);
	}
}

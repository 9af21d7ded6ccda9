/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "agent/cli/commands.h"
#include "agent/cli/daemon_state.h"
#include "agent/cli/agent_options.h"
#include "common/build_note.h"
#include "common/cleanup.h"
#include "common/log.h"

/* Help lines of options that several commands take. */
#define HELP_NO_AUTOLOAD                                                                 \
	"  --no-autoload        leave no scheduler to the kernel's own module loading\n"
#define HELP_POLICY                                                                         \
	"  --adopt=equal|all|none\n"                                                        \
	"                       services of others on keys of the state: take over those\n" \
	"                       that are equal (default), all, or none\n"                   \
	"  --drain-timeout TIME what leaves waits so long for its connections to end\n"     \
	"                       (default 15min; 0: as long as they last)\n"                 \
	"  --drain-udp          let UDP and SCTP destinations drain as well\n"              \
	"  --no-drain           what leaves goes at once\n"                                 \
	"  --cluster-cidr NETWORK[,NETWORK]…\n"                                           \
	"                       networks of the cluster's own, of both families: who is\n"  \
	"                       in none is outside; may be given several times\n"           \
	"  --masquerade-all     source NAT for the outside is for everybody\n"              \
	"  --masquerade-bit N   of a connection's mark, 0 to 31 (default 14)\n"             \
	"  --no-endpoints=reject|drop|none\n"                                               \
	"                       how to answer for services without destinations (default\n" \
	"                       none: as IPVS does)\n"
#define HELP_DATA_DIR                                                                    \
	"  --data-dir PATH      where the last good state is kept (default\n"            \
	"                       /var/lib/ipvs-node, or what --run-dir names)\n"

#define HELP_CLUSTER                                                                        \
	"  --node-name NAME     this node's name among the Kubernetes objects of a state\n" \
	"  --scheduler NAME     of their Services that do not name one (default rr)\n"      \
	"  --node-port-addresses NETWORK[,NETWORK]…\n"                                    \
	"                       the node's addresses that have node ports (default: all\n"  \
	"                       that are neither loopback nor link-local)\n"                \
	"  --reserve ADDRESS[,ADDRESS]…\n"                                                \
	"                       what must stay reachable and is refused as a virtual\n"     \
	"                       address; addresses or networks\n"                           \
	"  --permit WHAT[,WHAT]…\n"                                                       \
	"                       addresses or networks that are not refused for what they\n" \
	"                       are; namespaces whose Services may take ports in use\n"

#define HELP_ADDRESSES                                                                      \
	"  --link NAME          the dummy link for virtual addresses (default ipvs0)\n"     \
	"  --keep-link          have that link also while no address is on it\n"            \
	"  --service-cidr NETWORK\n"                                                        \
	"                       a network of virtual addresses, local as a whole; may be\n" \
	"                       given several times\n"                                      \
	"  --strict-arp         answer ARP for an address on the link that has it alone\n"

static const struct command {
	const char *name;
	int (*run)(const struct options *options);
	unsigned int takes;
	const char *summary;
	const char *options; /* help lines of those that not all commands take */
} commands[] = {
	{ "run", run_main,
	  TAKES_NO_AUTOLOAD | TAKES_STRICT_READY | TAKES_RESYNC | TAKES_POLICY |
		  TAKES_REMOVAL_HOLD | TAKES_DATA_DIR | TAKES_CLUSTER | TAKES_ADDRESSES,
	  "the daemon: apply the state, watch it, repair drift",
	  "  --resync TIME        compare with the kernel this often (default 30s)\n"
	  "  --strict-ready       tell systemd READY only when everything is in sync\n"
	  "  --removal-hold TIME  a state that takes away most of what is ours waits so\n"
	  "                       long (default 10min; 0: not at all)\n" HELP_POLICY
		  HELP_CLUSTER HELP_ADDRESSES HELP_DATA_DIR HELP_NO_AUTOLOAD },
	{ "apply", apply_main,
	  TAKES_DRY_RUN | TAKES_NO_AUTOLOAD | TAKES_POLICY | TAKES_ALLOW_REMOVAL |
		  TAKES_DATA_DIR | TAKES_CLUSTER | TAKES_ADDRESSES | ABOUT_THE_DAEMON,
	  "make the kernel's table equal to the state once; ask the daemon where one runs",
	  "  --dry-run            print what would be done, and do nothing\n"
	  "  --allow-removal      do it even if it takes away most of what is ours\n"
	  "  --reload             ask a daemon or fail, and succeed where it takes the state,\n"
	  "                       even if some objects fail: for systemctl reload\n" HELP_POLICY
		  HELP_CLUSTER HELP_ADDRESSES HELP_DATA_DIR HELP_NO_AUTOLOAD },
	{ "diff", diff_main,
	  TAKES_POLICY | TAKES_CLUSTER | TAKES_ADDRESSES | ABOUT_THE_DAEMON,
	  "print what apply would change; exit status 0: nothing, 1: something, 2: trouble",
	  HELP_POLICY HELP_CLUSTER HELP_ADDRESSES },
	{ "check", check_main, TAKES_OPERANDS | TAKES_CLUSTER | ABOUT_THE_DAEMON,
	  "validate state files, named behind it or by --state; needs no privilege",
	  HELP_CLUSTER },
	{ "convert", convert_main, TAKES_OPERANDS | TAKES_CLUSTER,
	  "print Kubernetes objects, or what ipvsadm-save -n prints, as a native state file",
	  HELP_CLUSTER },
	{ "list", list_main, 0, "print the kernel's table for people", "" },
	{ "save", save_main, 0, "print the kernel's table as a state file", "" },
	{ "status", status_main, TAKES_WAIT,
	  "print what the daemon did last; exit status 0: in sync, 3: degraded, 1: no daemon",
	  "  --wait[=TIME]        wait until it is in sync, at most so long\n" },
	{ "cleanup", cleanup_main, TAKES_DATA_DIR,
	  "take away everything that is ours at once, and nothing else", HELP_DATA_DIR },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static const char common_options[] =
	"  --state PATH         a state file, or a directory of *.json\n"
	"                       (default /etc/ipvs-node/state.json; of apply, diff and\n"
	"                       check that of the daemon that runs)\n"
	"  --run-dir PATH       record, status and lock (default /run/ipvs-node)\n"
	"  --output=text|json   how to print (default text)\n"
	"  --log-level LEVEL    error, warning, notice, info or debug (default info)\n"
	"  --help, --version\n";

static void print_help(void)
{
	printf("Usage: ipvs-agent COMMAND [OPTION]…\n\n"
	       "Keeps the kernel's IPVS table equal to a local state file.\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-9s %s\n", commands[i].name, commands[i].summary);
	printf("\nOptions of all commands:\n%s\n"
	       "`ipvs-agent COMMAND --help` has those of one. Manual: ipvs-agent(8),\n"
	       "ipvs-node-state(5).\n",
	       common_options);
}

static void print_command_help(const struct command *command)
{
	const char *operands = "";

	if (command->takes & TAKES_OPERANDS)
		operands = command->run == convert_main ? " [PATH]" : " [PATH]…";
	printf("Usage: ipvs-agent %s [OPTION]…%s\n\n%s: %s.\n\nOptions:\n%s%s",
	       command->name, operands, command->name, command->summary, command->options,
	       common_options);
}

static int run_command(const struct command *command, int argc, char **argv)
{
	cleanup_free char *state_path = NULL;
	struct options options;
	struct err err;
	int r;

	r = options_parse(argc, argv, command->takes, &options, &err);
	if (r == OPTIONS_HELP) {
		print_command_help(command);
		return EXIT_DONE;
	}
	if (r == OPTIONS_VERSION) {
		printf("ipvs-agent %s%s\n", VERSION, BUILD_NOTE);
		return EXIT_DONE;
	}
	if (r < 0) {
		log_error("%s; see ipvs-agent %s --help", err.text, command->name);
		return EXIT_USAGE;
	}
	if ((command->takes & ABOUT_THE_DAEMON) && options.operand_count == 0)
		daemon_state_use(&options, &state_path);
	return command->run(&options);
}

int main(int argc, char **argv)
{
	const struct command *command;

	log_init("ipvs-agent");
	if (argc < 2) {
		log_error("a command is missing; see ipvs-agent --help");
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_help();
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("ipvs-agent %s%s\n", VERSION, BUILD_NOTE);
		return EXIT_DONE;
	}
	command = find_command(argv[1]);
	if (!command) {
		log_error("there is no command '%s'; see ipvs-agent --help", argv[1]);
		return EXIT_USAGE;
	}
	return run_command(command, argc - 1, argv + 1);
}

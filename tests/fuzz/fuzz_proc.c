/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the files by which the preflight and the agent know a machine: parts of the input, with a
 * byte 0xff between them.
 */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "agent/kernel/nameservers.h"
#include "common/printable.h"
#include "preflight/builtin.h"
#include "preflight/cause.h"
#include "preflight/checks.h"
#include "preflight/lockdown.h"
#include "preflight/modprobe_conf.h"
#include "preflight/presence.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
	"proc/modules",
	"etc/modprobe.d/a.conf",
	"proc/cmdline",
	"lib/modules/6.1.0/modules.builtin",
	"proc/net/ip_vs",
	"proc/7/comm",
	"proc/sys/net/ipv4/conf/all/rp_filter",
	"proc/sys/net/ipv4/conf/eth0/rp_filter",
	"proc/sys/net/ipv4/vs/conn_reuse_mode",
	"proc/sys/net/netfilter/nf_conntrack_max",
	"proc/sys/net/netfilter/nf_conntrack_count",
	"proc/sys/net/ipv4/ip_forward",
	"sys/kernel/security/lockdown",
	"sys/module/ip_vs/parameters/conn_tab_bits",
	"sys/module/ip_vs_sh/initstate",
	"proc/sys/kernel/osrelease",
	"proc/self/uid_map",
};

static void write_files(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const uint8_t *end = size > 0 ? memchr(data, 0xff, size) : NULL;
		size_t length = end ? (size_t)(end - data) : size;

		scratch_write(files[i], data, length);
		length += end != NULL;
		data += length;
		size -= length;
	}
}

static void look_for(const struct system *system, const char *module)
{
	static const char *const words[] = { "blacklist", "install", "options" };
	char place[300], why[PRESENCE_WHY], text[600];

	REQUIRE(presence_name(presence_look(system, module, why)));
	(void)builtin_find(system, system->release, module);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (modprobe_conf_find(system, words[i], module, place, sizeof(place)))
			REQUIRE(strstr(place, "/etc/modprobe.d/a.conf:"));
	}
	(void)modprobe_conf_cmdline_names(system, "module_blacklist", module);
	cause_of_blacklist(system, module, text, sizeof(text));
	REQUIRE(text[0] != '\0');
}

/* Every line is one, and fit to be printed. */
static void require_report(const struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		char *copy = strdup(report->findings[i].text);

		REQUIRE(copy);
		printable_make(copy);
		REQUIRE(strcmp(copy, report->findings[i].text) == 0);
		free(copy);
	}
}

static void check(const struct system *system)
{
	cleanup_report struct report report = { 0 };
	cleanup_needs struct needs needs = { 0 };
	const struct inspection inspection = { .system = system, .needs = &needs };

	REQUIRE(needs_add_basic(&needs) == 0);
	check_capabilities(&inspection, "Capabilities", &report);
	check_modules_disabled(&inspection, "ModulesDisabled", &report);
	check_lockdown(&inspection, "Lockdown", &report);
	check_modprobe_conf(&inspection, "ModprobeConf", &report);
	check_connection_table(&inspection, "ConnectionTable", &report);
	check_conntrack_table(&inspection, "ConntrackTable", &report);
	check_sysctls(&inspection, "Sysctls", &report);
	check_reverse_path_filter(&inspection, "ReversePathFilter", &report);
	check_other_owners(&inspection, "OtherOwners", &report);
	REQUIRE(!report.incomplete);
	require_report(&report);
}

static void take_nameservers(const uint8_t *data, size_t size)
{
	struct address_list nameservers = { 0 };
	char *text = strndup((const char *)data, size);

	REQUIRE(text && nameservers_parse(text, &nameservers) == 0);
	address_list_clear(&nameservers);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct system system;
	char mode[32];

	write_files(data, size);
	system_init(&system, scratch_directory());
	REQUIRE(memchr(system.release, '\0', sizeof(system.release)));
	snprintf(system.release, sizeof(system.release), "6.1.0");
	look_for(&system, "ip_vs");
	look_for(&system, "ip_vs_sh");
	REQUIRE(lockdown_mode(&system, mode, sizeof(mode)) <= 0);
	check(&system);
	take_nameservers(data, size);
	return 0;
}

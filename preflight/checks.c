/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/checks.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	void (*run)(const struct inspection *inspection, const char *check,
		    struct report *report);
} checks[] = {
	{ "Capabilities", check_capabilities },
	{ "ModulesDisabled", check_modules_disabled },
	{ "Lockdown", check_lockdown },
	{ "ModprobeConf", check_modprobe_conf },
	{ "ConnectionTable", check_connection_table },
	{ "ConntrackTable", check_conntrack_table },
	{ "Sysctls", check_sysctls },
	{ "ReversePathFilter", check_reverse_path_filter },
	{ "InputPolicy", check_input_policy },
	{ "ForwardPolicy", check_forward_policy },
	{ "BridgeNetfilter", check_bridge_netfilter },
	{ "OtherOwners", check_other_owners },
};

void checks_run(const struct inspection *inspection, struct report *report)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i].run(inspection, checks[i].name, report);
}

bool checks_known(const char *name)
{
	static const char *const others[] = { "StateFile",  "Probe",
					      "Persist",    "ModuleTree",
					      "ReportFile", "IgnorePreflightErrors" };
	static const char *const families[] = { "Module-", "Load-" };

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		if (strcasecmp(name, checks[i].name) == 0)
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (strcasecmp(name, others[i]) == 0)
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		size_t length = strlen(families[i]);

		if (strncasecmp(name, families[i], length) == 0 && name[length] != '\0')
			return true;
	}
	return false;
}

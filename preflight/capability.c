/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/capability.h"

bool capability_effective(cap_value_t capability)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t set = cap_get_proc();

	if (!set)
		return false;
	if (cap_get_flag(set, capability, CAP_EFFECTIVE, &value) < 0)
		value = CAP_CLEAR;
	cap_free(set);
	return value == CAP_SET;
}

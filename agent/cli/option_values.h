/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/config.h"
#include "common/err.h"
#include "common/given_options.h"
#include "common/macro.h"

/*
 * What the agent does with the value of each option: it goes into a struct options. Texts
 * are borrowed. An option that is not the agent's has no action.
 */
extern const struct option_action agent_option_actions[OPTION_COUNT];

/* What two options say together, once all are read. -EINVAL. */
int option_values_check(const struct options *options, struct err *err) MUST_CHECK;

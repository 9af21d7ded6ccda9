/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/cli/agent_options.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * What options have for values. Each gives 0, or -EINVAL with err set to words that name the option, the
 * value and what it should be; the value before is then kept. Texts are borrowed.
 */

int option_parse_path(const char *option, const char *value, const char **path,
		      struct err *err) MUST_CHECK;
int option_parse_output(const char *value, bool *json, struct err *err) MUST_CHECK;
int option_parse_time(const char *option, const char *value, uint64_t min_usec,
		      uint64_t *usec, struct err *err) MUST_CHECK;
int option_parse_level(const char *value, struct err *err) MUST_CHECK;
int option_parse_adopt(const char *value, enum adopt_mode *adopt,
		       struct err *err) MUST_CHECK;
int option_parse_bit(const char *value, uint8_t *bit, struct err *err) MUST_CHECK;
int option_parse_no_endpoints(const char *value, enum no_endpoints *mode,
			      struct err *err) MUST_CHECK;
int option_parse_cluster(const char *value, struct options *options,
			 struct err *err) MUST_CHECK;
int option_parse_wait(const char *value, struct options *options,
		      struct err *err) MUST_CHECK;
int option_parse_name(const char *option, const char *value, size_t max,
		      const char **name, struct err *err) MUST_CHECK;
int option_parse_node_port_addresses(const char *value, struct state_settings *settings,
				     struct err *err) MUST_CHECK;
int option_parse_link(const char *value, const char **link, struct err *err) MUST_CHECK;
int option_parse_service_network(const char *value, struct options *options,
				 struct err *err) MUST_CHECK;
int option_parse_reserve(const char *value, struct options *options,
			 struct err *err) MUST_CHECK;
int option_parse_permit(const char *value, struct options *options,
			struct err *err) MUST_CHECK;
/* What two options say together, once all are read. */
int option_check_guard(const struct options *options, struct err *err) MUST_CHECK;

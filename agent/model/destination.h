/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/address.h"

/*
 * A destination (real server) of a virtual service. Its key is address (with family) and port;
 * the kernel sets everything else in place, the forwarding method too
 * (ip_vs_ctl.c: ip_vs_edit_dest, __ip_vs_update_dest).
 */

/*
 * Values of IP_VS_CONN_F_FWD_MASK (linux/ip_vs.h). A state file names the first, the third and
 * the fourth; the other two are there for what others have put into the table.
 */
enum forward_method {
	FORWARD_MASQUERADE = 0,
	FORWARD_LOCAL = 1,
	FORWARD_TUNNEL = 2,
	FORWARD_DIRECT = 3,
	FORWARD_BYPASS = 4,
};

/* IP_VS_CONN_F_TUNNEL_TYPE_* */
enum tunnel_type { TUNNEL_IPIP = 0, TUNNEL_GUE = 1, TUNNEL_GRE = 2 };

/* IP_VS_TUNNEL_ENCAP_FLAG_* */
enum tunnel_checksum {
	TUNNEL_CHECKSUM_NONE = 0,
	TUNNEL_CHECKSUM_FULL = 1,
	TUNNEL_CHECKSUM_REMOTE = 2
};

enum { DESTINATION_KEY_TEXT = 64 };

struct destination {
	struct address address;
	uint8_t forward;	 /* enum forward_method */
	uint8_t tunnel_type;	 /* enum tunnel_type; 0 unless tunnelled */
	uint8_t tunnel_checksum; /* enum tunnel_checksum; 0 unless tunnelled */
	bool elsewhere; /* known to be on another node, so no client of this one; never compared */
	uint16_t port;	      /* host byte order */
	uint16_t tunnel_port; /* host byte order; 0 unless gue */
	uint32_t weight;
	uint32_t upper_threshold; /* connections; 0: none */
	uint32_t lower_threshold;
	/* As the kernel last reported them; 0 in a wanted table; never compared. */
	uint32_t active_connections;
	uint32_t inactive_connections;
};

int destination_key_compare(const struct destination *a, const struct destination *b);

/* Whether the kernel would hold the same attributes; the key is not compared. */
bool destination_equal(const struct destination *a, const struct destination *b);

/* "10.0.0.2:80", "[fd00::2]:80"; returns buffer. */
const char *destination_key_format(const struct destination *destination,
				   char buffer[static DESTINATION_KEY_TEXT]);

/* "masquerade", "local", "tunnel", "direct", "bypass". */
const char *forward_name(uint8_t forward);
/* "ipip", "gue", "gre". */
const char *tunnel_type_name(uint8_t type);
/* "none", "full", "remote". */
const char *tunnel_checksum_name(uint8_t checksum);

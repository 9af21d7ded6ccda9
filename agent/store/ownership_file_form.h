/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * What ownership_file_format.c and ownership_file_parse.c share: the form of the record.
 *
 * Text, one entry a line, words between single blanks, the last word a checksum:
 *
 *	ipvs-node-owned 3 BOOT-ID DEVICE:INODE xxxxxxxx
 *	good 0123456789abcdef saved xxxxxxxx   the last good state; or: unsaved
 *	good 0123456789abcdef saved left xxxxxxxx   the same, and another state was begun since
 *	timeouts 900 120 300 xxxxxxxx          found before, seconds, 0: not ours
 *	intended-daemon backup 0123456789abcdef xxxxxxxx
 *	daemon master xxxxxxxx                 ours is running
 *	daemon-link master 7 xxxxxxxx          the index of the interface that it was started on
 *	sysctl net.ipv4.vs.conntrack 0 xxxxxxxx	 found before
 *	made-sysctl net.netfilter.nf_conntrack_buckets 100000 100352 xxxxxxxx	asked for, and had
 *	intended-ruleset ip6 0123456789abcdef xxxxxxxx
 *	ruleset ip 0123456789abcdef 42 0123456789abcdef xxxxxxxx   nftables' table: handle and sum, 0: not known
 *	intended tcp 10.0.0.1 443 0123456789abcdef xxxxxxxx
 *	owned fwmark ipv6 7 xxxxxxxx
 *	drain tcp 10.0.0.1 443 10.0.1.1 6443 7200000 xxxxxxxx   until, CLOCK_BOOTTIME in ms; 0: no end
 *	struck tcp 10.0.0.1 443 xxxxxxxx       no longer ours
 *	link ipvs0 02005e000001 xxxxxxxx       the dummy link with this hardware address
 *	bound 10.0.0.1 xxxxxxxx                an address on it
 *	routes xxxxxxxx                        those with our protocol number (agent/model/host_net.h)
 *
 * A later line about a key replaces an earlier one, so that a writer may append instead of
 * writing all of it. The checksum runs on from line to line: a line that was changed, lost or
 * moved is found. What follows the last line feed is the beginning of an entry whose writer died
 * in it; that entry's request was never sent, and it is left out. The words of 16 hexadecimal
 * digits are fingerprints (agent/model/fingerprint.h); version 1 had none, and an intended entry
 * without one is never taken for ours. Versions 1 and 2 had no links, addresses and routes, and do not
 * read a record that has. The first four words of the header stay what they are in
 * every version.
 */

#define RECORD_MAGIC "ipvs-node-owned"

enum {
	OWNERSHIP_FILE_VERSION = 3,
	OWNERSHIP_FILE_WORDS_MAX = 8,
	OWNERSHIP_FILE_CHECKSUM_DIGITS = 8,
	OWNERSHIP_FILE_FINGERPRINT_DIGITS = 16,
	OWNERSHIP_FILE_HARDWARE_DIGITS = 12,
	OWNERSHIP_FILE_LINE_ROOM = 160, /* more than any line without a sysctl */
	OWNERSHIP_FILE_END =
		1 + OWNERSHIP_FILE_CHECKSUM_DIGITS + 1, /* how each line ends */
};

struct ownership;

/* The checksum that an end of a line has, OWNERSHIP_FILE_END bytes. -EBADMSG where it is none. */
int ownership_file_last_checksum(const char *end, uint32_t *checksum);

/*
 * The line of the last good state after a line with this checksum, without a NUL; its length, 0
 * where there is no such state.
 */
size_t ownership_file_format_good(const struct ownership *ownership, uint32_t checksum,
				  char line[static OWNERSHIP_FILE_LINE_ROOM]);

/* Where the running checksum starts. */
enum { OWNERSHIP_FILE_CHECKSUM_SEED = 0x1f5c9d3b };

/* The checksum carried on over a line's text. */
static inline uint32_t record_checksum(uint32_t seed, const char *text, size_t length)
{
	/* FNV-1a: cheap for short texts; this is about accidents, not about forgers. */
	for (size_t i = 0; i < length; i++)
		seed = (seed ^ (unsigned char)text[i]) * 16777619U;
	return seed;
}

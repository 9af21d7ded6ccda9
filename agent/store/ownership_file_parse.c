/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/store/ownership_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/ownership_file_form.h"
#include "common/parse.h"

struct reader {
	char *at, *end;
	uint32_t checksum;
	size_t line; /* from 1 */
	char *words[OWNERSHIP_FILE_WORDS_MAX];
	size_t word_count; /* without the checksum */
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly so many hexadecimal digits; what follows them is not looked at. */
static bool parse_hex(const char *text, int digits, uint64_t *number)
{
	uint64_t parsed = 0;

	for (int i = 0; i < digits; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		parsed = parsed << 4 | (uint64_t)digit;
	}
	*number = parsed;
	return true;
}

int ownership_file_last_checksum(const char *end, uint32_t *checksum)
{
	uint64_t found;

	if (end[OWNERSHIP_FILE_END - 1] != '\n' || end[0] != ' ' ||
	    !parse_hex(end + 1, OWNERSHIP_FILE_CHECKSUM_DIGITS, &found))
		return -EBADMSG;
	*checksum = (uint32_t)found;
	return 0;
}

static bool checksum_is(const char *digits, uint32_t wanted)
{
	uint64_t found;

	return parse_hex(digits, OWNERSHIP_FILE_CHECKSUM_DIGITS, &found) &&
	       found == wanted;
}

/* A word that is a fingerprint, which is never 0. */
static bool parse_fingerprint(const char *word, uint64_t *fingerprint)
{
	return strlen(word) == OWNERSHIP_FILE_FINGERPRINT_DIGITS &&
	       parse_hex(word, OWNERSHIP_FILE_FINGERPRINT_DIGITS, fingerprint) &&
	       *fingerprint != 0;
}

static bool split_words(struct reader *reader, char *line, char *end)
{
	reader->word_count = 0;
	*end = '\0';
	for (char *word = line, *blank; word; word = blank ? blank + 1 : NULL) {
		blank = memchr(word, ' ', (size_t)(end - word));
		if (blank)
			*blank = '\0';
		if (reader->word_count == OWNERSHIP_FILE_WORDS_MAX || word[0] == '\0')
			return false;
		reader->words[reader->word_count++] = word;
	}
	return true;
}

/* 1 with the next whole line's words, 0 at the end, -EBADMSG where it is not as it was written. */
static int next_line(struct reader *reader)
{
	char *line = reader->at, *feed, *end;

	feed = memchr(line, '\n', (size_t)(reader->end - line));
	if (!feed)
		return 0;
	reader->at = feed + 1;
	reader->line++;
	if (feed - line < OWNERSHIP_FILE_CHECKSUM_DIGITS + 2)
		return -EBADMSG;
	end = feed - OWNERSHIP_FILE_CHECKSUM_DIGITS - 1;
	reader->checksum = record_checksum(reader->checksum, line, (size_t)(end - line));
	if (*end != ' ' || !checksum_is(end + 1, reader->checksum))
		return -EBADMSG;
	return split_words(reader, line, end) ? 1 : -EBADMSG;
}

static int parse_key(char **words, struct service_key *key)
{
	uint32_t port;
	int r;

	memset(key, 0, sizeof(*key));
	if (strcmp(words[0], "fwmark") == 0) {
		if (strcmp(words[1], "ipv4") != 0 && strcmp(words[1], "ipv6") != 0)
			return -EBADMSG;
		key->address.family = words[1][3] == '6' ? AF_INET6 : AF_INET;
		return parse_u32(words[2], 1, UINT32_MAX, &key->fwmark) < 0 ? -EBADMSG
									    : 0;
	}
	key->protocol = protocol_from_name(words[0]);
	r = address_parse(words[1], &key->address);
	if (key->protocol == 0 || r < 0 || parse_u32(words[2], 0, UINT16_MAX, &port) < 0)
		return -EBADMSG;
	key->port = (uint16_t)port;
	return 0;
}

/* The writer sorts, so that most keys go to the end and need no search. */
static int mark_service(struct ownership *ownership, const struct service_key *key,
			enum ownership_mark mark, uint64_t fingerprint)
{
	size_t n = ownership->service_count;

	if (n == ownership->service_room ||
	    (n > 0 && service_key_compare(&ownership->services[n - 1].key, key) >= 0))
		return ownership_mark(ownership, key, mark, fingerprint);
	ownership->services[n] = (struct owned_service){ .key = *key,
							 .mark = mark,
							 .fingerprint = fingerprint };
	ownership->service_count++;
	return 0;
}

static int take_owned(struct reader *reader, struct ownership *ownership)
{
	struct service_key key;

	if (reader->word_count != 4 || parse_key(&reader->words[1], &key) < 0)
		return -EBADMSG;
	return mark_service(ownership, &key, OWNERSHIP_OWNED, 0);
}

static int take_intended(struct reader *reader, struct ownership *ownership)
{
	uint64_t fingerprint = 0;
	struct service_key key;

	if (reader->word_count < 4 || reader->word_count > 5 ||
	    parse_key(&reader->words[1], &key) < 0)
		return -EBADMSG;
	if (reader->word_count == 5 && !parse_fingerprint(reader->words[4], &fingerprint))
		return -EBADMSG;
	return mark_service(ownership, &key, OWNERSHIP_INTENDED, fingerprint);
}

static int take_struck(struct reader *reader, struct ownership *ownership)
{
	struct service_key key;

	if (reader->word_count != 4 || parse_key(&reader->words[1], &key) < 0)
		return -EBADMSG;
	ownership_strike(ownership, &key);
	return 0;
}

static int take_drain(struct reader *reader, struct ownership *ownership)
{
	struct drain drain;
	uint32_t port;

	memset(&drain, 0, sizeof(drain));
	if (reader->word_count != 7 || parse_key(&reader->words[1], &drain.service) < 0 ||
	    address_parse(reader->words[4], &drain.address) < 0 ||
	    parse_u32(reader->words[5], 0, UINT16_MAX, &port) < 0 ||
	    parse_u64(reader->words[6], 0, UINT64_MAX, &drain.deadline_msec) < 0)
		return -EBADMSG;
	drain.port = (uint16_t)port;
	return ownership_set_drain(ownership, &drain);
}

static int take_good(struct reader *reader, struct ownership *ownership)
{
	bool left = reader->word_count == 4 && strcmp(reader->words[3], "left") == 0;

	if ((reader->word_count != 3 && !left) ||
	    !parse_fingerprint(reader->words[1], &ownership->good_fingerprint))
		return -EBADMSG;
	ownership->good_left = left;
	ownership->good_saved = strcmp(reader->words[2], "saved") == 0;
	return ownership->good_saved || strcmp(reader->words[2], "unsaved") == 0
		       ? 0
		       : -EBADMSG;
}

static int take_timeouts(struct reader *reader, struct ownership *ownership)
{
	struct timeouts before;

	if (reader->word_count != 4 ||
	    parse_u32(reader->words[1], 0, UINT32_MAX, &before.tcp) < 0 ||
	    parse_u32(reader->words[2], 0, UINT32_MAX, &before.tcp_fin) < 0 ||
	    parse_u32(reader->words[3], 0, UINT32_MAX, &before.udp) < 0)
		return -EBADMSG;
	ownership->timeouts_before = before;
	return 0;
}

static int find_role(const char *name, enum sync_role *role)
{
	for (int known = SYNC_MASTER; known <= SYNC_BACKUP; known++) {
		if (strcmp(name, sync_role_name(known)) == 0) {
			*role = known;
			return 0;
		}
	}
	return -EBADMSG;
}

static int take_daemon(struct reader *reader, struct ownership *ownership)
{
	enum sync_role role;

	if (reader->word_count != 2 || find_role(reader->words[1], &role) < 0)
		return -EBADMSG;
	ownership->daemons[sync_slot(role)] =
		(struct owned_daemon){ .mark = OWNERSHIP_OWNED };
	return 0;
}

static int take_daemon_link(struct reader *reader, struct ownership *ownership)
{
	enum sync_role role;
	uint32_t link;

	if (reader->word_count != 3 || find_role(reader->words[1], &role) < 0 ||
	    parse_u32(reader->words[2], 1, INT32_MAX, &link) < 0)
		return -EBADMSG;
	ownership->daemons[sync_slot(role)].link = link;
	return 0;
}

static int take_intended_daemon(struct reader *reader, struct ownership *ownership)
{
	struct owned_daemon owned = { .mark = OWNERSHIP_INTENDED };
	enum sync_role role;

	if (reader->word_count != 3 || find_role(reader->words[1], &role) < 0 ||
	    !parse_fingerprint(reader->words[2], &owned.fingerprint))
		return -EBADMSG;
	ownership->daemons[sync_slot(role)] = owned;
	return 0;
}

/* The ownership's of a family's table, NULL for another family. */
static struct owned_ruleset *find_ruleset(struct ownership *ownership, const char *family)
{
	if (strcmp(family, "ip") == 0)
		return &ownership->rulesets[ruleset_slot(AF_INET)];
	if (strcmp(family, "ip6") == 0)
		return &ownership->rulesets[ruleset_slot(AF_INET6)];
	return NULL;
}

static int take_ruleset(struct reader *reader, struct ownership *ownership)
{
	struct owned_ruleset owned = { .mark = OWNERSHIP_OWNED }, *to;

	if (reader->word_count != 5 ||
	    !parse_fingerprint(reader->words[2], &owned.fingerprint) ||
	    parse_u64(reader->words[3], 0, UINT64_MAX, &owned.handle) < 0 ||
	    strlen(reader->words[4]) != OWNERSHIP_FILE_FINGERPRINT_DIGITS ||
	    !parse_hex(reader->words[4], OWNERSHIP_FILE_FINGERPRINT_DIGITS, &owned.sum))
		return -EBADMSG;
	to = find_ruleset(ownership, reader->words[1]);
	if (!to)
		return -EBADMSG;
	*to = owned;
	return 0;
}

static int take_intended_ruleset(struct reader *reader, struct ownership *ownership)
{
	struct owned_ruleset owned = { .mark = OWNERSHIP_INTENDED }, *to;

	if (reader->word_count != 3 ||
	    !parse_fingerprint(reader->words[2], &owned.fingerprint))
		return -EBADMSG;
	to = find_ruleset(ownership, reader->words[1]);
	if (!to)
		return -EBADMSG;
	*to = owned;
	return 0;
}

/* Undoes put_word() in place. */
static bool unescape(char *word)
{
	char *to = word;

	if (strcmp(word, "%") == 0) {
		word[0] = '\0';
		return true;
	}
	for (const char *from = word; *from; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		high = hex_digit(from[1]);
		low = high < 0 ? -1 : hex_digit(from[2]);
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return true;
}

static int take_sysctl(struct reader *reader, struct ownership *ownership)
{
	struct globals *before = &ownership->before;

	if (reader->word_count != 3 || !unescape(reader->words[1]) ||
	    !unescape(reader->words[2]) || reader->words[1][0] == '\0')
		return -EBADMSG;
	return globals_set_sysctl(before, reader->words[1], reader->words[2]);
}

static int take_made_sysctl(struct reader *reader, struct ownership *ownership)
{
	char **words = reader->words;

	if (reader->word_count != 4 || !unescape(words[1]) || !unescape(words[2]) ||
	    !unescape(words[3]) || words[1][0] == '\0')
		return -EBADMSG;
	return ownership_note_made(ownership, words[1], words[2], words[3]);
}

static int take_link(struct reader *reader, struct ownership *ownership)
{
	struct owned_link link = { 0 };
	uint64_t hardware;

	if (reader->word_count != 3 || !unescape(reader->words[1]) ||
	    reader->words[1][0] == '\0' ||
	    strlen(reader->words[1]) >= sizeof(link.name) ||
	    strlen(reader->words[2]) != OWNERSHIP_FILE_HARDWARE_DIGITS ||
	    !parse_hex(reader->words[2], OWNERSHIP_FILE_HARDWARE_DIGITS, &hardware))
		return -EBADMSG;
	strcpy(link.name, reader->words[1]);
	for (size_t i = sizeof(link.hardware); i-- > 0; hardware >>= 8)
		link.hardware[i] = (uint8_t)hardware;
	ownership->link = link;
	return 0;
}

static int take_bound(struct reader *reader, struct ownership *ownership)
{
	struct address address;

	if (reader->word_count != 2 || address_parse(reader->words[1], &address) < 0)
		return -EBADMSG;
	return address_list_add(&ownership->bound, &address);
}

static int take_routes(struct reader *reader, struct ownership *ownership)
{
	if (reader->word_count != 1)
		return -EBADMSG;
	ownership->routes = true;
	return 0;
}

/* -ENOTSUP for an entry of a kind that this version does not know. */
static int take_line(struct reader *reader, struct ownership *ownership)
{
	static const struct {
		const char *kind;
		int (*take)(struct reader *reader, struct ownership *ownership);
	} kinds[] = {
		{ "owned", take_owned },
		{ "intended", take_intended },
		{ "struck", take_struck },
		{ "drain", take_drain },
		{ "timeouts", take_timeouts },
		{ "daemon", take_daemon },
		{ "daemon-link", take_daemon_link },
		{ "intended-daemon", take_intended_daemon },
		{ "ruleset", take_ruleset },
		{ "intended-ruleset", take_intended_ruleset },
		{ "sysctl", take_sysctl },
		{ "made-sysctl", take_made_sysctl },
		{ "good", take_good },
		{ "link", take_link },
		{ "bound", take_bound },
		{ "routes", take_routes },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(reader->words[0], kinds[i].kind) == 0)
			return kinds[i].take(reader, ownership);
	}
	return -ENOTSUP;
}

/* OWNERSHIP_FILE_LOADED where the entries that follow are this kernel's. */
static int take_header(struct reader *reader, const char *identity, struct err *err)
{
	char found[OWNERSHIP_FILE_IDENTITY_TEXT];
	int r = next_line(reader);

	if (r <= 0 || reader->word_count < 4 ||
	    strcmp(reader->words[0], RECORD_MAGIC) != 0) {
		err_set(err, EBADMSG, "line 1: not the header of a record");
		return OWNERSHIP_FILE_DAMAGED;
	}
	snprintf(found, sizeof(found), "%s %s", reader->words[2], reader->words[3]);
	if (strcmp(found, identity) != 0) {
		err_set(err, ESTALE,
			"of another boot or network namespace (%s, this is %s): owns nothing",
			found, identity);
		return OWNERSHIP_FILE_FOREIGN;
	}
	return OWNERSHIP_FILE_LOADED;
}

static int take_lines(struct reader *reader, struct ownership *ownership, struct err *err)
{
	int r;

	while ((r = next_line(reader)) > 0) {
		r = take_line(reader, ownership);
		if (r < 0)
			break;
	}
	if (r == -EBADMSG) {
		err_set(err, EBADMSG, "line %zu: damaged", reader->line);
		return OWNERSHIP_FILE_DAMAGED;
	}
	if (r == -ENOTSUP) {
		err_set(err, ENOTSUP,
			"line %zu: '%.32s' is not known here, a newer version wrote it",
			reader->line, reader->words[0]);
		return OWNERSHIP_FILE_NEWER;
	}
	return r < 0 ? err_errno(err, -r, "line %zu", reader->line)
		     : OWNERSHIP_FILE_LOADED;
}

int ownership_file_parse(char *text, size_t length, const char *identity,
			 struct ownership *ownership, struct err *err)
{
	struct reader reader = {
		.at = text,
		.end = text + length,
		.checksum = OWNERSHIP_FILE_CHECKSUM_SEED,
	};
	int r;

	r = take_header(&reader, identity, err);
	if (r == OWNERSHIP_FILE_LOADED)
		r = take_lines(&reader, ownership, err);
	if (r != OWNERSHIP_FILE_LOADED) {
		ownership_clear(ownership);
		return r;
	}
	ownership_settle(ownership);
	ownership_recorded(ownership);
	return OWNERSHIP_FILE_LOADED;
}

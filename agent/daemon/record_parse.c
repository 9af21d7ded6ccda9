/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/record_form.h"
#include "common/parse.h"

struct reader {
	char *at, *end;
	uint32_t checksum;
	size_t line; /* from 1 */
	char *words[RECORD_WORDS_MAX];
	size_t word_count; /* without the checksum */
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool checksum_is(const char *digits, uint32_t wanted)
{
	uint32_t found = 0;

	for (int i = 0; i < RECORD_CHECKSUM_DIGITS; i++) {
		int digit = hex_digit(digits[i]);

		if (digit < 0)
			return false;
		found = found << 4 | (uint32_t)digit;
	}
	return found == wanted;
}

static bool split_words(struct reader *reader, char *line, char *end)
{
	reader->word_count = 0;
	*end = '\0';
	for (char *word = line, *blank; word; word = blank ? blank + 1 : NULL) {
		blank = memchr(word, ' ', (size_t)(end - word));
		if (blank)
			*blank = '\0';
		if (reader->word_count == RECORD_WORDS_MAX || word[0] == '\0')
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
	if (feed - line < RECORD_CHECKSUM_DIGITS + 2)
		return -EBADMSG;
	end = feed - RECORD_CHECKSUM_DIGITS - 1;
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
			enum ownership_mark mark)
{
	size_t n = ownership->service_count;

	if (n == ownership->service_room ||
	    (n > 0 && service_key_compare(&ownership->services[n - 1].key, key) >= 0))
		return ownership_mark(ownership, key, mark);
	ownership->services[n] = (struct owned_service){ .key = *key, .mark = mark };
	ownership->service_count++;
	return 0;
}

static int take_service(struct reader *reader, struct ownership *ownership,
			enum ownership_mark mark)
{
	struct service_key key;

	if (reader->word_count != 4 || parse_key(&reader->words[1], &key) < 0)
		return -EBADMSG;
	if (mark)
		return mark_service(ownership, &key, mark);
	ownership_strike(ownership, &key);
	return 0;
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

static int take_daemon(struct reader *reader, struct ownership *ownership)
{
	if (reader->word_count != 2)
		return -EBADMSG;
	for (int role = SYNC_MASTER; role <= SYNC_BACKUP; role++) {
		if (strcmp(reader->words[1], sync_role_name(role)) == 0) {
			ownership->daemon_owned[sync_slot(role)] = true;
			return 0;
		}
	}
	return -EBADMSG;
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
	for (size_t i = 0; i < before->sysctl_count; i++) {
		char *value;

		if (strcmp(before->sysctls[i].name, reader->words[1]) != 0)
			continue;
		value = strdup(reader->words[2]);
		if (!value)
			return -ENOMEM;
		free(before->sysctls[i].value);
		before->sysctls[i].value = value;
		return 0;
	}
	return globals_add_sysctl(before, reader->words[1], reader->words[2]);
}

/* -ENOTSUP for an entry of a kind that this version does not know. */
static int take_line(struct reader *reader, struct ownership *ownership)
{
	const char *kind = reader->words[0];

	if (strcmp(kind, "owned") == 0)
		return take_service(reader, ownership, OWNERSHIP_OWNED);
	if (strcmp(kind, "intended") == 0)
		return take_service(reader, ownership, OWNERSHIP_INTENDED);
	if (strcmp(kind, "struck") == 0)
		return take_service(reader, ownership, 0);
	if (strcmp(kind, "timeouts") == 0)
		return take_timeouts(reader, ownership);
	if (strcmp(kind, "daemon") == 0)
		return take_daemon(reader, ownership);
	if (strcmp(kind, "sysctl") == 0)
		return take_sysctl(reader, ownership);
	return -ENOTSUP;
}

/* RECORD_LOADED where the entries that follow are this kernel's. */
static int take_header(struct reader *reader, const char *identity, struct err *err)
{
	char found[RECORD_IDENTITY_TEXT];
	int r = next_line(reader);

	if (r <= 0 || reader->word_count < 4 ||
	    strcmp(reader->words[0], RECORD_MAGIC) != 0) {
		err_set(err, EBADMSG, "line 1: not the header of a record");
		return RECORD_DAMAGED;
	}
	snprintf(found, sizeof(found), "%s %s", reader->words[2], reader->words[3]);
	if (strcmp(found, identity) != 0) {
		err_set(err, ESTALE,
			"of another boot or network namespace (%s, this is %s): owns nothing",
			found, identity);
		return RECORD_FOREIGN;
	}
	return RECORD_LOADED;
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
		return RECORD_DAMAGED;
	}
	if (r == -ENOTSUP) {
		err_set(err, ENOTSUP,
			"line %zu: '%.32s' is not known here, a newer version wrote it",
			reader->line, reader->words[0]);
		return RECORD_NEWER;
	}
	return r < 0 ? err_errno(err, -r, "line %zu", reader->line) : RECORD_LOADED;
}

int record_parse(char *text, size_t length, const char *identity,
		 struct ownership *ownership, struct err *err)
{
	struct reader reader = {
		.at = text,
		.end = text + length,
		.checksum = RECORD_CHECKSUM_SEED,
	};
	int r;

	r = take_header(&reader, identity, err);
	if (r == RECORD_LOADED)
		r = take_lines(&reader, ownership, err);
	if (r != RECORD_LOADED)
		ownership_clear(ownership);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/record.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/parse.h"

/*
 * Text, one entry a line, words between single blanks, the last word a checksum:
 *
 *	ipvs-node-owned 1 BOOT-ID DEVICE:INODE xxxxxxxx
 *	timeouts 900 120 300 xxxxxxxx          found before, seconds, 0: not ours
 *	daemon master xxxxxxxx                 ours is running
 *	sysctl net.ipv4.vs.conntrack 0 xxxxxxxx	 found before
 *	intended tcp 10.0.0.1 443 xxxxxxxx
 *	owned fwmark ipv6 7 xxxxxxxx
 *	struck tcp 10.0.0.1 443 xxxxxxxx       no longer ours
 *
 * A later line about a key replaces an earlier one, so that a writer may append instead of
 * writing all of it. The checksum runs on from line to line: a line that was changed, lost or
 * moved is found. What follows the last line feed is the beginning of an entry whose writer died
 * in it; that entry's request was never sent, and it is left out. The first four words of the
 * header stay what they are in every version.
 */

#define MAGIC "ipvs-node-owned"

enum {
	VERSION_WRITTEN = 1,
	WORDS_MAX = 8,
	CHECKSUM_DIGITS = 8,
	LINE_ROOM = 160, /* more than any line without a sysctl */
};

static uint32_t checksum(uint32_t seed, const char *text, size_t length)
{
	/* FNV-1a: cheap for short texts; this is about accidents, not about forgers. */
	for (size_t i = 0; i < length; i++)
		seed = (seed ^ (unsigned char)text[i]) * 16777619U;
	return seed;
}

enum { CHECKSUM_SEED = 0x1f5c9d3b };

int record_identity(char identity[static RECORD_IDENTITY_TEXT], struct err *err)
{
	static const char boot_id_path[] = "/proc/sys/kernel/random/boot_id";
	static const char namespace_path[] = "/proc/self/ns/net";
	cleanup_free char *boot_id = NULL;
	struct stat st;
	size_t length;
	int r;

	r = file_read(boot_id_path, RECORD_IDENTITY_TEXT / 2, &boot_id, &length, err);
	if (r < 0)
		return r;
	boot_id[strcspn(boot_id, " \n")] = '\0';
	if (stat(namespace_path, &st) < 0)
		return err_errno(err, errno, "%s", namespace_path);
	snprintf(identity, RECORD_IDENTITY_TEXT, "%s %llu:%llu", boot_id,
		 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return 0;
}

/* --- writing --------------------------------------------------------------------------------- */

struct writer {
	char *text;
	size_t used, room;
	size_t line; /* where the line under way begins */
	uint32_t checksum;
};

static int make_room(struct writer *writer, size_t more)
{
	size_t room = writer->room;
	char *grown;

	while (room - writer->used < more)
		room *= 2;
	if (room == writer->room)
		return 0;
	grown = realloc(writer->text, room);
	if (!grown)
		return -ENOMEM;
	writer->text = grown;
	writer->room = room;
	return 0;
}

static void put_text(struct writer *writer, const char *text)
{
	size_t length = strlen(text);

	memcpy(writer->text + writer->used, text, length);
	writer->used += length;
}

static void put_number(struct writer *writer, uint32_t number)
{
	char digits[10];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (n > 0)
		writer->text[writer->used++] = digits[--n];
}

static void end_line(struct writer *writer)
{
	static const char hex[] = "0123456789abcdef";

	writer->checksum = checksum(writer->checksum, writer->text + writer->line,
				    writer->used - writer->line);
	writer->text[writer->used++] = ' ';
	for (int shift = 28; shift >= 0; shift -= 4)
		writer->text[writer->used++] = hex[(writer->checksum >> shift) & 15];
	writer->text[writer->used++] = '\n';
	writer->line = writer->used;
}

static void put_address(struct writer *writer, const struct address *address)
{
	char text[ADDRESS_TEXT];

	if (address->family == AF_INET6) {
		put_text(writer, address_format(address, text));
		return;
	}
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			put_text(writer, ".");
		put_number(writer, address->bytes[i]);
	}
}

static int put_service(struct writer *writer, const struct owned_service *owned)
{
	const struct service_key *key = &owned->key;
	const char *protocol = key->fwmark ? "fwmark" : protocol_name(key->protocol);
	int r;

	if (!protocol)
		return -EINVAL;
	r = make_room(writer, LINE_ROOM);
	if (r < 0)
		return r;
	put_text(writer, owned->mark == OWNERSHIP_OWNED ? "owned " : "intended ");
	put_text(writer, protocol);
	if (key->fwmark) {
		put_text(writer, key->address.family == AF_INET6 ? " ipv6 " : " ipv4 ");
		put_number(writer, key->fwmark);
	} else {
		put_text(writer, " ");
		put_address(writer, &key->address);
		put_text(writer, " ");
		put_number(writer, key->port);
	}
	end_line(writer);
	return 0;
}

/* Blanks, control characters and the percent sign as %XX, so that a value is one word. */
static void put_word(struct writer *writer, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	if (text[0] == '\0')
		put_text(writer, "%");
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c > ' ' && c < 0x7f && c != '%') {
			writer->text[writer->used++] = (char)c;
			continue;
		}
		writer->text[writer->used++] = '%';
		writer->text[writer->used++] = hex[c >> 4];
		writer->text[writer->used++] = hex[c & 15];
	}
}

static int put_sysctl(struct writer *writer, const struct sysctl *sysctl)
{
	int r = make_room(writer, LINE_ROOM + 3 * strlen(sysctl->name) +
					  3 * strlen(sysctl->value));

	if (r < 0)
		return r;
	put_text(writer, "sysctl ");
	put_word(writer, sysctl->name);
	put_text(writer, " ");
	put_word(writer, sysctl->value);
	end_line(writer);
	return 0;
}

static int put_globals(struct writer *writer, const struct ownership *ownership)
{
	const struct timeouts *before = &ownership->timeouts_before;
	int r = make_room(writer, 3 * LINE_ROOM);

	if (r < 0)
		return r;
	if (before->tcp || before->tcp_fin || before->udp) {
		put_text(writer, "timeouts ");
		put_number(writer, before->tcp);
		put_text(writer, " ");
		put_number(writer, before->tcp_fin);
		put_text(writer, " ");
		put_number(writer, before->udp);
		end_line(writer);
	}
	for (int role = SYNC_MASTER; role <= SYNC_BACKUP; role++) {
		if (!ownership->daemon_owned[sync_slot(role)])
			continue;
		put_text(writer, "daemon ");
		put_text(writer, sync_role_name(role));
		end_line(writer);
	}
	for (size_t i = 0; i < ownership->before.sysctl_count && r == 0; i++)
		r = put_sysctl(writer, &ownership->before.sysctls[i]);
	return r;
}

int record_format(const struct ownership *ownership, const char *identity, char **text,
		  size_t *length)
{
	struct writer writer = { .room = 4096, .checksum = CHECKSUM_SEED };
	int r;

	writer.text = malloc(writer.room);
	r = writer.text ? make_room(&writer, LINE_ROOM + strlen(identity)) : -ENOMEM;
	if (r < 0)
		goto out;
	put_text(&writer, MAGIC " ");
	put_number(&writer, VERSION_WRITTEN);
	put_text(&writer, " ");
	put_text(&writer, identity);
	end_line(&writer);
	r = put_globals(&writer, ownership);
	for (size_t i = 0; i < ownership->service_count && r == 0; i++)
		r = put_service(&writer, &ownership->services[i]);
	if (r == 0) {
		*length = writer.used;
		*text = TAKE_PTR(writer.text);
	}
out:
	free(writer.text);
	return r;
}

static int record_path(const char *run_directory, char path[static PATH_MAX],
		       struct err *err)
{
	int n = snprintf(path, PATH_MAX, "%s/owned", run_directory);

	if (n < 0 || n >= PATH_MAX)
		return err_errno(err, ENAMETOOLONG, "%s/owned", run_directory);
	return 0;
}

int record_write(const char *run_directory, const struct ownership *ownership,
		 struct err *err)
{
	char path[PATH_MAX], identity[RECORD_IDENTITY_TEXT];
	cleanup_free char *text = NULL;
	size_t length = 0;
	int r;

	r = record_path(run_directory, path, err);
	if (r < 0)
		return r;
	r = record_identity(identity, err);
	if (r < 0)
		return r;
	r = record_format(ownership, identity, &text, &length);
	if (r < 0)
		return err_errno(err, -r, "%s", path);
	/* Readable by all: root's `apply` and the daemon's own user take turns, and what it says
	 * can be seen in /proc/net/ip_vs anyway. */
	return file_replace(path, 0644, text, length, 0, err);
}

/* --- reading --------------------------------------------------------------------------------- */

struct reader {
	char *at, *end;
	uint32_t checksum;
	size_t line; /* from 1 */
	char *words[WORDS_MAX];
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

	for (int i = 0; i < CHECKSUM_DIGITS; i++) {
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
		if (reader->word_count == WORDS_MAX || word[0] == '\0')
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
	if (feed - line < CHECKSUM_DIGITS + 2)
		return -EBADMSG;
	end = feed - CHECKSUM_DIGITS - 1;
	reader->checksum = checksum(reader->checksum, line, (size_t)(end - line));
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

	if (r <= 0 || reader->word_count < 4 || strcmp(reader->words[0], MAGIC) != 0) {
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
		.checksum = CHECKSUM_SEED,
	};
	int r;

	r = take_header(&reader, identity, err);
	if (r == RECORD_LOADED)
		r = take_lines(&reader, ownership, err);
	if (r != RECORD_LOADED)
		ownership_clear(ownership);
	return r;
}

int record_load(const char *run_directory, struct ownership *ownership, struct err *err)
{
	char path[PATH_MAX], identity[RECORD_IDENTITY_TEXT];
	cleanup_free char *text = NULL;
	struct err found = { 0 };
	size_t length;
	int r;

	r = record_path(run_directory, path, err);
	if (r < 0)
		return r;
	r = file_read(path, RECORD_MAX, &text, &length, &found);
	if (r == -ENOENT || r == -ENOTDIR)
		return RECORD_NONE;
	if (r == 0)
		r = record_identity(identity, &found);
	if (r < 0)
		goto out;
	r = record_parse(text, length, identity, ownership, &found);
	if (r != RECORD_LOADED)
		err_prefix(&found, "%s", path);
out:
	if (r != RECORD_LOADED && err)
		*err = found;
	return r;
}

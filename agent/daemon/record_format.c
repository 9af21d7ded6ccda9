/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/record_form.h"
#include "common/cleanup.h"

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

	writer->checksum = record_checksum(writer->checksum, writer->text + writer->line,
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
	r = make_room(writer, RECORD_LINE_ROOM);
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
	int r = make_room(writer, RECORD_LINE_ROOM + 3 * strlen(sysctl->name) +
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
	int r = make_room(writer, 3 * RECORD_LINE_ROOM);

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
	struct writer writer = { .room = 4096, .checksum = RECORD_CHECKSUM_SEED };
	int r;

	writer.text = malloc(writer.room);
	r = writer.text ? make_room(&writer, RECORD_LINE_ROOM + strlen(identity))
			: -ENOMEM;
	if (r < 0)
		goto out;
	put_text(&writer, RECORD_MAGIC " ");
	put_number(&writer, RECORD_VERSION);
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

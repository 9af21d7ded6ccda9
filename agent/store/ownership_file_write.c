/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/store/ownership_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/ownership_file_form.h"
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

static void put_number(struct writer *writer, uint64_t number)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (n > 0)
		writer->text[writer->used++] = digits[--n];
}

static void put_hex(struct writer *writer, uint64_t number, int digits)
{
	static const char hex[] = "0123456789abcdef";

	for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
		writer->text[writer->used++] = hex[(number >> shift) & 15];
}

static void put_fingerprint(struct writer *writer, uint64_t fingerprint)
{
	put_text(writer, " ");
	put_hex(writer, fingerprint, OWNERSHIP_FILE_FINGERPRINT_DIGITS);
}

static void end_line(struct writer *writer)
{
	writer->checksum = record_checksum(writer->checksum, writer->text + writer->line,
					   writer->used - writer->line);
	put_text(writer, " ");
	put_hex(writer, writer->checksum, OWNERSHIP_FILE_CHECKSUM_DIGITS);
	put_text(writer, "\n");
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

/* "tcp 10.0.0.1 443", "fwmark ipv6 7". */
static void put_key(struct writer *writer, const struct service_key *key)
{
	if (key->fwmark) {
		put_text(writer, key->address.family == AF_INET6 ? "fwmark ipv6 "
								 : "fwmark ipv4 ");
		put_number(writer, key->fwmark);
		return;
	}
	put_text(writer, protocol_name(key->protocol));
	put_text(writer, " ");
	put_address(writer, &key->address);
	put_text(writer, " ");
	put_number(writer, key->port);
}

static bool key_can_be_said(const struct service_key *key)
{
	return key->fwmark || protocol_name(key->protocol);
}

static int put_service(struct writer *writer, const struct owned_service *owned)
{
	bool intended = owned->mark == OWNERSHIP_INTENDED;
	int r;

	if (!key_can_be_said(&owned->key))
		return -EINVAL;
	r = make_room(writer, OWNERSHIP_FILE_LINE_ROOM);
	if (r < 0)
		return r;
	put_text(writer, intended ? "intended " : "owned ");
	put_key(writer, &owned->key);
	if (intended && owned->fingerprint)
		put_fingerprint(writer, owned->fingerprint);
	end_line(writer);
	return 0;
}

static int put_drain(struct writer *writer, const struct drain *drain)
{
	int r;

	if (!key_can_be_said(&drain->service))
		return -EINVAL;
	r = make_room(writer, OWNERSHIP_FILE_LINE_ROOM);
	if (r < 0)
		return r;
	put_text(writer, "drain ");
	put_key(writer, &drain->service);
	put_text(writer, " ");
	put_address(writer, &drain->address);
	put_text(writer, " ");
	put_number(writer, drain->port);
	put_text(writer, " ");
	put_number(writer, drain->deadline_msec);
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
	int r = make_room(writer, OWNERSHIP_FILE_LINE_ROOM + 3 * strlen(sysctl->name) +
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

static int put_made_sysctl(struct writer *writer, const struct made_sysctl *made)
{
	int r = make_room(writer, OWNERSHIP_FILE_LINE_ROOM + 3 * strlen(made->name) +
					  3 * strlen(made->value) +
					  3 * strlen(made->made));

	if (r < 0)
		return r;
	put_text(writer, "made-sysctl ");
	put_word(writer, made->name);
	put_text(writer, " ");
	put_word(writer, made->value);
	put_text(writer, " ");
	put_word(writer, made->made);
	end_line(writer);
	return 0;
}

static void put_good_state(struct writer *writer, const struct ownership *ownership)
{
	if (ownership->good_fingerprint == 0)
		return;
	put_text(writer, "good");
	put_fingerprint(writer, ownership->good_fingerprint);
	put_text(writer, ownership->good_saved ? " saved" : " unsaved");
	if (ownership->good_left)
		put_text(writer, " left");
	end_line(writer);
}

static void put_timeouts(struct writer *writer, const struct timeouts *before)
{
	if (!before->tcp && !before->tcp_fin && !before->udp)
		return;
	put_text(writer, "timeouts ");
	put_number(writer, before->tcp);
	put_text(writer, " ");
	put_number(writer, before->tcp_fin);
	put_text(writer, " ");
	put_number(writer, before->udp);
	end_line(writer);
}

static void put_daemon(struct writer *writer, enum sync_role role,
		       const struct owned_daemon *owned)
{
	if (owned->mark == OWNERSHIP_NONE)
		return;
	put_text(writer, owned->mark == OWNERSHIP_OWNED ? "daemon " : "intended-daemon ");
	put_text(writer, sync_role_name(role));
	if (owned->mark == OWNERSHIP_INTENDED)
		put_fingerprint(writer, owned->fingerprint);
	end_line(writer);
	if (owned->mark != OWNERSHIP_OWNED || owned->link == 0)
		return;
	put_text(writer, "daemon-link ");
	put_text(writer, sync_role_name(role));
	put_text(writer, " ");
	put_number(writer, owned->link);
	end_line(writer);
}

static int put_link(struct writer *writer, const struct owned_link *link)
{
	int r = make_room(writer, OWNERSHIP_FILE_LINE_ROOM);

	if (r < 0 || link->name[0] == '\0')
		return r;
	put_text(writer, "link ");
	put_word(writer, link->name);
	put_text(writer, " ");
	for (size_t i = 0; i < sizeof(link->hardware); i++)
		put_hex(writer, link->hardware[i], 2);
	end_line(writer);
	return 0;
}

static int put_bound(struct writer *writer, const struct address *address)
{
	int r = make_room(writer, OWNERSHIP_FILE_LINE_ROOM);

	if (r < 0)
		return r;
	put_text(writer, "bound ");
	put_address(writer, address);
	end_line(writer);
	return 0;
}

static int put_local(struct writer *writer, const struct ownership *ownership)
{
	int r = put_link(writer, &ownership->link);

	for (size_t i = 0; i < ownership->bound.count && r == 0; i++)
		r = put_bound(writer, &ownership->bound.items[i]);
	if (r == 0 && ownership->routes)
		r = make_room(writer, OWNERSHIP_FILE_LINE_ROOM);
	if (r < 0 || !ownership->routes)
		return r;
	put_text(writer, "routes");
	end_line(writer);
	return 0;
}

static void put_ruleset(struct writer *writer, const char *family,
			const struct owned_ruleset *owned)
{
	bool is_owned = owned->mark == OWNERSHIP_OWNED;

	if (owned->mark == OWNERSHIP_NONE)
		return;
	put_text(writer, is_owned ? "ruleset " : "intended-ruleset ");
	put_text(writer, family);
	put_fingerprint(writer, owned->fingerprint);
	if (is_owned) {
		put_text(writer, " ");
		put_number(writer, owned->handle);
		put_fingerprint(writer, owned->sum);
	}
	end_line(writer);
}

static int put_globals(struct writer *writer, const struct ownership *ownership)
{
	int r = make_room(writer, 8 * OWNERSHIP_FILE_LINE_ROOM);

	if (r < 0)
		return r;
	put_good_state(writer, ownership);
	put_timeouts(writer, &ownership->timeouts_before);
	for (int role = SYNC_MASTER; role <= SYNC_BACKUP; role++)
		put_daemon(writer, role, &ownership->daemons[sync_slot(role)]);
	put_ruleset(writer, "ip", &ownership->rulesets[ruleset_slot(AF_INET)]);
	put_ruleset(writer, "ip6", &ownership->rulesets[ruleset_slot(AF_INET6)]);
	for (size_t i = 0; i < ownership->before.sysctl_count && r == 0; i++)
		r = put_sysctl(writer, &ownership->before.sysctls[i]);
	for (size_t i = 0; i < ownership->made_count && r == 0; i++)
		r = put_made_sysctl(writer, &ownership->made[i]);
	return r;
}

size_t ownership_file_format_good(const struct ownership *ownership, uint32_t checksum,
				  char line[static OWNERSHIP_FILE_LINE_ROOM])
{
	struct writer writer = { .text = line,
				 .room = OWNERSHIP_FILE_LINE_ROOM,
				 .checksum = checksum };

	put_good_state(&writer, ownership);
	return writer.used;
}

int ownership_file_format(const struct ownership *ownership, const char *identity,
			  char **text, size_t *length)
{
	struct writer writer = { .room = 4096, .checksum = OWNERSHIP_FILE_CHECKSUM_SEED };
	int r;

	writer.text = malloc(writer.room);
	r = writer.text ? make_room(&writer, OWNERSHIP_FILE_LINE_ROOM + strlen(identity))
			: -ENOMEM;
	if (r < 0)
		goto out;
	put_text(&writer, RECORD_MAGIC " ");
	put_number(&writer, OWNERSHIP_FILE_VERSION);
	put_text(&writer, " ");
	put_text(&writer, identity);
	end_line(&writer);
	r = put_globals(&writer, ownership);
	if (r == 0)
		r = put_local(&writer, ownership);
	for (size_t i = 0; i < ownership->service_count && r == 0; i++)
		r = put_service(&writer, &ownership->services[i]);
	for (size_t i = 0; i < ownership->drain_count && r == 0; i++)
		r = put_drain(&writer, &ownership->drains[i]);
	if (r == 0) {
		*length = writer.used;
		*text = TAKE_PTR(writer.text);
	}
out:
	free(writer.text);
	return r;
}

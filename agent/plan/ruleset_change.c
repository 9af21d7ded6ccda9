/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/ruleset_change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/cleanup.h"

/*
 * Both texts are our own (ruleset_text.c, ruleset_sets.c): a line for each element, those of a set
 * between two lines that no element is like. All other lines must be the same, but for the marker.
 */

/* Above a quarter of all, replacing the whole is as good. */
enum { PART_OF_ALL = 4, NAME_ROOM = 64 };

/* A piece of a text, not ended by a NUL. */
struct piece {
	const char *at;
	size_t length;
};

struct pieces {
	struct piece *items;
	size_t count, room;
};

struct comparing {
	const char *from, *to; /* where the next lines begin */
	const char *family;
	char set[NAME_ROOM]; /* the last that began, in both */
	bool has_ranges;
	struct growing_text *commands;
	size_t changes, elements;
};

static const char elements_begin[] = "\t\telements = {\n";
static const char elements_end[] = "\t\t}\n";

static struct piece line_at(const char *at)
{
	const char *feed = strchr(at, '\n');

	return (struct piece){ at, feed ? (size_t)(feed - at) + 1 : strlen(at) };
}

static bool begins_with(const struct piece *line, const char *text)
{
	size_t length = strlen(text);

	return line->length >= length && memcmp(line->at, text, length) == 0;
}

static int compare_pieces(const void *a, const void *b)
{
	const struct piece *left = a, *right = b;
	int order = memcmp(left->at, right->at, MIN_OF(left->length, right->length));

	return order ? order
		     : (left->length > right->length) - (left->length < right->length);
}

/* The lines up to the end of the elements, less tabs and the comma; *at is then behind the end. */
static int take_elements(const char **at, struct pieces *pieces)
{
	struct piece line = line_at(*at);

	while (line.length > 0 && !begins_with(&line, elements_end)) {
		struct piece piece = { line.at + 3, line.length - 4 };

		if (line.length < 5 ||
		    ARRAY_MAKE_ROOM(pieces->items, pieces->count, pieces->room) < 0)
			return -ENOMEM;
		if (piece.at[piece.length - 1] == ',')
			piece.length--;
		pieces->items[pieces->count++] = piece;
		line = line_at(line.at + line.length);
	}
	*at = line.at + line.length;
	if (pieces->count > 0)
		qsort(pieces->items, pieces->count, sizeof(*pieces->items),
		      compare_pieces);
	return 0;
}

/* The elements of a that b does not have, as one command. */
static void add_difference(struct comparing *c, const char *verb, const struct pieces *a,
			   const struct pieces *b)
{
	size_t k = 0, n = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct piece *piece = &a->items[i];
		int order = 1;

		while (k < b->count && (order = compare_pieces(piece, &b->items[k])) > 0)
			k++;
		if (k < b->count && order == 0)
			continue;
		if (n++ == 0)
			growing_text_add(c->commands,
					 "%s element %s " RULESET_TABLE " %s {\n", verb,
					 c->family, c->set);
		growing_text_add(c->commands, "%s%.*s", n > 1 ? ",\n" : "",
				 (int)piece->length, piece->at);
	}
	if (n > 0)
		growing_text_add(c->commands, "\n}\n");
	c->changes += n;
}

static int compare_elements(struct comparing *c)
{
	struct pieces from = { 0 }, to = { 0 };
	size_t before = c->changes;
	int r = take_elements(&c->from, &from);

	if (r == 0)
		r = take_elements(&c->to, &to);
	if (r == 0) {
		add_difference(c, "delete", &from, &to);
		add_difference(c, "add", &to, &from);
		c->elements += MAX_OF(from.count, to.count);
		/* What overlaps with what in between is not known here. */
		if (c->has_ranges && c->changes != before)
			r = RULESET_CHANGE_WHOLE;
	}
	free(from.items);
	free(to.items);
	return r;
}

static void note_set(struct comparing *c, const struct piece *line)
{
	const char *name = NULL;
	size_t length;

	if (begins_with(line, "\tset "))
		name = line->at + strlen("\tset ");
	else if (begins_with(line, "\tmap "))
		name = line->at + strlen("\tmap ");
	else if (begins_with(line, "\t\tflags interval\n"))
		c->has_ranges = true;
	if (!name)
		return;
	length = MIN_OF(strcspn(name, " "), (size_t)NAME_ROOM - 1);
	memcpy(c->set, name, length);
	c->set[length] = '\0';
	c->has_ranges = false;
}

static bool are_markers(const struct piece *a, const struct piece *b)
{
	static const char marker[] = "\tchain " RULESET_MARKER;

	return begins_with(a, marker) && begins_with(b, marker);
}

static int compare_texts(struct comparing *c)
{
	while (*c->from != '\0' && *c->to != '\0') {
		struct piece from = line_at(c->from), to = line_at(c->to);
		int r = 0;

		if (compare_pieces(&from, &to) != 0 && !are_markers(&from, &to))
			return RULESET_CHANGE_WHOLE;
		note_set(c, &from);
		c->from += from.length;
		c->to += to.length;
		if (begins_with(&from, elements_begin))
			r = compare_elements(c);
		if (r != 0)
			return r;
	}
	return *c->from == *c->to ? RULESET_CHANGE_ELEMENTS : RULESET_CHANGE_WHOLE;
}

int ruleset_change(const struct ruleset *from, const struct ruleset *to,
		   struct growing_text *commands)
{
	struct comparing c = { .from = from->text,
			       .to = to->text,
			       .family = ruleset_family_name(to->family),
			       .commands = commands };
	int r = compare_texts(&c);

	if (r != 0)
		return r;
	if (c.changes * PART_OF_ALL > c.elements)
		return RULESET_CHANGE_WHOLE;
	growing_text_add(commands,
			 "delete chain %s " RULESET_TABLE " " RULESET_MARKER "%016llx\n"
			 "add chain %s " RULESET_TABLE " " RULESET_MARKER "%016llx\n",
			 c.family, (unsigned long long)from->fingerprint, c.family,
			 (unsigned long long)to->fingerprint);
	return growing_text_check(commands);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/ruleset_text.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "agent/plan/ruleset_sets.h"

/*
 * The table in nft(8)'s language. A packet's way through it, with IPVS's own places
 * (ip_vs_core.c: LOCAL_IN 98 and 99, LOCAL_OUT -99 and -98):
 *
 *	prerouting -150   whose source is not let in is dropped
 *	prerouting -101   from inside the cluster: to the inside's service; to any other: as it is
 *	prerouting  -90   the mark, by where the connection really goes
 *	input        95   services without destinations
 *	(IPVS)
 *	input       101   what IPVS did not take on a virtual address
 *	output     -150   all of this for the node's own connections; what is sent to the inside's
 *	                  service is marked here, as there is no place between -100 and IPVS
 *	output     -101   from the node: to the inside's service; to any other: as it is
 *	postrouting 100   masquerade
 *
 * A connection has its destination translated once, by the first chain of NAT that does it
 * (nf_nat_core.c: nf_nat_inet_fn); all of them run at -100, in the order of their priorities. One to a
 * virtual service gets the destination that it has already, so that no port which another program
 * publishes (hostPort, Docker: at -100, for every local address) takes it from IPVS.
 *
 * The mark is one bit of the connection's: of the packet's mark a firewall-mark service compares all
 * bits. Protocols are numbers, so that nothing depends on /etc/protocols. Lines are short, since
 * libnftables prints the whole line with an error.
 */

static void begin_chain(struct ruleset_writer *w, const char *name, const char *type,
			const char *hook, int priority)
{
	growing_text_add(
		w->text,
		"\tchain %s {\n\t\ttype %s hook %s priority %d; policy accept;\n", name,
		type, hook, priority);
}

static void end_chain(struct ruleset_writer *w)
{
	growing_text_add(w->text, "\t}\n");
}

/* A rule about new connections by their service's key: "CONDITION KEY STATEMENT". */
static void add_rule(struct ruleset_writer *w, const char *condition,
		     const char *statement)
{
	growing_text_add(w->text,
			 "\t\tct state new %s%s daddr . meta l4proto . th dport %s\n",
			 condition, w->family, statement);
}

static void add_mark_rule(struct ruleset_writer *w, const char *condition,
			  const char *set)
{
	char statement[128];

	snprintf(statement, sizeof(statement), "@%s ct mark set ct mark | 0x%08x", set,
		 w->bit);
	add_rule(w, condition, statement);
}

static void write_source_lists(struct ruleset_writer *w)
{
	for (size_t i = 0; i < w->draft->list_count; i++) {
		const struct source_list *list = &w->draft->lists[i];

		growing_text_add(w->text, "\tchain sources_%zu {\n\t\t%s saddr {\n\t\t\t",
				 i, w->family);
		ruleset_write_networks(w, list->sources, list->count);
		growing_text_add(w->text, "\n\t\t} return\n");
		/* The node's own, whose source is the virtual address where that is local. */
		if (list->has_own)
			growing_text_add(w->text, "\t\t%s saddr . %s daddr @own return\n",
					 w->family, w->family);
		growing_text_add(w->text, "\t\tdrop\n");
		end_chain(w);
	}
}

static void write_refusal(struct ruleset_writer *w)
{
	growing_text_add(w->text,
			 "\tchain refuse {\n"
			 "\t\tmeta l4proto %d reject with tcp reset\n"
			 "\t\treject\n",
			 IPPROTO_TCP);
	end_chain(w);
}

static void add_unserved_rule(struct ruleset_writer *w)
{
	if (w->counts->refused)
		add_rule(w, "",
			 w->draft->settings->no_endpoints == NO_ENDPOINTS_DROP
				 ? "@unserved drop"
				 : "@unserved goto refuse");
}

static bool needs_nat(const struct ruleset_writer *w, const struct ruleset_sets *sets)
{
	return w->counts->redirected > 0 || sets->masqueraded || sets->outside ||
	       sets->kept || sets->kept_whole || sets->addresses || sets->networks;
}

/* Those of the condition keep their destination. */
static void add_keeping_rule(struct ruleset_writer *w, bool needed, const char *key,
			     const char *set)
{
	if (needed)
		growing_text_add(w->text, "\t\t%s daddr%s @%s dnat to %s daddr\n",
				 w->family, key, set, w->family);
}

/* From the node, and from inside the cluster where that is known, connections go to the inside's service. */
static void add_inside_rule(struct ruleset_writer *w, bool from_node)
{
	char from[32] = "";

	if (w->counts->redirected == 0 || (!from_node && !w->draft->has_cluster))
		return;
	if (!from_node)
		snprintf(from, sizeof(from), "%s saddr @cluster ", w->family);
	growing_text_add(
		w->text,
		"\t\t%sdnat %s addr . port to %s daddr . meta l4proto . th dport map @inside\n",
		from, w->family, w->family);
}

static void write_nat(struct ruleset_writer *w, const struct ruleset_sets *sets,
		      const char *hook)
{
	static const char by_key[] = " . meta l4proto . th dport";
	char name[32];

	if (!needs_nat(w, sets))
		return;
	snprintf(name, sizeof(name), "%s_services", hook);
	begin_chain(w, name, "nat", hook, -101);
	add_inside_rule(w, strcmp(hook, "output") == 0);
	add_keeping_rule(w, sets->masqueraded, by_key, "masqueraded");
	add_keeping_rule(w, sets->outside, by_key, "outside");
	add_keeping_rule(w, sets->kept, by_key, "kept");
	add_keeping_rule(w, sets->kept_whole, " . meta l4proto", "kept_whole");
	if (sets->left_open)
		growing_text_add(w->text, "\t\t%s daddr @left_open accept\n", w->family);
	add_keeping_rule(w, sets->addresses, "", "virtual_addresses");
	add_keeping_rule(w, sets->networks, "", "virtual_networks");
	end_chain(w);
}

static void write_prerouting(struct ruleset_writer *w, const struct ruleset_sets *sets)
{
	char outside[64];

	if (w->counts->restricted) {
		begin_chain(w, "prerouting_sources", "filter", "prerouting", -150);
		add_rule(w, "", "vmap @restricted");
		end_chain(w);
	}
	write_nat(w, sets, "prerouting");
	if (!sets->masqueraded && !sets->outside)
		return;
	snprintf(outside, sizeof(outside), "%s saddr != @cluster ", w->family);
	begin_chain(w, "prerouting_mark", "filter", "prerouting", -90);
	if (sets->masqueraded)
		add_mark_rule(w, "", "masqueraded");
	if (sets->outside)
		add_mark_rule(w, outside, "outside");
	end_chain(w);
}

static void add_closing_rule(struct ruleset_writer *w, const char *set)
{
	growing_text_add(w->text,
			 "\t\tct state new meta l4proto != %d %s daddr @%s goto refuse\n",
			 w->draft->family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
			 w->family, set);
}

static void write_input(struct ruleset_writer *w, const struct ruleset_sets *sets)
{
	if (w->counts->refused) {
		begin_chain(w, "input_unserved", "filter", "input", 95);
		add_unserved_rule(w);
		end_chain(w);
	}
	if (w->counts->closed + w->counts->networks == 0)
		return;
	begin_chain(w, "input_closed", "filter", "input", 101);
	if (sets->left_open)
		growing_text_add(w->text, "\t\t%s daddr @left_open accept\n", w->family);
	if (sets->health)
		add_rule(w, "", "@health_checks accept");
	if (sets->unchanged)
		add_rule(w, "", "@unchanged accept");
	if (sets->addresses)
		add_closing_rule(w, "virtual_addresses");
	if (sets->networks)
		add_closing_rule(w, "virtual_networks");
	end_chain(w);
}

/* The node's own. One whose source is the virtual address would be answered by whoever has that. */
static void write_output(struct ruleset_writer *w, const struct ruleset_sets *sets)
{
	char statement[64], outside[64];

	begin_chain(w, "output_own", "filter", "output", -150);
	if (w->counts->restricted)
		add_rule(w, "", "vmap @restricted");
	if (w->counts->redirected) {
		snprintf(statement, sizeof(statement),
			 "@redirected ct mark set ct mark | 0x%08x accept", w->bit);
		add_rule(w, "", statement);
	}
	add_unserved_rule(w);
	if (sets->masqueraded)
		add_mark_rule(w, "", "masqueraded");
	snprintf(outside, sizeof(outside), "%s saddr != @cluster ", w->family);
	if (sets->outside)
		add_mark_rule(w, outside, "outside");
	if (sets->self)
		growing_text_add(
			w->text,
			"\t\tct state new %s saddr . %s daddr @self ct mark set ct mark | 0x%08x\n",
			w->family, w->family, w->bit);
	end_chain(w);
}

static void write_postrouting(struct ruleset_writer *w, const struct ruleset_sets *sets)
{
	if (w->counts->masqueraded + w->counts->redirected == 0)
		return;
	begin_chain(w, "postrouting", "nat", "postrouting", 100);
	growing_text_add(w->text,
			 "\t\tct mark & 0x%08x == 0x%08x masquerade fully-random\n",
			 w->bit, w->bit);
	if (sets->hairpin)
		growing_text_add(
			w->text,
			"\t\t%s daddr . meta l4proto . th dport . %s saddr @hairpin masquerade fully-random\n",
			w->family, w->family);
	end_chain(w);
}

void ruleset_text_write(const struct ruleset_draft *draft,
			const struct ruleset_counts *counts, struct growing_text *text)
{
	struct ruleset_writer w = {
		.draft = draft,
		.counts = counts,
		.text = text,
		.family = ruleset_family_name(draft->family),
		.address_type = draft->family == AF_INET6 ? "ipv6_addr" : "ipv4_addr",
		.bit = 1U << draft->settings->masquerade_bit,
	};
	struct ruleset_sets sets;

	growing_text_add(text, "table %s " RULESET_TABLE " {\n", w.family);
	sets = ruleset_write_sets(&w);
	write_source_lists(&w);
	if (counts->refused + counts->closed + counts->networks > 0)
		write_refusal(&w);
	write_prerouting(&w, &sets);
	write_input(&w, &sets);
	if (counts->masqueraded + counts->restricted + counts->redirected +
		    counts->refused >
	    0)
		write_output(&w, &sets);
	write_nat(&w, &sets, "output");
	write_postrouting(&w, &sets);
}

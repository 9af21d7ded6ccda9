/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/usability.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/printable.h"

enum {
	/*
	 * IPVS takes packets at the input hook from here on, answers at the forward hook
	 * (ip_vs_core.c).
	 */
	INPUT_PRIORITY = 98,
	FORWARD_PRIORITY = 100,
	/* More than any chain's: IPVS's own packets pass the whole of the output hook. */
	EVERY_PRIORITY = INT32_MAX,
	FINDINGS_MAX = 32,
	/*
	 * Packets for which the rules of a hook are run: what is dropped of ten thousand
	 * services is dropped of the first thousand. Those that rules do not tell apart
	 * are one.
	 */
	ASKED_MAX = 1000,
};

enum kind {
	NOT_LOCAL,
	NO_DESTINATION,
	ONLY_WEIGHT_0,
	LOOPBACK_DESTINATION,
	DESTINATION_IS_ADDRESS,
	NO_ROUTE,
	FORWARDING_OFF,
	FORWARDING6_OFF,
	INPUT_DROPPED,
	ANSWER_DROPPED,
	OUTPUT_DROPPED,
	HEALTH_PORT_DROPPED,
};

struct judging {
	const struct usability_facts *facts;
	struct usability_findings *findings;
	bool cluster; /* the state is of Kubernetes objects */
	bool standby; /* the address may be at the other of two directors */
	struct packet_link outside[2];	  /* the default route's, by ruleset_slot() */
	bool can_drop[FILTER_OUTPUT + 1]; /* by enum filter_hook, as the next one */
	struct filter_memory memory[FILTER_OUTPUT + 1];
	size_t address_hint, destination_hint;
};

/* --- findings --- */

static void format_object(const struct service *service,
			  const struct destination *destination,
			  char text[static USABILITY_OBJECT])
{
	char key[SERVICE_KEY_TEXT], target[DESTINATION_KEY_TEXT] = "";
	bool named = service->name != NULL;

	if (destination)
		destination_key_format(destination, target);
	snprintf(text, USABILITY_OBJECT, "%s%s%s%s%.60s%s",
		 service_key_format(&service->key, key), destination ? " -> " : "",
		 target, named ? " (" : "", named ? service->name : "", named ? ")" : "");
}

static struct usability_finding *find_finding(struct usability_findings *findings,
					      enum kind kind, int detail)
{
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].kind == (int)kind &&
		    findings->items[i].detail == detail)
			return &findings->items[i];
	}
	return NULL;
}

/* Where object is not NULL it is to be filled in. */
struct finding_slot {
	struct usability_finding *finding;
	char *object;
	bool is_first; /* of the finding's objects */
	int r;	       /* -ENOMEM */
};

static struct finding_slot add_finding(struct judging *judging, enum kind kind,
				       int detail)
{
	struct usability_findings *findings = judging->findings;
	struct usability_finding *finding = find_finding(findings, kind, detail);

	if (!finding && findings->count == FINDINGS_MAX)
		return (struct finding_slot){ 0 };
	if (!finding) {
		if (ARRAY_MAKE_ROOM(findings->items, findings->count, findings->room) < 0)
			return (struct finding_slot){ .r = -ENOMEM };
		finding = &findings->items[findings->count++];
		*finding =
			(struct usability_finding){ .kind = (int)kind, .detail = detail };
	}
	finding->count++;
	return (struct finding_slot){
		.finding = finding,
		.object = finding->count <= USABILITY_SHOWN
				  ? finding->objects[finding->count - 1]
				  : NULL,
		.is_first = finding->count == 1,
	};
}

static int report(struct judging *judging, enum kind kind, int detail,
		  const struct service *service, const struct destination *destination)
{
	const struct address *address =
		destination ? &destination->address : &service->key.address;
	struct finding_slot slot = add_finding(judging, kind, detail);

	if (slot.object)
		format_object(service, destination, slot.object);
	if (slot.is_first)
		slot.finding->address = *address;
	return slot.r;
}

/* --- facts --- */

static const struct usability_link *find_link(const struct usability_facts *facts,
					      int index)
{
	for (size_t i = 0; i < facts->link_count; i++) {
		if (facts->links[i].index == index)
			return &facts->links[i];
	}
	return NULL;
}

/* A link that has no name here is one that is not known. */
static struct packet_link packet_link(const struct usability_facts *facts, int index)
{
	const struct usability_link *link = index > 0 ? find_link(facts, index) : NULL;
	struct packet_link made = { 0 };

	if (link) {
		made.index = index;
		memcpy(made.name, link->name, sizeof(made.name));
	}
	return made;
}

/* Where it is off: true, with the link whose setting it is, or FORWARDING_ALL. */
static bool forwarding_is_off(const struct usability_facts *facts, uint8_t family,
			      int link, int *where)
{
	const struct forwarding *found = NULL;

	for (size_t i = 0; i < facts->forwarding_count; i++) {
		const struct forwarding *entry = &facts->forwarding[i];

		if (entry->family != family ||
		    (entry->link != link && entry->link != FORWARDING_ALL))
			continue;
		if (!found || entry->link == link)
			found = entry;
	}
	if (!found || found->on)
		return false;
	*where = found->link;
	return true;
}

static bool is_loopback(const struct address *address)
{
	return address->family == AF_INET ? address->bytes[0] == 127
					  : IN6_IS_ADDR_LOOPBACK(&address->v6);
}

/* Of the routes that are known, where an address leads. */
static uint8_t route_to(const struct usability_facts *facts,
			const struct address *address, size_t *hint, int *link)
{
	const struct route_span *span = route_map_find(facts->routes, address, hint);

	*link = span ? span->link : 0;
	return span ? span->kind : (uint8_t)ROUTE_NONE;
}

/* The chain that drops it for certain, or NULL. */
static const struct filter_chain *find_drop(struct judging *judging,
					    enum filter_hook hook, int below,
					    const struct packet *packet)
{
	struct filter_memory *memory = &judging->memory[hook];

	if (!judging->can_drop[hook] || memory->asked >= ASKED_MAX)
		return NULL;
	return packet_filter_drops(judging->facts->filter, hook, below, packet, memory);
}

/* --- destinations --- */

static bool is_unspecified(const struct address *address)
{
	static const uint8_t zero[sizeof(address->bytes)];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

static bool has_listener(const struct usability_facts *facts, uint8_t protocol,
			 const struct destination *destination)
{
	for (size_t i = 0; i < facts->listener_count; i++) {
		const struct listener *listener = &facts->listeners[i];

		if (listener->protocol != protocol || listener->port != destination->port)
			continue;
		if (address_compare(&listener->address, &destination->address) == 0 ||
		    (is_unspecified(&listener->address) &&
		     (listener->address.family == destination->address.family ||
		      (listener->address.family == AF_INET6 && !listener->v6_only))))
			return true;
	}
	return false;
}

/* Sockets of SCTP are not known, nor is who listens where every port is meant. */
static bool may_be_itself(const struct service *service,
			  const struct destination *destination)
{
	return !service->key.fwmark && destination->port != 0 &&
	       (service->key.protocol == IPPROTO_TCP ||
		service->key.protocol == IPPROTO_UDP) &&
	       address_compare(&service->key.address, &destination->address) == 0;
}

bool usability_needs_listeners(const struct table *wanted)
{
	for (size_t i = 0; i < wanted->service_count; i++) {
		const struct service *service = &wanted->services[i];

		for (size_t k = 0; k < service->destination_count; k++) {
			if (may_be_itself(service, &service->destinations[k]))
				return true;
		}
	}
	return false;
}

/*
 * The answer of a destination on another machine, as it comes back to be forwarded.
 * Without connection tracking of IPVS's own an answer belongs to no connection: of TCP it
 * is invalid.
 */
static const struct filter_chain *find_answer_drop(struct judging *judging,
						   const struct service *service,
						   const struct destination *destination,
						   int link)
{
	const struct usability_facts *facts = judging->facts;
	struct packet packet = {
		.family = destination->address.family,
		.protocol = service->key.protocol,
		.source = destination->address,
		.source_port = destination->port,
		.input = packet_link(facts, link),
		.output = judging->outside[ruleset_slot(destination->address.family)],
	};

	if (facts->tracks)
		packet.ct_state = CT_STATE_ESTABLISHED;
	else if (packet.protocol == IPPROTO_TCP)
		packet.ct_state = CT_STATE_INVALID;
	return find_drop(judging, FILTER_FORWARD, FORWARD_PRIORITY, &packet);
}

static const struct filter_chain *find_output_drop(struct judging *judging,
						   const struct service *service,
						   const struct destination *destination,
						   int link)
{
	const struct usability_facts *facts = judging->facts;
	bool masquerade = destination->forward == FORWARD_MASQUERADE;
	struct packet packet = {
		.family = destination->address.family,
		.protocol = service->key.protocol,
		.output = packet_link(facts, link),
		.ct_state = facts->tracks ? CT_STATE_NEW : CT_STATE_UNTRACKED,
	};

	/*
	 * Only a masqueraded packet has the destination's address and port at this hook.
	 */
	if (masquerade) {
		packet.target = destination->address;
		packet.target_port = destination->port;
	} else if (destination->forward == FORWARD_DIRECT) {
		packet.target = service->key.address;
		packet.target_port = service->key.port;
	} else {
		return NULL;
	}
	if (service->key.fwmark && !masquerade)
		packet.target.family = 0;
	return find_drop(judging, FILTER_OUTPUT, EVERY_PRIORITY, &packet);
}

static int chain_index(const struct judging *judging, const struct filter_chain *chain)
{
	return (int)(chain - judging->facts->filter->chains);
}

static int judge_filters(struct judging *judging, const struct service *service,
			 const struct destination *destination, int link)
{
	const struct filter_chain *chain = NULL;
	int r = 0;

	if (judging->can_drop[FILTER_OUTPUT])
		chain = find_output_drop(judging, service, destination, link);
	if (chain)
		r = report(judging, OUTPUT_DROPPED, chain_index(judging, chain), service,
			   destination);
	if (r < 0 || destination->forward != FORWARD_MASQUERADE ||
	    !judging->can_drop[FILTER_FORWARD])
		return r;
	chain = find_answer_drop(judging, service, destination, link);
	return chain ? report(judging, ANSWER_DROPPED, chain_index(judging, chain),
			      service, destination)
		     : 0;
}

static int judge_remote(struct judging *judging, const struct service *service,
			const struct destination *destination, int link)
{
	uint8_t family = destination->address.family;
	int where, r = 0;

	if (destination->forward == FORWARD_MASQUERADE &&
	    forwarding_is_off(judging->facts, family, link, &where))
		r = report(judging, family == AF_INET6 ? FORWARDING6_OFF : FORWARDING_OFF,
			   where, service, destination);
	return r < 0 ? r : judge_filters(judging, service, destination, link);
}

static int judge_destination(struct judging *judging, const struct service *service,
			     const struct destination *destination)
{
	const struct usability_facts *facts = judging->facts;
	int link;

	if (destination->forward == FORWARD_MASQUERADE &&
	    is_loopback(&destination->address))
		return report(judging, LOOPBACK_DESTINATION, 0, service, destination);
	if (may_be_itself(service, destination))
		return facts->listeners_known &&
				       !has_listener(facts, service->key.protocol,
						     destination)
			       ? report(judging, DESTINATION_IS_ADDRESS, 0, service,
					destination)
			       : 0;
	if (!facts->routes || destination->forward == FORWARD_LOCAL)
		return 0;
	switch (route_to(facts, &destination->address, &judging->destination_hint,
			 &link)) {
	case ROUTE_LOCAL:
		return 0;
	case ROUTE_LINK:
		return judge_remote(judging, service, destination, link);
	default:
		return report(judging, NO_ROUTE, 0, service, destination);
	}
}

static int judge_destinations(struct judging *judging, const struct service *service)
{
	bool usable = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < service->destination_count; i++) {
		const struct destination *destination = &service->destinations[i];

		if (destination->weight == 0)
			continue;
		usable = true;
		r = judge_destination(judging, service, destination);
	}
	/* A cluster has many without: scaled to nothing, or with a local policy. */
	if (r < 0 || usable || (judging->cluster && service->access))
		return r;
	return report(judging,
		      service->destination_count == 0 ? NO_DESTINATION : ONLY_WEIGHT_0, 0,
		      service, NULL);
}

/* --- services --- */

static int judge_input(struct judging *judging, const struct service *service)
{
	const struct packet packet = {
		.family = service->key.address.family,
		.protocol = service->key.protocol,
		.target = service->key.address,
		.target_port = service->key.port,
		.ct_state = CT_STATE_NEW,
	};
	const struct filter_chain *chain =
		find_drop(judging, FILTER_INPUT, INPUT_PRIORITY, &packet);

	return chain ? report(judging, INPUT_DROPPED, chain_index(judging, chain),
			      service, NULL)
		     : 0;
}

/* What is made local by us, and is not, is a failure already. */
static int judge_address(struct judging *judging, const struct service *service)
{
	const struct service_access *access = service->access;
	int link;

	if (!judging->facts->routes || judging->standby ||
	    (access && (access->bind || access->node_port)) ||
	    route_to(judging->facts, &service->key.address, &judging->address_hint,
		     &link) == ROUTE_LOCAL)
		return 0;
	return report(judging, NOT_LOCAL, 0, service, NULL);
}

/* Packets with a firewall mark have any address and port. */
static int judge_service(struct judging *judging, const struct service *service)
{
	int r = 0;

	if (!service->key.fwmark)
		r = judge_address(judging, service);
	if (r == 0 && !service->key.fwmark)
		r = judge_input(judging, service);
	return r < 0 ? r : judge_destinations(judging, service);
}

static int judge_health_check(struct judging *judging, const struct health_check *check)
{
	const struct packet packet = { .family = AF_INET,
				       .protocol = IPPROTO_TCP,
				       .target_port = check->port,
				       .ct_state = CT_STATE_NEW };
	struct filter_memory memory = { 0 }; /* another bound of priorities */
	const struct filter_chain *chain = packet_filter_drops(
		judging->facts->filter, FILTER_INPUT, EVERY_PRIORITY, &packet, &memory);
	struct finding_slot slot;

	if (!chain)
		return 0;
	slot = add_finding(judging, HEALTH_PORT_DROPPED, chain_index(judging, chain));
	if (slot.object)
		snprintf(slot.object, USABILITY_OBJECT,
			 "health check port %u of Service %.60s/%.100s", check->port,
			 check->space, check->name);
	if (slot.is_first)
		slot.finding->port = check->port;
	return slot.r;
}

static int judge_health_checks(struct judging *judging, const struct notes *notes)
{
	int r = 0;

	for (size_t i = 0;
	     r == 0 && judging->can_drop[FILTER_INPUT] && i < notes->health_check_count;
	     i++)
		r = judge_health_check(judging, &notes->health_checks[i]);
	return r;
}

static bool is_cluster(const struct table *wanted)
{
	for (size_t i = 0; i < wanted->service_count; i++) {
		if (wanted->services[i].access && wanted->services[i].access->cluster_ip)
			return true;
	}
	return false;
}

static bool has_sync_daemon(const struct globals *globals)
{
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		if (globals->daemons[slot].role)
			return true;
	}
	return false;
}

static bool is_owned(const struct ownership *ownership, const struct service_key *key,
		     size_t *at)
{
	if (!ownership)
		return true;
	while (*at < ownership->service_count &&
	       service_key_compare(&ownership->services[*at].key, key) < 0)
		(*at)++;
	return *at < ownership->service_count &&
	       service_key_compare(&ownership->services[*at].key, key) == 0;
}

static void find_outside(struct judging *judging)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	const struct usability_facts *facts = judging->facts;

	for (size_t i = 0; facts->routes && i < ARRAY_SIZE(families); i++)
		judging->outside[ruleset_slot(families[i])] = packet_link(
			facts, route_map_default_link(facts->routes, families[i]));
}

int usability_judge(const struct table *wanted, const struct ownership *ownership,
		    const struct usability_facts *facts,
		    struct usability_findings *findings)
{
	struct judging judging = { .facts = facts,
				   .findings = findings,
				   .cluster = is_cluster(wanted),
				   .standby = has_sync_daemon(&wanted->globals) };
	size_t owned = 0;
	int r = 0;

	find_outside(&judging);
	for (int hook = FILTER_INPUT; facts->filter && hook <= FILTER_OUTPUT; hook++)
		judging.can_drop[hook] =
			packet_filter_can_drop(facts->filter, (enum filter_hook)hook);
	for (size_t i = 0; r == 0 && i < wanted->service_count; i++) {
		if (is_owned(ownership, &wanted->services[i].key, &owned))
			r = judge_service(&judging, &wanted->services[i]);
	}
	return r < 0 ? r : judge_health_checks(&judging, &wanted->notes);
}

/* --- words --- */

static int format_forwarding(const struct usability_finding *finding,
			     const struct usability_facts *facts, char **text)
{
	bool v6 = finding->kind == FORWARDING6_OFF;
	const struct usability_link *link = find_link(facts, finding->detail);
	char name[IF_NAMESIZE + 40];

	if (!link || finding->detail == FORWARDING_ALL)
		snprintf(name, sizeof(name), "%s",
			 v6 ? GLOBALS_FORWARDING6_SYSCTL : GLOBALS_FORWARDING_SYSCTL);
	else
		snprintf(name, sizeof(name), "net.ipv%d.conf.%s.forwarding", v6 ? 6 : 4,
			 link->name);
	return asprintf(
		text,
		"%s is 0, so that answers of masqueraded destinations on other machines do not get back to clients; set it to 1, in /etc/sysctl.d or in the state's \"sysctls\"",
		name);
}

/*
 * The rule that lets through what the chain drops, in the words of the program that made
 * it.
 */
static void format_rule(const struct usability_finding *finding,
			const struct usability_facts *facts,
			const struct filter_chain *chain, char *rule, size_t size)
{
	bool to = finding->kind != ANSWER_DROPPED,
	     v6 = finding->address.family == AF_INET6;
	bool iptables = strcmp(chain->table, "filter") == 0 && chain->name[0] >= 'A' &&
			chain->name[0] <= 'Z';
	char start[FILTER_CHAIN_TEXT + 32], name[FILTER_CHAIN_TEXT],
		address[ADDRESS_TEXT];

	filter_chain_format(chain, name);
	if (iptables)
		snprintf(start, sizeof(start), "%s -I %s",
			 chain->family == AF_INET6 ? "ip6tables" : "iptables",
			 chain->name);
	else
		snprintf(start, sizeof(start), "nft insert rule %s", name);
	if (finding->kind == HEALTH_PORT_DROPPED)
		snprintf(rule, size,
			 iptables ? "%s -p tcp --dport %u -j ACCEPT"
				  : "%s tcp dport %u accept",
			 start, finding->port);
	else if (finding->kind == ANSWER_DROPPED && facts->tracks)
		snprintf(rule, size, "%s%s", start,
			 iptables
				 ? " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
				 : " ct state established,related accept");
	else if (iptables)
		snprintf(rule, size, "%s -%c %s -j ACCEPT", start, to ? 'd' : 's',
			 address_format(&finding->address, address));
	else
		snprintf(rule, size, "%s %s %caddr %s accept", start, v6 ? "ip6" : "ip",
			 to ? 'd' : 's', address_format(&finding->address, address));
}

static int format_chain(const struct usability_finding *finding,
			const struct usability_facts *facts, char **text)
{
	static const char *const dropped[] = {
		[INPUT_DROPPED] = "what comes for the virtual address",
		[ANSWER_DROPPED] =
			"the answers of masqueraded destinations on other machines",
		[OUTPUT_DROPPED] = "what IPVS sends to the destination",
		[HEALTH_PORT_DROPPED] = "the questions of load balancers",
	};
	const struct filter_chain *chain = &facts->filter->chains[finding->detail];
	char name[FILTER_CHAIN_TEXT], rule[2 * FILTER_CHAIN_TEXT + ADDRESS_TEXT];

	filter_chain_format(chain, name);
	format_rule(finding, facts, chain, rule, sizeof(rule));
	return asprintf(
		text,
		"the chain `%s` of nftables, another program's, drops %s; let it through there, as `%s` does",
		name, dropped[finding->kind], rule);
}

static const char *const texts[] = {
	[NOT_LOCAL] =
		"the virtual address is on no link of this node and no local route has it: only connections that begin on this node are served; set \"bind\": true, or add the address to a link",
	[NO_DESTINATION] =
		"there is no destination: every connection is refused; add one to the state",
	[ONLY_WEIGHT_0] =
		"every destination has weight 0: no new connection is served; give one of them a weight in the state",
	[LOOPBACK_DESTINATION] =
		"the masqueraded destination is a loopback address: the kernel drops connections that come from other machines; use another address of this node",
	[DESTINATION_IS_ADDRESS] =
		"the destination is the virtual address itself, and no program listens there; name the address of a real server",
	[NO_ROUTE] =
		"this node has no route to the destination; add one, or see `ip route get` for the address",
};

static int format_reason(const struct usability_finding *finding,
			 const struct usability_facts *facts, char **text)
{
	if (finding->kind == FORWARDING_OFF || finding->kind == FORWARDING6_OFF)
		return format_forwarding(finding, facts, text);
	if ((size_t)finding->kind >= ARRAY_SIZE(texts))
		return format_chain(finding, facts, text);
	return asprintf(text, "%s", texts[finding->kind]);
}

char *usability_format(const struct usability_finding *finding,
		       const struct usability_facts *facts)
{
	char objects[USABILITY_SHOWN * (USABILITY_OBJECT + 2) + 32] = "";
	size_t shown = MIN_OF(finding->count, (size_t)USABILITY_SHOWN);
	char *reason, *text;
	int length;

	for (size_t i = 0; i < shown; i++) {
		size_t used = strlen(objects);

		snprintf(objects + used, sizeof(objects) - used, "%s%s", i ? ", " : "",
			 finding->objects[i]);
	}
	if (finding->count > shown)
		snprintf(objects + strlen(objects), sizeof(objects) - strlen(objects),
			 " and %zu more", finding->count - shown);
	if (format_reason(finding, facts, &reason) < 0)
		return NULL;
	length = asprintf(&text, "%s: %s", objects, reason);
	free(reason);
	if (length < 0)
		return NULL;
	/* Chains have the names that other programs gave them. */
	printable_make(text);
	return text;
}

void usability_findings_clear(struct usability_findings *findings)
{
	free(findings->items);
	memset(findings, 0, sizeof(*findings));
}

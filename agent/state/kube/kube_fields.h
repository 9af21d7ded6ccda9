/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/state/reader.h"
#include "common/cluster_document.h"

/*
 * Fields of a cluster's objects. Unlike those of native states, unknown ones are the cluster's, and
 * null is as good as absent; of a wrong type is an error as anywhere.
 */

/* A value and where it stands; json NULL: absent. A place borrows the one that it is in. */
struct kube_value {
	struct place place;
	json_t *json;
};

/*
 * The member of an object, which may be absent itself, by its name. One that is there is of that
 * type, or a problem and then absent.
 */
struct kube_value kube_member(struct reader *reader, const struct kube_value *object,
			      const char *name, json_type type);

/* An element of an array, likewise. */
struct kube_value kube_element(struct reader *reader, const struct kube_value *array,
			       size_t index, json_type type);

/* The elements of an array that may be absent. */
size_t kube_count(const struct kube_value *array);

/* The text of a member, borrowed from it, or otherwise. */
const char *kube_text(struct reader *reader, const struct kube_value *object,
		      const char *name, const char *otherwise);

/* A number from min to max. One that is there and is not in that range is a problem. */
uint32_t kube_number(struct reader *reader, const struct kube_value *object,
		     const char *name, uint32_t min, uint32_t max, uint32_t otherwise);

bool kube_bool(struct reader *reader, const struct kube_value *object, const char *name,
	       bool otherwise);

/* IPPROTO_… of the member protocol; TCP where it is absent, 0 and a problem for any other. */
uint8_t kube_protocol(struct reader *reader, const struct kube_value *port);

/*
 * The object's namespace and name, allocated. False, and a problem, where one of them is not a name
 * as the API has them; the name has at most so many bytes.
 */
struct object_name;
bool kube_object_name(struct reader *reader, const struct kube_value *object, size_t max,
		      struct object_name *name);

enum {
	KUBE_LABEL_MAX = 63, /* bytes of a DNS label: namespaces, Services, ports */
	KUBE_NAME_MAX = 253, /* of a DNS subdomain: all others */
};

/*
 * The text of a member that is a name of letters, digits, '-', '_' and '.', at most max bytes of
 * them, borrowed; otherwise where it is absent. NULL, and a problem, for any other text.
 */
const char *kube_name(struct reader *reader, const struct kube_value *object,
		      const char *member, size_t max, const char *otherwise);

/* A copy of the text; NULL and reader->error where memory is out. */
char *kube_copy(struct reader *reader, const char *text);

/* Notes that something of an object is not served: "Service default/web". */
void kube_refuse(struct reader *reader, const char *kind, const struct object_name *name,
		 const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Notes that an object of a kind, whose names may be missing, was read. */
void kube_see(struct reader *reader, enum object_kind kind,
	      const struct kube_value *object);

/* A problem for each object that was read more than once; all have been read. */
void kube_find_twice(struct reader *reader);

/* Labels of what kube-proxy does not ask for (its selectors, cmd/kube-proxy/app/server.go). */
#define KUBE_LABEL_OTHER_PROXY "service.kubernetes.io/service-proxy-name"
#define KUBE_LABEL_HEADLESS    "service.kubernetes.io/headless"

/* Whether an object has a label, whatever its value. */
bool kube_has_label(struct reader *reader, const struct kube_value *object,
		    const char *label);

/*
 * Reads one object of any kind, a list too, into reader->cluster. list is what it is in, which says
 * its kind and version where it does not say them itself; zeroed where it is in none.
 */
void kube_read_object(struct reader *reader, const struct kube_value *object,
		      const struct list_type *list);

/*
 * Whether a list with this metadata (NULL: without) has more objects than are here. An API server
 * answers in parts where it is asked with a limit.
 */
bool kube_goes_on(const json_t *metadata);
#define KUBE_GOES_ON_TEXT                                                                \
	"the list goes on: this is a part of it, and what is missing would be taken away; get the whole list, without a limit"

void kube_read_service(struct reader *reader, const struct kube_value *object);
void kube_read_slice(struct reader *reader, const struct kube_value *object);
void kube_read_node(struct reader *reader, const struct kube_value *object);

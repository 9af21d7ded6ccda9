/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/state/reader.h"

/*
 * A document of Kubernetes objects (common/cluster_document.h): one of them, or a List, whose items
 * are read one by one.
 */

/*
 * Reads it up to and with its '}'. False where the rest of the text is not to be looked at: broken
 * JSON (reported), memory, or -ECANCELED where the reader wants no words of problems: objects of
 * several documents make a state only together.
 */
bool kube_document_read(struct reader *reader, struct json_text *text,
			struct source *source);

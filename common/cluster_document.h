/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "common/json_text.h"

/*
 * Whether a state file's text begins as a document of Kubernetes objects, one of them or a List:
 * by its first field's name. Takes nothing.
 */
bool cluster_document_is(const struct json_text *text);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/ruleset_draft.h"
#include "common/growing_text.h"

/* Writes the draft's table in nft(8)'s language, up to its marker. */
void ruleset_text_write(const struct ruleset_draft *draft,
			const struct ruleset_counts *counts, struct growing_text *text);

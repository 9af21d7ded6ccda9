/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What makes a noun of this number: "%zu service%s", n, PLURAL(n). */
#define PLURAL(n) ((n) == 1 ? "" : "s")

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The plural ending of a noun: "%zu service%s", n, PLURAL(n). */
#define PLURAL(n) ((n) == 1 ? "" : "s")

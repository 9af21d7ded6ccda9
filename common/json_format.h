/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a file is that is no JSON, and what to do with it, by how it begins: "the file is compressed
 * by gzip; unpack it first". NULL where it is nothing that is known.
 */
const char *json_format_other(const char *start, const char *end);

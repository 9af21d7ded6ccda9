/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json_format.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/macro.h"

#define KUBERNETES_YAML "the file is YAML; print it as JSON (kubectl get -o json)"
#define OTHER_YAML	"the file is YAML; this program reads JSON alone"
#define UTF_16		"the file is in UTF-16; save it as UTF-8"
#define UTF_32		"the file is in UTF-32; save it as UTF-8"

static const struct {
	size_t length;
	const char *bytes;
	const char *what;
} beginnings[] = {
	{ 4, "\xff\xfe\0\0", UTF_32 },
	{ 4, "\0\0\xfe\xff", UTF_32 },
	{ 4, "{\0\0\0", UTF_32 },
	{ 2, "\xff\xfe", UTF_16 },
	{ 2, "\xfe\xff", UTF_16 },
	{ 3, "\xef\xbb\xbf", "a byte order mark, which JSON does not have" },
	{ 2, "\x1f\x8b", "the file is compressed by gzip; unpack it first" },
	{ 6,
	  "\xfd"
	  "7zXZ\0",
	  "the file is compressed by xz; unpack it first" },
	{ 4, "\x28\xb5\x2f\xfd", "the file is compressed by zstd; unpack it first" },
	{ 3, "BZh", "the file is compressed by bzip2; unpack it first" },
	{ 4, "PK\3\4", "the file is a ZIP archive; unpack it first" },
	{ 11, "apiVersion:", KUBERNETES_YAML },
	{ 5, "kind:", KUBERNETES_YAML },
	{ 6, "items:", KUBERNETES_YAML },
	{ 3, "---", KUBERNETES_YAML },
	{ 1, "<", "the file is XML or HTML; this program reads JSON alone" },
	{ 3, "-A ", "the file has rules of ipvsadm; ipvs-agent convert reads them" },
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Without a byte order mark, by the empty half of its first two characters. */
static bool is_utf16(const char *p, const char *end)
{
	return end - p >= 4 &&
	       ((!p[0] && p[1] && !p[2] && p[3]) || (p[0] && !p[1] && p[2] && !p[3]));
}

/* "services:" or "- address:" at the beginning of a line. */
static bool is_yaml(const char *p, const char *end)
{
	const char *start;

	if (end - p >= 2 && p[0] == '-' && p[1] == ' ')
		p += 2;
	start = p;
	while (p < end && (isalnum((unsigned char)*p) || *p == '_' || *p == '-'))
		p++;
	return p > start && isalpha((unsigned char)*start) && p < end && *p == ':' &&
	       (p + 1 == end || is_blank(p[1]));
}

const char *json_format_other(const char *start, const char *end)
{
	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++) {
		size_t length = beginnings[i].length;

		if ((size_t)(end - start) >= length &&
		    memcmp(start, beginnings[i].bytes, length) == 0)
			return beginnings[i].what;
	}
	if (is_utf16(start, end))
		return UTF_16;
	while (start < end && is_blank(*start))
		start++;
	return is_yaml(start, end) ? OTHER_YAML : NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/nft_write.h"

#include <errno.h>
#include <stdbool.h>

#if HAVE_NFTABLES

#include <dlfcn.h>
#include <nftables/libnftables.h>
#include <string.h>

/*
 * Loaded when it is needed first: it and what it brings would take a megabyte of every
 * node's memory.
 */
static const char soname[] = "libnftables.so.1";

#define FUNCTIONS(X)                                                                     \
	X(nft_ctx_new)                                                                   \
	X(nft_ctx_free)                                                                  \
	X(nft_ctx_buffer_output)                                                         \
	X(nft_ctx_buffer_error)                                                          \
	X(nft_ctx_get_error_buffer)                                                      \
	X(nft_run_cmd_from_buffer)

struct library {
#define X(name) __typeof__(name) *(name);
	FUNCTIONS(X)
#undef X
};

static int load(struct library *library, struct err *err)
{
	/* Loading it again gives the same one. */
	void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE), *symbol;
	bool complete = handle != NULL;

#define X(name)                                                                          \
	symbol = handle ? dlsym(handle, #name) : NULL;                                   \
	memcpy(&library->name, &symbol, sizeof(symbol));                                 \
	complete = complete && symbol;
	FUNCTIONS(X)
#undef X
	return complete ? 0 : err_set(err, ENOENT, "%s is not installed", soname);
}

/*
 * "<cmdline>:3:1-9: Error: Could not process rule: No such file or directory", and then
 * the place.
 */
static int take_words(const char *words, struct err *err)
{
	const char *text = strstr(words, "Error: ");

	text = text ? text + sizeof("Error: ") - 1 : words;
	return err_set(err, EIO, "nftables: %.*s", (int)strcspn(text, "\n"), text);
}

int nft_run(const char *commands, struct err *err)
{
	struct library nft;
	struct nft_ctx *context;
	int r = load(&nft, err);

	if (r < 0)
		return r;
	context = nft.nft_ctx_new(NFT_CTX_DEFAULT);
	if (!context || nft.nft_ctx_buffer_output(context) != 0 ||
	    nft.nft_ctx_buffer_error(context) != 0)
		r = err_errno(err, ENOMEM, "libnftables");
	else if (nft.nft_run_cmd_from_buffer(context, commands) != 0)
		r = take_words(nft.nft_ctx_get_error_buffer(context), err);
	if (context)
		nft.nft_ctx_free(context);
	return r;
}

#else

int nft_run(const char *commands UNUSED, struct err *err)
{
	return err_set(err, EOPNOTSUPP, "this program was built without libnftables");
}

#endif

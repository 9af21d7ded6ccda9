/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/nftables.h"

#include <errno.h>

#if HAVE_NFTABLES

#include <nftables/libnftables.h>
#include <string.h>

#include "common/cleanup.h"

DEFINE_CLEANUP(cleanup_nft_pointer, struct nft_ctx *, nft_ctx_free)
#define cleanup_nft CLEANUP(cleanup_nft_pointer)

/* "<cmdline>:3:1-9: Error: Could not process rule: No such file or directory", and then the place. */
static int take_words(struct nft_ctx *nft, struct err *err)
{
	const char *words = nft_ctx_get_error_buffer(nft), *text;

	text = strstr(words, "Error: ");
	text = text ? text + sizeof("Error: ") - 1 : words;
	return err_set(err, EIO, "nftables: %.*s", (int)strcspn(text, "\n"), text);
}

int nftables_run(const char *commands, struct err *err)
{
	cleanup_nft struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!nft || nft_ctx_buffer_output(nft) != 0 || nft_ctx_buffer_error(nft) != 0)
		return err_errno(err, ENOMEM, "libnftables");
	return nft_run_cmd_from_buffer(nft, commands) == 0 ? 0 : take_words(nft, err);
}

#else

int nftables_run(const char *commands UNUSED, struct err *err)
{
	return err_set(err, EOPNOTSUPP, "this program was built without libnftables");
}

#endif

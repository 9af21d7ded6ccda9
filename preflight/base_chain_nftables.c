/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "preflight/base_chain.h"

#if HAVE_NFTABLES

#include <nftables/libnftables.h>
#include <string.h>

#include "common/cleanup.h"

DEFINE_CLEANUP(cleanup_nft_pointer, struct nft_ctx *, nft_ctx_free)
#define cleanup_nft CLEANUP(cleanup_nft_pointer)

int base_chains_of_nftables(struct base_chains *chains, struct err *err)
{
	cleanup_nft struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	const char *text, *words;

	if (!nft)
		return err_errno(err, ENOMEM, "libnftables");
	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_PRIO |
					      NFT_CTX_OUTPUT_NUMERIC_ALL);
	if (nft_ctx_buffer_output(nft) != 0 || nft_ctx_buffer_error(nft) != 0)
		return err_errno(err, ENOMEM, "libnftables");
	if (nft_run_cmd_from_buffer(nft, "list chains") != 0) {
		words = nft_ctx_get_error_buffer(nft);
		return err_set(err, EIO, "%.*s", (int)strcspn(words, "\n"), words);
	}
	text = nft_ctx_get_output_buffer(nft);
	/* A ruleset without chains may print nothing. */
	if (text[strspn(text, " \n")] == '\0')
		return 0;
	if (base_chains_from_json(text, chains) < 0)
		return err_set(err, EINVAL, "libnftables' JSON is not understood");
	return 0;
}

#else

int base_chains_of_nftables(struct base_chains *chains UNUSED, struct err *err)
{
	return err_set(err, EOPNOTSUPP, "this program was built without libnftables");
}

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * What nf_conntrack_ipv4 was to others before it was merged into nf_conntrack: a module that needs
 * nf_conntrack and is found by the alias of IPv4's connection tracking.
 */
#include <linux/module.h>
#include <net/netfilter/nf_conntrack.h>

static int __init stub_init(void)
{
	return nf_conntrack_count(&init_net) < 0 ? -EINVAL : 0;
}
static void __exit stub_exit(void)
{
}
module_init(stub_init);
module_exit(stub_exit);

MODULE_ALIAS("nf_conntrack-2");
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("nf_conntrack_ipv4 as older kernels have it");

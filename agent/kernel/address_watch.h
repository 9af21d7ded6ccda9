/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Tells when something changes that what is local on this node depends on, over rtnetlink: an address
 * comes or goes, a link goes, a route with our protocol number goes. All else is dropped in the kernel,
 * our own new routes for instance, which may be very many.
 */
struct address_watch;

enum address_event {
	ADDRESS_NOTHING = 0,
	ADDRESS_CHANGED = 1, /* one or more; also where the kernel had to drop messages */
};

int address_watch_new(struct address_watch **watch, struct err *err) MUST_CHECK;
void address_watch_free(struct address_watch *watch);

DEFINE_CLEANUP(address_watch_cleanup, struct address_watch *, address_watch_free)
#define cleanup_address_watch CLEANUP(address_watch_cleanup)

/* Readable when address_watch_dispatch() has something to read. */
int address_watch_fd(const struct address_watch *watch);

/* Reads all that has come, never blocks. An enum address_event, or -errno. */
int address_watch_dispatch(struct address_watch *watch) MUST_CHECK;

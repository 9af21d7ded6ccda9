/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <sys/socket.h>

#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Takes connections from a listening socket in the event loop. Where none can be taken (no
 * descriptor, no memory) it waits a moment instead of being woken again at once, and the last
 * quarter of the process's descriptors is never taken by connections.
 */
struct acceptor;

/* A connection, whose descriptor is the callee's, non-blocking. */
typedef void (*acceptor_take)(void *context, int fd, const struct sockaddr_storage *peer);

/*
 * fd listens, is non-blocking, and is the acceptor's from now on, also on error; what is for words.
 * At most burst connections are taken at once, and only when nothing of a higher priority
 * (sd_event_source_set_priority(3)) is to be done. -errno.
 */
int acceptor_new(struct acceptor **acceptor, sd_event *event, int fd, const char *what,
		 unsigned int burst, int64_t priority, acceptor_take take,
		 void *context) MUST_CHECK;

/* Readable when a connection waits. */
int acceptor_fd(const struct acceptor *acceptor);

/* Closes the socket. */
void acceptor_free(struct acceptor *acceptor);

DEFINE_CLEANUP(acceptor_cleanup, struct acceptor *, acceptor_free)
#define cleanup_acceptor CLEANUP(acceptor_cleanup)

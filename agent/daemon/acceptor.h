/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <sys/socket.h>

#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Accepts connections from a listening socket in the event loop. If it cannot (no
 * descriptor, no memory) it pauses instead of waking again at once. Connections never use
 * the last quarter of the process's descriptors.
 */
struct acceptor;

/* Called for each connection; the callee owns its descriptor, which is non-blocking. */
typedef void (*acceptor_take)(void *context, int fd, const struct sockaddr_storage *peer);

/*
 * fd is a listening, non-blocking socket. The acceptor owns it, also after an error. what
 * names it in messages. At most burst connections are accepted at a time, and only while
 * no source of higher priority (sd_event_source_set_priority(3)) is pending. -errno.
 */
int acceptor_new(struct acceptor **acceptor, sd_event *event, int fd, const char *what,
		 unsigned int burst, int64_t priority, acceptor_take take,
		 void *context) MUST_CHECK;

/* Readable when a connection is waiting. */
int acceptor_fd(const struct acceptor *acceptor);

/* Closes the socket. */
void acceptor_free(struct acceptor *acceptor);

DEFINE_CLEANUP(acceptor_cleanup, struct acceptor *, acceptor_free)
#define cleanup_acceptor CLEANUP(acceptor_cleanup)

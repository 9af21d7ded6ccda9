/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/acceptor.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/descriptors.h"
#include "common/log.h"

static const uint64_t pause_usec = 200 * 1000;

struct acceptor {
	int fd;
	const char *what;
	unsigned int burst;
	acceptor_take take;
	void *context;
	sd_event_source *io, *timer; /* the timer is on while io is off */
	bool logged;		     /* the failure has been logged */
};

/*
 * The event is level-triggered: a connection that cannot be accepted would wake the loop
 * again and again, so listening pauses.
 */
static void pause_accepting(struct acceptor *acceptor, int code)
{
	if (!acceptor->logged)
		log_warning("%s: cannot accept connections: %s", acceptor->what,
			    strerror(code));
	acceptor->logged = true;
	if (sd_event_source_set_time_relative(acceptor->timer, pause_usec) < 0 ||
	    sd_event_source_set_enabled(acceptor->timer, SD_EVENT_ONESHOT) < 0)
		return;
	sd_event_source_set_enabled(acceptor->io, SD_EVENT_OFF);
}

/* -EAGAIN if no connection waits; another -errno if none can be accepted. */
static int take_one(struct acceptor *acceptor)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t length = sizeof(peer);
	int fd = accept4(acceptor->fd, (struct sockaddr *)&peer, &length,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (descriptor_is_scarce(fd)) {
		close(fd);
		return -EMFILE;
	}
	acceptor->logged = false;
	acceptor->take(acceptor->context, fd, &peer);
	return 0;
}

static int on_connection(UNUSED sd_event_source *source, UNUSED int fd,
			 UNUSED uint32_t events, void *userdata)
{
	struct acceptor *acceptor = userdata;

	for (unsigned int i = 0; i < acceptor->burst; i++) {
		int r = take_one(acceptor);

		if (r == -EAGAIN)
			break;
		if (errno_is_shortage(-r)) {
			pause_accepting(acceptor, -r);
			break;
		}
		/* Other errors concern one connection, which is gone (accept(2)). */
	}
	return 0;
}

static int on_time(UNUSED sd_event_source *source, UNUSED uint64_t usec, void *userdata)
{
	struct acceptor *acceptor = userdata;

	sd_event_source_set_enabled(acceptor->io, SD_EVENT_ON);
	return 0;
}

int acceptor_new(struct acceptor **acceptor, sd_event *event, int fd, const char *what,
		 unsigned int burst, int64_t priority, acceptor_take take, void *context)
{
	cleanup_acceptor struct acceptor *made = calloc(1, sizeof(*made));
	int r;

	if (!made) {
		close(fd);
		return -ENOMEM;
	}
	*made = (struct acceptor){
		.fd = fd, .what = what, .burst = burst, .take = take, .context = context
	};
	r = sd_event_add_io(event, &made->io, fd, EPOLLIN, on_connection, made);
	if (r >= 0)
		r = sd_event_source_set_priority(made->io, priority);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &made->timer, CLOCK_MONOTONIC, 0, 0,
					       on_time, made);
	if (r >= 0)
		r = sd_event_source_set_enabled(made->timer, SD_EVENT_OFF);
	if (r < 0)
		return r;
	*acceptor = TAKE_PTR(made);
	return 0;
}

int acceptor_fd(const struct acceptor *acceptor)
{
	return acceptor->fd;
}

void acceptor_free(struct acceptor *acceptor)
{
	sd_event_source_disable_unref(acceptor->io);
	sd_event_source_disable_unref(acceptor->timer);
	close(acceptor->fd);
	free(acceptor);
}

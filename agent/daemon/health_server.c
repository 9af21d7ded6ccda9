/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections are accepted here, so that their number and duration have our own limits.
 * libmicrohttpd parses requests and writes answers: one daemon of it for all ports,
 * driven by the agent's event loop.
 */
#include "agent/daemon/health_server.h"

#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/acceptor.h"
#include "agent/daemon/health_connections.h"
#include "agent/daemon/http_library.h"
#include "common/clock.h"
#include "common/descriptors.h"
#include "common/log.h"

enum { BURST = 16, BACKLOG = 128, RUNS_MAX = 4 };
/*
 * Below the priority of everything that keeps the table right: clients must not delay
 * that.
 */
static const int64_t priority = SD_EVENT_PRIORITY_NORMAL + 10;
static const uint64_t timer_accuracy_usec = 10 * 1000;

struct health_port {
	struct health_server *server;
	struct acceptor *acceptor;
	struct health_check check; /* texts owned */
};

struct health_server {
	sd_event *event;
	struct http_library http;
	struct MHD_Daemon *daemon; /* of all ports; NULL while there is no port */
	sd_event_source *source;   /* of the daemon's epoll descriptor */
	sd_event_source *timer;	   /* the next deadline of a connection */
	struct health_connections connections;
	struct health_port **ports; /* each owned */
	size_t count;
	bool proxy_healthy;
};

struct health_server *health_server_new(sd_event *event)
{
	struct health_server *server = calloc(1, sizeof(*server));

	if (server)
		server->event = event;
	return server;
}

/* --- answers --- */

static char *format_answer(const struct health_port *port)
{
	json_t *json =
		json_pack("{s:{s:s, s:s}, s:I, s:b}", "service", "namespace",
			  port->check.space, "name", port->check.name, "localEndpoints",
			  (json_int_t)port->check.local_endpoints, "serviceProxyHealthy",
			  port->server->proxy_healthy);
	char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;

	json_decref(json);
	return text;
}

static bool add_headers(const struct http_library *http, struct MHD_Response *response,
			const struct health_port *port)
{
	char weight[32];
	const struct {
		const char *name, *value;
	} headers[] = {
		{ "Content-Type", "application/json" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Load-Balancing-Endpoint-Weight", weight },
		/*
		 * One request per connection, so that no client occupies one that others
		 * need.
		 */
		{ "Connection", "close" },
	};

	snprintf(weight, sizeof(weight), "%zu", port->check.local_endpoints);
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		if (http->MHD_add_response_header(response, headers[i].name,
						  headers[i].value) != MHD_YES)
			return false;
	}
	return true;
}

static enum MHD_Result answer_port(const struct health_port *port,
				   struct MHD_Connection *connection)
{
	const struct http_library *http = &port->server->http;
	bool healthy = port->check.local_endpoints > 0 && port->server->proxy_healthy;
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;
	char *text = format_answer(port);

	if (!text)
		return MHD_NO;
	response = http->MHD_create_response_from_buffer(strlen(text), text,
							 MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	if (add_headers(http, response, port))
		result = http->MHD_queue_response(
			connection, healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
			response);
	http->MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
				  UNUSED const char *url, UNUSED const char *method,
				  UNUSED const char *version, UNUSED const char *data,
				  size_t *data_size, UNUSED void **request)
{
	const struct health_server *server = context;
	const union MHD_ConnectionInfo *info = server->http.MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const struct health_connection *entry = info ? info->socket_context : NULL;

	/* A health check has no body. */
	if (*data_size > 0 || !entry || !entry->owner)
		return MHD_NO;
	return answer_port(entry->owner, connection);
}

/* --- the event loop --- */

/* MHD's epoll descriptor does not signal data that MHD has already read. */
static bool has_more_to_do(struct health_server *server)
{
	MHD_UNSIGNED_LONG_LONG msec;

	return server->http.MHD_get_timeout(server->daemon, &msec) == MHD_YES &&
	       msec == 0;
}

static void set_timer(struct health_server *server)
{
	uint64_t due = health_connections_due(&server->connections);

	if (has_more_to_do(server))
		due = clock_usec(CLOCK_MONOTONIC);
	if (due == UINT64_MAX) {
		sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(server->timer, due);
	sd_event_source_set_enabled(server->timer, SD_EVENT_ONESHOT);
}

/* MHD notices closed connections, requests and room for answers only when it runs. */
static void run_daemon(struct health_server *server)
{
	for (int i = 0; i < RUNS_MAX; i++) {
		server->http.MHD_run(server->daemon);
		if (!has_more_to_do(server))
			break;
	}
	set_timer(server);
}

static int on_readable(UNUSED sd_event_source *source, UNUSED int fd,
		       UNUSED uint32_t events, void *userdata)
{
	run_daemon(userdata);
	return 0;
}

static int on_time(UNUSED sd_event_source *source, UNUSED uint64_t usec, void *userdata)
{
	struct health_server *server = userdata;

	health_connections_expire(&server->connections);
	run_daemon(server);
	return 0;
}

/* MHD has started or finished a connection. */
static void on_notification(void *context, UNUSED struct MHD_Connection *connection,
			    void **socket_context,
			    enum MHD_ConnectionNotificationCode what)
{
	struct health_server *server = context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = server->connections.newest;
	else if (*socket_context)
		health_connections_remove(&server->connections, *socket_context);
}

static void on_connection(void *context, int fd, const struct sockaddr_storage *peer)
{
	struct health_port *port = context;
	struct health_server *server = port->server;
	struct health_connection *entry;

	if (health_connections_make_room(&server->connections, peer))
		server->http.MHD_run(server->daemon);
	entry = health_connections_add(&server->connections, fd, peer, port);
	if (!entry) {
		close(fd);
	} else if (server->http.MHD_add_connection(
			   server->daemon, fd, (const struct sockaddr *)peer,
			   peer->ss_family == AF_INET6
				   ? sizeof(struct sockaddr_in6)
				   : sizeof(struct sockaddr_in)) != MHD_YES &&
		   server->connections.newest == entry) {
		/* The library closed it without a notification. */
		health_connections_remove(&server->connections, entry);
	}
	run_daemon(server);
}

/* --- the library's daemon, while there is any port --- */

static void stop_daemon(struct health_server *server)
{
	server->source = sd_event_source_disable_unref(server->source);
	server->timer = sd_event_source_disable_unref(server->timer);
	if (server->daemon)
		server->http.MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
}

static int add_sources(struct health_server *server)
{
	const union MHD_DaemonInfo *info = server->http.MHD_get_daemon_info(
		server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int r;

	if (!info)
		return -EIO;
	r = sd_event_add_io(server->event, &server->source, info->epoll_fd, EPOLLIN,
			    on_readable, server);
	if (r >= 0)
		r = sd_event_source_set_priority(server->source, priority);
	if (r >= 0)
		r = sd_event_add_time_relative(server->event, &server->timer,
					       CLOCK_MONOTONIC, 0, timer_accuracy_usec,
					       on_time, server);
	if (r >= 0)
		r = sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

static int start_daemon(struct health_server *server, struct err *err)
{
	int r;

	if (server->daemon)
		return 0;
	r = http_library_load(&server->http, err);
	if (r < 0)
		return r;
	errno = 0;
	server->daemon = server->http.MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request,
		server, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)HEALTH_CONNECTIONS_MAX + 1, MHD_OPTION_NOTIFY_CONNECTION,
		on_notification, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)8192,
		MHD_OPTION_END);
	r = server->daemon ? add_sources(server) : errno ? -errno : -EIO;
	if (r < 0)
		stop_daemon(server);
	return r < 0 ? err_set(err, -r, "%s", strerror(-r)) : 0;
}

/* --- ports --- */

static void free_port(struct health_port *port)
{
	if (port->acceptor)
		acceptor_free(port->acceptor);
	/* Closes the port's connections as well. */
	health_connections_disown(&port->server->connections, port);
	health_check_clear(&port->check);
	free(port);
}

DEFINE_CLEANUP(free_port_pointer, struct health_port *, free_port)
#define cleanup_port CLEANUP(free_port_pointer)

static int bind_and_listen(int fd, int family, uint16_t port)
{
	const struct sockaddr_in6 any6 = { .sin6_family = AF_INET6,
					   .sin6_port = htons(port) };
	const struct sockaddr_in any4 = { .sin_family = AF_INET,
					  .sin_port = htons(port) };
	int on = 1, off = 0, r;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
		return -errno;
	r = family == AF_INET6 ? bind(fd, (const struct sockaddr *)&any6, sizeof(any6))
			       : bind(fd, (const struct sockaddr *)&any4, sizeof(any4));
	return r < 0 || listen(fd, BACKLOG) < 0 ? -errno : 0;
}

/* A dual-stack socket, or an IPv4 one if the kernel has no IPv6; or -errno. */
static int open_socket(uint16_t port)
{
	static const int families[] = { AF_INET6, AF_INET };
	int r = -EAFNOSUPPORT;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		cleanup_close int fd = socket(
			families[i], SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd >= 0 && descriptor_is_scarce(fd))
			return -EMFILE;
		r = fd < 0 ? -errno : bind_and_listen(fd, families[i], port);
		if (r == 0)
			return TAKE_FD(fd);
		if (r != -EAFNOSUPPORT && r != -EADDRNOTAVAIL)
			return r;
	}
	return r;
}

static int listen_at(struct health_port *port, struct err *err)
{
	int fd, r = start_daemon(port->server, err);

	if (r < 0)
		return r;
	fd = open_socket(port->check.port);
	if (fd < 0)
		return err_set(err, -fd, "%s", strerror(-fd));
	r = acceptor_new(&port->acceptor, port->server->event, fd, "health check port",
			 BURST, priority, on_connection, port);
	return r < 0 ? err_set(err, -r, "%s", strerror(-r)) : 0;
}

/*
 * Opens a port. If that fails, the result is 0 with *opened NULL, and a warning is added.
 */
static int open_port(struct health_server *server, const struct health_check *check,
		     struct reconcile_report *report, struct health_port **opened)
{
	cleanup_port struct health_port *port = calloc(1, sizeof(*port));
	struct err err = { 0 };

	if (!port)
		return -ENOMEM;
	port->server = server;
	if (health_check_copy(check, &port->check) < 0)
		return -ENOMEM;
	if (listen_at(port, &err) < 0)
		return reconcile_report_warn(
			report,
			"the health check port %u of Service %s/%s cannot be opened: %s",
			check->port, check->space, check->name, err.text);
	log_info("health checks of Service %s/%s are answered at port %u", check->space,
		 check->name, check->port);
	*opened = TAKE_PTR(port);
	return 0;
}

static bool is_of(const struct health_port *port, const struct health_check *check)
{
	return port->check.port == check->port &&
	       strcmp(port->check.space, check->space) == 0 &&
	       strcmp(port->check.name, check->name) == 0;
}

/* Takes the open port of this check out of the server. */
static struct health_port *take_port(struct health_server *server,
				     const struct health_check *check)
{
	for (size_t i = 0; i < server->count; i++) {
		if (server->ports[i] && is_of(server->ports[i], check))
			return TAKE_PTR(server->ports[i]);
	}
	return NULL;
}

static void close_ports(struct health_server *server)
{
	for (size_t i = 0; i < server->count; i++) {
		if (server->ports[i])
			free_port(server->ports[i]);
	}
	free(server->ports);
	server->ports = NULL;
	server->count = 0;
}

int health_server_update(struct health_server *server, const struct notes *notes,
			 bool proxy_healthy, struct reconcile_report *report)
{
	struct health_port **ports;
	size_t count = 0;
	int r = 0;

	server->proxy_healthy = proxy_healthy;
	if (notes->health_check_count == 0) {
		close_ports(server);
		stop_daemon(server);
		return 0;
	}
	ports = calloc(notes->health_check_count, sizeof(struct health_port *));
	if (!ports)
		return -ENOMEM;
	for (size_t i = 0; i < notes->health_check_count; i++) {
		struct health_port *port = take_port(server, &notes->health_checks[i]);

		if (port) {
			port->check.local_endpoints =
				notes->health_checks[i].local_endpoints;
			ports[count++] = port;
		}
	}
	/* A port number may move from one Service to another. */
	close_ports(server);
	server->ports = ports;
	server->count = count;
	for (size_t i = 0; r == 0 && i < notes->health_check_count; i++) {
		const struct health_check *check = &notes->health_checks[i];
		struct health_port *port = NULL;
		bool open = false;

		for (size_t k = 0; k < count; k++)
			open |= is_of(ports[k], check);
		if (!open)
			r = open_port(server, check, report, &port);
		if (port)
			ports[server->count++] = port;
	}
	return r;
}

void health_server_free(struct health_server *server)
{
	close_ports(server);
	stop_daemon(server);
	free(server);
}

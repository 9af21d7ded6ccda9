/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One libmicrohttpd daemon for each port, all driven by the agent's own event loop: each has an epoll
 * descriptor that is readable when it has work, and a time when it wants to look at its connections.
 */
#include "agent/daemon/health_server.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/http_library.h"
#include "common/log.h"

enum { CONNECTIONS_MAX = 64, CONNECTION_SECONDS = 10 };
static const uint64_t timer_accuracy_usec = 100 * 1000;

struct health_port {
	struct health_server *server;
	struct MHD_Daemon *daemon;
	sd_event_source *source;   /* of the daemon's epoll descriptor */
	sd_event_source *timer;	   /* of what the daemon waits for */
	struct health_check check; /* texts owned */
};

struct health_server {
	sd_event *event;
	struct http_library http;
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

static enum MHD_Result answer(void *context, struct MHD_Connection *connection,
			      UNUSED const char *url, UNUSED const char *method,
			      UNUSED const char *version, UNUSED const char *data,
			      size_t *data_size, UNUSED void **request)
{
	const struct health_port *port = context;
	const struct http_library *http = &port->server->http;
	bool healthy = port->check.local_endpoints > 0 && port->server->proxy_healthy;
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;
	char weight[32], *text;

	/* Nobody sends a body with such a question. */
	if (*data_size > 0)
		return MHD_NO;
	text = format_answer(port);
	if (!text)
		return MHD_NO;
	response = http->MHD_create_response_from_buffer(strlen(text), text,
							 MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	snprintf(weight, sizeof(weight), "%zu", port->check.local_endpoints);
	if (http->MHD_add_response_header(response, "Content-Type", "application/json") ==
		    MHD_YES &&
	    http->MHD_add_response_header(response, "X-Content-Type-Options",
					  "nosniff") == MHD_YES &&
	    http->MHD_add_response_header(response, "X-Load-Balancing-Endpoint-Weight",
					  weight) == MHD_YES)
		result = http->MHD_queue_response(
			connection, healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
			response);
	http->MHD_destroy_response(response);
	return result;
}

/* --- the event loop --- */

static void set_timer(struct health_port *port)
{
	MHD_UNSIGNED_LONG_LONG msec;

	if (port->server->http.MHD_get_timeout(port->daemon, &msec) != MHD_YES) {
		sd_event_source_set_enabled(port->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time_relative(port->timer, msec * 1000);
	sd_event_source_set_enabled(port->timer, SD_EVENT_ONESHOT);
}

static void work(struct health_port *port)
{
	port->server->http.MHD_run(port->daemon);
	set_timer(port);
}

static int on_readable(UNUSED sd_event_source *source, UNUSED int fd,
		       UNUSED uint32_t events, void *userdata)
{
	work(userdata);
	return 0;
}

static int on_time(UNUSED sd_event_source *source, UNUSED uint64_t usec, void *userdata)
{
	work(userdata);
	return 0;
}

/* --- ports --- */

static void free_port(struct health_port *port)
{
	sd_event_source_disable_unref(port->source);
	sd_event_source_disable_unref(port->timer);
	if (port->daemon)
		port->server->http.MHD_stop_daemon(port->daemon);
	health_check_clear(&port->check);
	free(port);
}

DEFINE_CLEANUP(free_port_pointer, struct health_port *, free_port)
#define cleanup_port CLEANUP(free_port_pointer)

/* Where the kernel has no IPv6, on IPv4 alone. */
static struct MHD_Daemon *start_daemon(struct health_port *port)
{
	static const unsigned int flags[] = { MHD_USE_EPOLL | MHD_USE_DUAL_STACK,
					      MHD_USE_EPOLL };
	struct MHD_Daemon *daemon = NULL;

	for (size_t i = 0; !daemon && i < ARRAY_SIZE(flags); i++) {
		errno = 0;
		daemon = port->server->http.MHD_start_daemon(
			flags[i], port->check.port, NULL, NULL, answer, port,
			MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)CONNECTION_SECONDS,
			MHD_OPTION_END);
		if (!daemon && errno == EADDRINUSE)
			break;
	}
	return daemon;
}

static int add_sources(struct health_port *port)
{
	const union MHD_DaemonInfo *info = port->server->http.MHD_get_daemon_info(
		port->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	sd_event *event = port->server->event;
	int r;

	if (!info)
		return -EIO;
	r = sd_event_add_io(event, &port->source, info->epoll_fd, EPOLLIN, on_readable,
			    port);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &port->timer, CLOCK_MONOTONIC, 0,
					       timer_accuracy_usec, on_time, port);
	if (r >= 0)
		set_timer(port);
	return r < 0 ? r : 0;
}

/* 0 with *opened NULL: it could not be, and a warning says so. */
static int open_port(struct health_server *server, const struct health_check *check,
		     struct reconcile_report *report, struct health_port **opened)
{
	cleanup_port struct health_port *port = calloc(1, sizeof(*port));
	struct err err = { 0 };
	int r;

	if (!port || health_check_copy(check, &port->check) < 0)
		return -ENOMEM;
	port->server = server;
	r = http_library_load(&server->http, &err);
	if (r == 0) {
		port->daemon = start_daemon(port);
		r = port->daemon ? add_sources(port) : errno ? -errno : -EIO;
		if (r < 0)
			(void)err_set(&err, -r, "%s", strerror(-r));
	}
	if (r < 0)
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

/* The open port of this check, taken out of the server. */
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
	/* A port may go from one Service to another. */
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
	free(server);
}

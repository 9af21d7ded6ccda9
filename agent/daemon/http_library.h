/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <microhttpd.h>

#include "common/err.h"
#include "common/macro.h"

/*
 * libmicrohttpd, loaded when the first health check port is opened. Linked at build time,
 * it and its TLS library would use more memory on every node than the agent itself.
 */

#define HTTP_FUNCTIONS(X)                                                                \
	X(MHD_start_daemon)                                                              \
	X(MHD_stop_daemon)                                                               \
	X(MHD_get_daemon_info)                                                           \
	X(MHD_add_connection)                                                            \
	X(MHD_get_connection_info)                                                       \
	X(MHD_get_timeout)                                                               \
	X(MHD_run)                                                                       \
	X(MHD_create_response_from_buffer)                                               \
	X(MHD_add_response_header)                                                       \
	X(MHD_queue_response)                                                            \
	X(MHD_destroy_response)

struct http_library {
	void *handle; /* NULL: not loaded */
#define X(name) __typeof__(name) *(name);
	HTTP_FUNCTIONS(X)
#undef X
};

/* Loads the library once. -ENOENT with err set if it is not installed. */
int http_library_load(struct http_library *library, struct err *err) MUST_CHECK;

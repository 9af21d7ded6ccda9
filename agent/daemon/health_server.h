/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "agent/report/reconcile_report.h"
#include "agent/model/notes.h"
#include "common/cleanup.h"

/*
 * Tells load balancers whether this node has endpoints of a Service whose
 * externalTrafficPolicy is Local: HTTP on the Service's healthCheckNodePort, on all
 * addresses, 200 or 503, with the body and header of kube-proxy (kubernetes
 * pkg/proxy/healthcheck/service_health.go).
 */
struct health_server;

/* event is borrowed. NULL: out of memory. */
struct health_server *health_server_new(sd_event *event) MUST_CHECK;

/*
 * Opens the ports of these checks, closes all others, and answers with these numbers from
 * now on. proxy_healthy says whether the kernel's table follows the state at all. If a
 * port cannot be opened, the report gets a warning and the next call tries again.
 * -ENOMEM.
 */
int health_server_update(struct health_server *server, const struct notes *notes,
			 bool proxy_healthy, struct reconcile_report *report) MUST_CHECK;

void health_server_free(struct health_server *server);

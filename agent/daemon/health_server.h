/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "agent/report/reconcile_report.h"
#include "agent/model/notes.h"
#include "common/cleanup.h"

/*
 * Answers a load balancer's question whether this node has endpoints of a Service whose
 * externalTrafficPolicy is Local: HTTP at the Service's healthCheckNodePort, on all addresses, 200 or
 * 503, with the body and header of kube-proxy (kubernetes pkg/proxy/healthcheck/service_health.go).
 */
struct health_server;

/* event is borrowed. NULL: memory. */
struct health_server *health_server_new(sd_event *event) MUST_CHECK;

/*
 * Opens the ports of these checks, closes all others, and answers from now on with their numbers.
 * proxy_healthy says whether the kernel's table follows the state at all. A port that cannot be
 * opened is a warning of the report, and tried again at the next call. -ENOMEM.
 */
int health_server_update(struct health_server *server, const struct notes *notes,
			 bool proxy_healthy, struct reconcile_report *report) MUST_CHECK;

void health_server_free(struct health_server *server);

/*
 * http - GET /metrics, on a loop (libmicrohttpd)
 *
 * There is one page.  Its path is compared byte for byte, so that no way of writing another one comes near it; every
 * other is 404, and every method but GET and HEAD 405.  Clients are limited in number, size and time.
 */
#ifndef METRICSD_HTTP_H
#define METRICSD_HTTP_H

#include <stdbool.h>
#include <uv.h>

#include "base/buf.h"

struct http;

struct http_spec {
	uv_loop_t *loop;
	int fd; /* listening; it is ours from now on */
	/* Writes the page; open: as OpenMetrics wants it, else as Prometheus' older format does. */
	void (*page)(void *owner, bool open, struct buf *out);
	void *owner;
};

int http_start(const struct http_spec *spec, struct http **out);
void http_stop(struct http **http, void (*done)(void *), void *arg);

#endif

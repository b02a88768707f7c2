/*
 * metricsd - the daemon's life
 *
 * It watches the suite (lib/watch), and says what it sees to whoever asks by HTTP (http.h), as text that Prometheus
 * reads (page.h).  It is never asked for anything else, and knows nothing else.
 */
#ifndef METRICSD_METRICSD_H
#define METRICSD_METRICSD_H

#include "daemon/daemon.h"

int metricsd_open(struct daemon *d);
int metricsd_start(struct daemon *d);
int metricsd_reload(struct daemon *d, const struct conf *old);
void metricsd_stop(struct daemon *d);

#endif

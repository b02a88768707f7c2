/*
 * page - a picture as text: OpenMetrics 1.0, or the format of Prometheus before it (0.0.4)
 *
 * What daemons count is bulkhead_DAEMON_NAME, with the label process="c2sd@1"; what all of them count, and what is known
 * of them, is bulkhead_NAME.  A daemon that has been taken over can say what it likes of itself, and neither spoil the page nor
 * speak for another: names and labels are checked, what comes twice is left out.
 */
#ifndef METRICSD_PAGE_H
#define METRICSD_PAGE_H

#include "watch/picture.h"

void page_write(const struct picture *p, bool open, struct buf *out);

#endif

/* RESTART, SET_LOG and LOG_GET. */
#include "daemon/orders.h"

#include "base/err.h"
#include "daemon/log.h"
#include "daemon/private.h"

int daemon_on_restart(const struct bus_event *event)
{
	struct msg_restart m;

	if (bus_get_restart(event->frame->body, &m) != 0)
		return BH_EPROTO;
	daemon_restart(daemon_of(event));
	return 0;
}

int daemon_on_set_log(const struct bus_event *event)
{
	struct msg_set_log m;

	if (bus_get_set_log(event->frame->body, &m) != 0 || m.log_level > LOG_LEVEL_DEBUG)
		return BH_EPROTO;
	log_set_level((enum log_level)m.log_level);
	return 0;
}

int daemon_on_log_get(const struct bus_event *event)
{
	const struct msg_log_is m = {.log_level = (uint8_t)log_level()};
	struct msg_log_get request;

	if (bus_get_log_get(event->frame->body, &request) != 0)
		return BH_EPROTO;
	return LINK_SEND(event->link, LOG_IS, log_is, event->frame->subject, &m);
}

/*
 * handlers - routerd's side of messages.def: one function a message
 */
#ifndef ROUTERD_HANDLERS_H
#define ROUTERD_HANDLERS_H

#include "bus/link.h"

extern const struct bus_handler router_handlers[];

bus_handler_fn on_bind, on_closed, on_submit, on_done;

#endif

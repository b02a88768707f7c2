/*
 * disco - service discovery (XEP-0030): what the server and an account say of themselves
 */
#ifndef ROUTERD_DISCO_H
#define ROUTERD_DISCO_H

#include "routerd/services.h"

void disco_info(struct transit *t, enum service_place place, const struct tree_node *child);
void disco_items(struct transit *t, enum service_place place, const struct tree_node *child);

#endif

/*
 * table - messages.def as an array, for lib/bus itself
 *
 * A link looks a type up for every frame: an index by type, and no function call.
 */
#ifndef BH_BUS_TABLE_H
#define BH_BUS_TABLE_H

#include "bus/bus.h"

enum bus_index {
#define MSG(NAME, name, num, from, to, flags) BUS_INDEX_##NAME,
#include "bus/each_message.h"
	BUS_MESSAGE_COUNT,
};

enum { BUS_TYPE_LIMIT = 0x1000 };

extern const struct bus_message_info bus_table[BUS_MESSAGE_COUNT];
extern const uint8_t bus_index_of[BUS_TYPE_LIMIT]; /* 1 + index; 0: no such message */

static inline const struct bus_message_info *bus_info(uint16_t type)
{
	uint8_t at = type < BUS_TYPE_LIMIT ? bus_index_of[type] : 0;

	return at != 0 ? &bus_table[at - 1] : NULL;
}

/* sender and receiver are one role each. */
static inline bool bus_info_allows(
	const struct bus_message_info *info, unsigned sender, unsigned receiver)
{
	return (info->senders & sender) != 0 && (info->receivers & receiver) != 0;
}

#endif

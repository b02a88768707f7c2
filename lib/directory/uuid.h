/*
 * uuid - what tells an entry from all others for ever, whatever it is called
 */
#ifndef DIRECTORY_UUID_H
#define DIRECTORY_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { UUID_SIZE = 16 };

/* Out of an attribute's value: 32 hexadecimal digits with dashes anywhere (entryUUID, nsUniqueId, ipaUniqueID), or the
 * 16 bytes themselves (objectGUID).  false: it is none. */
bool uuid_parse(struct str value, uint8_t out[UUID_SIZE]);

#endif

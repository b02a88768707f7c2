/*
 * inner - canonical inner XML (xmlcheck.h), taken apart without parsing it
 */
#ifndef BH_INNER_H
#define BH_INNER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Takes the first top-level element off *rest; false at its end, or where it is no canonical
 * inner XML. */
bool inner_take(struct str *rest, struct str *element);

/* What stands between the tags of one element; absent where there is nothing. */
struct str inner_contents(struct str element);

#endif

/* The phrases of the error codes, from the one table in err.h. */
#include "base/err.h"

#include <string.h>

const char *bh_strerror(int rc)
{
	switch (rc) {
	case 0:
		return "success";
#define XX(name, value, text)                                                                      \
	case value:                                                                                \
		return text;
		BH_ERROR_MAP(XX)
#undef XX
	default:
		return strerror(rc < 0 ? -rc : rc);
	}
}

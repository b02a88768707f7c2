/* Any file of XEP-0227, read as an import: what it gives is prepared, canonical, and no more than came. */
#include <stdarg.h>

#include "bus/user_data.h"
#include "ctl/ctl.h"
#include "ctl/move/pie.h"
#include "fuzz.h"
#include "moved_check.h"

/* Complaints have nobody to hear them here. */
int complain(int code, const char *fmt, ...)
{
	(void)fmt;
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct moved_taker taker = {moved_check, NULL};

	FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

	if (file == NULL)
		return 0;
	(void)pie_read_file(file, "input", &taker);
	fclose(file);
	return 0;
}

/* Any bytes as a DN, as a name with an identifier, and as a text that is folded: no harm, and the same each time. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "directory/dn.h"
#include "xmpp/fold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1); /* its own allocation, so that reading behind it is seen */
	uint8_t a[DN_DIGEST_SIZE], b[DN_DIGEST_SIZE];
	struct buf folded = BUF_INIT;
	struct str text, name;

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	text = str_make(copy, size);
	name = dn_without_uid(text);
	if (name.len > text.len || dn_digest(text, a) != dn_digest(text, b))
		abort();
	if (dn_digest(text, a) == 0 && dn_digest(text, b) == 0 && memcmp(a, b, sizeof a) != 0)
		abort();
	if (fold_text(&folded, text) != 0 && folded.len != 0)
		abort();
	buf_fini(&folded);
	free(copy);
	return 0;
}

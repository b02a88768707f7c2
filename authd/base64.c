/* Base64, by gsasl; strict: no white space, no missing or surplus padding. */
#include "authd/base64.h"

#include <gsasl.h>

#include "base/err.h"
#include "base/secret.h"

int base64_decode(struct str text, struct buf *out)
{
	char *bytes = NULL;
	size_t len = 0;
	int rc;

	if (text.len == 0 || str_is(text, "="))
		return 0;
	rc = gsasl_base64_from(text.p, text.len, &bytes, &len);
	if (rc != GSASL_OK)
		return rc == GSASL_MALLOC_ERROR ? BH_ENOMEM : BH_EINVAL;
	buf_put(out, bytes, len);
	secret_wipe(bytes, len);
	gsasl_free(bytes);
	return buf_failed(out) ? BH_ENOMEM : 0;
}

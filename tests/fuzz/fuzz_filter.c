/* Any bytes as a value in a search filter: what libldap puts on the wire of it is a comparison of
 * that attribute with just that value, and nothing else (attacks.md, S23). */
#include <ldap.h>

#include "directory/filter.h"
#include "fuzz.h"

#define ATTRIBUTE "uid"

/* libldap's own parser of filters; exported, in no header that is installed. */
int ldap_pvt_put_filter(BerElement *ber, const char *text);

/* The filter as libldap sends it. */
static BerElement *wire_of(const char *filter)
{
	BerElement *out = ber_alloc_t(LBER_USE_DER), *in;
	struct berval *bytes = NULL;

	require(out != NULL && ldap_pvt_put_filter(out, filter) >= 0 && ber_flatten(out, &bytes) >= 0);
	in = ber_init(bytes);
	ber_bvfree(bytes);
	ber_free(out, 1);
	require(in != NULL);
	return in;
}

static void check_wire(const char *filter, struct str value)
{
	BerElement *ber = wire_of(filter);
	struct berval name, wanted;
	ber_len_t len;

	require(ber_peek_tag(ber, &len) == LDAP_FILTER_EQUALITY);
	require(ber_scanf(ber, "{mm}", &name, &wanted) != LBER_ERROR);
	require(str_is(str_make(name.bv_val, name.bv_len), ATTRIBUTE));
	require(str_eq(str_make(wanted.bv_val, wanted.bv_len), value));
	require(ber_peek_tag(ber, &len) == LBER_DEFAULT);
	ber_free(ber, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str value = str_make(data, size);
	struct buf filter = BUF_INIT;

	filter_put_equal(&filter, ATTRIBUTE, value);
	buf_put_byte(&filter, '\0');
	require(strlen((const char *)filter.data) == filter.len - 1);
	check_wire((const char *)filter.data, value);
	buf_fini(&filter);
	return 0;
}

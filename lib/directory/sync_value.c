/* The values of RFC 4533, by liblber. */
#include "directory/sync_value.h"

#include <ldap.h>

#include "base/err.h"

static BerElement *ber_of(struct str value)
{
	struct berval bytes = {value.len, (char *)(uintptr_t)value.p};

	return value.len > 0 ? ber_init(&bytes) : NULL;
}

static void ber_end(BerElement **ber)
{
	if (*ber != NULL)
		ber_free(*ber, 1);
	*ber = NULL;
}

static bool at_end(BerElement *ber)
{
	ber_len_t left = 1;

	return ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left) == LBER_OPT_SUCCESS && left == 0;
}

/* The next element, where it has that tag, by that letter of ber_scanf()'s.  false: what is there is no element. */
static bool take_optional(BerElement *ber, ber_tag_t tag, const char *letter, void *out)
{
	ber_len_t len;
	ber_tag_t found = ber_peek_tag(ber, &len);

	if (found == LBER_DEFAULT)
		return at_end(ber);
	return found != tag || ber_scanf(ber, letter, out) != LBER_ERROR;
}

static bool take_cookie(BerElement *ber, struct str *cookie)
{
	struct berval bytes = {0, NULL};

	if (!take_optional(ber, LDAP_TAG_SYNC_COOKIE, "m", &bytes))
		return false;
	*cookie = bytes.bv_val != NULL ? str_make(bytes.bv_val, bytes.bv_len) : STR_NONE;
	return true;
}

static bool take_bool(BerElement *ber, ber_tag_t tag, bool *out)
{
	ber_int_t value = *out;

	if (!take_optional(ber, tag, "b", &value))
		return false;
	*out = value != 0;
	return true;
}

/* ---- the state of an entry ------------------------------------------------------------------ */

static bool take_state(struct sync_state *s)
{
	struct berval uuid;
	ber_int_t change;

	if (ber_scanf(s->ber, "{em", &change, &uuid) == LBER_ERROR || uuid.bv_len != UUID_SIZE ||
		change < LDAP_SYNC_PRESENT || change > LDAP_SYNC_DELETE)
		return false;
	s->change = (enum sync_change)change;
	memcpy(s->uuid, uuid.bv_val, UUID_SIZE);
	return take_cookie(s->ber, &s->cookie);
}

bool sync_state_read(struct str value, struct sync_state *out)
{
	*out = (struct sync_state){.ber = ber_of(value)};
	if (out->ber != NULL && take_state(out))
		return true;
	sync_state_fini(out);
	return false;
}

void sync_state_fini(struct sync_state *s)
{
	ber_end(&s->ber);
}

/* ---- what is said of many ------------------------------------------------------------------- */

static bool take_new_cookie(struct sync_info *i)
{
	struct berval bytes;

	if (ber_scanf(i->ber, "m", &bytes) == LBER_ERROR)
		return false;
	i->cookie = str_make(bytes.bv_val, bytes.bv_len);
	return true;
}

static bool take_refresh(struct sync_info *i)
{
	i->refresh_done = true;
	return ber_scanf(i->ber, "{") != LBER_ERROR && take_cookie(i->ber, &i->cookie) &&
	       take_bool(i->ber, LDAP_TAG_REFRESHDONE, &i->refresh_done);
}

static bool take_uuids(struct sync_info *i, BerVarray uuids)
{
	for (size_t k = 0; uuids != NULL && uuids[k].bv_val != NULL; k++) {
		if (uuids[k].bv_len != UUID_SIZE)
			return false;
		buf_put(&i->uuids, uuids[k].bv_val, UUID_SIZE);
	}
	return !buf_failed(&i->uuids);
}

static bool take_id_set(struct sync_info *i)
{
	BerVarray uuids = NULL;
	bool ok = ber_scanf(i->ber, "{") != LBER_ERROR && take_cookie(i->ber, &i->cookie) &&
		  take_bool(i->ber, LDAP_TAG_REFRESHDELETES, &i->deletes) &&
		  ber_scanf(i->ber, "[W]", &uuids) != LBER_ERROR && take_uuids(i, uuids);

	ber_bvarray_free(uuids);
	return ok;
}

static const struct {
	ber_tag_t tag;
	enum sync_info_kind kind;
	bool (*take)(struct sync_info *i);
} kinds[] = {
	{LDAP_TAG_SYNC_NEW_COOKIE, SYNC_NEW_COOKIE, take_new_cookie},
	{LDAP_TAG_SYNC_REFRESH_DELETE, SYNC_REFRESH_DELETE, take_refresh},
	{LDAP_TAG_SYNC_REFRESH_PRESENT, SYNC_REFRESH_PRESENT, take_refresh},
	{LDAP_TAG_SYNC_ID_SET, SYNC_ID_SET, take_id_set},
};

static int take_info(struct sync_info *i)
{
	ber_len_t len;
	ber_tag_t tag = ber_peek_tag(i->ber, &len);

	if (tag == LBER_DEFAULT)
		return BH_EPROTO;
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		if (kinds[k].tag == tag) {
			i->kind = kinds[k].kind;
			return kinds[k].take(i) ? 0 : BH_EPROTO;
		}
	return BH_ENOTFOUND;
}

int sync_info_read(struct str value, struct sync_info *out)
{
	int rc;

	*out = (struct sync_info){.ber = ber_of(value)};
	rc = out->ber != NULL ? take_info(out) : BH_EPROTO;
	if (rc != 0)
		sync_info_fini(out);
	return rc;
}

void sync_info_fini(struct sync_info *i)
{
	ber_end(&i->ber);
	buf_fini(&i->uuids);
}

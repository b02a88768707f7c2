/* What a directory says while it synchronises: the first byte chooses between the state of an entry
 * and the message about many. */
#include "base/err.h"
#include "directory/sync_value.h"
#include "fuzz.h"

static void check_state(struct str in)
{
	struct sync_state s;

	if (!sync_state_read(in, &s)) {
		require(s.ber == NULL);
		return;
	}
	require(s.change >= SYNC_PRESENT && s.change <= SYNC_DELETE && s.cookie.len <= in.len);
	require(s.cookie.len == 0 || memmem(in.p, in.len, s.cookie.p, s.cookie.len) != NULL);
	require(memmem(in.p, in.len, s.uuid, UUID_SIZE) != NULL);
	sync_state_fini(&s);
}

static void check_info(struct str in)
{
	struct sync_info i;
	int rc = sync_info_read(in, &i);

	if (rc != 0) {
		require(rc == BH_EPROTO || rc == BH_ENOTFOUND);
		require(i.ber == NULL && i.uuids.len == 0);
		return;
	}
	require(i.cookie.len <= in.len && i.uuids.len <= in.len && i.uuids.len % UUID_SIZE == 0);
	require(i.cookie.len == 0 || memmem(in.p, in.len, i.cookie.p, i.cookie.len) != NULL);
	for (size_t at = 0; at < i.uuids.len; at += UUID_SIZE)
		require(memmem(in.p, in.len, i.uuids.data + at, UUID_SIZE) != NULL);
	require(i.kind == SYNC_ID_SET || (i.uuids.len == 0 && !i.deletes));
	sync_info_fini(&i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);
	uint8_t which = take_choice(&in);

	if (which & 1)
		check_info(in);
	else
		check_state(in);
	return 0;
}

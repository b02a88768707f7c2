/* What a mirror writes into the store, and reads at its beginning. */
#include <stdio.h>

#include "dirsyncd/data.h"
#include "dirsyncd/mirror_private.h"
#include "xmpp/jid.h"

static struct str bytes(const uint8_t uuid[UUID_SIZE])
{
	return str_make((const char *)uuid, UUID_SIZE);
}

void mirror_write(struct mirror *m, const struct known *k)
{
	struct store_tx *tx = following_row(m->following);

	person_write(tx, &k->person);
	store_int(tx, k->first);
	store_int(tx, k->held ? k->going : GOING_NOT);
	store_text(tx, k->held ? str_of(k->becomes) : STR_NONE);
	store_int(tx, k->since);
	store_do(tx, SQL_ENTRY_PUT);
}

void mirror_write_gone(struct mirror *m, const struct known *k)
{
	struct store_tx *tx = following_row(m->following);

	store_blob(tx, bytes(k->person.uuid));
	store_do(tx, SQL_ENTRY_DELETE);
	tx = following_row(m->following);
	store_blob(tx, bytes(k->person.uuid));
	store_do(tx, SQL_PROFILE_DELETE);
}

void mirror_write_departed(struct mirror *m, const struct known *k, int64_t since)
{
	struct store_tx *tx = following_row(m->following);

	store_text(tx, str_of(k->person.local));
	store_blob(tx, bytes(k->person.uuid));
	store_int(tx, since);
	store_do(tx, SQL_DEPARTED_ADD);
}

void mirror_write_returned(struct mirror *m, const char *local)
{
	struct store_tx *tx = following_row(m->following);

	store_text(tx, str_of(local));
	store_do(tx, SQL_DEPARTED_DELETE);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* What the brake held before. */
static void take_held(struct mirror *m, struct known *k, const struct store_rows *row)
{
	struct str becomes = store_row_text(row, 8);
	int64_t held = store_row_int(row, 7);
	char name[JID_PART_MAX + 1];

	if (held <= GOING_NOT || held > GOING_RENAMED_DISABLED || becomes.len > JID_PART_MAX)
		return;
	snprintf(name, sizeof name, "%.*s", STR_FMT(becomes));
	knowns_set_going(&m->knowns, k, (enum going)held, becomes.p != NULL ? name : NULL);
	knowns_set_held(&m->knowns, k, true);
}

static void take_entry(struct mirror *m, const struct store_rows *row)
{
	struct str uuid = store_row_text(row, 1);
	struct known *k = NULL;

	if (uuid.len == UUID_SIZE)
		k = knowns_add(&m->knowns, (const uint8_t *)uuid.p, store_row_text(row, 2), store_row_int(row, 3) != 0);
	if (k == NULL)
		return;
	person_load(&k->person, row);
	k->since = (uint32_t)store_row_int(row, 9);
	take_held(m, k, row);
	mirror_tell(m, k);
}

static void take_departed(struct mirror *m, const struct store_rows *row)
{
	struct str uuid = store_row_text(row, 2);

	if (uuid.len == UUID_SIZE)
		(void)departed_add(
			&m->departures, store_row_text(row, 1), (const uint8_t *)uuid.p, store_row_int(row, 3));
}

void mirror_take_row(struct mirror *m, const struct store_rows *row)
{
	if (store_row_int(row, 0) == ROW_ENTRY)
		take_entry(m, row);
	else
		take_departed(m, row);
}

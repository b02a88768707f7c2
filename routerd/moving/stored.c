/* What the store has of an account, and no account's memory. */
#include "base/digest.h"
#include "routerd/data.h"
#include "routerd/moving/moving.h"

void moving_ask(struct store_tx *tx, struct str account)
{
	static const unsigned questions[] = {SQL_VCARD_MOVING_GET, SQL_PRIVATE_ALL_GET, SQL_IMPORTED_GET};

	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		store_text(tx, account);
		store_do(tx, questions[i]);
	}
}

void moving_take(struct moving_stored *stored, struct store_rows *rows)
{
	*stored = (struct moving_stored){.vcard = BUF_INIT};
	while (store_row(rows)) {
		int64_t kind = store_row_int(rows, 0);

		if (kind == ROW_VCARD)
			user_datum_put(&stored->vcard,
				&(struct user_datum){.kind = USER_VCARD, .xml = store_row_text(rows, 1)});
		else if (kind == ROW_PRIVATE)
			user_datum_put(&stored->elements, &(struct user_datum){.kind = USER_PRIVATE,
				.more = store_row_text(rows, 1), .name = store_row_text(rows, 2),
				.xml = store_row_text(rows, 3)});
		else if (kind == ROW_IMPORTED && store_row_text(rows, 1).len == DIGEST_128_SIZE)
			buf_put_str(&stored->origins, store_row_text(rows, 1));
	}
}

void moving_stored_fini(struct moving_stored *stored)
{
	buf_fini(&stored->vcard);
	buf_fini(&stored->elements);
	buf_fini(&stored->origins);
}

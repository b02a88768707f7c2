/* The certificates in use, as rows. */
#include "key/used.h"

#include "base/exits.h"
#include "bus/ctl_answer.h"

void certificates_used(const struct key_client *client, const char *instance, const struct bus_event *event)
{
	const struct tls_store *store = key_client_store(client);
	uint64_t subject = event->frame->subject;
	char fingerprint[TLS_FINGERPRINT_SIZE];

	ctl_columns(event->link, subject, "domain instance fingerprint");
	for (size_t i = 0; store != NULL && i < tls_store_size(store); i++) {
		struct ctl_row row;

		tls_store_fingerprint(store, i, fingerprint);
		ctl_row_begin(&row, event->link, subject);
		ctl_cell(&row, "%s", tls_store_name(store, i));
		ctl_cell(&row, "%s", instance);
		ctl_cell(&row, "%s", fingerprint);
		ctl_row_end(&row);
	}
	ctl_end(event->link, subject, EXIT_OK, "%s", "");
}

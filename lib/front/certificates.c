/* Certificates of the configuration, and what keyd's client has to say. */
#include "front/certificates.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/log.h"
#include "daemon/reload.h"

/* The domain's own where there is one. */
static const char *file_of(const struct conf *conf, size_t domain, const char *own, const char *shared)
{
	const char *file = own != NULL ? conf_domain_text(conf, domain, own) : NULL;

	return file != NULL ? file : conf_domain_text(conf, domain, shared);
}

int certificates_prepare(struct certificates *c, struct tls_store **fresh)
{
	const struct certificates_rules *rules = c->rules;
	const struct conf *conf = c->daemon->conf;
	size_t n = conf_domains(conf);
	struct tls_identity *ids = bh_alloc(n * sizeof *ids);
	struct tls_plan plan = {
		.ids = ids,
		.n = n,
		.signer = key_client_signer(c->keys),
		.client_ca = conf_text(conf, rules->ca),
		.system_trust = rules->system_trust,
	};
	char what[1024] = "";
	int rc;

	for (size_t i = 0; i < n; i++)
		ids[i] = (struct tls_identity){
			.domain = conf_domain_name(conf, i),
			.certificate = file_of(conf, i, rules->own_certificate, "certificate"),
			.key = file_of(conf, i, rules->own_key, "key"),
		};
	rc = tls_store_load(&plan, fresh, what, sizeof what);
	if (rc != 0)
		daemon_fail(c->daemon, "%s", what);
	else if (what[0] != '\0')
		log_warn("certificate", "reason=%s", LOG_LONG(what));
	free(ids);
	return rc;
}

int certificates_load(struct certificates *c)
{
	struct tls_store *tls;
	int rc = certificates_prepare(c, &tls);

	if (rc == 0)
		key_client_offer(c->keys, tls);
	return rc;
}

/* A key is missing when one of us two has read its files before they were changed: it may be we. */
static void on_key_event(void *owner, enum key_event event, const char *text)
{
	bool good = event == KEY_EVENT_UP || event == KEY_EVENT_USED;
	struct certificates *c = owner;

	if (event == KEY_EVENT_LACKING && reload_fresh(c->daemon) != NULL)
		return; /* keyd has reloaded already, and we do so next */
	log_event(good ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, key_event_name(event), "reason=%s", LOG_TEXT(text));
	if (event == KEY_EVENT_LACKING)
		(void)certificates_load(c);
}

static void put_signatures(void *arg, struct buf *out)
{
	const struct certificates *c = arg;
	struct key_client_counts counts = key_client_counts(c->keys);
	const struct counter all[] = {
		{.name = "signatures", .about = "Signatures that keyd has made for TLS handshakes", .value = counts.done},
		{.name = "signatures_failed", .about = "Signatures that keyd refused, or gave too late",
			.value = counts.failed},
		{.name = "signatures_waiting", .kind = GAUGE, .about = "TLS handshakes that wait for keyd",
			.value = counts.waiting},
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		counter_put(out, &all[i], NULL, NULL);
}

void certificates_init(struct certificates *c, struct daemon *d, const struct certificates_rules *rules)
{
	c->rules = rules;
	c->daemon = d;
	c->keys = key_client_create(rules->role, on_key_event, c);
	c->signatures = (struct counter_source){.look = put_signatures, .arg = c};
}

int certificates_start(struct certificates *c)
{
	counter_enrol_source(&c->signatures);
	return key_client_start(c->keys, c->daemon->loop, c->daemon->run_dir);
}

void certificates_stop(struct certificates *c, void (*done)(void *), void *arg)
{
	counter_forget_source(&c->signatures);
	key_client_stop(&c->keys, done, arg);
}

struct tls_store *certificates_store(const struct certificates *c)
{
	return key_client_store(c->keys);
}

void certificates_adopt(struct certificates *c, struct tls_store *fresh)
{
	key_client_catch_up(c->keys);
	key_client_offer(c->keys, fresh);
}

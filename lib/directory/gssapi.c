/* A ticket from the keytab's key, and the SASL exchange with it. */
#include "directory/gssapi.h"

#include <errno.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "directory/watchdog.h"

enum { LAYER_NONE = 1, LAYERS_SIZE = 4 };

/* Between who asks and the thread; the last of them frees it. */
struct ticket {
	pthread_mutex_t mutex;
	pthread_cond_t news;
	struct directory *directory;
	char *service; /* ldap@HOST */
	bool done, abandoned;
	/* When it is done: */
	gss_ctx_id_t context; /* none: why says what failed */
	gss_name_t name;      /* the service's */
	gss_buffer_desc token;
	char why[DIRCONN_WHY_SIZE / 2];
};

static void ticket_free(struct ticket *t)
{
	OM_uint32 minor;

	if (t->context != GSS_C_NO_CONTEXT)
		gss_delete_sec_context(&minor, &t->context, GSS_C_NO_BUFFER);
	gss_release_name(&minor, &t->name);
	gss_release_buffer(&minor, &t->token);
	pthread_mutex_destroy(&t->mutex);
	pthread_cond_destroy(&t->news);
	directory_unref(&t->directory);
	free(t->service);
	free(t);
}

/* What the mechanism says is worth more than what GSS-API says. */
static void explain(OM_uint32 major, OM_uint32 minor, char *why, size_t size)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 more = 0, ignored;

	if (minor != 0)
		gss_display_status(&ignored, minor, GSS_C_MECH_CODE, (gss_OID)gss_mech_krb5, &more, &text);
	else
		gss_display_status(&ignored, major, GSS_C_GSS_CODE, GSS_C_NO_OID, &more, &text);
	snprintf(why, size, "%.*s", (int)text.length, text.value != NULL ? (char *)text.value : "");
	gss_release_buffer(&ignored, &text);
}

/* ---- on the thread ------------------------------------------------------------------------------ */

static OM_uint32 acquire(const struct ticket *t, const char *cache, gss_cred_id_t *out, OM_uint32 *minor)
{
	gss_key_value_element_desc elements[] = {{"client_keytab", t->directory->keytab}, {"ccache", cache}};
	gss_key_value_set_desc store = {2, elements};
	gss_OID_set_desc mechanisms = {1, (gss_OID)gss_mech_krb5};

	return gss_acquire_cred_from(
		minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE, &store, out, NULL, NULL);
}

/* in: what the directory has said, at first nothing. */
static OM_uint32 step(struct ticket *t, gss_cred_id_t credential, gss_buffer_desc *in, OM_uint32 *minor)
{
	return gss_init_sec_context(minor, credential, &t->context, t->name, (gss_OID)gss_mech_krb5,
		GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG | GSS_C_SEQUENCE_FLAG, 0, GSS_C_NO_CHANNEL_BINDINGS, in, NULL, &t->token,
		NULL, NULL);
}

static OM_uint32 begin_context(struct ticket *t, gss_cred_id_t credential, OM_uint32 *minor)
{
	gss_buffer_desc service = {strlen(t->service), t->service};
	OM_uint32 major = gss_import_name(minor, &service, GSS_C_NT_HOSTBASED_SERVICE, &t->name);

	return GSS_ERROR(major) ? major : step(t, credential, GSS_C_NO_BUFFER, minor);
}

static void destroy_cache(const char *name)
{
	krb5_context context;
	krb5_ccache cache;

	if (krb5_init_context(&context) != 0)
		return;
	if (krb5_cc_resolve(context, name, &cache) == 0)
		(void)krb5_cc_destroy(context, cache);
	krb5_free_context(context);
}

static void get_ticket(struct ticket *t)
{
	gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
	OM_uint32 major, minor = 0, ignored;
	char cache[64];

	snprintf(cache, sizeof cache, "MEMORY:%p", (void *)t);
	major = acquire(t, cache, &credential, &minor);
	if (!GSS_ERROR(major))
		major = begin_context(t, credential, &minor);
	if (GSS_ERROR(major)) {
		explain(major, minor, t->why, sizeof t->why);
		if (t->context != GSS_C_NO_CONTEXT)
			gss_delete_sec_context(&ignored, &t->context, GSS_C_NO_BUFFER);
	}
	gss_release_cred(&ignored, &credential);
	destroy_cache(cache);
}

static void *run(void *arg)
{
	struct ticket *t = arg;
	bool abandoned;

	get_ticket(t);
	directory_asked(t->directory);
	pthread_mutex_lock(&t->mutex);
	t->done = true;
	abandoned = t->abandoned;
	pthread_cond_signal(&t->news);
	pthread_mutex_unlock(&t->mutex);
	if (abandoned)
		ticket_free(t);
	return NULL;
}

/* ---- who asks ----------------------------------------------------------------------------------- */

/* With all signals blocked: they are the main thread's. */
static bool start(struct ticket *t)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	started = pthread_create(&thread, &attr, run, t) == 0;
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static struct ticket *ticket_create(struct directory *d, const char *host)
{
	struct ticket *t = bh_alloc(sizeof *t);
	size_t size = strlen(host) + sizeof "ldap@";
	pthread_condattr_t attr;

	t->directory = directory_ref(d);
	t->service = bh_alloc(size);
	snprintf(t->service, size, "ldap@%s", host);
	pthread_mutex_init(&t->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->news, &attr);
	pthread_condattr_destroy(&attr);
	return t;
}

/* false: its time is over, and it is the thread's. */
static bool wait_for(struct ticket *t, unsigned ms)
{
	struct timespec until;
	bool done;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	pthread_mutex_lock(&t->mutex);
	while (!t->done && pthread_cond_timedwait(&t->news, &t->mutex, &until) == 0)
		;
	done = t->done;
	t->abandoned = !done;
	pthread_mutex_unlock(&t->mutex);
	return done;
}

static int ask(struct dirconn *c, const char *host, struct ticket **out, char *why)
{
	struct ticket *t;

	/* libkrb5 would say that there are no credentials. */
	if (access(c->directory->keytab, R_OK) != 0) {
		snprintf(why, DIRCONN_WHY_SIZE, "%.100s: Kerberos: the keytab %.80s cannot be read: %.60s", dirconn_server(c),
			c->directory->keytab, strerror(errno));
		return BH_EDENIED;
	}
	if (!directory_asks(c->directory)) {
		snprintf(why, DIRCONN_WHY_SIZE, "%.200s: Kerberos has not answered yet", dirconn_server(c));
		return BH_ETIMEOUT;
	}
	t = ticket_create(c->directory, host);
	if (!start(t)) {
		directory_asked(c->directory);
		ticket_free(t);
		snprintf(why, DIRCONN_WHY_SIZE, "no thread can be had to ask Kerberos");
		return BH_EIO;
	}
	if (!wait_for(t, c->directory->timeout_ms)) {
		snprintf(why, DIRCONN_WHY_SIZE, "%.200s: Kerberos: no answer in time", dirconn_server(c));
		return BH_ETIMEOUT;
	}
	if (t->context == GSS_C_NO_CONTEXT) {
		snprintf(why, DIRCONN_WHY_SIZE, "%.140s: Kerberos: %.150s", dirconn_server(c), t->why);
		ticket_free(t);
		return BH_EDENIED;
	}
	*out = t;
	return 0;
}

/* ---- the exchange with the directory -------------------------------------------------------------- */

/* One message there, and the answer, which is the caller's. */
static int say(struct dirconn *c, const gss_buffer_desc *token, struct berval **answer)
{
	struct berval message = {token->length, token->value != NULL ? token->value : ""};

	return ldap_sasl_bind_s(c->ld, NULL, "GSSAPI", &message, NULL, NULL, answer);
}

static bool next_token(struct ticket *t, const struct berval *answer)
{
	gss_buffer_desc in = {answer->bv_len, answer->bv_val};
	OM_uint32 minor;

	gss_release_buffer(&minor, &t->token);
	return step(t, GSS_C_NO_CREDENTIAL, &in, &minor) == GSS_S_COMPLETE;
}

/* Of the layers that the directory offers we take none (RFC 4752, 3.1). */
static bool choose_layer(struct ticket *t, const struct berval *answer)
{
	gss_buffer_desc in = {answer->bv_len, answer->bv_val}, offered = GSS_C_EMPTY_BUFFER;
	unsigned char choice[LAYERS_SIZE] = {LAYER_NONE};
	gss_buffer_desc chosen = {sizeof choice, choice};
	OM_uint32 minor;
	bool good;

	gss_release_buffer(&minor, &t->token);
	good = gss_unwrap(&minor, t->context, &in, &offered, NULL, NULL) == GSS_S_COMPLETE &&
	       offered.length == LAYERS_SIZE && (*(unsigned char *)offered.value & LAYER_NONE) != 0 &&
	       gss_wrap(&minor, t->context, 0, GSS_C_QOP_DEFAULT, &chosen, NULL, &t->token) == GSS_S_COMPLETE;
	gss_release_buffer(&minor, &offered);
	return good;
}

/* A code of libldap's. */
static int exchange(struct dirconn *c, struct ticket *t)
{
	static bool (*const steps[])(struct ticket *, const struct berval *) = {next_token, choose_layer};
	struct berval *answer = NULL;
	int code = say(c, &t->token, &answer);

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		if (code == LDAP_SUCCESS) /* before it has proved itself */
			code = LDAP_AUTH_UNKNOWN;
		if (code != LDAP_SASL_BIND_IN_PROGRESS)
			break;
		code = LDAP_AUTH_UNKNOWN;
		if (answer == NULL || !steps[i](t, answer))
			break;
		ber_bvfree(answer);
		answer = NULL;
		code = say(c, &t->token, &answer);
	}
	ber_bvfree(answer);
	return code;
}

int dirconn_bind_gssapi(struct dirconn *c, const char *host, char *why)
{
	struct ticket *t = NULL;
	struct watch watch;
	int rc = ask(c, host, &t, why), code;

	if (rc != 0)
		return rc;
	watchdog_begin(&watch, c->fd, c->directory->timeout_ms);
	code = exchange(c, t);
	if (!watchdog_end(&watch))
		code = LDAP_TIMEOUT;
	ticket_free(t);
	if (code == LDAP_SUCCESS)
		return 0;
	dirconn_say(c, "bind by GSSAPI", code, why);
	return dirconn_error(code);
}

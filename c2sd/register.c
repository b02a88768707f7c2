/* In-band registration, up to the question to routerd. */
#include "c2sd/register.h"

#include "base/err.h"
#include "c2sd/answer.h"
#include "xmpp/jid.h"
#include "xmpp/names.h"

bool register_offered(const struct client *c)
{
	return c->srv->settings.registration && stream_is_secure(c->stream);
}

static void send_fields(struct client *c, struct str id)
{
	answer_result(c, id, STR_LIT("<query xmlns='" NS_REGISTER "'>"
		"<instructions>Choose a name and a password for your account.</instructions>"
		"<username/><password/></query>"));
}

static int ask(struct client *c, struct str username, struct str password)
{
	struct link *link = c2sd_link(c->srv);
	char address[ADDRESS_TEXT_SIZE];
	struct msg_registration m = {
		.domain = str_of(c->domain->domain),
		.username = username,
		.password = password,
	};

	if (link == NULL)
		return BH_ECLOSED;
	address_text(stream_peer(c->stream), address);
	m.address = str_of(address);
	c->known = true;
	return LINK_SEND(link, REGISTRATION, registration, c->carried.id, &m);
}

static void take(struct client *c, const struct early_request *r)
{
	struct str username = early_field(r, "username"), password = early_field(r, "password");
	char local[JID_PART_MAX + 1];
	size_t len;
	int rc;

	if (username.p == NULL || password.p == NULL) {
		answer_error(c, r->id, STANZA_NOT_ACCEPTABLE,
			STR_LIT("A username and a password are needed."));
		return;
	}
	if (jid_prepare_local(username, local, &len) != 0 || len == 0) {
		answer_error(c, r->id, STANZA_JID_MALFORMED,
			STR_LIT("The username cannot be part of an address."));
		return;
	}
	early_begin(c, r, CLIENT_REGISTERING);
	rc = ask(c, str_make(local, len), password);
	if (rc == BH_ETOOBIG)
		early_failed(c, STANZA_NOT_ACCEPTABLE, STR_LIT("The password is too long."));
	else if (rc != 0)
		early_failed(c, STANZA_RESOURCE_CONSTRAINT, STR_LIT("Try again later."));
}

void register_request(struct client *c, const struct early_request *r)
{
	if (!register_offered(c))
		early_refuse(c);
	else if (!r->set)
		send_fields(c, r->id);
	else if (tree_child(r->query, NS_REGISTER, "remove") != NULL)
		answer_error(c, r->id, STANZA_UNEXPECTED_REQUEST, STR_LIT("Log in first."));
	else
		take(c, r);
}

int on_registered(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_registered m;

	if (bus_get_registered(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->state != CLIENT_REGISTERING)
		return 0;
	if (m.condition == 0)
		early_done(c);
	else
		early_failed(c, m.condition, m.text);
	return 0;
}

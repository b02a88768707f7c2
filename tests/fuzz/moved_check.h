/*
 * moved_check - what must hold of every account that is read from another server's files
 */
#ifndef FUZZ_MOVED_CHECK_H
#define FUZZ_MOVED_CHECK_H

#include "ctl/move/moved.h"
#include "fuzz.h"
#include "xmpp/stanza.h"
#include "xmpp/xmlcheck.h"

static inline void check_envelope(struct str envelope, enum stanza_kind kind)
{
	struct stanza s;

	require(stanza_decode(envelope, &s) == 0 && s.kind == kind);
	require(xmlcheck_inner(s.inner) == 0 && xmlcheck_attrs(s.attrs) == 0);
}

static inline void check_datum(const struct user_datum *d)
{
	struct jid jid;

	require(d->kind >= USER_CONTACT && d->kind <= USER_LAST);
	if (d->kind == USER_CONTACT || d->kind == USER_BLOCKED || d->kind == USER_MESSAGE)
		require(jid_check(d->jid, &jid) == 0);
	if (d->kind == USER_CONTACT && d->xml.p != NULL)
		check_envelope(d->xml, STANZA_PRESENCE);
	if (d->kind == USER_MESSAGE)
		check_envelope(d->xml, STANZA_MESSAGE);
	if (d->kind == USER_VCARD || d->kind == USER_PRIVATE)
		require(xmlcheck_inner(d->xml) == 0);
}

static inline int moved_check(void *arg, const struct moved *m)
{
	struct str data = buf_str(&m->data);
	struct user_datum d;
	struct jid jid;

	(void)arg;
	require(m->refused[0] != '\0' || jid_check(str_of(m->name), &jid) == 0);
	while (user_datum_take(&data, &d))
		check_datum(&d);
	require(data.len == 0);
	for (int i = 0; i < MOVED_HASHES; i++)
		require(m->keys[i].iterations == 0 || (m->keys[i].salt.len > 0 && m->keys[i].salt.len <= 64));
	return 0;
}

#endif

"""What RFC 6120 8 and 10 say of every stanza, whoever it is for."""
import xml.etree.ElementTree as ET

import pytest

from xmpp import CLIENT, STANZA_ERRORS, body, condition

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
PING = "<ping xmlns='urn:xmpp:ping'/>"


@pytest.fixture
def pair(shared, raw):
    return raw(shared, "alice"), raw(shared, "bob")


# 8.1: attributes.

@pytest.mark.section("RFC 6120 8.1")
@pytest.mark.parametrize("sender", ["", "alice@localhost", "FULL"])
def test_the_receiver_sees_the_full_address_of_the_sender(pair, sender):
    alice, bob = pair
    sender = alice.jid if sender == "FULL" else sender
    stamp = f" from='{sender}'" if sender else ""
    alice.send(f"<message to='{bob.jid}' type='chat'{stamp}><body>x</body></message>")
    assert bob.next_message().get("from") == alice.jid


@pytest.mark.section("RFC 6120 8.1")
@pytest.mark.parametrize("sender", ["bob@localhost", "alice@localhost/another", "localhost",
                                    "alice@example.org", "@localhost"])
def test_a_foreign_sender_ends_the_stream(pair, sender):
    alice, bob = pair
    alice.send(f"<message to='{bob.jid}' from='{sender}'><body>forged</body></message>")
    assert alice.error() == "invalid-from"
    assert not [e for e in bob.ping() if e.tag == CLIENT + "message"]


@pytest.mark.section("RFC 6120 8.1")
def test_the_address_of_the_receiver_is_left_as_it_was_written(pair):
    alice, bob = pair
    for to in (bob.jid, bob.jid.replace("bob@localhost", "BOB@LocalHost"), "bob@localhost"):
        alice.message(to, "x")
        seen = bob.next_message().get("to")
        assert seen.split("/")[0].lower() == "bob@localhost"
        assert ("/" in seen) == ("/" in to)


@pytest.mark.section("RFC 6120 8.1")
def test_the_id_comes_through_and_back(pair):
    alice, bob = pair
    for id in ("1", "a b", "&lt;&#39;&quot;", "ü" * 500):
        alice.send(f"<iq type='get' to='{alice.jid}' id='{id}'>{PING}</iq>")
        request = alice.until(lambda e: e.tag == CLIENT + "iq")
        assert request.get("id") == ET.fromstring(f"<a id='{id}'/>").get("id")
        alice.send(f"<iq type='result' to='{alice.jid}' id='{id}'/>")
        assert alice.until(lambda e: e.get("type") == "result").get("id") == request.get("id")
    bob.ping()


@pytest.mark.section("RFC 6120 8.1")
def test_the_language_of_a_stanza_is_kept_and_that_of_the_stream_is_its_default(shared, raw):
    bob = raw(shared, "bob")
    alice = raw(shared).open().starttls()
    assert alice.scram("SCRAM-SHA-1", "alice", shared.password("alice@localhost")) == "success"
    alice.open(extra=" xml:lang='fr'").bind()
    alice.send(f"<message to='{bob.jid}'><body>oui</body></message>")
    assert bob.next_message().get(LANG) == "fr"
    alice.send(f"<message to='{bob.jid}' xml:lang='de'><body>ja</body></message>")
    assert bob.next_message().get(LANG) == "de"


# 8.2: the kinds.

@pytest.mark.section("RFC 6120 8.2")
def test_each_of_the_three_kinds_travels(pair):
    alice, bob = pair
    alice.send(f"<message to='{bob.jid}'><body>x</body></message>")
    assert body(bob.next_message()) == "x"
    alice.send(f"<presence to='{bob.jid}'><show>dnd</show></presence>")
    seen = bob.until(lambda e: e.tag == CLIENT + "presence" and e.get("from") == alice.jid)
    assert seen.findtext(CLIENT + "show") == "dnd"
    alice.send(f"<iq type='get' id='i' to='{alice.jid}'>{PING}</iq>")
    assert alice.until(lambda e: e.tag == CLIENT + "iq").get("id") == "i"


@pytest.mark.section("RFC 6120 8.2")
@pytest.mark.parametrize("element", ["<letter to='bob@localhost'/>", "<message xmlns='urn:other'/>",
                                     "<iq xmlns='jabber:server' type='get' id='1'/>"])
def test_what_is_none_of_them_ends_the_stream(shared, raw, element):
    alice = raw(shared, "alice")
    alice.send(element)
    assert alice.error() in ("unsupported-stanza-type", "invalid-namespace")


# 8.2.3: requests and answers.

@pytest.mark.section("RFC 6120 8.2.3")
@pytest.mark.parametrize("attributes, inner", [
    ("type='get'", PING), ("id='1'", PING), ("id='1' type='odd'", PING), ("id='1' type='get'", ""),
    ("id='1' type='get'", PING + PING), ("id='1' type='set'", "text"),
    ("id='1' type='get' to='bob@localhost'", ""),
])
def test_a_request_that_is_none_is_a_bad_request(shared, raw, attributes, inner):
    alice = raw(shared, "alice")
    alice.send(f"<iq {attributes}>{inner}</iq>")
    assert condition(alice.next()) == ("modify", "bad-request")


@pytest.mark.section("RFC 6120 8.2.3")
@pytest.mark.parametrize("kind", ["result", "error"])
def test_an_answer_is_never_answered(shared, raw, kind):
    alice = raw(shared, "alice")
    error = "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    inner = error if kind == "error" else "<x xmlns='urn:x'/>"
    for to in ("localhost", "alice@localhost", "bob@localhost", "nobody@localhost",
               "alice@localhost/none", "bob@localhost/none", None):
        to = f" to='{to}'" if to else ""
        alice.send(f"<iq type='{kind}' id='unasked'{to}>{inner}</iq>")
    assert alice.ping() == []


@pytest.mark.section("RFC 6120 8.2.3")
def test_every_request_has_exactly_one_answer(shared, raw):
    alice = raw(shared, "alice")
    targets = ["localhost", "alice@localhost", "bob@localhost", "nobody@localhost", alice.jid + "x",
               "elsewhere.example", "localhost/server"]
    for n, to in enumerate(targets):
        for kind in ("get", "set"):
            alice.send(f"<iq type='{kind}' id='{kind}{n}' to='{to}'><x xmlns='urn:unknown'/></iq>")
    wanted = sorted(f"{k}{n}" for n in range(len(targets)) for k in ("get", "set"))
    got = [alice.until(lambda e: e.tag == CLIENT + "iq") for _ in wanted]
    assert sorted(e.get("id") for e in got) == wanted
    assert {e.get("from") for e in got} == set(targets)
    assert alice.ping() == []


# 8.3: errors.

@pytest.mark.section("RFC 6120 8.3")
@pytest.mark.parametrize("stanza", [
    "<message to='nobody@localhost' id='e' type='chat'><body>x</body></message>",
    "<message to='someone@elsewhere.example' id='e'><body>x</body></message>",
    "<iq to='nobody@localhost' id='e' type='get'><x xmlns='urn:x'/></iq>",
    "<iq to='elsewhere.example' id='e' type='set'><x xmlns='urn:x'/></iq>",
    "<presence id='e'><priority>1000</priority></presence>",
])
def test_an_error_is_the_same_kind_with_one_condition_and_swapped_addresses(shared, raw, stanza):
    alice = raw(shared, "alice", priority=None)
    alice.send(stanza)
    reply = alice.next()
    sent = ET.fromstring(stanza)
    assert reply.tag == CLIENT + sent.tag and reply.get("id") == "e"
    assert reply.get("type") == "error"
    assert reply.get("from") in (sent.get("to"), "alice@localhost")
    assert reply.get("to") == alice.jid
    conditions = [c for e in reply.iter(CLIENT + "error") for c in e
                  if c.tag.startswith(STANZA_ERRORS) and not c.tag.endswith("}text")]
    assert len(conditions) == 1 and len(list(reply.iter(CLIENT + "error"))) == 1
    assert condition(reply)[0] in ("auth", "cancel", "continue", "modify", "wait")


@pytest.mark.section("RFC 6120 8.3")
@pytest.mark.parametrize("kind", ["message", "iq", "presence"])
@pytest.mark.parametrize("to", ["nobody@localhost", "bob@localhost/none", "x@elsewhere.example"])
def test_an_error_is_never_answered_by_an_error(shared, raw, kind, to):
    alice = raw(shared, "alice")
    alice.send(f"<{kind} type='error' id='1' to='{to}'><error type='cancel'><item-not-found "
               f"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></{kind}>")
    assert alice.ping() == []


# 8.4: extensions.

@pytest.mark.section("RFC 6120 8.4")
@pytest.mark.parametrize("kind", ["message", "presence", "iq"])
def test_what_the_server_does_not_know_passes_untouched(shared, raw, kind):
    alice = raw(shared, "alice")
    inner = ("<x:deep xmlns:x='urn:deep' x:a='1' b='&amp;&quot;'>text<y xmlns='urn:y'>"
             "<z xmlns=''/></y> tail &lt;</x:deep>")
    type = " type='set'" if kind == "iq" else ""
    alice.send(f"<{kind} to='{alice.jid}' id='ext'{type}>{inner}</{kind}>")
    seen = alice.until(lambda e: e.get("id") == "ext")
    deep = seen.find("{urn:deep}deep")
    assert deep.attrib == {"{urn:deep}a": "1", "b": '&"'}
    assert (deep.text, deep[0].tag, deep[0].tail) == ("text", "{urn:y}y", " tail <")
    assert deep[0][0].tag == "z"


# 10: rules of the server.

@pytest.mark.section("RFC 6120 10.1")
def test_stanzas_of_one_sender_arrive_in_the_order_in_which_they_were_sent(pair):
    """All kinds mixed, to the full and to the bare address."""
    alice, bob = pair
    for n in range(300):
        alice.send([f"<message to='{bob.jid}' id='{n}' type='chat'><body>x</body></message>",
                    f"<message to='bob@localhost' id='{n}' type='chat'><body>x</body></message>",
                    f"<presence to='{bob.jid}' id='{n}'/>"][n % 3])
    seen = []
    while len(seen) < 300:
        element = bob.next()
        if element.get("from") == alice.jid and element.get("id") is not None:
            seen.append(int(element.get("id")))
    assert seen == list(range(300))


@pytest.mark.section("RFC 6120 10.1")
def test_answers_come_in_the_order_of_the_requests(shared, raw):
    """Some are answered at once, some from the store."""
    alice = raw(shared, "alice")
    kinds = ["<query xmlns='jabber:iq:roster'/>", PING, "<vCard xmlns='vcard-temp'/>",
             "<query xmlns='jabber:iq:private'><a xmlns='urn:a'/></query>"]
    for n in range(100):
        alice.send(f"<iq type='get' id='o{n}'>{kinds[n % 4]}</iq>")
    got = [alice.until(lambda e: e.tag == CLIENT + "iq" and (e.get("id") or "").startswith("o"))
           for _ in range(100)]
    assert [e.get("id") for e in got] == [f"o{n}" for n in range(100)]


@pytest.mark.section("RFC 6120 10.3")
def test_a_message_to_nobody_is_for_oneself(shared, raw):
    one, two = raw(shared, "alice", "ten-one"), raw(shared, "alice", "ten-two")
    one.send("<message type='chat' id='own'><body>note</body></message>")
    for stream in (one, two):
        seen = stream.until(lambda e: e.get("id") == "own")
        assert body(seen) == "note" and seen.get("from") == one.jid


@pytest.mark.section("RFC 6120 10.3")
def test_an_iq_to_nobody_is_for_the_own_account(shared, raw):
    alice = raw(shared, "alice")
    reply = alice.iq("get", "<query xmlns='jabber:iq:roster'/>")
    assert reply.get("type") == "result" and reply.get("from") in (None, "alice@localhost")
    assert condition(alice.iq("get", "<x xmlns='urn:x'/>")) == ("cancel", "service-unavailable")


@pytest.mark.section("RFC 6120 10.3")
def test_presence_to_nobody_is_a_broadcast(quiet, raw):
    one, two = raw(quiet, "alice", "b-one"), raw(quiet, "alice", "b-two")
    one.send("<presence id='cast'><show>xa</show></presence>")
    seen = two.until(lambda e: e.get("id") == "cast")
    assert seen.findtext(CLIENT + "show") == "xa"


@pytest.mark.section("RFC 6120 10.4")
@pytest.mark.parametrize("stanza", [
    "<message to='someone@elsewhere.example' type='chat'><body>x</body></message>",
    "<message to='elsewhere.example'><body>x</body></message>",
    "<iq to='elsewhere.example' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
])
def test_a_remote_domain_that_is_not_reached_is_said(shared, raw, stanza):
    alice = raw(shared, "alice")
    alice.send(stanza)
    assert condition(alice.next()) == ("cancel", "remote-server-not-found")


@pytest.mark.section("RFC 6120 10.5")
def test_the_domain_itself_answers_and_so_does_a_resource_of_it(shared, raw):
    alice = raw(shared, "alice")
    for to in ("localhost", "LOCALHOST", "localhost/anything"):
        reply = alice.iq("get", PING, to)
        assert reply.get("type") == "result" and reply.get("from").lower() == to.lower()


@pytest.mark.section("RFC 6120 10.5")
@pytest.mark.parametrize("to", ["nobody@localhost", "nobody@localhost/x"])
def test_a_local_address_that_does_not_exist(shared, raw, to):
    alice = raw(shared, "alice")
    alice.message(to, "x")
    assert condition(alice.next()) == ("cancel", "service-unavailable")
    assert condition(alice.iq("get", PING, to)) == ("cancel", "service-unavailable")
    alice.send(f"<presence to='{to}'/>")
    assert alice.ping() == []

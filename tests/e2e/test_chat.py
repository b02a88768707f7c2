"""Stanzas between people and the server: RFC 6121 8, presence, services, several domains."""
import time

import pytest

from suite import free_port
from xmpp import CLIENT, Closed, StreamError, body, condition

MANY = 10000


def two_front_ends():
    ports = free_port(), free_port()
    return ports, {f"c2sd@{n}": [f"127.0.0.1:{port}"] for n, port in enumerate(ports, 1)}


def test_ten_thousand_messages_arrive_in_order_across_two_front_ends(make_suite, chat):
    ports, front_ends = two_front_ends()
    suite = make_suite(front_ends=front_ends)
    alice = chat(suite, "alice@localhost/a", address=("127.0.0.1", ports[0]))
    bob = chat(suite, "bob@localhost/b", address=("127.0.0.1", ports[1]))
    instances = {r["jid"]: r["instance"] for r in suite.rows("session", "list")}
    assert len(set(instances.values())) == 2
    sent = [f"message {n}" for n in range(MANY)]
    alice.send_many(bob.jid, sent)
    got = [bob.receive() for _ in sent]
    assert {sender for sender, _ in got} == {alice.jid}
    assert [text for _, text in got] == sent
    assert bob.messages.empty()


def test_both_directions_at_once(make_suite, chat):
    ports, front_ends = two_front_ends()
    suite = make_suite(front_ends=front_ends)
    alice = chat(suite, "alice@localhost/a", address=("127.0.0.1", ports[0]))
    bob = chat(suite, "bob@localhost/b", address=("127.0.0.1", ports[1]))
    sent = [f"m{n}" for n in range(1000)]
    alice.send_many(bob.jid, sent)
    bob.send_many(alice.jid, sent)
    assert [bob.receive()[1] for _ in sent] == sent
    assert [alice.receive()[1] for _ in sent] == sent


def test_two_front_ends_may_share_a_port(make_suite, raw):
    port = free_port()
    suite = make_suite(front_ends={f"c2sd@{n}": [f"127.0.0.1:{port}"] for n in (1, 2)})
    streams = [raw(suite, "alice", f"r{n}", address=("127.0.0.1", port)) for n in range(12)]
    rows = suite.rows("session", "list")
    assert len(rows) == len(streams)
    assert {r["instance"] for r in rows} == {"c2sd@1", "c2sd@2"}
    for stream in streams:
        stream.ping()


def test_an_error_names_the_stanza_that_it_answers(shared, raw):
    alice = raw(shared, "alice")
    alice.message("nobody@localhost", "x", id="the-id")
    error = alice.next_message()
    assert (error.get("id"), error.get("from"), error.get("to"), error.get("type")) == (
        "the-id", "nobody@localhost", alice.jid, "error")
    assert condition(error) == ("cancel", "service-unavailable")


def test_another_domain_cannot_be_reached(shared, raw):
    alice = raw(shared, "alice")
    alice.message("someone@elsewhere.example", "x")
    assert condition(alice.next_message()) == ("cancel", "remote-server-not-found")
    reply = alice.iq("get", "<ping xmlns='urn:xmpp:ping'/>", to="elsewhere.example")
    assert condition(reply) == ("cancel", "remote-server-not-found")


@pytest.mark.parametrize("to", ["@localhost", "a b@localhost", "alice@", "alice@localhost/",
                                "alice@@localhost", "x" * 1024 + "@localhost"])
def test_a_malformed_address_is_answered(shared, raw, to):
    alice = raw(shared, "alice")
    alice.message(to, "x")
    assert condition(alice.next_message()) == ("modify", "jid-malformed")


def test_inner_xml_arrives_as_it_was_sent(shared, raw):
    alice, bob = raw(shared, "alice"), raw(shared, "bob")
    alice.send(f"<message to='{bob.jid}' id='&lt;&amp;&apos;&quot;' xml:lang='de'>"
               "<body>&lt;a&gt; &amp; b\n<![CDATA[<c>]]> ü \U0001f600</body>"
               "<x:x xmlns:x='urn:x' a='1&#10;2' x:b='&quot;&apos;'><x:y/><z xmlns='urn:z'/></x:x>"
               "</message>")
    message = bob.next_message()
    assert message.get("id") == "<&'\""
    assert message.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    assert body(message) == "<a> & b\n<c> ü \U0001f600"
    x = message.find("{urn:x}x")
    assert x.attrib == {"a": "1\n2", "{urn:x}b": "\"'"}
    assert [c.tag for c in x] == ["{urn:x}y", "{urn:z}z"]


# Requests to the server and to one's own account.

def own(stream):
    return stream.jid.split("/")[0]


SERVICES = [
    ("get", "<ping xmlns='urn:xmpp:ping'/>", "localhost", None),
    ("get", "<ping xmlns='urn:xmpp:ping'/>", None, None),
    ("get", "<query xmlns='jabber:iq:version'/>", "localhost", "{jabber:iq:version}query"),
    ("get", "<time xmlns='urn:xmpp:time'/>", "localhost", "{urn:xmpp:time}time"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "localhost",
     "{http://jabber.org/protocol/disco#info}query"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", "localhost",
     "{http://jabber.org/protocol/disco#items}query"),
    ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "alice@localhost",
     "{http://jabber.org/protocol/disco#info}query"),
    ("set", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>", None, None),
    ("set", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>", "localhost", None),
    ("get", "<query xmlns='jabber:iq:roster'/>", None, "{jabber:iq:roster}query"),
]


@pytest.mark.parametrize("type, child, to, result", SERVICES)
def test_the_server_answers(shared, raw, type, child, to, result):
    alice = raw(shared, "alice")
    reply = alice.iq(type, child, to)
    assert reply.get("type") == "result"
    assert reply.get("from") in ((to,) if to else (None, "alice@localhost"))
    assert [c.tag for c in reply] == ([result] if result else [])


def test_the_version_and_the_time_are_real(shared, raw):
    alice = raw(shared, "alice")
    reply = alice.iq("get", "<query xmlns='jabber:iq:version'/>", "localhost")
    assert reply.findtext("{jabber:iq:version}query/{jabber:iq:version}name") == "Bulkhead"
    reply = alice.iq("get", "<time xmlns='urn:xmpp:time'/>", "localhost")
    utc = reply.findtext("{urn:xmpp:time}time/{urn:xmpp:time}utc")
    assert abs(time.mktime(time.strptime(utc[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
               - time.time()) < 120


@pytest.mark.parametrize("type, child, to, expected", [
    ("get", "<x xmlns='urn:unknown'/>", "localhost", "service-unavailable"),
    ("set", "<x xmlns='urn:unknown'/>", None, "service-unavailable"),
    ("get", "<x xmlns='urn:unknown'/>", "alice@localhost", "service-unavailable"),
    ("get", "<x xmlns='urn:unknown'/>", "bob@localhost", "service-unavailable"),
    ("get", "<ping xmlns='urn:xmpp:ping'/>", "bob@localhost", "service-unavailable"),
    ("get", "<ping xmlns='urn:xmpp:ping'/>", "bob@localhost/none", "service-unavailable"),
    ("get", "<ping xmlns='urn:xmpp:ping'/>", "nobody@localhost", "service-unavailable"),
    ("get", "", "localhost", "bad-request"),
    ("get", "<a xmlns='urn:a'/><b xmlns='urn:b'/>", "localhost", "bad-request"),
    ("odd", "<ping xmlns='urn:xmpp:ping'/>", "localhost", "bad-request"),
])
def test_what_cannot_be_answered_gets_its_error(shared, raw, type, child, to, expected):
    alice = raw(shared, "alice")
    assert condition(alice.iq(type, child, to))[1] == expected


def test_an_iq_without_an_id_is_refused(shared, raw):
    alice = raw(shared, "alice")
    alice.send("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert condition(alice.next())[1] == "bad-request"


def test_an_iq_travels_between_resources_and_back(shared, raw):
    one, two = raw(shared, "alice", "one"), raw(shared, "alice", "two")
    one.send(f"<iq type='get' id='x1' to='{two.jid}'><q xmlns='urn:q'/></iq>")
    request = two.until(lambda e: e.tag == CLIENT + "iq")
    assert request.get("from") == one.jid and request.find("{urn:q}q") is not None
    two.send(f"<iq type='result' id='x1' to='{one.jid}'><q xmlns='urn:q'/></iq>")
    reply = one.until(lambda e: e.get("id") == "x1")
    assert reply.get("type") == "result" and reply.get("from") == two.jid


# Presence among one's own resources.

def presences(elements):
    return [(e.get("from"), e.get("type")) for e in elements if e.tag == CLIENT + "presence"]


def test_own_resources_see_each_other_come_and_go(quiet, raw):
    one = raw(quiet, "alice", "one", priority=None)
    one.send("<presence/>")
    assert presences(one.ping()) == [("alice@localhost/one", None)]
    two = raw(quiet, "alice", "two", priority=None)
    two.send("<presence><show>away</show></presence>")
    assert sorted(presences(two.ping()))[:2] == [("alice@localhost/one", None),
                                                 ("alice@localhost/two", None)]
    seen = one.until(lambda e: e.tag == CLIENT + "presence")
    assert seen.get("from") == "alice@localhost/two"
    assert seen.findtext(CLIENT + "show") == "away"
    two.send("<presence type='unavailable'/>")
    assert presences([one.next()]) == [("alice@localhost/two", "unavailable")]
    two.send("<presence/>")
    assert presences([one.next()]) == [("alice@localhost/two", None)]
    two.close()  # without a word
    assert presences([one.next()]) == [("alice@localhost/two", "unavailable")]


def test_others_do_not_see_it(quiet, raw):
    bob = raw(quiet, "bob")
    raw(quiet, "alice")
    assert not presences(bob.ping())


def test_directed_presence_reaches_its_addressee(quiet, raw):
    alice, bob = raw(quiet, "alice"), raw(quiet, "bob")
    alice.send(f"<presence to='{bob.jid}'><status>hi</status></presence>")
    seen = bob.until(lambda e: e.tag == CLIENT + "presence" and e.get("from") == alice.jid)
    assert seen.findtext(CLIENT + "status") == "hi"


@pytest.mark.parametrize("priority", ["128", "-129", "x", ""])
def test_a_priority_that_is_none_is_refused(shared, raw, priority):
    alice = raw(shared, "alice", priority=None)
    alice.send(f"<presence><priority>{priority}</priority></presence>")
    assert condition(alice.next())[1] == "bad-request"


# Resources and streams.

@pytest.mark.section("RFC 6120 4.4")
def test_a_closed_stream_is_closed_in_turn(shared, raw):
    alice = raw(shared, "alice")
    alice.send("</stream:stream>")
    with pytest.raises(Closed) as end:
        while True:
            alice.next()
    assert end.value.footer


@pytest.mark.section("RFC 6120 4.4")
def test_what_was_sent_before_the_end_still_arrives(quiet, raw):
    alice, bob = raw(quiet, "alice"), raw(quiet, "bob")
    messages = "".join(f"<message to='{bob.jid}' type='chat'><body>{n}</body></message>"
                       for n in range(200))
    alice.send(messages + "</stream:stream>")
    assert [body(bob.next_message()) for _ in range(200)] == [str(n) for n in range(200)]


def test_two_domains_live_side_by_side(make_suite, raw):
    suite = make_suite(domains=["localhost", "example.test"], accounts={
        "alice@localhost": "one", "alice@example.test": "two"})
    here = raw(suite, "alice", "h")
    there = raw(suite, "alice", "t", domain="example.test")
    here.message("alice@example.test", "across")
    message = there.next_message()
    assert message.get("from") == "alice@localhost/h" and body(message) == "across"
    names = there.wire.tls.get_peer_certificate().get_subject().CN
    assert names == "example.test"
    wrong = raw(suite, domain="example.test").open().starttls()
    assert wrong.scram("SCRAM-SHA-1", "alice", "one") == "not-authorized"


@pytest.mark.section("RFC 6120 4.4")
def test_the_server_says_goodbye_when_it_ends(suite, raw):
    alice = raw(suite, "alice")
    suite.stop()
    assert alice.error() == "system-shutdown"


def test_slixmpp_logs_in_with_each_mechanism_it_knows(shared, chat):
    for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", None):
        client = chat(shared, "alice@localhost", mechanism=mechanism)
        client.ping()
        client.close()


def test_a_big_message_arrives_whole(shared, raw):
    alice, bob = raw(shared, "alice"), raw(shared, "bob")
    text = "ä" * 60000
    alice.message(bob.jid, text)
    assert body(bob.next_message()) == text


def test_a_reader_that_stops_does_not_stop_others(suite, raw):
    """Bob's second resource reads nothing: the first one and everybody else go on."""
    alice, bob, slow = raw(suite, "alice"), raw(suite, "bob", "b"), raw(suite, "bob", "slow")
    text = "x" * 10000
    for n in range(300):
        alice.message(slow.jid, text, id=f"s{n}")
    for n in range(50):
        alice.message(bob.jid, str(n))
        assert body(bob.next_message()) == str(n)
    got = []
    try:
        while len(got) < 300:
            got.append(slow.next_message(3).get("id"))
    except (TimeoutError, Closed, StreamError):
        pass  # it was too slow for too long
    assert got == [f"s{n}" for n in range(len(got))]

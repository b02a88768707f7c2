"""Row S28: a c2sd that has been taken over says what it likes to routerd, on the bus.

It may act for those who log in through it, and for nobody else; whatever it breaks costs it its
own link, and the log names it; the people at other front ends notice nothing.
"""
import array
import os
import socket
import struct
from pathlib import Path

import pytest

import bus
import scram
from im import drain
from suite import AS_ROOT, eventually
from xmpp import CLIENT, body

EVIL = "c2sd@evil"
VICTIM = "bob@localhost"


@pytest.fixture
def evil(quiet):
    eventually(lambda: EVIL not in quiet.pids(), "the end of the last link")
    with bus.Peer(quiet) as peer:
        yield peer.welcomed(instance=EVIL)


@pytest.fixture
def people(quiet, raw):
    """Alice and bob, at the honest front end."""
    alice, bob = raw(quiet, "alice", "home"), raw(quiet, "bob", "home")
    drain(alice)  # what a test before this one had stored for them
    drain(bob)
    return alice, bob


def unharmed(people):
    """They still chat, and got nothing else meanwhile."""
    alice, bob = people
    assert not [e for e in alice.ping() + bob.ping() if e.tag == CLIENT + "message"]
    alice.message(bob.jid, "still here")
    assert body(bob.next_message()) == "still here"


def accounts(quiet):
    return sorted({r["jid"].split("/")[0] for r in quiet.rows("session", "list")
                   if r["instance"] == EVIL})


# What is not even a link.

@pytest.mark.parametrize("what, how", [
    ("another version", {"version": bus.VERSION + 1}), ("version 0", {"version": 0}),
    ("the role of authd", {"role": bus.ROLES["AUTH"][0]}),
    ("the role of routerd", {"role": bus.ROLES["ROUTER"][0]}),
    ("all roles", {"role": 0xff}), ("no role", {"role": 0}),
    ("the name of a live peer", {"instance": "LIVE"}), ("no name", {"instance": ""}),
    ("a name with a line break", {"instance": "c2sd\nerror forged"})], ids=lambda v: v
    if isinstance(v, str) else "")
def test_s28_a_hello_that_lies_is_refused(quiet, people, what, how):
    live = next(iter(quiet.pids("c2sd")))
    how = {k: live if v == "LIVE" else v for k, v in how.items()}
    mark = quiet.log.mark()
    with bus.Peer(quiet) as peer:
        peer.hello(**how)
        assert "WELCOME" not in peer.gone()
    quiet.log.wait("c2s", since=mark)
    assert not quiet.log.find("^error forged")
    unharmed(people)


def test_s28_nothing_counts_before_hello(quiet, people):
    for first in (bus.frame("BIND", 1, resource="x"), bus.frame("HELD", upto=1), b"\0" * 64,
                  b"GET / HTTP/1.1\r\n\r\n"):
        with bus.Peer(quiet) as peer:
            peer.write(first)
            assert "WELCOME" not in peer.gone()
    unharmed(people)


# Frames that are none, or not for this sender.

def hello_body(**more):
    return bus.MESSAGES["HELLO"].encode({"version": bus.VERSION, "role": 2, "boot": b"x" * 16,
                                         "instance": EVIL, "software": "x", **more})


NONSENSE = {
    "a length below the header": bus.raw_frame(0x0201, b"", length=8),
    "a length of zero": bus.raw_frame(0x0201, b"", length=0),
    "an enormous length": bus.raw_frame(0x0201, b"", length=0xffffffff),
    "a length over the limit": bus.raw_frame(0x0301, b"", length=bus.FRAME_MAX + 1),
    "an unknown type": bus.raw_frame(0x0fff, b""),
    "the type 0": bus.raw_frame(0, b""),
    "the type 0xffff": bus.raw_frame(0xffff, b"x" * 100),
    "a second HELLO": bus.frame("HELLO", version=bus.VERSION, role=2, instance="c2sd@other"),
    "a body that is short": bus.raw_frame(0x0201, b"\0\0"),
    "a text longer than its frame": bus.raw_frame(0x0201, struct.pack(">I", 1000) + b"x"),
    "a text over its limit": bus.frame("BIND", 1, resource="x" * 1024),
    "a text that is no UTF-8": bus.frame("BIND", 1, resource=b"\xff\xfe"),
    "bytes left over": bus.raw_frame(0x0204, b"\1\2"),
    "marks that are none": bus.frame("DONE", marks=b"x" * 17),
}
FORBIDDEN = ["WELCOME", "REFUSE", "CREDIT", "SAFE", "STATS_GET", "SET_LOG", "AUTH_CHALLENGE",
             "AUTH_VERDICT", "AUTH_RESULT", "MECHANISMS", "BOUND", "BIND_REFUSED", "KILL",
             "DELIVER", "ACCOUNT_PUT", "ACCOUNT_DELETE", "ACCOUNT_LIST", "ACCOUNT_ROW",
             "ACCOUNT_REPLY", "ACCOUNT_CHANGED", "ACCOUNT_DISABLE", "CONNECTION_GET", "CTL_REQUEST"]


@pytest.mark.parametrize("kind", NONSENSE)
def test_s28_a_malformed_frame_costs_its_sender_the_link(quiet, people, evil, kind):
    mark = quiet.log.mark()
    evil.write(NONSENSE[kind])
    evil.gone()
    quiet.log.wait(EVIL, since=mark)
    unharmed(people)


@pytest.mark.parametrize("name", ["CTL_COLUMNS", "CTL_ROW", "CTL_END", "CONNECTION"])
def test_s28_an_answer_that_nobody_asked_for_goes_nowhere(quiet, people, evil, name):
    for subject in range(100):
        evil.send(name, subject)
    unharmed(people)
    assert len(quiet.rows("user", "list")) == 2
    evil.send("CTL_REQUEST", 1, verb="user.delete")
    evil.gone()


@pytest.mark.parametrize("name", FORBIDDEN)
def test_s28_a_role_can_send_only_its_messages(quiet, people, evil, name):
    mark = quiet.log.mark()
    values = {"AUTH_VERDICT": {"account": VICTIM, "mechanism": "PLAIN", "condition": 0},
              "ACCOUNT_PUT": {"account": VICTIM, "how": 2, "password": b"stolen"},
              "ACCOUNT_DELETE": {"account": VICTIM},
              "CTL_REQUEST": {"verb": "user.delete"}}.get(name, {})
    evil.send(name, 1, **values)
    evil.gone()
    quiet.log.wait(EVIL, since=mark)
    unharmed(people)
    assert len(quiet.rows("user", "list")) == 2


@pytest.mark.parametrize("size", [1, 10, 1000, 100000])
def test_s28_random_bytes_cost_the_link(quiet, people, evil, size):
    import random
    data = bytes(random.Random(size).randrange(256) for _ in range(size))
    evil.write(data + b"\xff" * 64)
    evil.gone()
    unharmed(people)


def test_s28_descriptors_that_are_passed_are_not_kept(quiet, people, evil):
    pid = quiet.pids("routerd").popitem()[1]

    def held():
        if not AS_ROOT:
            return 0  # nobody but root may look: the rest of the test counts
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    before = held()
    with open(os.devnull, "rb") as null:
        passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null.fileno()] * 200))]
        for _ in range(20):
            try:
                evil.socket.sendmsg([bus.frame("HELD", upto=0)], passed)
            except OSError:
                break
    eventually(lambda: held() <= before, "no more descriptors than before")
    unharmed(people)


# Being somebody.

def test_s28_nobody_is_bound_who_has_not_logged_in(quiet, people, evil):
    evil.send("BIND", 1, resource="stolen")
    evil.submit(1, 1, bus.envelope(to=VICTIM))
    unharmed(people)
    assert accounts(quiet) == []


def test_s28_a_refused_log_in_binds_nothing(quiet, people, evil):
    evil.send("AUTH_BEGIN", 1, domain="localhost", mechanism="PLAIN", tls=1, offered="PLAIN",
              initial=scram.plain("bob", "a guess"), address="198.51.100.7:9")
    assert evil.expect("AUTH_RESULT")[2]["condition"] != 0
    evil.send("BIND", 1, resource="stolen")
    evil.gone()
    assert accounts(quiet) == []
    unharmed(people)


def test_s28_a_claimed_certificate_is_worth_nothing_by_default(quiet, people, evil):
    """EXTERNAL rests on what c2sd says, so it is off unless it was asked for."""
    evil.send("AUTH_BEGIN", 1, domain="localhost", mechanism="EXTERNAL", tls=1, initial="=",
              offered="EXTERNAL", certificate=VICTIM, address="192.0.2.9:9")
    assert evil.expect("AUTH_RESULT")[2]["condition"] == 7  # invalid-mechanism
    assert accounts(quiet) == []
    unharmed(people)


def test_s28_a_log_in_holds_for_its_connection_and_account_only(quiet, people, evil):
    jid = evil.login(7, "alice@localhost", quiet.password("alice@localhost"), "evil")
    assert jid == "alice@localhost/evil"
    assert accounts(quiet) == ["alice@localhost"]
    evil.send("BIND", 8, resource="other")  # a connection that never logged in
    evil.submit(8, 1, bus.envelope(to=VICTIM))
    unharmed(people)
    assert accounts(quiet) in (["alice@localhost"], [])


def test_s28_a_session_of_another_front_end_cannot_be_used(quiet, people, evil):
    """Connection numbers are each front end's own."""
    rows = {r["jid"]: r for r in quiet.rows("session", "list")}
    theirs = int(rows["bob@localhost/home"]["connection"])
    evil.submit(theirs, 1, bus.envelope(to="alice@localhost/home"))
    evil.send("CLOSED", theirs, reason=1)
    evil.send("DONE", marks=struct.pack(">QQ", theirs, 1))
    unharmed(people)
    assert "bob@localhost/home" in {r["jid"] for r in quiet.rows("session", "list")}


def test_s28_the_sender_is_who_logged_in(quiet, people, evil):
    evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
    evil.submit(1, 1, bus.envelope(to="bob@localhost/home"))
    message = people[1].next_message()
    assert message.get("from") == "alice@localhost/evil" and body(message) == "hello"


SMUGGLED = {
    "the end of its stanza": "<body>x</body></message><message from='admin@localhost'><body>y",
    "an end tag alone": "</message>",
    "a stream's end": "<body>x</body></stream:stream>",
    "an open element": "<body>x",
    "crossed elements": "<a><b></a></b>",
    "a comment": "<!-- x -->", "a DTD": "<!DOCTYPE x>", "an instruction": "<?x?>",
    "CDATA": "<body><![CDATA[</message>]]></body>",
    "an unknown entity": "<body>&x;</body>", "a NUL by number": "<body>&#0;</body>",
    "a NUL": b"<body>\0</body>", "overlong UTF-8": b"<body>\xc0\xbc/message></body>",
    "a surrogate": b"<body>\xed\xa0\x80</body>", "cut UTF-8": b"<body>\xe2\x82</body>",
    "a prefix": "<stream:error/>", "an undeclared prefix": "<body x:y='z'/>",
    "a doubled attribute": "<body a='1' a='2'/>", "an unquoted attribute": "<body a=1/>",
    "a < in an attribute": "<body a='<'/>", "much depth": "<a>" * 200 + "</a>" * 200,
    "text alone": "just text <", "half a tag": "<body",
}
SPOILT_ATTRS = {
    "a sender": " from='admin@localhost'", "an end": "><body>x</body></message><message",
    "an address": " to='alice@localhost'", "a quote": " xmlns:a='b' a:c='d'e'",
    "no space": "a='b'", "an undeclared prefix": " a:b='c'",
    "the default namespace": " xmlns='jabber:server'",
    "a doubled one": " xmlns:a='u' a:b='1' a:b='2'",
}


def refused_stanza(quiet, people, evil, envelope):
    evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
    mark = quiet.log.mark()
    evil.submit(1, 1, envelope)
    evil.gone()
    quiet.log.wait(EVIL, since=mark)
    unharmed(people)
    assert accounts(quiet) == []


@pytest.mark.parametrize("kind", SMUGGLED)
def test_s28_inner_xml_cannot_break_out_of_its_stanza(quiet, people, evil, kind):
    refused_stanza(quiet, people, evil, bus.envelope(to="bob@localhost/home",
                                                     inner=SMUGGLED[kind]))


@pytest.mark.parametrize("kind", SPOILT_ATTRS)
def test_s28_attributes_cannot_break_out_of_their_tag(quiet, people, evil, kind):
    refused_stanza(quiet, people, evil, bus.envelope(to="bob@localhost/home",
                                                     attrs=SPOILT_ATTRS[kind]))


@pytest.mark.parametrize("to", ["BOB@localhost/home", "bob@localhost/ho\0me", "a b@localhost",
                                "bob@localhost/", "@localhost", b"bob@localhost/\xff", "",
                                "bob@localhost/home'><x a='"])
def test_s28_addresses_that_are_not_prepared_are_refused(quiet, people, evil, to):
    if to == "bob@localhost/home'><x a='":
        # A resource may hold all of this; then nobody has that resource, and it is escaped.
        evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
        evil.submit(1, 1, bus.envelope(to=to, type="headline"))
        unharmed(people)
        return
    refused_stanza(quiet, people, evil, bus.envelope(to=to))


@pytest.mark.parametrize("envelope", [
    b"", b"\1", bus.envelope()[:20], bus.envelope(kind=0), bus.envelope(kind=9),
    bus.envelope(type=200), bus.envelope(type="get"), bus.envelope(to="x@localhost")[:25],
    bus.envelope(id=b"\xff"), bus.envelope(id="\0"), bus.envelope(lang="\1"),
    bus.envelope(children=[1] * 17), b"\xff" * 60])
def test_s28_an_envelope_that_is_none_costs_the_link(quiet, people, evil, envelope):
    refused_stanza(quiet, people, evil, envelope)


@pytest.mark.parametrize("attribute", ["id", "lang"])
def test_s28_texts_of_the_envelope_are_escaped(quiet, people, evil, attribute):
    evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
    nasty = "x'/><message from='admin@localhost"
    evil.submit(1, 1, bus.envelope(to="bob@localhost/home", **{attribute: nasty}))
    message = people[1].next_message()
    name = {"id": "id", "lang": "{http://www.w3.org/XML/1998/namespace}lang"}[attribute]
    assert message.get(name) == nasty and message.get("from") == "alice@localhost/evil"


# Saying things twice, or too much.

@pytest.mark.parametrize("number", [0, 1, 3, 1 << 63])
def test_s28_a_number_out_of_order_costs_the_link_and_nothing_arrives_twice(
        quiet, people, evil, number):
    evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
    stanza = bus.envelope(to="bob@localhost/home")
    evil.submit(1, 1, stanza)
    evil.submit(1, number, stanza)  # 1 was there already
    evil.gone()
    assert len([e for e in people[1].ping() if e.tag == CLIENT + "message"]) == 1
    unharmed(people)


def test_s28_done_beyond_what_was_sent_costs_the_link(quiet, people, evil):
    evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
    evil.send("DONE", marks=struct.pack(">QQ", 1, 1 << 40))
    evil.gone()
    unharmed(people)


def test_s28_a_verdict_counts_once(quiet, people, evil):
    """Logging in a second time on the same connection, as somebody else."""
    evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
    evil.send("AUTH_BEGIN", 1, domain="localhost", mechanism="PLAIN", tls=1, offered="PLAIN",
              initial=scram.plain("bob", quiet.password(VICTIM)), address="192.0.2.9:9")
    evil.gone()
    assert accounts(quiet) == []
    unharmed(people)


def test_s28_a_second_bind_costs_the_link(quiet, people, evil):
    evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
    evil.send("BIND", 1, resource="more")
    evil.gone()
    unharmed(people)


def test_s28_who_does_not_confirm_is_bounded(quiet, people, evil):
    """It never says HELD: what others send to it waits, up to a bound, and nobody else does."""
    evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
    alice, bob = people
    for n in range(200):
        bob.message("alice@localhost/evil", "x" * 2000, id=f"e{n}")
    alice.ping()
    alice.message("bob@localhost/home", "past it")
    assert body(bob.until(lambda e: e.tag == CLIENT + "message"
                          and e.get("type") != "error")) == "past it"


def test_s28_a_flood_of_stanzas_above_its_credit_costs_the_link(quiet, people, evil):
    evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
    evil.send("AUTH_BEGIN", 2, domain="localhost", mechanism="PLAIN", tls=1, offered="PLAIN",
              initial=scram.plain("alice", quiet.password("alice@localhost")), address="x")
    # To its own session, which never confirms: so none of them becomes safe.
    for n in range(1, 5000):
        evil.submit(1, n, bus.envelope(to="alice@localhost/evil", type="headline"))
    evil.gone()
    unharmed(people)


def test_s28_when_its_link_breaks_its_sessions_end(quiet, people, evil):
    evil.login(1, "alice@localhost", quiet.password("alice@localhost"), "evil")
    assert accounts(quiet) == ["alice@localhost"]
    evil.socket.close()
    eventually(lambda: accounts(quiet) == [], "no session of it")
    unharmed(people)

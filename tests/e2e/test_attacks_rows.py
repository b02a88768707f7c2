"""Rows of the table of attacks that stand in no other file."""
import pytest

from federation import net  # noqa: F401 (a fixture)
from hostile import Bystander
from test_s2s_attacks import DIALBACK_FEATURE, LOCAL, REMOTE, alice, one  # noqa: F401 (fixtures)
from xmpp import CLIENT, TLS, Closed, condition


# S9: the other way round, s2sd as a client.

INJECTED = {
    "features": f"<stream:features>{DIALBACK_FEATURE}</stream:features>",
    "a stream and features": "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream="
                             "'http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='i' "
                             f"from='{REMOTE}' to='{LOCAL}' version='1.0'><stream:features>{DIALBACK_FEATURE}"
                             "</stream:features>",
    "a result": f"<db:result from='{REMOTE}' to='{LOCAL}' type='valid'/>",
}


@pytest.mark.parametrize("kind", INJECTED)
def test_s9_what_is_injected_behind_proceed_is_not_believed(one, alice, kind):  # noqa: F811
    """Whoever sits in the clear before TLS says nothing under it."""
    alice.message(f"x@{REMOTE}", "hello")
    stream = one.evil.accept()
    stream.greeted("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>" + DIALBACK_FEATURE)
    stream.expect(TLS + "starttls")
    stream.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + INJECTED[kind])
    try:
        stream.wire.accept_tls(one.certificate_of(REMOTE))
        stream.greeted("")  # under TLS it offers nothing: what it offered before does not count
        stream.next(5)
    except (Closed, TimeoutError, OSError):
        return  # closing the connection is right
    except Exception as error:
        assert "SSL" in type(error).__module__ or "Stream" in type(error).__name__, error
        return
    raise AssertionError("it went on by what was injected")


# S16: what is drawn.

def test_s16_ids_of_streams_and_sessions_are_long_and_never_the_same(quiet, raw):
    ids = set()
    for _ in range(60):
        stream = raw(quiet).open()
        ids.add(stream.incoming.header.get("id"))
        stream.starttls()
        ids.add(stream.incoming.header.get("id"))
        stream.close()
    assert len(ids) == 120 and min(map(len, ids)) >= 22  # 128 bits in Base64, or more in hexadecimal
    resources = set()
    for _ in range(20):
        stream = raw(quiet, "alice", priority=None)
        resources.add(stream.jid.split("/")[1])
        stream.close()
    assert len(resources) == 20 and min(map(len, resources)) >= 22


# S20: what looks as if it came from the server.

def test_s20_a_client_s_from_is_its_own(quiet, raw):
    """RFC 6120 8.1.2.1: another one is refused, or replaced."""
    bob = raw(quiet, "bob", "home")
    for sender in ("localhost", "bob@localhost", "admin@localhost", "x@elsewhere.example"):
        alice_too = raw(quiet, "alice", "r")
        alice_too.send(f"<iq type='set' id='push' to='{bob.jid}' from='{sender}'>"
                       "<query xmlns='jabber:iq:roster'><item jid='spy@evil.example'/></query></iq>")
        assert alice_too.error() == "invalid-from"
    assert not [e for e in bob.ping() if e.tag == CLIENT + "iq"]


@pytest.mark.parametrize("to", ["bob@localhost", "bob@localhost/home"])
def test_s20_a_roster_push_of_another_user_says_who_sends_it_or_does_not_come(quiet, raw, to):
    bob, eve = raw(quiet, "bob", "home"), raw(quiet, "alice", "evil")
    eve.send(f"<iq type='set' id='push' to='{to}'>"
             "<query xmlns='jabber:iq:roster'><item jid='spy@evil.example'/></query></iq>")
    eve.ping()
    assert all(e.get("from") == eve.jid for e in bob.ping() if e.tag == CLIENT + "iq")


def test_s20_an_answer_to_a_question_that_was_not_asked_is_the_sender_s(quiet, raw):
    bob, eve = raw(quiet, "bob", "home"), raw(quiet, "alice", "evil")
    for id in ("q1", "ping1", "bind", ""):
        eve.send(f"<iq type='result' id='{id or 'x'}' to='{bob.jid}'/>")
    eve.ping()
    came = [e for e in bob.ping() if e.tag == CLIENT + "iq"]
    assert all(e.get("from") == eve.jid for e in came)


# S29: floods of what costs others more than the sender.

def test_s29_a_flood_of_subscriptions_is_bounded_and_others_are_served(make_suite, raw):
    suite = make_suite(settings={"routerd.roster_contacts": 50},
                       accounts={"alice@localhost": "a", "bob@localhost": "b", "eve@localhost": "e"})
    others, eve = Bystander(suite, raw), raw(suite, "eve", "evil")
    for n in range(0, 5000, 100):
        eve.send("".join(f"<presence type='subscribe' id='s{k}' to='x{k}@localhost'/>" for k in range(n, n + 100)))
        others.chats()
    came = eve.ping(timeout=60)
    refused = [condition(e)[1] for e in came if e.get("type") == "error" and (e.get("id") or "").startswith("s")]
    assert len(refused) >= 4950 and set(refused) <= {"resource-constraint", "not-allowed", "policy-violation"}
    others.unharmed()


def test_s29_a_hash_of_capabilities_that_is_a_lie_is_nobody_else_s(quiet, raw):
    """The server keeps no answers of clients: who asks bob gets what bob says, and presence passes as it is."""
    bob, eve = raw(quiet, "bob", "home"), raw(quiet, "alice", "evil")
    caps = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:x' ver='{}'/>"
    bob.send("<presence>" + caps.format("QgayPKawpkPSDYmwT/WM94uAlu0=") + "</presence>")
    eve.send("<presence>" + caps.format("QgayPKawpkPSDYmwT/WM94uAlu0=") + "</presence>")
    eve.send(f"<iq type='result' id='disco' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'>"
             "<feature var='urn:poison'/></query></iq>")
    eve.ping()
    bob.ping()
    reply = bob.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>")
    assert "urn:poison" not in {f.get("var") for f in reply.iter()}

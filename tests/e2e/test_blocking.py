"""The blocklist: XEP-0191."""
import pytest

from im import befriend, is_presence, presences, send, settle, stored
from xmpp import CLIENT, body, condition

NS = "urn:xmpp:blocking"
B = "{" + NS + "}"
pytestmark = pytest.mark.section("XEP-0191")


def blocking(stream, what, *jids):
    return stream.iq("set", f"<{what} xmlns='{NS}'>" + "".join(
        f"<item jid='{j}'/>" for j in jids) + f"</{what}>")


def blocklist(stream):
    reply = stream.iq("get", f"<blocklist xmlns='{NS}'/>")
    assert reply.get("type") == "result"
    return sorted(i.get("jid") for i in reply.find(B + "blocklist"))


@pytest.fixture
def pair(suite, raw):
    return raw(suite, "alice", "home"), raw(suite, "bob", "home")


@pytest.fixture
def friends(pair):
    alice, bob = pair
    befriend(alice, bob)
    settle(alice, bob)
    return pair


def messages(elements):
    return [body(e) for e in elements if e.tag == CLIENT + "message" and e.get("type") != "error"]


def test_it_is_advertised(shared, raw):
    reply = raw(shared, "alice").iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>",
                                    "localhost")
    assert NS in [f.get("var") for f in reply.iter("{http://jabber.org/protocol/disco#info}feature")]


def test_the_list_is_shown_added_to_and_taken_from(pair):
    alice, _ = pair
    assert blocklist(alice) == []
    assert blocking(alice, "block", "bob@localhost", "X@Example.COM").get("type") == "result"
    assert blocklist(alice) == ["bob@localhost", "x@example.com"]
    assert blocking(alice, "block", "bob@localhost").get("type") == "result"
    assert blocklist(alice) == ["bob@localhost", "x@example.com"]
    assert blocking(alice, "unblock", "bob@localhost").get("type") == "result"
    assert blocklist(alice) == ["x@example.com"]
    assert blocking(alice, "unblock").get("type") == "result"
    assert blocklist(alice) == []


def test_what_was_never_blocked_may_be_unblocked(pair):
    assert blocking(pair[0], "unblock", "who@localhost").get("type") == "result"


def test_who_has_asked_for_the_list_hears_of_changes(suite, raw, pair):
    alice, _ = pair
    other, deaf = raw(suite, "alice", "other"), raw(suite, "alice", "deaf")
    blocklist(other)
    blocking(alice, "block", "bob@localhost")
    push = other.until(lambda e: e.tag == CLIENT + "iq" and e.get("type") == "set")
    assert push.get("from") in (None, "alice@localhost")
    assert [i.get("jid") for i in push.find(B + "block")] == ["bob@localhost"]
    blocking(alice, "unblock")
    push = other.until(lambda e: e.tag == CLIENT + "iq" and e.get("type") == "set")
    assert list(push.find(B + "unblock")) == []
    assert not [e for e in deaf.ping() if e.tag == CLIENT + "iq"]


@pytest.mark.parametrize("inner, expected", [
    ("<block xmlns='urn:xmpp:blocking'/>", "bad-request"),
    ("<block xmlns='urn:xmpp:blocking'><item/></block>", "bad-request"),
    ("<block xmlns='urn:xmpp:blocking'><x jid='a@b'/></block>", "bad-request"),
    ("<block xmlns='urn:xmpp:blocking'><item jid='a b@c'/></block>", "jid-malformed"),
    ("<block xmlns='urn:xmpp:blocking'><item jid='bob@localhost'/><item jid='@'/></block>",
     "jid-malformed")])
def test_half_a_request_changes_nothing(pair, inner, expected):
    alice, _ = pair
    assert condition(alice.iq("set", inner))[1] == expected
    assert blocklist(alice) == []


def test_there_is_room_for_so_many(make_suite, raw):
    alice = raw(make_suite(settings={"routerd.blocklist": 2}), "alice")
    assert blocking(alice, "block", "a@b", "c@d").get("type") == "result"
    assert condition(blocking(alice, "block", "e@f"))[1] == "resource-constraint"
    assert blocklist(alice) == ["a@b", "c@d"]


# What it does.

WHO = ["bob@localhost", "localhost", "bob@localhost/home"]


@pytest.mark.parametrize("entry", WHO)
def test_messages_of_the_blocked_do_not_come_and_are_refused(pair, entry):
    alice, bob = pair
    blocking(alice, "block", entry)
    for to in ("alice@localhost", alice.jid):
        bob.message(to, "blocked")
        assert condition(bob.next_message()) == ("cancel", "service-unavailable")
    assert messages(alice.ping()) == []


def test_an_entry_for_a_resource_is_for_that_one_only(suite, raw, pair):
    alice, bob = pair
    blocking(alice, "block", "bob@localhost/home")
    other = raw(suite, "bob", "other")
    other.message(alice.jid, "not blocked")
    assert body(alice.next_message()) == "not blocked"


def test_what_the_blocked_send_is_not_stored_either(suite, raw, pair):
    alice, bob = pair
    blocking(alice, "block", "bob@localhost")
    alice.send("</stream:stream>")
    alice.closed()
    bob.message("alice@localhost", "for later")
    assert condition(bob.next_message())[1] == "service-unavailable"
    assert stored(raw(suite, "alice", priority=None)) == []


@pytest.mark.parametrize("stanza", [
    "<message to='{bob}' type='chat'><body>x</body></message>",
    "<message to='bob@localhost'><body>x</body></message>",
    "<presence to='{bob}'/>", "<presence to='bob@localhost' type='subscribe'/>",
    "<iq to='{bob}' type='get' id='1'><x xmlns='urn:x'/></iq>",
    "<iq to='bob@localhost' type='get' id='1'><vCard xmlns='vcard-temp'/></iq>"])
def test_one_cannot_write_to_whom_one_blocks(pair, stanza):
    alice, bob = pair
    blocking(alice, "block", "bob@localhost")
    alice.send(stanza.format(bob=bob.jid))
    error = alice.next()
    assert condition(error) == ("cancel", "not-acceptable")
    assert error.find(CLIENT + "error").find("{urn:xmpp:blocking:errors}blocked") is not None
    assert [e for e in bob.ping() if (e.get("from") or "").startswith("alice")] == []


def test_requests_of_the_blocked_look_as_if_nobody_were_there(friends):
    alice, bob = friends
    before = condition(bob.iq("get", "<x xmlns='urn:x'/>", "alice@localhost/nothere"))
    blocking(alice, "block", "bob@localhost")
    bob.ping()
    assert condition(bob.iq("get", "<x xmlns='urn:x'/>", alice.jid)) == before
    assert not [e for e in alice.ping() if e.tag == CLIENT + "iq"]


def test_presence_ends_at_the_block_and_comes_back_at_the_unblock(friends):
    alice, bob = friends
    blocking(alice, "block", "bob@localhost")
    assert (alice.jid, "unavailable") in presences(bob.ping())
    alice.send("<presence><status>unseen</status></presence>")
    bob.send("<presence><status>unseen</status></presence>")
    for_alice, for_bob = settle(alice, bob)
    assert (bob.jid, None) not in presences(for_alice)
    assert (alice.jid, None) not in presences(for_bob)
    blocking(alice, "unblock", "bob@localhost")
    assert bob.until(is_presence(None, alice.jid)).findtext(CLIENT + "status") == "unseen"


def test_a_request_for_a_subscription_of_the_blocked_is_not_shown(suite, raw, pair):
    alice, bob = pair
    blocking(alice, "block", "bob@localhost")
    send(bob, "alice@localhost", "subscribe")
    for_bob, for_alice = settle(bob, alice)
    assert not [p for p in presences(for_alice) if p[1] == "subscribe"]
    again = raw(suite, "alice", "again", priority=None)
    again.send("<presence/>")
    assert not [p for p in presences(again.ping()) if p[1] == "subscribe"]


def test_after_the_unblock_all_is_as_before(friends):
    alice, bob = friends
    blocking(alice, "block", "localhost")
    blocking(alice, "unblock")
    bob.message(alice.jid, "hello again")
    assert body(alice.next_message()) == "hello again"
    alice.message(bob.jid, "and back")
    assert body(bob.next_message()) == "and back"


def test_it_does_not_keep_one_from_one_s_own_server(pair):
    alice, _ = pair
    blocking(alice, "block", "localhost")
    assert alice.iq("get", "<query xmlns='jabber:iq:roster'/>").get("type") == "result"
    alice.message("alice@localhost", "to myself")
    assert body(alice.next_message()) == "to myself"


def test_it_is_kept_over_a_restart(suite, raw, pair):
    blocking(pair[0], "block", "bob@localhost")
    suite.restart()
    assert blocklist(raw(suite, "alice")) == ["bob@localhost"]
    bob = raw(suite, "bob")
    bob.message("alice@localhost", "x")
    assert condition(bob.next_message())[1] == "service-unavailable"

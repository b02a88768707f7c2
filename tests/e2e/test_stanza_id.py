"""Ids that the server gives to messages: XEP-0359."""
import pytest

from im import stored
from xmpp import CLIENT, body

SID = "{urn:xmpp:sid:0}"
NS = "urn:xmpp:sid:0"
pytestmark = pytest.mark.section("XEP-0359")


def ids(message):
    return [(s.get("by"), s.get("id")) for s in message.findall(SID + "stanza-id")]


def own(message, by="bob@localhost"):
    found = [id for b, id in ids(message) if b == by]
    assert len(found) == 1, ids(message)
    return found[0]


def test_it_is_advertised_by_the_account(shared, raw):
    alice = raw(shared, "alice")
    reply = alice.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>",
                     "alice@localhost")
    assert NS in [f.get("var") for f in reply.iter("{http://jabber.org/protocol/disco#info}feature")]


def test_every_message_has_an_id_by_the_account_that_gets_it(shared, raw):
    alice, bob = raw(shared, "alice"), raw(shared, "bob")
    seen = set()
    for n in range(50):
        alice.message(bob.jid if n % 2 else "bob@localhost", str(n))
        seen.add(own(bob.next_message()))
    assert len(seen) == 50 and min(map(len, seen)) >= 16


def test_all_devices_see_the_same_id_in_copies_too(quiet, raw):
    alice, one, two = raw(quiet, "alice"), raw(quiet, "bob", "one"), raw(quiet, "bob", "two")
    alice.message("bob@localhost", "to all")
    assert own(one.next_message()) == own(two.next_message())
    two.iq("set", "<enable xmlns='urn:xmpp:carbons:2'/>")
    alice.message(one.jid, "to one")
    copy = two.next_message()
    [inner] = [m for m in copy.iter(CLIENT + "message") if m is not copy]
    assert own(inner) == own(one.next_message())


@pytest.mark.parametrize("by", ["bob@localhost", "localhost", "BOB@localhost", "LocalHost"])
def test_a_forged_id_by_us_is_taken_out(shared, raw, by):
    alice, bob = raw(shared, "alice"), raw(shared, "bob")
    alice.send(f"<message to='{bob.jid}' type='chat'><a xmlns='urn:a'/>"
               f"<stanza-id xmlns='{NS}' by='{by}' id='forged'/><body>x</body>"
               f"<stanza-id xmlns='{NS}' by='{by}' id='forged'/></message>")
    message = bob.next_message()
    assert "forged" not in [id for _, id in ids(message)]
    assert own(message) and body(message) == "x" and message.find("{urn:a}a") is not None


def test_the_ids_of_others_stay(shared, raw):
    alice, bob = raw(shared, "alice"), raw(shared, "bob")
    alice.send(f"<message to='{bob.jid}' type='chat'><body>x</body>"
               f"<stanza-id xmlns='{NS}' by='room@muc.example' id='theirs'/></message>")
    message = bob.next_message()
    assert ("room@muc.example", "theirs") in ids(message) and own(message)


def test_what_only_looks_like_one_stays(shared, raw):
    alice, bob = raw(shared, "alice"), raw(shared, "bob")
    alice.send(f"<message to='{bob.jid}' type='chat'><body>x</body><w xmlns='urn:w'>"
               f"<stanza-id xmlns='{NS}' by='bob@localhost' id='deep'/></w></message>")
    message = bob.next_message()
    assert message.find("{urn:w}w").find(SID + "stanza-id").get("id") == "deep"
    assert own(message) != "deep"


def test_the_origin_s_id_passes(shared, raw):
    alice, bob = raw(shared, "alice"), raw(shared, "bob")
    alice.send(f"<message to='{bob.jid}' type='chat'><body>x</body>"
               f"<origin-id xmlns='{NS}' id='mine'/></message>")
    assert bob.next_message().find(SID + "origin-id").get("id") == "mine"


def test_a_stored_message_has_its_id_too(quiet, raw):
    alice = raw(quiet, "alice")
    alice.message("bob@localhost", "later")
    alice.ping()
    [message] = stored(raw(quiet, "bob", priority=None))
    assert own(message)


@pytest.mark.parametrize("type", ["chat", "normal", "headline"])
def test_it_is_there_for_all_types(shared, raw, type):
    alice, bob = raw(shared, "alice"), raw(shared, "bob")
    alice.message(bob.jid, "x", type)
    assert own(bob.next_message())

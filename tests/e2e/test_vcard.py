"""Profiles: XEP-0054."""
import pytest

from im import befriend
from xmpp import condition

V = "{vcard-temp}"
CARD = ("<vCard xmlns='vcard-temp'><FN>Alice &amp; Co</FN><N><FAMILY>Liddell</FAMILY></N>"
        "<PHOTO><TYPE>image/png</TYPE><BINVAL>{photo}</BINVAL></PHOTO></vCard>")
GET = "<vCard xmlns='vcard-temp'/>"


def card(photo="AAAA"):
    return CARD.format(photo=photo)


def name(reply):
    assert reply.get("type") == "result"
    return reply.findtext(f"{V}vCard/{V}FN")


@pytest.mark.section("XEP-0054 3.1")
def test_who_has_none_gets_item_not_found(suite, raw):
    assert condition(raw(suite, "alice").iq("get", GET)) == ("cancel", "item-not-found")


@pytest.mark.section("XEP-0054 3.1", "XEP-0054 3.2")
@pytest.mark.parametrize("to", [None, "alice@localhost", "ALICE@Localhost"])
def test_what_is_set_is_what_one_gets(suite, raw, to):
    alice = raw(suite, "alice")
    reply = alice.iq("set", card(), to)
    assert reply.get("type") == "result" and len(reply) == 0
    reply = alice.iq("get", GET, to)
    assert name(reply) == "Alice & Co"
    assert reply.findtext(f"{V}vCard/{V}N/{V}FAMILY") == "Liddell"
    assert reply.findtext(f"{V}vCard/{V}PHOTO/{V}BINVAL") == "AAAA"


@pytest.mark.section("XEP-0054 3.2")
def test_a_new_one_takes_the_place_of_the_old_one_whole(suite, raw):
    alice = raw(suite, "alice")
    alice.iq("set", card())
    alice.iq("set", "<vCard xmlns='vcard-temp'><NICKNAME>al</NICKNAME></vCard>")
    reply = alice.iq("get", GET)
    assert [c.tag for c in reply.find(V + "vCard")] == [V + "NICKNAME"]


@pytest.mark.section("XEP-0054 3.2")
@pytest.mark.parametrize("to", ["bob@localhost", "nobody@localhost", "localhost"])
def test_nobody_sets_that_of_another(suite, raw, to):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    assert condition(alice.iq("set", card(), to))[1] in ("forbidden", "service-unavailable",
                                                         "not-allowed")
    assert condition(bob.iq("get", GET))[1] == "item-not-found"


@pytest.mark.section("XEP-0054 3.3")
def test_anybody_may_see_that_of_another_who_need_not_be_there(suite, raw):
    alice = raw(suite, "alice")
    alice.iq("set", card())
    alice.close()
    reply = raw(suite, "bob").iq("get", GET, "alice@localhost")
    assert name(reply) == "Alice & Co" and reply.get("from") == "alice@localhost"


@pytest.mark.section("XEP-0054 3.3")
def test_no_such_account_looks_like_no_card(suite, raw):
    alice = raw(suite, "alice")
    answers = [condition(alice.iq("get", GET, to)) for to in ("bob@localhost", "nobody@localhost")]
    assert answers[0] == answers[1] == ("cancel", "service-unavailable")


@pytest.mark.section("XEP-0054 3.3")
def test_who_is_blocked_sees_none(suite, raw):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    befriend(alice, bob)
    alice.iq("set", card())
    alice.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='bob@localhost'/></block>")
    assert condition(bob.iq("get", GET, "alice@localhost")) == ("cancel", "service-unavailable")


@pytest.mark.section("XEP-0054 3.2")
def test_one_that_is_too_big_is_refused_with_the_limit(make_suite, raw):
    suite = make_suite(settings={"routerd.vcard": "10KiB"})
    alice = raw(suite, "alice")
    assert alice.iq("set", card("A" * 9000)).get("type") == "result"
    reply = alice.iq("set", card("A" * 11000))
    assert condition(reply) == ("modify", "not-acceptable")
    assert "routerd.vcard" in reply.find("{jabber:client}error").findtext(
        "{urn:ietf:params:xml:ns:xmpp-stanzas}text")
    assert len(alice.iq("get", GET).findtext(f"{V}vCard/{V}PHOTO/{V}BINVAL")) == 9000


@pytest.mark.section("XEP-0054 3.2")
def test_a_photo_of_100_kb_is_kept(suite, raw):
    alice = raw(suite, "alice")
    assert alice.iq("set", card("Q" * 100000)).get("type") == "result"
    assert alice.iq("get", GET).findtext(f"{V}vCard/{V}PHOTO/{V}BINVAL") == "Q" * 100000


@pytest.mark.section("XEP-0054 3.1")
def test_it_is_kept_over_a_restart(suite, raw):
    raw(suite, "alice").iq("set", card())
    suite.restart()
    assert name(raw(suite, "alice").iq("get", GET)) == "Alice & Co"

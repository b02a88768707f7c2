"""Last activity: XEP-0012."""
import pytest

from im import befriend, settle
from xmpp import condition

Q = "{jabber:iq:last}query"
GET = "<query xmlns='jabber:iq:last'/>"
pytestmark = pytest.mark.section("XEP-0012")


def answer(reply):
    assert reply.get("type") == "result"
    query = reply.find(Q)
    return int(query.get("seconds")), query.text or ""


def test_the_server_says_how_long_it_has_been_up(suite, raw):
    seconds, _ = answer(raw(suite, "alice").iq("get", GET, "localhost"))
    assert 0 <= seconds < 600


def test_of_one_who_is_there_it_is_zero(suite, raw):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    befriend(alice, bob)
    assert answer(alice.iq("get", GET, "bob@localhost")) == (0, "")
    assert answer(alice.iq("get", GET, "alice@localhost")) == (0, "")


def test_of_one_who_has_gone_it_is_the_time_and_what_he_said_last(suite, raw):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    befriend(alice, bob)
    bob.send("<presence type='unavailable'><status>gone &lt;fishing&gt;</status></presence>")
    settle(bob, alice)
    seconds, status = answer(alice.iq("get", GET, "bob@localhost"))
    assert status == "gone <fishing>" and 0 <= seconds < 600


def test_it_is_known_after_a_restart(suite, raw):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    befriend(alice, bob)
    bob.send("<presence type='unavailable'><status>bye</status></presence>")
    settle(bob, alice)
    suite.restart()
    assert answer(raw(suite, "alice").iq("get", GET, "bob@localhost"))[1] == "bye"


@pytest.mark.parametrize("to", ["bob@localhost", "nobody@localhost"])
def test_strangers_learn_nothing_not_even_who_there_is(shared, raw, to):
    raw(shared, "bob")
    assert condition(raw(shared, "alice").iq("get", GET, to)) == ("auth", "forbidden")


def test_who_is_blocked_learns_nothing(suite, raw):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    befriend(alice, bob)
    bob.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='alice@localhost'/></block>")
    assert condition(alice.iq("get", GET, "bob@localhost"))[0] in ("auth", "cancel")

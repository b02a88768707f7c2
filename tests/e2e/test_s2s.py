"""Two of our servers: stanzas, presence and subscriptions between their users."""
import pytest

from federation import make_pair, net, pair  # noqa: F401 (fixtures)
from im import roster
from xmpp import CLIENT, body


@pytest.fixture
def alice(pair, raw):  # noqa: F811
    return raw(pair.one, "alice", "a", domain="one.example")


@pytest.fixture
def bob(pair, raw):  # noqa: F811
    return raw(pair.two, "bob", "b", domain="two.example")


def test_messages_go_both_ways(pair, alice, bob):  # noqa: F811
    alice.message(bob.jid, "hello")
    got = bob.next_message()
    assert (got.get("from"), body(got)) == (alice.jid, "hello")
    bob.message(alice.jid, "hello back")
    assert body(alice.next_message()) == "hello back"

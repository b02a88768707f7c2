"""Presence among those who see each other by groups of a directory, and what else follows from that they do."""
import pytest

from directory_front import directory, make_directory  # noqa: F811,F401 (fixtures)
from im import befriend, is_presence, presences, pushes, roster, send, settle
from xmpp import CLIENT, condition

pytestmark = pytest.mark.section("RFC 6121 4.2")

PING = "<ping xmlns='urn:xmpp:ping'/>"


@pytest.fixture
def here(directory, raw):  # noqa: F811
    """here("alice", ...): their streams, available, and nothing left to come."""
    def log_in(*users, **how):
        streams = [raw(directory.suite, u, u[0], **how) for u in users]
        settle(*streams)
        return streams if len(streams) > 1 else streams[0]
    return log_in


def seen(came):
    """What came of others' presence: (user, type)."""
    return sorted((jid.split("@")[0], kind or "available") for jid, kind in presences(came))


def others(stream, came):
    return [s for s in seen(came) if s[0] != stream.jid.split("@")[0]]


# Who is shown to whom.

def test_who_comes_is_seen_and_sees_who_is_there(directory, raw, here):  # noqa: F811
    directory.put("Team", ["alice", "bob", "carol"])
    bob, dave = here("bob", "dave")
    alice = raw(directory.suite, "alice", "a", priority=None)
    alice.send("<presence><show>away</show></presence>")
    came = settle(alice, bob, dave)
    assert others(alice, came[0]) == [("bob", "available")]
    assert others(bob, came[1]) == [("alice", "available")]
    assert others(dave, came[2]) == []


def test_who_sees_is_not_seen_where_the_group_does_not_say_so(directory, here, raw):  # noqa: F811
    directory.put("Staff", ["alice"], show="everybody")
    alice, dave = here("alice", "dave")
    dave.send("<presence><show>dnd</show></presence>")
    alice.send("<presence><show>dnd</show></presence>")
    came = settle(alice, dave)
    assert others(alice, came[0]) == []
    assert others(dave, came[1]) == [("alice", "available")]


@pytest.mark.section("RFC 6121 4.4", "RFC 6121 4.5")
def test_everybody_gets_it_once_however_many_the_reasons(directory, here):  # noqa: F811
    alice, bob = here("alice", "bob")
    befriend(alice, bob)
    directory.put("One", ["alice", "bob"])
    directory.put("Two", ["alice", "bob"], show="everybody")
    directory.put("Board", ["bob"], show="nobody")
    directory.put("Three", ["alice"], show="groups", viewers=["Board"])
    settle(alice, bob)
    for stanza in ("<presence><show>away</show></presence>", "<presence type='unavailable'/>",
                   "<presence/>"):
        alice.send(stanza)
        came = settle(alice, bob)
        assert len(others(bob, came[1])) == 1
        if stanza == "<presence/>":
            assert others(alice, came[0]) == [("bob", "available")]


@pytest.mark.section("RFC 6121 4.5")
def test_who_goes_is_seen_to_go_once(directory, here):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    alice, bob = here("alice", "bob")
    bob.send(f"<presence to='{alice.jid}'/>")
    settle(alice, bob)
    bob.close()
    alice.until(is_presence("unavailable"))
    assert seen(settle(alice)[0]) == []


@pytest.mark.section("RFC 6121 4.3")
def test_a_probe_is_answered_to_those_who_see_the_account(directory, here):  # noqa: F811
    directory.put("Staff", ["alice"], show="everybody")
    alice, dave = here("alice", "dave")
    send(dave, "alice@localhost", "probe")
    assert presences(dave.ping()) == [(alice.jid, None)]
    send(alice, "dave@localhost", "probe")
    assert presences(alice.ping()) == [("dave@localhost", "unsubscribed")]


# When that changes.

def test_who_begins_to_be_seen_is_shown_at_once(directory, here):  # noqa: F811
    directory.put("Team", ["alice"])
    alice, bob, dave = here("alice", "bob", "dave")
    bob.send("<presence><show>dnd</show></presence>")
    settle(bob)
    directory.change("Team", ["alice", "bob"])
    came = settle(alice, bob, dave)
    assert [e.findtext(CLIENT + "show") for e in came[0] if e.get("from") == bob.jid] == ["dnd"]
    assert others(bob, came[1]) == [("alice", "available")]
    assert others(dave, came[2]) == []


@pytest.mark.section("RFC 6121 4.5")
def test_who_is_seen_no_more_is_seen_to_go(directory, here):  # noqa: F811
    directory.put("Team", ["alice", "bob", "carol"])
    alice, bob, carol = here("alice", "bob", "carol")
    directory.change("Team", ["alice", "bob"])
    came = settle(alice, bob, carol)
    assert others(alice, came[0]) == [("carol", "unavailable")] == others(bob, came[1])
    assert others(carol, came[2]) == [("alice", "unavailable"), ("bob", "unavailable")]
    carol.send("<presence><show>away</show></presence>")
    assert others(alice, settle(carol, alice)[1]) == []


def test_with_another_show_presence_goes_and_comes(directory, here):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    alice, bob, dave = here("alice", "bob", "dave")
    directory.change("Team", show="everybody")
    assert [others(s, c) for s, c in zip((alice, bob, dave), settle(alice, bob, dave))] == [
        [], [], [("alice", "available"), ("bob", "available")]]
    directory.change("Team", show="nobody")
    assert [others(s, c) for s, c in zip((alice, bob, dave), settle(alice, bob, dave))] == [
        [("bob", "unavailable")], [("alice", "unavailable")],
        [("alice", "unavailable"), ("bob", "unavailable")]]


@pytest.mark.parametrize("reason", ["a subscription", "another group"])
def test_who_has_another_reason_goes_on_seeing(directory, here, reason):  # noqa: F811
    alice, bob = here("alice", "bob")
    if reason == "a subscription":
        befriend(alice, bob)
    else:
        directory.put("Other", ["alice", "bob"])
    settle(alice, bob)
    directory.put("Team", ["alice", "bob"])
    directory.remove("Team")
    assert [others(s, c) for s, c in zip((alice, bob), settle(alice, bob))] == [[], []]
    bob.send("<presence><show>away</show></presence>")
    assert others(alice, settle(bob, alice)[1]) == [("bob", "available")]


# Blocking.

@pytest.mark.section("XEP-0191")
def test_who_is_blocked_sees_nothing_and_sees_again_afterwards(directory, here):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    alice, bob = here("alice", "bob")
    alice.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='bob@localhost'/></block>")
    assert others(bob, settle(alice, bob)[1]) == [("alice", "unavailable")]
    alice.send("<presence><show>away</show></presence>")
    bob.send("<presence><show>away</show></presence>")
    assert [others(s, c) for s, c in zip((alice, bob), settle(alice, bob))] == [[], []]
    directory.change("Team", ["alice", "bob", "carol"], title="The team")
    directory.change("Team", ["alice"])
    directory.change("Team", ["alice", "bob"])
    assert others(bob, settle(alice, bob)[1]) == []
    alice.iq("set", "<unblock xmlns='urn:xmpp:blocking'/>")
    assert others(bob, settle(alice, bob)[1]) == [("alice", "available")]


# What else they may.

def test_a_request_reaches_a_resource_that_is_seen(directory, here):  # noqa: F811
    directory.put("Staff", ["alice"], show="everybody")
    alice, dave = here("alice", "dave")
    dave.send(f"<iq type='get' id='v' to='{alice.jid}'>{PING}</iq>")
    asked = alice.until(lambda e: e.tag == CLIENT + "iq" and e.get("type") == "get")
    assert asked.get("from") == dave.jid
    assert condition(alice.iq("get", PING, dave.jid))[1] == "service-unavailable"


@pytest.mark.section("XEP-0012", "XEP-0030 3")
def test_the_account_answers_those_who_see_it(directory, here):  # noqa: F811
    directory.put("Staff", ["alice"], show="everybody")
    alice, dave = here("alice", "dave")
    for child in ("<query xmlns='jabber:iq:last'/>", "<query xmlns='http://jabber.org/protocol/disco#info'/>"):
        assert dave.iq("get", child, "alice@localhost").get("type") == "result"
        assert alice.iq("get", child, "dave@localhost").get("type") == "error"


@pytest.mark.section("RFC 6121 3.1", "RFC 6121 3.4")
def test_who_sees_the_account_is_granted_a_subscription_at_once(directory, here):  # noqa: F811
    directory.put("Staff", ["alice"], show="everybody")
    alice, dave = here("alice", "dave")
    roster(alice), roster(dave)
    send(dave, "alice@localhost", "subscribe")
    came = settle(dave, alice)
    assert ("alice@localhost", "subscribed") in presences(came[0])
    assert "subscribe" not in [kind for _, kind in presences(came[1])]
    assert others(dave, came[0]) == [("alice", "subscribed")]  # her presence he has seen
    assert [i.subscription for i in pushes(came[0])][-1] == "to"
    directory.remove("Staff")
    assert roster(dave)["alice@localhost"].subscription == "to"
    assert roster(alice)["dave@localhost"].subscription == "from"
    send(alice, "dave@localhost", "subscribe")  # whom she does not see: he is asked
    assert ("alice@localhost", "subscribe") in presences(settle(alice, dave)[1])


@pytest.mark.section("RFC 6121 3.2", "RFC 6121 3.3")
@pytest.mark.parametrize("kind", ["unsubscribe", "unsubscribed"])
def test_the_end_of_a_subscription_hides_nobody_who_is_seen_by_a_group(directory, here, kind):  # noqa: F811
    alice, bob = here("alice", "bob")
    befriend(alice, bob)
    directory.put("Team", ["alice", "bob"])
    settle(alice, bob)
    send(alice, "bob@localhost", kind)
    came = settle(alice, bob)
    assert "unavailable" not in [k for c in came for _, k in presences(c)]
    assert roster(alice)["bob@localhost"].subscription == "both"
    for one, other in ((alice, bob), (bob, alice)):
        one.send("<presence><show>away</show></presence>")
        assert len(others(other, settle(one, other)[1])) == 1


def test_a_client_that_nobody_looks_at_gets_the_last_presence(directory, here):  # noqa: F811
    directory.put("Team", ["alice"])
    alice, bob = here("alice", "bob")
    alice.send("<inactive xmlns='urn:xmpp:csi:0'/>")
    alice.ping()
    directory.change("Team", ["alice", "bob"])
    directory.change("Team", ["alice"])
    directory.change("Team", ["alice", "bob"])
    alice.send("<active xmlns='urn:xmpp:csi:0'/>")
    assert others(alice, settle(alice)[0])[-1:] == [("bob", "available")]

"""Who sees whom: RFC 6121 4."""
import socket
import struct

import pytest

from im import (befriend, errors, is_presence, presences, put, roster, send, settle)
from xmpp import CLIENT

A, B, C = "alice@localhost", "bob@localhost", "carol@localhost"


@pytest.fixture
def three(make_suite):
    return make_suite(accounts={a: "password-1" for a in (A, B, C)})


@pytest.fixture
def friends(three, raw):
    """Alice and bob see each other; carol is a stranger to both."""
    alice, bob, carol = (raw(three, n, "home") for n in ("alice", "bob", "carol"))
    befriend(alice, bob)
    settle(alice, bob, carol)
    return three, alice, bob, carol


def shown(elements, sender=None):
    """(sender, type, status) of the presence among them."""
    return [(e.get("from"), e.get("type"), e.findtext(CLIENT + "status")) for e in elements
            if e.tag == CLIENT + "presence" and sender in (None, e.get("from"))]


# 4.2 and 4.3: coming.

@pytest.mark.section("RFC 6121 4.2", "RFC 6121 4.3")
def test_who_comes_is_seen_and_sees_who_is_there(friends, raw):
    suite, alice, bob, carol = friends
    bob.send("<presence><show>dnd</show><status>working</status><priority>7</priority></presence>")
    settle(alice, bob, carol)
    desk = raw(suite, "alice", "desk", priority=None)
    desk.send("<presence id='mine'><status>back</status></presence>")
    came = desk.ping() + settle(alice, bob, desk)[2]
    assert sorted(shown(came)) == sorted([
        (alice.jid, None, None), (desk.jid, None, "back"), (bob.jid, None, "working")])
    [seen] = [e for e in came if e.get("from") == bob.jid]
    assert seen.findtext(CLIENT + "show") == "dnd" and seen.findtext(CLIENT + "priority") == "7"


@pytest.mark.section("RFC 6121 4.2")
def test_the_newcomer_is_told_to_contacts_and_other_resources_and_to_nobody_else(friends, raw):
    suite, alice, bob, carol = friends
    desk = raw(suite, "alice", "desk", priority=None)
    desk.send("<presence><status>here</status></presence>")
    for_alice, for_bob, for_carol, _ = settle(alice, bob, carol, desk)
    assert shown(for_alice) == shown(for_bob) == [(desk.jid, None, "here")]
    assert shown(for_carol) == []


@pytest.mark.section("RFC 6121 4.2")
def test_a_session_that_sends_no_presence_is_neither_shown_nor_told(friends, raw):
    suite, alice, bob, carol = friends
    mute = raw(suite, "alice", "mute", priority=None)
    bob.send("<presence><status>new</status></presence>")
    _, for_bob, _, for_mute = settle(alice, bob, carol, mute)
    assert shown(for_bob) == [(bob.jid, None, "new")] and shown(for_mute) == []


SIDES = {
    # alice's subscription to bob's presence: what she sees of him, and what he sees of her
    "both": (True, True), "to": (True, False), "from": (False, True), "none": (False, False),
}


@pytest.mark.section("RFC 6121 4.2", "RFC 6121 4.3", "RFC 6121 4.4", "RFC 6121 4.5")
@pytest.mark.parametrize("subscription", SIDES)
def test_presence_goes_only_where_there_is_a_subscription(three, raw, subscription):
    alice_sees, bob_sees = SIDES[subscription]
    alice, bob = raw(three, "alice", "setup"), raw(three, "bob", "home")
    if alice_sees:
        send(alice, B, "subscribe")
        alice.ping()
        send(bob, A, "subscribed")
        bob.ping()
    if bob_sees:
        send(bob, A, "subscribe")
        bob.ping()
        send(alice, B, "subscribed")
    settle(alice, bob)
    alice.send("</stream:stream>")
    alice.closed()
    bob.ping()
    alice = raw(three, "alice", "home", priority=None)
    seen_by_alice, seen_by_bob = [], []

    def both():
        got = settle(alice, bob)
        seen_by_alice.extend(shown(got[0], bob.jid))
        seen_by_bob.extend(shown(got[1], alice.jid))
    alice.send("<presence><status>1</status></presence>")
    both()
    for stream in (alice, bob):
        stream.send("<presence><status>2</status></presence>")
        both()
        stream.send("<presence type='unavailable'><status>3</status></presence>")
        both()
    assert seen_by_bob == ([(alice.jid, None, "1"), (alice.jid, None, "2"),
                            (alice.jid, "unavailable", "3")] if bob_sees else [])
    # Bob speaks after alice has gone: nobody there hears it.
    assert seen_by_alice == ([(bob.jid, None, None)] if alice_sees else [])


@pytest.mark.section("RFC 6121 4.3")
def test_a_probe_by_a_client_is_answered_where_there_is_a_subscription(friends):
    _, alice, bob, carol = friends
    send(alice, B, "probe")
    send(carol, B, "probe")
    send(carol, "nobody@localhost", "probe")
    for_alice, for_bob, for_carol = settle(alice, bob, carol)
    assert shown(for_alice) == [(bob.jid, None, None)]
    # To a stranger: nothing, or what says that there is no subscription (4.3.2); the same for all.
    assert not [p for p in presences(for_carol) if p[1] is None]
    assert shown(for_bob) == []  # never shown to a client


@pytest.mark.section("RFC 6121 4.3")
def test_a_probe_of_one_who_is_away_says_when_he_went(friends):
    _, alice, bob, _ = friends
    bob.send("<presence type='unavailable'><status>lunch</status></presence>")
    settle(bob, alice)
    send(alice, B, "probe")
    [seen] = [e for e in alice.ping() if e.tag == CLIENT + "presence"]
    assert seen.get("type") == "unavailable" and seen.get("from") in (B, bob.jid)


# 4.4: changes.

@pytest.mark.section("RFC 6121 4.4")
def test_every_change_is_told_in_order_to_all_who_may_see_it(friends, raw):
    suite, alice, bob, carol = friends
    phone, desk = raw(suite, "bob", "phone"), raw(suite, "alice", "desk")
    settle(alice, bob, carol, phone, desk)
    for n in range(20):
        alice.send(f"<presence><status>{n}</status></presence>")
    got = settle(alice, bob, carol, phone, desk)
    expected = [(alice.jid, None, str(n)) for n in range(20)]
    for n in (1, 3, 4):
        assert shown(got[n]) == expected
    assert shown(got[2]) == []


@pytest.mark.section("RFC 6121 4.4")
def test_the_whole_stanza_is_told_with_its_extensions(friends):
    _, alice, bob, _ = friends
    alice.send("<presence id='p1' xml:lang='de'><show>chat</show><status xml:lang='en'>hi</status>"
               "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>")
    seen = bob.until(is_presence(None, alice.jid))
    assert seen.get("id") == "p1" and seen.get("to") in (B, bob.jid)
    assert seen.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    assert seen.find("{http://jabber.org/protocol/caps}c").get("ver") == "v"


# 4.5: going, in every way.

def by_the_book(suite, stream):
    stream.send("<presence type='unavailable'/>")


def by_the_end_of_the_stream(suite, stream):
    stream.send("</stream:stream>")


def by_a_closed_connection(suite, stream):
    stream.close()


def by_a_reset(suite, stream):
    stream.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


def by_an_error(suite, stream):
    stream.send("<a></b>")


def by_the_operator(suite, stream):
    assert suite.ctl("session", "kill", stream.jid).returncode == 0


def by_a_new_session_of_that_name(suite, stream):
    from xmpp import Raw
    new = Raw(suite.address)
    new.login("alice", suite.password(A)).bind("home")
    stream.also = new  # lives as long


WAYS = [by_the_book, by_the_end_of_the_stream, by_a_closed_connection, by_a_reset, by_an_error,
        by_the_operator, by_a_new_session_of_that_name]


@pytest.mark.section("RFC 6121 4.5")
@pytest.mark.parametrize("how", WAYS, ids=lambda f: f.__name__)
def test_whoever_saw_it_sees_it_go_once(friends, raw, how):
    suite, alice, bob, carol = friends
    desk = raw(suite, "alice", "desk")
    settle(alice, bob, carol, desk)
    how(suite, alice)
    for stream in (bob, desk):
        stream.until(is_presence("unavailable", alice.jid))
        assert shown(stream.ping() + stream.ping(), alice.jid) == []
    assert shown(carol.ping()) == []


@pytest.mark.section("RFC 6121 4.5")
def test_after_unavailable_nothing_is_told_and_coming_back_is_as_new(friends):
    _, alice, bob, carol = friends
    bob.send("<presence type='unavailable'/>")
    settle(alice, bob, carol)
    alice.send("<presence><status>unseen</status></presence>")
    assert shown(settle(alice, bob, carol)[1]) == []
    bob.send("<presence/>")
    assert (alice.jid, None, "unseen") in shown(settle(bob, alice)[0])


@pytest.mark.section("RFC 6121 4.5")
def test_unavailable_of_one_who_never_was_available_is_told_to_nobody(friends, raw):
    suite, alice, bob, carol = friends
    mute = raw(suite, "alice", "mute", priority=None)
    mute.send("<presence type='unavailable'/>")
    mute.close()
    got = settle(alice, bob, carol)
    assert [shown(g) for g in got] == [[], [], []]


# 4.6: directed presence.

@pytest.mark.section("RFC 6121 4.6")
@pytest.mark.parametrize("how", WAYS, ids=lambda f: f.__name__)
def test_whom_it_was_directed_to_sees_it_end(friends, how):
    suite, alice, bob, carol = friends
    alice.send(f"<presence to='{carol.jid}'><status>psst</status></presence>")
    assert shown(settle(alice, carol)[1]) == [(alice.jid, None, "psst")]
    how(suite, alice)
    carol.until(is_presence("unavailable", alice.jid))
    assert shown(carol.ping() + carol.ping(), alice.jid) == []


@pytest.mark.section("RFC 6121 4.6")
def test_what_was_ended_is_not_ended_twice(friends):
    _, alice, bob, carol = friends
    alice.send(f"<presence to='{carol.jid}'/><presence to='{carol.jid}' type='unavailable'/>"
               "<presence type='unavailable'/>")
    assert shown(settle(alice, carol)[1]) == [
        (alice.jid, None, None), (alice.jid, "unavailable", None)]


@pytest.mark.section("RFC 6121 4.6")
def test_a_contact_that_it_was_directed_to_sees_the_end_once(friends):
    _, alice, bob, _ = friends
    alice.send(f"<presence to='{bob.jid}'><status>direct</status></presence>"
               f"<presence to='{B}'><status>direct</status></presence>")
    settle(alice, bob)
    alice.send("<presence type='unavailable'/>")
    assert shown(settle(alice, bob)[1], alice.jid) == [(alice.jid, "unavailable", None)]


@pytest.mark.section("RFC 6121 4.6")
def test_later_changes_are_not_directed(friends):
    _, alice, bob, carol = friends
    alice.send(f"<presence to='{carol.jid}'/><presence><status>for contacts</status></presence>")
    assert shown(settle(alice, carol)[1]) == [(alice.jid, None, None)]


@pytest.mark.section("RFC 6121 4.6")
def test_one_who_is_not_available_may_show_himself_too(friends, raw):
    suite, alice, bob, carol = friends
    ghost = raw(suite, "alice", "ghost", priority=None)
    ghost.send(f"<presence to='{carol.jid}'/>")
    _, for_bob, for_carol, _ = settle(alice, bob, carol, ghost)
    assert shown(for_carol) == [(ghost.jid, None, None)] and shown(for_bob) == []
    ghost.close()
    carol.until(is_presence("unavailable", ghost.jid))


@pytest.mark.section("RFC 6121 4.6")
def test_it_may_show_itself_to_so_many_and_no_more(make_suite, raw):
    suite = make_suite(settings={"routerd.directed_presence": 3})
    alice = raw(suite, "alice")
    for n in range(5):
        alice.send(f"<presence to='bob@localhost/r{n}' id='d{n}'/>")
    came = alice.ping()
    assert [e.get("id") for e in came if e.get("type") == "error"] == ["d3", "d4"]
    assert errors(came) == ["resource-constraint"] * 2


# 4.7: what it says.

@pytest.mark.section("RFC 6121 4.7.2.3")
@pytest.mark.parametrize("text, expected", [
    ("0", []), ("127", []), ("-128", []), ("+5", []), (" 7 ", []), ("05", []),
    ("128", ["bad-request"]), ("-129", ["bad-request"]), ("x", ["bad-request"]),
    ("", ["bad-request"]), ("1.5", ["bad-request"]), ("9" * 100, ["bad-request"])])
def test_a_priority_is_a_small_number(shared, raw, text, expected):
    alice = raw(shared, "alice", priority=None)
    alice.send(f"<presence><priority>{text}</priority></presence>")
    assert errors(alice.ping()) == expected


@pytest.mark.section("RFC 6121 4.7.2.3")
def test_what_was_refused_changed_nothing(friends):
    _, alice, bob, _ = friends
    alice.send("<presence><priority>1000</priority><status>no</status></presence>")
    assert shown(settle(alice, bob)[1]) == []
    bob.message(A, "still taken")
    assert alice.next_message().get("from") == bob.jid


@pytest.mark.section("RFC 6121 4.2")
def test_a_type_that_is_none_is_refused(shared, raw):
    alice = raw(shared, "alice")
    for kind in ("odd", "available", "probe", "subscribe"):
        alice.send(f"<presence type='{kind}'/>")
    assert errors(alice.ping()) == ["bad-request"] * 4


# What subscriptions change while people are there.

@pytest.mark.section("RFC 6121 3.2", "RFC 6121 3.3")
@pytest.mark.parametrize("who, kind, loser", [("alice", "unsubscribed", "bob"),
                                              ("bob", "unsubscribe", "bob"),
                                              ("alice", "remove", "both")])
def test_who_may_not_see_any_longer_sees_it_go(friends, who, kind, loser):
    _, alice, bob, _ = friends
    sender, other = (alice, bob) if who == "alice" else (bob, alice)
    if kind == "remove":
        sender.send("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item subscription="
                    f"'remove' jid='{other.jid.split('/')[0]}'/></query></iq>")
    else:
        send(sender, other.jid.split("/")[0], kind)
    for_alice, for_bob = settle(alice, bob)
    assert (alice.jid, "unavailable", None) in shown(for_bob)
    assert ((bob.jid, "unavailable", None) in shown(for_alice)) == (loser == "both")
    alice.send("<presence><status>unseen</status></presence>")
    assert shown(settle(alice, bob)[1]) == []


@pytest.mark.section("RFC 6121 3.1")
def test_a_request_is_shown_again_at_each_log_in_until_it_is_answered(three, raw):
    alice = raw(three, "alice", "home")
    alice.send(f"<presence to='{B}' type='subscribe'><status>it is me</status></presence>")
    alice.ping()
    for _ in range(2):
        bob = raw(three, "bob", "home", priority=None)
        bob.send("<presence/>")
        seen = bob.until(is_presence("subscribe"))
        assert (seen.get("from"), seen.findtext(CLIENT + "status")) == (A, "it is me")
        bob.send("</stream:stream>")
        bob.closed()
    bob = raw(three, "bob", "home")
    send(bob, A, "subscribed")
    bob.ping()
    bob.close()
    again = raw(three, "bob", "again", priority=None)
    again.send("<presence/>")
    assert not [p for p in presences(again.ping()) if p[1] == "subscribe"]
    assert roster(again)[A].state == "from"
    put(again, A, "Alice")
    assert roster(again)[A].name == "Alice"

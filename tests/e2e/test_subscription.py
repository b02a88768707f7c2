"""Subscriptions: RFC 6121 3 and Appendix A."""
import contextlib
import sqlite3

import pytest

from im import befriend, errors, is_presence, next_push, presences, pushes, put, roster, send, settle
from xmpp import CLIENT

A, B = "alice@localhost", "bob@localhost"


@pytest.fixture
def pair(suite, raw):
    """Alice and Bob, who have asked for their rosters and are available."""
    both = raw(suite, "alice", "one"), raw(suite, "bob", "one")
    for stream in both:
        roster(stream)
        stream.ping()
    return both


def state(stream, jid):
    item = roster(stream).get(jid)
    return item.state if item else None


# What brings one's side with the other from None into each state, as (who, kind) in order;
# "x" is the one whose state it is.
PATHS = {
    "none": [],
    "none+ask": [("x", "subscribe")],
    "none+in": [("y", "subscribe")],
    "none+ask+in": [("x", "subscribe"), ("y", "subscribe")],
    "to": [("x", "subscribe"), ("y", "subscribed")],
    "to+in": [("x", "subscribe"), ("y", "subscribed"), ("y", "subscribe")],
    "from": [("y", "subscribe"), ("x", "subscribed")],
    "from+ask": [("y", "subscribe"), ("x", "subscribed"), ("x", "subscribe")],
    "both": [("y", "subscribe"), ("x", "subscribed"), ("x", "subscribe"), ("y", "subscribed")],
}

# Appendix A.2: state before: (state after, does the stanza go on to the contact?)
OUTBOUND = {
    "subscribe": {
        "none": ("none+ask", True), "none+ask": ("none+ask", True),
        "none+in": ("none+ask+in", True), "none+ask+in": ("none+ask+in", True),
        "to": ("to", True), "to+in": ("to+in", True), "from": ("from+ask", True),
        "from+ask": ("from+ask", True), "both": ("both", True)},
    "unsubscribe": {
        "none": ("none", True), "none+ask": ("none", True), "none+in": ("none+in", True),
        "none+ask+in": ("none+in", True), "to": ("none", True), "to+in": ("none+in", True),
        "from": ("from", True), "from+ask": ("from", True), "both": ("from", True)},
    "subscribed": {
        "none": ("none", False), "none+ask": ("none+ask", False), "none+in": ("from", True),
        "none+ask+in": ("from+ask", True), "to": ("to", False), "to+in": ("both", True),
        "from": ("from", False), "from+ask": ("from+ask", False), "both": ("both", False)},
    "unsubscribed": {
        "none": ("none", False), "none+ask": ("none+ask", False), "none+in": ("none", True),
        "none+ask+in": ("none+ask", True), "to": ("to", False), "to+in": ("to", True),
        "from": ("none", True), "from+ask": ("none+ask", True), "both": ("to", True)},
}

# Appendix A.3: (state after, is it given to the user?)
INBOUND = {
    "subscribe": {
        "none": ("none+in", True), "none+ask": ("none+ask+in", True),
        "none+in": ("none+in", False), "none+ask+in": ("none+ask+in", False),
        "to": ("to+in", True), "to+in": ("to+in", False), "from": ("from", False),
        "from+ask": ("from+ask", False), "both": ("both", False)},
    "unsubscribe": {
        "none": ("none", False), "none+ask": ("none+ask", False), "none+in": ("none", True),
        "none+ask+in": ("none+ask", True), "to": ("to", False), "to+in": ("to", True),
        "from": ("none", True), "from+ask": ("none+ask", True), "both": ("to", True)},
    "subscribed": {
        "none": ("none", False), "none+ask": ("to", True), "none+in": ("none+in", False),
        "none+ask+in": ("to+in", True), "to": ("to", False), "to+in": ("to+in", False),
        "from": ("from", False), "from+ask": ("both", True), "both": ("both", False)},
    "unsubscribed": {
        "none": ("none", False), "none+ask": ("none", True), "none+in": ("none+in", False),
        "none+ask+in": ("none+in", True), "to": ("none", True), "to+in": ("none+in", True),
        "from": ("from", False), "from+ask": ("from", True), "both": ("from", True)},
}
SECTION = {"subscribe": 1, "unsubscribe": 2, "subscribed": 3, "unsubscribed": 4}


def bring(x, y, before):
    """x's state with y, by a component's or a friend's means: y may say what it likes."""
    for who, kind in PATHS[before]:
        send(x if who == "x" else y, B if who == "x" else A, kind)
        settle(x, y)


def shown(before):
    """What the roster shows of a state: a request that waits is not there."""
    return before.replace("+in", "")


def expected(before):
    return None if before in ("none", "none+in") else shown(before)


def cells(table):
    return [pytest.param(kind, before, *cell, id=f"{kind}-{before}", marks=pytest.mark.section(
        f"RFC 6121 A.{2 if table is OUTBOUND else 3}.{SECTION[kind]}"))
        for kind, row in table.items() for before, cell in row.items()]


@pytest.mark.parametrize("kind, before, after, passed", cells(OUTBOUND))
def test_outbound(pair, kind, before, after, passed):
    alice, bob = pair
    bring(alice, bob, before)
    assert state(alice, B) == expected(before)
    settle(alice, bob)
    send(alice, B, kind)
    _, at_bob = settle(alice, bob)
    now = state(alice, B)
    approved = kind == "subscribed" and before in ("none", "none+ask", "to")
    assert (now or "none").replace("+approved", "") == shown(after)
    assert approved == ("approved" in (now or ""))
    # What goes on arrives where Bob's own state (its mirror) lets it in.
    if not passed:
        assert (A, kind) not in presences(at_bob)
    if passed and kind in ("subscribed", "unsubscribed"):
        assert (A, kind) in presences(at_bob)


@pytest.mark.parametrize("kind, before, after, passed", cells(INBOUND))
def test_inbound(abroad, kind, before, after, passed):
    alice, friend = abroad
    friend.bring(alice, before)
    settle(alice)
    alice.ping()
    came = friend.send(alice, kind)
    assert ((friend.jid, kind) in presences(came)) == passed
    assert (state(alice, friend.jid) or "none") == shown(after)


class Friend:
    """Somebody abroad, behind a component, whose side keeps no state: it says what it is told."""

    jid = "friend@gate.localhost"

    def __init__(self, component):
        self.component = component

    def send(self, alice, kind):
        """Alice's client's stanzas that came of it."""
        self.component.send(f"<presence from='{self.jid}' to='{A}' type='{kind}'/>")
        self.component.round()
        return alice.ping()

    def bring(self, alice, before):
        for who, kind in PATHS[before]:
            if who == "x":
                send(alice, self.jid, kind)
                alice.ping()
            else:
                self.send(alice, kind)


@pytest.fixture
def abroad(gate, raw):
    alice = raw(gate.suite, "alice", "one")
    roster(alice)
    return alice, Friend(gate)


@pytest.mark.section("RFC 6121 3.1.2", "XEP-0114")
def test_a_request_goes_abroad_from_the_bare_address(abroad):
    alice, friend = abroad
    send(alice, friend.jid, "subscribe")
    alice.ping()
    assert (A, friend.jid, "subscribe") in friend.component.presences()


@pytest.mark.section("RFC 6121 3.1.2", "RFC 6121 3.1.3")
def test_a_request_arrives_from_the_bare_address_with_what_it_says(pair):
    alice, bob = pair
    send(alice, "BOB@localhost/one", "subscribe", "<status>it is me</status>")
    request = bob.until(is_presence("subscribe"))
    assert (request.get("from"), request.findtext(CLIENT + "status")) == (A, "it is me")
    assert next_push(alice).state == "none+ask"
    assert state(bob, A) is None


@pytest.mark.section("RFC 6121 3.1.3")
def test_a_request_is_shown_again_at_each_login_until_it_is_answered(suite, raw, pair):
    alice, bob = pair
    send(alice, B, "subscribe", "<status>please</status>")
    bob.until(is_presence("subscribe"))
    for resource in ("two", "three"):
        again = raw(suite, "bob", resource, priority=None)
        again.send("<presence/>")
        request = again.until(is_presence("subscribe"))
        assert (request.get("from"), request.findtext(CLIENT + "status")) == (A, "please")
    send(again, A, "subscribed")
    again.ping()
    last = raw(suite, "bob", "four", priority=None)
    last.send("<presence/>")
    assert not [p for p in presences(last.ping()) if p[1] == "subscribe"]


@pytest.mark.section("RFC 6121 3.1.3")
def test_a_request_to_somebody_who_is_away_waits_for_him(suite, raw):
    alice = raw(suite, "alice", "one")
    send(alice, B, "subscribe")
    alice.ping()
    bob = raw(suite, "bob", "one", priority=None)
    bob.send("<presence/>")
    assert bob.until(is_presence("subscribe")).get("from") == A


@pytest.mark.section("RFC 6121 3.1.5", "RFC 6121 3.1.6")
def test_a_granted_request_shows_the_presence_at_once(pair):
    alice, bob = pair
    send(alice, B, "subscribe")
    bob.until(is_presence("subscribe"))
    alice.ping()
    send(bob, A, "subscribed")
    push = next_push(bob)
    assert (push.jid, push.state) == (A, "from")
    came = []
    while len([c for c in came if c.tag == CLIENT + "presence"]) < 2:
        came.append(alice.next())
    kinds = presences(came)
    assert kinds == [(B, "subscribed"), ("bob@localhost/one", None)]
    assert [p.state for p in pushes(came + alice.ping())] == ["to"]


@pytest.mark.section("RFC 6121 3.2.1", "RFC 6121 3.2.3")
def test_a_cancelled_subscription_hides_the_presence(pair):
    alice, bob = pair
    befriend(alice, bob)
    send(alice, B, "unsubscribed")
    alice.ping()
    came = [e for e in settle(bob)[0]]
    assert presences(came) == [(A, "unsubscribed"), ("alice@localhost/one", "unavailable")]
    assert (state(alice, B), state(bob, A)) == ("to", "from")


@pytest.mark.section("RFC 6121 3.3.1", "RFC 6121 3.3.3")
def test_who_unsubscribes_sees_nothing_more(pair):
    alice, bob = pair
    befriend(alice, bob)
    send(alice, B, "unsubscribe")
    came = alice.ping()
    assert ("bob@localhost/one", "unavailable") in presences(came + alice.ping())
    assert (A, "unsubscribe") in presences(settle(bob)[0])
    assert (state(alice, B), state(bob, A)) == ("from", "to")


@pytest.mark.section("RFC 6121 3.4.1", "RFC 6121 3.4.2")
def test_what_was_approved_before_is_granted_without_a_question(pair):
    alice, bob = pair
    send(bob, A, "subscribed")
    assert next_push(bob).state == "none+approved"
    send(alice, B, "subscribe")
    at_alice, at_bob = settle(alice, bob)
    assert (A, "subscribe") not in presences(at_bob)
    assert (B, "subscribed") in presences(at_alice)
    assert ("bob@localhost/one", None) in presences(at_alice)
    assert (state(alice, B), state(bob, A)) == ("to", "from")


@pytest.mark.section("RFC 6121 3.4.1")
def test_an_approval_can_be_taken_back(pair):
    alice, bob = pair
    send(bob, A, "subscribed")
    bob.ping()
    send(bob, A, "unsubscribed")
    bob.ping()
    assert state(bob, A) == "none"
    send(alice, B, "subscribe")
    alice.ping()
    assert bob.until(is_presence("subscribe")).get("from") == A


@pytest.mark.section("RFC 6121 3.4")
def test_pre_approval_is_advertised(shared, raw):
    stream = raw(shared).login("alice", shared.password(A))
    assert stream.features.find("{urn:xmpp:features:pre-approval}sub") is not None


@pytest.mark.section("RFC 6121 8.5.1", "RFC 6121 3.1.3")
@pytest.mark.parametrize("kind", ["subscribe", "subscribed", "unsubscribe", "unsubscribed"])
def test_to_nobody_it_is_silent(pair, kind):
    alice, _ = pair
    send(alice, "nobody@localhost", kind)
    assert not errors(alice.ping()) and not presences(alice.ping())


@pytest.mark.section("RFC 6121 8.5.3.2")
def test_a_full_address_is_as_good_as_the_bare_one(pair):
    alice, bob = pair
    send(alice, "bob@localhost/nowhere", "subscribe")
    alice.ping()
    assert bob.until(is_presence("subscribe")).get("to") == B


def test_without_an_address_it_is_refused(pair):
    alice, _ = pair
    alice.send("<presence type='subscribe'/>")
    assert errors(alice.ping()) == ["bad-request"]


def test_a_repeated_request_is_answered_for_who_has_granted_it(pair):
    alice, bob = pair
    befriend(alice, bob)
    send(alice, B, "subscribe")
    at_alice, at_bob = settle(alice, bob)
    assert (A, "subscribe") not in presences(at_bob)
    assert state(alice, B) == "both"


def test_a_full_roster_takes_no_more_requests(make_suite, raw):
    suite = make_suite(settings={"routerd.roster_contacts": 2},
                       accounts={f"{n}@localhost": "password-1" for n in
                                 ("alice", "bob", "carol", "dave")})
    bob = raw(suite, "bob", "one")
    put(bob, "x@localhost")
    for name in ("alice", "carol", "dave"):
        other = raw(suite, name)
        send(other, B, "subscribe")
        other.ping()
    kinds = [p for p in presences(bob.ping()) if p[1] == "subscribe"]
    assert kinds == [(A, "subscribe")]


def ask(stream, words):
    stream.send(f"<presence type='subscribe' to='{B}'>{words}</presence>")
    stream.ping()


def test_of_a_long_request_the_beginnings_of_its_words_are_kept(suite, raw):
    ask(raw(suite, "alice"), "<x xmlns='junk'>" + "y" * 20000 + "</x><status>" + "\u00e4&amp;" * 5000 + "</status>"
        "<nick xmlns='http://jabber.org/protocol/nick'>" + "n" * 3000 + "</nick>")
    bob = raw(suite, "bob", priority=None)
    bob.send("<presence/>")
    request = bob.until(is_presence("subscribe"))
    status, nick = request.findtext(CLIENT + "status"), request.findtext("{http://jabber.org/protocol/nick}nick")
    assert (request.get("from"), request.get("to"), nick) == (A, B, "n" * 128)
    assert request.find("{junk}x") is None
    assert 50 < len(status) < 512 and ("\u00e4&" * 256).startswith(status)


def test_a_long_request_of_a_former_version_is_shown_without_its_words(suite, raw):
    ask(raw(suite, "alice"), "<status>please</status>")
    suite.stop()
    with contextlib.closing(sqlite3.connect(next(suite.home.rglob("router.db")))) as store, store:
        assert store.execute("UPDATE contact SET request = zeroblob(2000) WHERE length(request) > 0").rowcount == 1
    suite.start()
    bob = raw(suite, "bob", priority=None)
    bob.send("<presence/>")
    request = bob.until(is_presence("subscribe"))
    assert (request.get("from"), request.get("to"), len(request)) == (A, B, 0)


def test_all_of_it_is_still_there_after_a_restart(suite, raw, pair):
    alice, bob = pair
    befriend(alice, bob)
    put(alice, B, "Bob", ["Friends"])
    suite.restart()
    item = roster(raw(suite, "alice"))[B]
    assert (item.state, item.name, item.groups) == ("both", "Bob", ["Friends"])

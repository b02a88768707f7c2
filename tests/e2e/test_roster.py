"""Rosters: RFC 6121 2."""
import sqlite3

import pytest

from im import befriend, is_presence, next_push, presences, pushes, put, remove, roster, settle
from xmpp import CLIENT, condition


@pytest.fixture
def alice(suite, raw):
    stream = raw(suite, "alice", "one")
    roster(stream)
    return stream


@pytest.mark.section("RFC 6121 2.2")
def test_a_new_roster_is_empty(suite, raw):
    assert roster(raw(suite, "alice")) == {}


@pytest.mark.section("RFC 6121 2.3.1", "RFC 6121 2.3.2", "RFC 6121 2.1")
def test_an_item_that_is_set_is_there(alice):
    assert put(alice, "bob@localhost", "Bob", ["Friends", "Work"]).get("type") == "result"
    item = roster(alice)["bob@localhost"]
    assert (item.name, item.groups, item.state) == ("Bob", ["Friends", "Work"], "none")


@pytest.mark.section("RFC 6121 2.1.6", "RFC 6121 2.3.2")
def test_a_push_goes_to_all_who_asked_for_the_roster_and_to_nobody_else(suite, raw, alice):
    two, three = raw(suite, "alice", "two"), raw(suite, "alice", "three")
    roster(two)
    alice.ping()
    alice.send("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='bob@localhost' "
               "name='B'/></query></iq>")
    came = alice.ping()
    assert sorted(e.get("type") for e in came if e.tag == CLIENT + "iq") == ["result", "set"]
    assert [(p.jid, p.name) for p in pushes(came)] == [("bob@localhost", "B")]
    push = two.until(lambda e: e.tag == CLIENT + "iq")
    assert [p.jid for p in pushes([push])] == ["bob@localhost"]
    assert push.get("from") in (None, "alice@localhost") and push.get("to") == two.jid
    assert not pushes(three.ping())


@pytest.mark.section("RFC 6121 2.4")
def test_an_update_takes_the_place_of_the_item(alice):
    put(alice, "bob@localhost", "Bob", ["Friends"])
    put(alice, "bob@localhost", "Robert", ["Work"])
    item = roster(alice)["bob@localhost"]
    assert (item.name, item.groups) == ("Robert", ["Work"])
    put(alice, "bob@localhost")
    item = roster(alice)["bob@localhost"]
    assert (item.name, item.groups) == (None, [])


@pytest.mark.section("RFC 6121 2.4")
def test_what_changes_nothing_makes_no_push_and_no_version(alice):
    put(alice, "bob@localhost", "Bob", ["a"])
    roster(alice, "")
    before = alice.ver
    alice.ping()
    put(alice, "bob@localhost", "Bob", ["a"])
    assert not pushes(alice.ping())
    roster(alice, "")
    assert alice.ver == before


@pytest.mark.section("RFC 6121 2.3.2")
def test_subscription_and_ask_of_a_set_are_not_believed(alice):
    alice.iq("set", "<query xmlns='jabber:iq:roster'><item jid='bob@localhost' "
                    "subscription='both' ask='subscribe' approved='true'/></query>")
    assert roster(alice)["bob@localhost"].state == "none"


@pytest.mark.section("RFC 6121 2.3.2")
def test_an_item_is_a_bare_address_in_prepared_form(alice):
    put(alice, "BOB@LocalHost/Phone", "Bob")
    assert list(roster(alice)) == ["bob@localhost"]


ITEM = "<item jid='bob@localhost'/>"
BAD = {
    "no item": ("", "bad-request"),
    "two items": (ITEM + "<item jid='carol@localhost'/>", "bad-request"),
    "no jid": ("<item name='x'/>", "bad-request"),
    "a malformed jid": ("<item jid='a b@localhost'/>", "jid-malformed"),
    "a group twice": ("<item jid='bob@localhost'><group>a</group><group>a</group></item>",
                      "bad-request"),
    "an empty group": ("<item jid='bob@localhost'><group/></item>", "not-acceptable"),
    "a long group": (f"<item jid='bob@localhost'><group>{'g' * 1024}</group></item>",
                     "not-acceptable"),
    "a long name": (f"<item jid='bob@localhost' name='{'n' * 1024}'/>", "not-acceptable"),
    "100 groups": ("<item jid='bob@localhost'>" + "".join(f"<group>{n}</group>"
                                                          for n in range(100)) + "</item>",
                   "not-acceptable"),
    "oneself": ("<item jid='alice@localhost'/>", "not-allowed"),
}


@pytest.mark.section("RFC 6121 2.3.3", "RFC 6121 2.4")
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_set_changes_nothing_and_gets_its_error(alice, kind):
    inner, expected = BAD[kind]
    put(alice, "carol@localhost", "Carol")
    reply = alice.iq("set", f"<query xmlns='jabber:iq:roster'>{inner}</query>")
    assert condition(reply)[1] == expected
    assert not pushes(alice.ping())
    assert list(roster(alice)) == ["carol@localhost"]


@pytest.mark.section("RFC 6121 2.3.3")
def test_a_limit_is_named_in_its_error(make_suite, raw):
    suite = make_suite(settings={"routerd.roster_contacts": 3, "routerd.roster_groups": 2})
    alice = raw(suite, "alice")
    for n in range(3):
        put(alice, f"c{n}@localhost")
    reply = put(alice, "c3@localhost")
    assert condition(reply)[1] == "resource-constraint"
    assert "at most 3" in "".join(reply.itertext())
    reply = put(alice, "c1@localhost", groups=["1", "2", "3"])
    assert condition(reply)[1] == "not-acceptable" and "roster_groups" in "".join(reply.itertext())
    assert len(roster(alice)) == 3


@pytest.mark.section("RFC 6121 2.3.3", "RFC 6121 2.2")
def test_somebody_else_s_roster_is_forbidden(suite, raw, alice):
    bob = raw(suite, "bob")
    assert condition(put(bob, "x@localhost", to="alice@localhost"))[1] == "forbidden"
    reply = bob.iq("get", "<query xmlns='jabber:iq:roster'/>", "alice@localhost")
    assert condition(reply)[1] == "forbidden"
    assert roster(alice) == {}


@pytest.mark.section("RFC 6121 2.5.1", "RFC 6121 2.5.2")
def test_an_item_that_is_removed_is_gone(alice):
    put(alice, "bob@localhost")
    alice.ping()
    assert remove(alice, "bob@localhost").get("type") == "result"
    assert roster(alice) == {}


@pytest.mark.section("RFC 6121 2.5.2")
def test_a_removal_is_pushed(suite, raw, alice):
    two = raw(suite, "alice", "two")
    roster(two)
    put(alice, "bob@localhost")
    assert next_push(two).subscription == "none"
    remove(alice, "bob@localhost")
    assert next_push(two).subscription == "remove"


@pytest.mark.section("RFC 6121 2.5.3")
def test_removing_who_is_not_there_is_an_error(alice):
    assert condition(remove(alice, "bob@localhost"))[1] == "item-not-found"


@pytest.mark.section("RFC 6121 2.5.2")
def test_with_an_item_both_subscriptions_end(suite, raw, alice):
    bob = raw(suite, "bob", "one")
    roster(bob)
    befriend(alice, bob)
    assert roster(alice)["bob@localhost"].state == "both"
    bob.ping()
    remove(alice, "bob@localhost")
    came, = settle(bob)
    kinds = [kind for sender, kind in presences(came) if sender.startswith("alice@localhost")]
    assert sorted(kinds) == ["unavailable", "unsubscribe", "unsubscribed"]
    assert roster(bob)["alice@localhost"].state == "none"


@pytest.mark.section("RFC 6121 2.5.2")
def test_a_contact_who_is_away_learns_of_it_when_he_comes(suite, raw, alice):
    bob = raw(suite, "bob", "one")
    roster(bob)
    befriend(alice, bob)
    bob.close()
    alice.until(is_presence("unavailable"))
    remove(alice, "bob@localhost")
    assert roster(raw(suite, "bob", "two"))["alice@localhost"].state == "none"


# Versions: 2.6.

@pytest.mark.section("RFC 6121 2.6.1")
def test_versions_are_advertised(shared, raw):
    stream = raw(shared).login("alice", shared.password("alice@localhost"))
    assert stream.features.find("{urn:xmpp:features:rosterver}ver") is not None


@pytest.mark.section("RFC 6121 2.6.2")
def test_an_empty_version_asks_for_everything(alice):
    put(alice, "bob@localhost")
    assert list(roster(alice, "")) == ["bob@localhost"] and alice.ver


@pytest.mark.section("RFC 6121 2.6.3")
def test_a_version_that_is_the_newest_gets_nothing_more(suite, raw, alice):
    put(alice, "bob@localhost")
    roster(alice, "")
    two = raw(suite, "alice", "two")
    assert roster(two, alice.ver) is None
    assert not pushes(two.ping())


@pytest.mark.section("RFC 6121 2.6.3")
def test_an_older_version_gets_what_has_changed_in_order(suite, raw, alice):
    for name in ("a", "b", "c", "d"):
        put(alice, f"{name}@localhost", name)
    roster(alice, "")
    old = alice.ver
    put(alice, "b@localhost", "x")
    remove(alice, "c@localhost")
    put(alice, "e@localhost", "e")
    put(alice, "b@localhost", "y")  # only its last state counts
    roster(alice, "")
    newest = alice.ver
    two = raw(suite, "alice", "two")
    assert roster(two, old) is None
    changes = pushes(two.ping())
    assert [(p.jid, p.name, p.subscription) for p in changes] == [
        ("c@localhost", None, "remove"), ("e@localhost", "e", "none"), ("b@localhost", "y", "none")]
    assert len({p.ver for p in changes}) == 3 and changes[-1].ver == newest


@pytest.mark.section("RFC 6121 2.6.3")
@pytest.mark.parametrize("ver", ["nonsense", "0-0", "1-9999999"])
def test_a_version_that_is_none_of_ours_gets_everything(alice, ver):
    put(alice, "bob@localhost")
    assert list(roster(alice, ver)) == ["bob@localhost"]


@pytest.mark.section("RFC 6121 2.6.3")
def test_too_many_removals_since_then_get_everything(alice):
    put(alice, "stays@localhost")
    roster(alice, "")
    old = alice.ver
    for n in range(210):
        put(alice, f"c{n}@localhost")
        remove(alice, f"c{n}@localhost")
    assert list(roster(alice, old)) == ["stays@localhost"]


def test_a_roster_of_many_contacts_comes_whole(alice):
    for n in range(300):
        alice.send(f"<iq type='set' id='s{n}'><query xmlns='jabber:iq:roster'><item "
                   f"jid='contact{n}@localhost' name='Contact {n}'><group>G{n % 7}</group></item>"
                   "</query></iq>")
    alice.ping()
    items = roster(alice)
    assert len(items) == 300
    assert (items["contact123@localhost"].name, items["contact123@localhost"].groups) == (
        "Contact 123", ["G4"])


@pytest.mark.section("RFC 6121 2.3.2")
def test_names_keep_every_character(alice):
    put(alice, "bob@localhost", "&lt;B&amp;b&gt; &apos;\u00e9\U0001f600", ["A &amp; B"])
    item = roster(alice)["bob@localhost"]
    assert (item.name, item.groups) == ("<B&b> '\u00e9\U0001f600", ["A & B"])


def test_a_deleted_account_leaves_its_contacts_and_nothing_behind(suite, raw, alice):
    bob = raw(suite, "bob", "one")
    roster(bob)
    befriend(alice, bob)
    alice.iq("set", "<vCard xmlns='vcard-temp'><FN>Alice</FN></vCard>")
    bob.ping()
    assert suite.ctl("user", "del", "alice@localhost").returncode == 0
    bob.until(is_presence("unsubscribed"))
    bob.ping()
    assert roster(bob)["alice@localhost"].state == "none"
    bob.ping()
    store = sqlite3.connect(next(suite.home.rglob("router.db")))
    for table, column in (("account", "jid"), ("contact", "account"), ("vcard", "account")):
        rows = store.execute(f"SELECT count(*) FROM {table} WHERE {column} = 'alice@localhost'")
        assert rows.fetchone() == (0,), table

"""Rosters that are shared by groups of a directory: what they show, what one may change in them, their versions, and
what is pushed when a group changes.  slixmpp reads one as well."""
import pytest

import sm
from directory_front import directory, make_directory  # noqa: F401 (fixtures)
from im import befriend, next_push, pushes, put, remove, roster, settle
from xmpp import condition

pytestmark = pytest.mark.section("RFC 6121 2.1")


def local(jid):
    return jid.split("@")[0]


def shown(item):
    return item.state, item.name, item.groups


def items(stream, ver=None):
    """{user: (subscription, name, groups)} of the whole roster."""
    return {local(jid): shown(i) for jid, i in roster(stream, ver).items()}


def pushed(elements):
    """The same of pushes, each contact once."""
    found = [(local(i.jid), shown(i)) for i in pushes(elements)]
    assert len(dict(found)) == len(found), found
    return dict(found)


REMOVED = ("remove", None, [])


@pytest.fixture
def people(directory, raw):  # noqa: F811
    """people("alice", ...): their streams, with rosters asked for; `directory.suite` is theirs."""
    def log_in(*users, **how):
        streams = [raw(directory.suite, u, **how) for u in users]
        for stream in streams:
            roster(stream, "")
        settle(*streams)
        return streams if len(streams) > 1 else streams[0]
    return log_in


# Who sees whom.

def test_members_see_each_other_and_nobody_else_does(directory, people):  # noqa: F811
    directory.put("Team", ["alice", "bob", "carol"])
    alice, dave = people("alice", "dave")
    assert items(alice) == {"bob": ("both", "Bob", ["Team"]), "carol": ("both", "Carol", ["Team"])}
    assert items(dave) == {}


def test_everybody_in_the_domain_sees_the_members(directory, people):  # noqa: F811
    directory.put("Staff", ["alice", "bob"], show="everybody")
    alice, dave = people("alice", "dave")
    assert items(dave) == {"alice": ("to", "Alice", ["Staff"]), "bob": ("to", "Bob", ["Staff"])}
    assert items(alice) == {"bob": ("both", "Bob", ["Staff"])}


def test_everybody_is_nobody_of_another_domain(make_directory, raw):  # noqa: F811
    users = {f"alice@{d}": "alice-1" for d in ("localhost", "b.test")}
    world = make_directory(domains=("localhost", "b.test"), accounts=users)
    world.put("Staff", ["bob"], show="everybody")
    world.put("Others", ["bob@b.test", "carol@b.test"], show="everybody", domain="b.test")
    assert list(items(raw(world.suite, "alice"))) == ["bob"]
    there = roster(raw(world.suite, "alice", domain="b.test"))
    assert sorted(there) == ["bob@b.test", "carol@b.test"]


def test_a_group_that_is_shown_to_nobody_is_in_no_roster(directory, people):  # noqa: F811
    directory.put("Secret", ["alice", "bob"], show="nobody")
    assert items(people("alice")) == {}


def test_a_group_may_be_shown_to_the_members_of_others(directory, people):  # noqa: F811
    directory.put("Board", ["carol"], show="nobody")
    directory.put("Team", ["alice", "bob"], show="groups", viewers=["Board", "no such group"])
    alice, carol, dave = people("alice", "carol", "dave")
    assert items(carol) == {"alice": ("to", "Alice", ["Team"]), "bob": ("to", "Bob", ["Team"])}
    assert items(alice) == {"bob": ("both", "Bob", ["Team"])}
    assert items(dave) == {}


def test_who_is_in_several_groups_has_all_of_those_by_which_he_is_seen(directory, people):  # noqa: F811
    directory.put("One", ["alice", "bob"])
    directory.put("Two", ["alice", "bob"])
    directory.put("Three", ["bob"])
    directory.put("Hidden", ["alice", "bob"], show="nobody")
    assert items(people("alice")) == {"bob": ("both", "Bob", ["One", "Two"])}


def test_of_two_who_see_each_other_by_different_groups_both_are_subscribed(directory, people):  # noqa: F811
    directory.put("Desk", ["alice"], show="everybody")
    directory.put("Board", ["alice"], show="nobody")
    directory.put("Team", ["bob"], show="groups", viewers=["Board"])
    alice, bob = people("alice", "bob")
    assert items(alice) == {"bob": ("both", "Bob", ["Team"])}
    assert items(bob) == {"alice": ("both", "Alice", ["Desk"])}


def test_titles_and_names_are_escaped_and_may_be_empty(directory, people):  # noqa: F811
    directory.put("R & D", {"alice": "A", "bob": "<Bob> & 'Co' \u00e9\u4e2d", "carol": ""})
    assert items(people("alice")) == {
        "bob": ("both", "<Bob> & 'Co' \u00e9\u4e2d", ["R & D"]), "carol": ("both", None, ["R & D"])}


# What is one's own.

@pytest.mark.section("RFC 6121 2.3", "RFC 6121 2.4")
def test_one_s_own_name_and_groups_are_added(directory, people):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    alice, other = people("alice", "alice")
    put(alice, "bob@localhost", "Bobby", ["Friends", "Team"])
    assert pushed(settle(alice, other)[1]) == {"bob": ("both", "Bobby", ["Friends", "Team"])}
    assert items(alice) == {"bob": ("both", "Bobby", ["Friends", "Team"])}
    directory.remove("Team")  # what stays is his own part
    assert items(alice) == {"bob": ("none", "Bobby", ["Friends"])}


@pytest.mark.section("RFC 6121 2.4")
def test_what_a_client_says_again_of_the_directory_is_not_one_s_own(directory, people):  # noqa: F811
    """A client that only moves a contact sends its name and all its groups."""
    directory.put("Team", ["alice", "bob", "carol"])
    alice = people("alice")
    put(alice, "bob@localhost", "Bob", ["Friends", "Team"])
    put(alice, "carol@localhost", "Carol", ["Team"])
    directory.put("Team", {"alice": "Alice", "bob": "Robert", "carol": "Caroline"}, title="The team")
    assert items(alice) == {"bob": ("both", "Robert", ["Friends", "The team"]),
                            "carol": ("both", "Caroline", ["The team"])}
    put(alice, "bob@localhost", "Robert", ["The team"])
    directory.remove("Team")
    assert items(alice) == {}


@pytest.mark.section("RFC 6121 2.5", "RFC 6121 2.5.3")
def test_who_is_there_by_a_group_alone_cannot_be_removed(directory, people):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    alice = people("alice")
    refused = remove(alice, "bob@localhost")
    assert condition(refused)[1] == "not-allowed" and "group" in "".join(refused.itertext())
    assert condition(remove(alice, "dave@localhost"))[1] == "item-not-found"
    assert list(items(alice)) == ["bob"]


@pytest.mark.section("RFC 6121 2.5")
def test_of_one_who_is_both_the_own_part_goes(directory, people):  # noqa: F811
    alice, other, bob = people("alice", "alice", "bob")
    befriend(alice, bob)
    put(alice, "bob@localhost", "Bobby", ["Friends"])
    settle(alice, other, bob)
    directory.put("Team", ["alice", "bob"])
    assert pushed(settle(alice, other, bob)[1]) == {"bob": ("both", "Bobby", ["Friends", "Team"])}
    assert remove(alice, "bob@localhost").get("type") == "result"
    assert pushed(settle(alice, other, bob)[1]) == {"bob": ("both", "Bob", ["Team"])}
    assert items(bob) == {"alice": ("both", "Alice", ["Team"])}
    assert items(alice) == {"bob": ("both", "Bob", ["Team"])}


def test_an_own_subscription_makes_both_of_to(directory, people):  # noqa: F811
    alice, bob = people("alice", "bob")
    befriend(alice, bob)
    settle(alice, bob)
    directory.put("Staff", ["bob"], show="everybody")
    assert items(alice) == {"bob": ("both", "Bob", ["Staff"])}


# Versions.

@pytest.mark.section("RFC 6121 2.6")
def test_who_comes_back_to_the_same_groups_gets_what_has_changed_of_his_own(directory, people, raw):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    alice = people("alice")
    put(alice, "dave@localhost", "Dave")
    roster(alice, "")
    before = alice.ver
    put(alice, "bob@localhost", "Bobby")
    put(alice, "carol@localhost", "C")
    remove(alice, "dave@localhost")
    again = raw(directory.suite, "alice", "later")
    assert roster(again, before) is None
    came = pushes(again.ping())
    assert {local(i.jid): shown(i) for i in came} == {
        "bob": ("both", "Bobby", ["Team"]), "carol": ("none", "C", []), "dave": REMOVED}
    assert roster(raw(directory.suite, "alice", "last"), came[-1].ver) is None


@pytest.mark.section("RFC 6121 2.6")
@pytest.mark.parametrize("change", [
    lambda d: d.change("Team", ["alice", "bob", "carol"]),
    lambda d: d.change("Team", ["alice"]),
    lambda d: d.change("Team", {"alice": "Alice", "bob": "Robert"}),
    lambda d: d.change("Team", title="The team"),
    lambda d: d.change("Team", show="nobody"),
    lambda d: d.put("More", ["alice", "carol"]),
    lambda d: d.put("Else", {"bob": "Robert"}),  # a name is the same in all groups
    lambda d: d.remove("Team"),
], ids=["more", "less", "another name", "another title", "another show", "one more", "a name elsewhere", "gone"])
def test_who_comes_back_to_other_groups_gets_all(directory, people, raw, change):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    alice = people("alice")
    before = alice.ver
    alice.close()
    change(directory)
    again = raw(directory.suite, "alice")
    assert roster(again, before) is not None
    assert again.ver != before
    assert roster(raw(directory.suite, "alice", "later"), again.ver) is None


@pytest.mark.section("RFC 6121 2.6")
def test_what_others_do_elsewhere_leaves_a_version_as_it_is(directory, people, raw):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    directory.put("Else", ["carol", "dave"])
    before = people("alice").ver
    directory.change("Else", ["carol", "dave", "eve"], title="Elsewhere")
    directory.change("Else", ["carol"], show="nobody")
    directory.change("Team", ["bob", "alice"], roles=["admin"])  # in another order, and with a role
    assert roster(raw(directory.suite, "alice", "again"), before) is None


@pytest.mark.section("RFC 6121 2.6.3", "RFC 6121 2.1.6")
def test_of_several_pushes_only_the_last_is_one_to_come_back_with(directory, people, raw):  # noqa: F811
    alice = people("alice")
    directory.put("Team", ["alice", "bob", "carol", "dave"])
    came = pushes(alice.ping())
    assert sorted(local(i.jid) for i in came) == ["bob", "carol", "dave"]
    assert len({i.ver for i in came}) == 3
    for n, push in enumerate(came):
        again = raw(directory.suite, "alice", f"r{n}")
        whole = roster(again, push.ver)
        assert (whole is None) == (n == 2)
        assert not pushes(again.ping())


# What is pushed.

@pytest.mark.section("RFC 6121 2.1.6")
def test_a_member_who_is_added_is_pushed_to_the_others_and_they_to_him(directory, people):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    streams = alice, bob, carol, dave = people("alice", "bob", "carol", "dave")
    directory.change("Team", ["alice", "bob", "carol"])
    came = settle(*streams)
    assert pushed(came[0]) == pushed(came[1]) == {"carol": ("both", "Carol", ["Team"])}
    assert pushed(came[2]) == {"alice": ("both", "Alice", ["Team"]), "bob": ("both", "Bob", ["Team"])}
    assert pushed(came[3]) == {}


def test_a_member_who_is_removed_goes_from_the_others_and_they_from_his(directory, people):  # noqa: F811
    directory.put("Team", ["alice", "bob", "carol"])
    streams = people("alice", "bob", "carol")
    directory.change("Team", ["alice", "bob"])
    came = settle(*streams)
    assert pushed(came[0]) == pushed(came[1]) == {"carol": REMOVED}
    assert pushed(came[2]) == {"alice": REMOVED, "bob": REMOVED}


def test_another_name_is_pushed_to_all_who_see_him(directory, people):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    directory.put("Staff", ["bob"], show="everybody")
    alice, bob, dave = people("alice", "bob", "dave")
    directory.change("Team", {"alice": "Alice", "bob": "Robert"})
    came = settle(alice, bob, dave)
    assert pushed(came[0]) == {"bob": ("both", "Robert", ["Staff", "Team"])}
    assert pushed(came[1]) == {}
    assert pushed(came[2]) == {"bob": ("to", "Robert", ["Staff"])}


def test_another_title_is_pushed_with_every_member(directory, people):  # noqa: F811
    directory.put("Team", ["alice", "bob", "carol"])
    alice, dave = people("alice", "dave")
    directory.change("Team", title="The team")
    came = settle(alice, dave)
    assert pushed(came[0]) == {"bob": ("both", "Bob", ["The team"]), "carol": ("both", "Carol", ["The team"])}
    assert pushed(came[1]) == {}


@pytest.mark.parametrize("show, seen", [("everybody", "to"), ("groups", "to"), ("nobody", None)])
def test_another_show_is_pushed_both_ways(directory, people, show, seen):  # noqa: F811
    directory.put("Board", ["dave"], show="nobody")
    directory.put("Team", ["alice", "bob"])
    alice, dave, eve = people("alice", "dave", "eve")
    how = {"show": show, "viewers": ["Board"] if show == "groups" else []}
    directory.change("Team", **how)
    came = settle(alice, dave, eve)
    two = {u: ("to", u.capitalize(), ["Team"]) for u in ("alice", "bob")}
    assert pushed(came[0]) == ({} if seen else {"bob": REMOVED})
    assert pushed(came[1]) == (two if seen else {})
    assert pushed(came[2]) == (two if show == "everybody" else {})
    directory.change("Team", show="members", viewers=[])
    came = settle(alice, dave, eve)
    assert pushed(came[0]) == ({} if seen else {"bob": ("both", "Bob", ["Team"])})
    assert pushed(came[1]) == ({u: REMOVED for u in two} if seen else {})
    assert pushed(came[2]) == ({u: REMOVED for u in two} if show == "everybody" else {})


def test_who_joins_a_group_of_viewers_sees_and_who_leaves_it_does_not(directory, people):  # noqa: F811
    directory.put("Board", [], show="nobody")
    directory.put("Team", ["alice", "bob"], show="groups", viewers=["Board"])
    alice, dave = people("alice", "dave")
    directory.change("Board", ["dave"])
    came = settle(alice, dave)
    assert pushed(came[1]) == {u: ("to", u.capitalize(), ["Team"]) for u in ("alice", "bob")}
    assert pushed(came[0]) == {}
    directory.change("Board", ["alice"])
    assert pushed(settle(alice, dave)[1]) == {"alice": REMOVED, "bob": REMOVED}


def test_a_group_that_goes_takes_its_members_along(directory, people):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    directory.put("Other", ["alice", "carol"])
    alice, bob = people("alice", "bob")
    directory.remove("Team")
    came = settle(alice, bob)
    assert pushed(came[0]) == {"bob": REMOVED}
    assert pushed(came[1]) == {"alice": REMOVED}
    assert list(items(alice)) == ["carol"]


def test_who_did_not_ask_for_the_roster_gets_no_pushes(directory, raw):  # noqa: F811
    alice = raw(directory.suite, "alice")
    directory.put("Team", ["alice", "bob"])
    assert not pushes(alice.ping())
    assert list(items(alice)) == ["bob"]


def test_what_is_the_same_is_not_pushed(directory, people):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    alice = people("alice")
    directory.tell(directory.groups["Team"])
    directory.put("Mark", ["dave"])  # when that has come, so has what was before it
    assert not pushes(alice.ping())


def test_an_own_change_and_one_of_the_directory_end_in_the_same(directory, people):  # noqa: F811
    """Both are under way at once: whatever comes last to the client is what is so."""
    directory.put("Team", ["alice", "bob"])
    alice, other = people("alice", "alice")
    for n in range(20):
        alice.send("<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='bob@localhost' "
                   f"name='Name {n}'/></query></iq>")
        directory.tell(directory.keep("Team", ["alice", "bob"], title=f"Team {n}"))
    directory.told("Team 19")
    last = [i for i in pushes(settle(alice, other)[1]) if local(i.jid) == "bob"][-1]
    assert shown(last) == ("both", "Name 19", ["Team 19"]) == items(alice)["bob"]


def test_a_session_that_sleeps_gets_its_pushes_when_it_is_resumed(directory, people):  # noqa: F811
    directory.put("Team", ["alice", "bob"])
    alice = people("alice")
    sm.enable(alice)
    alice.close()
    directory.change("Team", ["alice", "bob", "carol"])
    again = sm.log_in(directory.suite, "alice")
    sm.resume(again, alice.sm_id, 0)
    push = next_push(again)
    assert (local(push.jid), *shown(push)) == ("carol", "both", "Carol", ["Team"])
    again.close()


# Those who cannot take it.

MANY = [f"user{n}-with-a-rather-long-name" for n in range(600)]


@pytest.fixture
def narrow(make_directory, raw):  # noqa: F811
    """An instance whose sessions hold 128 KiB, and alice, with stream management, who says nothing of what she got."""
    made = make_directory(settings={"routerd.session_queue": 131072})
    made.alice = raw(made.suite, "alice", "a")
    roster(made.alice, "")
    sm.enable(made.alice)
    made.alice.ping()
    return made


def test_a_session_that_sleeps_and_cannot_hold_what_has_changed_ends(narrow, raw):
    narrow.alice.close()
    narrow.put("Team", ["alice", *MANY])
    again = sm.log_in(narrow.suite, "alice")
    sm.ask(again, narrow.alice.sm_id, 0)
    assert sm.refusal(again)[0] == "item-not-found"
    assert len(items(again.bind("b"))) == len(MANY)
    again.close()


@pytest.mark.section("RFC 6121 2.2")
def test_a_roster_that_no_session_can_hold_is_an_error_that_says_so(narrow, raw):
    narrow.put("Team", ["bob", *MANY, *(m + "2" for m in MANY)])
    reply = raw(narrow.suite, "bob", "b").iq("get", "<query xmlns='jabber:iq:roster'/>")
    assert condition(reply)[1] == "resource-constraint" and "session_queue" in "".join(reply.itertext())


def test_a_client_that_takes_nothing_delays_nobody(narrow, raw):
    bob = raw(narrow.suite, "bob", "b")
    roster(bob, "")
    narrow.tell(narrow.keep("Team", ["alice", "bob", *MANY]))
    came = {next_push(bob).jid for _ in range(len(MANY) + 1)}
    assert len(came) == len(MANY) + 1
    ours = []
    while len(ours) < len(came):
        sm.ack(narrow.alice, len(ours) + 1)  # now she does
        ours.append(next_push(narrow.alice).jid)
    narrow.told("Team")
    assert len(set(ours)) == len(came)


def test_in_a_group_of_ten_thousand_each_gets_what_has_changed(directory, people):  # noqa: F811
    crowd = [f"user{n}" for n in range(9997)]
    directory.put("All", ["alice", "bob", *crowd])
    alice, bob = people("alice", "bob")
    assert len(items(alice)) == 9998
    directory.change("All", ["alice", "bob", "carol", *crowd])
    came = settle(alice, bob)
    assert pushed(came[0]) == pushed(came[1]) == {"carol": ("both", "Carol", ["All"])}
    directory.change("All", ["alice", "carol", *crowd[:-1]])
    came = settle(alice, bob)
    assert pushed(came[0]) == {"bob": REMOVED, "user9996": REMOVED}
    assert len(pushed(came[1])) == 9999 and items(bob) == {}


def test_slixmpp_has_the_roster_and_its_changes(directory):  # noqa: F811
    from client import Client
    from suite import eventually
    directory.put("Team", ["alice", "bob"])
    with Client(directory.suite, "alice@localhost") as alice:
        alice.call(lambda: alice.xmpp.get_roster())

        def contacts():
            return {jid: alice.xmpp.client_roster[jid]["name"] for jid in alice.xmpp.client_roster.keys()
                    if alice.xmpp.client_roster[jid]["subscription"] == "both"}
        assert contacts() == {"bob@localhost": "Bob"}
        directory.change("Team", {"alice": "Alice", "bob": "Robert", "carol": "Carol"})
        eventually(lambda: alice.call(contacts) == {"bob@localhost": "Robert", "carol@localhost": "Carol"},
                   "slixmpp's roster")

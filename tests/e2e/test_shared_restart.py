"""Shared rosters across restarts of routerd and of dirsyncd, and what a dirsyncd that lies can do."""
import os
import signal
import sqlite3

import pytest

from bus import Peer, textlist
from directory_front import Group, directory, id_of, make_directory, reload_without_authd  # noqa: F401 (fixtures)
from im import is_presence, pushes, roster, settle
from suite import eventually, pause
from test_restart import kill
from xmpp import CLIENT


def names(stream):
    return sorted(jid.split("@")[0] for jid in roster(stream, ""))


@pytest.fixture
def team(directory, raw):  # noqa: F811
    """alice and bob, who see each other; team.alice, team.bob."""
    directory.put("Board", ["carol"], show="nobody", roles=["admin"])
    directory.put("Team", {"alice": "Alice", "bob": "Bob & Co"}, show="groups", viewers=["Board"])
    directory.alice, directory.bob = (raw(directory.suite, u, u[0]) for u in ("alice", "bob"))
    roster(directory.alice, ""), roster(directory.bob, "")
    settle(directory.alice, directory.bob)
    return directory


def rows(suite, table):
    """What is in routerd's store."""
    with sqlite3.connect(f"file:{suite.home}/state/routerd/router.db?mode=ro", uri=True) as db:
        return db.execute(f"SELECT * FROM {table}").fetchall()


# Restarts.

def test_after_a_restart_of_routerd_all_is_as_it_was_though_there_is_no_dirsyncd(team, raw):
    team.disconnect()
    kill(team.suite)
    assert settle(team.alice, team.bob) == [[], []]  # nobody is told of anything
    team.bob.send("<presence><show>away</show></presence>")
    assert team.alice.until(is_presence(None, team.bob.jid)).findtext(CLIENT + "show") == "away"
    assert roster(raw(team.suite, "alice", "later"), team.alice.ver) is None
    carol = raw(team.suite, "carol")
    found = roster(carol)
    assert {j.split("@")[0]: (i.subscription, i.name) for j, i in found.items()} == {
        "alice": ("to", "Alice"), "bob": ("to", "Bob & Co")}
    team.connect()
    assert team.asked == []  # it knows all of them


def test_whoever_comes_later_sees_who_was_there_before_the_restart(team, raw):
    kill(team.suite)
    carol = raw(team.suite, "carol", "c", priority=None)
    carol.send("<presence/>")
    came = {e.get("from") for e in (carol.until(is_presence()) for _ in range(3))}
    assert came == {team.alice.jid, team.bob.jid, carol.jid}


def test_what_changes_while_dirsyncd_is_away_is_asked_for_and_no_more(team, raw):
    team.disconnect()
    team.keep("Team", ["alice", "bob", "dave"], show="groups", viewers=["Board"])
    team.keep("New", ["alice", "eve"])
    del team.groups["Board"]
    mark = team.suite.log.mark()
    team.connect()
    team.told("New", mark), team.told("Team", mark), team.told("Board", mark, "gone")
    assert sorted(team.asked) == sorted([id_of("Team"), id_of("New")])
    assert names(team.alice) == ["bob", "dave", "eve"]
    assert sorted(i.jid.split("@")[0] for i in pushes(settle(team.bob)[0])) == ["dave"]
    assert names(raw(team.suite, "carol")) == []


def test_a_list_may_come_in_pieces(team):
    team.keep("New", ["alice", "eve"])
    values = [team.groups[n].values() for n in ("Board", "Team", "New")]
    mark = team.suite.log.mark()
    for n, v in enumerate(values):
        team.link.send("GROUPS", directory="fake", first=n == 0, last=n == 2, list=v["id"] + v["digest"])
    team.told("New", mark)
    assert team.asked == [id_of("New")]
    assert names(team.alice) == ["bob", "eve"]


def test_a_domain_that_has_another_directory_now_has_no_groups_of_the_first(team):
    suite = team.suite
    suite.edit(**{'directory "other".servers': ["ldap://127.0.0.1:1"], 'directory "other".bind': "anonymous",
                  'directory "other".base': "dc=example", 'domain "localhost".directory': "other"})
    mark = suite.log.mark()
    reload_without_authd(suite)
    team.lost()  # it is to say anew what there is
    team.told("Team", mark, "gone")
    assert [i.subscription for i in pushes(settle(team.alice)[0])] == ["remove"]
    assert names(team.alice) == []


def stop_in_the_middle(team, change):
    """A change is stored, and c2sd has taken none of its pushes."""
    c2sd = team.suite.pids("c2sd")["c2sd@1"]
    pause(c2sd)
    change()
    eventually(lambda: rows(team.suite, "shared_change"), "the change being stored")
    os.kill(team.suite.pids("routerd")["routerd"], signal.SIGKILL)
    os.kill(c2sd, signal.SIGCONT)


def last_of_each(came):
    return {i.jid.split("@")[0]: (i.subscription, i.name) for i in pushes(came)}


def new_team(team):
    team.tell(team.keep("Team", {"alice": "Alice", "bob": "Robert", "dave": "Dave"}, title="The team"))


def check_new_team(team, dave):
    """Whichever routerd told them what: in the end it is so, for both and in their eyes."""
    came = settle(team.alice, dave)
    assert last_of_each(came[0]) == {"bob": ("both", "Robert"), "dave": ("both", "Dave")}
    assert last_of_each(came[1]) == {"alice": ("both", "Alice"), "bob": ("both", "Robert")}
    assert dave.jid in {e.get("from") for e in came[0] if e.tag == CLIENT + "presence"}
    assert {team.alice.jid, team.bob.jid} <= {e.get("from") for e in came[1] if e.tag == CLIENT + "presence"}
    assert names(team.alice) == ["bob", "dave"] and names(dave) == ["alice", "bob"]


@pytest.fixture
def dave(team, raw):
    stream = raw(team.suite, "dave", "d")
    roster(stream, "")
    settle(stream, team.alice)
    return stream


def test_a_change_that_routerd_dies_in_is_told_to_its_end_by_the_next(team, dave):
    stop_in_the_middle(team, lambda: new_team(team))
    team.link.socket.close(), setattr(team, "link", None)
    team.suite.log.wait('group-changed group="The team"')
    eventually(lambda: not rows(team.suite, "shared_change"), "the end of the change")
    check_new_team(team, dave)


@pytest.mark.parametrize("kills", [1, 3])
def test_a_change_is_made_whenever_routerd_dies(team, raw, dave, kills):
    """Before it was stored, between that and the last push, or after: dirsyncd comes back with its list."""
    watch = raw(team.suite, "dave", "watch")
    for _ in range(kills):
        new_team(team)
        kill(team.suite)
        team.link.socket.close()
        team.connect()
    eventually(lambda: names(watch) == ["alice", "bob"] and not rows(team.suite, "shared_change"), "the change")
    check_new_team(team, dave)


def test_who_logs_out_while_routerd_is_away_in_the_middle_of_a_change_is_seen_to_go(team):
    """bob leaves the group and the server at once: alice, who saw him, must not go on seeing him."""
    def change():
        team.tell(team.keep("Team", ["alice"], show="groups", viewers=["Board"]))
        team.bob.close()
    stop_in_the_middle(team, change)
    team.alice.until(is_presence("unavailable", team.bob.jid))
    team.link.socket.close(), setattr(team, "link", None)
    assert names(team.alice) == []


def test_a_group_that_goes_while_routerd_dies_is_gone(team):
    def change():
        team.groups.pop("Team")
        team.link.send("GROUP_GONE", id=id_of("Team"))
    stop_in_the_middle(team, change)
    team.link.socket.close(), setattr(team, "link", None)
    team.suite.log.wait("group-changed group=Team state=gone")
    assert last_of_each(settle(team.alice)[0]) == {"bob": ("remove", None)}
    assert names(team.alice) == []
    assert not rows(team.suite, "shared_group WHERE title = 'Team'")


# A dirsyncd that lies.

NAMES = {"C2S": "c2sd", "AUTH": "authd", "S2S": "s2sd"}
GOOD = {**Group("Evil", ["alice", "eve"]).values(), "id": id_of("Evil")}
MALFORMED = {
    "a member who is not prepared": {"members": textlist(["Alice@localhost", "Alice"])},
    "a member with a resource": {"members": textlist(["alice@localhost/r", "Alice"])},
    "a member without a name before the @": {"members": textlist(["localhost", "Alice"])},
    "a member of another domain": {"members": textlist(["alice@elsewhere.example", "Alice"])},
    "a member without a text for a name": {"members": textlist(["alice@localhost"])},
    "half a list": {"members": textlist(["alice@localhost", "Alice"])[:-1]},
    "an unknown show": {"show": 4},
    "an unknown role": {"roles": 4},
    "viewers that are no ids": {"show": 3, "viewers": b"x" * 17},
    "too many viewers": {"show": 3, "viewers": bytes(16 * 1025)},
    "too many members": {"members": b"".join(textlist([f"u{n}@localhost", ""]) for n in range(200001))},
}


def nobody_notices(team):
    assert settle(team.alice, team.bob) == [[], []]
    assert names(team.alice) == ["bob"]
    assert [r for r in team.suite.rows("session", "list") if "alice" in r["jid"]]


@pytest.mark.parametrize("kind", MALFORMED)
def test_what_is_malformed_costs_the_link_and_nobody_notices(team, kind):
    team.link.send("GROUP", **{**GOOD, **MALFORMED[kind]})
    team.lost()
    nobody_notices(team)


@pytest.mark.parametrize("values", [
    {"list": b"x" * 33}, {"first": 0, "list": b""}], ids=["half an entry", "no beginning"])
def test_a_malformed_list_costs_the_link_and_nobody_notices(team, values):
    team.link.send("GROUPS", **{"directory": "fake", "first": 1, "last": 1, **values})
    team.lost()
    nobody_notices(team)


@pytest.mark.parametrize("values", [
    {"domain": "elsewhere.example", "members": b""}, {"directory": "other"}, {"directory": ""},
    {"id": id_of("Team"), "domain": "b.test", "members": b""}, {"name": ""}, {"name": "a\x01b"},
], ids=["a foreign domain", "a foreign directory", "no directory", "another domain's group", "no title",
        "a title that is no text"])
def test_a_group_that_has_no_place_is_refused_and_nobody_notices(team, values):
    team.link.send("GROUP", **{**GOOD, **values})
    team.suite.log.wait("routerd group-refused")
    nobody_notices(team)
    assert not team.ended.is_set()


def test_a_name_that_cannot_be_shown_is_none(team):
    names_of = {"bob": b"x" * 1024, "carol": b"a\x01b", "dave": b"\xff\xff", "eve": b"Eve"}
    members = textlist(["alice@localhost", "Alice"]) + b"".join(
        textlist([f"{u}@localhost"]) + len(n).to_bytes(4, "big") + n for u, n in names_of.items())
    team.link.send("GROUP", **{**GOOD, "members": members})
    team.told("Evil")
    assert {j.split("@")[0]: i.name for j, i in roster(team.alice).items()} == {
        "bob": None, "carol": None, "dave": None, "eve": "Eve"}


def test_a_list_of_a_foreign_directory_makes_nobody_forget_anything(team):
    team.announce([], directory="other")
    team.suite.log.wait("routerd groups-refused")
    nobody_notices(team)


def test_only_a_dirsyncd_may_speak_of_groups(team):
    for role in NAMES:
        with Peer(team.suite, role) as evil:
            evil.hello(instance=f"{NAMES[role]}@evil")
            evil.expect("WELCOME")
            evil.send("GROUP", **GOOD)
            evil.gone()
    nobody_notices(team)

"""389 Directory Server, the real one: its groups, profiles and searches, a real dirsyncd, and a routerd that the test
plays."""
import pytest

from ds389 import GROUPS, ds389, running_ds389  # noqa: F401 (fixtures)
from router import follow  # noqa: F401 (a fixture)
from test_directory_groups import add, add_member, dns, entry, group, remove_member
from test_directory_profiles import paths, ready, vcard

SHOWN = {"group_base": GROUPS, "groups": "members"}


@pytest.fixture
def people(ds389):  # noqa: F811
    ds389.add("alice", displayName="Alice Liddell"), ds389.add("bob"), ds389.add("carol")
    return ds389


def test_groups_are_told_and_what_becomes_of_them(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob")))
    told = follow(people, **SHOWN)
    assert told.until_in("team", "alice bob").members == {"alice@localhost": "Alice Liddell", "bob@localhost": "bob"}
    add_member(people, "team", people.person_dn("carol"))
    told.until_in("team", "alice bob carol")
    remove_member(people, "team", people.person_dn("alice"))
    told.until_in("team", "bob carol")
    people.delete("bob")
    told.until_in("team", "carol")


def test_groups_in_groups_and_of_user_names(people, follow):  # noqa: F811
    add(people, group("inner", dns(people, "alice")), group("outer", [f"cn=inner,{GROUPS}", people.person_dn("bob")]),
        entry(f"cn=unix,{GROUPS}", "posixGroup", cn="unix", gidNumber="1", memberUid=["carol", "nobody"]))
    told = follow(people, **SHOWN)
    told.until_in("outer", "alice bob")
    told.until_in("unix", "carol")


def test_what_happens_while_dirsyncd_is_away_is_found(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob")))
    told = follow(people, **SHOWN)
    told.until_in("team", "alice bob")
    told.stop()
    told.forget()
    people.delete("bob")
    add_member(people, "team", people.person_dn("carol"))
    told.start()
    told.until_in("team", "alice carol")


def test_entries_are_vcards_and_are_found(people, follow):  # noqa: F811
    dirsyncd = ready(follow(people))
    assert "FN=Alice Liddell" in paths(vcard(dirsyncd, "alice@localhost"))

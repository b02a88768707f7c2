"""People and groups of a directory together: what administrators see of groups, groups of a directory that is polled, and
what the brake and two entries of one name do to groups."""
import pytest

from router import follow  # noqa: F401 (a fixture)
from slapd import PEOPLE, make_slapd, slapd  # noqa: F401 (fixtures)
from suite import eventually
from test_directory_groups import SHOWN, add, add_member, dns, group, group_dn, remove_member
from test_directory_login import start  # noqa: F401 (a fixture)
from test_directory_poll import OFTEN, SILENT
from test_directory_sync import disable
from test_directory_verbs import explained

RULES = {'group "staff".show': "groups", 'group "staff".show_to': ["Board"], 'group "staff".title': "Staff",
         'group "admins".roles': ["admin", "federation"], 'group "admins".show': "nobody"}
MORE = f"ou=more,{PEOPLE}"


def groups_of(suite, user):
    return [value for key, value in explained(suite, f"{user}@localhost") if key in ("group", "groups")]


def become(suite, user, *groups):
    eventually(lambda: groups_of(suite, user) == list(groups), f"{groups}, not {groups_of(suite, user)}")


@pytest.fixture
def company(slapd, start):  # noqa: F811
    """alice is in all groups, by way of each other or not; bob is in none."""
    slapd.add("alice").add("bob")
    add(slapd, group("staff", dns(slapd, "alice")), group("board", [group_dn("staff")]),
        group("admins", [group_dn("board"), group_dn("admins")]))
    suite = start(slapd, RULES, **SHOWN)
    eventually(lambda: [row["state"] for row in suite.rows("ldap", "status")] == ["following"] * 2, "both")
    return suite


def test_an_explanation_says_how_and_what_for_somebody_is_in_groups(slapd, company):  # noqa: F811
    become(company, "alice", "admins: by way of board; seen by nobody; roles: admin, federation",
           "board: by way of staff; seen by its members",
           "staff: in its list; called Staff; seen by its members and those of board")
    assert groups_of(company, "bob") == groups_of(company, "nobody") == ["none"]
    add_member(slapd, "board", slapd.person_dn("alice"))
    eventually(lambda: groups_of(company, "alice")[1].startswith("board: in its list"), "the shorter way")
    disable(slapd, "alice")
    become(company, "alice", "none")


def test_a_group_that_is_too_large_says_so(slapd, start):  # noqa: F811
    slapd.add("alice").add("bob")
    add(slapd, group("team", dns(slapd, "alice bob")))
    suite = start(slapd, group_members=1, **SHOWN)
    become(suite, "alice", "team: in its list; too large to be seen")


def test_where_groups_are_not_looked_at_that_is_said(slapd, start):  # noqa: F811
    suite = start(slapd.add("alice"))
    become(suite, "alice", "not looked at: there is no directory.group_base")


def test_the_status_has_groups_as_a_part(slapd, company):  # noqa: F811
    people, groups = company.rows("ldap", "status")
    assert (people["part"], people["entries"]) == ("people", "2")
    assert (groups["directory"], groups["part"], groups["entries"], groups["held"], groups["why"]) == (
        "main", "groups", "3", "0", "")
    assert groups["server"] == people["server"]
    slapd.kill()
    eventually(lambda: [row["state"] for row in company.rows("ldap", "status")] == ["lost"] * 2, "the loss")
    assert company.rows("ldap", "status")[1]["why"]


def test_both_are_read_again(company):
    mark = company.log.mark()
    assert company.ctl("ldap", "sync", "--full").returncode == 0
    company.log.wait("directory-followed .*accounts=2", since=mark)
    company.log.wait("groups-followed .*groups=3", since=mark)


# Groups that are polled.

@pytest.fixture
def polled(make_slapd, follow):  # noqa: F811
    """(slapd that does not tell what changes, the router that hears of it)"""
    silent = make_slapd(leave_out=SILENT).start().add("alice").add("bob").add("carol")
    add(silent, group("team", dns(silent, "alice bob")), group("other", dns(silent, "carol")))
    told = follow(silent, **SHOWN, **OFTEN)
    told.until_in("team", "alice bob"), told.until_in("other", "carol")
    return silent, told


def test_groups_are_polled_too(polled):
    silent, told = polled
    add_member(silent, "team", silent.person_dn("carol"))
    told.until_in("team", "alice bob carol")
    remove_member(silent, "team", silent.person_dn("alice"))
    told.until_in("team", "bob carol")
    silent.delete("bob")
    told.until_in("team", "carol")
    silent.tool("ldapdelete", group_dn("other"))
    told.until_gone("other")


def test_what_happened_to_polled_groups_while_dirsyncd_was_away_is_found(polled):
    silent, told = polled
    told.stop()
    told.forget()
    remove_member(silent, "team", silent.person_dn("alice"))
    silent.tool("ldapdelete", group_dn("other"))
    told.start()
    told.until_in("team", "bob")
    told.until_gone("other")


def test_what_was_polled_before_is_told_while_the_directory_is_away(polled):
    silent, told = polled
    told.stop()
    told.forget()
    silent.kill()
    told.start()
    assert told.until_all().of("team").users() == {"alice", "bob"}
    assert told.find(user="al") == ["alice"]


# What becomes of accounts.

def test_who_is_held_stays_in_groups_until_he_goes(slapd, start):  # noqa: F811
    crowd = [f"user{i}" for i in range(30)]
    slapd.tool("ldapadd", input="".join(slapd.person(user) for user in crowd))
    add(slapd, group("team", dns(slapd, " ".join(crowd))))
    suite = start(slapd, brake=10, **SHOWN)
    become(suite, "user29", "team: in its list; seen by its members")
    for user in crowd[:15]:
        slapd.delete(user)
    eventually(lambda: suite.rows("ldap", "status")[0]["held"] == "5", "the brake")
    held = next(row["account"] for row in suite.rows("user", "list") if row["state"] == "held").split("@")[0]
    assert groups_of(suite, held) == ["team: in its list; seen by its members"]
    suite.ctl("ldap", "sync", "--accept")
    assert groups_of(suite, held) == ["none"]


def test_of_two_entries_of_one_name_the_first_counts(slapd, follow):  # noqa: F811
    """Or somebody else's roles could be had with a name."""
    slapd.add("alice")
    told = follow(slapd, **SHOWN)
    slapd.tool("ldapadd", input=f"dn: {MORE}\nobjectClass: organizationalUnit\nou: more\n\n"
               + slapd.person("alice", below=MORE))
    add(slapd, group("team", [f"uid=alice,{MORE}"]), group("mates", dns(slapd, "alice")))
    told.until_in("mates", "alice"), told.until_in("team", "")
    slapd.delete("alice")
    told.until_in("team", "alice"), told.until_in("mates", "")

"""What routerd hears of a directory's groups: OpenLDAP's slapd, a real dirsyncd, and a routerd that the test plays."""
import base64
import signal
import time

import pytest

from router import ADMIN, EVERYBODY, FEDERATES, GROUPS, MEMBERS, NOBODY, follow  # noqa: F401 (a fixture)
from slapd import BASE, PEOPLE, escape_dn, make_slapd, slapd  # noqa: F401 (fixtures)

GROUP_BASE = f"ou=groups,{BASE}"
SHOWN = {"group_base": GROUP_BASE, "groups": "members"}


def group_dn(cn):
    return f"cn={escape_dn(cn)},{GROUP_BASE}"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def entry(dn, classes, **attributes):
    """LDIF; a value may be a list."""
    lines = [f"dn:: {b64(dn)}"] + [f"objectClass: {c}" for c in classes.split()]
    for name, values in attributes.items():
        lines += [f"{name}:: {b64(v)}" for v in ([values] if isinstance(values, str) else values)]
    return "\n".join(lines) + "\n\n"


def group(cn, members, **more):
    return entry(group_dn(cn), "groupOfNames", cn=cn, member=members, **more)


def add(directory, *ldif):
    directory.tool("ldapadd", input="".join(ldif))


def change(directory, cn, changes):
    directory.tool("ldapmodify", input=f"dn:: {b64(group_dn(cn))}\nchangetype: modify\n{changes}\n")


def add_member(directory, cn, dn):
    change(directory, cn, f"add: member\nmember:: {b64(dn)}")


def remove_member(directory, cn, dn):
    change(directory, cn, f"delete: member\nmember:: {b64(dn)}")


@pytest.fixture
def people(slapd):  # noqa: F811
    """alice, bob and carol."""
    slapd.add("alice", displayName="Alice Liddell").add("bob").add("carol")
    return slapd


def dns(directory, users):
    return [directory.person_dn(u) for u in users.split()]


# Who is in a group.

def test_a_group_is_told_of_with_its_members_and_what_they_are_called(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob")))
    told = follow(people, **SHOWN).until_in("team", "alice bob")
    assert told.members == {"alice@localhost": "Alice Liddell", "bob@localhost": "bob"}
    assert told.order == sorted(told.order)
    assert (told.directory, told.domain, told.show, told.roles, told.viewers) == (
        "main", "localhost", MEMBERS, 0, [])


@pytest.mark.parametrize("classes, attributes", [
    ("groupOfNames", {"member": [f"uid=alice,{PEOPLE}", f"UID=Bob, OU=People,{BASE}"]}),
    ("groupOfUniqueNames", {"uniqueMember": [f"uid=alice,{PEOPLE}#'0101'B", f"uid=bob,{PEOPLE}"]}),
    ("posixGroup", {"gidNumber": "1", "memberUid": ["alice", "bob", "nobody", "a@b"]}),
    # As in the schema rfc2307bis, which slapd's own excludes.
    ("posixGroup extensibleObject", {"gidNumber": "1", "member": f"uid=alice,{PEOPLE}", "memberUid": "bob"}),
], ids=["groupOfNames", "groupOfUniqueNames", "posixGroup", "rfc2307bis"])
def test_every_kind_of_group(people, follow, classes, attributes):  # noqa: F811
    add(people, entry(group_dn("team"), classes, cn="team", **attributes))
    follow(people, **SHOWN).until_in("team", "alice bob")


def test_groups_in_groups_and_circles(people, follow):  # noqa: F811
    people.add("dave")
    add(people, group("a", [*dns(people, "alice"), group_dn("b"), group_dn("c")]),
        group("b", [*dns(people, "bob"), group_dn("d")]), group("c", [*dns(people, "carol"), group_dn("d")]),
        group("d", [*dns(people, "dave"), group_dn("b")]), group("self", [group_dn("self")]))
    dirsyncd = follow(people, **SHOWN)
    dirsyncd.until_in("a", "alice bob carol dave")
    dirsyncd.until_in("b", "bob dave")
    dirsyncd.until_in("c", "bob carol dave")
    dirsyncd.until_in("self", "")
    people.delete("dave")
    dirsyncd.until_in("a", "alice bob carol")
    dirsyncd.until_in("c", "bob carol")


def test_hostile_names(slapd, follow):  # noqa: F811
    """S23: commas, quotes, blanks, what XML and filters use; in names of people and of groups."""
    hard = ['Liddell, Ann', 'say "hi"', " blank ", "a+b=c<d>&'e'", "Mül ler", "#1", "a\\b", "*)(uid=*"]
    slapd.add("alice")
    for n, name in enumerate(hard):
        add(slapd, entry(f"cn={escape_dn(name).replace(' ', chr(92) + '20')},{PEOPLE}", "inetOrgPerson", cn=name,
                         sn=name, uid=f"user{n}", displayName=name.strip()))
    cn = '</group><x a="1">, "R & D" é\\'
    members = [f"CN={escape_dn(name.upper()).replace(' ', chr(92) + '20')},{PEOPLE}" for name in hard]
    add(slapd, group(cn, members), group("other", [group_dn(cn)]))
    dirsyncd = follow(slapd, **SHOWN)
    told = dirsyncd.until_in(cn, " ".join(f"user{n}" for n in range(len(hard))))
    assert list(told.members.values()) == [name.strip() for name in hard]
    dirsyncd.until_in("other", " ".join(f"user{n}" for n in range(len(hard))))


def test_who_is_locked_or_no_account_is_left_out(people, follow):  # noqa: F811
    people.modify("bob", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    add(people, entry(f"cn=printer,{PEOPLE}", "device", cn="printer"),
        group("team", [*dns(people, "alice bob"), f"cn=printer,{PEOPLE}", f"uid=nobody,{PEOPLE}", BASE]))
    dirsyncd = follow(people, **SHOWN)
    dirsyncd.until_in("team", "alice")
    people.modify("bob", "delete: pwdAccountLockedTime")
    dirsyncd.until_in("team", "alice bob")
    people.add("nobody")
    dirsyncd.until_in("team", "alice bob nobody")


# Changes.

def test_changes_of_groups_arrive(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice")))
    dirsyncd = follow(people, **SHOWN)
    first = dirsyncd.until_in("team", "alice")
    add_member(people, "team", people.person_dn("bob"))
    second = dirsyncd.until_in("team", "alice bob")
    assert (second.id, second.digest != first.digest) == (first.id, True)
    remove_member(people, "team", people.person_dn("alice"))
    dirsyncd.until_in("team", "bob")
    add(people, group("new", dns(people, "carol")))
    dirsyncd.until_in("new", "carol")
    people.tool("ldapmodrdn", "-r", group_dn("new"), "cn=newer")
    assert dirsyncd.until_in("newer", "carol").id not in (first.id, None)
    people.tool("ldapdelete", group_dn("newer"))
    dirsyncd.until_gone("newer")
    assert dirsyncd.groups.keys() == {"team"}


def test_changes_of_people_reach_their_groups(people, follow):  # noqa: F811
    add(people, group("inner", dns(people, "alice bob")), group("outer", [group_dn("inner")]))
    dirsyncd = follow(people, **SHOWN)
    dirsyncd.until_in("outer", "alice bob")

    def name_of_bob(d):
        return [g.members.get("bob@localhost") for g in d.groups.values()]
    people.modify("bob", "replace: displayName\ndisplayName: Bob Builder")
    dirsyncd.until(lambda d: name_of_bob(d) == ["Bob Builder"] * 2)
    people.modify("bob", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    dirsyncd.until_in("outer", "alice")
    people.modify("bob", "delete: pwdAccountLockedTime")
    dirsyncd.until_in("outer", "alice bob")
    # Its DN stays in the list: the directory has no referential integrity.
    people.delete("bob")
    dirsyncd.until_in("outer", "alice")
    people.add("bob")
    dirsyncd.until_in("outer", "alice bob")


def test_who_is_renamed_is_in_by_his_new_name(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob")), entry(
        group_dn("posix"), "posixGroup", cn="posix", gidNumber="1", memberUid=["alice", "alicia"]))
    dirsyncd = follow(people, **SHOWN)
    dirsyncd.until_in("posix", "alice")
    people.tool("ldapmodrdn", "-r", people.person_dn("alice"), "uid=alicia")
    dirsyncd.until_in("team", "bob")
    dirsyncd.until_in("posix", "alicia")
    add_member(people, "team", people.person_dn("alicia"))
    dirsyncd.until_in("team", "alicia bob")


def test_other_changes_tell_nothing(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob")), group("last", dns(people, "carol")))
    dirsyncd = follow(people, **SHOWN).until_all()
    before = dirsyncd.told
    people.modify("alice", "replace: telephoneNumber\ntelephoneNumber: 1")
    change(people, "team", "replace: description\ndescription: x")
    people.delete("carol")
    dirsyncd.until_in("last", "")
    assert dirsyncd.told == before + 1


# How routerd hears of them.

def test_nothing_is_told_before_people_and_groups_have_been_read(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob")))
    people.stop()
    dirsyncd = follow(people, **SHOWN)
    dirsyncd.log.wait("groups-lost"), dirsyncd.log.wait("directory-lost")
    assert dirsyncd.profile("alice@localhost")[0] == 2  # whatever was told came before
    assert dirsyncd.listed is None
    people.start()
    assert dirsyncd.until_all().lists == 1
    assert dirsyncd.groups["team"].users() == {"alice", "bob"}


def test_after_a_restart_all_is_known_and_the_same(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob")), group("outer", [group_dn("team"), people.person_dn("carol")]))
    dirsyncd = follow(people, **SHOWN).until_all()
    before = dirsyncd.listed
    people.stop()
    dirsyncd.restart().until_all()
    assert dirsyncd.listed == before
    people.start()
    remove_member(people, "team", people.person_dn("bob"))
    dirsyncd.until_in("outer", "alice carol")
    assert dirsyncd.listed.keys() == before.keys()


def test_what_happens_while_it_is_away_is_found(people, follow):  # noqa: F811
    add(people, group("a", dns(people, "alice bob")), group("b", dns(people, "alice bob")), group("c", dns(people, "bob")))
    dirsyncd = follow(people, **SHOWN).until_all()
    dirsyncd.stop()
    people.tool("ldapdelete", group_dn("a"))
    remove_member(people, "b", people.person_dn("alice"))
    people.stop(), people.start()  # it forgets what was deleted
    dirsyncd.forget()
    dirsyncd.start()
    dirsyncd.until(lambda d: d.complete() and d.groups.keys() == {"b", "c"})
    dirsyncd.until_in("b", "bob")


def test_each_new_link_is_told_all(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob")))
    dirsyncd = follow(people, **SHOWN).until_all()
    before, told = dirsyncd.listed, dirsyncd.told
    dirsyncd.accept()
    dirsyncd.until(lambda d: d.lists == 2)
    assert (dirsyncd.listed, dirsyncd.told) == (before, told)
    dirsyncd.link.socket.close()
    remove_member(people, "team", people.person_dn("bob"))
    dirsyncd.link = None
    dirsyncd.accept().until_in("team", "alice")


def test_a_group_that_is_not_there_is_gone(people, follow):  # noqa: F811
    dirsyncd = follow(people, **SHOWN).until_all()
    dirsyncd.link.send("GROUP_GET", id=b"x" * 16)
    while True:
        name, _, values = dirsyncd.take()
        if name == "GROUP_GONE":
            break
    assert values["id"] == b"x" * 16


def test_a_directory_without_groups_says_so(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob")))
    assert follow(people, groups="members").until_all().listed == {}
    assert follow(people, group_base=GROUP_BASE).until_all().listed == {}


# What the configuration says.

def test_sections_say_who_sees_a_group(people, follow):  # noqa: F811
    add(people, *(group(cn, dns(people, "alice")) for cn in ("Staff", "R & D", "Board", "Guests", "Admins")),
        entry(f"ou=sub,{GROUP_BASE}", "organizationalUnit", ou="sub"),
        entry(f"cn=Staff,ou=sub,{GROUP_BASE}", "groupOfNames", cn="Staff", member=dns(people, "bob")))
    dirsyncd = follow(people, {
        'group "staff".show': "everybody", 'group "staff".title': "Everybody here",
        'group "R & D".show': "groups", 'group "R & D".show_to': ["board", "nothing"],
        f'group "CN=Admins,OU=Groups,{BASE}".show': "nobody",
        f'group "CN=Admins,OU=Groups,{BASE}".roles': ["admin", "federation"],
    }, **SHOWN).until_all()
    told = {(g.name, g.show, g.roles) for g in dirsyncd.by_id.values()}
    assert told == {("Everybody here", EVERYBODY, 0), ("R & D", GROUPS, 0), ("Board", MEMBERS, 0),
                    ("Guests", MEMBERS, 0), ("Admins", NOBODY, ADMIN | FEDERATES)}
    assert len(dirsyncd.by_id) == 6  # two are called Staff
    assert dirsyncd.groups["R & D"].viewers == [dirsyncd.groups["Board"].id]
    assert all(g.viewers == [] for name, g in dirsyncd.groups.items() if name != "R & D")


def test_only_groups_that_matter_are_told_of(people, follow):  # noqa: F811
    add(people, *(group(cn, dns(people, "alice")) for cn in ("a", "b", "c", "d")))
    dirsyncd = follow(people, {'group "a".show': "groups", 'group "a".show_to': ["b"], 'group "b".show': "nobody",
                               'group "c".show': "nobody"}, group_base=GROUP_BASE)
    assert dirsyncd.until_all().groups.keys() == {"a", "b"}
    # One that comes later is shown a group then.
    before = dirsyncd.groups["a"]
    add(people, entry(f"ou=sub,{GROUP_BASE}", "organizationalUnit", ou="sub"),
        entry(f"cn=B,ou=sub,{GROUP_BASE}", "groupOfNames", cn="B", member=dns(people, "bob")))
    dirsyncd.until(lambda d: len(d.groups["a"].viewers) == 2)
    assert dirsyncd.groups["a"].digest != before.digest
    people.tool("ldapmodrdn", "-r", f"cn=B,ou=sub,{GROUP_BASE}", "cn=e")
    dirsyncd.until(lambda d: d.groups["a"].viewers == [d.groups["b"].id])
    assert dirsyncd.groups["a"].digest == before.digest


def test_a_section_may_be_of_another_directory(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice")))
    settings = {**people.settings(**SHOWN)}
    other = {key.replace('"main"', '"other"'): value for key, value in settings.items() if key.startswith("directory")}
    dirsyncd = follow(people, {**other, 'group "team".directory': "other", 'group "team".show': "everybody"}, **SHOWN)
    dirsyncd.until(lambda d: d.groups and d.complete())
    assert dirsyncd.groups["team"].show == MEMBERS


def test_each_domain_of_a_directory_has_the_groups(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob")))
    dirsyncd = follow(people, domains=("localhost", "wonder.test"), **SHOWN).until_all()
    here, there = (dirsyncd.of("team", domain) for domain in ("localhost", "wonder.test"))
    assert here.id != there.id
    assert list(here.members) == ["alice@localhost", "bob@localhost"]
    assert list(there.members) == ["alice@wonder.test", "bob@wonder.test"]


def test_a_reload_changes_what_is_shown(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice")), group("hidden", dns(people, "bob")))
    dirsyncd = follow(people, {'group "hidden".show': "nobody"}, **SHOWN).until_all()
    before = dirsyncd.groups["team"]
    dirsyncd.suite.edit(**{'group "team".title': "The team", 'group "hidden".show': "everybody"})
    dirsyncd.process.send_signal(signal.SIGHUP)
    dirsyncd.until(lambda d: d.lists == 2 and d.complete())
    assert dirsyncd.groups.keys() == {"The team", "hidden"}
    assert dirsyncd.groups["The team"].id == before.id
    add_member(people, "team", people.person_dn("carol"))
    dirsyncd.until_in("The team", "alice carol")


def test_other_people_are_read_when_the_filter_is_another(people, follow):  # noqa: F811
    """The cookie goes up to what the old filter found: it counts no more."""
    add(people, group("team", dns(people, "alice bob carol")))
    dirsyncd = follow(people, filter="(|(uid=alice)(uid=bob))", **SHOWN)
    dirsyncd.until_in("team", "alice bob")
    dirsyncd.suite.edit(**{'directory "main".filter': "(|(uid=alice)(uid=carol))"})
    dirsyncd.process.send_signal(signal.SIGHUP)
    dirsyncd.until_in("team", "alice carol")


# Sizes.

def test_a_group_that_is_too_large_is_not_shown(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice bob carol")), group("small", dns(people, "alice bob")),
        group("outer", [group_dn("team")]), group("admins", [group_dn("team")]))
    dirsyncd = follow(people, {'group "admins".roles': ["admin"], 'group "admins".show': "members"},
                      group_members=2, **SHOWN).until_all()
    assert dirsyncd.groups.keys() == {"small", "admins"}
    assert (dirsyncd.groups["admins"].show, dirsyncd.groups["admins"].roles) == (NOBODY, ADMIN)
    people.modify("alice", "replace: displayName\ndisplayName: A")
    dirsyncd.until(lambda d: d.groups["small"].members["alice@localhost"] == "A")
    assert len(dirsyncd.log.find("group-too-large .*group=team")) == 1
    remove_member(people, "team", people.person_dn("alice"))
    dirsyncd.until_in("outer", "bob carol")
    dirsyncd.until(lambda d: d.groups["admins"].show == MEMBERS)


LARGE = 12000


@pytest.fixture
def large(make_slapd):  # noqa: F811
    """12,000 people, u0 to u11999, in one group."""
    server = make_slapd()
    server.load("".join(
        f"dn: uid=u{n},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: u{n}\ncn: User {n}\nsn: {n}\n\n" for n in range(LARGE)) +
        f"dn: {group_dn('all')}\nobjectClass: groupOfNames\ncn: all\n" +
        "".join(f"member: uid=u{n},{PEOPLE}\n" for n in range(LARGE)) + "\n")
    return server.start()


def test_a_group_of_12000_changes_a_bounded_number_of_times(large, follow):  # noqa: F811
    """One after the other changes, or leaves: all is heard of, and the group is told of three times a second at most."""
    dirsyncd = follow(large, **SHOWN).until_all()
    assert len(dirsyncd.groups["all"].members) == LARGE

    def bounded(each, count, check):
        before, began = dirsyncd.told, time.monotonic()
        for n in range(count):
            each(n)
        dirsyncd.until(check)
        elapsed = time.monotonic() - began
        assert 1 <= dirsyncd.told - before <= 2 + elapsed / (LARGE / 40 / 1000)
    bounded(lambda n: large.modify(f"u{n}", "replace: displayName\ndisplayName: Changed"), 60,
            lambda d: list(d.groups["all"].members.values()).count("Changed") == 60)
    bounded(lambda n: remove_member(large, "all", large.person_dn(f"u{n}")), 60,
            lambda d: len(d.groups["all"].members) == LARGE - 60)
    bounded(lambda n: add_member(large, "all", large.person_dn(f"u{n}")), 60,
            lambda d: len(d.groups["all"].members) == LARGE)
    print(f"memory with {LARGE} people in a group: {[m >> 20 for m in dirsyncd.memory()]} MiB now and at most")


# What is wrong with entries.

def test_a_group_that_cannot_be_used_is_one_warning(people, follow):  # noqa: F811
    add(people, group("team", dns(people, "alice")),
        entry(f"gidNumber=7,{GROUP_BASE}", "posixGroup extensibleObject", cn="\x07bell", gidNumber="7", memberUid="bob"),
        entry(group_dn("posix"), "posixGroup", cn="posix", gidNumber="1", memberUid=["a b", "@", "carol"]))
    dirsyncd = follow(people, **SHOWN)
    dirsyncd.until_in("team", "alice"), dirsyncd.until_in("posix", "carol")
    people.stop(), people.start()  # all is sent again
    add_member(people, "team", people.person_dn("bob"))
    dirsyncd.until_in("team", "alice bob")
    for dn, reason in ((f"gidNumber=7,{GROUP_BASE}", "no name by which"), (group_dn("posix"), "nobody can be called")):
        assert len(dirsyncd.log.find(f"entry-warning .*dn=\"?{dn}.*{reason}")) == 1

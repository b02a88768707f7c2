"""What administrators may do from their clients: Ad-Hoc Commands (XEP-0050), some of those of XEP-0133."""
import os
import re
import signal

import pytest

from directory_front import directory, make_directory  # noqa: F401 (fixtures)
from gate import Gate, configure
from im import is_presence
from suite import pause
from xmpp import CLIENT, body, condition

COMMANDS = "http://jabber.org/protocol/commands"
ADMIN = "http://jabber.org/protocol/admin"
INFO, ITEMS = "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items"
COMMAND, DATA = f"{{{COMMANDS}}}", "{jabber:x:data}"
OWN = ["get-disabled-users-num", "get-disabled-users-list", "disable-user", "reenable-user"]
NODES = ["get-online-users-num", "get-online-users-list", *OWN, "end-user-session", "get-user-lastlogin", "user-stats",
         "announce"]

pytestmark = pytest.mark.section("XEP-0133")


@pytest.fixture(scope="module")
def ruled(make_shared):
    """alice administers localhost."""
    return make_shared(settings={'domain "localhost".admins': ["alice@localhost"]})


@pytest.fixture
def alice(ruled, raw):
    return raw(ruled, "alice", "a")


def form(**fields):
    inner = "".join(f"<field var='{var}'>{''.join(f'<value>{v}</value>' for v in values)}</field>"
                    for var, values in fields.items())
    return f"<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>{ADMIN}</value></field>{inner}</x>"


def command(node, inner="", action=None, session=None):
    extra = "".join(f" {k}='{v}'" for k, v in (("action", action), ("sessionid", session)) if v)
    return f"<command xmlns='{COMMANDS}' node='{ADMIN}#{node}'{extra}>{inner}</command>"


def ask(stream, node, inner="", to="localhost", **how):
    """The answer to it: <command/>."""
    reply = stream.iq("set", command(node, inner, **how), to)
    assert reply.get("type") == "result", reply[0][0].tag
    return reply.find(COMMAND + "command")


def do(stream, node, **fields):
    """Both stages; {var: values} of the result."""
    asked = ask(stream, node)
    assert asked.get("status") == "executing"
    wanted = [f.get("var") for f in asked.iter(DATA + "field")]
    assert set(fields) <= set(wanted)
    answer = ask(stream, node, form(**fields), session=asked.get("sessionid"))
    assert (answer.get("status"), answer.get("sessionid")) == ("completed", asked.get("sessionid"))
    return values(answer)


def values(answer):
    found = {}
    for field in answer.iter(DATA + "field"):
        found.setdefault(field.get("var"), []).extend(v.text for v in field.iter(DATA + "value"))
    return found


def refusal(stream, node, inner="", to="localhost", **how):
    return condition(stream.iq("set", command(node, inner, **how), to))[1]


# Finding them.

@pytest.mark.section("XEP-0050", "XEP-0030 4")
def test_administrators_find_the_commands(alice):
    query = f"<query xmlns='{ITEMS}' node='{COMMANDS}'/>"
    found = list(alice.iq("get", query, "localhost").iter(f"{{{ITEMS}}}item"))
    assert [i.get("node") for i in found] == [f"{ADMIN}#{n}" for n in NODES]
    assert {i.get("jid") for i in found} == {"localhost"}
    for item in found:
        info = alice.iq("get", f"<query xmlns='{INFO}' node='{item.get('node')}'/>", "localhost")
        identity = info.find(f".//{{{INFO}}}identity")
        assert (identity.get("category"), identity.get("type")) == ("automation", "command-node")
        assert {f.get("var") for f in info.iter(f"{{{INFO}}}feature")} == {COMMANDS, "jabber:x:data"}
        assert identity.get("name") == item.get("name")


@pytest.mark.section("XEP-0050", "XEP-0115")
def test_they_are_advertised_to_administrators_and_to_nobody_else(ruled, raw, alice):
    def features(stream, node=""):
        reply = stream.iq("get", f"<query xmlns='{INFO}'{node}/>", "localhost")
        return {f.get("var") for f in reply.iter(f"{{{INFO}}}feature")}
    bob = raw(ruled, "bob")
    assert features(alice) - features(bob) == {COMMANDS}
    caps = alice.features.find("{http://jabber.org/protocol/caps}c")
    node = f" node='{caps.get('node')}#{caps.get('ver')}'"  # what has that hash is the same for all
    assert features(alice, node) == features(bob, node) == features(bob)


def is_forbidden(stream, to="localhost"):
    for child in (f"<query xmlns='{ITEMS}' node='{COMMANDS}'/>", f"<query xmlns='{INFO}' node='{COMMANDS}'/>",
                  f"<query xmlns='{INFO}' node='{ADMIN}#announce'/>"):
        assert condition(stream.iq("get", child, to))[1] == "forbidden"
    for node in NODES + ["no-such-command"]:
        assert refusal(stream, node, to=to) == "forbidden"


@pytest.mark.section("XEP-0050")
def test_whoever_is_no_administrator_is_forbidden(ruled, raw):
    is_forbidden(raw(ruled, "bob"))


def test_s22_an_administrator_elsewhere_is_none_here(make_suite, raw):
    """The domain counts, of both: alice of a.test administers a.test; of b.test, nothing."""
    suite = make_suite(domains=("a.test", "b.test"), accounts={"alice@a.test": "alice-1", "alice@b.test": "alice-1"},
                       settings={'domain "a.test".admins': ["alice@a.test"]})
    here, there = raw(suite, "alice", domain="a.test"), raw(suite, "alice", domain="b.test")
    assert ask(here, "get-online-users-num", to="a.test").get("status") == "completed"
    is_forbidden(here, "b.test"), is_forbidden(there, "a.test"), is_forbidden(there, "b.test")
    other = ask(here, "end-user-session", to="a.test")
    assert refusal(here, "end-user-session", form(accountjids=["alice@b.test"]), to="a.test",
                   session=other.get("sessionid")) == "bad-request"
    assert there.ping() is not None


def test_s22_a_component_is_none(make_suite):
    suite = configure(make_suite(start=False, settings={'domain "localhost".admins': ["admin@gate.localhost"]})).start()
    with Gate(suite) as gate:
        gate.send(f"<iq type='set' id='q' from='admin@{gate.domain}/r' to='localhost'>{command('announce')}</iq>")
        reply = gate.until(lambda e: e.get("id") == "q")
        assert "forbidden" in {c.tag.split("}")[1] for c in reply.iter()}


# Doing it.

def test_how_many_are_there_and_who(ruled, raw, alice):
    raw(ruled, "bob", "b", priority=None)
    assert values(ask(alice, "get-online-users-num"))["onlineusersnum"] == ["2"]
    assert sorted(do(alice, "get-online-users-list", max_items=["100"])["onlineuserjids"]) == [
        "alice@localhost", "bob@localhost"]


@pytest.mark.parametrize("most, n", [("25", 25), ("none", 30), ("31", 30)])
def test_the_list_has_as_many_as_are_wanted(make_suite, raw, most, n):
    users = {f"u{i}@localhost": "password-1" for i in range(30)}
    suite = make_suite(accounts=users, settings={'domain "localhost".admins': ["u0@localhost"]})
    streams = [raw(suite, f"u{i}") for i in range(30)]
    assert len(do(streams[0], "get-online-users-list", max_items=[most])["onlineuserjids"]) == n


def test_all_sessions_of_an_account_are_ended_or_one(ruled, raw, alice):
    one, two = raw(ruled, "bob", "one"), raw(ruled, "bob", "two")
    do(alice, "end-user-session", accountjids=["bob@localhost/one"])
    assert one.error() == "policy-violation"
    assert two.ping() is not None
    three = raw(ruled, "bob", "three")
    do(alice, "end-user-session", accountjids=["BOB@localhost", "nobody@localhost"])
    assert {two.error(), three.error()} == {"policy-violation"}


# Disabling.

@pytest.fixture
def rulers(make_suite, raw):
    """alice, who administers localhost; rulers.suite has dave and eve as well."""
    suite = make_suite(accounts={f"{user}@localhost": f"{user}-1" for user in ("alice", "bob", "dave", "eve")},
                       settings={'domain "localhost".admins': ["alice@localhost"]})
    alice = raw(suite, "alice", "a")
    alice.suite = suite
    return alice


def disabled(stream):
    """How many, and who."""
    found = do(stream, "get-disabled-users-list", max_items=["none"])
    return values(ask(stream, "get-disabled-users-num"))["disabledusersnum"], found.get("disableduserjids", [])


def test_accounts_are_disabled_and_enabled_again(rulers, raw):
    suite, bob = rulers.suite, raw(rulers.suite, "bob")
    assert disabled(rulers) == (["0"], [])
    do(rulers, "disable-user", accountjids=["BOB@localhost", "eve@localhost"])
    assert bob.error() == "not-authorized"
    assert disabled(rulers) == (["2"], ["bob@localhost", "eve@localhost"])
    states = {row["account"]: row["state"] for row in suite.rows("user", "list")}
    assert states == {"alice@localhost": "enabled", "bob@localhost": "disabled", "dave@localhost": "enabled",
                      "eve@localhost": "disabled"}
    stream = raw(suite).open().starttls()
    assert stream.scram("SCRAM-SHA-1", "bob", "bob-1") == "account-disabled"
    do(rulers, "reenable-user", accountjids=["bob@localhost"])
    assert disabled(rulers) == (["1"], ["eve@localhost"])
    raw(suite, "bob").ping()


def test_who_was_disabled_by_bulkheadctl_is_in_the_list_and_the_other_way_round(rulers):
    assert rulers.suite.ctl("user", "disable", "dave@localhost", "--reason", "why").returncode == 0
    assert disabled(rulers)[1] == ["dave@localhost"]
    do(rulers, "reenable-user", accountjids=["dave@localhost"])
    assert rulers.suite.rows("user", "show", "dave@localhost")[0]["state"] == "enabled"


def test_the_list_of_the_disabled_is_of_the_domain_and_as_long_as_is_wanted(make_suite, raw):
    suite = make_suite(domains=("a.test", "b.test"), settings={'domain "a.test".admins': ["alice@a.test"]},
                       accounts={f"{user}@{domain}": "password-1" for user in ("alice", *(f"u{i}" for i in range(30)))
                                 for domain in ("a.test", "b.test")})
    for domain in ("a.test", "b.test"):
        for i in range(28):
            assert suite.ctl("user", "disable", f"u{i}@{domain}").returncode == 0
    alice = raw(suite, "alice", domain="a.test")
    assert values(ask(alice, "get-disabled-users-num", to="a.test"))["disabledusersnum"] == ["28"]
    for most, n in (("25", 25), ("none", 28)):
        asked = ask(alice, "get-disabled-users-list", form(max_items=[most]), to="a.test")
        found = values(asked)["disableduserjids"]
        assert len(found) == n and all(jid.endswith("@a.test") for jid in found)


@pytest.mark.parametrize("accounts, text", [
    (["bob@localhost", "nobody@localhost"], "there is no such account"), (["bob@localhost", "alice@localhost"], "he uses"),
    (["bob@localhost", "x@elsewhere.example"], "only accounts of the domain"), ([], "an account is needed")])
def test_what_cannot_be_disabled_keeps_the_others_as_they_are(rulers, raw, accounts, text):
    bob = raw(rulers.suite, "bob")
    reply = rulers.iq("set", command("disable-user", form(accountjids=accounts)), "localhost")
    assert condition(reply)[1] == "bad-request"
    assert text in reply.find(CLIENT + "error").findtext("{urn:ietf:params:xml:ns:xmpp-stanzas}text")
    bob.ping()
    assert disabled(rulers) == (["0"], [])


def test_without_authd_it_is_an_error_and_nothing_is_done(rulers):
    suite, authd = rulers.suite, rulers.suite.pids("authd")["authd"]
    do(rulers, "get-user-lastlogin", accountjids=["bob@localhost"])  # he is in memory
    since = suite.log.mark()
    pause(authd)  # so that it has the question, and no answer
    for n, (node, inner) in enumerate([("get-disabled-users-num", ""), ("disable-user", form(accountjids=["bob@localhost"]))]):
        rulers.send(f"<iq type='set' id='q{n}' to='localhost'>{command(node, inner)}</iq>")
    rulers.ping()
    os.kill(authd, signal.SIGKILL)
    replies = [rulers.until(lambda e: e.get("id") in ("q0", "q1")) for _ in range(2)]
    assert {(e.get("id"), condition(e)[1]) for e in replies} == {
        ("q0", "internal-server-error"), ("q1", "internal-server-error")}
    suite.log.wait("authd router-connected", since)
    assert not suite.log.find("admin-command", since)
    assert disabled(rulers) == (["0"], [])


def test_a_directory_s_accounts_are_disabled_there(directory, raw):  # noqa: F811
    directory.put("Team", ["alice", "bob"], roles=["admin"])
    alice = raw(directory.suite, "alice", "a")
    items = alice.iq("get", f"<query xmlns='{ITEMS}' node='{COMMANDS}'/>", "localhost").iter(f"{{{ITEMS}}}item")
    assert [i.get("node").split("#")[1] for i in items] == [node for node in NODES if node not in OWN]
    for node in OWN:
        assert refusal(alice, node) == "item-not-found"
        info = alice.iq("get", f"<query xmlns='{INFO}' node='{ADMIN}#{node}'/>", "localhost")
        assert condition(info)[1] == "item-not-found"


def test_when_somebody_was_there(ruled, raw, alice):
    stamp = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    found = do(alice, "get-user-lastlogin", accountjids=["alice@localhost"])
    assert found["accountjids"] == ["alice@localhost"] and stamp.match(found["lastlogin"][0])
    bob = raw(ruled, "bob", "b")
    alice.send("<presence to='bob@localhost'/>")
    bob.until(is_presence(None, alice.jid))
    bob.send("<presence type='unavailable'/></stream:stream>")
    bob.closed()
    assert stamp.match(do(alice, "get-user-lastlogin", accountjids=["bob@localhost"])["lastlogin"][0])


def test_of_an_account_that_is_not_in_memory_it_is_read(make_suite, raw):
    suite = make_suite(settings={'domain "localhost".admins': ["alice@localhost"], "routerd.accounts_idle": 0,
                                 "routerd.account_idle": 0})
    alice = raw(suite, "alice")
    assert do(alice, "get-user-lastlogin", accountjids=["bob@localhost"])["lastlogin"] == []
    assert len(suite.log.find("admin-command")) == 1
    assert refusal(alice, "get-user-lastlogin", form(accountjids=["nobody@localhost"])) == "bad-request"


def test_what_is_known_of_an_account(directory, raw):  # noqa: F811
    directory.put("Team", ["alice", "bob", "carol"], roles=["admin"])
    alice, bob = raw(directory.suite, "alice", "a"), raw(directory.suite, "bob", "desk")
    bob.iq("set", "<query xmlns='jabber:iq:roster'><item jid='x@example.org'/></query>")
    bob.iq("set", "<query xmlns='jabber:iq:roster'><item jid='alice@localhost' name='Ally'/></query>")
    found = do(alice, "user-stats", accountjid=["bob@localhost"])
    assert found["ipaddresses"] == ["127.0.0.1"] and found["onlineresources"] == ["desk"]
    assert found["rostersize"] == ["3"]


def test_an_announcement_comes_to_all_who_are_online(ruled, raw, alice):
    bob, own = raw(ruled, "bob", "b"), raw(ruled, "alice", "own")
    away = raw(ruled, "bob", "away", priority=None)
    do(alice, "announce", announcement=["It is &lt;late&gt;.", "Go home."])
    for stream in (own, bob):
        message = stream.next_message()
        assert (message.get("from"), message.get("type"), message.get("to")) == ("localhost", "headline", stream.jid)
        assert body(message) == "It is <late>.\nGo home."
    assert not [e for e in away.ping() if e.tag == CLIENT + "message"]


# Stages, and what is wrong.

@pytest.mark.section("XEP-0050", "XEP-0004")
def test_a_command_that_asks_says_what_for(alice):
    asked = ask(alice, "end-user-session")
    actions = asked.find(COMMAND + "actions")
    assert [a.tag for a in actions] == [COMMAND + "complete"] and actions.get("execute") == "complete"
    x = asked.find(DATA + "x")
    assert x.get("type") == "form" and x.findtext(DATA + "title") == "End User Session"
    hidden, field = x.findall(DATA + "field")
    assert (hidden.get("var"), hidden.get("type"), hidden.findtext(DATA + "value")) == ("FORM_TYPE", "hidden", ADMIN)
    assert (field.get("var"), field.get("type")) == ("accountjids", "jid-multi")
    assert field.find(DATA + "required") is not None


@pytest.mark.section("XEP-0050")
def test_a_command_may_be_cancelled(alice):
    asked = ask(alice, "announce")
    ended = ask(alice, "announce", action="cancel", session=asked.get("sessionid"))
    assert (ended.get("status"), ended.get("sessionid")) == ("canceled", asked.get("sessionid"))


def detail(stream, *arguments, **how):
    reply = stream.iq("set", command(*arguments, **how), "localhost")
    return condition(reply)[1], [c.tag.split("}")[1] for c in reply.find(CLIENT + "error") if c.tag.startswith(COMMAND)]


@pytest.mark.section("XEP-0050")
@pytest.mark.parametrize("node, inner, action, expected", [
    ("no-such", "", None, ("item-not-found", [])),
    ("announce", "", "next", ("bad-request", ["bad-action"])),
    ("announce", "", "prev", ("bad-request", ["bad-action"])),
    ("announce", "", "dance", ("bad-request", ["malformed-action"])),
    ("announce", form(), None, ("bad-request", ["bad-payload"])),
    ("announce", form(announcement=["x" * 16385]), None, ("bad-request", ["bad-payload"])),
    ("end-user-session", form(), None, ("bad-request", ["bad-payload"])),
    ("end-user-session", form(accountjids=["bob@localhost", "a b@localhost"]), None, ("bad-request", ["bad-payload"])),
    ("end-user-session", form(accountjids=["localhost"]), None, ("bad-request", ["bad-payload"])),
    ("end-user-session", form(accountjids=["bob@elsewhere.example"]), None, ("bad-request", ["bad-payload"])),
    ("end-user-session", form(accountjids=[f"u{n}@localhost" for n in range(101)]), None,
     ("bad-request", ["bad-payload"])),
    ("user-stats", form(accountjid=["nobody@localhost"]), None, ("bad-request", ["bad-payload"])),
    ("get-online-users-list", form(max_items=["many"]), None, ("bad-request", ["bad-payload"])),
], ids=lambda v: v[:20] if isinstance(v, str) else None)
def test_what_is_wrong_is_said_and_nothing_is_done(ruled, raw, alice, node, inner, action, expected):
    bob = raw(ruled, "bob")
    mark = ruled.log.mark()
    assert detail(alice, node, inner, action) == expected
    assert bob.ping() is not None
    assert not ruled.log.find("admin-command", mark)


def test_what_was_done_is_logged_once_with_who_did_it(ruled, alice):
    mark = ruled.log.mark()
    do(alice, "end-user-session", accountjids=["nobody@localhost/x"])
    ruled.log.wait("admin-command", since=mark)
    [line] = ruled.log.find("admin-command", mark)
    assert "admin=alice@localhost/a " in line and 'command="End User Session"' in line
    assert "about=nobody@localhost/x" in line


# Who is one.

def test_a_role_comes_and_goes_with_the_group(directory, raw):  # noqa: F811
    alice = raw(directory.suite, "alice")
    is_forbidden(alice)
    directory.put("Admins", ["alice"], show="nobody", roles=["admin"])
    assert ask(alice, "get-online-users-num").get("status") == "completed"
    directory.change("Admins", ["bob"])
    is_forbidden(alice)
    directory.change("Admins", ["alice"], roles=["federation"])
    is_forbidden(alice)
    directory.change("Admins", ["alice"], roles=["admin", "federation"])
    assert ask(alice, "get-online-users-num").get("status") == "completed"
    directory.remove("Admins")
    is_forbidden(alice)


def test_a_reload_makes_administrators_and_unmakes_them(make_suite, raw):
    suite = make_suite()
    alice = raw(suite, "alice")
    is_forbidden(alice)
    for admins, allowed in ((["alice@localhost"], True), (["bob@localhost"], False)):
        suite.edit(**{'domain "localhost".admins': admins})
        mark = suite.log.mark()
        suite.reload()
        suite.log.wait("routerd reloaded", since=mark)
        if allowed:
            assert ask(alice, "get-online-users-num").get("status") == "completed"
        else:
            is_forbidden(alice)

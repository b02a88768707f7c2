"""bulkheadctl check ldap: a directory is tried before it is used, and each wrong setting is one line that says what to
change."""
import base64
import json
import re
import socket

import pytest

import certificates
import conf
from slapd import ADMIN, ADMIN_PASSWORD, BASE, PEOPLE, READER, make_slapd, slapd  # noqa: F401 (fixtures)
from suite import BIN, free_port, run

GROUPS = f"ou=groups,{BASE}"
DOMAIN = {'domain "localhost".certificate': "a.crt", 'domain "localhost".key': "a.key"}


@pytest.fixture
def check(tmp_path):
    """check(directory, section=..., **settings) -> what bulkheadctl finds."""
    def make(directory, more=None, arguments=(), **settings):
        top = conf.Section()
        for path, value in {**DOMAIN, **directory.settings(**settings), **(more or {})}.items():
            top.set(path, value)
        return look(tmp_path, top, *arguments)
    return make


class Found:
    def __init__(self, json_run, plain_run):
        self.code, self.rows = json_run.returncode, json.loads(json_run.stdout or "[]")
        self.text, self.plain, self.error = plain_run.stdout, plain_run, plain_run.stderr

    def of(self, what):
        return [(row["result"], row["text"]) for row in self.rows if row["check"] == what]

    def bad(self):
        return [(row["check"], row["result"], row["text"]) for row in self.rows if row["result"] != "ok"]


def look(folder, top, *arguments):
    file = folder / "bulkhead.conf"
    file.write_text(top.text() + "\n")
    return Found(run(BIN / "bulkheadctl", "-c", file, "--json", "check", "ldap", *arguments),
                 run(BIN / "bulkheadctl", "-c", file, "check", "ldap", *arguments))


def group(slapd, name, members, kind="groupOfNames", attribute="member"):  # noqa: F811
    slapd.tool("ldapadd", input=f"dn: cn={name},{GROUPS}\nobjectClass: {kind}\ncn: {name}\n"
               + "".join(f"{attribute}: {m}\n" for m in members))


@pytest.fixture
def good(slapd):  # noqa: F811
    slapd.add("alice", mail="alice@example.org"), slapd.add("bob", mail="bob@example.org")
    group(slapd, "Staff", [slapd.person_dn("alice")])
    return slapd


def test_all_is_well(good, check):
    found = check(good, group_base=GROUPS, profile=["FN=displayName|cn", "EMAIL/USERID=mail", "ORG/ORGNAME='Example'"],
                  more={'group "staff".show': "everybody"})
    assert found.code == 0 and [r for _, r, _ in found.bad()] == ["warning"]  # displayName
    checks = [row["check"] for row in found.rows]
    assert checks == ["connect", "certificate", "bind", "follow", "passwords", "base", "entries", "user_attribute", "lock",
                      "profile", "profile", "group_base", "groups"]
    assert found.of("bind") == [("ok", f"as {READER}")] and found.of("base") == [("ok", PEOPLE)]
    assert found.of("entries") == [("ok", "2 of (objectClass=inetOrgPerson)")]
    assert found.of("groups")[0][1].startswith("1 of (|")
    assert "CN=slapd" in found.of("certificate")[0][1]
    assert found.text.splitlines()[-1] == "all checks passed, with 1 warning: see above"
    assert found.text.splitlines()[0].split() == ["DIRECTORY", "SERVER", "CHECK", "RESULT", "TEXT"]


def test_nothing_else_is_said(good, check):
    found = check(good)
    assert found.code == 0 and found.bad() == []
    assert found.text.splitlines()[-1] == "all checks passed" and not found.error
    quiet = check(good, arguments=["-q"])
    assert quiet.code == 0 and quiet.text == "" and quiet.rows == []


def closed():
    return f"ldaps://127.0.0.1:{free_port()}"


# The kind of row, what it says, and the settings that make it.
WRONG = {
    "no such host": ("connect", "ldap.invalid: Name or service not known.*correct servers",
                     {"servers": ["ldaps://ldap.invalid"]}),
    "nobody listens": ("connect", "Connection refused", {"servers": [closed()]}),
    "an unknown authority": ("certificate", "no authority that is trusted here has issued it.*CN=slapd.*ca",
                             {"ca": "{other}"}),
    "another authority of that name": ("certificate", "signed with another key.*CN=slapd.*ca", {"ca": "{same}"}),
    "a file that is no authority": ("certificate", "correct ca", {"ca": "{nothing}"}),
    "no TLS there": ("certificate", "no TLS handshake.*port", {"servers": ["ldaps://127.0.0.1:{plain}"]}),
    "a wrong password": ("bind", f"Invalid credentials, as {READER}: correct bind_dn, or the password in the file",
                         {"bind_password": "{wrong}"}),
    "a wrong account": ("bind", "cn=nobody.*correct bind_dn", {"bind_dn": f"cn=nobody,{BASE}"}),
    "no name at all": ("bind", "Invalid DN syntax, as nobody: correct bind_dn", {"bind_dn": "nobody"}),
    "no such base": ("base", "no entry ou=nowhere.*correct base", {"base": f"ou=nowhere,{BASE}"}),
    "a base that is no name": ("base", "correct base", {"base": "nowhere"}),
    "a filter that finds nobody": ("entries", r"finds none.*\(objectClass=device\)", {"filter": "(objectClass=device)"}),
    "a filter that is none": ("entries", "filter", {"filter": "(objectClass=inetOrgPerson"}),
    "another attribute": ("user_attribute", "no entry has roomNumber", {"user_attribute": "roomNumber"}),
    "keys that may not be read": ("scram", "may not read userPassword|no entry has a SCRAM key", {"scram": "true"}),
    "no base of groups": ("group_base", "no entry ou=nowhere.*correct group_base", {"group_base": f"ou=nowhere,{BASE}"}),
    "groups that are none": ("groups", "finds none.*group_filter", {"group_base": PEOPLE}),
    "groups without a name": ("groups", "no group has displayName.*group_name",
                              {"group_base": GROUPS, "group_name": "displayName"}),
    "groups without members": ("groups", "no group of 2 has members", {
        "group_base": BASE, "group_filter": "(objectClass=organizationalUnit)", "group_name": "ou"}),
    "another schema": ("entries", "finds none", {"schema": "ad"}),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_setting_is_one_line(good, check, tmp_path, kind):
    what, text, settings = WRONG[kind]
    same = certificates.Authority(tmp_path / "same")
    (tmp_path / "nothing").write_text("nothing\n")
    (tmp_path / "wrong").write_text("wrong\n")
    places = {"other": certificates.write(tmp_path, "other.example")[0], "same": same.file, "nothing": tmp_path / "nothing", "wrong": tmp_path / "wrong", "plain": good.port}

    def fill(value):
        return [fill(v) for v in value] if isinstance(value, list) else re.sub(
            r"\{(\w+)\}", lambda m: str(places[m.group(1)]), value)
    found = check(good, **{name: fill(value) for name, value in settings.items()})
    assert found.code == 2
    problems = [(c, t) for c, result, t in found.bad() if result == "problem"]
    assert len(problems) == 1 and problems[0][0] == what and re.search(text, problems[0][1]), found.rows
    assert "\n" not in problems[0][1] and problems[0][1] in found.text
    assert found.text.splitlines()[-1].startswith("1 problem and ") and found.plain.returncode == 2


@pytest.mark.parametrize("how, text", [
    ({"tls_days": -1}, "it has expired on 20"),
    ({"names": ("ldap.example.org", "192.0.2.1")}, "it does not name 127.0.0.1, but ldap.example.org, 192.0.2.1")])
@pytest.mark.parametrize("url", ["ldaps://127.0.0.1:{tls}", "ldap://127.0.0.1:{plain}"])
def test_what_is_wrong_with_a_certificate_is_said_in_words(make_slapd, check, how, text, url):  # noqa: F811
    server = make_slapd(**how).start()
    found = check(server, servers=[url.format(tls=server.tls_port, plain=server.port)])
    assert found.code == 2 and len(found.bad()) == 1
    assert text in found.of("certificate")[0][1] and found.of("bind") == []


def test_localhost_is_a_name_that_a_certificate_cannot_have(make_slapd, check):  # noqa: F811
    server = make_slapd(names=("localhost",)).start()
    found = check(server, servers=[f"ldaps://localhost:{server.tls_port}"])
    assert found.code == 2 and "write that, or 127.0.0.1, in servers" in found.of("bind")[0][1]


def test_a_certificate_that_ends_soon_is_a_warning(make_slapd, check):  # noqa: F811
    server = make_slapd(tls_days=3).start()
    server.add("alice")
    found = check(server)
    assert found.code == 0 and [(c, r) for c, r, _ in found.bad()] == [("certificate", "warning")]
    assert re.match("it expires in [23] days", found.of("certificate")[0][1])


def test_each_server_is_tried(good, check):
    found = check(good, servers=[closed(), f"ldaps://127.0.0.1:{good.tls_port}"])
    assert found.code == 2 and len({row["server"] for row in found.rows}) == 2
    assert [r for r, _ in found.of("connect")] == ["problem", "ok"] and len(found.of("base")) == 1


def test_one_that_says_nothing_costs_its_time_limit(good, check):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        found = check(good, servers=[f"ldaps://127.0.0.1:{port}", f"ldap://127.0.0.1:{port}"], timeout=1)
    assert found.code == 2
    assert [(c, r) for c, r, _ in found.bad()] == [("certificate", "problem"), ("connect", "problem")]


def test_passwords_in_the_clear_are_a_warning(good, check):
    found = check(good, servers=[f"ldap://127.0.0.1:{good.port}"], start_tls="false", insecure="true")
    assert found.code == 0
    assert [(c, r) for c, r, _ in found.bad()] == [("certificate", "warning")]
    refused = check(good, servers=[f"ldap://127.0.0.1:{good.port}"], start_tls="false")
    assert refused.code == 2 and "in the clear" in refused.of("settings")[0][1]


def test_what_the_server_cannot_do(make_slapd, check):  # noqa: F811
    server = make_slapd(leave_out=["syncprov", "ppolicy", "pwdPolicy"])
    tree = server.person("alice")
    server.start()
    server.tool("ldapadd", input=tree)
    found = check(server)
    assert found.code == 0
    assert [(c, r) for c, r, _ in found.bad()] == [("follow", "warning"), ("passwords", "warning"), ("lock", "warning")]
    assert "syncprov" in found.of("follow")[0][1] and "pwdAccountLockedTime" in found.of("lock")[0][1]
    found = check(server, follow="sync")
    assert found.code == 2 and found.of("follow")[0][0] == "problem"
    found = check(server, follow="poll")
    assert found.of("follow") == [("ok", "it is asked for changes every 30 s")]


def test_the_change_of_passwords_is_looked_for_where_it_is_wanted(good, check):
    assert check(good, password_change="true").of("password_change")[0][0] == "ok"
    assert check(good).of("password_change") == []


def test_a_limit_of_the_server_s_is_found(make_slapd, check):  # noqa: F811
    server = make_slapd(leave_out=["limits"])
    server.load("".join(server.person(f"user{n}") for n in range(700)))
    server.start()
    found = check(server)
    assert found.code == 2 and re.search("(?i)size limit.*500 entries", found.of("entries")[0][1])


def test_a_thousand_entries_are_enough(make_slapd, check):  # noqa: F811
    server = make_slapd()
    server.load("".join(server.person(f"user{n}") for n in range(1200)))
    found = check(server.start())
    assert found.code == 0 and found.of("entries")[0][1].startswith("1000 or more of")


def hide(server, attribute):
    """From everybody but who tries a password."""
    config = server.dir / "slapd.conf"
    config.write_text(config.read_text().replace("access to ", f"access to attrs={attribute} by anonymous auth by * none\n"
                                                 "access to ", 1))
    server.stop()
    server.start()


def test_locks_that_may_not_be_read_are_a_problem(good, check):
    """A directory that shows the names and nothing else: nobody would be noticed who is locked."""
    hide(good, "pwdAccountLockedTime")
    found = check(good)
    assert found.code == 2 and found.of("lock")[0][0] == "problem"
    assert "may not read pwdAccountLockedTime" in found.of("lock")[0][1]


def test_who_is_locked_is_counted(good, check):
    good.modify("alice", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    assert check(good).of("lock") == [("ok", "pwdAccountLockedTime, which 1 have")]


def test_names_that_can_be_no_account(good, check):
    good.add("a b"), good.add("a@b")
    good.tool("ldapadd", input=f"dn: cn=nameless,{PEOPLE}\nobjectClass: inetOrgPerson\ncn: nameless\nsn: x\n")
    found = check(good)
    assert found.code == 0
    assert [r for r, _ in found.of("user_attribute")] == ["warning", "warning"]
    nameless, bad = (text for _, text in found.of("user_attribute"))
    assert nameless.startswith("1 without uid") and f"cn=nameless,{PEOPLE}" in nameless
    assert bad.startswith("2 cannot be an address") and '"a b"' in bad


def test_two_entries_that_would_be_one_account(good, check):
    dn = base64.b64encode(f"cn=Alice,{PEOPLE}".encode()).decode()
    good.tool("ldapadd", input=f"dn:: {dn}\nobjectClass: inetOrgPerson\ncn: Alice\nsn: x\nuid: ALICE\n")
    found = check(good)
    assert found.code == 2
    text = found.of("user_attribute")[1][1]
    assert '"alice"' in text and f"uid=alice,{PEOPLE}" in text and f"cn=Alice,{PEOPLE}" in text


def test_keys_are_counted(good, check):
    key = "{SCRAM-SHA-256}4096$c2FsdA==$aaaa:bbbb"
    good.add("carol", password=key)
    bind = good.dir / "admin"
    bind.write_text(ADMIN_PASSWORD)
    found = check(good, scram="true", bind_dn=ADMIN, bind_password=bind)
    assert found.of("scram") == [("ok", "1 of 3 have SCRAM keys")]


def test_keys_that_may_not_be_read_are_a_problem(good, check):
    hide(good, "userPassword")
    text = check(good, scram="true").of("scram")
    assert text[0][0] == "problem" and "no entry has a SCRAM key that" in text[0][1]


def test_attributes_that_nobody_has_are_a_warning(good, check):
    found = check(good, profile=["FN=cn", "TEL/WORK/NUMBER=telephoneNumber|mobile", "TITLE='x'"])
    assert found.code == 0
    assert [t.split(" has ")[1].split()[0] for _, r, t in found.bad() if r == "warning"] == ["telephoneNumber", "mobile"]


@pytest.mark.parametrize("sections, missing", [
    ({'group "STAFF".show': "everybody"}, []),
    ({f'group "cn=staff, {GROUPS}".show': "everybody"}, []),
    ({'group "Stuff".show': "everybody"}, ["Stuff"]),
    ({'group "Stuff".directory': "main"}, ["Stuff"]),
    ({'group "Staff".show': "groups", 'group "Staff".show_to': ["Boss"]}, ["Boss"])])
def test_groups_that_the_configuration_names_are_looked_for(good, check, sections, missing):
    found = check(good, group_base=GROUPS, more=sections)
    assert found.code == (2 if missing else 0)
    assert [re.search('no group "(.*?)"', t).group(1) for _, t in found.of("group")] == missing
    useless = check(good, more=sections)
    assert useless.code == 2 and "set group_base" in useless.of("group")[0][1]


def test_groups_of_user_names_count_as_well(good, check):
    good.tool("ldapadd", input=f"dn: cn=unix,{GROUPS}\nobjectClass: posixGroup\ncn: unix\ngidNumber: 1\nmemberUid: bob\n")
    found = check(good, group_base=GROUPS, more={'group "Unix".show': "members"})
    assert found.code == 0 and found.of("groups")[0][1].endswith("2 with members")


def test_where_members_are_names_of_entries_user_names_are_no_groups(good, check):
    good.tool("ldapadd", input=f"dn: cn=unix,{GROUPS}\nobjectClass: posixGroup\ncn: unix\ngidNumber: 1\nmemberUid: bob\n")
    found = check(good, schema="openldap-rfc2307bis", group_base=GROUPS)
    assert found.code == 0 and found.of("groups")[0][1].startswith("1 of (|")


# What is asked.

def test_one_of_several_directories(good, make_slapd, check):  # noqa: F811
    more = {'directory "other".servers': [closed()], 'directory "other".bind': "anonymous",
            'directory "other".base': BASE}
    assert check(good, more=more).code == 2
    assert check(good, more=more, arguments=["main"]).code == 0
    found = check(good, more=more, arguments=["third"])
    assert found.plain.returncode == 5 and 'no directory "third"' in found.error


def test_without_a_directory_there_is_nothing_to_check(tmp_path):
    top = conf.Section()
    for path, value in DOMAIN.items():
        top.set(path, value)
    found = look(tmp_path, top)
    assert found.plain.returncode == 5 and "no directory" in found.error


def test_a_configuration_that_is_wrong_is_78(tmp_path):
    file = tmp_path / "bulkhead.conf"
    file.write_text("nonsense\n")
    assert run(BIN / "bulkheadctl", "-c", file, "check", "ldap").returncode == 78


def test_the_password_is_never_shown(good, check):
    found = check(good)
    assert "reader-1" not in found.text + found.error + json.dumps(found.rows)

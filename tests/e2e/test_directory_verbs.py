"""What bulkheadctl shows and does with a directory that is followed."""
import json
import os
import re
import signal
import socket
import subprocess

import pytest

from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import BIN, eventually, free_port, pause
from test_directory_login import log_in, start  # noqa: F401 (a fixture)
from test_directory_sync import disable, followed, stays  # noqa: F401 (a fixture)

FILTER = "(&(objectClass=inetOrgPerson)(uid={}))"


def status(suite):
    [row] = suite.rows("ldap", "status")
    return row


def becomes(suite, **wanted):
    """The status is that, in the end."""
    eventually(lambda: wanted.items() <= status(suite).items(), f"{wanted} in {status(suite)}")
    return status(suite)


def steps(suite, who):
    done = suite.ctl("ldap", "test", who, "--json")
    return json.loads(done.stdout) if done.stdout else [], done


def explained(suite, who):
    return [(row["key"], row["value"]) for row in suite.rows("ldap", "explain", who)]


def differences(suite, *directory):
    return sorted((row["account"], row["what"]) for row in suite.rows("ldap", "diff", *directory))


# Status.

def test_the_status_of_one_that_is_followed(slapd, followed):  # noqa: F811
    row = becomes(followed, state="following")
    assert row["directory"] == "main" and row["part"] == "people"
    assert row["server"] == f"ldaps://127.0.0.1:{slapd.tls_port}"
    assert (row["entries"], row["held"], row["why"]) == ("2", "0", "")
    slapd.add("carol")
    row = becomes(followed, entries="3")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["since"])
    assert int(row["lag"]) < 5000


def test_the_status_of_one_that_is_away(slapd, followed):  # noqa: F811
    slapd.kill()
    row = becomes(followed, state="lost")
    assert f"127.0.0.1 port {slapd.tls_port}" in row["why"] or "synchronise" in row["why"]
    first = int(row["lag"])
    eventually(lambda: int(status(followed)["lag"]) > first, "that it grows old")
    slapd.start()
    assert becomes(followed, state="following")["why"] == ""


def test_the_status_of_one_that_is_polled(slapd, start):  # noqa: F811
    suite = start(slapd.add("alice"), follow="poll", poll=3600)
    assert becomes(suite, state="polling")["entries"] == "1"


def test_what_is_counted(slapd, followed):  # noqa: F811
    counted = followed.counters("dirsyncd")
    assert counted['directory_accounts{directory="main"}'] == 2 and counted['directory_held{directory="main"}'] == 0
    slapd.delete("alice")
    assert followed.alice.error() == "not-authorized"
    counted = followed.counters("dirsyncd")
    assert counted['directory_accounts{directory="main"}'] == 1 and counted["directory_revoked"] == 1
    assert counted['ldap_sync_lag_seconds{directory="main"}'] < 5 and counted["directory_lost"] == 0


# Synchronisation.

def test_one_that_is_polled_is_asked_at_once(slapd, start):  # noqa: F811
    suite = start(slapd.add("alice"), follow="poll", poll=3600)
    becomes(suite, state="polling", entries="1")
    slapd.add("bob")
    assert suite.ctl("ldap", "sync").returncode == 0
    becomes(suite, entries="2")
    slapd.delete("bob")
    assert suite.ctl("ldap", "sync", "main", "--full").returncode == 0
    becomes(suite, entries="1")


def test_all_is_read_anew(slapd, followed):  # noqa: F811
    mark = followed.log.mark()
    assert followed.ctl("ldap", "sync", "--full").returncode == 0
    followed.log.wait("directory-followed .*accounts=2 gone=0", since=mark)
    stays(followed.alice)
    slapd.delete("alice")
    assert followed.alice.error() == "not-authorized"


def test_a_directory_that_there_is_not(followed):  # noqa: F811
    for command in (("ldap", "sync", "other"), ("ldap", "diff", "other")):
        done = followed.ctl(*command)
        assert done.returncode == 5 and "other: there is no directory of that name" in done.stderr, done.stderr


def test_the_brake_is_seen_and_let_go(make_slapd, start):  # noqa: F811
    server = make_slapd().fill(30).start()
    suite = start(server)
    becomes(suite, state="following", entries="30")
    gone, stayed = log_in(suite, "user7"), log_in(suite, "user20")
    with server.unseen():
        for i in range(15):
            server.delete(f"user{i}")
    row = becomes(suite, state="braked", entries="30", held="15")
    assert "ldap sync --accept" in row["why"]
    assert ("user7@localhost", "is held by the brake: removed") in differences(suite)
    states = {row["account"]: row["state"] for row in suite.rows("user", "list", "localhost")}
    assert states["user7@localhost"] == "held" and states["user20@localhost"] == "enabled"
    stays(gone)
    done = suite.ctl("ldap", "sync", "--accept")
    assert done.returncode == 0 and "15 accounts were held" in done.stdout
    assert gone.error() == "not-authorized"
    stays(stayed)
    released = 'directory-brake-released .*reason="an administrator has accepted it"'
    suite.log.wait(released)
    assert len(suite.log.find(released)) == 1
    becomes(suite, state="following", entries="15", held="0")
    assert differences(suite) == []


# Accounts.

def test_accounts_are_listed_in_order(slapd, followed):  # noqa: F811
    slapd.add("carol").add("abe")
    disable(slapd, "bob")
    becomes(followed, entries="4")
    rows = eventually(lambda: [r for r in followed.rows("user", "list", "localhost")
                               if "disabled" in str(followed.rows("user", "list", "localhost"))], "bob, disabled")
    assert [(r["account"], r["state"]) for r in rows] == [
        ("abe@localhost", "enabled"), ("alice@localhost", "enabled"), ("bob@localhost", "disabled"),
        ("carol@localhost", "enabled")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", r["created"]) for r in rows)


def test_accounts_of_a_domain_that_is_in_no_directory(followed):  # noqa: F811
    assert followed.rows("user", "list", "LOCALHOST")
    done = followed.ctl("ldap", "test", "alice@elsewhere.example")
    assert done.returncode == 5 and "accounts of that domain are in no directory" in done.stderr


def test_ten_thousand_are_listed(make_slapd, start):  # noqa: F811
    suite = start(make_slapd().fill(10000).start())
    becomes(suite, state="following", entries="10000")
    rows = suite.rows("user", "list", "localhost")
    assert len(rows) == 10000 and rows == sorted(rows, key=lambda r: r["account"].split("@")[0])
    assert differences(suite) == []


# Test and explanation.

def test_a_test_shows_each_step(slapd, followed):  # noqa: F811
    rows, done = steps(followed, "alice@localhost")
    server = f"ldaps://127.0.0.1:{slapd.tls_port}: "
    found = [(row["step"], row["result"]) for row in rows]
    assert found[:3] == [(server + step, "ok") for step in ("connect", "TLS", "bind")]
    assert ("filter", FILTER.format("alice")) in found
    assert ("found", "1 entry") in found
    assert ("entry", "uid=alice,ou=people,dc=example") in found
    assert ("uid", "alice") in found and ("enabled", "yes") in found
    assert found[-1][0] == "known here" and found[-1][1].endswith(", enabled")
    assert done.returncode == 0
    assert all(float(row["milliseconds"]) < 5000 for row in rows[:-1])


def test_a_test_of_somebody_who_is_disabled(slapd, followed):  # noqa: F811
    disable(slapd, "alice")
    assert followed.alice.error() == "not-authorized"
    rows, done = steps(followed, "alice@localhost")
    found = [(row["step"], row["result"]) for row in rows]
    assert ("pwdAccountLockedTime", "000001010000Z") in found and ("enabled", "no") in found
    assert done.returncode == 1 and "it is disabled there" in done.stderr


def test_a_test_of_nobody(followed):  # noqa: F811
    rows, done = steps(followed, "nobody@localhost")
    assert ("found", "0 entries") in [(row["step"], row["result"]) for row in rows]
    assert done.returncode == 5 and "no entry there is that account" in done.stderr


@pytest.mark.parametrize("name, sent", [("a*b", "a\\2ab"), ("a)(uid=*", "a\\29\\28uid\\3d\\2a")])
def test_s23_a_name_is_nothing_but_a_name(followed, name, sent):  # noqa: F811
    assert ("filter", FILTER.format(sent)) in explained(followed, f"{name}@localhost")


def test_a_test_says_which_server_is_wrong(slapd, start):  # noqa: F811
    slapd.add("alice")
    dead = free_port()
    suite = start(slapd, servers=[f"ldaps://127.0.0.1:{dead}", f"ldaps://127.0.0.1:{slapd.tls_port}"])
    rows, done = steps(suite, "alice@localhost")
    assert rows[0]["step"] == f"ldaps://127.0.0.1:{dead}: connect" and "refused" in rows[0]["result"]
    assert ("found", "1 entry") in [(row["step"], row["result"]) for row in rows]
    slapd.kill()
    rows, done = steps(suite, "alice@localhost")
    assert done.returncode == 75 and "no server answers as it should" in done.stderr


def test_a_question_waits_on_no_loop(slapd, start):  # noqa: F811
    """A directory that says nothing: while it is being asked, others get their answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        suite = start(slapd, servers=[f"ldaps://127.0.0.1:{silent.getsockname()[1]}"], timeout=4)
        waiting = [subprocess.Popen([BIN / "bulkheadctl", "-d", suite.home, "ldap", "test", f"user{i}@localhost"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for i in range(3)]
        eventually(lambda: status(suite)["state"] in ("reading", "lost"), "an answer")
        assert all(process.poll() is None for process in waiting)
        for process in waiting:
            process.communicate(timeout=60)
            assert process.returncode == 75


def test_an_explanation(slapd, followed):  # noqa: F811
    pairs = explained(followed, "alice@localhost")
    for pair in [("directory", "main"), ("base", "ou=people,dc=example"), ("filter", FILTER.format("alice")),
                 ("entries", "1"), ("entry", "uid=alice,ou=people,dc=example"), ("uid", "alice"),
                 ("pwdAccountLockedTime", "-"), ("so", "it may log in")]:
        assert pair in pairs, pairs
    assert dict(pairs)["known here"].endswith(", enabled")


def test_an_explanation_of_two_entries(slapd, followed):  # noqa: F811
    more = "ou=more,ou=people,dc=example"
    slapd.tool("ldapadd", input=f"dn: {more}\nobjectClass: organizationalUnit\nou: more\n\n"
               + slapd.person("alice", below=more))
    pairs = explained(followed, "alice@localhost")
    assert {v for k, v in pairs if k == "entry"} == {"uid=alice,ou=people,dc=example", f"uid=alice,{more}"}
    assert ("so", "more than one entry has that name: nobody can log in") in pairs


# Differences.

def test_differences_while_nobody_follows(slapd, start):  # noqa: F811
    """Polled so seldom that what changes is not known yet."""
    suite = start(slapd.add("alice").add("bob").add("carol").add("dora"), follow="poll", poll=3600)
    becomes(suite, state="polling", entries="4")
    assert differences(suite) == []
    slapd.delete("alice")
    disable(slapd, "bob")
    slapd.tool("ldapmodrdn", "-r", slapd.person_dn("carol"), "uid=caroline")
    slapd.add("eve")
    assert differences(suite, "main") == [
        ("alice@localhost", "is not there"), ("bob@localhost", "is disabled there"),
        ("carol@localhost", "is called caroline there"), ("eve@localhost", "is not known here")]
    assert differences(suite) == differences(suite, "main")


def test_differences_of_two_directories(make_slapd, make_suite):  # noqa: F811
    one, two = make_slapd().start().add("alice"), make_slapd().start().add("bob")
    settings = {**one.settings("localhost"),
                **{key.replace('"main"', '"second"'): "second" if value == "main" else value
                   for key, value in two.settings("second.example").items()}}
    suite = make_suite(domains=["localhost", "second.example"], accounts={}, settings={
        **settings, 'directory "main".follow': "poll", 'directory "main".poll': 3600,
        'directory "second".follow': "poll", 'directory "second".poll': 3600})
    eventually(lambda: [r["state"] for r in suite.rows("ldap", "status")] == ["polling"] * 2, "both")
    one.delete("alice"), two.delete("bob")
    assert differences(suite) == [("alice@localhost", "is not there"), ("bob@second.example", "is not there")]
    assert differences(suite, "second") == [("bob@second.example", "is not there")]


def test_dirsyncd_ends_while_it_asks(slapd, followed):  # noqa: F811
    pause(slapd.process.pid)
    asking = subprocess.Popen([BIN / "bulkheadctl", "-d", followed.home, "ldap", "diff"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
    mark = followed.log.mark()
    followed.ctl("restart", "dirsyncd")
    os.kill(slapd.process.pid, signal.SIGCONT)
    followed.log.wait("peer-joined peer=dirsyncd", since=mark)
    asking.communicate(timeout=60)
    becomes(followed, state="following", entries="2")

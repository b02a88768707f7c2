"""Logging in to accounts that a directory holds: OpenLDAP's slapd."""
import os
import signal
import socket
import time

import pytest

import scram
from client import Client
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import free_port, pause
from xmpp import SASL, Raw


@pytest.fixture
def start(make_suite):
    """start(slapd, **settings of the directory) -> a suite whose domain it holds."""
    def run(directory, settings=None, **more):
        return make_suite(accounts={}, settings={**directory.settings(**more), **(settings or {})})
    return run


def attempt(suite, user, password, address=None):
    """The outcome of PLAIN: "success", or the condition."""
    stream = Raw(suite.address)
    try:
        stream.open()
        stream.starttls()
        stream.auth("PLAIN", scram.plain(user, password))
        element = stream.next(30)
        return "success" if element.tag == SASL + "success" else element[0].tag.split("}")[1]
    finally:
        stream.close()


def log_in(suite, user, resource="r"):
    stream = Raw(suite.address)
    stream.open()
    stream.starttls()
    stream.auth("PLAIN", scram.plain(user, "secret-1"))
    assert stream.verdict() == "success"
    return stream.open().bind(resource)


def test_who_is_in_the_directory_can_log_in(slapd, start):  # noqa: F811
    slapd.add("alice", "wonderland-1")
    suite = start(slapd)
    assert attempt(suite, "alice", "wonderland-1") == "success"
    assert attempt(suite, "alice", "looking-glass") == "not-authorized"
    assert attempt(suite, "bob", "wonderland-1") == "not-authorized"
    slapd.add("bob", "builder-1")
    assert attempt(suite, "bob", "builder-1") == "success"


def test_only_plain_is_offered(slapd, start):  # noqa: F811
    suite = start(slapd)
    stream = Raw(suite.address)
    stream.open()
    offered = [m.text for m in stream.starttls().features.iter(SASL + "mechanism")]
    stream.close()
    assert offered == ["PLAIN"]


def test_two_users_of_it_talk(slapd, start):  # noqa: F811
    slapd.add("alice"), slapd.add("bob")
    suite = start(slapd)
    alice, bob = (log_in(suite, u).available() for u in ("alice", "bob"))
    alice.message("bob@localhost", "hello")
    assert bob.next_message().get("from") == alice.jid
    alice.close(), bob.close()


@pytest.mark.parametrize("url, more", [
    ("ldaps://127.0.0.1:{tls}", {}), ("ldap://127.0.0.1:{plain}", {}),
    ("ldap://127.0.0.1:{plain}", {"start_tls": "false", "insecure": "true"})])
def test_by_every_kind_of_connection(slapd, start, url, more):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd, servers=[url.format(tls=slapd.tls_port, plain=slapd.port)], **more)
    assert attempt(suite, "alice", "secret-1") == "success"


# What the directory says of a password.

def test_a_password_that_was_tried_too_often_is_locked(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd, {"authd.guess_limit": 100})
    for n in range(3):
        assert attempt(suite, "alice", f"wrong-{n}") == "not-authorized"
    assert attempt(suite, "alice", "secret-1") == "account-disabled"


def test_a_client_that_goes_on_trying_an_old_password_locks_nobody_out(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd, {"authd.guess_limit": 100})
    for _ in range(5):
        assert attempt(suite, "alice", "old-1") == "not-authorized"
    assert attempt(suite, "alice", "secret-1") == "success"


def test_a_password_that_must_be_changed(slapd, start):  # noqa: F811
    slapd.add("alice")
    slapd.modify("alice", "replace: pwdReset\npwdReset: TRUE")
    assert attempt(start(slapd), "alice", "secret-1") == "credentials-expired"


def test_a_password_that_has_expired(slapd, start):  # noqa: F811
    slapd.tool("ldapmodify", input="dn: cn=policy,dc=example\nchangetype: modify\nreplace: pwdMaxAge\n"
                                   "pwdMaxAge: 1\n")
    slapd.add("alice")
    suite = start(slapd)
    time.sleep(2.1)  # the policy counts in seconds of the clock
    assert attempt(suite, "alice", "secret-1") == "credentials-expired"
    assert attempt(suite, "alice", "wrong") == "not-authorized"


def test_an_account_that_an_administrator_has_locked(slapd, start):  # noqa: F811
    slapd.add("alice")
    slapd.modify("alice", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    assert attempt(start(slapd), "alice", "secret-1") == "account-disabled"


def policy(slapd, **settings):  # noqa: F811
    slapd.tool("ldapmodify", input="dn: cn=policy,dc=example\nchangetype: modify\n"
               + "-\n".join(f"replace: {k}\n{k}: {v}\n" for k, v in settings.items()))


def told(suite, user="alice", password="secret-1"):
    """What slixmpp hears: "condition: text"."""
    suite.accounts[f"{user}@localhost"] = password
    with pytest.raises(AssertionError) as refused:
        Client(suite, f"{user}@localhost", mechanism="PLAIN").close()
    return str(refused.value).removeprefix("slixmpp could not log in: ")


def test_a_client_is_told_why_it_is_refused(slapd, start):  # noqa: F811
    """RFC 6120 6.4.5: <text/>."""
    policy(slapd, pwdMaxAge=3600)
    for user in ("expired", "reset", "locked", "tried", "good"):
        slapd.add(user)
    slapd.modify("expired", "replace: pwdChangedTime\npwdChangedTime: 20200101000000Z")
    slapd.modify("reset", "replace: pwdReset\npwdReset: TRUE")
    slapd.modify("locked", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    suite = start(slapd)
    for n in range(3):
        assert told(suite, "tried", f"wrong-{n}") == "not-authorized: "
    assert {u: told(suite, u) for u in ("expired", "reset", "locked", "tried")} == {
        "expired": "credentials-expired: Your password has expired: change it where you manage your account.",
        "reset": "credentials-expired: You must change your password first, where you manage your account.",
        "locked": "account-disabled: This account is locked: its password was tried too often, or somebody has locked it.",
        "tried": "account-disabled: This account is locked: its password was tried too often, or somebody has locked it."}
    assert told(suite, "nobody") == told(suite, "good", "wrong") == "not-authorized: "
    slapd.kill()
    assert told(suite, "good") == "temporary-auth-failure: The directory of accounts cannot be asked: try again later."


def test_grace_log_ins_are_log_ins_and_are_logged(slapd, start):  # noqa: F811
    policy(slapd, pwdMaxAge=3600, pwdGraceAuthnLimit=2)
    slapd.add("alice")
    slapd.modify("alice", "replace: pwdChangedTime\npwdChangedTime: 20200101000000Z")
    suite = start(slapd)
    for left in (1, 0):
        assert attempt(suite, "alice", "secret-1") == "success"
        suite.log.wait(f"password-expired .*account=alice@localhost grace_left={left}")
    assert attempt(suite, "alice", "secret-1") == "credentials-expired"


def test_a_password_that_expires_soon_is_logged(slapd, start):  # noqa: F811
    years = 50 * 365 * 86400
    policy(slapd, pwdMaxAge=years, pwdExpireWarning=years)
    slapd.add("alice")
    slapd.modify("alice", "replace: pwdChangedTime\npwdChangedTime: 20200101000000Z")
    suite = start(slapd)
    assert attempt(suite, "alice", "secret-1") == "success"
    seconds = int(suite.log.wait("password-expires .*account=alice@localhost").split("seconds=")[1])
    assert 0 < seconds < years


# Who asks (attacks.md, S23).

@pytest.mark.parametrize("name", ["*", "a)(uid=*", "a\\2a", "alice,ou=people", "alic*", "(alice)", "|(uid=alice"])
def test_s23_a_name_is_nothing_but_a_name(slapd, start, name):  # noqa: F811
    slapd.add("alice")
    assert attempt(start(slapd), name, "secret-1") == "not-authorized"


@pytest.mark.parametrize("name", ["o,connor", "plus+er", "semi;colon", "ünïcode", "hash#tag"])
def test_s23_names_that_mean_something_to_directories_are_names(slapd, start, name):  # noqa: F811
    slapd.add(name)
    suite = start(slapd)
    assert attempt(suite, name, "secret-1") == "success"
    assert attempt(suite, name, "wrong") == "not-authorized"


def test_s23_no_password_is_no_password(slapd, start):  # noqa: F811
    """A directory takes a bind without one for an anonymous one (RFC 4513 5.1.2)."""
    slapd.add("alice")
    assert attempt(start(slapd), "alice", "") == "malformed-request"


def test_two_entries_of_one_name_are_nobody(slapd, start):  # noqa: F811
    slapd.add("alice")
    slapd.tool("ldapadd", input=f"dn: ou=more,{'ou=people,dc=example'}\nobjectClass: organizationalUnit\nou: more\n\n"
               + slapd.person("alice").replace(
                   slapd.person("alice").split("\n")[0], "dn: uid=alice,ou=more,ou=people,dc=example"))
    assert attempt(start(slapd), "alice", "secret-1") == "not-authorized"


# The directory is away.

def test_a_directory_that_is_down_is_no_reason_to_forget_a_password(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd)
    alice = log_in(suite, "alice").available()
    slapd.kill()
    assert attempt(suite, "alice", "secret-1") == "temporary-auth-failure"
    assert suite.log.wait("directory-failed")
    alice.ping()
    slapd.start()
    assert attempt(suite, "alice", "secret-1") == "success"
    alice.close()


def test_one_that_restarts_is_not_noticed(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd)
    assert attempt(suite, "alice", "secret-1") == "success"
    slapd.stop()
    slapd.start()
    assert attempt(suite, "alice", "secret-1") == "success"


def test_the_next_server_is_asked(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd, servers=[f"ldaps://127.0.0.1:{free_port()}", f"ldaps://127.0.0.1:{slapd.tls_port}"])
    assert attempt(suite, "alice", "secret-1") == "success"


def test_who_says_nothing_holds_up_nobody_else(slapd, start, make_suite):  # noqa: F811
    """A server that takes connections and is silent: its log-ins fail in time, those of other domains do not wait."""
    slapd.add("alice")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        suite = make_suite(domains=["localhost", "mine.example"], accounts={"bob@mine.example": "builder-1"}, settings={
            **slapd.settings(servers=[f"ldaps://127.0.0.1:{silent.getsockname()[1]}"], timeout=2)})
        waiting = [Raw(suite.address) for _ in range(12)]
        for stream in waiting:
            stream.open()
            stream.starttls()
            stream.auth("PLAIN", scram.plain("alice", "secret-1"))
        bob = Raw(suite.address, "mine.example").login("bob", "builder-1")
        bob.close()
        for stream in waiting:
            assert stream.next(30)[0].tag == SASL + "temporary-auth-failure"
            stream.close()


def test_a_certificate_that_is_not_the_server_s_is_refused(make_slapd, start):  # noqa: F811
    server = make_slapd(names=["ldap.example.org"]).start()
    server.add("alice")
    suite = start(server)
    assert attempt(suite, "alice", "secret-1") == "temporary-auth-failure"
    suite.log.wait("directory-failed .*TLS")


def test_a_stopped_directory_costs_its_time_limit(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd, timeout=2)
    assert attempt(suite, "alice", "secret-1") == "success"
    pause(slapd.process.pid)
    try:
        assert attempt(suite, "alice", "secret-1") == "temporary-auth-failure"
    finally:
        os.kill(slapd.process.pid, signal.SIGCONT)
    assert attempt(suite, "alice", "secret-1") == "success"


# Administrators.

def test_accounts_of_a_directory_are_changed_there(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd)
    for arguments in (("user", "add", "bob@localhost", "--password-stdin"),
                      ("user", "passwd", "alice@localhost", "--password-stdin"),
                      ("user", "del", "alice@localhost")):
        done = suite.ctl(*arguments, input="new-1\n")
        assert done.returncode != 0 and 'the directory "main"' in done.stderr, (arguments, done.stderr)
    assert attempt(suite, "alice", "secret-1") == "success"


def test_messages_to_who_is_not_in_the_directory_come_back(slapd, start):  # noqa: F811
    slapd.add("alice"), slapd.add("bob")
    suite = start(slapd)
    alice = log_in(suite, "alice").available()
    alice.message("nobody@localhost", "hello")
    assert alice.next_message().get("type") == "error"
    alice.message("bob@localhost", "for later")
    bob = log_in(suite, "bob")
    bob.send("<presence/>")
    assert bob.next_message().get("from") == alice.jid
    alice.close(), bob.close()


# Passwords are changed there, where the administrator wants that.

def change_password(stream, user, password):
    """XEP-0077 3.3; None, or the condition."""
    from xmpp import condition
    reply = stream.iq("set", f"<query xmlns='jabber:iq:register'><username>{user}</username>"
                             f"<password>{password}</password></query>", to="localhost")
    return None if reply.get("type") == "result" else condition(reply)[1]


@pytest.mark.section("XEP-0077 3.3")
def test_a_user_changes_his_password_there(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd, password_change="true")
    alice, other = log_in(suite, "alice"), log_in(suite, "alice", "other")
    assert change_password(alice, "alice", "new-1") is None
    assert other.error() == "not-authorized"  # who is logged in elsewhere is not any more
    alice.ping()
    assert attempt(suite, "alice", "secret-1") == "not-authorized"
    assert attempt(suite, "alice", "new-1") == "success"
    alice.close()


def test_not_where_the_administrator_does_not_want_it(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd)
    alice = log_in(suite, "alice")
    assert change_password(alice, "alice", "new-1") is not None
    assert attempt(suite, "alice", "secret-1") == "success"
    alice.close()


def test_an_administrator_changes_a_password_there(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd, password_change="true")
    done = suite.ctl("user", "passwd", "alice@localhost", "--password-stdin", input="new-1\n")
    assert done.returncode == 0, done.stderr
    assert attempt(suite, "alice", "new-1") == "success"
    assert suite.ctl("user", "passwd", "bob@localhost", "--password-stdin", input="x\n").returncode == 5


def test_a_password_that_the_directory_does_not_want(slapd, start):  # noqa: F811
    slapd.tool("ldapmodify", input="dn: cn=policy,dc=example\nchangetype: modify\nadd: pwdMinLength\npwdMinLength: 8\n-\n"
                                   "add: pwdCheckQuality\npwdCheckQuality: 2\n")
    slapd.add("alice")
    suite = start(slapd, password_change="true")
    done = suite.ctl("user", "passwd", "alice@localhost", "--password-stdin", input="short\n")
    assert done.returncode == 2 and "Constraint violation" in done.stderr
    assert attempt(suite, "alice", "secret-1") == "success"


def test_the_first_directory_comes_with_a_reload(slapd, make_suite):  # noqa: F811
    """Before it the sandbox lets nobody use the network: so authd begins again."""
    slapd.add("alice")
    suite = make_suite(accounts={})
    suite.edit(**slapd.settings())
    mark = suite.log.mark()
    suite.reload()
    suite.log.wait('authd restarting reason="the first directory"', since=mark)
    suite.log.wait("peer-joined peer=authd", since=mark)
    assert attempt(suite, "alice", "secret-1") == "success"


def test_a_reload_takes_another_server(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start(slapd, servers=[f"ldaps://127.0.0.1:{free_port()}"])
    assert attempt(suite, "alice", "secret-1") == "temporary-auth-failure"
    suite.edit(**slapd.settings())
    mark = suite.log.mark()
    suite.reload()
    suite.log.wait("authd reloaded", since=mark)
    assert attempt(suite, "alice", "secret-1") == "success"

"""bulkheadctl user auth-test: does this password open that account?"""
import json
import os

import pytest

from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from test_directory_login import attempt, start  # noqa: F401 (a fixture)


def tried(suite, jid, password):
    """The exit code, and the sentence."""
    done = suite.ctl("--json", "user", "auth-test", jid, "--password-stdin", input=f"{password}\n")
    answer = json.loads(done.stdout or done.stderr)[0]
    assert answer["code"] == str(done.returncode)
    return done.returncode, answer["text"]


@pytest.mark.parametrize("jid, password, code, text", [
    ("alice@localhost", "wonderland-1", 0, "the password opens alice@localhost"),
    ("ALICE@localhost", "wonderland-1", 0, "the password opens alice@localhost"),
    ("alice@localhost", "builder-2", 1, "the password is wrong"),
    ("alice@localhost", "bad\x07one", 1, "the password is wrong"),
    ("alice@localhost", "", 2, "the password is empty"),
    ("nobody@localhost", "wonderland-1", 5, "there is no such account"),
    ("alice@elsewhere.example", "wonderland-1", 2, "the domain elsewhere.example is not served here"),
    ("localhost", "wonderland-1", 2, '"localhost" is no address of a user (user@domain)'),
    ("alice@localhost/home", "wonderland-1", 2, '"alice@localhost/home" is no address of a user (user@domain)')])
def test_a_password_opens_an_account_or_it_is_said_why_not(shared, jid, password, code, text):
    assert tried(shared, jid, password) == (code, text)


def test_a_password_with_a_nul_is_none(shared):
    assert tried(shared, "alice@localhost", "a\0b") == (2, "no password is like that")


def test_a_disabled_account_is_opened_by_no_password(suite):
    assert suite.ctl("user", "disable", "alice@localhost").returncode == 0
    assert tried(suite, "alice@localhost", "wonderland-1") == (1, "the password is right, and the account is disabled")
    assert tried(suite, "alice@localhost", "builder-2") == (1, "the password is wrong")
    assert suite.ctl("user", "enable", "alice@localhost").returncode == 0
    assert tried(suite, "alice@localhost", "wonderland-1")[0] == 0


def test_it_does_not_matter_what_clients_are_offered(make_suite):
    suite = make_suite(settings={"authd.mechanisms": ["SCRAM-SHA-256"]})
    assert tried(suite, "alice@localhost", "wonderland-1")[0] == 0
    assert tried(suite, "alice@localhost", "builder-2")[0] == 1


def test_a_wrong_password_counts_as_a_guess_and_a_right_one_does_not(make_suite):
    suite = make_suite(settings={"authd.guess_limit": 2})
    for _ in range(10):
        assert tried(suite, "alice@localhost", "wonderland-1")[0] == 0
    for _ in range(4):  # twice the limit are checked
        assert tried(suite, "alice@localhost", "wrong")[0] == 1
    assert tried(suite, "alice@localhost", "wonderland-1") == (
        75, "there were too many wrong passwords for this account: try again later")
    assert attempt(suite, "alice", "wrong") == "not-authorized"  # an address that has not failed yet has one guess left
    assert attempt(suite, "alice", "wonderland-1") == "temporary-auth-failure"
    assert tried(suite, "bob@localhost", "builder-2")[0] == 0


def test_who_tries_is_in_the_log_and_the_password_is_not(suite):
    since = suite.log.mark()
    tried(suite, "alice@localhost", "looking-glass")
    suite.log.wait(rf"info routerd admin verb=user\.auth-test uid={os.geteuid()} pid=\d+", since)
    suite.log.wait(r"auth-failed conn=bulkheadctl from=- mechanism=PLAIN account=alice@localhost reason=wrong-password", since)
    assert "looking-glass" not in suite.log.text()


def test_nobody_is_logged_in_by_it(suite, raw):
    alice = raw(suite, "alice", "home")
    assert tried(suite, "alice@localhost", "wonderland-1")[0] == 0
    assert [row["jid"] for row in suite.rows("session", "list")] == ["alice@localhost/home"]
    alice.ping()


def test_a_password_in_a_directory_is_tried_there(slapd, start):  # noqa: F811
    slapd.add("alice", "wonderland-1")
    suite = start(slapd)
    assert tried(suite, "alice@localhost", "wonderland-1") == (0, "the password opens alice@localhost")
    assert tried(suite, "alice@localhost", "looking-glass") == (1, "the password is wrong")
    assert tried(suite, "bob@localhost", "wonderland-1") == (5, "there is no such account")
    slapd.kill()
    assert tried(suite, "alice@localhost", "wonderland-1") == (
        75, "the directory cannot be asked; the log of authd says why")

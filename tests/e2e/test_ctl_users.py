"""bulkheadctl about accounts: user disable, enable, show, list and count."""
import json

import pytest

import sm
from suite import eventually
from xmpp import StreamError

USER = ["account", "state", "reason", "held_by", "created", "last_seen", "sessions", "contacts", "blocked",
        "offline_messages"]


def login(raw, suite, user="alice"):
    stream = raw(suite).open().starttls()
    return stream.scram("SCRAM-SHA-256", user, suite.password(f"{user}@localhost"))


def test_a_disabled_account_is_closed_until_it_is_enabled(suite, raw):
    alice, bob = raw(suite, "alice", "home"), raw(suite, "bob")
    done = suite.ctl("user", "disable", "alice@localhost", "--reason", "unpaid bills")
    assert done.returncode == 0, done.stderr
    assert alice.error() == "not-authorized"
    bob.ping()
    assert login(raw, suite) == "account-disabled"
    row = suite.rows("user", "show", "alice@localhost")[0]
    assert (row["state"], row["reason"]) == ("disabled", "unpaid bills")
    suite.restart()
    assert login(raw, suite) == "account-disabled"
    row = {r["account"]: r for r in suite.rows("user", "list")}["alice@localhost"]
    assert (row["state"], row["reason"]) == ("disabled", "unpaid bills")
    assert suite.ctl("user", "passwd", "alice@localhost", "--password-stdin", input="another\n").returncode == 0
    suite.accounts["alice@localhost"] = "another"
    assert login(raw, suite) == "account-disabled"  # a new password opens nothing
    assert suite.ctl("user", "enable", "alice@localhost").returncode == 0
    assert login(raw, suite) == "success"
    row = suite.rows("user", "show", "alice@localhost")[0]
    assert (row["state"], row["reason"]) == ("enabled", "")


def test_who_is_disabled_hears_why(suite, raw):
    alice = raw(suite, "alice")
    suite.ctl("user", "disable", "alice@localhost", "--reason", "unpaid bills")
    with pytest.raises(StreamError) as error:
        alice.next()
    assert error.value.text == "the account was disabled: unpaid bills"


def test_a_sleeping_session_of_a_disabled_account_cannot_be_resumed(suite, raw):
    alice = raw(suite, "alice", "home")
    sm.enable(alice)
    alice.close()
    eventually(lambda: suite.rows("session", "list")[0]["state"] == "asleep", "she sleeps")
    assert suite.ctl("user", "disable", "alice@localhost").returncode == 0
    assert suite.rows("session", "list") == []
    assert suite.ctl("user", "enable", "alice@localhost").returncode == 0
    with sm.log_in(suite, "alice") as again:
        sm.ask(again, alice.sm_id, 0)
        assert sm.refusal(again)[0] == "item-not-found"


@pytest.mark.parametrize("arguments, code", [
    (["disable", "nobody@localhost"], 5), (["enable", "nobody@localhost"], 5), (["disable", "localhost"], 2),
    (["disable", "alice@localhost", "--reason", "x" * 201], 2), (["enable", "alice@localhost", "--reason", "x"], 2),
    (["disable"], 2), (["show", "nobody@localhost"], 5), (["show", "a@elsewhere.example"], 5), (["show", "x y"], 2)])
def test_what_cannot_be_done_to_an_account_has_a_code(shared, arguments, code):
    done = shared.ctl("user", *arguments, "--json")
    assert done.returncode == code and json.loads(done.stderr)[0]["code"] == str(code)


def test_user_show_tells_what_is_known(suite, raw):
    alice = raw(suite, "alice")
    alice.message("bob@localhost", "later")
    alice.ping()
    row = eventually(lambda: next(iter(r for r in suite.rows("user", "show", "bob@localhost")
                                       if r["offline_messages"] == "1"), None), "the message is stored")
    assert list(row) == USER
    assert row["sessions"] == "0" and row["held_by"] == "authd" and row["state"] == "enabled"
    assert suite.rows("user", "show", "ALICE@localhost")[0]["sessions"] == "1"
    lines = suite.ctl("user", "show", "bob@localhost").stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == USER


def test_user_list_takes_a_pattern_and_user_count_counts(make_suite):
    suite = make_suite(domains=("localhost", "other.example"), accounts={
        "alice@localhost": "1", "albert@localhost": "2", "bob@localhost": "3", "alice@other.example": "4"})
    assert suite.ctl("user", "disable", "bob@localhost").returncode == 0

    def listed(*arguments):
        return [row["account"] for row in suite.rows("user", "list", *arguments)]
    assert listed("--match", "al*") == ["albert@localhost", "alice@localhost", "alice@other.example"]
    assert listed("localhost", "--match", "alice@*") == ["alice@localhost"]
    assert listed("--match", "[") == []
    assert suite.rows("user", "count") == [
        {"domain": "localhost", "accounts": "3", "disabled": "1"},
        {"domain": "other.example", "accounts": "1", "disabled": "0"}]
    assert suite.rows("user", "count", "other.example") == [
        {"domain": "other.example", "accounts": "1", "disabled": "0"}]

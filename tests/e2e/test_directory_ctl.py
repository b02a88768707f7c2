"""bulkheadctl and directories: what an administrator asks goes to dirsyncd, here the test, and comes back."""
import json
import subprocess

import pytest

from fake_dirsyncd import dirsyncd, held  # noqa: F401 (fixtures)
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import BIN

STATUS = ["directory", "part", "server", "state", "entries", "held", "lag", "why"]
TEST = ["step", "result", "milliseconds"]
EXPLAIN = ["key", "value"]
DIFF = ["account", "what"]
USERS = ["account", "state", "created"]


class Asking:
    """bulkheadctl while it waits for its answer."""

    def __init__(self, suite, *arguments):
        self.process = subprocess.Popen([BIN / "bulkheadctl", "-d", suite.home, *arguments], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def done(self):
        out, error = self.process.communicate(timeout=60)
        return self.process.returncode, out, error


@pytest.mark.parametrize("command, verb, columns, row", [
    (["ldap", "status"], ("ldap.status", []), STATUS,
     ["main", "people", "ldaps://127.0.0.1:636", "following", "12", "0", "0", ""]),
    (["ldap", "test", "alice@localhost"], ("ldap.test", ["alice@localhost"]), TEST, ["connect", "ok", "3"]),
    (["ldap", "explain", "alice@localhost"], ("ldap.explain", ["alice@localhost"]), EXPLAIN,
     ["filter", "(&(objectClass=inetOrgPerson)(uid=alice))"]),
    (["ldap", "diff"], ("ldap.diff", []), DIFF, ["alice@localhost", "is held"]),
    (["ldap", "diff", "main"], ("ldap.diff", ["main"]), DIFF, ["alice@localhost", "is held"]),
    (["user", "list", "localhost"], ("user.list", ["localhost"]), USERS, ["alice@localhost", "enabled", "-"]),
    (["user", "list", "LOCALHOST"], ("user.list", ["LOCALHOST"]), USERS, ["alice@localhost", "enabled", "-"])])
def test_a_question_is_dirsyncd_s_to_answer(slapd, held, dirsyncd, command, verb, columns, row):  # noqa: F811
    suite = held()
    played = dirsyncd(suite)
    asking = Asking(suite, *command, "--json")
    assert played.table(columns, [row]) == verb
    code, out, _ = asking.done()
    assert code == 0 and json.loads(out) == [dict(zip(columns, row))]
    asking = Asking(suite, *command)
    played.table(columns, [row])
    code, out, _ = asking.done()
    assert code == 0 and out.splitlines()[0].lower().split() == columns and row[0] in out.splitlines()[1]


@pytest.mark.parametrize("arguments, told", [
    ([], []), (["main"], ["main"]), (["--accept"], ["--accept"]), (["main", "--full"], ["--full", "main"]),
    (["--full", "main"], ["--full", "main"])])
def test_a_synchronisation_is_ordered_and_answered_with_a_sentence(slapd, held, dirsyncd, arguments, told):  # noqa: F811
    suite = held()
    played = dirsyncd(suite)
    asking = Asking(suite, "ldap", "sync", *arguments)
    assert played.table([], [], text="3 accounts go on") == ("ldap.sync", told)
    assert asking.done() == (0, "3 accounts go on\n", "")


def test_what_goes_wrong_is_its_exit_code(slapd, held, dirsyncd):  # noqa: F811
    suite = held()
    played = dirsyncd(suite)
    asking = Asking(suite, "ldap", "test", "nobody@localhost")
    played.table([], [], code=5, text="there is no entry of nobody")
    assert asking.done() == (5, "", "Error: there is no entry of nobody\n")
    asking = Asking(suite, "ldap", "sync")
    played.asked("CTL_REQUEST")
    played.socket.close()
    code, _, error = asking.done()
    assert code == 75 and "dirsyncd went away" in error


@pytest.mark.parametrize("command", [
    ["ldap", "status"], ["ldap", "test", "alice@localhost"], ["ldap", "explain", "alice@localhost"], ["ldap", "diff"],
    ["ldap", "sync"], ["user", "list", "localhost"], ["user", "list"]])
def test_without_a_dirsyncd_it_fails_for_now(slapd, held, command):  # noqa: F811
    done = held().ctl(*command)
    assert done.returncode == 75 and "no dirsyncd is running" in done.stderr


@pytest.mark.parametrize("command", [["ldap", "status"], ["ldap", "test", "alice@localhost"], ["ldap", "sync", "--full"]])
def test_without_a_directory_that_is_said(shared, command):
    done = shared.ctl(*command)
    assert done.returncode == 5 and "no domain has a directory" in done.stderr


@pytest.mark.parametrize("arguments", [
    ["status", "--accept"], ["ldap", "status", "--full"], ["user", "list", "--password-stdin"],
    ["ldap", "sync", "--password-stdin"], ["ldap", "sync", "--nonsense"], ["ldap", "sync", "a", "b"], ["ldap", "test"],
    ["ldap"], ["ldap", "explain", "--full", "alice@localhost"]])
def test_an_option_of_another_command_is_wrong_usage(shared, arguments):
    done = shared.ctl(*arguments)
    assert done.returncode == 2 and not done.stdout
    assert "--" in done.stderr or "usage" in done.stderr or "help" in done.stderr


# Accounts.

def test_all_accounts_are_in_one_list(slapd, held, dirsyncd):  # noqa: F811
    suite = held(domains=["localhost", "mine.example"], accounts={"carol@mine.example": "secret-1"})
    played = dirsyncd(suite)
    asking = Asking(suite, "user", "list", "--json")
    assert played.table(USERS, [["alice@localhost", "enabled", "-"], ["bob@localhost", "disabled", "-"]]) == (
        "user.list", [])
    code, out, _ = asking.done()
    assert code == 0
    assert [r["account"] for r in json.loads(out)] == ["carol@mine.example", "alice@localhost", "bob@localhost"]

"""Daemons that are there and say nothing: who asked something of them is told so, in time, and what they say after
that is nothing."""
import os
import signal
import threading
import time

import pytest

from hostile import Evil
from suite import BIN, SANITIZED, eventually, free_port, pause, run
from xmpp import condition

OWN, ADMINISTRATOR, MORE = 20, 50, 9  # seconds (routerd/requests.c); the last for a tick, and a busy machine
LATE = MORE * 3 if SANITIZED else MORE
ABSENT = 1  # enum account_found


class Asked(threading.Thread):
    """Something that is asked, and how long the answer takes."""

    def __init__(self, ask):
        super().__init__(daemon=True)
        self.ask, self.began, self.answer, self.took = ask, time.monotonic(), None, None
        self.start()

    def run(self):
        self.answer = self.ask()
        self.took = time.monotonic() - self.began

    def answered(self, seconds):
        self.join(seconds + 2 * LATE)
        assert self.took is not None, "no answer"
        assert self.took < seconds + LATE, self.took
        return self.answer


COMMANDS = {  # of authd, of a c2sd, of an s2sd
    "user list": "authd", "user show eve@localhost": "authd", "user del eve@localhost": "authd",
    "user disable eve@localhost": "authd", "user purge eve@localhost": "authd", "user add late@localhost": "authd",
    "export eve@localhost": "authd", "user import ACCOUNTS": "authd", "stats c2sd@2": "c2sd@2", "s2s list": "s2sd@1",
}


def command(suite, accounts, words):
    more = ["--password-stdin"] if words.startswith("user add") else []
    words = [accounts if word == "ACCOUNTS" else word for word in words.split()]
    return lambda: run(BIN / "bulkheadctl", "-d", suite.home, *words, *more, input="late-1\n", timeout=120)


def change(stream):
    return lambda: stream.iq("set", "<query xmlns='jabber:iq:register'><username>alice</username><password>new-1</password>"
                             "</query>", "localhost", timeout=90)


def remove(stream):
    return lambda: stream.iq("set", "<query xmlns='jabber:iq:register'><remove/></query>", "localhost", timeout=90)


def register(stream):
    return lambda: stream.iq("set", "<query xmlns='jabber:iq:register'><username>fay</username><password>f-1</password>"
                             "</query>", timeout=90)


def message(stream):
    def ask():
        stream.message("nobody@localhost", "are you there?")
        return stream.next_message(timeout=90)
    return ask


@pytest.fixture(scope="module")
def stopped(make_shared):
    """authd, a c2sd and the s2sd are stopped, and everything is asked of them at once."""
    from conftest import Clients
    from xmpp import Raw
    suite = make_shared(s2s=True, settings={"routerd.registration": "true"},
                        accounts={"alice@localhost": "a-1", "bob@localhost": "b-2", "eve@localhost": "e-3",
                                  "gus@localhost": "g-4"},
                        front_ends={"c2sd@1": [f"127.0.0.1:{free_port()}"], "c2sd@2": [f"127.0.0.1:{free_port()}"]})
    streams = Clients(lambda n: Raw(("127.0.0.1", int(suite.front_ends[f"c2sd@{n}"][0].split(":")[1]))))
    alice, bob, gus, stranger, far = streams(1), streams(1), streams(1), streams(1), streams(2)
    alice.login("alice", "a-1").bind("a").available()
    bob.login("bob", "b-2").bind("b").available()
    gus.login("gus", "g-4").bind("g").available()
    far.login("eve", "e-3").bind("far").available()
    stranger.open().starttls()
    pids = [pid for name, pid in suite.pids().items() if name in ("authd", "c2sd@2", "s2sd@1")]
    assert len(pids) == 3
    accounts = suite.dir / "many.txt"  # more than are under way at a time
    accounts.write_text("".join(f"u{n}@localhost\tp-{n}\n" for n in range(200)))
    for pid in pids:
        pause(pid)
    suite.asked = {words: Asked(command(suite, accounts, words)) for words in
                   [*COMMANDS, "session show eve@localhost/far", "log level"]}
    suite.asked |= {"change": Asked(change(alice)), "register": Asked(register(stranger)), "message": Asked(message(bob))}
    suite.asked["remove"] = Asked(remove(gus))
    suite.alice, suite.gus, suite.go_on = alice, gus, lambda: [os.kill(pid, signal.SIGCONT) for pid in pids]
    yield suite
    suite.go_on()
    streams.close()


@pytest.mark.parametrize("words", COMMANDS)
def test_an_administrator_is_told_who_does_not_answer(stopped, words):
    done = stopped.asked[words].answered(ADMINISTRATOR)
    assert done.returncode == 75, (done.stdout, done.stderr)
    assert f"{COMMANDS[words]} does not answer" in done.stderr + done.stdout


def test_what_is_known_of_a_session_is_shown_without_what_its_front_end_does_not_say(stopped):
    done = stopped.asked["session show eve@localhost/far"].answered(OWN)
    assert done.returncode == 0 and "eve@localhost/far" in done.stdout, done.stderr


def test_the_levels_of_the_others_are_shown(stopped):
    done = stopped.asked["log level"].answered(OWN)
    rows = dict(line.split()[:2] for line in done.stdout.splitlines())
    assert (rows["authd"], rows["c2sd@2"], rows["c2sd@1"], rows["routerd"]) == ("-", "-", "info", "info"), done.stdout


@pytest.mark.section("XEP-0077 3.3")
def test_who_changes_his_password_is_told(stopped):
    assert condition(stopped.asked["change"].answered(OWN))[1] == "internal-server-error"
    stopped.alice.ping()


@pytest.mark.section("XEP-0077 3.2")
def test_who_removes_his_account_is_told_and_closed(stopped):
    """It may be gone, or go, all the same."""
    assert condition(stopped.asked["remove"].answered(OWN))[1] == "internal-server-error"
    assert stopped.gus.error() == "not-authorized"


@pytest.mark.section("XEP-0077 3.1")
def test_who_registers_is_told(stopped):
    assert condition(stopped.asked["register"].answered(OWN))[1] == "internal-server-error"


def test_a_message_to_an_account_that_only_authd_may_know_comes_back(stopped):
    assert condition(stopped.asked["message"].answered(OWN))[1] == "internal-server-error"


def test_what_is_answered_late_is_nothing(stopped):
    """The account is made all the same: authd had been told to."""
    for asked in stopped.asked.values():
        asked.join()
    routerd, mark = stopped.pids("routerd"), stopped.log.mark()
    stopped.go_on()
    eventually(lambda: "late@localhost" in stopped.ctl("user", "list").stdout, "authd's work")
    stopped.ctl("user", "show", "bob@localhost")
    assert stopped.pids("routerd") == routerd
    assert not stopped.log.find("peer-left", mark)


def test_a_silent_authd_is_asked_again_about_the_sessions_of_before(suite, raw):
    """What was revoked while routerd was away is closed (custody.md, 18), late as it may be."""
    alice = raw(suite, "alice", "a")
    real, routerd = suite.pids("authd")["authd"], suite.pids("routerd")["routerd"]
    pause(real)
    try:
        mark = suite.log.mark()
        os.kill(routerd, signal.SIGKILL)
        suite.log.wait("router-up .*role=c2sd", since=mark)
        authd = Evil(suite, "AUTH")
        assert authd.expect("ACCOUNT_LOOKUP")[2]["account"] == b"alice@localhost"
        authd.timeout = 60
        _, number, _ = authd.expect("ACCOUNT_LOOKUP")
        authd.send("ACCOUNT_FOUND", number, state=ABSENT)
        assert alice.error(60) == "not-authorized"
        authd.leave()
    finally:
        os.kill(real, signal.SIGCONT)

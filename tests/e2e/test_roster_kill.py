"""`kill -9` of routerd in the middle of roster changes: the store is what was acknowledged.

Several sessions of different accounts send their changes in one pipeline; routerd is killed at some
moment.  A change that was answered is there; of those that were not, each is there whole or not
at all, and since they happen in order, what is there is what the first so many would have made.
"""
import json
import os
import signal

import pytest

from im import roster
from suite import eventually
from xmpp import CLIENT, Closed, StreamError

USERS = [f"user{n}@localhost" for n in range(4)]
CHANGES = 1000 // len(USERS)


def change(n):
    """(what is sent, what it makes of a roster {jid: (name, groups)}) of the n-th change."""
    jid = f"contact{n % 40}@example.org"
    if n % 7 == 5:
        jid = f"contact{(n - 5) % 40}@example.org"  # which is there, or was
        return (f"<item jid='{jid}' subscription='remove'/>", lambda r: r.pop(jid, None))
    groups = sorted({f"group {n % 3}", f"group {n % 5}"})
    inner = "".join(f"<group>{g}</group>" for g in groups)
    return (f"<item jid='{jid}' name='name {n}'>{inner}</item>",
            lambda r: r.update({jid: (f"name {n}", groups)}))


def expected(upto):
    """The roster after the first `upto` changes."""
    found = {}
    for n in range(upto):
        change(n)[1](found)
    return found


def pipeline(stream):
    stream.send("".join(
        f"<iq type='set' id='c{n}'><query xmlns='jabber:iq:roster'>{change(n)[0]}</query></iq>"
        for n in range(CHANGES)))


def answered(stream, so_far, want):
    """Reads answers until `want` of them have come, or the end of the stream; how many there are."""
    while so_far < want:
        try:
            element = stream.next()
        except (Closed, StreamError):
            return so_far
        if element.tag == CLIENT + "iq" and (element.get("id") or "").startswith("c"):
            assert element.get("id") == f"c{so_far}"  # each, and in order
            so_far += 1
    return so_far


def kill_router(suite):
    [(name, pid)] = suite.pids("routerd").items()
    os.kill(pid, signal.SIGKILL)
    return name, pid


def router_is_back(suite, name, killed):
    """The new one, with all that a log-in needs."""
    everybody = {"routerd", "authd", "c2sd"}

    def back():
        done = suite.ctl("status", "--json")
        if done.returncode != 0:
            return False
        rows = json.loads(done.stdout)
        return {r["daemon"] for r in rows} >= everybody and not [
            r for r in rows if r["instance"] == name and int(r["pid"]) == killed]
    eventually(back, "a new routerd")


@pytest.mark.section("RFC 6121 2.3", "RFC 6121 2.4", "RFC 6121 2.5")
@pytest.mark.parametrize("moment", [1, 40, 120, 200])
def test_after_a_kill_the_rosters_are_what_was_acknowledged(make_suite, raw, moment):
    suite = make_suite(accounts={user: "password-1" for user in USERS},
                       settings={"routerd.roster_contacts": 100})
    names = [user.split("@")[0] for user in USERS]
    streams = [raw(suite, name, "home") for name in names]
    for stream in streams:
        pipeline(stream)
    acknowledged = [answered(stream, 0, moment) for stream in streams]
    name, pid = kill_router(suite)
    acknowledged = [answered(stream, n, CHANGES) for stream, n in zip(streams, acknowledged)]
    router_is_back(suite, name, pid)
    for user, sure in zip(names, acknowledged):
        found = {jid: (item.name, item.groups)
                 for jid, item in roster(raw(suite, user, "after")).items()}
        fits = [upto for upto in range(sure, CHANGES + 1) if expected(upto) == found]
        assert fits, f"{user}: {sure} were acknowledged, and the roster is after none of them"

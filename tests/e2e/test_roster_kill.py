"""`kill -9` of routerd in the middle of roster changes: the store is what was acknowledged.

Several sessions of different accounts send their changes in one pipeline; routerd is killed at some
moment.  Nobody's connection ends; each change is answered once and in order, by the routerd that is
killed or by the next, and at the end the store is what all of them make, once more after another kill.
"""
import json
import os
import signal

import pytest

from im import roster
from suite import eventually
from xmpp import CLIENT

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
    """Reads answers until `want` of them have come: each once, and in order."""
    while so_far < want:
        element = stream.next()
        if element.tag == CLIENT + "iq" and (element.get("id") or "").startswith("c"):
            assert element.get("id") == f"c{so_far}" and element.get("type") == "result"
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
    for stream in streams:
        answered(stream, 0, moment)
    name, pid = kill_router(suite)
    for stream in streams:
        answered(stream, moment, CHANGES)
    router_is_back(suite, name, pid)
    name, pid = kill_router(suite)
    router_is_back(suite, name, pid)
    for user, stream in zip(names, streams):
        for reader in (stream, raw(suite, user, "after")):
            found = {jid: (item.name, item.groups) for jid, item in roster(reader).items()}
            assert found == expected(CHANGES)

"""A directory that Bulkhead follows: how soon a change counts, and what many accounts cost.

    python3 tests/bench/directory.py --people 10000 --tries 200 --many 100000

OpenLDAP's slapd, filled by slapadd.  With --people in it, users who are logged in are disabled or deleted there, one
after another: from the moment when ldapmodify or ldapdelete is started to that when the user's stream has been closed;
and users are added: until they are logged in; and get another name: until somebody of the same group has been pushed it,
and until the vCard that he then asks for says it.  So the tool's own time is part of it.  Then --many accounts are read from
nothing, and again from dirsyncd's store: the time, and the memory (resident, and its highest) of dirsyncd and routerd,
beside what they have without any.  The last line is JSON.
"""
import argparse
import json
import os
import re
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import scram  # noqa: E402
from im import next_push, roster  # noqa: E402
from slapd import Slapd  # noqa: E402
from suite import Suite, eventually  # noqa: E402
from xmpp import Raw  # noqa: E402

SETTINGS = {"c2sd.connections_per_address": 0, "authd.guess_limit": 100000, "authd.address_limit": 1000000}
LONG = 600


STAFF = 1000  # who are in one group
GROUPS = "ou=groups,dc=example"
VCARD = "{vcard-temp}"


def staff(slapd, n):
    members = "".join(f"member: {slapd.person_dn(f'user{i}')}\n" for i in range(n))
    return f"dn: cn=staff,{GROUPS}\nobjectClass: groupOfNames\ncn: staff\n{members}\n"


def say(text):
    print(text, flush=True)


def log_in(suite, user):
    stream = Raw(suite.address)
    stream.open()
    stream.starttls()
    stream.auth("PLAIN", scram.plain(user, "secret-1"))
    assert stream.verdict() == "success", user
    return stream.open().bind("r")


class Lab:
    """slapd with so many people, and an instance that has read them."""

    def __init__(self, people):
        self.people, self.slapd = people, Slapd()
        begun = time.monotonic()
        self.slapd.fill(people)
        if people > 0:
            self.slapd.load(staff(self.slapd, min(people, STAFF)))
        say(f"slapadd: {people} people in {time.monotonic() - begun:.1f} s")
        self.slapd.start()
        self.suite = Suite(accounts={}, settings={**SETTINGS, **self.slapd.settings(timeout=60, group_base=GROUPS,
                                                                                   groups="members")})

    def __enter__(self):
        self.suite.start()
        self.read(0)
        return self

    def read(self, since):
        self.suite.log.wait(f"directory-followed .*accounts={self.people} ", since=since, timeout=LONG)

    def __exit__(self, *_):
        self.suite.stop()
        self.suite.remove()
        self.slapd.remove()


# How soon.

def disable(slapd, user):
    slapd.modify(user, "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")


def until_closed(lab, tries, first, change):
    streams = [log_in(lab.suite, f"user{first + i}") for i in range(tries)]
    took = []
    for i, stream in enumerate(streams):
        begun = time.monotonic()
        change(lab.slapd, f"user{first + i}")
        assert stream.error() == "not-authorized"
        took.append(time.monotonic() - begun)
        stream.close()
    return took


def full_name(stream, user):
    reply = stream.iq("get", "<vCard xmlns='vcard-temp'/>", f"{user}@localhost")
    return reply.findtext(f"{VCARD}vCard/{VCARD}FN")


def until_shown(lab, tries):
    """By the roster, and by the vCard; on the way the watcher asks for nothing else."""
    watcher = log_in(lab.suite, f"user{STAFF - 1}")
    eventually(lambda: len(roster(watcher)) >= min(lab.people, STAFF) - 1, "the group in the roster")
    pushed, asked = [], []
    for i in range(tries):
        user, name = f"user{i % (STAFF - 1)}", f"Name {i}"
        begun = time.monotonic()
        lab.slapd.modify(user, f"replace: displayName\ndisplayName: {name}")
        while next_push(watcher).name != name:
            pass
        pushed.append(time.monotonic() - begun)
        assert full_name(watcher, user) == name
        asked.append(time.monotonic() - begun)
    watcher.close()
    return pushed, asked


def until_logged_in(lab, tries):
    took = []
    for i in range(tries):
        begun = time.monotonic()
        lab.slapd.add(f"new{i}")
        stream = log_in(lab.suite, f"new{i}")
        took.append(time.monotonic() - begun)
        stream.close()
    return took


def figures(what, took):
    took = sorted(1000 * t for t in took)

    def at(share):
        return round(took[min(len(took) - 1, int(share * len(took)))], 1)
    found = {"p50_ms": at(0.5), "p99_ms": at(0.99), "worst_ms": round(took[-1], 1)}
    say(f"{what}: {len(took)} tries, p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms, worst {found['worst_ms']} ms")
    return found


def measure_changes(o):
    with Lab(o.people) as lab:
        pushed, asked = until_shown(lab, o.tries)
        return {"push": figures("modify, until the roster is pushed", pushed),
                "vcard": figures("modify, until the vCard says it", asked),
                "add": figures("add", until_logged_in(lab, o.tries)),
                "disable": figures("disable", until_closed(lab, o.tries, 0, disable)),
                "delete": figures("delete", until_closed(lab, o.tries, o.tries, lambda s, user: s.delete(user)))}


# How much.

def memory(pid):
    """KiB: resident, and its highest."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return tuple(int(re.search(rf"^{name}:\s+(\d+)", status, re.M).group(1)) for name in ("VmRSS", "VmHWM"))


def memories(suite):
    pids = suite.pids()
    return {daemon: memory(pids[daemon]) for daemon in ("dirsyncd", "routerd")}


def logged_at(line):
    return datetime.fromisoformat(line.split()[0].replace("Z", "+00:00")).timestamp()


def reading(lab, since):
    """Seconds from the connection to the end of the refresh."""
    begun, = lab.suite.log.find("directory-server ", since)[:1]
    ended, = lab.suite.log.find("directory-followed ", since)[:1]
    return round(logged_at(ended) - logged_at(begun), 2)


def again(lab):
    """dirsyncd is killed: the next one reads its store, and what has changed."""
    mark = lab.suite.log.mark()
    os.kill(lab.suite.pids()["dirsyncd"], signal.SIGKILL)
    lab.suite.log.wait("dirsyncd started", since=mark, timeout=LONG)
    lab.read(mark)
    eventually(lambda: "dirsyncd" in lab.suite.pids(), "its link")
    return round(logged_at(lab.suite.log.find("directory-followed", mark)[0])
                 - logged_at(lab.suite.log.find("dirsyncd started", mark)[0]), 2)


def per_account(many, empty, people):
    return round(1024 * (many[0] - empty[0]) / people)


def measure_many(o):
    with Lab(0) as lab:
        empty = memories(lab.suite)
    with Lab(o.many) as lab:
        first, read_s = memories(lab.suite), reading(lab, 0)
        restart_s = again(lab)
        second = memories(lab.suite)
    found = {"people": o.many, "read_s": read_s, "restart_s": restart_s,
             "dirsyncd_mib": second["dirsyncd"][0] / 1024, "routerd_mib": second["routerd"][0] / 1024,
             "bytes_per_account": per_account(second["dirsyncd"], empty["dirsyncd"], o.many)}
    say(f"{o.many} accounts read from nothing in {read_s} s; from the store after a restart in {restart_s} s")
    for when, seen in (("without any", empty), ("after the first reading", first), ("after the restart", second)):
        say(f"memory {when}: " + ", ".join(f"{daemon} {rss} KiB (highest {peak})" for daemon, (rss, peak) in seen.items()))
    say(f"dirsyncd: {per_account(first['dirsyncd'], empty['dirsyncd'], o.many)} bytes per account after the first reading, "
        f"{found['bytes_per_account']} after the restart")
    return found


def arguments():
    parser = argparse.ArgumentParser(description="a directory that is followed")
    parser.add_argument("--people", type=int, default=10000)
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--many", type=int, default=100000)
    return parser.parse_args()


def main():
    o = arguments()
    found = {**measure_changes(o), **measure_many(o)}
    print("JSON " + json.dumps(found))
    return 0 if all(found[what]["p99_ms"] < 1000 for what in ("push", "vcard", "add", "disable", "delete")) else 1


if __name__ == "__main__":
    sys.exit(main())

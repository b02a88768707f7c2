"""dirsyncd, played by the test: which groups there are, word for word on the bus.

    directory        one, with an instance (directory.suite) whose domain it holds: alice, bob, carol, dave, eve
    make_directory   makes them: make_directory(settings=..., accounts=..., ...)

Accounts are authd's own all the same, so that nobody needs an LDAP server: it gets another configuration, in which the
domain has no directory.
"""
import hashlib
import os
import signal
import threading
from pathlib import Path

import pytest

import bus
from suite import BIN, eventually

USERS = ("alice", "bob", "carol", "dave", "eve")
NAME = "fake"
SHOWS = {"nobody": 0, "members": 1, "everybody": 2, "groups": 3}
ROLES = {"admin": 1, "federation": 2}

# A dirsyncd that does nothing but to be there.
IDLE = """#!/usr/bin/python3
import os, signal, socket
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.write(2, b"idle\\n")
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b"READY=1", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
signal.sigwait({signal.SIGTERM})
"""
# authd with a configuration of its own, made anew whenever it starts; not while there is authd.waits.
AUTHD = """#!/bin/sh
[ ! -e "{home}/authd.waits" ] || exec sleep 1000
conf="{home}/bulkhead.conf"
sed '/directory = /d' "$conf" > "{home}/authd.conf"
for a; do shift; [ "$a" = "$conf" ] && a="{home}/authd.conf"; set -- "$@" "$a"; done
exec "{bin}/bulkhead-authd" "$@"
"""


def bare(user):
    return user if "@" in user else f"{user}@localhost"


def id_of(name):
    return hashlib.sha256(name.encode()).digest()[:16]


class Group:
    """members: users, or {user: display name}; viewers: names of groups."""

    def __init__(self, name, members=(), show="members", title=None, viewers=(), roles=(), domain="localhost"):
        self.name, self.title, self.show, self.domain = name, title or name, show, domain
        self.members = members if isinstance(members, dict) else {m: m.capitalize() for m in members}
        self.viewers, self.roles = list(viewers), list(roles)

    def values(self):
        found = {
            "id": id_of(self.name), "directory": NAME, "domain": self.domain, "name": self.title,
            "show": SHOWS[self.show], "roles": sum(ROLES[r] for r in self.roles),
            "viewers": b"".join(map(id_of, self.viewers)),
            "members": bus.textlist(t for m, name in self.members.items() for t in (bare(m), name))}
        return {**found, "digest": hashlib.sha256(repr(sorted(found.items())).encode()).digest()[:16]}


class Directory:
    """What is in the directory, and the link to routerd while there is one."""

    def __init__(self, suite):
        self.suite, self.groups = suite, {}
        self.link = self.thread = None
        self.asked = []  # ids, of GROUP_GET
        self.ended = threading.Event()

    # The link.

    def connect(self):
        self.link = bus.Peer(self.suite, "DIR")
        self.link.hello(instance="dirsyncd")
        self.link.expect("WELCOME")
        self.asked, self.ended = [], threading.Event()
        self.thread = threading.Thread(target=self._serve, args=(self.link, self.ended), daemon=True)
        self.announce()
        self.thread.start()
        return self

    def announce(self, groups=None, **how):
        groups = self.groups.values() if groups is None else groups
        rows = [g.values() for g in groups]
        self.link.send("GROUPS", **{"directory": NAME, "first": 1, "last": 1,
                                    "list": b"".join(r["id"] + r["digest"] for r in rows), **how})

    def _serve(self, link, ended):
        known = {}
        try:
            while True:
                name, _, values = link.next(timeout=3600)
                if name != "GROUP_GET":
                    continue
                self.asked.append(values["id"])
                known = {id_of(n): g for n, g in list(self.groups.items())}
                if values["id"] in known:
                    link.send("GROUP", **known[values["id"]].values())
                else:
                    link.send("GROUP_GONE", id=values["id"])
        except (bus.Gone, OSError, ValueError):
            ended.set()

    def disconnect(self):
        """It ends, as a process does."""
        if self.link is not None:
            self.link.socket.shutdown(2)
            self.thread.join(20)
            self.link.socket.close()
            self.link = None
            eventually(lambda: "dirsyncd" not in self.suite.pids(), "routerd hearing of the end of dirsyncd")

    def lost(self):
        """routerd has ended the link."""
        assert self.ended.wait(20)
        self.link.socket.close()
        self.link = None

    # What is in it.

    def keep(self, name, *arguments, **how):
        """A group, of which routerd is not told."""
        self.groups[name] = Group(name, *arguments, **how)
        return self.groups[name]

    def put(self, name, *arguments, **how):
        """A group becomes that; when it returns, all who are there have been told."""
        group = self.keep(name, *arguments, **how)
        mark = self.suite.log.mark()
        self.tell(group)
        self.told(group.title, mark)
        return group

    def tell(self, group):
        self.link.send("GROUP", **group.values())

    def change(self, name, members=None, **how):
        """The same with other members, or other values."""
        g = self.groups[name]
        same = {"show": g.show, "title": g.title, "viewers": g.viewers, "roles": g.roles, "domain": g.domain}
        return self.put(name, g.members if members is None else members, **{**same, **how})

    def remove(self, name):
        title = self.groups.pop(name).title
        mark = self.suite.log.mark()
        self.link.send("GROUP_GONE", id=id_of(name))
        self.told(title, mark, "gone")

    def told(self, title, mark=0, state="there"):
        self.suite.log.wait(rf"routerd group-changed group=\"?{title}\"? state={state} ", since=mark)


def replace(suite, **scripts):
    """Before it starts: these run in place of the daemons of that name."""
    suite.programs = Path(suite.dir) / "bin"
    suite.programs.mkdir()
    for program in BIN.iterdir():
        (suite.programs / program.name).symlink_to(program)
    for name, text in scripts.items():
        file = suite.programs / f"bulkhead-{name}"
        file.unlink()
        file.write_text(text)
        os.chmod(file, 0o755)
    return suite


def reload_without_authd(suite):
    """One that has a file of its own refuses every other: so it is away, as after a crash, while the others take it."""
    mark, authd = suite.log.mark(), suite.pids().get("authd")
    if authd:
        (suite.home / "authd.waits").touch()
        os.kill(authd, signal.SIGKILL)
        suite.log.wait("routerd peer-left peer=authd", since=mark)
    suite.reload()
    suite.log.wait("routerd reload-done", since=mark)


def with_directory(suite, domains=("localhost",)):
    """Before it starts: its domain has a directory, whose dirsyncd is the test's to play."""
    replace(suite, dirsyncd=IDLE, authd=AUTHD.format(home=suite.home, bin=BIN))
    suite.settings = {
        f'directory "{NAME}".servers': ["ldap://127.0.0.1:1"], f'directory "{NAME}".bind': "anonymous",
        f'directory "{NAME}".base': "dc=example", **suite.settings}
    for domain in domains:
        suite.settings[f'domain "{domain}".directory'] = NAME
    return suite


@pytest.fixture
def make_directory(make_suite):
    made = []

    def make(connect=True, domains=("localhost",), **how):
        how.setdefault("accounts", {f"{u}@localhost": f"{u}-1" for u in USERS})
        suite = with_directory(make_suite(start=False, domains=domains, **how), domains).start()
        made.append(Directory(suite))
        return made[-1].connect() if connect else made[-1]
    yield make
    for directory in made:
        if directory.link is not None:
            directory.link.socket.close()


@pytest.fixture
def directory(make_directory):
    return make_directory()

"""A routerd that the test plays, so that dirsyncd can be looked at alone: it listens on dir.sock.

    follow      follow(slapd, settings, **settings of the directory) -> a Dirsyncd that runs, linked to us
"""
import hashlib
import os
import signal
import socket
import subprocess
import time

import pytest

import bus
from bus import THERE, textlist, texts
from suite import BIN, PATIENCE, SANITIZER_REPORT, Log

NOBODY, MEMBERS, EVERYBODY, GROUPS = range(4)  # enum group_show
ADMIN, FEDERATES = 1, 2  # enum account_role


class Link(bus.Peer):
    """routerd's end of a link.  A reload that is asked for is led as routerd does it."""

    def __init__(self, connected, timeout, config):
        self.socket, self.timeout, self.buffer, self.number = connected, timeout, b"", 0
        self.socket.settimeout(timeout)
        self.config = config

    def next(self, timeout=None):
        name, subject, values = super().next(timeout)
        if name == "RELOAD_ASK":
            self.send("RELOAD", 1, step=1, digest=hashlib.sha256(self.config.read_bytes()).digest())
        elif name == "RELOAD_STATE" and values["step"] == 1:
            self.send("RELOAD", 1, step=3 if values["refused"] else 2)
        return name, subject, values


class Group:
    """What GROUP said."""

    def __init__(self, values):
        self.id, self.digest = values["id"], values["digest"]
        self.directory, self.domain, self.name = (values[f].decode() for f in ("directory", "domain", "name"))
        self.show, self.roles = values["show"], values["roles"]
        self.viewers = [values["viewers"][i:i + 16] for i in range(0, len(values["viewers"]), 16)]
        pairs = texts(values["members"])
        self.order = pairs[::2]
        self.members = dict(zip(pairs[::2], pairs[1::2]))

    def users(self):
        return {jid.split("@")[0] for jid in self.members}


class Dirsyncd:
    """The daemon, and what it told us of groups: known (id -> digest, as routerd would keep it) and groups
    (name -> Group; of several domains (name, domain) -> Group)."""

    def __init__(self, suite):
        self.suite, self.process, self.link = suite, None, None
        self.listener = socket.socket(socket.AF_UNIX)
        suite.bus_dir.mkdir(exist_ok=True)
        self.listener.bind(str(suite.bus_dir / "dir.sock"))
        os.chmod(suite.bus_dir / "dir.sock", 0o666)
        self.listener.listen()
        self.listener.settimeout(PATIENCE)
        self.request = 0
        self.forget()

    def forget(self):
        self.listed, self.by_id, self.told, self.lists = None, {}, 0, 0

    # Running it.

    def spawn(self):
        self.process = subprocess.Popen(
            [BIN / "bulkhead-dirsyncd", "-c", self.suite.config], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        self.log = self.suite.log = Log(self.process.stdout)  # shown when a test fails
        return self

    def start(self):
        return self.spawn().accept()

    def stop(self):
        """SIGTERM; it must end well."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self.log.thread.join(PATIENCE)
        assert code == 0 and not SANITIZER_REPORT.search(self.log.text()), self.log.text()
        self.process = None

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.stop()
        if self.link is not None:
            self.link.socket.close()
        self.listener.close()

    def restart(self):
        self.stop()
        self.forget()
        return self.start()

    def memory(self):
        """Bytes that are resident, now and at most."""
        status = open(f"/proc/{self.process.pid}/status").read()
        return tuple(int(status.split(f"{name}:")[1].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))

    # The bus.

    def accept(self):
        """The next link, as routerd welcomes it."""
        if self.link is not None:
            self.link.socket.close()
        self.link = Link(self.listener.accept()[0], PATIENCE, self.suite.config)
        name, _, hello = self.link.next()
        assert name == "HELLO" and hello["version"] == bus.VERSION and hello["role"] == bus.ROLES["DIR"][0]
        self.link.send("WELCOME", version=bus.VERSION, boot=os.urandom(16))
        return self

    def take(self):
        """The next frame; what it says of groups is noted.  (name, subject, values)."""
        name, subject, values = self.link.next()
        getattr(self, f"on_{name.lower()}", lambda values: None)(values)
        return name, subject, values

    def on_groups(self, values):
        listed = {values["list"][i:i + 16]: values["list"][i + 16:i + 32]
                  for i in range(0, len(values["list"]), 32)}
        self.listed = listed if values["first"] else {**self.listed, **listed}
        if values["last"]:
            self.lists += 1
            self.by_id = {i: g for i, g in self.by_id.items() if self.listed.get(i) == g.digest}
            for wanted in self.listed.keys() - self.by_id.keys():
                self.link.send("GROUP_GET", id=wanted)

    def on_group(self, values):
        group = Group(values)
        assert self.listed is not None, "a GROUP came before GROUPS"
        self.by_id[group.id] = group
        self.listed[group.id] = group.digest
        self.told += 1

    def on_group_gone(self, values):
        self.by_id.pop(values["id"], None)
        self.listed.pop(values["id"], None)

    @property
    def groups(self):
        return {g.name: g for g in self.by_id.values()}

    def of(self, name, domain="localhost"):
        """That group; None where there is none."""
        found = [g for g in self.by_id.values() if (g.name, g.domain) == (name, domain)]
        assert len(found) <= 1
        return found[0] if found else None

    def complete(self):
        return self.listed is not None and self.listed.keys() == self.by_id.keys()

    def until(self, check, what="it"):
        """Takes what comes until check(self) is true."""
        deadline = time.monotonic() + PATIENCE
        while not check(self):
            left = deadline - time.monotonic()
            assert left > 0, f"in vain waited for {what}; told of {self.groups.keys()}"
            self.link.socket.settimeout(left)
            try:
                self.take()
            except TimeoutError:
                pass
        return self

    def until_all(self):
        return self.until(Dirsyncd.complete, "all groups")

    def until_in(self, name, users, domain="localhost"):
        """The group has exactly these members."""
        self.until(lambda d: d.of(name, domain) is not None and d.of(name, domain).users() == set(users.split()),
                   f"{name} to have {users!r}, it has {self.of(name, domain) and self.of(name, domain).users()}")
        return self.of(name, domain)

    def until_gone(self, name):
        return self.until(lambda d: name not in d.groups, f"the end of {name}")

    def ask(self, name, answer, **values):
        """A question, and the answer to it."""
        self.request += 1
        self.link.send(name, self.request, **values)
        while True:
            what, subject, values = self.take()
            if what == answer and subject == self.request:
                return values

    def profile(self, account):
        """(state, XML)"""
        values = self.ask("PROFILE_GET", "PROFILE", account=account)
        return values["state"], values["xml"].decode()

    def search(self, domain="localhost", limit=50, **wanted):
        """(state, more, [jid, first, last, nick, email])"""
        pairs = [text for pair in wanted.items() for text in pair]
        values = self.ask("SEARCH", "FOUND", domain=domain, wanted=textlist(pairs), limit=limit)
        found = texts(values["rows"])
        return values["state"], values["more"], [found[i:i + 5] for i in range(0, len(found), 5)]

    def find(self, **how):
        """The users that a search finds, in order."""
        state, _, rows = self.search(**how)
        assert state == THERE
        return [row[0].split("@")[0] for row in rows]


@pytest.fixture
def follow(make_suite):
    made = []

    def make(directory, settings=None, start=True, domains=("localhost",), **more):
        suite = make_suite(start=False, domains=domains)
        suite.init()
        suite.configure()
        for domain in domains:
            suite.edit(**directory.settings(domain, **more))
        suite.edit(**(settings or {}))
        made.append(Dirsyncd(suite))
        return made[-1].start() if start else made[-1]
    yield make
    for one in made:
        one.close()

"""A dirsyncd that the test plays: routerd's questions come to it, and it answers what the test wants.

    held        held(**settings of the directory) -> a suite whose domain a slapd holds; nobody follows it
    dirsyncd    dirsyncd(suite) -> the one that is played, linked
"""
import os

import pytest

import bus
from bus import NOTHING, THERE, textlist, texts
from directory_front import IDLE, replace

class FakeDirsyncd(bus.Peer):
    def __init__(self, suite):
        super().__init__(suite, "DIR")
        self.welcomed(instance="dirsyncd", boot=os.urandom(16))

    def asked(self, name):
        """(subject, values) of the next question of that name."""
        _, subject, values = self.expect(name)
        return subject, values

    def profile(self, xml=None, state=None):
        """Answers the next PROFILE_GET; whose it was."""
        subject, values = self.asked("PROFILE_GET")
        self.send("PROFILE", subject, state=(THERE if xml else NOTHING) if state is None else state, xml=xml)
        return values["account"].decode()

    def found(self, rows=(), more=0, state=THERE):
        """Answers the next SEARCH; what was wanted, as (domain, {field: value}, limit)."""
        subject, values = self.asked("SEARCH")
        self.send("FOUND", subject, state=state, more=more, rows=textlist([t for row in rows for t in row]))
        wanted = texts(values["wanted"])
        return values["domain"].decode(), dict(zip(wanted[::2], wanted[1::2])), values["limit"]

    def table(self, columns, rows, code=0, text=None):
        """Answers the next CTL_REQUEST; (verb, arguments)."""
        subject, values = self.asked("CTL_REQUEST")
        if columns:
            self.send("CTL_COLUMNS", subject, names=textlist(columns))
        for row in rows:
            self.send("CTL_ROW", subject, values=textlist(row))
        self.send("CTL_END", subject, code=code, text=text)
        return values["verb"].decode(), texts(values["args"])


@pytest.fixture
def held(slapd, make_suite):
    """What is started as dirsyncd does nothing.  Accounts are made before there is the directory."""
    def make(settings=None, accounts=None, domains=("localhost",), **more):
        suite = make_suite(start=False, domains=domains, settings=settings or {}, accounts=accounts or {})
        replace(suite, dirsyncd=IDLE).start()
        mark = suite.log.mark()
        suite.edit(**slapd.settings(**more))
        assert suite.ctl("reload").returncode == 0
        suite.log.wait("^idle$", since=mark)
        suite.log.wait("peer-joined peer=authd", since=mark)  # it has started again, for its first directory
        return suite
    return make


@pytest.fixture
def dirsyncd():
    made = []

    def make(suite):
        made.append(FakeDirsyncd(suite))
        return made[-1]
    yield make
    for one in made:
        one.socket.close()

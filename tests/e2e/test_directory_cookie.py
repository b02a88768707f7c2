"""How far dirsyncd has read is a cookie of the directory's: one that means nothing any more, and a refresh that breaks off."""
import contextlib
import os
import signal
import socket
import sqlite3
import threading

import pytest

from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import PATIENCE, eventually, pause
from test_directory_login import attempt, log_in, start  # noqa: F401 (a fixture)
from test_directory_sync import disable, followed, stays  # noqa: F401 (a fixture)

MANY = 2000


def store(suite):
    return contextlib.closing(sqlite3.connect(suite.home / "state/dirsyncd/directory.db", timeout=PATIENCE))


def cookie(suite):
    with store(suite) as database:
        found = database.execute("SELECT cookie FROM followed").fetchone()
    return found[0] if found else None


def entries(suite):
    with store(suite) as database:
        return database.execute("SELECT count(*) FROM entry").fetchone()[0]


@contextlib.contextmanager
def without_dirsyncd(suite):
    """It is stopped, and then killed: it begins anew after what is done here."""
    pid = suite.pids()["dirsyncd"]
    pause(pid)
    yield
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("garbage", [
    b"", b"\0\xff garbage", b"rid=000,csn=19990101000000.000000Z#000000#000#000000",
    b"rid=000,csn=20990101000000.000000Z#000000#000#000000", b"another kind of directory's"])
def test_one_that_means_nothing_any_more(slapd, followed, garbage):  # noqa: F811
    """What was missed is found, and the next cookie is good."""
    eventually(lambda: cookie(followed), "a cookie")
    mark = followed.log.mark()
    with without_dirsyncd(followed):
        with store(followed) as database:
            database.execute("UPDATE followed SET cookie = ?", (garbage,))
            database.commit()
        slapd.delete("alice")
    assert followed.alice.error() == "not-authorized"
    followed.log.wait("directory-followed .*accounts=1 ", since=mark)
    stays(followed.bob)
    disable(slapd, "bob")
    assert followed.bob.error() == "not-authorized"
    eventually(lambda: cookie(followed) != garbage, "another cookie")


def test_a_database_that_was_made_anew(slapd, followed):  # noqa: F811
    """Out of a backup of before alice was deleted: what it says counts."""
    backup = slapd.dump()
    slapd.add("carol")
    carol = log_in(followed, "carol")
    followed.log.wait("directory-followed")
    eventually(lambda: entries(followed) == 3, "carol")
    slapd.restore(backup)
    assert carol.error() == "not-authorized"
    stays(followed.alice), stays(followed.bob)
    disable(slapd, "bob")
    assert followed.bob.error() == "not-authorized"


class Narrow:
    """The way to a server, that lets so many bytes of its answers through, and no more."""

    def __init__(self, port, most):
        self.to, self.most = ("127.0.0.1", port), most
        self.passed, self.full = 0, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                self._join(self.listener.accept()[0])

    def _join(self, client):
        try:
            server = socket.create_connection(self.to)
        except OSError:  # it is away
            client.close()
            return
        threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
        threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source, sink, counted):
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if counted and self.most is not None:
                    self.passed += len(data)
                    if self.passed > self.most:
                        self.full.set()
                        continue
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()


@pytest.fixture
def narrow(make_slapd):  # noqa: F811
    server = make_slapd().fill(MANY).start()
    way = Narrow(server.tls_port, 200000)
    yield server, way
    way.close()


def test_a_directory_that_dies_in_the_middle_of_the_refresh(narrow, start):  # noqa: F811
    """The first refresh of all breaks off, the next begins anew, and knows of what happened in between."""
    server, way = narrow
    suite = start(server, servers=[f"ldaps://127.0.0.1:{way.port}"])
    assert way.full.wait(PATIENCE)
    eventually(lambda: entries(suite) > 0, "a part of it")
    assert entries(suite) < MANY
    assert cookie(suite) is None
    server.kill()
    suite.log.wait("directory-lost")
    assert not suite.log.find("directory-followed")
    way.most = None
    server.start()
    server.delete("user0")
    suite.log.wait("directory-followed")
    eventually(lambda: entries(suite) == MANY - 1, "all that are there")
    last = log_in(suite, f"user{MANY - 1}")
    server.delete(f"user{MANY - 1}")
    assert last.error() == "not-authorized"


def test_what_a_broken_refresh_has_told_of_is_not_forgotten(narrow, start):  # noqa: F811
    """In that one some were missing: they go when it has been said whole, and not before."""
    server, way = narrow
    way.most = None
    suite = start(server, servers=[f"ldaps://127.0.0.1:{way.port}"], brake=0)
    suite.log.wait(f"directory-followed .*accounts={MANY}")
    gone = [log_in(suite, f"user{i}") for i in range(3)]
    with server.unseen():
        for i in range(3):
            disable(server, f"user{i}")
        way.passed, way.most = 0, 20000
    assert way.full.wait(PATIENCE)
    for stream in gone:
        stays(stream)
    server.kill()
    way.most = None
    server.start()
    for stream in gone:
        assert stream.error() == "not-authorized"

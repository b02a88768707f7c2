"""bulkheadctl top: the screen on a terminal, and --once."""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import pyte
import pytest

from suite import BIN, PATIENCE, eventually


class Terminal:
    """A program on a pty, and what stands on its screen."""

    def __init__(self, *command, columns=100, rows=30, lang="C.UTF-8"):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="linux", LC_ALL=lang, LINES="", COLUMNS="")
            del os.environ["LINES"], os.environ["COLUMNS"]
            os.execv(str(command[0]), [str(c) for c in command])
        self.code = None
        self.resize(columns, rows)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def type(self, text):
        os.write(self.fd, text.encode())

    @property
    def text(self):
        return "\n".join(self.screen.display)

    def read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            self.stream.feed(os.read(self.fd, 65536))

    def until(self, check, what):
        deadline = time.monotonic() + PATIENCE
        while not check(self.text):
            assert time.monotonic() < deadline, f"{what}\n{self.text}"
            self.read(0.1)
        return self.text

    def end(self):
        """Its exit code; what it still writes is read."""
        try:
            while True:
                self.stream.feed(os.read(self.fd, 65536))
        except OSError:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code


@pytest.fixture
def top(suite):
    with Terminal(BIN / "bulkheadctl", "-d", suite.home, "top") as terminal:
        terminal.suite = suite
        yield terminal


def test_the_screen_shows_daemons_and_ends_with_q(top):
    text = top.until(lambda t: "c2sd@1" in t and "authd" in t, "the daemons")
    assert text.startswith("bulkheadctl top   running") and "CPU%" in text
    assert any(line.startswith("routerd ") and " up " in line for line in text.splitlines())
    top.type("q")
    assert top.end() == 0


def test_the_busiest_are_shown(top, raw):
    alice = raw(top.suite, "alice", "home")

    def busy(text):
        for n in range(10):
            alice.message("bob@localhost", f"{n}")
        alice.ping()
        lines = text.splitlines()
        return "BUSIEST ACCOUNTS" in text and "alice@localhost" in lines[[i for i, line in enumerate(lines)
                                                                          if "BUSIEST ACCOUNTS" in line][0] + 1]
    text = top.until(busy, "alice is busy")
    assert "BUSIEST DOMAINS" in text
    top.until(lambda t: busy(t) and "messages 0.0" not in t and "per second: messages" in t, "a rate")


def test_it_can_be_held_and_sorted(top):
    top.until(lambda t: "c2sd@1" in t, "the daemons")
    top.type("p")
    top.until(lambda t: "paused" in t, "paused")
    top.type("p")
    top.until(lambda t: "running" in t, "it goes on")
    for order in ("cpu", "memory", "name"):
        top.type("s")
        top.until(lambda t, order=order: f"sort: {order}" in t, order)


def test_it_follows_the_size_of_the_terminal(top):
    top.until(lambda t: "c2sd@1" in t and "CONNECTIONS" in t, "the daemons")
    top.resize(40, 6)
    top.until(lambda t: "routerd" in t and "c2sd@1" not in t and "CONNECTIONS" not in t, "it is cut")
    top.resize(100, 30)
    top.until(lambda t: "c2sd@1" in t and "CONNECTIONS" in t, "it is whole again")


def test_it_outlives_routerd(top):
    suite = top.suite
    top.until(lambda t: "c2sd@1" in t, "the daemons")
    pid = suite.pids()["routerd"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: suite.ctl("wait").returncode == 0 and suite.pids()["routerd"] != pid, "it is back")
    top.until(lambda t: f" {suite.pids()['routerd']} " in t and "running" in t, "the new one")
    top.type("q")
    assert top.end() == 0


def test_without_utf8_names_are_readable_and_harmless(make_suite, raw):
    suite = make_suite(accounts={"älice@localhost": "wonderland-1", "bob@localhost": "x"})
    alice = raw(suite)
    alice.login("älice", "wonderland-1").bind("home")
    with Terminal(BIN / "bulkheadctl", "-d", suite.home, "top", lang="C") as terminal:
        def shown(text):
            alice.message("bob@localhost", "x")
            return "?lice@localhost" in text
        terminal.until(shown, "her name")
    with Terminal(BIN / "bulkheadctl", "-d", suite.home, "top") as terminal:
        def whole(text):
            alice.message("bob@localhost", "x")
            return "älice@localhost" in text
        terminal.until(whole, "her name")


KEYS = ["kind", "name", "value", "state", "pid", "uptime", "memory_bytes", "connections", "deaths"]


def test_once_is_for_scripts(suite, raw):
    alice = raw(suite, "alice", "home")
    for n in range(50):
        alice.message("bob@localhost", f"{n}")
    alice.ping()
    rows = suite.rows("top", "--once")
    assert all(list(row) == KEYS for row in rows)
    found = {(row["kind"], row["name"]): row for row in rows}
    assert {name for kind, name in found if kind == "daemon"} == {"routerd", "keyd", "authd", "c2sd@1"}
    assert int(found["daemon", "c2sd@1"]["pid"]) == suite.pids()["c2sd@1"]
    assert int(found["daemon", "c2sd@1"]["memory_bytes"]) > 1 << 20
    assert found["total", "available"]["value"] == "1" and ("rate", "messages") in found
    assert float(found["account", "alice@localhost"]["value"]) > 0
    assert float(found["domain", "localhost"]["value"]) > 0
    done = suite.ctl("top", "--once")
    assert done.returncode == 0 and "c2sd@1" in done.stdout and "BUSIEST ACCOUNTS" in done.stdout


def test_without_a_terminal_or_a_server_it_says_so(suite):
    done = subprocess.run([BIN / "bulkheadctl", "-d", suite.home, "top"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 2 and "--once" in done.stderr
    assert suite.stop() == 0
    done = suite.ctl("top", "--once", "--json")
    assert done.returncode == 3 and json.loads(done.stderr)[0]["code"] == "3"

"""A whole instance in a directory of its own: made by `bulkhead init`, run by `bulkhead run`."""
import contextlib
import fcntl
import grp
import json
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import conf

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BULKHEAD_BUILD", "build"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD
BIN = BUILD / "bin"
AS_ROOT = os.geteuid() == 0


def is_sanitized():
    cache = BUILD / "CMakeCache.txt"
    return cache.exists() and re.search(r"^BULKHEAD_SANITIZE:BOOL=ON", cache.read_text(), re.M)


SANITIZED = bool(is_sanitized())
# Deadlines are for what should long have happened; a loaded machine under ASan needs more.
PATIENCE = 60 if SANITIZED else 30

SANITIZER_REPORT = re.compile(
    r"ERROR: (Address|Leak)Sanitizer|SUMMARY: \w+Sanitizer|runtime error:|^bug: |\bbug: ", re.M)


def _ports():
    """Those of this process, each once before one comes again: processes of pytest that run beside each other have
    their own, since what is free now may be somebody's a moment later."""
    slots, first, count = 16, 10000, 20000
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    slot = int(worker[2:]) % slots if worker.startswith("gw") else random.randrange(slots)
    size = count // slots
    at = random.randrange(size)
    while True:
        yield first + slot * size + at % size
        at += 1


PORTS = _ports()


def free_port():
    """A port where nobody listens now, outside the range that outgoing connections use."""
    while True:
        port = next(PORTS)
        with socket.socket() as s:
            with contextlib.suppress(OSError):
                s.bind(("127.0.0.1", port))
                return port


def eventually(check, what, timeout=None):
    """For what no event tells: asks again until check() is true, and returns its value."""
    deadline = time.monotonic() + (timeout or PATIENCE)
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < deadline, f"in vain waited for: {what}"
        time.sleep(0.02)


class Log:
    """What a program writes, line by line, with waiting for a line.  Whoever looks first takes what stands in the pipe:
    a line that was written before an answer is there after it."""

    def __init__(self, stream):
        self.lines, self.ended, self.rest = [], False, b""
        self.stream, self.news = stream, threading.Condition()
        os.set_blocking(stream.fileno(), False)
        self.thread = threading.Thread(target=self._follow, daemon=True)
        self.thread.start()

    def _follow(self):
        poll = select.poll()
        poll.register(self.stream.fileno(), select.POLLIN)
        while not self.ended:
            poll.poll()
            self._take()

    def _take(self):
        with self.news:
            with contextlib.suppress(BlockingIOError):
                while not self.ended:
                    read = os.read(self.stream.fileno(), 1 << 16)
                    self.ended = not read
                    *whole, self.rest = (self.rest + (read or b"\n" * bool(self.rest))).split(b"\n")
                    self.lines += [line.decode(errors="replace") for line in whole]
            self.news.notify_all()

    def mark(self):
        """Now; for wait(..., since=)."""
        self._take()
        return len(self.lines)

    def find(self, pattern, since=0):
        self._take()
        return [line for line in self.lines[since:] if re.search(pattern, line)]

    def wait(self, pattern, since=0, timeout=None):
        """The first line that matches."""
        deadline = time.monotonic() + (timeout or PATIENCE)
        with self.news:
            while True:
                found = self.find(pattern, since)
                if found:
                    return found[0]
                left = deadline - time.monotonic()
                assert left > 0 and not self.ended, f"no line in the log matches {pattern!r}"
                self.news.wait(left)

    def text(self):
        self._take()
        return "\n".join(self.lines)


class Suite:
    """One instance.  domains: the first is init's; front_ends: c2sd@1, ... -> where each listens; s2s: it talks to
    other servers."""

    def __init__(self, domains=("localhost",), settings=None, front_ends=None, accounts=None, s2s=False):
        self.dir = Path(tempfile.mkdtemp(prefix="bh-"))
        os.chmod(self.dir, 0o755)  # the daemons' own users must get in
        self.domains = list(domains)
        self.port = free_port()
        self.settings = dict(settings or {})
        self.front_ends = front_ends
        self.s2s, self.s2s_port = s2s, free_port()
        self.accounts = accounts if accounts is not None else {}
        self.process = self.log = None
        self.wrapper = []  # words before the command that runs it
        self.programs = None  # where the daemons are, if it is not beside `bulkhead`
        self.may_fail = False  # a test that breaks it says so
        self.unconfigured = False

    # Making it.

    def init(self, *more):
        init(self.dir / "i", "--domain", self.domains[0],
             "--c2s", f"127.0.0.1:{self.port}", "--s2s", f"127.0.0.1:{self.s2s_port}", *more)
        return self

    @property
    def home(self):
        return self.dir / "i"

    @property
    def config(self):
        return self.home / "bulkhead.conf"

    def init_only(self):
        """The daemons' users and groups are there from now on; start() does the rest."""
        self.unconfigured = True
        return self.init()

    def edit(self, **changes):
        """Changes settings of the file: edit(**{"c2sd.auth_timeout": 2})."""
        top = conf.Section.parse(self.config.read_text())
        for path, value in changes.items():
            top.set(path, value)
        self.config.write_text(top.text() + "\n")

    def configure(self):
        first = conf.Section.parse(self.config.read_text()).section("domain", self.domains[0])
        changes = {}
        for domain in self.domains[1:]:
            made = dict(zip(("certificate", "key"), self.certificate(domain)))
            for name in first.settings:
                changes[f'domain "{domain}".{name}'] = str(made[name])
        if self.front_ends:
            changes["c2sd.instances"] = len(self.front_ends)
        for name, addresses in (self.front_ends or {}).items():
            changes[f'instance "{name}".listen'] = addresses
        if not self.s2s:
            changes["s2sd.instances"] = 0
            for domain in self.domains:
                changes[f'domain "{domain}".s2s'] = "off"
        self.edit(**{**changes, **self.settings})

    def certificate(self, domain, **how):
        """A fresh self-signed certificate for the domain: (certificate file, key file)."""
        import certificates
        folder = self.home / "made" / str(random.getrandbits(48))
        folder.mkdir(parents=True)
        certificate, key = certificates.write(folder, domain, **how)
        give_to_keyd(key)
        return certificate, key

    @property
    def certificate_file(self):
        top = conf.Section.parse(self.config.read_text())
        named = top.section("domain", self.domains[0]).settings["certificate"]
        return (self.home / named).resolve()

    # Running it.

    def spawn(self):
        where = ["--bin", self.programs] if self.programs else []
        self.process = subprocess.Popen(
            [*self.wrapper, BIN / "bulkhead", "run", *where, self.home], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        self.log = Log(self.process.stdout)

    def start(self):
        if not self.config.exists():
            self.init()
            self.configure()
        elif self.unconfigured:
            self.configure()
        self.spawn()
        self.log.wait(r"^bulkhead: ready")
        if self.accounts:
            self.add_accounts(self.accounts)
        return self

    def add_accounts(self, accounts):
        file = self.dir / "accounts.txt"
        file.write_text("".join(f"{jid}\t{password}\n" for jid, password in accounts.items()))
        done = self.ctl("user", "import", file)
        assert done.returncode == 0, done.stderr
        self.accounts = {**self.accounts, **accounts}

    def ctl(self, *arguments, input=None):
        return run(BIN / "bulkheadctl", "-d", self.home, *arguments, input=input)

    def rows(self, *arguments):
        """The rows of a listing, as dictionaries."""
        done = self.ctl(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        rows = json.loads(done.stdout)
        assert isinstance(rows, list), rows
        return rows

    def counters(self, instance):
        """name -> value, of those that are numbers: times are texts."""
        rows = {row["counter"]: row["value"] for row in self.rows("stats", instance)}
        return {name: float(value) for name, value in rows.items() if value.replace(".", "", 1).isdigit()}

    def pids(self, daemon=None):
        """instance -> process id, of running daemons but keyd."""
        return {row["instance"]: int(row["pid"]) for row in self.rows("status")
                if daemon in (None, row["daemon"]) and row["daemon"] != "keyd"}

    @property
    def keyd(self):
        """Its process id, whether it has a link to routerd or not."""
        found = [pid for pid in self.processes() if program_of(pid) == "bulkhead-keyd"]
        assert len(found) == 1, found
        return found[0]

    def reload(self):
        """SIGHUP to the one that runs them: routerd leads a reload."""
        self.process.send_signal(signal.SIGHUP)

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    @property
    def bus_dir(self):
        """Where routerd's sockets are."""
        return self.home / "run"

    def password(self, jid):
        return self.accounts[jid]

    # Ending it.

    def stop(self):
        """SIGTERM; the exit code of the whole."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.abort()
            raise AssertionError("bulkhead run did not end after SIGTERM") from None
        self.log.thread.join(PATIENCE)
        return code

    def restart(self):
        """The whole ends and begins again on the same data."""
        assert self.stop() == 0
        self.spawn()
        self.log.wait(r"^bulkhead: ready")

    def abort(self):
        """Ends what is left of it, by the ids of its own processes."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def processes(self):
        """The ids of all processes that were started on this directory."""
        needle = str(self.home).encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if needle in (entry / "cmdline").read_bytes():
                        found.append(int(entry.name))
        return found

    def check_end(self):
        """It ended well: nothing failed, leaked or stayed."""
        report = SANITIZER_REPORT.search(self.log.text())
        assert not report, "in the log: " + self.log.text()[report.start() - 200:report.end() + 600]
        left = eventually_none(self.processes)
        assert not left, f"processes stayed: {left}"

    def remove(self):
        self.abort()
        shutil.rmtree(self.dir, ignore_errors=True)


def pause(pid):
    """Stops the process, all of its threads: a signal that is under way lets them go on for a while."""
    os.kill(pid, signal.SIGSTOP)

    def state(task):
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    eventually(lambda: all(state(task) == "T" for task in Path(f"/proc/{pid}/task").iterdir()), "the end of its turn")


def program_of(pid):
    with contextlib.suppress(OSError):
        return Path(os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0])).name
    return ""


def init(*arguments):
    """`bulkhead init`.  As root it may add the daemons' users: one at a time."""
    with open(os.path.join(tempfile.gettempdir(), f"bh-init-{os.getuid()}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run(BIN / "bulkhead", "init", *arguments)
    assert done.returncode == 0, done.stderr + done.stdout


def make_users():
    """For tests that start a daemon without an instance around it."""
    with tempfile.TemporaryDirectory(prefix="bh-users-") as folder:
        os.chmod(folder, 0o755)
        init(Path(folder) / "i")


def give_to_keyd(key):
    """As an administrator does it who is root: keyd reads the key again at a reload."""
    if AS_ROOT:
        os.chown(key, 0, grp.getgrnam("bulkhead-tls").gr_gid)
        os.chmod(key, 0o640)


def eventually_none(check, timeout=5):
    deadline = time.monotonic() + timeout
    while True:
        found = check()
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


def run(*command, input=None, timeout=60):
    return subprocess.run([str(c) for c in command], input=input, capture_output=True, text=True,
                          timeout=timeout, check=False)

"""What a taken-over daemon can do: nothing that its profile does not name.

Each daemon of a build with -DBULKHEAD_BREACH=ON (never another one) is started as it is in service, confined as it is
there, and told from within to try each act of a table (acts.h).  Before its main() the same program has tried the
same acts as control: what is refused to it later must have been possible then.  What ends the process (SIGSYS) needs
no control: that was seccomp.

    BULKHEAD_BUILD=build-breach pytest tests/breach          prints the table: daemon by act
"""
import ctypes
import errno
import os
import pwd
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import suite as suites  # noqa: E402
from suite import BIN, Suite, eventually, free_port  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
TGKILL, EPOLL_WAITS = 234, {"232", "281"}
DAEMONS = ["routerd", "keyd", "authd", "authd+directory", "dirsyncd", "c2sd", "s2sd", "snmp", "metrics"]
PATIENCE = 20

# What each daemon's profile (-P) has to name for an act to be its job.
GROUPS = {
    "connect TCP": "makes TCP connections",
    "send UDP": "asks name servers",
    "bind UDP": "validates what name servers say",
}


class Daemon:
    """One process.  order() is obeyed by it before it is confined, act() afterwards."""

    def __init__(self, place, name):
        self.place, self.name = place, name
        program = name.partition("+")[0]
        config = place.with_directory if name in ("authd+directory", "dirsyncd") else place.without
        self.process = subprocess.Popen(
            [BIN / f"bulkhead-{program}", "-c", config, "-i", {"c2sd": "c2sd@1", "s2sd": "s2sd@1"}.get(program, program)],
            env={**os.environ, "BULKHEAD_BREACH": str(place.socket_path)}, stdin=subprocess.DEVNULL,
            stdout=place.log, stderr=place.log)
        self.way, _ = place.listener.accept()
        self.way.settimeout(PATIENCE)
        self.confined = False

    def proc(self, name):
        return Path(f"/proc/{self.process.pid}/{name}").read_text()

    def control(self, act, argument):
        self.way.send(f"{act}\n{argument}".encode())
        return int.from_bytes(self.way.recv(4), sys.byteorder)

    def go(self):
        """Until it is confined, and waits in its loop."""
        self.way.send(b"go")
        eventually(lambda: self.proc("syscall").split()[0] in EPOLL_WAITS, f"{self.name} waiting", PATIENCE)
        assert "Seccomp:\t2" in self.proc("status")
        self.confined = True
        return self

    def act(self, act, argument):
        """"allowed", "refused ERRNO" or "killed"."""
        self.way.send(f"{act}\n{argument}".encode())
        LIBC.syscall(TGKILL, self.process.pid, self.process.pid, int(signal.SIGUSR2))
        answer = self.way.recv(4)
        if not answer:
            code = self.process.wait(PATIENCE)
            return "killed" if code == -signal.SIGSYS else f"allowed (ended with {code})"
        error = int.from_bytes(answer, sys.byteorder)
        return f"refused {errno.errorcode.get(error, error)}" if error else "allowed"

    def alive(self):
        return self.process.poll() is None

    def close(self):
        self.way.close()
        if self.alive():
            self.process.kill()
        self.process.wait()


class Place:
    """An instance that is not running as a whole, and what its daemons are set upon."""

    def __init__(self, folder):
        self.suite = Suite(s2s=True)
        self.suite.init()
        self.suite.configure()
        self.home = self.suite.home
        password = self.home / "directory.password"
        password.write_text("secret\n")
        os.chmod(password, 0o644)
        self.without, self.with_directory = self.suite.config, self.home / "with-directory.conf"
        self.suite.edit(**{"metrics.listen": f"127.0.0.1:{free_port()}",
                           "snmp.agentx_socket": str(self.home / "agentx")})
        self.suite.start()  # makes its files
        self.suite.stop()
        plain = self.without.read_text()
        self.suite.edit(**{'domain "localhost".directory': "main", 'directory "main".base': "dc=example",
                           'directory "main".servers': [f"ldaps://127.0.0.1:{free_port()}"],
                           'directory "main".bind_dn': "cn=reader", 'directory "main".bind_password': str(password)})
        self.with_directory.write_text(self.without.read_text())
        self.without.write_text(plain)
        self.folder = folder
        self.log = open(folder / "log", "wb")
        self.socket_path = self.home / "breach"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(self.socket_path))
        self.listener.listen()
        self.listener.settimeout(PATIENCE)
        self.abstract = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.abstract.bind(f"\0bulkhead-breach-{os.getpid()}")
        self.abstract.listen()
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.victim = subprocess.Popen(["sleep", "infinity"])
        self.others = {name: self.socket_of(name) for name in ("authd", "c2sd")}
        self.running = []
        (folder / "file").touch()

    def socket_of(self, daemon):
        """As routerd makes them: for that daemon's user."""
        path = self.home / "run" / f"breach-{daemon}.sock"
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.bind(str(path))
        made.listen()
        os.chmod(path, 0o600)
        os.chown(path, pwd.getpwnam(f"bulkhead-{daemon}").pw_uid, 0)
        return made

    def start(self, name):
        self.running.append(Daemon(self, name))
        return self.running[-1]

    def close(self):
        for daemon in self.running:
            daemon.close()
        self.victim.kill()
        self.victim.wait()
        for opened in (self.listener, self.abstract, self.tcp, self.log, *self.others.values()):
            opened.close()
        self.suite.remove()

    def acts(self, name):
        """(act, argument, how the table calls it)."""
        program = name.partition("+")[0]
        state, other = self.home / "state", "authd" if program != "authd" else "routerd"
        port, pid = str(self.tcp.getsockname()[1]), str(self.victim.pid)
        paths = [
            ("read", "/etc/passwd", "read /etc/passwd"),
            ("read", self.key, "read a TLS private key"),
            ("read", "/proc/self/mem", "read /proc/self/mem"),
            ("read", "/proc/self/maps", "read /proc/self/maps"),
            ("read", state / other / ".", "read another daemon's directory"),
            ("list", state / other, "list another daemon's directory"),
            ("list", "/", "list /"),
            ("write", self.without, "write the configuration"),
            ("create", "/tmp/bulkhead-breach", "create a file in /tmp"),
            ("create", state / other / "new", "create a file in another's directory"),
            ("mkdir", "/tmp/bulkhead-breach-folder", "mkdir"),
            ("unlink", self.folder / "file", "unlink"),
            ("rename", "/etc/passwd", "rename"),
            ("symlink", "/tmp/bulkhead-breach-link", "symlink"),
            ("mknod", "/tmp/bulkhead-breach-pipe", "mknod"),
            ("chmod", self.without, "chmod"),
            ("execve", "/bin/true", "execve /bin/true"),
            ("mount", "/mnt", "mount"),
            ("chroot", "/", "chroot"),
            ("connect", self.home / "run" / f"breach-{'authd' if program != 'authd' else 'c2sd'}.sock", "connect to another's socket"),
            ("connect", f"@bulkhead-breach-{os.getpid()}", "connect to an abstract socket"),
        ]
        ports = [(act, port, act) for act in ("connect TCP", "connect MPTCP", "send UDP")]
        victims = [(act, pid, act) for act in ("ptrace", "process_vm_readv", "kill", "tgkill", "pidfd_open", "prlimit",
                                               "fcntl F_SETOWN", "sched_setaffinity")]
        return [(act, str(argument), title) for act, argument, title in paths + ports + victims] + [
            (act, "", act) for act in PLAIN]

    @property
    def key(self):
        return self.home / "keys" / "localhost.key"


# Acts that need no argument.
PLAIN = ["memfd+execveat", "fork", "mmap PROT_EXEC", "mprotect PROT_EXEC", "unshare CLONE_NEWNS",
         "unshare CLONE_NEWUSER", "perf_event_open", "bpf", "keyctl", "io_uring_setup", "userfaultfd", "shmget",
         "inotify_init", "ioctl TIOCSTI", "finit_module", "clock_settime", "reboot", "swapon", "open_by_handle_at",
         "seccomp", "landlock_create_ruleset", "setuid", "setgroups", "prctl PR_CAP_AMBIENT",
         "prctl PR_SET_DUMPABLE", "setrlimit RLIMIT_CORE", "personality", "an x32 call", "an i386 call", "bind TCP",
         "bind UDP", "listen TCP", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_BLUETOOTH", "SOCK_RAW",
         "setsockopt SO_ATTACH_FILTER"]


def profile(name):
    return subprocess.run([BIN / f"bulkhead-{name.partition('+')[0]}", "-P"], capture_output=True, text=True, check=True).stdout


def jobs(name):
    """The acts that the profile of a daemon names as its job."""
    text = profile(name)
    kinds = ("may: ", "with directories: ") if name in ("authd+directory", "dirsyncd") else ("may: ",)
    granted = {line.removeprefix(kind) for line in text.splitlines() for kind in kinds if line.startswith(kind)}
    found = {act for act, group in GROUPS.items() if group in granted}
    reads = next(line for line in text.splitlines() if line.startswith("reads:")).split()
    return found | ({"read a TLS private key"} if "domain.key" in reads else set())


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = Place(tmp_path_factory.mktemp("breach"))
    try:
        yield made
    finally:
        made.close()


RESULTS = {}


def tidy(act, argument):
    """As it was before the act."""
    if act in ("create", "symlink", "mknod"):
        Path(argument).unlink(missing_ok=True)
    elif act == "mkdir" and Path(argument).exists():
        Path(argument).rmdir()
    elif act == "unlink":
        Path(argument).touch()


def attempt_all(place, name):
    """title -> (control's error or 0, outcome)."""
    first = place.start(name)
    acts = place.acts(name)
    control = {}
    for act, argument, title in acts:
        control[title] = first.control(act, argument)
        tidy(act, argument)
    daemon, outcomes = first.go(), {}
    for act, argument, title in acts:
        if not daemon.alive():
            daemon.close()
            daemon = place.start(name).go()
        outcomes[title] = control[title], daemon.act(act, argument)
        tidy(act, argument)
    daemon.close()
    return outcomes


@pytest.mark.parametrize("name", DAEMONS)
def test_s28_a_taken_over_daemon_can_do_its_job_and_nothing_else(place, name):
    outcomes = RESULTS[name] = attempt_all(place, name)
    wrong = []
    for title, (control, outcome) in outcomes.items():
        if outcome.startswith("allowed") and title not in jobs(name):
            wrong.append(f"{title}: {outcome}")
        if outcome.startswith("refused") and control != 0:
            wrong.append(f"{title}: {outcome}, but the control could not do it either: {os.strerror(control)}")
    for title in jobs(name):
        if outcomes[title][1] != "allowed":
            wrong.append(f"{title} is its job, and {outcomes[title][1]}")
    assert not wrong, "\n".join(wrong)


def word(name, title):
    outcome = RESULTS[name][title][1]
    return "its job" if outcome == "allowed" and title in jobs(name) else outcome


def test_the_table_of_all_of_them(place):
    """Printed with -s, and left beside the log."""
    assert set(RESULTS) == set(DAEMONS)
    titles = list(dict.fromkeys(title for outcomes in RESULTS.values() for title in outcomes))
    rows = [f"{'':38}" + "".join(f"{name:>21}" for name in DAEMONS)]
    rows += [f"{title:38}" + "".join(f"{word(name, title):>21}" for name in DAEMONS) for title in titles]
    print("\n" + "\n".join(rows))
    assert "allowed" not in "\n".join(rows)
    (suites.BUILD / "breach.txt").write_text("\n".join(rows) + "\n")

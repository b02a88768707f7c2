"""Abuses one instance in every way that an attacker has, and measures what that costs everybody else.

    python3 tests/chaos/abuse.py [--full] [--only silent half_login ...]

Each scenario runs its attack against the daemons with their default settings, while four well-behaved pairs of clients talk at
a steady rate.  It fails where a daemon's memory grows above the bound of the table below, where the pairs' p99 is above
five times what it was at rest, where a connection or a descriptor stays, and where the attack was not answered as it should be.
doc/performance.md has the table of what was measured.

The attackers run at the lowest priority: on the two cores that they share with the server they would else take the time that a
network attacker cannot take.  What they do costs the server as much, and that counts.
"""
import argparse
import collections
import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

import sm  # noqa: E402
from federation import Net  # noqa: E402
from remote import Stream  # noqa: E402
from suite import BIN, Suite, eventually  # noqa: E402
from xmpp import Closed, Raw, StreamError, condition  # noqa: E402

DOMAIN, PASSWORD = "near.example", "password-1"
PAIRS, RATE = 4, 400
SPAN, REST_SPAN = 3, 2  # seconds that are measured: under attack, and before and after
DOMAINS = 13000         # that the DNS knows
DESCRIPTORS = 20000     # that a process needs
HOME = 50000            # the well-behaved are so many addresses behind the attackers
LET_IN = 15             # seconds until a new client is, at most: a third of auth_timeout, and what it takes
TIMES, FLOOR_MS = 5, 2  # a p99 at rest below the floor is as much the scheduler's as the server's
MIB = 1024 * 1024


class Problem(Exception):
    """What should not have happened, in a sentence."""


# ---- what is measured -----------------------------------------------------------------------

class Memory:
    """The peak of each daemon's resident memory, in MiB, since reset()."""

    def __init__(self, pids):
        self.pids, self.peaks, self.over = pids, {}, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @staticmethod
    def of(pid):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / MIB

    def now(self):
        return {name: self.of(pid) for name, pid in self.pids.items()}

    def reset(self):
        self.peaks = self.now()

    def _run(self):
        while not self.over.wait(0.1):
            for name, value in self.now().items():
                self.peaks[name] = max(value, self.peaks.get(name, 0))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Load:
    """One run of xmppload; nice is of attackers only."""

    def __init__(self, mode, *flags, nice=0, **settings):
        words = [f"--{flag}" for flag in flags]
        words += [word for name, value in settings.items() for word in (f"--{name}", str(value))]
        command = ["nice", "-n", str(nice), BIN / "xmppload", mode, *words]
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, text=True)
        self.result = None

    def until(self, word, timeout=120):
        """What the next line says that begins with the word."""
        timer = threading.Timer(timeout, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                if line.startswith(word + " {"):
                    return json.loads(line[len(word):])
        finally:
            timer.cancel()
        raise Problem("xmppload ended without a result")

    def end(self, timeout=300):
        self.result = self.until("JSON", timeout)
        if self.process.wait(30) != 0:
            raise Problem("xmppload failed")
        return self.result

    def stop(self):
        self.process.kill()
        self.process.wait()


class Talk:
    """Four pairs that talk all the time: how long each message took."""

    def __init__(self, place):
        self.load = Load("throughput", "trace", port=place.suite.port, domain=DOMAIN, user="good", password=PASSWORD,
                         accounts=2 * PAIRS, pairs=PAIRS, rate=RATE, warmup=0, seconds=36000, sources=2 * PAIRS, source=HOME)
        self.due, self.took, self.ended = [], [], False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        eventually(lambda: self.due, "the first message")

    def _run(self):
        for line in self.load.process.stdout:
            with contextlib.suppress(ValueError):
                due, took = line.split()
                self.took.append(int(took) / 1e6)
                self.due.append(int(due))
        self.ended = True

    def during(self, *spans):
        """The milliseconds of all messages that were due in those times."""
        last = max(end for _, end in spans)
        eventually(lambda: self.ended or self.due[-1] > last, "a message after that time")
        expect(not self.ended, "the well-behaved clients lost their connections")
        return sorted(took for due, took in zip(self.due, self.took)
                      if any(begin <= due < end for begin, end in spans))


def p99(milliseconds):
    return milliseconds[len(milliseconds) * 99 // 100]


def rest_for(seconds):
    """A span of time."""
    begin = time.monotonic_ns()
    time.sleep(seconds)
    return begin, time.monotonic_ns()


# ---- the place ------------------------------------------------------------------------------

class Place:
    """The instance, and who talks there."""

    def __init__(self):
        self.net = Net()
        users = [f"good{n}" for n in range(2 * PAIRS)] + [f"user{n}" for n in range(200)]
        self.suite = self.net.instance(
            lambda start, **how: Suite(**how), DOMAIN, None, {"authd.iterations": 4096},
            accounts={f"{user}@{DOMAIN}": PASSWORD for user in users})
        self.deaf = socket.create_server(("127.0.0.1", 0), backlog=4096)  # connects, and never answers
        for n in range(DOMAINS):
            self.net.dns.server(f"d{n}.example", self.deaf.getsockname()[1])

    def start(self):
        self.net.dns.start()
        self.suite.start()
        self.pids = {**self.suite.pids(), "keyd": self.suite.keyd}
        self.memory = Memory(self.pids)
        return self

    def attack(self, kind, **settings):
        settings = {"seconds": 3600, "logins": 0, "few": 0, "sources": 250, "port": self.suite.port, **settings}
        return Load("abuse", nice=19, kind=kind, domain=DOMAIN, **settings)

    def client(self, user, resource="abuse", source=None):
        stream = Raw(self.suite.address, DOMAIN, source=source)
        stream.login(user, PASSWORD, "SCRAM-SHA-256")
        return stream.bind(resource)

    def end(self):
        self.memory.over.set()
        self.memory.thread.join()
        assert self.suite.stop() == 0, "the instance did not end well"
        self.suite.check_end()

    def remove(self):
        self.suite.remove()
        self.net.close()


# ---- scenarios ------------------------------------------------------------------------------

def expect(good, what):
    if not good:
        raise Problem(what)


def log_in(place):
    """How many seconds it takes a new client to get in, as clients do it: who is refused comes again."""
    began = time.monotonic()

    def once():
        with contextlib.suppress(StreamError, Closed, OSError):
            place.client("user190", source="127.0.0.20").close()
            return True
    eventually(once, "a new client being let in", LET_IN)
    return time.monotonic() - began


def hold(kind, many, few=None, sources=250, s2s=False):
    """So many connections that are held open, or opened again as the server ends them."""
    def run(place, full):
        port = place.suite.s2s_port if s2s else place.suite.port
        attack = place.attack(kind, connections=many if full or few is None else few, sources=sources, port=port)
        try:
            held = attack.until("HELD")
            span = rest_for(SPAN)
            waited = log_in(place)
        finally:
            attack.stop()
        return span, f"{held['held']} held; a new client waits {waited:.1f} s"
    return run


def guess(kind, sources, accounts, many, few, connections, first=0):
    """Guesses until there were so many answers."""
    def run(place, full):
        known = place.client(f"user{first}", source="127.0.0.9")  # an address that the server knows, from before
        known.close()
        attack = place.attack(kind, connections=connections, sources=sources, user="user", accounts=accounts, first=first,
                              logins=many if full else few)
        try:
            attack.until("HELD")
            span = rest_for(SPAN)
            place.client(f"user{first}", source="127.0.0.9").close()  # the victim, where he always is
            waited = log_in(place)  # somebody else, anywhere
            done = attack.end()
        finally:
            attack.stop()
        expect(done["let_in"] == 0, f"{done['let_in']} guesses were right")
        most = 2 * 10 * accounts * (done["seconds"] / 60 + 1)
        expect(done["refused"] <= most, f"{done['refused']} guesses were checked, and {most:.0f} may be")
        return span, (f"{done['attempts']} guesses in {done['seconds']:.0f} s, {done['refused']} checked, "
                          f"median answer after {done['wait_p50_ms'] / 1000:.1f} s; a new client waits {waited:.1f} s")
    return run


def churn(kind, many, few, rate=0):
    def run(place, full):
        attack = place.attack(kind, connections=64, rate=rate, logins=many if full else few)
        try:
            attack.until("HELD")
            span = rest_for(SPAN)
            done = attack.end()
        finally:
            attack.stop()
        return span, f"{done['attempts']} connections, {done['attempts'] / done['seconds']:.0f} a second"
    return run


@contextlib.contextmanager
def meanwhile(work):
    """work() again and again in another thread; yields what tells whether it failed."""
    over, failed = threading.Event(), []

    def run():
        try:
            while not over.is_set():
                work()
        except Exception as error:  # noqa: BLE001  it is raised again where somebody looks
            failed.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if failed:
        raise failed[0]


class Flood:
    """A client that sends many stanzas, and takes what comes back: the errors by their conditions."""

    def __init__(self, stream, make):
        self.stream, self.make = stream, make
        self.sent, self.errors = 0, collections.Counter()

    def some(self, many=32):
        self.stream.send("".join(self.make(self.sent + n) for n in range(many)))
        self.sent += many
        for element in self.stream.ping():
            if element.get("type") == "error":
                self.errors[condition(element)[1]] += 1


def never_reads(managed):
    """One who is flooded and reads nothing: more than his queue and the store hold goes back to its sender."""
    def run(place, full):
        victim = place.client("user181", "never")
        if managed:
            sm.enable(victim)
        victim.available()
        text = "x" * 4000
        flood = Flood(place.client("user182"), lambda n: (
            f"<message to='{victim.jid}' type='chat' id='m{n}'><body>{text}</body></message>"
            if n % 32 else f"<iq to='{victim.jid}' type='get' id='q{n}'><query xmlns='jabber:iq:version'/></iq>"))
        with meanwhile(flood.some):
            eventually(lambda: len(flood.errors) > 1, "errors for messages and for requests", 60)
            span = rest_for(SPAN)
        victim.close(), flood.stream.close()
        expect(set(flood.errors) == {"resource-constraint", "service-unavailable"}, f"the sender got {dict(flood.errors)}")
        return span, f"{flood.sent} stanzas, {dict(flood.errors)} back"
    return run


def flood_presence(place, full):
    """Subscriptions to everybody and to nobody, and presence to anybody."""
    flood = Flood(place.client("user183").available(), lambda n: (
        f"<presence type='subscribe' to='user{n % 200 if n % 3 else n}@{DOMAIN}'/>"
        f"<presence to='anybody{n}@{DOMAIN}'/>"))
    with meanwhile(flood.some):
        span = rest_for(SPAN)
        eventually(lambda: flood.sent > 8000 or flood.errors, "the bound of the roster", 60)
    flood.stream.close()
    return span, f"{2 * flood.sent} presences, {dict(flood.errors)} back"


def s2s_streams(place, full):
    """Servers that open streams, under TLS as well, and say nothing."""
    streams = []
    for n in range(600 if full else 200):
        streams.append(Stream(place.suite, f"d{n}.example", source=f"127.0.2.{n % 20 + 1}"))
        streams[-1].begin() if n % 2 else streams[-1].open()
    span = rest_for(SPAN)
    for stream in streams:
        stream.close()
    return span, f"{len(streams)} streams"


def flood_dialback(place, full):
    """Many domains, each of which is to be asked at a server that never answers."""
    streams = [Stream(place.suite, "d0.example", source=f"127.0.3.{n % 20 + 1}").begin() for n in range(200 if full else 60)]
    answers = collections.Counter()
    for n, stream in enumerate(streams):
        for one in range(64):
            stream.result(sender=f"d{n * 64 + one}.example")
    span = rest_for(SPAN)
    for stream in streams:
        with contextlib.suppress(TimeoutError):
            while True:
                answers[stream.answer(timeout=0.05)[1]] += 1
    peers = descriptors(place.pids["s2sd@1"])
    for stream in streams:
        stream.close()
    expect(peers <= 1000 + len(streams) + 50, f"s2sd has {peers} descriptors")
    return span, f"{64 * len(streams)} domains, {dict(answers)}, {peers} descriptors"


# name -> (how it runs, the bound of c2sd's memory in MiB; then of others, where it is not that of REST).
REST = {"c2sd": 48, "routerd": 64, "authd": 64, "keyd": 24, "s2sd": 48}
SCENARIOS = {
    "silent": (hold("silent", 10000, sources=10000), {}),
    "silent_few": (hold("silent", 10000), {}),
    "silent_tls": (hold("silent_tls", 10000, sources=10000), {"c2sd": 256}),
    "slow_hello": (hold("slow_hello", 2000), {"c2sd": 96}),
    "slow_header": (hold("slow_header", 2000), {"c2sd": 96}),
    "half_element": (hold("half_element", 10000, 5000, sources=10000), {"c2sd": 640}),
    "half_login": (hold("half_login", 10000, 5000, sources=10000), {"c2sd": 320, "authd": 96}),
    "guess_plain": (guess("guess_plain", 250, 100, 50000, 1500, 2000), {"c2sd": 256}),
    "guess_scram": (guess("guess_scram", 250, 100, 50000, 1500, 2000), {"c2sd": 256}),
    "guess_spread": (guess("guess_plain", 250, 100000, 50000, 1500, 2000), {"c2sd": 256}),
    "guess_one": (guess("guess_scram", 1, 1, 2000, 150, 150, first=160), {}),
    "churn": (churn("churn", 100000, 25000, rate=5000), {}),
    "churn_tls": (churn("churn_tls", 20000, 6000), {}),
    "key_updates": (hold("key_updates", 200), {}),
    "renegotiation": (hold("renegotiation", 200), {}),
    "never_reads": (never_reads(managed=False), {}),
    "never_reads_sm": (never_reads(managed=True), {}),
    "presence": (flood_presence, {}),
    "s2s_silent": (hold("silent", 9000, sources=9000, s2s=True), {"s2sd": 64}),
    "s2s_streams": (s2s_streams, {"s2sd": 64}),
    "s2s_dialback": (flood_dialback, {"s2sd": 128}),
}
LONG = ("silent_few", "slow_header", "guess_plain", "s2s_streams")  # with --full only: others are like them


class Run:
    """Scenarios one after another; what is at rest between two is compared with both."""

    def __init__(self, place, full):
        self.place, self.full, self.failed = place, full, {}
        self.talk = Talk(place)
        self.before = {daemon: descriptors(pid) for daemon, pid in place.pids.items()}
        self.rest = rest_for(REST_SPAN)

    def quiet(self):
        return all(descriptors(pid) <= self.before[daemon] + 8 for daemon, pid in self.place.pids.items())

    def one(self, name):
        scenario, bounds = SCENARIOS[name]
        self.place.memory.reset()
        span, what = scenario(self.place, self.full)
        peaks = dict(self.place.memory.peaks)
        eventually(self.quiet, "all descriptors being closed", 60)
        before, self.rest = self.rest, rest_for(REST_SPAN)
        quiet, under = p99(self.talk.during(before, self.rest)), p99(self.talk.during(span))
        print(f"{name:14} p99 {under:6.2f} ms (at rest {quiet:6.2f}); " + ", ".join(
            f"{daemon} {value:.0f}" for daemon, value in sorted(peaks.items())) + f" MiB; {what}", flush=True)
        for daemon, value in peaks.items():
            most = {**REST, **bounds}[daemon.split("@")[0]]
            expect(value <= most, f"{daemon} took {value:.0f} MiB, and {most} is the bound")
        bound = TIMES * max(quiet, FLOOR_MS)
        expect(under <= bound, f"p99 {under:.2f} ms, and {bound:.2f} ms is the bound")

    def all(self, names):
        for name in names:
            try:
                self.one(name)
            except (Problem, AssertionError, OSError, Closed, StreamError) as error:
                self.failed[name] = repr(error)


def arguments():
    parser = argparse.ArgumentParser(description="abuse an instance")
    parser.add_argument("--full", action="store_true", help="with the full numbers: some minutes")
    parser.add_argument("--only", nargs="+", choices=SCENARIOS)
    return parser.parse_args()


def raise_descriptors():
    """Ours, and so those of all that we start: ten thousand connections have two ends."""
    most = max(resource.getrlimit(resource.RLIMIT_NOFILE)[1], DESCRIPTORS if os.geteuid() == 0 else 0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main():
    options = arguments()
    raise_descriptors()
    names = options.only or [name for name in SCENARIOS if options.full or name not in LONG]
    place, failed = Place(), {}
    try:
        run = Run(place.start(), options.full)
        run.all(names)
        failed = run.failed
        run.talk.load.stop()
        place.end()
    except AssertionError as error:
        failed["the instance"] = str(error)
    if failed:
        print(*place.suite.log.lines[-40:], sep="\n")
    place.remove()
    for name, problem in failed.items():
        print(f"problem: {name}: {problem}")
    bad = min(len(failed), len(names))
    print(f"{len(names) - bad} passed, {bad} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

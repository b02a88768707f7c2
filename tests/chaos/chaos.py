"""Kills daemons under load, and counts what became of each message (custody.md).

    python3 tests/chaos/chaos.py [--kills 50] [--seed N] [--talkers 24] [--only near:routerd ...]

Talkers on two c2sds, and some at the server of another domain, send numbered messages in a ring.  One daemon
after another, here or there, is killed, or stopped for a while, or clients lose their connections; before the next
one custody must be healed.  At the end each message that was acknowledged has come, once, in order.
"""
import argparse
import collections
import contextlib
import json
import os
import random
import signal
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
sys.path.insert(0, str(Path(__file__).parent))

from federation import Net  # noqa: E402
from suite import Suite, eventually, free_port  # noqa: E402
from talker import Talker  # noqa: E402

SETTINGS = {"authd.guess_limit": 100000, "authd.address_limit": 1000000, "authd.iterations": 4096,
            "c2sd.connections_per_address": 0}

# The suite and its daemons, and the other domain's; of each four talkers one is there.
DAEMONS = {"near": ["routerd", "authd", "keyd", "c2sd@1", "c2sd@2", "s2sd@1"], "far": ["routerd", "c2sd@1", "s2sd@1"]}
FAR_SHARE = 4


def arguments():
    parser = argparse.ArgumentParser(description="kill daemons under load")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--talkers", type=int, default=24)
    parser.add_argument("--only", nargs="+", metavar="near:c2sd@1",
                        default=[f"{where}:{name}" for where, names in DAEMONS.items() for name in names])
    parser.add_argument("--two-streams", action="store_true", help="between the servers; else one for both ways")
    parser.add_argument("--no-stops", action="store_true", help="no SIGSTOP, and no lost connections")
    parser.add_argument("--expect-losses", action="store_true",
                        help="of a build with BULKHEAD_CUSTODY=OFF: the test must notice")
    parser.add_argument("--planned", action="store_true",
                        help="instead of kills: doc/upgrading.md, each daemon in turn")
    parser.add_argument("--log", type=Path, help="where the daemons' log goes when it fails")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def clock(when):
    return datetime.fromtimestamp(when, timezone.utc).strftime("%T.%f")[:12]


class Chaos:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.net, self.options = Net(), options
        names = [f"talker{n}" for n in range(options.talkers)]
        self.suites, self.addresses = {}, {}
        for where, daemons in DAEMONS.items():
            self.make(where, daemons, [n for n in names if self.where(n) == where])
        self.net.dns.start()
        for suite in self.suites.values():
            suite.start()
        self.talkers = [self.talker(n, name) for n, name in enumerate(names)]
        self.done = collections.Counter()
        self.healing = []
        self.lost_streams = 0  # of those who were online when something else than their c2sd died

    @staticmethod
    def where(name):
        return "far" if int(name.removeprefix("talker")) % FAR_SHARE == FAR_SHARE - 1 else "near"

    def make(self, where, daemons, names):
        domain, ports = f"{where}.example", {d: free_port() for d in daemons if d.startswith("c2sd")}
        self.suites[where] = self.net.instance(
            lambda start, **how: Suite(**how), domain, None,
            {**SETTINGS, "s2sd.bidi": "false" if self.options.two_streams else "true"},
            accounts={f"{n}@{domain}": "password-1" for n in names},
            front_ends={d: [f"127.0.0.1:{port}"] for d, port in ports.items()})
        self.addresses[where] = [("127.0.0.1", port) for port in ports.values()]

    def talker(self, n, name):
        where = self.where(name)
        addresses = self.addresses[where]
        first = n % len(addresses)
        return Talker(name, f"{where}.example", "password-1", addresses[first:] + addresses[:first])

    def begin(self):
        for talker in self.talkers:
            talker.start()
        for n, talker in enumerate(self.talkers):
            talker.partner = self.talkers[(n + 1) % len(self.talkers)]
        for talker in self.talkers:
            talker.thread.start()

    def rows(self, where):
        done = self.suites[where].ctl("status", "--json")
        rows = {r["instance"]: r for r in json.loads(done.stdout)} if done.returncode == 0 else {}
        with contextlib.suppress(AssertionError):  # it is just started again
            rows["keyd"] = {"pid": self.suites[where].keyd}
        return rows

    def healed(self):
        """Both routerds and everybody else is there, and no stanza is in danger: "near:authd" -> its row."""
        found = {}
        for where, daemons in DAEMONS.items():
            rows = self.rows(where)
            if not set(daemons) <= set(rows) or rows["routerd"]["state"] != "custody: healed":
                return None
            found.update({f"{where}:{name}": row for name, row in rows.items()})
        return found

    def wait_healed(self, since):
        rows = eventually(self.healed, "custody: healed", 60)
        self.healing.append(time.monotonic() - since)
        return rows

    def all_online(self):
        return all(t.online or t.problem for t in self.talkers)

    def one(self):
        """One accident; half of them strike when everybody is online."""
        quiet = self.random.random() < 0.5
        if quiet:
            eventually(self.all_online, "everybody being online", 60)
        rows = self.wait_healed(time.monotonic())
        lost = sum(t.lost for t in self.talkers)
        kind = self.random.choices(["kill", "stop", "cut"], [8, 1, 2])[0]
        if self.options.no_stops:
            kind = "kill"
        victim = self.random.choice(self.options.only)
        if kind == "kill":
            os.kill(int(rows[victim]["pid"]), signal.SIGKILL)
        elif kind == "stop":
            self.stop(int(rows[victim]["pid"]))
        else:
            victim = "connections"
            for talker in self.random.sample(self.talkers, len(self.talkers) // 4):
                talker.cut()
        since = time.monotonic()
        self.done[f"{kind} {victim}"] += 1
        if self.options.verbose:
            print(f"{kind} {victim}", flush=True)
        time.sleep(self.random.uniform(0.02, 0.3))
        self.wait_healed(since)
        if quiet and kind != "cut" and ":c2sd" not in victim:
            self.lost_streams += sum(t.lost for t in self.talkers) - lost
        return kind == "kill"

    def restart(self, name):
        """bulkheadctl restart: a new process, and everybody online again."""
        before = self.wait_healed(time.monotonic())[name]["pid"]
        where, daemon = name.split(":")
        if daemon == "keyd":  # routerd does not know it
            os.kill(before, signal.SIGTERM)
        else:
            done = self.suites[where].ctl("restart", daemon)
            assert done.returncode == 0, done.stderr
        since = time.monotonic()
        eventually(lambda: (self.healed() or {}).get(name, {"pid": before})["pid"] != before,
                   f"a new {name}", 60)
        self.healing.append(time.monotonic() - since)
        eventually(self.all_online, "everybody being online", 60)
        self.done[f"restart {name}"] += 1

    def upgrade(self):
        """Each binary in turn; a c2sd is drained first, and has nobody left who could go on elsewhere."""
        for name in ("near:routerd", "near:keyd", "near:authd", "near:s2sd@1"):
            lost = sum(t.lost for t in self.talkers)
            self.restart(name)
            self.lost_streams += sum(t.lost for t in self.talkers) - lost
        for name in ("near:c2sd@1", "near:c2sd@2"):
            assert self.suites["near"].ctl("drain", name.split(":")[1]).returncode == 0
            eventually(lambda: (self.healed() or {}).get(name, {"sessions": "?"})["sessions"] == "0",
                       f"{name} being empty", 60)
            self.restart(name)

    def stop(self, pid):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self.random.uniform(0.2, 2))
        os.kill(pid, signal.SIGCONT)

    def finish(self):
        for talker in self.talkers:
            talker.talking = False
        eventually(lambda: all(t.problem or not t.unacked for t in self.talkers),
                   "everything being acknowledged", 5 if self.options.expect_losses else 60)
        problems = [t.problem for t in self.talkers if t.problem]
        if not problems:
            eventually(self.all_online, "everybody being online", 60)
            with contextlib.suppress(AssertionError):  # then count() says what is missing
                eventually(lambda: all(self.arrived(n) >= t.acknowledged
                                       for n, t in enumerate(self.talkers)), "arrivals", 20)
        return problems

    def arrived(self, n):
        talker = self.talkers[n]
        partner = self.talkers[(n + 1) % len(self.talkers)]
        return len({number for sender, number in partner.got if sender == talker.name})

    def count(self):
        lost = twice = disorder = total = 0
        self.missing, self.again = [], []
        for n, talker in enumerate(self.talkers):
            got = [number for sender, number in
                   self.talkers[(n + 1) % len(self.talkers)].got if sender == talker.name]
            total += len(got)
            missing = sorted(set(range(1, talker.acknowledged + 1)) - set(got))
            if missing:
                self.missing.append(self.describe(talker, missing))
            lost += len(missing)
            twice += len(got) - len(set(got))
            self.again += [f"{talker.name} to {talker.partner.name}: {number} at {', '.join(map(clock, times))}"
                           for (name, number), times in list(talker.partner.times.items())  # which grow
                           if name == talker.name and len(times) > 1]
            disorder += sum(a > b for a, b in zip(got, got[1:]))
        return total, lost, twice, disorder

    @staticmethod
    def describe(talker, missing):
        times = talker.partner.times
        around = [clock(times.get((talker.name, number), [0])[0]) for number in (missing[0] - 1, missing[-1] + 1)]
        return (f"{talker.name} to {talker.partner.name}: {len(missing)}, from {missing[0]} to {missing[-1]}, "
                f"between {around[0]} and {around[1]}")

    def end(self):
        for talker in self.talkers:
            talker.over = True
            talker.paused.clear()
        for talker in self.talkers:
            talker.thread.join(10)
        for suite in self.suites.values():
            suite.stop()

    def check_end(self):
        for suite in self.suites.values():
            suite.check_end()

    def log(self):
        return [f"{where}: {line}" for where, suite in self.suites.items() for line in suite.log.lines]

    def remove(self):
        for suite in self.suites.values():
            suite.remove()
        self.net.close()


def main():
    options = arguments()
    print(f"seed {options.seed}", flush=True)
    chaos = Chaos(options)
    problems, kills, began = [], 0, time.monotonic()
    try:
        chaos.begin()
        if options.planned:
            eventually(chaos.all_online, "everybody being online", 60)
            chaos.upgrade()
        while not options.planned and kills < options.kills and not any(t.problem for t in chaos.talkers):
            kills += chaos.one()
        problems = chaos.finish()
    except AssertionError as error:
        problems.append(str(error))
    total, lost, twice, disorder = chaos.count()
    for problem in problems:
        print(f"problem: {problem}")
    healing = sorted(chaos.healing) or [0]
    print(f"{kills} kills ({', '.join(f'{k}: {v}' for k, v in sorted(chaos.done.items()))}) in "
          f"{time.monotonic() - began:.0f} s; healed after {healing[len(healing) // 2]:.2f} s, "
          f"at most {healing[-1]:.2f} s")
    print(f"{total} messages: {lost} acknowledged and not delivered, {twice} delivered twice, "
          f"{disorder} out of order; {sum(t.fresh for t in chaos.talkers) - len(chaos.talkers)} "
          f"sessions lost")
    for line in [f"missing: {line}" for line in chaos.missing] + [f"twice: {line}" for line in chaos.again[:20]]:
        print(line)
    print(f"{chaos.lost_streams} connections lost by the death of something else than their c2sd")
    returned = collections.Counter(why for t in chaos.talkers for _, why in t.returned)
    print(f"{returned.total()} came back to their senders {dict(returned) or ''}")
    fresh = sum(t.fresh for t in chaos.talkers) - len(chaos.talkers)
    good = not (problems or returned or lost or twice or disorder or fresh or chaos.lost_streams)
    if options.expect_losses:
        chaos.end()
        chaos.remove()
        print(f"{1 if lost else 0} passed, {0 if lost else 1} failed")
        return 0 if lost else 1
    try:
        chaos.end()
        chaos.check_end()
    except AssertionError as error:
        print(f"problem: {error}")
        good = False
    if not good:
        if options.log:
            options.log.write_text("\n".join(chaos.log()))
        for where, suite in chaos.suites.items():
            print(f"---- {where}", *suite.log.lines[-60:], sep="\n")
    chaos.remove()
    print(f"{1 if good else 0} passed, {0 if good else 1} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

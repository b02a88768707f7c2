"""Messages between a server and Bulkhead: what each of them makes of its processors.

    tests/interop/net python3 tests/bench/s2s.py prosody --seconds 10

The server stands in a network namespace of its own, with certificates of an authority that both trust (dialback
where it can do nothing else).  Pairs of users, one on each side, half of them in each direction, keep a window of
messages under way.  Prints xmppload's lines: "messages_per_cpu_s" is the server's, "other_messages_per_cpu_s" the
Bulkhead's that it talks to.
"""
import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "interop"), str(HERE.parent / "e2e")]

import peers  # noqa: E402
from lab import ADDRESS, DOMAIN, Lab  # noqa: E402
from servers import descendants  # noqa: E402
from suite import BIN, Suite, give_to_keyd  # noqa: E402

SETTINGS = {"authd.iterations": 4096, "c2sd.connections_per_address": 0}


class Bulkhead:
    """Another of ours, beside the first."""
    name, rooms, address, s2s_port, domain = "bulkhead", None, ADDRESS, 15269, "bulkhead.example"
    external = True

    def __init__(self, certificate, authority, trusted):
        assert trusted
        give_to_keyd(certificate[1])
        self.users, self.quiet = (), True
        self.suite = Suite(domains=[self.domain], s2s=True).init_only()
        self.suite.settings.update(SETTINGS, **{
            f'domain "{self.domain}".certificate': str(certificate[0]),
            f'domain "{self.domain}".key': str(certificate[1]),
            "s2sd.ca": str(authority), "s2sd.listen": [f"{ADDRESS}:{self.s2s_port}"]})

    def start(self):
        self.suite.accounts = {f"{user}@{self.domain}": peers.PASSWORD for user in self.users}
        self.suite.start()

    @property
    def clients(self):
        return self.suite.address

    @property
    def children(self):
        return [self.suite.process]

    def remove(self):
        self.suite.stop()
        self.suite.remove()


PEERS = {p.name: p for p in (Bulkhead, *peers.PEERS)}


def arguments():
    parser = argparse.ArgumentParser(description="messages between servers")
    parser.add_argument("server", choices=PEERS)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--window", type=int, default=8)
    parser.add_argument("--body", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=10)
    return parser.parse_args()


def pids(children):
    return ",".join(str(pid) for child in children for pid in descendants(child.pid))


def command(lab, o):
    host, port = lab.peer.clients
    settings = {
        "host": host, "port": port, "domain": lab.peer.domain,
        "other-host": "127.0.0.1", "other-port": lab.ours.port, "other-domain": DOMAIN,
        "server-pids": pids(lab.peer.children), "other-pids": pids([lab.ours.process]),
        "label": lab.peer.name, "password": peers.PASSWORD, "accounts": 2 * o.pairs, "pairs": o.pairs,
        "window": o.window, "body": o.body, "seconds": o.seconds, "inflight": 8}
    return [str(BIN / "xmppload"), "throughput",
            *(str(x) for name, value in settings.items() for x in (f"--{name}", value))]


def main():
    o = arguments()
    users = [f"user{n}" for n in range(2 * o.pairs)]
    peer = PEERS[o.server]
    lab = Lab(peer, "EXTERNAL" if peer.external else "dialback", users=users, quiet=True)
    lab.ours.settings.update(SETTINGS)
    lab.ours.accounts = {f"{user}@{DOMAIN}": peers.PASSWORD for user in users}
    try:
        lab.start()
        return subprocess.run(command(lab, o)).returncode
    finally:
        lab.ours.stop()
        lab.remove()


if __name__ == "__main__":
    sys.exit(main())

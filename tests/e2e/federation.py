"""Servers that talk to each other: a DNS server, an authority, and instances of the suite.

    pair     two instances, one.example with alice and two.example with bob: pair.one, pair.two
"""
import tempfile
from pathlib import Path

import pytest

from certificates import Authority
from dns import Dns
from suite import give_to_keyd


class Net:
    """What servers share: net.dns, net.authority."""

    def __init__(self):
        self.dir = tempfile.TemporaryDirectory(prefix="bh-net-")
        Path(self.dir.name).chmod(0o755)
        self.dns, self.authority = Dns(), Authority(Path(self.dir.name) / "ca")

    def instance(self, make_suite, domain, user, settings=None, certificate=None, **how):
        """An instance for the domain, not started; its SRV record is made."""
        how.setdefault("accounts", {f"{user}@{domain}": f"{user}-1"})
        suite = make_suite(start=False, domains=[domain], s2s=True, **how).init_only()
        certificate = certificate or self.authority.server(domain)
        give_to_keyd(certificate[1])
        suite.settings.update({
            f'domain "{domain}".certificate': str(certificate[0]),
            f'domain "{domain}".key': str(certificate[1]),
            "s2sd.ca": str(self.authority.file), "s2sd.resolver": self.dns.address,
            **(settings or {})})
        self.dns.server(domain, suite.s2s_port)
        return suite

    def close(self):
        self.dns.stop()
        self.dir.cleanup()


@pytest.fixture
def net():
    made = Net()
    yield made
    made.close()


class Pair:
    def __init__(self, net, one, two):
        self.net, self.one, self.two = net, one, two


@pytest.fixture
def make_pair(net, make_suite):
    """make_pair(one={settings}, two={settings})"""
    def make(one=None, two=None, **how):
        pair = Pair(net, net.instance(make_suite, "one.example", "alice", one, **how),
                    net.instance(make_suite, "two.example", "bob", two, **how))
        net.dns.start()
        pair.one.start(), pair.two.start()
        return pair
    return make


@pytest.fixture
def pair(make_pair):
    return make_pair()

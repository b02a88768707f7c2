"""Our server and one of the others, with the DNS and the certificates that a mechanism wants."""
import shutil
import tempfile
from pathlib import Path

import certificates
from dns import Dns
from suite import Suite, give_to_keyd
from xmpp import Raw

ADDRESS = "10.77.0.1"
DOMAIN = "ours.example"
MECHANISMS = ("dialback", "EXTERNAL", "direct TLS", "both ways")


class Names(Dns):
    """On the address that /etc/resolv.conf of the lab names."""

    def __init__(self, *records):
        super().__init__(*records, interface=ADDRESS, port=53)


class Lab:
    def __init__(self, peer, mechanism, users=None, quiet=False):
        self.mechanism, self.user = mechanism, None
        self.trusted = mechanism != "dialback"
        self.dir = Path(tempfile.mkdtemp(prefix="bh-lab-"))
        self.dir.chmod(0o755)
        self.authority = certificates.Authority(self.dir / "ca")
        names = [f"{peer.name}.example", f"rooms.{peer.name}.example"]
        self.peer = peer(self.certificate(*names), self.authority.file, self.trusted)
        self.peer.both_ways = mechanism == "both ways"
        self.peer.users, self.peer.quiet = users or self.peer.users, quiet
        self.dns = Names()
        self.ours = self.make_ours()

    def certificate(self, *names):
        """From the authority, or from nobody: then it proves nothing."""
        if self.trusted:
            return self.authority.server(names[0], [certificates.x509.DNSName(n) for n in names])
        folder = self.dir / f"self-{names[0]}"
        folder.mkdir()
        return certificates.write(folder, names[0])

    def make_ours(self):
        suite = Suite(domains=[DOMAIN], accounts={f"alice@{DOMAIN}": "wonderland-1"},
                      s2s=True).init_only()
        certificate, key = self.certificate(DOMAIN)
        give_to_keyd(key)
        suite.settings.update({
            f'domain "{DOMAIN}".certificate': str(certificate), f'domain "{DOMAIN}".key': str(key),
            f'domain "{DOMAIN}".s2s': "secure" if self.trusted else "dialback",
            "s2sd.ca": str(self.authority.file), "s2sd.retry": 0,
            "s2sd.listen": [f"{ADDRESS}:5269"], "s2sd.listen_tls": [f"{ADDRESS}:5270"],
            "authd.iterations": 4096})
        return suite

    def start(self):
        direct = self.mechanism == "direct TLS"
        port, peer = 5270 if direct else 5269, self.peer
        for domain, address, port in ((DOMAIN, ADDRESS, port), (peer.domain, peer.address, peer.s2s_port or port),
                                      (peer.rooms, peer.address, port)):
            if domain is not None:
                self.dns.server(domain, port, tls=direct, address=address)
        self.dns.start()
        self.ours.start()
        self.peer.start()

    def alice(self, resource="a", priority=0):
        stream = Raw(self.ours.address, DOMAIN)
        stream.login("alice", "wonderland-1").bind(resource)
        return stream if priority is None else stream.available(priority)

    def romeo(self):
        """The peer's user, who stays logged in; what came for him before is read."""
        if self.user is None:
            self.user = self.peer.log_in()
        self.user.ping()
        return self.user

    def restart_peer(self):
        self.user = None
        self.peer.restart()

    def finish(self):
        assert self.ours.stop() == 0
        self.ours.check_end()

    def remove(self):
        self.ours.remove()
        self.peer.remove()
        self.dns.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

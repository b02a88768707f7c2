"""A DNS server for the tests: unbound, which knows the zone example. and nothing else."""
import shutil
import subprocess
import tempfile
from pathlib import Path

from suite import Log, free_port

CONFIG = """
server:
    interface: {interface}@{port}
    access-control: 0.0.0.0/0 allow
    do-daemonize: no
    use-syslog: no
    logfile: ""
    verbosity: 1
    username: ""
    chroot: ""
    directory: "{dir}"
    pidfile: ""
    do-not-query-localhost: no
    module-config: "iterator"
{zone}
remote-control:
    control-enable: no
"""

SIGNED = """auth-zone:
    name: "example."
    zonefile: "{file}"
    for-upstream: no
    for-downstream: yes
    fallback-enabled: no"""

START = """example. 60 IN SOA host.example. mail.example. 1 3600 600 86400 60
example. 60 IN NS host.example.
host.example. 60 IN A 127.0.0.1
"""


def parents(name):
    """Those below example. (unbound gives wrong proofs of absence where one of these has no record)."""
    labels = name.rstrip(".").split(".")
    return [".".join(labels[n:]) for n in range(1, len(labels) - 1)]


class Dns:
    """records: as in a zone file, "one.example. A 127.0.0.1".  signed: by a key, which `anchor` is the file of."""

    def __init__(self, *records, interface="127.0.0.1", port=None, signed=False):
        self.signed, self.forge = signed, lambda zone: zone
        self.dir = Path(tempfile.mkdtemp(prefix="bh-dns-"))
        self.dir.chmod(0o755)
        self.interface, self.port = interface, port or free_port()
        self.records, self.process = list(records), None

    @property
    def address(self):
        return f"{self.interface}@{self.port}"

    def add(self, *records):
        self.records += records

    def server(self, domain, port, tls=False, priority=0, weight=0, host=None, address="127.0.0.1"):
        """SRV and address of a server of the domain."""
        host = host or f"host.{domain}"
        service = "_xmpps-server" if tls else "_xmpp-server"
        self.add(f"{service}._tcp.{domain}. SRV {priority} {weight} {port} {host}.",
                 f"{host}. A {address}")

    @property
    def anchor(self):
        """The zone's key, as a trust anchor."""
        return next(self.dir.glob("Kexample*.ds"))

    def tool(self, *command):
        return subprocess.run(command, cwd=self.dir, check=True, capture_output=True,
                              text=True).stdout

    def make_key(self):
        self.tool("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "example.")
        return self

    def zone(self):
        lines = list(dict.fromkeys(self.records))
        if not self.signed:
            return "\n".join(['    local-zone: "example." static'] +
                             [f"    local-data: '{record}'" for record in lines])
        lines += [f'{parent}. TXT "-"' for line in lines for parent in parents(line.split()[0])]
        (self.dir / "zone").write_text(START + "".join(
            "{} 60 IN {}\n".format(*line.split(" ", 1)) for line in dict.fromkeys(lines)))
        self.tool("ldns-signzone", "zone", self.anchor.stem)
        file = self.dir / "zone.signed"
        file.write_text(self.forge(file.read_text()))
        return SIGNED.format(file=file)

    def start(self):
        file = self.dir / "unbound.conf"
        file.write_text(CONFIG.format(
            interface=self.interface, port=self.port, dir=self.dir, zone=self.zone()))
        self.process = subprocess.Popen(
            ["/usr/sbin/unbound", "-d", "-c", file], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = Log(self.process.stdout)
        self.log.wait("start of service")
        return self

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

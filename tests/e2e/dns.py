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
    local-zone: "example." static
{records}
remote-control:
    control-enable: no
"""


class Dns:
    """records: as in a zone file, "one.example. A 127.0.0.1"."""

    def __init__(self, *records, interface="127.0.0.1", port=None):
        self.dir = Path(tempfile.mkdtemp(prefix="bh-dns-"))
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

    def start(self):
        lines = "\n".join(f"    local-data: '{record}'" for record in dict.fromkeys(self.records))
        file = self.dir / "unbound.conf"
        file.write_text(CONFIG.format(
            interface=self.interface, port=self.port, dir=self.dir, records=lines))
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

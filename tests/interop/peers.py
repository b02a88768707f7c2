"""The servers of others, each in a network namespace of its own."""
import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

from suite import PATIENCE, free_port
from xmpp import Raw

PASSWORD = "juliet-7"
USER = "romeo"


class Peer:
    """name: also that of its namespace.  trusted: it is to prove who others are by certificates.  users: its accounts,
    all with PASSWORD; quiet: it writes no more to its log than its administrator needs."""
    name = user = rooms = None
    host = None  # the last number of its address
    direct_tls = True
    external = True
    bidi = False      # XEP-0288
    both_ways = False # it is to do that
    users = (USER,)
    quiet = False
    s2s_port = None  # as usual

    def __init__(self, certificate, authority, trusted):
        self.dir = Path(tempfile.mkdtemp(prefix=f"bh-{self.name}-"))
        self.dir.chmod(0o755)
        self.children, self.authority, self.trusted = [], authority, trusted
        self.streams = []
        for file, name in zip(certificate, ("cert.pem", "key.pem")):
            shutil.copy(file, self.dir / name)
        (self.dir / "both.pem").write_text((self.dir / "cert.pem").read_text()
                                           + (self.dir / "key.pem").read_text())
        shutil.copy(authority, self.dir / "ca.pem")
        self.connect()

    @property
    def domain(self):
        return f"{self.name}.example"

    @property
    def address(self):
        return f"10.77.0.{self.host}"

    @property
    def clients(self):
        return self.address, 5222

    @property
    def jid(self):
        return f"{USER}@{self.domain}"

    def connect(self):
        """Its namespace, on the lab's bridge."""
        for line in (f"netns add {self.name}",
                     f"link add {self.name} type veth peer name eth0 netns {self.name}",
                     f"link set {self.name} master lab up",
                     f"-n {self.name} addr add {self.address}/24 dev eth0",
                     f"-n {self.name} link set eth0 up", f"-n {self.name} link set lo up"):
            subprocess.run(["ip", *line.split()], check=True)

    def disconnect(self):
        subprocess.run(["ip", "netns", "del", self.name], check=False)
        subprocess.run(["ip", "link", "del", self.name], check=False, capture_output=True)

    def give_away(self):
        entry = pwd.getpwnam(self.user)
        for path in [self.dir, *self.dir.rglob("*")]:
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def inside(self, *command):
        """The command in the namespace, as the server's user."""
        return ["ip", "netns", "exec", self.name, "setpriv", "--reuid", self.user, "--regid",
                str(pwd.getpwnam(self.user).pw_gid), "--clear-groups", *map(str, command)]

    def spawn(self, *command, **options):
        log = open(self.dir / "log", "ab")
        self.children.append(subprocess.Popen(
            self.inside(*command), cwd=self.dir, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL, start_new_session=True, **options))

    def wait_port(self, port):
        until = time.monotonic() + 2 * PATIENCE
        while True:
            try:
                socket.create_connection((self.address, port), 1).close()
                return
            except OSError:
                assert time.monotonic() < until and all(c.poll() is None for c in self.children), \
                    f"{self.name} does not come up:\n{self.log()}"
                time.sleep(0.1)

    def log(self):
        return "\n".join(f.read_text(errors="replace")[-6000:] for f in sorted(self.dir.glob("**/*log"))
                         if f.is_file())

    def kill(self):
        for child in self.children:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
        self.children = []

    def stop(self):
        for child in self.children:
            try:
                os.killpg(child.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        for child in self.children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                break
        self.kill()

    def restart(self):
        self.stop()
        self.start()

    def log_in(self, resource="garden", priority=0):
        """A stream that stays open to the end: jabberd2 does not survive every log-out."""
        stream = Raw((self.address, 5222), self.domain)
        self.streams.append(stream)
        stream.login(USER, PASSWORD).bind(resource)
        return stream if priority is None else stream.available(priority)

    def remove(self):
        for stream in self.streams:
            stream.close()
        self.kill()
        self.disconnect()
        shutil.rmtree(self.dir, ignore_errors=True)


class Prosody(Peer):
    name, user, host, rooms = "prosody", "prosody", 2, "rooms.prosody.example"
    bidi = True
    CONFIG = """
        pidfile = "{dir}/pid"; data_path = "{dir}/data"; daemonize = false
        log = {{ {level} = "{dir}/prosody.log" }}
        modules_enabled = {{ "disco"; "roster"; "saslauth"; "tls"; "ping"; "dialback"; "posix"; "smacks";
            "s2s"; "presence"; "message"; "iq"; "offline"; {more} }}
        c2s_require_encryption = true; s2s_require_encryption = true; s2s_secure_auth = {trusted}
        interfaces = {{ "{address}" }}
        s2s_direct_tls_ports = {{ 5270 }}
        authentication = "internal_plain"; storage = "internal"
        certificates = "{dir}"
        ssl = {{ certificate = "{dir}/cert.pem"; key = "{dir}/key.pem"; cafile = "{dir}/ca.pem" }}
        s2s_direct_tls_ssl = {{ certificate = "{dir}/cert.pem"; key = "{dir}/key.pem"; cafile = "{dir}/ca.pem" }}
        VirtualHost "{domain}"
        Component "{rooms}" "muc"
            ssl = {{ certificate = "{dir}/cert.pem"; key = "{dir}/key.pem"; cafile = "{dir}/ca.pem" }}
            restrict_room_creation = false
            muc_room_locking = false
        """

    def start(self):
        accounts = self.dir / "data" / "prosody%2eexample" / "accounts"
        accounts.mkdir(parents=True, exist_ok=True)
        for user in self.users:
            (accounts / f"{user}.dat").write_text(f'return {{ ["password"] = "{PASSWORD}" }};\n')
        (self.dir / "prosody.cfg.lua").write_text(self.CONFIG.format(
            dir=self.dir, address=self.address, domain=self.domain, rooms=self.rooms,
            more='"s2s_bidi";' if self.both_ways else "",
            level="warn" if self.quiet else "debug", trusted="true" if self.trusted else "false"))
        self.give_away()
        self.spawn("/usr/bin/prosody", "--config", self.dir / "prosody.cfg.lua", "-F")
        self.wait_port(5222)
        self.wait_port(5269)


class Ejabberd(Peer):
    name, user, host, rooms = "ejabberd", "ejabberd", 3, "rooms.ejabberd.example"
    CONFIG = """
hosts: ["{domain}"]
loglevel: {level}
certfiles: ["{dir}/both.pem"]
ca_file: "{dir}/ca.pem"
s2s_use_starttls: {tls}
s2s_cafile: "{dir}/ca.pem"
listen:
  - {{port: 5222, ip: "{address}", module: ejabberd_c2s, starttls_required: true}}
  - {{port: 5269, ip: "{address}", module: ejabberd_s2s_in}}
  - {{port: 5270, ip: "{address}", module: ejabberd_s2s_in, tls: true}}
auth_method: internal
auth_password_format: plain
disable_sasl_mechanisms: ["digest-md5", "X-OAUTH2"]
modules:
  mod_disco: {{}}
  mod_roster: {{}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_s2s_dialback: {{}}
  mod_muc: {{host: "{rooms}"}}
"""

    def ctl(self, *arguments):
        return ["/usr/sbin/ejabberdctl", "--config-dir", self.dir, "--spool", self.dir / "spool",
                "--logs", self.dir / "logs", *arguments]

    @property
    def environment(self):
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.dir)}

    def start(self):
        for name in ("spool", "logs"):
            (self.dir / name).mkdir(exist_ok=True)
        (self.dir / "ejabberd.yml").write_text(self.CONFIG.format(
            dir=self.dir, address=self.address, domain=self.domain, rooms=self.rooms,
            level="error" if self.quiet else "debug", tls="required" if self.trusted else "optional"))
        (self.dir / "ejabberdctl.cfg").write_text(
            f"ERL_DIST_PORT={free_port()}\nINET_DIST_INTERFACE=127.0.0.1\n"
            "ERLANG_NODE=interop@localhost\n")
        (self.dir / "inetrc").write_text('{lookup, ["file", "native"]}.\n')
        self.give_away()
        self.spawn(*self.ctl("foreground-quiet"), env=self.environment)
        self.wait_port(5222)
        self.wait_port(5269)
        self.tell("started")
        if not (self.dir / "users.xml").exists():
            self.register()

    def register(self):
        file = self.dir / "users.xml"
        users = "".join(f"<user name='{user}' password='{PASSWORD}'/>" for user in self.users)
        file.write_text(f"<server-data xmlns='urn:xmpp:pie:0'><host jid='{self.domain}'>{users}</host>"
                        "</server-data>")
        self.give_away()
        self.tell("import_piefxis", file)

    def stop(self):
        """By its own command, which writes its tables."""
        self.tell("stop")
        self.tell("stopped")
        super().stop()

    def tell(self, *arguments):
        done = subprocess.run(self.inside(*self.ctl(*arguments)), cwd=self.dir, env=self.environment,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


class Jabberd2(Peer):
    name, user, host = "jabberd2", "jabber", 4
    direct_tls = False  # it knows no _xmpps-server, and listens for STARTTLS alone
    external = False    # it has no SASL between servers

    def edit(self, name, changes, identity=None):
        tree = ET.parse(f"/etc/jabberd2/{name}.xml")
        common = {"pidfile": f"{self.dir}/{name}.pid", "log/file": f"{self.dir}/{name}.log"}
        for path, text in {**common, **changes}.items():
            nodes = tree.findall(path)
            if not nodes:
                *above, last = path.split("/")
                nodes = [ET.SubElement(tree.find("/".join(above)) if above else tree.getroot(), last)]
            for node in nodes:
                node.text = str(text)
        if identity is not None:
            node = tree.find("local/id")
            node.attrib.clear()
            node.attrib.update(identity)
            node.text = self.domain
        tree.write(self.dir / f"{name}.xml")

    def prepare(self):
        schema = subprocess.run(["zcat", "-f", "/usr/share/doc/jabberd2/db-setup.sqlite.gz"],
                                check=True, capture_output=True, text=True).stdout
        with sqlite3.connect(self.dir / "sqlite.db") as db:
            db.executescript(schema)
            for user in self.users:
                db.execute("INSERT INTO authreg VALUES (?, ?, ?)", (user, self.domain, PASSWORD))
                db.execute('INSERT INTO active ("collection-owner", time) VALUES (?, 1)',
                           (f"{user}@{self.domain}",))
        db.close()
        database = f"{self.dir}/sqlite.db"
        self.edit("router", {"local/ip": "127.0.0.1"})
        self.edit("sm", {"storage/sqlite/dbname": database}, {})
        self.edit("c2s", {"local/ip": self.address, "authreg/sqlite/dbname": database,
                          "local/port": 5222, "io/limits/stanzas": 0},
                  {"pemfile": f"{self.dir}/both.pem", "require-starttls": "mu"})
        tree = ET.parse(self.dir / "c2s.xml")
        for where in ("mechanisms/sasl", "ssl-mechanisms/sasl"):
            ET.SubElement(tree.find(f"authreg/{where}"), "scram-sha-1")
        tree.write(self.dir / "c2s.xml")
        self.edit("s2s", {"local/ip": self.address, "local/pemfile": f"{self.dir}/both.pem"})

    def start(self):
        if not (self.dir / "sqlite.db").exists():
            self.prepare()
        self.give_away()
        for log in self.dir.glob("*.log"):
            log.unlink()  # what is waited for is said anew
        for program in ("router", "sm", "c2s", "s2s"):
            self.spawn(f"/usr/sbin/jabberd2-{program}", "-c", self.dir / f"{program}.xml")
            if program == "router":
                self.wait_log("router.log", "listening for incoming connections")
        self.wait_port(5222)
        self.wait_port(5269)
        self.wait_log("sm.log", "ready for sessions")
        for program in ("c2s", "s2s"):
            self.wait_log(f"{program}.log", "connection to router established")

    def wait_log(self, name, text):
        until = time.monotonic() + PATIENCE
        while not (self.dir / name).exists() or text not in (self.dir / name).read_text(errors="replace"):
            assert time.monotonic() < until, self.log()
            time.sleep(0.05)


PEERS = [Prosody, Ejabberd, Jabberd2]

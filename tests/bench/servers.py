"""The servers that tools/bench measures: how each is prepared, started and ended.

Each lives in a directory of its own, on loopback ports that are free, as an ordinary child; it
is ended by its process id.  All have an EC P-256 certificate, SCRAM keys derived beforehand
(but jabberd2, which keeps plain passwords) and their own embedded storage.
"""
import base64
import contextlib
import hashlib
import hmac
import os
import pwd
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import certificates  # noqa: E402
import conf  # noqa: E402  reads and writes bulkhead.conf

DOMAIN = "localhost"
PASSWORD = "correct horse battery"
ITERATIONS = 4096
SALT = b"bench-salt-0001."


class BenchError(Exception):
    """Something that ends the run, said in a sentence."""


def free_port():
    """A port where nobody listens now, outside the range that outgoing connections use."""
    while True:
        port = random.randint(10000, 30000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def descendants(pid):
    """The process and all below it."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                todo += [int(child) for child in task.read_text().split()]
            except OSError:
                pass
    return found


def started_at(pid):
    """When a process began, so that its id is not taken for a later one's; None: it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return None


def scram_keys(algorithm):
    """Stored key and server key of PASSWORD."""
    salted = hashlib.pbkdf2_hmac(algorithm, PASSWORD.encode(), SALT, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", algorithm)
    return hashlib.new(algorithm, client).digest(), hmac.digest(salted, b"Server Key", algorithm)


def make_certificate(directory):
    cert, key = directory / "cert.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={DOMAIN}",
                    "-addext", f"subjectAltName=DNS:{DOMAIN}", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


class Server:
    """What all have in common.  user: whom it runs as when we are root."""
    name = user = None
    has_sm = True
    login_flags = []
    programs = []

    def __init__(self, directory, accounts):
        self.directory, self.accounts = Path(directory), accounts
        self.port = free_port()
        self.children = []

    @classmethod
    def missing(cls):
        return [p for p in cls.programs if shutil.which(p, path="/usr/sbin:/usr/bin") is None]

    def account_names(self):
        return (f"user{i}" for i in range(self.accounts))

    def spawn(self, command, **options):
        log = open(self.directory / "log", "ab")
        if os.geteuid() == 0 and self.user:
            options.update(user=self.user, group=pwd.getpwnam(self.user).pw_gid, extra_groups=[])
        child = subprocess.Popen([str(c) for c in command], cwd=self.directory, stdout=log,
                                 stderr=log, stdin=subprocess.DEVNULL, **options)
        self.children.append(child)
        return child

    def give_away(self):
        """Makes everything in the directory the server's user's."""
        if os.geteuid() != 0 or not self.user:
            return
        entry = pwd.getpwnam(self.user)
        for path in [self.directory, *self.directory.rglob("*")]:
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def wait_port(self, seconds=30):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if any(child.poll() is not None for child in self.children):
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise BenchError(f"{self.name} does not come up:\n{self.log_end()}")

    def log_end(self):
        log = self.directory / "log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""

    def pids(self):
        return [pid for child in self.children for pid in descendants(child.pid)]

    def stop(self):
        below = {pid: started_at(pid) for pid in self.pids()}
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for pid, start in below.items():  # what a shell in between has left behind
            with contextlib.suppress(ProcessLookupError):
                if start is not None and started_at(pid) == start:
                    os.kill(pid, signal.SIGKILL)
        self.children = []


class Bulkhead(Server):
    """Ourselves, from the build directory."""
    name = "bulkhead"

    def __init__(self, directory, accounts, build, durability=None):
        super().__init__(directory, accounts)
        self.durability = durability
        self.bin = Path(build) / "bin"
        self.instance = self.directory / "instance"

    def prepare(self):
        # Each daemon has a user of its own who must be able to get there.
        self.directory.chmod(0o755)
        self.run("bulkhead", "init", self.instance, "--domain", DOMAIN, "--c2s",
                 f"127.0.0.1:{self.port}")
        self.configure()
        users = self.directory / "users"
        users.write_text("".join(f"{u}@{DOMAIN}\t{PASSWORD}\n" for u in self.account_names()))
        self.start()
        self.run("bulkheadctl", "-d", self.instance, "user", "import", users)
        self.stop()

    def configure(self):
        """As it is made, but for the iteration count: the same as the others'."""
        file = self.instance / "bulkhead.conf"
        settings = conf.Section.parse(file.read_text())
        settings.set("authd.iterations", ITERATIONS)
        if self.durability:
            settings.set("routerd.durability", self.durability)
        file.write_text(settings.text() + "\n")

    def prepare_keys(self):
        """Also a domain for each kind of key: kind -> (certificate, key)."""
        files = {}
        self.directory.chmod(0o755)
        self.run("bulkhead", "init", self.instance, "--domain", DOMAIN, "--c2s", f"127.0.0.1:{self.port}", "--s2s",
                 f"127.0.0.1:{free_port()}")
        settings = conf.Section.parse((self.instance / "bulkhead.conf").read_text())
        for kind in ("p256", "rsa", "ed25519"):
            folder = self.directory / kind
            folder.mkdir()
            files[kind] = certificates.write(folder, f"{kind}.example", kind=kind)
            if os.geteuid() == 0:
                shutil.chown(files[kind][1], group="bulkhead-tls")
                files[kind][1].chmod(0o640)
            for name, file in zip(("certificate", "key"), files[kind]):
                settings.set(f'domain "{kind}.example".{name}', str(file))
        (self.instance / "bulkhead.conf").write_text(settings.text() + "\n")
        return files

    def pid_of(self, daemon):
        return next(pid for pid in self.pids()
                    if Path(f"/proc/{pid}/exe").readlink().name == f"bulkhead-{daemon}")

    def run(self, program, *arguments):
        command = [str(self.bin / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise BenchError(f"{' '.join(command)}: {done.stderr or done.stdout}{self.log_end()}")

    def start(self):
        (self.directory / "log").unlink(missing_ok=True)
        child = self.spawn([self.bin / "bulkhead", "run", self.instance])
        until = time.monotonic() + 30
        while "bulkhead: ready" not in (self.log_end() if child.poll() is None else ""):
            if child.poll() is not None or time.monotonic() > until:
                raise BenchError(f"bulkhead does not come up:\n{self.log_end()}")
            time.sleep(0.1)


class Prosody(Server):
    """Nagle off, opportunistic writes, the generational collector, epoll; no limits."""
    name, user = "prosody", "prosody"
    programs = ["prosody"]
    CONFIG = """
        pidfile = "{dir}/pid"; data_path = "{dir}/data"; daemonize = false
        log = {{ warn = "*console" }}
        modules_enabled = {{ "disco"; "roster"; "saslauth"; "tls"; "ping"; "time"; "version";
            "posix"; "smacks"; }}
        modules_disabled = {{ "s2s"; }}
        c2s_require_encryption = true
        c2s_interfaces = {{ "127.0.0.1" }}; c2s_ports = {{ {port} }}
        authentication = "internal_hashed"; password_hash = "SHA-256"; storage = "internal"
        network_backend = "epoll"
        network_settings = {{ nagle = false; opportunistic_writes = true; tcp_backlog = 1024; }}
        gc = {{ mode = "generational" }}
        VirtualHost "{domain}"
        ssl = {{ certificate = "{dir}/cert.pem"; key = "{dir}/key.pem" }}
        """

    def prepare(self):
        make_certificate(self.directory)
        (self.directory / "certs").mkdir()
        self.config = self.directory / "prosody.cfg.lua"
        self.config.write_text(self.CONFIG.format(dir=self.directory, port=self.port,
                                                  domain=DOMAIN))
        accounts = self.directory / "data" / DOMAIN / "accounts"
        accounts.mkdir(parents=True)
        stored, server = scram_keys("sha256")
        text = (f'return {{ ["iteration_count"] = {ITERATIONS}; ["salt"] = "{SALT.decode()}"; '
                f'["stored_key"] = "{stored.hex()}"; ["server_key"] = "{server.hex()}"; }};\n')
        for user in self.account_names():
            (accounts / f"{user}.dat").write_text(text)
        self.give_away()

    def start(self):
        self.spawn(["/usr/bin/prosody", "--config", self.config, "-F"])
        self.wait_port()


class Ejabberd(Server):
    """A backlog of 1024, no shapers; the modules that have a counterpart in the others."""
    name, user = "ejabberd", "ejabberd"
    programs = ["ejabberdctl"]
    CONFIG = """
        hosts: ["{domain}"]
        loglevel: error
        certfiles: ["{dir}/both.pem"]
        listen:
          - port: {port}
            ip: "127.0.0.1"
            module: ejabberd_c2s
            backlog: 1024
            starttls_required: true
        auth_method: internal
        auth_password_format: scram
        auth_scram_hash: sha256
        disable_sasl_mechanisms: ["digest-md5", "X-OAUTH2"]
        shaper_rules:
          max_user_sessions: infinity
          max_user_offline_messages: infinity
        modules:
          mod_disco: {{}}
          mod_roster: {{}}
          mod_offline:
            access_max_user_messages: max_user_offline_messages
          mod_ping: {{}}
          mod_time: {{}}
          mod_version: {{}}
          mod_stream_mgmt: {{}}
        """

    def prepare(self):
        if os.geteuid() != 0:
            raise BenchError("ejabberdctl runs as root or ejabberd only")
        cert, key = make_certificate(self.directory)
        (self.directory / "both.pem").write_text(cert.read_text() + key.read_text())
        for name in ("spool", "logs"):
            (self.directory / name).mkdir()
        config = "\n".join(line[8:] for line in self.CONFIG.splitlines())
        (self.directory / "ejabberd.yml").write_text(config.format(
            domain=DOMAIN, dir=self.directory, port=self.port).replace("  mod_time: {}\n", ""))
        (self.directory / "ejabberdctl.cfg").write_text(
            f"ERL_DIST_PORT={free_port()}\nINET_DIST_INTERFACE=127.0.0.1\n"
            "ERL_MAX_PORTS=40000\nERLANG_NODE=bench@localhost\n")
        (self.directory / "inetrc").write_text('{lookup, ["file", "native"]}.\n')
        self.write_accounts()
        self.give_away()
        self.start()
        self.import_accounts()
        self.stop()

    def write_accounts(self):
        """XEP-0227 with SCRAM keys, which this ejabberd reads in base64 twice over."""
        def twice(key):
            return base64.b64encode(base64.b64encode(key)).decode()
        stored, server = map(twice, scram_keys("sha256"))
        credentials = (
            "<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-256'>"
            f"<iter-count>{ITERATIONS}</iter-count><salt>{twice(SALT)}</salt>"
            f"<server-key>{server}</server-key><stored-key>{stored}</stored-key>"
            "</scram-credentials>")
        with open(self.directory / "users.xml", "w", encoding="ascii") as out:
            out.write(f"<?xml version='1.0' encoding='UTF-8'?><server-data xmlns='urn:xmpp:pie:0'>"
                      f"<host jid='{DOMAIN}'>")
            out.writelines(f"<user name='{u}'>{credentials}</user>" for u in self.account_names())
            out.write("</host></server-data>")

    def command(self, *arguments):
        return ["/usr/sbin/ejabberdctl", "--config-dir", self.directory, "--spool",
                self.directory / "spool", "--logs", self.directory / "logs", *arguments]

    def environment(self):
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.directory)}

    def import_accounts(self):
        entry = pwd.getpwnam(self.user)
        done = subprocess.run(
            [str(c) for c in self.command("import_piefxis", self.directory / "users.xml")],
            cwd=self.directory, env=self.environment(), user=entry.pw_uid, group=entry.pw_gid,
            extra_groups=[], capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise BenchError(f"ejabberd: import_piefxis: {done.stdout}{done.stderr}")

    def start(self):
        self.spawn(self.command("foreground-quiet"), env=self.environment())
        self.wait_port(60)

    def stop(self):
        """The machine below the script must close its tables itself."""
        for pid in self.pids():
            if Path(f"/proc/{pid}/comm").read_text().strip() == "beam.smp":
                os.kill(pid, signal.SIGTERM)
        for child in self.children:
            child.wait(60)
        super().stop()


class Jabberd2(Server):
    """Its shipped configuration without rate limits.  Clients stay logged in: its log-out kills
    a descriptor that is in use again."""
    name, user = "jabberd2", "jabber"
    has_sm = False
    programs = ["jabberd2-router", "jabberd2-sm", "jabberd2-c2s"]
    login_flags = ["--keep"]

    def prepare(self):
        cert, key = make_certificate(self.directory)
        (self.directory / "both.pem").write_text(cert.read_text() + key.read_text())
        self.router_port = free_port()
        self.write_database()
        self.write_configs()
        self.give_away()

    def write_database(self):
        schema = subprocess.run(["zcat", "-f", "/usr/share/doc/jabberd2/db-setup.sqlite.gz"],
                                check=True, capture_output=True, text=True).stdout
        with sqlite3.connect(self.directory / "sqlite.db") as db:
            db.executescript(schema)
            for user in self.account_names():
                db.execute("INSERT INTO authreg VALUES (?, ?, ?)", (user, DOMAIN, PASSWORD))
                db.execute('INSERT INTO active ("collection-owner", time) VALUES (?, 1)',
                           (f"{user}@{DOMAIN}",))
        db.close()

    def edit(self, name, changes, identity=None):
        """Copies a shipped file with other texts at some paths."""
        tree = ET.parse(f"/etc/jabberd2/{name}.xml")
        common = {"pidfile": f"{self.directory}/{name}.pid", "log/file":
                  f"{self.directory}/{name}.log"}
        for path, text in {**common, **changes}.items():
            for node in tree.findall(path):
                node.text = str(text)
        if identity is not None:
            node = tree.find("local/id")
            node.attrib.clear()
            node.attrib.update(identity)
            node.text = DOMAIN
        return tree

    def write_configs(self):
        files = 19900
        router = {"router/port": self.router_port}
        database = f"{self.directory}/sqlite.db"
        tree = self.edit("router", {"local/ip": "127.0.0.1", "local/port": self.router_port})
        tree.write(self.directory / "router.xml")
        tree = self.edit("sm", {**router, "storage/sqlite/dbname": database}, {})
        tree.write(self.directory / "sm.xml")
        tree = self.edit("c2s", {
            **router, "local/ip": "127.0.0.1", "local/port": self.port, "io/max_fds": files,
            "io/limits/stanzas": 0, "authreg/sqlite/dbname": database,
        }, {"pemfile": f"{self.directory}/both.pem", "require-starttls": "mu"})
        for where in ("mechanisms/sasl", "ssl-mechanisms/sasl"):
            for mechanism in ("scram-sha-1", "scram-sha-256"):
                ET.SubElement(tree.find(f"authreg/{where}"), mechanism)
        tree.write(self.directory / "c2s.xml")

    def start(self):
        for program in ("router", "sm", "c2s"):
            self.spawn([f"/usr/sbin/jabberd2-{program}", "-c", self.directory / f"{program}.xml"])
            time.sleep(1)
        self.wait_port()
        time.sleep(1)


PEERS = [Prosody, Ejabberd, Jabberd2]

"""bulkhead-c2sd alone, with the test as its routerd: what it says on the bus, word for word.

    make_front   makes front ends: make_front(settings=..., components=...)
"""
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

import bus
import certificates
from suite import BIN, PATIENCE, SANITIZER_REPORT, Log, free_port, give_to_keyd, make_users
from xmpp import BIND, Raw

PLAIN = "AGFsaWNlAHNlY3JldA=="  # whatever it says: the test is the one who judges
CREDIT = {"link_bytes": 1 << 24, "session_stanzas": 64, "session_bytes": 1 << 18}


class Router(bus.Peer):
    """routerd's end of the link."""

    def __init__(self, connection, timeout=20):
        self.socket, self.timeout, self.buffer, self.number = connection, timeout, b"", 0
        self.socket.settimeout(timeout)
        self.attempts = {}  # of each connection, the last

    def next(self, timeout=None):
        name, subject, values = super().next(timeout)
        if name == "AUTH_BEGIN":
            self.attempts[subject] = values["attempt"]
        return name, subject, values

    def send(self, name, subject=0, /, **values):
        if name in ("AUTH_CHALLENGE", "AUTH_RESULT"):
            values.setdefault("attempt", self.attempts.get(subject, 0))
        super().send(name, subject, **values)

    def safe(self, connection, upto):
        self.send("SAFE", marks=struct.pack(">QQ", connection, upto))

    def deliver(self, targets, envelope, sender="bob@localhost/x", additions=b""):
        """targets: of (connection, number), all in epoch 1."""
        self.send("DELIVER", number=1, branch=0, targets=b"".join(
            struct.pack(">QIQ", connection, 1, n) for connection, n in targets),
            additions=additions, stanza=envelope, **{"from": sender})

    def judge(self, condition=0, account="alice@localhost", **values):
        """Answers the next AUTH_BEGIN; its connection, and what it said."""
        _, connection, begin = self.expect("AUTH_BEGIN")
        self.send("AUTH_RESULT", connection, condition=condition,
                  account=account if condition == 0 else None, **values)
        return connection, begin

    def bound(self, jid=None):
        """Answers the next BIND."""
        _, connection, wish = self.expect("BIND")
        resource = (wish["resource"] or b"r1").decode()
        self.send("BOUND", connection, session=b"s" * 16, epoch=1,
                  jid=jid or f"alice@localhost/{resource}")
        return connection

    def silent(self, *names):
        """None of these has come: all that c2sd had to say was said before an answer to this."""
        self.send("STATS_GET", 77)
        while True:
            name, subject, _ = self.next()
            assert name not in names, name
            if name == "STATS" and subject == 77:
                return


class Front:
    """domains[0] is localhost; components: names."""

    def __init__(self, settings=None, components=(), mechanisms="SCRAM-SHA-256 PLAIN"):
        self.dir = Path(tempfile.mkdtemp(prefix="bh-front-"))
        os.chmod(self.dir, 0o755)
        self.port, self.tls_port, self.component_port = free_port(), free_port(), free_port()
        self.listener = socket.socket(socket.AF_UNIX)
        self.mechanisms = mechanisms
        make_users()
        self.write(settings or {}, components)
        self.start()

    def write(self, settings, components):
        run = self.dir / "run"
        run.mkdir()
        self.listener.bind(str(run / "c2s.sock"))
        os.chmod(run / "c2s.sock", 0o666)
        self.listener.listen()
        certificate, key = certificates.write(self.dir, "localhost")
        give_to_keyd(key)
        sections = {"c2sd": [f'listen = {{"127.0.0.1:{self.port}"}}',
                             f'listen_tls = {{"127.0.0.1:{self.tls_port}"}}',
                             f'listen_component = {{"127.0.0.1:{self.component_port}"}}']}
        for path, value in settings.items():
            section, name = path.split(".")
            sections.setdefault(section, []).append(f'{name} = "{value}"')
        text = [f'run_dir = "{run}"', f'state_dir = "{self.dir}/state"',
                f'domain "localhost" {{ certificate = "{certificate}" key = "{key}" }}']
        text += [f'component "{name}" {{ secret = "{self.dir}/none" }}' for name in components]
        text += [f"{name} {{ {' '.join(lines)} }}" for name, lines in sections.items()]
        (self.dir / "bulkhead.conf").write_text("\n".join(text) + "\n")

    def spawn(self, program):
        """A daemon on this configuration, and its log."""
        process = subprocess.Popen(
            [BIN / program, "-c", self.dir / "bulkhead.conf"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        return process, Log(process.stdout)

    def start_keyd(self):
        self.keyd, self.keyd_log = self.spawn("bulkhead-keyd")
        self.keyd_log.wait("keyd started")  # else it could not yet be asked to end

    def start(self):
        self.start_keyd()
        self.process, self.log = self.spawn("bulkhead-c2sd")
        self.listener.settimeout(PATIENCE)
        self.router = self.accept()
        self.log.wait("for=components")

    def accept(self, credit=True):
        """The next link of c2sd, welcomed and told what it must know."""
        router = Router(self.listener.accept()[0])
        router.expect("HELLO")
        router.send("WELCOME", version=bus.VERSION, boot=b"r" * 16)
        if credit:
            router.send("CREDIT", **CREDIT)
        router.send("MECHANISMS", domain="localhost", mechanisms=self.mechanisms)
        return router

    # Clients.

    def raw(self):
        return Raw(("127.0.0.1", self.port))

    def secure(self):
        return self.raw().open().starttls()

    def component(self, name="irc.localhost"):
        """Connected, nothing said."""
        return Raw(("127.0.0.1", self.component_port), name)

    def authenticated(self, account="alice@localhost"):
        """The stream after authentication, and its connection."""
        client = self.secure()
        client.auth("PLAIN", PLAIN)
        connection, _ = self.router.judge(account=account)
        assert client.verdict() == "success"
        return client.open(), connection

    def bound(self, jid="alice@localhost/r1"):
        client, connection = self.authenticated(jid.split("/")[0])
        client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        self.router.bound(jid)
        client.jid = client.next().findtext(f"{BIND}bind/{BIND}jid")
        assert client.jid == jid
        return client, connection

    # Its end.

    def finish(self):
        end_well(self.process, self.log)
        end_well(self.keyd, self.keyd_log)

    def remove(self):
        for process in (self.process, self.keyd):
            process.kill()
            process.wait()
        self.listener.close()
        self.router.socket.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def end_well(process, log):
    process.send_signal(signal.SIGTERM)
    try:
        code = process.wait(PATIENCE)
    finally:
        process.kill()
    log.thread.join(PATIENCE)
    tail = "\n".join(log.lines[-40:])
    assert not SANITIZER_REPORT.search(log.text()), tail
    assert code == 0, tail


@pytest.fixture
def make_front():
    made = []

    def make(**how):
        made.append(Front(**how))
        return made[-1]
    try:
        yield make
        for front in made:
            front.finish()
    finally:
        for front in made:
            front.remove()


@pytest.fixture
def front(make_front):
    return make_front()

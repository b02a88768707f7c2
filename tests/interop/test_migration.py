"""A thousand accounts each, made by prosody and by ejabberd themselves, move to us, and log in as they did."""
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))

import certificates  # noqa: E402
import scram  # noqa: E402
from im import befriend, put, roster, send, stored  # noqa: E402
from move import import_  # noqa: E402
from peers import Ejabberd, Prosody  # noqa: E402
from suite import PATIENCE, Suite  # noqa: E402
from xmpp import Raw, body  # noqa: E402

COUNT = 1000
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
PHOTO = f"<PHOTO><TYPE>image/png</TYPE><BINVAL>{PIXEL}</BINVAL></PHOTO>"
VCARD = "{vcard-temp}"


def password(number):
    return f"pass {number} ü"


class MovingProsody(Prosody):
    """Its accounts are made through its own shell."""
    users, way = (), "data"
    VCARD = '"pep"; "vcard_legacy";'  # as its package is configured

    def __init__(self, hashed, *how):
        super().__init__(*how)
        self.hashed = hashed

    def start(self):
        text = Prosody.CONFIG.replace("authentication = \"internal_plain\"", "authentication = \"internal_%s\"" % (
            "hashed" if self.hashed else "plain"))
        self.CONFIG = text.replace("{more}", f'"admin_shell"; "private"; {self.VCARD} "blocklist"; {{more}}').replace(
            "VirtualHost", 'admin_socket = "{dir}/shell.sock"; VirtualHost', 1)
        super().start()
        until = time.monotonic() + PATIENCE
        while not (self.dir / "shell.sock").exists():
            assert time.monotonic() < until, self.log()
            time.sleep(0.05)

    def make(self, count):
        lines = "".join(f"user:create('u{n}@{self.domain}', '{password(n)}')\n" for n in range(count))
        done = subprocess.run(self.inside("/usr/bin/prosodyctl", "--config", self.dir / "prosody.cfg.lua", "shell"),
                              input=lines + "bye\n", capture_output=True, text=True, check=False, timeout=300)
        assert done.stdout.count("User created") == count, done.stdout[-500:] + done.stderr

    def hand_over(self):
        """Where its data are, when it has ended."""
        self.stop()
        return self.dir / "data"


class OlderProsody(MovingProsody):
    """As it was configured before 0.11."""
    way = "vcard"
    VCARD = '"vcard";'


class MovingEjabberd(Ejabberd):
    """Its accounts are made by its command `register`, over HTTP: as ejabberdctl, without a process for each."""
    users, way = (), "piefxis"

    def __init__(self, hashed, *how):
        super().__init__(*how)
        self.hashed = hashed

    def start(self):
        self.CONFIG = Ejabberd.CONFIG.replace("auth_password_format: plain", "auth_password_format: %s" % (
            "scram" if self.hashed else "plain")).replace("listen:", """listen:
  - {{port: 5280, ip: "{address}", module: ejabberd_http, request_handlers: {{/api: mod_http_api}}}}""").replace(
            "modules:", """api_permissions: {{"test": {{from: [mod_http_api], who: all, what: ["register"]}}}}
modules:
  mod_admin_extra: {{}}
  mod_http_api: {{}}
  mod_private: {{}}
  mod_vcard: {{}}
  mod_privacy: {{}}
  mod_blocking: {{}}""")
        super().start()

    def make(self, count):
        def register(number):
            data = {"user": f"u{number}", "host": self.domain, "password": password(number)}
            request = urllib.request.Request(f"http://{self.address}:5280/api/register", json.dumps(data).encode(),
                                             {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                assert "registered" in answer.read().decode()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(register, range(count)))

    def hand_over(self):
        out = self.dir / "out"
        out.mkdir()
        self.give_away()
        self.tell("export_piefxis", out)
        self.stop()
        return out


class DumpedEjabberd(MovingEjabberd):
    way = "dump"

    def hand_over(self):
        self.tell("dump", self.dir / "dump")
        self.tell("backup", self.dir / "backup")
        self.stop()
        return self.dir / "dump"


@pytest.fixture(params=[(MovingProsody, True), (OlderProsody, False), (MovingEjabberd, True), (MovingEjabberd, False),
                        (DumpedEjabberd, True), (DumpedEjabberd, False)],
                ids=lambda p: f"{p[0].name}-{p[0].way}-{'scram' if p[1] else 'plain'}")
def old(request):
    make, hashed = request.param
    folder = Path(tempfile.mkdtemp(prefix="bh-move-"))
    authority = certificates.Authority(folder / "ca")
    peer = make(hashed, certificates.write(folder, f"{make.name}.example"), authority.file, False)
    try:
        peer.start()
        peer.make(COUNT)
        yield peer
    finally:
        peer.remove()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def ours(old):
    suite = Suite(domains=[old.domain], accounts={}, settings={
        "authd.iterations": 4096, "c2sd.connections_per_address": 0, "authd.address_limit": 1000000})
    try:
        yield suite.start()
        assert suite.stop() == 0
        suite.check_end()
    finally:
        suite.remove()


def client(address, domain, number):
    stream = Raw(address, domain)
    stream.login(f"u{number}", password(number)).bind("r")
    return stream.available()


def live_there(old):
    """What people do: contacts, a request without an answer, private XML, a vCard, a block, a message for one who is away."""
    one, two = client(old.clients, old.domain, 1), client(old.clients, old.domain, 2)
    befriend(one, two)
    put(one, f"u2@{old.domain}", "Two", ["Friends", "Früher"])
    send(one, f"u3@{old.domain}", "subscribe")
    one.iq("set", "<query xmlns='jabber:iq:private'><n xmlns='urn:n'>kept &lt;</n></query>")
    one.iq("set", "<vCard xmlns='vcard-temp'><FN>One</FN><EMAIL><WORK/><USERID>one@work.example</USERID></EMAIL>"
                  f"{PHOTO}</vCard>")
    one.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='evil@far.example'/></block>")
    one.message(f"u4@{old.domain}", "for one who is away", id="m")
    one.ping()
    two.ping()
    one.close()
    two.close()


def check_here(ours, domain):
    one = client(ours.address, domain, 1)
    items = roster(one)
    assert (items[f"u2@{domain}"].state, items[f"u2@{domain}"].name) == ("both", "Two")
    assert items[f"u2@{domain}"].groups == ["Friends", "Früher"] and items[f"u3@{domain}"].state == "none+ask"
    reply = one.iq("get", "<query xmlns='jabber:iq:private'><n xmlns='urn:n'/></query>")
    assert reply[0][0].text == "kept <"
    vcard = one.iq("get", "<vCard xmlns='vcard-temp'/>")[0]
    assert vcard.findtext(VCARD + "FN") == "One"
    assert vcard.findtext(f"{VCARD}EMAIL/{VCARD}USERID") == "one@work.example"
    assert vcard.findtext(f"{VCARD}PHOTO/{VCARD}TYPE") == "image/png"
    assert vcard.findtext(f"{VCARD}PHOTO/{VCARD}BINVAL") == PIXEL
    assert [i.get("jid") for i in one.iq("get", "<blocklist xmlns='urn:xmpp:blocking'/>")[0]] == ["evil@far.example"]
    three = Raw(ours.address, domain)
    three.login("u3", password(3)).bind("r")
    three.send("<presence/>")
    three.until(lambda e: e.get("type") == "subscribe" and e.get("from") == f"u1@{domain}")
    four = Raw(ours.address, domain)
    four.login("u4", password(4)).bind("r")
    assert [body(m) for m in stored(four)] == ["for one who is away"]
    for stream in (one, three, four):
        stream.close()


def test_a_thousand_accounts_move_and_log_in_with_their_old_passwords(old, ours):
    live_there(old)
    data = old.hand_over()
    began = time.monotonic()
    assert import_(ours, data)[0] == (COUNT, 0, 0, 0)
    took = time.monotonic() - began
    assert import_(ours, data)[0] == (0, 0, COUNT, 0)
    check_here(ours, old.domain)

    def log_in(number):
        stream = Raw(ours.address, old.domain).open().starttls()
        if number % 2:
            verdict = stream.scram("SCRAM-SHA-1", f"u{number}", password(number))
        else:
            stream.auth("PLAIN", scram.plain(f"u{number}", password(number)))
            verdict = stream.next().tag.split("}")[1]
        stream.close()
        return verdict
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(log_in, range(COUNT))) == ["success"] * COUNT
    print(f"{old.name}, {old.way}: {COUNT} accounts imported in {took:.1f} s")
    if old.way == "dump":
        done = ours.ctl("import", data.parent / "backup")
        assert done.returncode == 1 and "ejabberdctl dump" in done.stderr
        done = ours.ctl("import", data.parent / "spool")
        assert done.returncode == 1 and "ejabberdctl dump" in done.stderr

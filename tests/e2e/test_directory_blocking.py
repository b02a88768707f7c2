"""Nobody waits for somebody else's directory: one hangs, in each way that a directory can, and log-ins by another one
and by accounts of our own take as long as ever, whatever they prove themselves by."""
import contextlib
import os
import re
import signal
import socket
import statistics
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509

import certificates
import scram
from kdc import REALM, kdc  # noqa: F401 (fixture)
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import SANITIZED, free_port, pause
from test_directory_scram import auth_password
from test_gssapi import Ticket
from xmpp import SASL, Raw

DOMAINS = ["localhost", "mine.example", "hangs.example"]
PASSWORD = "secret-1"
TIMEOUT = 3  # of the directory that hangs
SOON = 3 if SANITIZED else 1
WAITING = 3  # by each mechanism: together more than it has connections


class Silent:
    """Takes connections and says nothing; start_tls: but that TLS may begin (RFC 4511 4.14)."""

    def __init__(self, start_tls=False):
        self.start_tls, self.connections = start_tls, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection = self.server.accept()[0]
            except OSError:
                return
            self.connections.append(connection)
            if self.start_tls:
                threading.Thread(target=self._agree, args=(connection,), daemon=True).start()

    def _agree(self, connection):
        request = connection.recv(4096)
        number = request[4:5]  # SEQUENCE { INTEGER 1 byte, ...
        with contextlib.suppress(OSError):
            connection.sendall(b"\x30\x0c\x02\x01" + number + b"\x78\x07\x0a\x01\x00\x04\x00\x04\x00")

    def close(self):
        self.server.close()
        for connection in self.connections:
            connection.close()


class Proofs:
    """What people of a domain come with.  Each is a way to begin, and to go on after a challenge."""

    def __init__(self, suite, domain, env, certificate):
        self.suite, self.domain, self.env, self.certificate = suite, domain, env, certificate

    def begin(self, mechanism):
        stream = Raw(self.suite.address, self.domain)
        stream.open().starttls(certificate=self.certificate if mechanism == "EXTERNAL" else None)
        stream.proof = {"PLAIN": lambda: None, "EXTERNAL": lambda: None, "GSSAPI": lambda: Ticket(self.env),
                        "SCRAM-SHA-256": lambda: scram.Scram("SCRAM-SHA-256", "alice", PASSWORD)}[mechanism]()
        first = {"PLAIN": lambda: scram.plain("alice", PASSWORD), "EXTERNAL": lambda: "="}.get(
            mechanism, lambda: stream.proof.first())()
        stream.began = time.monotonic()
        stream.auth(mechanism, first)
        for _ in range(2 if mechanism == "GSSAPI" else 0):  # up to where the account is looked for
            stream.response(stream.proof.answer(stream.expect(SASL + "challenge").text))
        return stream

    def finish(self, stream):
        """("success" or the condition, seconds)"""
        while True:
            element = stream.next(60)
            if element.tag != SASL + "challenge":
                break
            stream.response(stream.proof.final(element.text))
        stream.incoming.elements.insert(0, element)
        verdict = stream.verdict()
        stream.close()
        return verdict, time.monotonic() - stream.began

    def log_in(self, mechanism):
        verdict, seconds = self.finish(self.begin(mechanism))
        assert verdict == "success", (self.domain, mechanism, verdict)
        return seconds


MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "EXTERNAL", "GSSAPI"]


@pytest.fixture
def start(kdc, slapd, make_suite, monkeypatch):  # noqa: F811
    """start(server of hangs.example) -> the Proofs of each domain."""
    def run(servers, **more):
        monkeypatch.setenv("KRB5_CONFIG", str(kdc.machine))
        kdc.tolerate(monkeypatch)
        suite = make_suite(start=False, domains=DOMAINS, accounts={f"alice@{DOMAINS[1]}": PASSWORD})
        authority = certificates.Authority(suite.dir / "ca")
        suite.settings.update({
            **slapd.settings(scram="true", certificate="mail"), "authd.external": True,
            "c2sd.client_ca": str(authority.file), "authd.keytab": str(kdc.keytab("xmpp.keytab", "xmpp/localhost")),
            **{f'domain "{d}".realm': REALM for d in DOMAINS}, 'domain "hangs.example".directory': "other",
            **{f'directory "other".{k}': v for k, v in {
                "servers": servers, "bind_dn": "cn=x", "bind_password": str(slapd.reader_password), "base": "dc=x",
                "scram": "true", "certificate": "mail", "timeout": TIMEOUT, **more}.items()}})
        suite.start()
        slapd.tool("ldapadd", input=slapd.person("alice", PASSWORD, mail="alice@corp.example").strip()
                   + f"\nobjectClass: authPasswordObject\nauthPassword: {auth_password(PASSWORD)}\n")
        kdc.user("alice")
        certificate = authority.holder(names=[x509.RFC822Name("alice@corp.example"), x509.OtherName(
            certificates.XMPP_ADDR, certificates.utf8_string("alice@mine.example"))])
        env = kdc.log_in("alice")
        suite.everybody = {d: Proofs(suite, d, env, certificate) for d in DOMAINS}
        return suite
    return run


def measure(suite, rounds=5):
    """(domain, mechanism) -> seconds of each log-in, where nothing hangs."""
    taken = {(d, m): [] for d in DOMAINS[:2] for m in MECHANISMS}
    for _ in range(rounds):
        for (domain, mechanism), seconds in taken.items():
            seconds.append(suite.everybody[domain].log_in(mechanism))
    return taken


def served_before_anybody_gave_up(suite, since):
    """(domain, mechanism) of the log-ins that authd has let in before the first one that waited."""
    served = set()
    for line in suite.log.find(" authd (auth-ok|directory-failed) ", since):
        if "directory-failed" in line:
            return served
        served.add((re.search(r"account=\S+@(\S+)", line)[1], re.search(r"mechanism=(\S+)", line)[1]))
    raise AssertionError("nobody has given up")


def processor_time(suite):
    """Seconds of authd."""
    fields = Path(f"/proc/{suite.pids('authd')['authd']}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def nobody_else_waits(suite, hangs=True):
    """While log-ins by every mechanism wait for the directory that hangs, or have failed because of it."""
    before = measure(suite)
    hanging, mark = suite.everybody["hangs.example"], suite.log.mark()
    waiting = [hanging.begin(m) for _ in range(WAITING) for m in MECHANISMS]
    during = measure(suite)
    for who, seconds in during.items():
        print(*who, *(f"{1000 * statistics.median(s):.1f} ms" for s in (before[who], seconds)))
        assert max(seconds) < SOON, (who, seconds)
    assert max(sum(s) for s in during.values()) < TIMEOUT, "they may have waited for it to give up"
    began, busy = time.monotonic(), processor_time(suite)
    for stream in waiting:
        assert hanging.finish(stream)[0] == "temporary-auth-failure"
    share = (processor_time(suite) - busy) / (time.monotonic() - began)
    assert not hangs or served_before_anybody_gave_up(suite, mark) == during.keys()
    assert share < 0.2, f"authd is busy with waiting: {share:.0%}"
    assert not suite.log.find("child-exited")


def test_a_server_that_never_begins_tls(start):
    silent = Silent()
    nobody_else_waits(start([f"ldaps://127.0.0.1:{silent.port}"]))
    silent.close()


def test_a_server_that_agrees_to_tls_and_never_begins(start):
    silent = Silent(start_tls=True)
    nobody_else_waits(start([f"ldap://127.0.0.1:{silent.port}"]))
    silent.close()


def test_a_server_that_never_answers_a_bind(start):
    silent = Silent()
    nobody_else_waits(start([f"ldap://127.0.0.1:{silent.port}"], start_tls="false", insecure="true"))
    silent.close()


def test_a_server_that_stops_in_the_middle(make_slapd, start):  # noqa: F811
    server = make_slapd().start()
    server.add("alice", PASSWORD, mail="alice@corp.example")
    suite = start([f"ldaps://127.0.0.1:{server.tls_port}"], ca=str(server.authority.file),
                  bind_password=str(server.reader_password), bind_dn="cn=bulkhead,dc=example", base="dc=example")
    assert suite.everybody["hangs.example"].log_in("PLAIN") < SOON
    pause(server.process.pid)
    try:
        nobody_else_waits(suite)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


def test_a_kdc_that_is_silent_while_we_ask_it_for_ourselves(make_slapd, kdc, start):  # noqa: F811
    """libkrb5 has no time limit of its own for all that it tries: ours counts."""
    server = make_slapd(kdc=kdc).start()
    keytab = kdc.keytab("bulkhead.keytab", "bulkhead")
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(tcp.getsockname())
        # The clients' file has the KDC that works.
        kdc.machine.write_text(kdc.machine.read_text().replace(f":{kdc.port}", f":{tcp.getsockname()[1]}"))
        suite = start([f"ldaps://127.0.0.1:{server.tls_port}"], ca=str(server.authority.file), bind="gssapi",
                      keytab=str(keytab), base="dc=example")
        nobody_else_waits(suite)
        suite.log.wait("authd directory-failed .*directory=other .*Kerberos: no answer in time")


def test_an_address_where_nobody_is(start):
    nobody_else_waits(start([f"ldaps://127.0.0.1:{free_port()}"]), hangs=False)

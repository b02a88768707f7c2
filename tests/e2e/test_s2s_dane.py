"""Certificates that the DNS names (DANE): a remote server that the test plays, in a zone that is signed."""
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

import certificates
from dns import Dns
from federation import net  # noqa: F401 (fixture)
from remote import Server
from xmpp import SASL, Closed, condition

FEATURES = ("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism>"
            "</mechanisms>")
REMOTE = "remote.example"


@pytest.fixture
def remote():
    server = Server(REMOTE)
    yield server
    server.close()


@pytest.fixture
def self_signed(tmp_path):
    return certificates.write(tmp_path, "somebody.else")


@pytest.fixture
def issued(tmp_path):
    """By an authority that nobody here trusts, and with its certificate."""
    authority = certificates.Authority(tmp_path / "other")
    certificate, key = authority.server("host.remote.example")
    certificate.write_bytes(certificate.read_bytes() + authority.file.read_bytes())
    return certificate, key


def tlsa(file, usage, selector, matching):
    """The record for the last certificate in the file."""
    last = b"-----BEGIN CERT" + file.read_bytes().split(b"-----BEGIN CERT")[-1]
    certificate = x509.load_pem_x509_certificate(last)
    data = (certificate.public_bytes(serialization.Encoding.DER) if selector == 0 else
            certificate.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
    data = {0: lambda d: d, 1: lambda d: hashlib.sha256(d).digest(),
            2: lambda d: hashlib.sha512(d).digest()}[matching](data)
    return f"{usage} {selector} {matching} {data.hex()}"


@pytest.fixture
def meet(net, make_suite, raw, remote):  # noqa: F811
    """meet(certificate, *TLSA records) -> what our server thinks of that certificate: None or what the sender is told."""
    def run(certificate, *records, signed=True, anchor=True):
        net.dns = Dns(signed=signed)
        if signed:
            net.dns.make_key()
        net.dns.server(REMOTE, remote.port)
        for record in records:
            net.dns.add(f"_{remote.port}._tcp.host.{REMOTE}. TLSA {record}")
        settings = {"s2sd.trust_anchor": str(net.dns.anchor)} if signed and anchor else {}
        one = net.instance(make_suite, "one.example", "alice", settings)
        net.dns.start()
        one.start()
        alice = raw(one, "alice", "a", domain="one.example")
        alice.message(f"x@{REMOTE}", "hello")
        called = remote.accept()
        called.secured(certificate, FEATURES)
        try:
            called.expect(SASL + "auth")
            return None
        except Closed:
            error = alice.next_message()
            assert condition(error)[1] == "remote-server-not-found"
            return "".join(error.itertext())
    return run


@pytest.mark.section("RFC 7673")
@pytest.mark.parametrize("selector,matching", [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)])
def test_the_certificate_itself(meet, self_signed, selector, matching):
    assert meet(self_signed, tlsa(self_signed[0], 3, selector, matching)) is None


def test_one_of_several(meet, self_signed):
    assert meet(self_signed, "3 1 1 " + 64 * "0", tlsa(self_signed[0], 3, 1, 1)) is None


@pytest.mark.section("RFC 7673")
def test_the_authority_that_has_issued_it(meet, issued):
    assert meet(issued, tlsa(issued[0], 2, 0, 1)) is None


def test_that_authority_has_to_have_issued_it(meet, issued, self_signed):
    """Anybody can put a certificate behind his own."""
    fake = self_signed[0]
    record = tlsa(issued[0], 2, 0, 1)
    fake.write_bytes(fake.read_bytes() + issued[0].read_bytes())
    assert "TLSA" in meet(self_signed, record)


def test_usage_1_needs_an_authority_as_well(meet, net, self_signed):  # noqa: F811
    assert "TLSA" in meet(self_signed, tlsa(self_signed[0], 1, 1, 1))


def test_usage_1_with_it(meet, net):  # noqa: F811
    good = net.authority.server(REMOTE)
    assert meet(good, tlsa(good[0], 1, 1, 1)) is None


def test_another_certificate_is_refused_though_an_authority_has_issued_it(meet, net, self_signed):  # noqa: F811
    assert "TLSA" in meet(net.authority.server(REMOTE), tlsa(self_signed[0], 3, 1, 1))


@pytest.mark.parametrize("record", ["4 1 1 " + 64 * "0", "3 2 1 " + 64 * "0", "3 1 3 " + 64 * "0", "3 1 1 0011"])
def test_records_that_nobody_can_use_say_nothing(meet, net, record):  # noqa: F811
    assert meet(net.authority.server(REMOTE), record) is None


def test_nothing_counts_that_is_not_signed(meet, self_signed):
    assert "self-signed" in meet(self_signed, tlsa(self_signed[0], 3, 1, 1), signed=False)


def test_nor_what_is_signed_by_a_stranger(meet, self_signed):
    assert "self-signed" in meet(self_signed, tlsa(self_signed[0], 3, 1, 1), anchor=False)


def test_a_record_that_was_changed_on_its_way_is_no_record(net, make_suite, raw, remote):  # noqa: F811
    net.dns = Dns(signed=True).make_key()
    net.dns.server(REMOTE, remote.port)
    net.dns.add(f"_{remote.port}._tcp.host.{REMOTE}. TLSA 3 1 1 {64 * '0'}")
    net.dns.forge = lambda zone: zone.replace("0" * 64, "1" * 64)
    one = net.instance(make_suite, "one.example", "alice", {
        "s2sd.trust_anchor": str(net.dns.anchor), "s2sd.connect_timeout": 1})
    net.dns.start()
    one.start()
    alice = raw(one, "alice", "a", domain="one.example")
    alice.message(f"x@{REMOTE}", "hello")
    error = alice.next_message()
    assert condition(error)[1] == "remote-server-timeout"
    assert "TLSA" in "".join(error.itertext())


def test_an_anchor_that_is_none_is_found_at_once(make_suite, net):  # noqa: F811
    file = net.authority.folder / "anchor"
    file.write_text("no key at all\n")
    file.chmod(0o644)
    suite = make_suite(start=False, s2s=True, settings={"s2sd.trust_anchor": str(file)}).init_only()
    suite.may_fail = True
    suite.configure()
    suite.spawn()
    suite.log.wait("s2sd.trust_anchor .*initialization failure")
    assert suite.process.wait(20) == 78

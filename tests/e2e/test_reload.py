"""SIGHUP: new settings and certificates for who comes now, and nobody is dropped."""
import pytest
from cryptography import x509

from suite import eventually
from xmpp import Raw


def serial(suite, domain="localhost"):
    """The number of the certificate that a newcomer is shown; None while it fails."""
    with Raw(suite.address, domain) as stream:
        stream.open().starttls()
        return stream.wire.tls.get_peer_certificate().get_serial_number()


def serial_of(file):
    return x509.load_pem_x509_certificate(file.read_bytes()).serial_number


def test_a_new_certificate_is_for_new_handshakes(suite, raw):
    alice = raw(suite, "alice")
    old = serial(suite)
    assert old == serial_of(suite.certificate_file)
    certificate, key = suite.certificate("localhost")
    suite.edit(**{'domain "localhost".certificate': str(certificate),
                  'domain "localhost".key': str(key)})
    suite.reload()
    eventually(lambda: serial(suite) == serial_of(certificate), "the new certificate")
    alice.ping()
    assert [r["jid"] for r in suite.rows("session", "list")] == [alice.jid]


def test_a_certificate_renewed_in_place_is_taken_too(suite, raw):
    """As certbot does it: the same names, new contents."""
    alice = raw(suite, "alice")
    certificate, key = suite.certificate("localhost")
    suite.edit(**{'domain "localhost".certificate': str(certificate),
                  'domain "localhost".key': str(key)})
    suite.reload()
    eventually(lambda: serial(suite) == serial_of(certificate), "the first")
    renewed, renewed_key = suite.certificate("localhost")
    key.write_bytes(renewed_key.read_bytes())
    certificate.write_bytes(renewed.read_bytes())
    suite.reload()
    eventually(lambda: serial(suite) == serial_of(renewed), "the second")
    alice.ping()


def test_settings_that_a_reload_applies(suite, raw):
    alice = raw(suite, "alice")
    suite.edit(**{"c2sd.auth_timeout": 1})
    mark = suite.log.mark()
    suite.reload()
    suite.log.wait("reload", since=mark)

    def hurried():
        with Raw(suite.address) as late:
            late.open()
            try:
                return late.error(3) == "connection-timeout"
            except TimeoutError:
                return False
    eventually(hurried, "the new time limit")
    alice.ping()


@pytest.mark.parametrize("breakage", ["a setting that is none", "no XML but nonsense",
                                      "a certificate that is missing", "a key that does not fit"])
def test_a_file_that_is_wrong_changes_nothing(suite, raw, breakage):
    alice = raw(suite, "alice")
    shown = serial(suite)
    mark = suite.log.mark()
    if breakage == "a setting that is none":
        suite.config.write_text(suite.config.read_text() + "\nnonsense = 1\n")
        words = "nonsense"
    elif breakage == "no XML but nonsense":
        suite.config.write_text("}{")
        words = r"bulkhead\.conf"
    elif breakage == "a certificate that is missing":
        suite.edit(**{'domain "localhost".certificate': str(suite.dir / "none.pem")})
        words = r"none\.pem"
    else:
        suite.edit(**{'domain "localhost".key': str(suite.certificate("localhost")[1])})
        words = "match"
    suite.reload()
    suite.log.wait(words, since=mark)
    alice.ping()
    assert serial(suite) == shown
    raw(suite, "bob").ping()


def test_a_domain_is_added_without_dropping_anybody(suite, raw):
    alice = raw(suite, "alice")
    certificate, key = suite.certificate("example.test")
    suite.edit(**{'domain "example.test".certificate': str(certificate),
                  'domain "example.test".key': str(key)})
    suite.reload()

    def served():
        try:
            return serial(suite, "example.test") == serial_of(certificate)
        except Exception:  # host-unknown, until then
            return False
    eventually(served, "the new domain")
    alice.ping()

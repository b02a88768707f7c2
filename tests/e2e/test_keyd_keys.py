"""Every kind of key, both versions of TLS, real clients; as a server's certificate and as a client's."""
import re
import subprocess

import pytest
from OpenSSL import SSL

from certificates import KINDS
from federation import net  # noqa: F401 (a fixture)
from remote import Server
from suite import free_port
from xmpp import SASL

VERSIONS = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}


@pytest.fixture(scope="module")
def served(make_shared):
    """An instance with a domain for each kind of key."""
    suite = make_shared(start=False, domains=["localhost", *(f"{k}.example" for k in KINDS)], s2s=True).init_only()
    for kind in KINDS:
        certificate, key = suite.certificate(f"{kind}.example", kind=kind)
        suite.settings.update({f'domain "{kind}.example".certificate': str(certificate),
                               f'domain "{kind}.example".key': str(key)})
    suite.tls_port = free_port()
    suite.settings["c2sd.listen_tls"] = [f"127.0.0.1:{suite.tls_port}"]
    return suite.start()


def openssl(port, domain, version, application):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-starttls", application, "-xmpphost", domain,
         "-servername", domain, f"-tls{version.replace('.', '_')}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_shakes_hands(served, kind, version):
    for port, application in ((served.port, "xmpp"), (served.s2s_port, "xmpp-server")):
        said = openssl(port, f"{kind}.example", version, application)
        assert f"New, TLSv{version}" in said and f"CN = {kind}.example" in said, said


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_gnutls_shakes_hands(served, kind, version):
    done = subprocess.run(
        ["gnutls-cli", "--no-ca-verification", f"--sni-hostname={kind}.example", "--priority",
         f"NORMAL:-VERS-ALL:+VERS-TLS{version}:+SIGN-EDDSA-ED448", f"--port={served.tls_port}", "127.0.0.1"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    assert re.search(rf"Description: \(TLS{version}", done.stdout), done.stdout + done.stderr
    assert "Handshake was completed" in done.stdout


def test_rsa_without_pss_is_signed_too(served):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{served.port}", "-starttls", "xmpp", "-xmpphost",
         "rsa.example", "-servername", "rsa.example", "-tls1_2", "-sigalgs", "RSA+SHA384"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    assert "New, TLSv1.2" in done.stdout and "Peer signing digest: SHA384" in done.stdout


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_of_ours_shows_its_certificate(net, make_suite, raw, kind, version):  # noqa: F811
    certificate = net.authority.server("one.example", kind=kind)
    suite = net.instance(make_suite, "one.example", "alice", certificate=certificate)
    server = Server("two.example")
    net.dns.server("two.example", server.port)
    net.dns.start()
    alice = raw(suite.start(), "alice", "a", domain="one.example")
    alice.message("bob@two.example", "hello")
    stream = server.accept()
    stream.secured(net.authority.server("two.example"),
                   "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>",
                   authority=net.authority.file, tls=VERSIONS[version])
    tls = stream.wire.tls
    assert tls.get_protocol_version_name() == f"TLSv{version}"
    assert tls.get_peer_certificate().get_subject().CN == "one.example"
    assert stream.expect(SASL + "auth").get("mechanism") == "EXTERNAL"
    server.close()

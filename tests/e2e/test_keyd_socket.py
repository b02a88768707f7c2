"""key.sock: who may ask, what is refused, and what a front end that was taken over can do to the others."""
import os
import pwd
import socket
import struct
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

import keysock
from keysock import (CLIENTS, DONE, HELLO, KEYS, REFUSED, SERVERS, SIGN, SIGNED, UNKNOWN, USES,
                     VERSION, Peer)
from suite import AS_ROOT, eventually
from xmpp import Raw

ECDSA_SHA256, ED25519, RSA_PSS_SHA256 = 0x0403, 0x0807, 0x0804
SPACES = b" " * 64
SERVER_CONTEXT, CLIENT_CONTEXT = (SPACES + b"TLS 1.3, %s CertificateVerify\0" % side for side in (b"server", b"client"))


@pytest.fixture(scope="module")
def served(make_shared):
    """Domains with an EC key, an RSA key and an Ed25519 key."""
    kinds = ["rsa", "ed25519"]
    suite = make_shared(start=False, domains=["localhost", *(f"{k}.example" for k in kinds)]).init_only()
    suite.ids = {}
    for kind in kinds:
        certificate, key = suite.certificate(f"{kind}.example", kind=kind)
        suite.settings.update({f'domain "{kind}.example".certificate': str(certificate),
                               f'domain "{kind}.example".key': str(key)})
        suite.ids[kind] = keysock.key_id(certificate)
    suite.ids["ec"] = keysock.key_id(suite.certificate_file)
    return suite.start()


def shakes_hands(suite):
    """A newcomer is served, and at once."""
    began = time.monotonic()
    with Raw(suite.address) as stream:
        stream.open().starttls()
    assert time.monotonic() - began < 5


def test_a_front_end_is_told_the_keys_and_has_them_sign(served):
    with Peer(served) as peer:
        generation, ids = peer.keys()
        assert sorted(ids) == sorted(served.ids.values())
        peer.send(USES, struct.pack(">Q", generation))
        digest = b"d" * 32
        verdict, signature = peer.sign(served.ids["ec"], ECDSA_SHA256, digest)
        assert verdict == DONE
        public = x509.load_pem_x509_certificate(served.certificate_file.read_bytes()).public_key()
        public.verify(signature, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


REFUSALS = {
    "a hash that is short": ("ec", ECDSA_SHA256, b"d" * 31),
    "a hash that is long": ("ec", ECDSA_SHA256, b"d" * 33),
    "much more than a hash": ("ec", ECDSA_SHA256, b"d" * 60000),
    "ECDSA with SHA-1": ("ec", 0x0203, b"d" * 20),
    "RSA by an EC key": ("ec", RSA_PSS_SHA256, b"d" * 32),
    "EdDSA by an EC key": ("ec", ED25519, SERVER_CONTEXT + b"d" * 32),
    "ECDSA by an RSA key": ("rsa", ECDSA_SHA256, b"d" * 32),
    "SHA-384's length for SHA-256": ("rsa", RSA_PSS_SHA256, b"d" * 48),
    "RSA with SHA-1": ("rsa", 0x0201, b"d" * 20),
    "a DigestInfo, which is keyd's to make": ("rsa", 0x0401, b"d" * 51),
    "RSA without padding": ("rsa", 0, b"d" * 256),
    "RSA of no kind": ("rsa", 0xffff, b"d" * 256),
    "EdDSA of a hash": ("ed25519", ED25519, b"d" * 32),
    "EdDSA of anything": ("ed25519", ED25519, b"an e-mail, or a certificate"),
    "EdDSA of a context and SHA-1": ("ed25519", ED25519, SERVER_CONTEXT + b"d" * 20),
    "EdDSA of a context with a space less": ("ed25519", ED25519, SERVER_CONTEXT[1:] + b"d" * 32),
    "ECDSA by an EdDSA key": ("ed25519", ECDSA_SHA256, b"d" * 32),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_no_handshake_needs_is_refused(served, what):
    key, scheme, data = REFUSALS[what]
    with Peer(served) as peer:
        peer.keys()
        assert peer.sign(served.ids[key], scheme, data) == (REFUSED, b"")
        assert peer.sign(served.ids["ed25519"], ED25519, SERVER_CONTEXT + b"d" * 32)[0] == DONE


def test_only_front_ends_of_servers_sign_as_tls_clients(served):
    for role, verdict in ((CLIENTS, REFUSED), (SERVERS, DONE)):
        with Peer(served, role) as peer:
            peer.keys()
            assert peer.sign(served.ids["ed25519"], ED25519, CLIENT_CONTEXT + b"d" * 32)[0] == verdict


def test_a_key_that_is_not_there_is_said(served):
    with Peer(served) as peer:
        peer.keys()
        assert peer.sign(b"x" * 32, ECDSA_SHA256, b"d" * 32) == (UNKNOWN, b"")
        assert peer.sign(served.ids["ec"], ECDSA_SHA256, b"d" * 32)[0] == DONE


SOUND = struct.pack(">QH", 1, ECDSA_SHA256) + b"k" * 32 + b"d" * 32
NONSENSE = {
    "nothing": lambda p: p.socket.send(b"\0"),
    "an answer": lambda p: p.send(SIGNED, struct.pack(">QB", 1, REFUSED)),
    "a list": lambda p: p.send(KEYS, struct.pack(">QB", 1, 1)),
    "HELLO again": lambda p: p.send(HELLO, bytes([CLIENTS])),
    "no type": lambda p: p.send(99),
    "another version": lambda p: p.send(SIGN, SOUND, version=2),
    "a question that is cut": lambda p: p.send(SIGN, SOUND[:41]),
    "nothing to sign": lambda p: p.send(SIGN, SOUND[:42]),
    "too much to sign": lambda p: p.send(SIGN, SOUND[:42] + b"d" * 61441),
    "more than a frame": lambda p: p.send(SIGN, SOUND[:42] + b"d" * 70000),
    "USES with a tail": lambda p: p.send(USES, struct.pack(">QB", 1, 0)),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_costs_the_connection_and_nobody_else_notices(served, what):
    mark = served.log.mark()
    with Peer(served) as peer:
        peer.keys()
        NONSENSE[what](peer)
        assert peer.is_closed()
    served.log.wait(rf"keyd front-end-gone for=c2sd pid={os.getpid()}", since=mark)
    shakes_hands(served)
    assert not served.log.find("keyd-down", since=mark)


@pytest.mark.parametrize("type, data", [(SIGN, SOUND), (USES, bytes(8)), (HELLO, b"\x09"), (HELLO, b"")],
                         ids=["SIGN", "USES", "HELLO of no role", "HELLO of nobody"])
def test_who_does_not_say_hello_is_told_nothing(served, type, data):
    with Peer(served, hello=False) as peer:
        peer.send(type, data)
        assert peer.receive() is None


def test_a_connection_more_of_a_process_ends_the_one_before(served):
    with Peer(served) as one:
        one.keys()
        with Peer(served) as two:
            two.keys()
            assert one.is_closed()
            assert two.sign(served.ids["ec"], ECDSA_SHA256, b"d" * 32)[0] == DONE


def test_others_may_not_ask(served):
    """Their users cannot open the socket; one that is inherited, or root's, is of no use."""
    if not AS_ROOT:
        assert os.stat(served.bus_dir / "key.sock").st_mode & 0o077 == 0
        return
    with Peer(served, SERVERS, claims=CLIENTS) as peer:  # s2sd for c2sd
        assert peer.is_closed()
    mark = served.log.mark()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as root:
        root.connect(str(served.bus_dir / "key.sock"))
        root.send(bytes([VERSION, HELLO, CLIENTS]))
        assert root.recv(1) == b""
    served.log.wait("keyd front-end-gone for=- .*its user may not sign", since=mark)
    for name in ("bulkhead-routerd", "bulkhead-authd", "nobody"):
        user, child = pwd.getpwnam(name), os.fork()
        if child == 0:
            code = 1
            try:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
                with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
                    s.connect(str(served.bus_dir / "key.sock"))
            except PermissionError:
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, name


def test_a_flood_is_slowed_down_and_nobody_else_notices(make_suite, raw):
    suite = make_suite(settings={"keyd.rate": 200})
    alice = raw(suite, "alice")
    key = keysock.key_id(suite.certificate_file)
    with Peer(suite) as peer:
        peer.keys()
        peer.socket.setblocking(False)
        began, asked, answered = time.monotonic(), 0, 0
        while time.monotonic() - began < 3:
            try:
                peer.ask(key, ECDSA_SHA256, b"d" * 32)
                asked += 1
            except BlockingIOError:
                pass
            try:
                answered += peer.answer()[0] == DONE
            except BlockingIOError:
                pass
        shakes_hands(suite)
    assert answered <= 3.5 * 200
    assert asked < answered + 1000, "what waits is bounded"
    alice.ping()


def test_one_that_never_reads_its_answers_waits_alone(served, raw):
    with Peer(served) as peer:
        peer.keys()
        peer.socket.setblocking(False)

        def full():
            try:
                for _ in range(10000):
                    peer.ask(served.ids["rsa"], RSA_PSS_SHA256, b"d" * 32)
            except BlockingIOError:
                return True
            return False
        eventually(full, "the socket being full")
        for _ in range(5):
            shakes_hands(served)
    shakes_hands(served)


def test_many_connections_that_say_nothing(served):
    """Of this process only one may stay."""
    peers = [Peer(served, hello=False) for _ in range(300)]
    for peer in peers[:-1]:
        assert peer.is_closed()
    shakes_hands(served)
    peers[-1].send(HELLO, bytes([CLIENTS]))
    assert peers[-1].keys()[1]
    for peer in peers:
        peer.socket.close()

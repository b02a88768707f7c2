"""keyd: private keys are nowhere else, and whatever happens to it delays new handshakes only."""
import base64
import contextlib
import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import keysock
from front import front, make_front  # noqa: F401 (fixtures)
from suite import AS_ROOT, SANITIZED, eventually, pause, program_of
from xmpp import Raw, body


def serial(suite, domain="localhost"):
    """The number of the certificate that a newcomer is shown."""
    with Raw(suite.address, domain) as stream:
        stream.open().starttls()
        return stream.wire.tls.get_peer_certificate().get_serial_number()


def serial_of(certificate):
    return x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number


def waiting(suite, n):
    eventually(lambda: suite.counters("c2sd@1")["signatures_waiting"] == n, f"{n} handshakes that wait for keyd")


class Newcomer(threading.Thread):
    """Somebody who connects and starts TLS; what became of it."""

    def __init__(self, suite):
        super().__init__(daemon=True)
        self.suite, self.error, self.stream = suite, None, Raw(suite.address)
        self.start()

    def run(self):
        try:
            self.stream.open().starttls()
        except Exception as error:
            self.error = error

    def done(self):
        self.join(30)
        assert not self.is_alive()
        self.stream.close()
        return self.error


# Where the keys are.

def numbers(key):
    """The secret numbers of a key as bytes, in either order, and its file's own text."""
    pem = key.read_bytes()
    private = load_pem_private_key(pem, None)
    if hasattr(private, "private_bytes_raw"):
        raw = [private.private_bytes_raw()]
    elif not hasattr(private, "private_numbers"):
        der = base64.b64decode(b"".join(pem.split(b"\n")[1:-2]))
        raw = [der[-32:]]  # Ed25519: the seed is the end of the PKCS #8
    else:
        found = private.private_numbers()
        values = [found.p, found.q, found.d] if hasattr(found, "p") else [found.private_value]
        raw = [v.to_bytes((v.bit_length() + 7) // 8, "big") for v in values]
    return raw + [r[::-1] for r in raw] + [pem.split(b"\n")[1]]


def memory(pid):
    """All that a process may write to or could have written to, page by page in large pieces."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            begin, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            begin, end = int(begin, 16), int(end, 16)
            # The shadow of AddressSanitizer is terabytes, and holds no data.
            if not mode.startswith("r") or end - begin > 1 << 30 or "[v" in line:
                continue
            with contextlib.suppress(OSError):
                mem.seek(begin)
                yield mem.read(end - begin)


def holders(suite, needles):
    """The programs in whose memory one of these is."""
    return {program_of(pid) for pid in suite.processes()
            if any(needle in piece for piece in memory(pid) for needle in needles)}


KINDS = ["rsa", "p256", "ed25519"]


def test_private_keys_are_in_no_process_but_keyd(make_suite, raw):
    suite = make_suite(start=False, domains=["localhost", *(f"{k}.example" for k in KINDS)], s2s=True).init_only()
    keys = {}
    for kind in KINDS:
        certificate, keys[kind] = suite.certificate(f"{kind}.example", kind=kind)
        suite.settings.update({f'domain "{kind}.example".certificate': str(certificate),
                               f'domain "{kind}.example".key': str(keys[kind])})
    suite.start()
    alice = raw(suite, "alice")
    for kind in KINDS:
        serial(suite, f"{kind}.example")
    suite.reload()
    suite.log.wait(r"keyd keys generation=2")
    for kind in KINDS:
        serial(suite, f"{kind}.example")
    alice.ping()
    assert {"bulkhead-c2sd", "bulkhead-s2sd", "bulkhead-keyd", "bulkhead-routerd", "bulkhead-authd"} <= \
        {program_of(pid) for pid in suite.processes()}
    if not AS_ROOT:  # nobody but root may look
        with pytest.raises(PermissionError):
            open(f"/proc/{suite.keyd}/mem", "rb").close()
        return
    for kind in KINDS:
        assert holders(suite, numbers(keys[kind])) == {"bulkhead-keyd"}, kind


def test_its_memory_is_locked_and_in_no_dump(suite):
    if not AS_ROOT or SANITIZED:  # others have a limit on what they may lock; the sanitizer locks nothing
        return
    pieces = Path(f"/proc/{suite.keyd}/smaps").read_text().split("VmFlags:")
    flags = [after.split("\n")[0].split() for before, after in zip(pieces, pieces[1:]) if "[heap]" in before]
    assert flags and all({"lo", "dd"} <= set(f) for f in flags)
    assert "VmSwap:\t       0 kB" in Path(f"/proc/{suite.keyd}/status").read_text()


# Stopped, killed, slow.

def test_a_keyd_that_stands_still_delays_new_handshakes_only(suite, raw):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    pause(suite.keyd)
    try:
        newcomer = Newcomer(suite)
        waiting(suite, 1)
        for i in range(100):
            alice.message(bob.jid, str(i))
            assert body(bob.next_message()) == str(i)
        assert newcomer.is_alive()
    finally:
        os.kill(suite.keyd, signal.SIGCONT)
    assert newcomer.done() is None
    waiting(suite, 0)
    raw(suite, "bob", "other").ping()


def test_a_handshake_does_not_wait_for_ever(suite, raw):
    alice = raw(suite, "alice")
    pause(suite.keyd)
    try:
        began = time.monotonic()
        assert Newcomer(suite).done() is not None
        assert 9 < time.monotonic() - began < 20
        suite.log.wait("client-lost .*keyd has not signed in time")
        alice.ping()
    finally:
        os.kill(suite.keyd, signal.SIGCONT)
    raw(suite, "bob").ping()
    assert suite.counters("c2sd@1")["signatures_failed"] == 1


def test_who_goes_while_he_waits_is_forgotten(suite, raw):
    pause(suite.keyd)
    try:
        newcomers = [Newcomer(suite) for _ in range(8)]
        waiting(suite, 8)
        for newcomer in newcomers[1:]:
            newcomer.stream.wire.socket.shutdown(2)
        waiting(suite, 1)
    finally:
        os.kill(suite.keyd, signal.SIGCONT)
    assert newcomers[0].done() is None
    waiting(suite, 0)


def test_a_keyd_that_is_killed_comes_back_and_signs_what_was_asked(suite, raw):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    for _ in range(3):
        pid = suite.keyd
        pause(pid)
        newcomers = [Newcomer(suite) for _ in range(4)]
        waiting(suite, 4)
        os.kill(pid, signal.SIGKILL)
        alice.message(bob.jid, "still here")
        assert body(bob.next_message()) == "still here"
        assert [newcomer.done() for newcomer in newcomers] == [None] * 4
        assert suite.keyd != pid
    alice.ping()


def test_front_ends_wait_for_a_keyd_that_comes_later(front):  # noqa: F811
    """Not one of them needs it to start."""
    front.secure().close()
    mark = front.log.mark()
    front.keyd.kill()
    front.keyd.wait()
    front.log.wait("keyd-down", since=mark)
    late = threading.Thread(target=lambda: front.secure().close(), daemon=True)
    late.start()
    front.start_keyd()
    late.join(30)
    assert not late.is_alive()


def signatures(suite, instance):
    """What keyd says of a front end's at its end."""
    pid, mark = suite.pids()[instance], suite.log.mark()
    os.kill(pid, signal.SIGKILL)
    line = suite.log.wait(rf"keyd signatures for=.* pid={pid}", since=mark)
    suite.log.wait(f"{instance} listening", since=mark)
    return {name: int(n) for name, n in re.findall(r"(made|refused|delayed)=(\d+)", line)}


def server_hello(suite):
    """A newcomer at s2sd."""
    with Raw(("127.0.0.1", suite.s2s_port)) as server:
        server.open(ns="jabber:server", extra=" from='two.example'")
        server.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        server.next()
        server.wire.start_tls("localhost")


def test_who_wants_more_than_its_rate_waits_and_nobody_else(make_suite):
    suite = make_suite(settings={"keyd.rate": 4}, s2s=True)
    began = time.monotonic()
    for _ in range(10):  # the first second's share may have gathered
        serial(suite)
    assert time.monotonic() - began > (10 - 4) / 4 - 0.1
    server_hello(suite)  # the share of another front end is whole
    suite.edit(**{"keyd.rate": 20000})
    suite.reload()
    suite.log.wait("name=keyd.rate from=.* result=applied")
    for _ in range(10):
        server_hello(suite)
    assert signatures(suite, "s2sd@1") == {"made": 11, "refused": 0, "delayed": 0}
    of_clients = signatures(suite, "c2sd@1")
    assert (of_clients["made"], of_clients["refused"]) == (10, 0) and of_clients["delayed"] > 0


# Reloads.

def renew(suite, certificate, key, domain="localhost"):
    """As certbot does it: the same names, new contents.  The new certificate's number."""
    fresh, fresh_key = suite.certificate(domain)
    key.write_bytes(fresh_key.read_bytes())
    certificate.write_bytes(fresh.read_bytes())
    return serial_of(fresh)


@pytest.fixture
def renewable(suite):
    """(the suite, a certificate that may be renewed in place, its key)"""
    certificate, key = suite.certificate("localhost")
    suite.edit(**{'domain "localhost".certificate': str(certificate), 'domain "localhost".key': str(key)})
    mark = suite.log.mark()
    suite.reload()
    suite.log.wait("routerd reload-done", since=mark)
    assert serial(suite) == serial_of(certificate)
    return suite, certificate, key


def test_keys_are_renewed_while_handshakes_run(renewable, raw):
    suite, certificate, key = renewable
    over, seen, errors = threading.Event(), set(), []

    def connect():
        while not over.is_set():
            try:
                seen.add(serial(suite))
            except Exception as error:
                errors.append(error)
    threads = [threading.Thread(target=connect, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    made = []
    for _ in range(10):
        made.append(renew(suite, certificate, key))
        suite.reload()
        eventually(lambda: made[-1] in seen, "the new certificate")
    over.set()
    for thread in threads:
        thread.join(30)
    assert not errors
    assert set(made) <= seen


@pytest.mark.parametrize("first", ["keyd", "c2sd"])
def test_a_signal_to_either_is_a_reload_of_both(renewable, raw, first):
    suite, certificate, key = renewable
    new = renew(suite, certificate, key)
    mark = suite.log.mark()
    os.kill(suite.keyd if first == "keyd" else suite.pids("c2sd")["c2sd@1"], signal.SIGHUP)
    suite.log.wait("reload-done", since=mark)
    assert serial(suite) == new


def test_keys_that_do_not_fit_leave_those_of_before(renewable, raw):
    suite, certificate, key = renewable
    shown = serial(suite)
    certificate.write_bytes(suite.certificate("localhost")[0].read_bytes())  # the key is still the former's
    mark = suite.log.mark()
    suite.reload()
    suite.log.wait("keyd cannot-go-on .*does not match", since=mark)
    suite.log.wait("routerd reload-refused reason=.keyd: .*does not match", since=mark)
    assert serial(suite) == shown
    raw(suite, "alice").ping()


@pytest.mark.parametrize("daemon", ["keyd", "c2sd"])
def test_one_that_is_restarted_after_a_renewal_makes_the_other_follow(renewable, raw, daemon):
    """Nobody has told them to reload."""
    suite, certificate, key = renewable
    new = renew(suite, certificate, key)
    os.kill(suite.keyd if daemon == "keyd" else suite.pids("c2sd")["c2sd@1"], signal.SIGKILL)

    def shown():
        try:
            return serial(suite) == new
        except Exception:  # c2sd is not there yet, or keyd just reads
            return False
    eventually(shown, "the new certificate")
    raw(suite, "alice").ping()


def test_servers_may_be_shown_another_certificate(make_suite):
    suite = make_suite(start=False, s2s=True).init_only()
    certificate, key = suite.certificate("localhost")
    suite.settings.update({'domain "localhost".s2s_certificate': str(certificate),
                           'domain "localhost".s2s_key': str(key)})
    suite.start()
    assert serial(suite) == serial_of(suite.certificate_file)
    with Raw(("127.0.0.1", suite.s2s_port)) as server:
        server.open(ns="jabber:server", extra=" from='two.example'")
        server.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        server.next()
        server.wire.start_tls("localhost")
        assert server.wire.tls.get_peer_certificate().get_serial_number() == serial_of(certificate)
    own, other = keysock.key_id(suite.certificate_file), keysock.key_id(certificate)
    for role, key, foreign in ((keysock.CLIENTS, own, other), (keysock.SERVERS, other, own)):
        with keysock.Peer(suite, role) as peer:
            assert peer.keys()[1] == [key]
            assert peer.sign(key, 0x0403, bytes(32))[0] == keysock.DONE
            assert peer.sign(foreign, 0x0403, bytes(32))[0] == keysock.UNKNOWN

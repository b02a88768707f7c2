"""key.sock spoken from Python (lib/key/frame.h): what a front end that was taken over could ask of keyd."""
import contextlib
import grp
import hashlib
import os
import pwd
import socket
import struct

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from suite import AS_ROOT, PATIENCE

VERSION = 1
HELLO, KEYS, USES, SIGN, SIGNED = 1, 2, 3, 4, 5
CLIENTS, SERVERS = 1, 2
DONE, UNKNOWN, REFUSED, FAILED = range(4)
USERS = {CLIENTS: "bulkhead-c2sd", SERVERS: "bulkhead-s2sd"}


@contextlib.contextmanager
def as_user(name):
    """The process is that user for a moment, in the front ends' group.  Who is not root stays who he is."""
    if not AS_ROOT:
        yield
        return
    user, groups = pwd.getpwnam(name), os.getgroups()
    os.setgroups([grp.getgrnam("bulkhead-sign").gr_gid])
    os.setegid(user.pw_gid)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def key_id(certificate):
    """The name of the key of a certificate file."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


class Peer:
    """A connection to keyd as the user of one role, which may say that it is for another."""

    def __init__(self, suite, role=CLIENTS, hello=True, claims=None):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(PATIENCE)
        self.number = 0
        with as_user(USERS[role]):
            self.socket.connect(str(suite.bus_dir / "key.sock"))
        if hello:
            self.send(HELLO, bytes([claims or role]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, type, body=b"", version=VERSION):
        self.socket.send(bytes([version, type]) + body)

    def receive(self):
        """(type, body) of the next frame; None at the end of the connection."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return None
        assert not data or data[0] == VERSION
        return (data[1], data[2:]) if data else None

    def keys(self):
        """(the list's number, the ids that keyd has for us)."""
        ids, last = [], False
        while not last:
            type, body = self.receive()
            assert type == KEYS
            generation, last = struct.unpack_from(">QB", body)
            ids += [body[i:i + 32] for i in range(9, len(body), 32)]
        return generation, ids

    def ask(self, key, scheme, data):
        self.number += 1
        self.send(SIGN, struct.pack(">QH", self.number, scheme) + key + data)

    def answer(self):
        """(verdict, signature) of the next answer."""
        type, body = self.receive()
        assert type == SIGNED
        number, verdict = struct.unpack_from(">QB", body)
        assert number <= self.number
        return verdict, body[9:]

    def sign(self, key, scheme, data):
        self.ask(key, scheme, data)
        return self.answer()

    def is_closed(self):
        """keyd ends the connection, whatever it says before."""
        while self.receive() is not None:
            pass
        return True

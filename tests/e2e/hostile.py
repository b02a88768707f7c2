"""What a compartment that has been taken over may say on the bus, made from the table of messages.

    spoilt(message)   frames of its type that are no such message
    bounds(message)   such messages, with each field at its ends and beyond what is meant by it
    Evil              a link to routerd of any role, under a name that no other attempt has
    Bystander         a client of an honest front end that notices what the others are at
"""
import contextlib
import itertools
import os
import random
import re
import socket
import struct
import time

import bus
import scram
from suite import PATIENCE, SANITIZED, eventually
from xmpp import CLIENT, body

PEERS = ["C2S", "S2S", "AUTH", "DIR", "SNMP", "CTL"]
PEERS += [r for r in bus.ROLES if r not in PEERS and r != "ROUTER"]  # whoever comes later
GREETING = {"HELLO", "WELCOME", "REFUSE"}  # test_attacks_bus.py
NASTY = "x'\"><message from='admin@localhost'/>\n\u202e&\x7f"


def allowed(sender, receiver="ROUTER"):
    return [m for m in bus.MESSAGES.values() if sender in m.senders and receiver in m.receivers
            and m.name not in GREETING]


def forbidden(sender, receiver="ROUTER"):
    return [m for m in bus.MESSAGES.values() if not (sender in m.senders and receiver in m.receivers)]


# Messages that are none.

def number_of(message, seq):
    """A custody frame must have the next number: else that would be what is wrong with it."""
    return seq if "BUS_CUSTODY" in message.flags else 0


def framed(message, data, subject=1, seq=1, **how):
    return bus.raw_frame(message.number, data, subject, number_of(message, seq), **how)


def full(message):
    return message.encode({f: b"y" * 16 if k == "ID" else b"x" if k in ("TEXT", "BLOB") else 1
                           for k, f, _ in message.fields})


def with_field(message, field, raw):
    """The body with these bytes in the place of one field."""
    return b"".join(raw if f == field else bus.encode(k, b"x" if k in ("TEXT", "BLOB") else None)
                    for k, f, _ in message.fields)


def spoilt(message):
    whole = full(message)
    yield "a byte more", framed(message, whole + b"\0")
    yield "the header says less", framed(message, whole, length=bus.HEADER.size - 1)
    yield "the header says more than is allowed", framed(message, b"", length=bus.FRAME_MAX + 1)
    yield "its zero is none", framed(message, whole, zero=1)
    yield "a number that is not due", bus.raw_frame(message.number, whole, 1, 7)
    for cut in sorted({0, 1, len(whole) // 2, len(whole) - 1} & set(range(len(whole)))):
        yield f"only {cut} bytes of {len(whole)}", framed(message, whole[:cut])
    for kind, field, most in message.fields:
        if kind not in ("TEXT", "BLOB"):
            continue
        yield f"{field} longer than the frame", framed(
            message, with_field(message, field, struct.pack(">I", 5000) + b"x"))
        yield f"{field} of 4 GiB", framed(
            message, with_field(message, field, struct.pack(">I", 0xfffffffe) + b"x"))
        if most <= 65536:
            yield f"{field} over its limit", framed(
                message, with_field(message, field, struct.pack(">I", most + 1) + b"x" * (most + 1)))
        if kind == "TEXT":
            for junk in (b"\xff\xfe", b"\xc0\xbc", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"):
                yield f"{field} with {junk.hex()}", framed(
                    message, with_field(message, field, struct.pack(">I", len(junk)) + junk))


# Messages that are some, and mean nothing good.

MAXIMA = {"U8": 0xff, "U16": 0xffff, "U32": 0xffffffff, "U64": (1 << 64) - 1}


def extremes(kind, most):
    if kind in MAXIMA:
        top = MAXIMA[kind]
        return [1, top, top >> 1, (top >> 1) + 1]
    if kind == "ID":
        return [b"\xff" * 16]
    if kind == "TEXT":
        return [t for t in ("", "x", NASTY, "\0", "localhost", "carol@localhost", "CAROL@LOCALHOST/x", "*",
                            "x" * most) if len(t.encode()) <= most]
    noise = random.Random(most)
    return [noise.randbytes(n) for n in (1, 7, 16, 17, 44, 600)] + [
        b"\xff" * 64, b"\0" * 64, struct.pack(">I", 0xffffffff) * 4, struct.pack(">I", 3) + b"abcd",
        b"\0\0\0\1x" * 40, b"x" * min(most, 100000)]


def bounds(message):
    """(what, values)"""
    yield "all fields empty", {}
    for kind, field, most in message.fields:
        for value in extremes(kind, most):
            text = value if isinstance(value, int) else value[:16]
            yield f"{field} = {text!r}", {field: value}


class Evil(bus.Peer):
    """Linked, and welcomed."""

    serial = itertools.count(1)

    def __init__(self, suite, role="C2S", restored=True):
        super().__init__(suite, role)
        self.suite, self.mark = suite, suite.log.mark()
        self.instance = f"{self.role[1]}@evil{os.getpid()}-{next(Evil.serial)}"
        self.hello(instance=self.instance, boot=os.urandom(16))
        self.expect("WELCOME")
        if restored and role in ("C2S", "S2S"):
            self.send("RESTORED")

    def begin(self, connection, user="alice", password=None, **more):
        values = {"domain": "localhost", "mechanism": "PLAIN", "tls": 1, "offered": "PLAIN",
                  "initial": scram.plain(user, password or self.suite.password(f"{user}@localhost")),
                  "address": "192.0.2.9:9"}
        self.send("AUTH_BEGIN", connection, **{**values, **more})

    def said_of_it(self):
        """The lines of the log that say why its link ended."""
        return self.suite.log.find(rf" routerd .*\b{re.escape(self.instance)}\b.*reason=", self.mark)

    def costs_it_the_link(self, reason=""):
        """The link ends, and the log says so once."""
        self.gone()
        self.suite.log.wait(rf" routerd .*\b{re.escape(self.instance)}\b.*reason=.*{reason}", self.mark)
        assert len(self.said_of_it()) == 1, self.said_of_it()

    def leave(self):
        """When all that it said has been judged."""
        with contextlib.suppress(OSError):  # it may have been sent away
            self.socket.shutdown(socket.SHUT_WR)
        self.gone()

    def fill(self, data, seconds, read=True):
        """Sends it again and again; reads what comes, or nothing.  How often; it ends when the link does."""
        ends, sent = time.monotonic() + seconds, 0
        self.socket.setblocking(False)
        rest = b""
        while time.monotonic() < ends:
            rest = rest or data
            try:
                rest = rest[self.socket.send(rest):]
                sent += not rest
            except BlockingIOError:
                time.sleep(0.001)
            except OSError:
                return sent
            if read:
                try:
                    if not self.socket.recv(1 << 20):
                        return sent
                except BlockingIOError:
                    pass
                except OSError:
                    return sent
        return sent

    def is_linked(self):
        return self.instance in self.suite.pids()


class Bystander:
    """Alice and bob at an honest front end: they chat, and what the others do is nothing to them."""

    SLOWEST = 10 if SANITIZED else 3  # seconds that a word may take while somebody floods

    def __init__(self, suite, raw):
        self.suite, self.serial = suite, 0
        self.alice, self.bob = raw(suite, "alice", "home"), raw(suite, "bob", "home")
        self.routerd = suite.pids("routerd")["routerd"]
        self.settle()

    def settle(self):
        self.alice.ping(), self.bob.ping()

    def chats(self):
        """A word there; how long that takes.  Nothing else has come meanwhile."""
        self.serial += 1
        began = time.monotonic()
        self.alice.message(self.bob.jid, f"word {self.serial}")
        message = self.bob.next_message()
        took = time.monotonic() - began
        assert (body(message), message.get("from")) == (f"word {self.serial}", self.alice.jid)
        assert took < self.SLOWEST
        return took

    def unharmed(self):
        self.chats()
        for stream in (self.alice, self.bob):
            assert not [e for e in stream.ping() if e.tag == CLIENT + "message"]
        assert self.suite.pids("routerd")["routerd"] == self.routerd, "routerd was restarted"
        jids = {r["jid"] for r in self.suite.rows("session", "list")}
        assert {self.alice.jid, self.bob.jid} <= jids
        assert len(self.suite.rows("user", "list")) == len(self.suite.accounts)

    def is_alone(self):
        eventually(lambda: len(self.suite.rows("session", "list")) == 2, "the end of the others' sessions", PATIENCE)

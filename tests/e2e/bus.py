"""The bus spoken from Python, out of the same table as the daemons: lib/bus/messages.def.

A Peer plays a role on routerd's socket and may lie as it likes: what a compartment that has
been taken over could do.
"""
import contextlib
import re
import socket
import struct
import time
from pathlib import Path
from xml.etree import ElementTree

LIB = Path(__file__).resolve().parents[2] / "lib"
HEADER = struct.Struct(">IHHQQ")
ABSENT = 0xffffffff
ROLES = {name: (int(bit, 16), text, sock) for name, bit, text, sock in re.findall(
    r'XX\((\w+), (0x\w+), "(\w+)", (?:"([\w.]+)"|NULL)\)',
    (LIB / "bus/role.h").read_text())}
VERSION = int(re.search(r"BUS_VERSION = (\d+)", (LIB / "bus/bus.h").read_text()).group(1))
FRAME_MAX = 16777216 + 2097152
NOTHING, THERE, LATER = range(3)  # enum found_state


SETS = dict(re.findall(r"#define (ROLES_\w+) \(([^)]*)\)", (LIB / "bus/role.h").read_text()))


def roles(text):
    """The names of a set like ROLES_FRONT | ROLE_ROUTER."""
    parts = [part.strip() for part in text.split("|")]
    return set().union(*(roles(SETS[p]) if p in SETS else {p.removeprefix("ROLE_")} for p in parts))


class Message:
    """One line of the table: its number, who may send it to whom, and its fields."""

    def __init__(self, name, number, edges, flags, fields):
        self.name, self.number, self.flags, self.fields = name, number, flags, fields
        self.senders, self.receivers = edges

    def encode(self, values):
        unknown = set(values) - {field for _, field, _ in self.fields}
        assert not unknown, f"{self.name} has no {unknown}"
        return b"".join(encode(kind, values.get(field)) for kind, field, _ in self.fields)

    def decode(self, body):
        values, at = {}, 0
        for kind, field, _ in self.fields:
            values[field], at = decode(kind, body, at)
        assert at == len(body), f"{self.name}: {len(body) - at} bytes are left over"
        return values


def read_table():
    text = re.sub(r"/\*.*?\*/", "", (LIB / "bus/messages.def").read_text(), flags=re.S)
    table = {}
    for name, number, senders, receivers, flags, fields in re.findall(
            r"MSG\((\w+), \w+, (0x\w+),([^,]*),([^,]*),([^)]*)\)(.*?)END\(", text, re.S):
        found = re.findall(r"(U8|U16|U32|U64|ID|TEXT|BLOB)\((\w+)(?:, (\d+))?\)", fields)
        table[name] = Message(name, int(number, 16), (roles(senders), roles(receivers)),
                              set(re.findall(r"BUS_\w+", flags)),
                              [(kind, field, int(most or 0)) for kind, field, most in found])
    return table


NUMBERS = {"U8": ">B", "U16": ">H", "U32": ">I", "U64": ">Q"}


def encode(kind, value):
    if kind in NUMBERS:
        return struct.pack(NUMBERS[kind], value or 0)
    if kind == "ID":
        return value or bytes(16)
    if value is None:
        return struct.pack(">I", ABSENT if kind == "TEXT" else 0)
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(data)) + data


def decode(kind, body, at):
    if kind in NUMBERS:
        size = struct.calcsize(NUMBERS[kind])
        return struct.unpack_from(NUMBERS[kind], body, at)[0], at + size
    if kind == "ID":
        return body[at:at + 16], at + 16
    size = struct.unpack_from(">I", body, at)[0]
    at += 4
    if size == ABSENT:
        return None, at
    assert at + size <= len(body)
    return body[at:at + size], at + size


def textlist(texts):
    """A list of texts, as the body of a field."""
    return b"".join(encode("TEXT", t) for t in texts)


def texts(data):
    found, at = [], 0
    while at < len(data):
        text, at = decode("TEXT", data, at)
        found.append(text.decode())
    return found


MESSAGES = read_table()
BY_NUMBER = {m.number: m for m in MESSAGES.values()}


def given_back(n, delivered):
    """The values of RESTORE_STANZA, for a stanza that came by DELIVER."""
    return {"n": n, **{field: delivered[field] for _, field, _ in MESSAGES["RESTORE_STANZA"].fields if field != "n"}}


class Gone(Exception):
    """routerd closed the link."""


def frame(name, subject=0, seq=0, /, **values):
    message = MESSAGES[name]
    return raw_frame(message.number, message.encode(values), subject, seq)


def raw_frame(number, body, subject=0, seq=0, zero=0, length=None):
    size = HEADER.size + len(body) if length is None else length
    return HEADER.pack(size, number, zero, subject, seq) + body


class Peer:
    """A link to routerd."""

    got = 0  # the number of the last custody frame that came

    def __init__(self, suite, role="C2S", timeout=20):
        self.role = ROLES[role]
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(suite.bus_dir / self.role[2]))
        self.timeout, self.buffer, self.number = timeout, b"", 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, name, subject=0, /, **values):
        self.number += "BUS_CUSTODY" in MESSAGES[name].flags
        seq = self.number if "BUS_CUSTODY" in MESSAGES[name].flags else 0
        self.write(frame(name, subject, seq, **values))

    def write(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # next() will tell

    def hello(self, instance="c2sd@evil", version=VERSION, role=None, boot=b"b" * 16, configuration=b""):
        self.send("HELLO", version=version, role=self.role[0] if role is None else role,
                  boot=boot, instance=instance, software="test", pid=1, configuration=configuration)

    def welcomed(self, **how):
        self.hello(**how)
        self.expect("WELCOME")
        if self.role == ROLES["C2S"]:
            self.send("RESTORED")
        return self

    def next(self, timeout=None):
        """(name, subject, values) of the next frame."""
        deadline = time.monotonic() + (timeout or self.timeout)
        while True:
            if len(self.buffer) >= 4:
                size = struct.unpack_from(">I", self.buffer)[0]
                if len(self.buffer) >= size:
                    break
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no frame from routerd")
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 20)
            except ConnectionError:
                data = b""
            if not data:
                raise Gone
            self.buffer += data
        whole, self.buffer = self.buffer[:size], self.buffer[size:]
        _, number, _, subject, seq = HEADER.unpack_from(whole)
        self.got = max(self.got, seq)
        message = BY_NUMBER[number]
        values = message.decode(whole[HEADER.size:])
        if message.name == "RELOAD":
            self.reloaded(subject, values)
        return message.name, subject, values

    def reloaded(self, subject, values):
        """Takes whatever configuration it is."""
        if values["step"] != 3:
            self.send("RELOAD_STATE", subject, step=values["step"])

    def expect(self, *names):
        """The next frame of one of these names; others (CREDIT, MECHANISMS, HELD) are dropped."""
        while True:
            name, subject, values = self.next()
            if name in names:
                return name, subject, values

    def gone(self):
        """routerd ends the link, whatever it says before; the names of what it said."""
        said = []
        try:
            while True:
                said.append(self.next()[0])
        except Gone:
            return said

    def login(self, connection, account, password, resource=None):
        """As a front end would: PLAIN, then bind.  The full JID."""
        import scram
        local, domain = account.split("@")
        self.send("AUTH_BEGIN", connection, domain=domain, mechanism="PLAIN",
                  initial=scram.plain(local, password), offered="PLAIN", address="192.0.2.9:9",
                  tls=1, certificate=None)
        _, _, result = self.expect("AUTH_RESULT")
        assert result["condition"] == 0, result
        self.send("BIND", connection, resource=resource)
        _, _, bound = self.expect("BOUND")
        return bound["jid"].decode()

    def submit(self, connection, number, envelope, refuse=0):
        self.send("SUBMIT", connection, number=number, refuse=refuse, stanza=envelope)


KINDS = {"message": 1, "presence": 2, "iq": 3}
TYPES = {None: 0, "chat": 2, "headline": 4, "error": 5, "unavailable": 6, "get": 12, "set": 13}


def elements(inner):
    """How many stand at the top; of what is no XML, none."""
    with contextlib.suppress(ElementTree.ParseError, UnicodeDecodeError):
        text = inner if isinstance(inner, str) else inner.decode()
        return min(len(ElementTree.fromstring(f"<x>{text}</x>")), 16)
    return 0


def envelope(kind="message", type="chat", to=None, id=None, lang=None, attrs=None,
             inner="<body>hello</body>", content=1, children=None):
    """A stanza as lib/xmpp/stanza.c packs it; children that are not given have as many hashes as there are elements."""
    if children is None:
        children = (0,) * elements(inner)
    texts = [None if t is None else t.encode() if isinstance(t, str) else t
             for t in (to, id, lang, attrs)]
    kind = KINDS.get(kind, kind)
    head = struct.pack(">BBBBI", kind, TYPES.get(type, type), len(children), 0, content)
    head += b"".join(struct.pack(">I", ABSENT if t is None else len(t)) for t in texts)
    head += b"".join(struct.pack(">Q", c) for c in children)
    return head + b"".join(t or b"" for t in texts) + (
        inner.encode() if isinstance(inner, str) else inner)

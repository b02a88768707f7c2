"""HAProxy in front of two front ends, with the PROXY protocol; and what others may not do with it."""
import re
import struct
import subprocess

import pytest

from suite import eventually, free_port
from xmpp import Closed, Raw

V2 = b"\r\n\r\n\0\r\nQUIT\n"
CONFIG = """
global
    maxconn 1000
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend clients
    bind 127.0.0.1:{front}
    default_backend bulkhead
backend bulkhead
    balance roundrobin
    server one 127.0.0.1:{one} {send}
    server two 127.0.0.1:{two} {send}
"""


class Balanced:
    """Two front ends that trust 127.0.0.1 as a load balancer, and HAProxy before them."""

    def __init__(self, make_suite, send):
        self.front, one, two = (free_port() for _ in range(3))
        self.back = one
        self.suite = make_suite(
            front_ends={"c2sd@1": [f"127.0.0.1:{one}"], "c2sd@2": [f"127.0.0.1:{two}"]},
            settings={"c2sd.proxy_from": ["127.0.0.1"]})
        config = self.suite.dir / "haproxy.cfg"
        config.write_text(CONFIG.format(front=self.front, one=one, two=two, send=send))
        self.haproxy = subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", config],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self.listening, "HAProxy listening")

    def listening(self):
        """A row of the kernel's table; a probe by connecting would reach the front ends."""
        with open("/proc/net/tcp", encoding="ascii") as table:
            return f"0100007F:{self.front:04X} 00000000:0000 0A" in table.read()

    def close(self):
        self.haproxy.terminate()
        self.haproxy.wait(30)


@pytest.fixture(params=["send-proxy-v2", "send-proxy"])
def balanced(make_suite, request):
    both = Balanced(make_suite, request.param)
    yield both
    both.close()


CLIENT = "127.0.0.77"  # another address of this machine than HAProxy's


def host(address):
    """Without the port, where there is one."""
    return re.sub(r"^\[?(.*?)\]?(:\d+)?$", r"\1", address) if address.count(":") < 2 \
        or "[" in address else address


def test_the_client_s_address_is_seen_behind_haproxy(balanced, raw):
    streams = [raw(balanced.suite, "alice", f"r{n}", address=("127.0.0.1", balanced.front),
                   source=CLIENT) for n in range(4)]
    rows = {r["jid"]: r for r in balanced.suite.rows("session", "list")}
    assert {r["instance"] for r in rows.values()} == {"c2sd@1", "c2sd@2"}
    for stream in streams:
        assert host(rows[stream.jid]["address"]) == CLIENT
    assert len(balanced.suite.log.find(rf"from={re.escape(CLIENT)}\b")) >= len(streams)
    assert not balanced.suite.log.find(r"auth.*from=127\.0\.0\.1\b")


def test_two_people_chat_through_haproxy(balanced, chat):
    address = ("127.0.0.1", balanced.front)
    alice = chat(balanced.suite, "alice@localhost/a", address=address)
    bob = chat(balanced.suite, "bob@localhost/b", address=address)
    for n in range(200):
        alice.send(bob.jid, str(n))
    assert [bob.receive()[1] for _ in range(200)] == [str(n) for n in range(200)]


def behind(make_suite):
    suite = make_suite(settings={"c2sd.proxy_from": ["127.0.0.1"]})
    return suite, suite.address


def v2(command=0x21, family=0x11, address=b"\xc0\0\2\1\xc0\0\2\2\x30\x39\x14\x66"):
    return V2 + struct.pack(">BBH", command, family, len(address)) + address


HEADERS = {
    "v1 IPv4": (b"PROXY TCP4 192.0.2.1 192.0.2.2 12345 5222\r\n", "192.0.2.1"),
    "v1 IPv6": (b"PROXY TCP6 2001:db8::1 2001:db8::2 12345 5222\r\n", "2001:db8::1"),
    "v1 unknown": (b"PROXY UNKNOWN\r\n", None),
    "v2 IPv4": (v2(), "192.0.2.1"),
    "v2 local": (v2(0x20, 0, b""), None),
    "v2 with additions": (v2(address=b"\xc0\0\2\1\xc0\0\2\2\x30\x39\x14\x66\x04\0\2xx"),
                          "192.0.2.1"),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_of_every_kind_is_understood(make_suite, kind):
    suite, address = behind(make_suite)
    header, seen = HEADERS[kind]
    with Raw(address, before=header) as stream:
        stream.login("alice", suite.password("alice@localhost")).bind()
        row = next(r for r in suite.rows("session", "list") if r["jid"] == stream.jid)
        assert host(row["address"]) == (seen or "127.0.0.1")


JUNK = {
    "XML": b"<?xml version='1.0'?><stream:stream",
    "v1 without addresses": b"PROXY TCP4 x\r\n",
    "v1 with a port that is none": b"PROXY TCP4 1.2.3.4 1.2.3.4 99999 5222\r\n",
    "v1 that does not end": b"PROXY " + b"x" * 200,
    "v2 of another version": V2 + b"\x31\x11\0\x0c" + bytes(12),
    "v2 that is short": v2(address=b"short"),
}


@pytest.mark.parametrize("kind", JUNK)
def test_a_balancer_that_sends_no_header_is_closed(make_suite, kind):
    suite, address = behind(make_suite)
    mark = suite.log.mark()
    with Raw(address, before=JUNK[kind]) as stream:
        stream.closed()
    suite.log.wait(r"PROXY|proxy", since=mark)
    with Raw(address, before=HEADERS["v1 IPv4"][0]) as stream:
        stream.open()


def test_a_header_from_others_is_no_header(shared, raw):
    """Who is not trusted cannot claim an address: it is a stream that is not well-formed."""
    from xmpp import Incoming
    stream = raw(shared)
    stream.incoming = Incoming()
    stream.send(HEADERS["v1 IPv4"][0] + stream.header().encode())
    try:
        assert stream.error() in ("not-well-formed", "bad-format", "invalid-xml")
    except Closed:
        pass

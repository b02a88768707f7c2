"""The log: one line an event, which nobody can forge, and which shows a connection through all daemons."""
import contextlib
import os
import re
import subprocess

import pytest

import gate
import scram
from bus import Peer
from federation import make_pair, net, pair  # noqa: F401 (fixtures)
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import PATIENCE, ROOT, eventually, free_port
from xmpp import DIALBACK
from remote import Stream

FILTER = ROOT / "etc/fail2ban/filter.d/bulkhead.conf"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warn|info|debug) [a-z0-9@._-]+ [a-z0-9-]+"
                  r'( [a-z][a-z0-9_-]*=("([^"\\]|\\.)*"|[^\s"=]*))+')


def odd(lines):
    """What is no event, but for what the supervisor and AddressSanitizer say themselves."""
    return [line for line in lines if not LINE.fullmatch(line)
            and not re.match(r"bulkhead: |==\d+==WARNING: ASan doesn't fully support makecontext", line)]


def fail(raw, suite, user="mallory", password="wrong", source=None):
    stream = raw(suite, source=source).open().starttls()
    stream.auth("PLAIN", scram.plain(user, password))
    return stream.verdict()


def test_every_line_is_an_event_with_pairs(suite, raw):
    for instance in ("routerd", "authd", "c2sd@1", "keyd"):
        assert suite.ctl("log", "level", instance, "debug").returncode == 0
    fail(raw, suite)
    raw(suite, "alice", "a").send("<message><body>x</wrong>")
    suite.reload()
    suite.log.wait("routerd reloaded")
    suite.stop()
    assert not odd(suite.log.lines)


def test_one_grep_follows_a_connection_through_all_daemons(suite, raw):
    suite.ctl("log", "level", "c2sd@1", "debug")
    mark = suite.log.mark()
    stream = raw(suite, "alice", "a")
    bound = suite.log.wait(rf"routerd session-bound conn=\S+ jid={stream.jid}", since=mark)
    conn = re.search(r"conn=(\S+)", bound)[1]
    stream.close()
    suite.log.wait(f"routerd session-closed conn={conn} ", since=mark)
    found = [line.split()[2:4] for line in suite.log.lines if f"conn={conn} " in line]
    assert found[:4] == [["c2sd@1", "client-connected"], ["c2sd@1", "tls"], ["authd", "auth-ok"],
                         ["routerd", "session-bound"]]


def test_the_id_of_a_way_to_another_server_is_the_same_in_both_daemons(make_pair, net, raw):  # noqa: F811
    pair = make_pair()  # noqa: F811
    alice = raw(pair.one, "alice", "a", domain="one.example")
    alice.message("bob@two.example", "x")
    opened = pair.one.log.wait("way-open conn=")
    way = re.search(r"way=(\S+)", opened)[1]
    assert re.search(r"conn=(\S+) from=127\.0\.0\.1 port=\d+ ", opened)
    assert pair.one.log.find(rf"routerd session-resumed conn={way} ")


# Who reads it stops.

class Pipe:
    """Standard error of an instance that is started with it, for a test that reads when it likes."""

    def __init__(self, suite):
        path = suite.dir / "errors"
        os.mkfifo(path)
        suite.wrapper = ["sh", "-c", f'exec "$0" "$@" 2>{path}']
        self.end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.path, self.text = path, ""

    def fill(self):
        """Until it takes nothing more, whatever its size."""
        other = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(other, b" " * 4095 + b"\n")
        os.close(other)

    def read(self):
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.end, 1 << 20):
                self.text += data.decode()
        return self.text


def test_a_log_that_nobody_reads_holds_up_no_daemon(make_suite, raw):
    """Ctrl-S in the terminal of `bulkhead run`: what is not written is counted."""
    suite = make_suite(start=False)
    pipe = Pipe(suite)
    suite.start()
    pipe.read()
    pipe.fill()
    for instance in ("routerd", "authd", "c2sd@1", "keyd"):
        assert suite.ctl("log", "level", instance, "debug").returncode == 0
    assert fail(raw, suite) == "not-authorized"
    raw(suite, "alice", "a").ping()
    pipe.read()
    assert fail(raw, suite) == "not-authorized"
    suite.ctl("log", "level", "keyd", "info")
    for name in ("routerd", "authd", "c2sd@1"):
        eventually(lambda: re.search(rf"^\S+ warn {name} log-lost lines=[1-9]\d*$", pipe.read(), re.M), name)


# Levels.

def levels(suite):
    return {row["instance"]: row["level"] for row in suite.rows("log", "level")}


def test_levels_are_shown_and_set_for_every_daemon(slapd, make_suite):  # noqa: F811
    suite = make_suite(accounts={}, s2s=True, settings={
        **slapd.settings(), "metrics.listen": [f"127.0.0.1:{free_port()}"], "snmp.agentx_socket": "/nowhere/agentx"})
    expected = {"routerd", "keyd", "authd", "dirsyncd", "c2sd@1", "s2sd@1", "snmp", "metrics"}
    eventually(lambda: expected <= set(levels(suite)), "all daemons")
    shown = levels(suite)
    assert set(shown.values()) == {"info"}
    for instance in shown:
        assert suite.ctl("log", "level", instance, "debug").returncode == 0
        assert levels(suite)[instance] == "debug"


def test_who_only_looks_is_no_daemon_whatever_it_is_called(suite):
    """Somebody with `top` open is not asked for a level, and one that is called s2sd@1 is not s2sd@1."""
    with Peer(suite, "MONITOR").welcomed(instance="s2sd@1") as watcher:
        assert set(levels(suite)) == {"routerd", "keyd", "authd", "c2sd@1"}
        for command in (["log", "level", "s2sd@1", "error"], ["restart", "s2sd@1"], ["stats", "s2sd@1"]):
            done = suite.ctl(*command)
            assert (done.returncode, done.stderr) == (5, 'Error: no daemon "s2sd@1" is running\n')
        with pytest.raises(TimeoutError):
            watcher.next(0.2)
        for name in ("LOG_IS", "STATS"):
            with Peer(suite, "MONITOR").welcomed(instance="c2sd@1") as liar:
                liar.send(name, 1)
                liar.gone()
        suite.log.wait("peer-left peer=c2sd@1 reason=.*frame of type 0x000a is not allowed from monitor")


def test_who_changes_a_level_or_asks_for_bodies_is_in_the_log_at_any_level(suite):
    for instance in ("routerd", "keyd"):
        suite.ctl("log", "level", instance, "error")
        suite.log.wait(rf"warn routerd log-level uid={os.getuid()} pid=\d+ daemon={instance} level=error")
    suite.ctl("trace", "--bodies", "--for", "1", "alice@localhost")
    suite.log.wait("warn routerd trace .*about=alice@localhost bodies=yes")


def test_a_restart_and_a_reload_bring_the_configured_level_back(suite):
    for instance in ("authd", "keyd"):
        suite.ctl("log", "level", instance, "error")
    suite.reload()
    eventually(lambda: set(levels(suite).values()) == {"info"}, "the configured levels")
    suite.ctl("log", "level", "authd", "debug")
    before = suite.pids()["authd"]
    suite.ctl("restart", "authd")
    eventually(lambda: suite.pids().get("authd", before) != before, "another authd")
    assert levels(suite)["authd"] == "info"


@pytest.mark.parametrize("arguments, code", [
    (["keyd", "loud"], 2), (["authd", "loud"], 2), (["authd"], 2), (["c2sd@9", "info"], 5)])
def test_a_level_that_is_none_and_a_daemon_that_is_not_there(shared, arguments, code):
    assert shared.ctl("log", "level", *arguments).returncode == code


# fail2ban.

def fail2ban(lines, tmp_path):
    """What the shipped filter finds in these lines: {address: how often}."""
    file = tmp_path / "log"
    file.write_text("\n".join(lines) + "\n")
    done = subprocess.run(["fail2ban-regex", "--usedns", "no", "--out", "ip", str(file), str(FILTER)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode in (0, 255), done.stderr
    found = done.stdout.split()
    return {ip: found.count(ip) for ip in found}


def test_the_filter_counts_failures_of_every_mechanism(make_suite, raw, tmp_path):
    suite = gate.configure(make_suite(start=False)).start()
    source = 10
    expected = {}

    def attempt(user, password, mechanism):
        nonlocal source
        source += 1
        stream = raw(suite, source=f"127.0.0.{source}").open().starttls()
        if mechanism == "PLAIN":
            stream.auth("PLAIN", scram.plain(user, password))
            assert stream.verdict() == "not-authorized"
        else:
            assert stream.scram(mechanism, user, password) == "not-authorized"
        expected[f"127.0.0.{source}"] = 1
    for mechanism in ("PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"):
        attempt("alice", "wrong", mechanism)
        attempt("nobody-here", "wrong", mechanism)
    stream = raw(suite, source="127.0.0.9").open().starttls()
    stream.auth("PLAIN", "%%%")
    stream.verdict()
    expected["127.0.0.9"] = 1
    component = raw(suite, address=("127.0.0.1", suite.component_port), domain=gate.NAME)
    component.send(component.header(ns="jabber:component:accept", version=None))
    component.send("<handshake>" + "0" * 40 + "</handshake>")
    component.closed()
    expected["127.0.0.1"] = 1
    assert fail(raw, suite, "alice", suite.password("alice@localhost"), source="127.0.0.8") == "success"
    suite.stop()
    assert fail2ban(suite.log.lines, tmp_path) == expected


def test_the_filter_counts_nothing_of_other_servers(make_pair, net, raw, tmp_path):  # noqa: F811
    """Whose proofs fail, of dialback too: they are not guessing."""
    pair = make_pair()  # noqa: F811
    remote = Stream(pair.one, "evil.example")
    remote.begin()
    remote.result("no-such-key")
    remote.send("<db:verify from='evil.example' to='one.example' id='x'>key</db:verify>")
    remote.until(lambda e: e.tag == DIALBACK + "verify")
    pair.one.log.wait("s2sd.* key-verified .*result=invalid")
    remote.close()
    pair.one.stop()
    assert fail2ban(pair.one.log.lines, tmp_path) == {}


EVIL = ["x from=192.0.2.66", "x\u00a0from=192.0.2.66", "a\" from=192.0.2.66 \"b", "a\\\" from=192.0.2.66", "'from=192.0.2.66",
        "x\u2028auth-failed conn=c from=192.0.2.66 mechanism=PLAIN account=x reason=wrong-password",
        "reason=wrong-password", "[::ffff:192.0.2.66]", "2026-01-01T00:00:00.000Z info authd auth-failed"]


def test_no_name_forges_an_address_or_a_line(suite, raw, tmp_path):
    names = [*EVIL, "\nauth-failed conn=c from=192.0.2.66 mechanism=PLAIN account=x reason=wrong-password",
             "\x85x", "\x1b[2J"]
    for name in names:
        fail(raw, suite, name)
        stream = raw(suite).open().starttls()
        mechanism = "".join(f"&#{ord(c)};" if c in "\n\"'&<" else c for c in name if c >= " " or c == "\n")
        stream.auth(mechanism)
        stream.next()
        old = raw(suite)
        old.send(old.header(to="localhost").replace("to='localhost'", f"to='{mechanism}'"))
        old.closed()
    suite.stop()
    lines = suite.log.lines
    assert not odd(lines)
    assert set(fail2ban(lines, tmp_path)) == {"127.0.0.1"}
    assert not [line for line in lines if re.search(r'^[^"]* from=(?!127\.0\.0\.1 )', line)]


def test_behind_a_proxy_the_client_s_address_is_counted(make_suite, raw, tmp_path):
    suite = make_suite(settings={"c2sd.proxy_from": ["127.0.0.1"]})
    stream = raw(suite)
    stream.wire.socket.sendall(b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 5222\r\n")
    stream.open().starttls()
    stream.auth("PLAIN", scram.plain("alice", "wrong"))
    assert stream.verdict() == "not-authorized"
    suite.stop()
    assert fail2ban(suite.log.lines, tmp_path) == {"2001:db8::7": 1}

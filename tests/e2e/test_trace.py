"""`bulkheadctl trace`: an administrator watches stanzas, without what people wrote."""
import json
import os
import re
import signal
import subprocess
import threading

import pytest

from federation import make_pair, net, pair  # noqa: F401 (fixtures)
from im import put
from sm import enable, resume
from suite import BIN, PATIENCE, Log, eventually
from xmpp import Raw, body

SECRET = "nobody else may read this"
ALICE, BOB = "alice@localhost", "bob@localhost"


class Trace:
    """One that runs: its lines, or with --json its objects."""

    def __init__(self, suite, *arguments, output=subprocess.PIPE):
        self.process = subprocess.Popen([BIN / "bulkheadctl", "-d", suite.home, "trace", *arguments], stdout=output,
                                        stderr=subprocess.PIPE, text=True)
        self.said = self.process.stderr.readline()
        assert self.said.startswith("Tracing"), self.said
        self.log = Log(self.process.stdout) if output == subprocess.PIPE else None

    def wait(self, pattern):
        return self.log.wait(pattern)

    def objects(self):
        return [json.loads(line) for line in self.log.lines]

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        if self.log:
            self.log.thread.join(PATIENCE)
        return code


@pytest.fixture
def trace():
    made = []

    def start(*arguments, **how):
        made.append(Trace(*arguments, **how))
        return made[-1]
    yield start
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()
        one.process.stderr.close()


def test_both_directions_of_an_account_are_shown_without_texts(suite, raw, trace):
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    watch = trace(suite, ALICE)
    alice.message(bob.jid, SECRET, id="m-1")
    bob.message(alice.jid, SECRET, id="m-2")
    sent = watch.wait(r" in \S+ alice@localhost/a .*id='m-1'")
    got = watch.wait(r" out \S+ alice@localhost/a .*id='m-2'")
    far = watch.wait(r" out \S+ bob@localhost/b .*id='m-1'")
    conn = {row["jid"]: f"{row['instance']}/{row['connection']}" for row in suite.rows("session", "list")}
    assert f" in {conn[alice.jid]} " in sent and f" out {conn[alice.jid]} " in got and f" out {conn[bob.jid]} " in far
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", sent)
    assert f"<message from='{alice.jid}' to='{bob.jid}' id='m-1' type='chat'><body>(25 bytes)</body></message>" in sent
    assert watch.stop() == 0
    assert SECRET not in watch.log.text() + suite.log.text()


def test_others_are_not_shown(suite, raw, trace):
    suite.add_accounts({"carol@localhost": "carol-3"})
    bob, carol = raw(suite, "bob", "b"), raw(suite, "carol", "c")
    watch, one = trace(suite, ALICE), trace(suite, f"{BOB}/b")
    everybody = trace(suite, "localhost")
    bob.message(carol.jid, "x", id="not-for-alice")
    carol.next_message()
    everybody.wait("in .*id='not-for-alice'")
    everybody.wait("out .*id='not-for-alice'")
    one.wait("in .*id='not-for-alice'")
    alice = raw(suite, "alice", "a")
    alice.message(BOB, "x", id="hers")
    watch.wait("in .*id='hers'")
    watch.stop()
    assert "not-for-alice" not in watch.log.text()


def test_with_bodies_they_are_shown_and_the_log_keeps_who_asked(suite, raw, trace):
    alice = raw(suite, "alice", "a")
    watch = trace(suite, "--bodies", ALICE)
    suite.log.wait(rf"warn routerd trace uid={os.getuid()} pid={watch.process.pid} about={ALICE} bodies=yes")
    alice.message(BOB, SECRET)
    watch.wait(f"<body>{SECRET}</body>")
    watch.stop()
    suite.log.wait(f"routerd trace-ended pid={watch.process.pid} about={ALICE} lost=0")
    plain = trace(suite, ALICE)
    suite.log.wait(rf"info routerd trace uid={os.getuid()} pid={plain.process.pid} about={ALICE} bodies=no")
    assert SECRET not in suite.log.text()


def test_credentials_are_not_shown_with_bodies_either(suite, raw, trace):
    alice = raw(suite, "alice", "a")
    watch = trace(suite, "--bodies", ALICE)
    alice.iq("set", "<query xmlns='jabber:iq:register'><username>alice</username><password>the-new-one-9</password></query>",
             to="localhost")
    alice.message(BOB, "<password>room-password-7</password>", id="last")
    watch.wait("id='last'")
    watch.stop()
    assert "<password>(secret)</password>" in watch.log.text()
    for secret in ("the-new-one-9", "room-password-7"):
        assert secret not in watch.log.text()


def test_names_of_contacts_and_private_data_are_left_out(suite, raw, trace):
    alice = raw(suite, "alice", "a")
    watch = trace(suite, ALICE)
    put(alice, BOB, "My Secret Name", ["My Secret Group"])
    alice.iq("set", "<query xmlns='jabber:iq:private'><x xmlns='my:notes' my='private-attribute'>private-text</x></query>")
    alice.send("<presence><status>private-status</status></presence>")
    alice.ping()
    watch.wait("in .*<presence")
    watch.wait("out .*urn:xmpp:ping|out .*type='result'")
    watch.stop()
    text = watch.log.text()
    assert f"jid='{BOB}'" in text and "jabber:iq:private" in text
    assert not re.search("Secret|private-", text)


def test_a_stanza_is_an_object_on_a_line_of_its_own_with_json(suite, raw, trace):
    alice = raw(suite, "alice", "a")
    watch = trace(suite, "--json", "--bodies", BOB)
    alice.message(BOB, "a \"quoted\"\nbody", id="m")
    watch.wait("quoted")
    row = next(o for o in watch.objects() if "id='m'" in o["stanza"] and o["direction"] == "in")
    assert row["session"] == alice.jid and row["connection"].startswith("c2sd@1/") and row["lost"] == "0"
    assert row["stanza"].endswith("<body>a &quot;quoted&quot;\nbody</body></message>")
    assert set(row) == {"time", "direction", "connection", "session", "stanza", "lost"}


def test_what_goes_to_and_comes_from_another_server_is_shown(pair, raw, trace):  # noqa: F811
    alice = raw(pair.one, "alice", "a", domain="one.example")
    bob = raw(pair.two, "bob", "b", domain="two.example")
    watch = trace(pair.one, "two.example")
    alice.message(bob.jid, "x", id="there")
    bob.next_message()
    bob.message(alice.jid, "x", id="back")
    alice.next_message()
    watch.wait(r" in c2sd\S+ alice@one.example/a .*id='there'")
    watch.wait(r" out (s2sd\S+|-) \S*two.example\S* .*id='there'")
    watch.wait(r" in s2sd\S+ \S+ .*id='back'")
    watch.wait(r" out c2sd\S+ alice@one.example/a .*id='back'")


def test_what_waits_in_the_store_is_shown_when_it_goes_there_and_when_it_leaves(suite, raw, trace):
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    enable(bob)
    bob.wire.socket.close()
    suite.log.wait("session-asleep .*jid=bob")
    watch = trace(suite, BOB)
    alice.message(bob.jid, "x", id="asleep")
    watch.wait(r" out - bob@localhost/b .*id='asleep'")
    again = Raw(suite.address, "localhost").login("bob", suite.password(BOB))
    resume(again, bob.sm_id, 0)
    watch.wait(r" out c2sd\S+ bob@localhost/b .*id='asleep'")
    again.close()


def test_it_ends_after_a_time_and_by_signals(suite, trace):
    watch = trace(suite, ALICE, "--for", "1")
    assert watch.process.wait(PATIENCE) == 0
    for number in (signal.SIGINT, signal.SIGTERM):
        assert trace(suite, ALICE).stop(number) == 0
    eventually(lambda: len(suite.log.find("trace-ended")) == 3, "the end of all three")


def test_it_says_what_is_wrong(suite, trace):
    assert suite.ctl("trace").returncode == 2
    assert suite.ctl("trace", "@", ).returncode == 2
    for seconds in ("0", "x", "-1", "1000000"):
        assert suite.ctl("trace", ALICE, "--for", seconds).returncode == 2
    for _ in range(8):
        trace(suite, ALICE)
    done = suite.ctl("trace", ALICE, "--for", "1")
    assert done.returncode == 75 and "8 traces" in done.stderr


def test_a_slow_terminal_loses_rows_and_delays_nobody(suite, raw, trace):
    """Nobody reads the pipe; chatting goes on; what was lost is counted when it is read again."""
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    reading, writing = os.pipe()
    watch = trace(suite, "--bodies", ALICE, output=writing)
    os.close(writing)
    text = "x" * 8000
    for n in range(600):
        alice.message(bob.jid, text, id=f"m{n}")
        if n % 20 == 19:
            assert [body(bob.next_message()) for _ in range(20)] == [text] * 20
    lines = []

    def read():
        with os.fdopen(reading, encoding="utf-8", errors="replace") as out:
            lines.extend(out)
    reader = threading.Thread(target=read, daemon=True)
    reader.start()

    def caught_up():
        alice.message(bob.jid, "one more", id="more")
        bob.next_message()
        return any("stanzas are not shown" in line for line in lines)
    eventually(caught_up, "the count of lost rows")
    assert watch.stop() == 0
    reader.join(PATIENCE)
    lost = sum(int(line.split()[1]) for line in lines if "are not shown" in line)
    assert 0 < lost < 1200
    suite.log.wait(rf"trace-ended .*lost=[1-9]")


def test_it_survives_no_restart_of_routerd(suite, trace):
    watch = trace(suite, ALICE)
    mark = suite.log.mark()
    suite.ctl("restart", "routerd")
    assert watch.process.wait(PATIENCE) == 75
    assert "connection to routerd broke" in watch.process.stderr.read()
    suite.log.wait("routerd restored", since=mark)


def test_who_may_not_use_the_control_socket_may_not_trace(suite):
    """That socket's mode decides; the daemons' own ones take no requests (test_attacks_bus.py)."""
    assert os.stat(suite.bus_dir / "ctl.sock").st_mode & 0o007 == 0

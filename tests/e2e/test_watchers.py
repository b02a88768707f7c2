"""Those who only look, and those who take what they are shown: neither brings routerd down, and no text that came from
elsewhere is obeyed, or ends a command that had other things to do."""
import json
import os
import signal
import subprocess

import bus
from suite import BIN, eventually, pause

UNREAD, OPEN = 1048576, 64  # routerd/admin.c
BAD = b"nob\xffdy@localhost"


def watcher(suite):
    return bus.Peer(suite, "MONITOR").welcomed(instance="bulkheadctl")


def command(suite, *words, input=None):
    return subprocess.run([BIN / "bulkheadctl", "-d", suite.home, *words], input=input, capture_output=True, timeout=60)


def test_questions_that_end_together_with_authd_end_once_each(suite):
    pids = suite.pids()
    pause(pids["authd"])
    with watcher(suite) as peer:
        for number in range(1, 41):
            peer.send("CTL_REQUEST", number, verb="user.show", args=bus.textlist([f"nobody{number}@localhost"]))
        peer.send("CTL_REQUEST", 99, verb="version.of.none", args=b"")
        while peer.expect("CTL_END")[1] != 99:
            pass  # all before it are under way
        os.kill(pids["authd"], signal.SIGKILL)
        ended = {peer.expect("CTL_END")[1] for _ in range(40)}
    assert ended == set(range(1, 41))
    eventually(lambda: suite.pids().get("authd") not in (None, pids["authd"]), "authd again")
    assert suite.pids()["routerd"] == pids["routerd"]


def test_one_who_asks_and_does_not_read_is_left(suite):
    with watcher(suite) as peer:
        request = bus.frame("CTL_REQUEST", 1, verb="stats", args=bus.textlist(["routerd"]))
        peer.socket.settimeout(20)
        try:
            for _ in range(30):
                peer.socket.sendall(request * 1000)
        except OSError:
            pass  # it was closed
        suite.log.wait(r"peer-left .*it does not read what it asks for")
    assert suite.rows("status")


def test_one_link_has_only_so_many_questions_under_way(suite):
    pid = suite.pids()["authd"]
    pause(pid)
    try:
        with watcher(suite) as peer:
            shown = bus.textlist(["nobody@localhost"])
            for number in range(1, OPEN + 2):
                peer.send("CTL_REQUEST", number, verb="user.show", args=shown)
            _, number, end = peer.expect("CTL_END")
            assert (number, end["code"]) == (OPEN + 1, 75) and b"wait already" in end["text"]
            os.kill(pid, signal.SIGCONT)
            ended = [peer.expect("CTL_END")[2]["code"] for _ in range(OPEN)]
            assert ended == [5] * OPEN
            peer.send("CTL_REQUEST", 1, verb="user.show", args=shown)
            assert peer.expect("CTL_END")[2]["code"] == 5
    finally:
        os.kill(pid, signal.SIGCONT)


def test_those_who_look_at_the_queues_take_turns_and_administrators_need_not_wait(suite):
    with watcher(suite) as peer, bus.Peer(suite, "CTL").welcomed(instance="bulkheadctl") as administrator:
        request = b"".join(bus.frame("CTL_REQUEST", number, verb="queue.list", args=b"") for number in range(1, 21))
        peer.write(request)
        administrator.write(request)
        assert {peer.expect("CTL_END")[2]["code"] for _ in range(20)} == {0, 75}
        assert {administrator.expect("CTL_END")[2]["code"] for _ in range(20)} == {0}
    eventually(lambda: command(suite, "--read-only", "queue", "list").returncode == 0, "a turn")


def test_a_line_of_an_import_that_is_not_utf8_fails_alone(suite):
    file = suite.dir / "many.txt"
    file.write_bytes(b"first@localhost\tx\n" + BAD + b"\tx\nlast@localhost\tx\n")
    done = command(suite, "user", "import", file)
    assert done.returncode == 1 and b"2 imported, 1 failed" in done.stdout
    assert done.stderr.splitlines() == [b"line 2: the JID is not UTF-8"]
    assert {"first@localhost", "last@localhost"} <= {r["account"] for r in suite.rows("user", "list")}


def test_an_argument_that_is_not_utf8_is_wrong_usage(suite):
    for words in (["session", "kill"], ["user", "show"], ["trace"], ["announce"], ["queue", "show"], ["user", "del"],
                  ["user", "add", "--password-stdin"]):
        done = command(suite, *words, BAD, input=b"x\n")
        assert (done.returncode, done.stderr.strip()) == (2, b'Error: "nob?dy@localhost" is not UTF-8'), words


def test_what_a_terminal_would_obey_is_escaped_in_json(suite, raw):
    csi = "\x9b31m"
    stream = raw(suite, "alice", "a")
    traced = subprocess.Popen([BIN / "bulkheadctl", "-d", suite.home, "--json", "trace", "--bodies", "--for", "20",
                               "alice@localhost"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert traced.stderr.readline().startswith(b"Tracing")
    stream.message("bob@localhost", f"{csi}\u00e9")
    line = traced.stdout.readline()
    while b"31m" not in line:
        line = traced.stdout.readline()
    traced.send_signal(signal.SIGINT)
    traced.communicate(timeout=20)
    assert b"\xc2\x9b" not in line and b"\\u009b31m\xc3\xa9" in line
    assert csi in json.loads(line)["stanza"]

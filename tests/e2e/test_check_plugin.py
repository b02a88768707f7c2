"""etc/monitoring/check_bulkhead: its one line, its numbers, its exit codes."""
import contextlib
import http.server
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from prometheus import Metrics, make_measured, measured  # noqa: F401 (fixtures)
from suite import ROOT, eventually, free_port, pause

PLUGIN = ROOT / "etc/monitoring/check_bulkhead"
OK, WARNING, CRITICAL, UNKNOWN = range(4)


def check(suite, *arguments):
    return check_at(suite.metrics.address, *arguments)


def check_at(address, *arguments):
    """The exit code, what it says, and its numbers."""
    done = subprocess.run([PLUGIN, "-u", f"http://{address}/metrics", *map(str, arguments)],
                          capture_output=True, text=True, timeout=60, check=False)
    assert not done.stderr and done.stdout.count("\n") == 1, done.stderr
    said, _, numbers = done.stdout.strip().partition(" | ")
    names = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
    assert said.startswith(f"BULKHEAD {names[done.returncode]} - ")
    return done.returncode, said.split(" - ", 1)[1], dict(pair.split("=") for pair in numbers.split())


def test_a_server_that_is_well_is_ok(measured, raw):  # noqa: F811
    alice, bob = raw(measured, "alice", "a"), raw(measured, "bob", "b")
    for _ in range(3):
        alice.message(bob.jid, "hello")
        bob.next_message()
    eventually(lambda: measured.metrics.sum("bulkhead_routerd_stanzas_in_total", kind="message") == 3, "messages")
    code, said, numbers = check(measured)
    assert (code, said) == (OK, "5 daemons are up, 2 clients are available")
    assert numbers["messages"] == "3c" and numbers["clients"] == "2" and numbers["logins"] == "2c"
    assert numbers["deaths"] == "0c" and re.fullmatch(r"\d+;14:;3:", numbers["certificate_days"])


def test_a_daemon_that_is_down_is_critical(measured):  # noqa: F811
    pid = measured.pids()["authd"]
    pause(pid)
    try:
        eventually(lambda: "authd" not in measured.metrics.up(), "authd being silent")
        assert check(measured)[:2] == (CRITICAL, "authd is silent")
    finally:
        os.kill(pid, signal.SIGCONT)
    measured.metrics.wait_up("authd")
    assert check(measured)[0] == OK


def test_a_daemon_that_restarts_is_a_warning_and_no_routerd_critical(measured):  # noqa: F811
    pause(measured.process.pid)
    try:
        os.kill(measured.pids()["authd"], signal.SIGKILL)
        eventually(lambda: "authd" not in measured.metrics.up(), "authd being away")
        code, said, numbers = check(measured)
        assert (code, said, numbers["deaths"]) == (WARNING, "authd is restarting", "1c")
        os.kill(measured.pids()["routerd"], signal.SIGKILL)
        eventually(lambda: not measured.metrics.up(), "nothing being up")
        code, said, _ = check(measured)
        assert code == CRITICAL and "c2sd@1 is unknown" in said and "routerd is restarting" in said
        code, said, _ = check(measured, "--age", "0.001")
        assert code == CRITICAL and "nothing was heard of routerd for" in said
    finally:
        measured.process.send_signal(signal.SIGCONT)
    measured.metrics.wait_up("routerd", "authd", "c2sd@1")


@pytest.mark.parametrize("days, code, text", [
    (30, OK, "daemons are up"), (10, WARNING, "the certificate of localhost expires in 10 days"),
    (2, CRITICAL, "the certificate of localhost expires in 2 days"),
    (-3, CRITICAL, "the certificate of localhost has expired")])
def test_certificates_that_expire(make_measured, make_suite, days, code, text):  # noqa: F811
    suite = make_suite(start=False).init_only()
    certificate, key = suite.certificate("localhost", days=days)
    port = free_port()
    suite.settings.update({'domain "localhost".certificate': str(certificate), 'domain "localhost".key': str(key),
                           "metrics.listen": [f"127.0.0.1:{port}"]})
    suite.start()
    suite.metrics = Metrics(port)
    suite.metrics.wait_up("routerd", "c2sd@1")
    eventually(lambda: check(suite)[0] == code, "the state")
    assert text in check(suite)[1]
    assert check(suite, "-w", 0, "-c", -5)[0] == OK or days == -3
    assert check(suite, "-w", 400, "-c", 300)[0] == CRITICAL


def test_limits(measured, raw):  # noqa: F811
    raw(measured, "alice", "a")
    eventually(lambda: measured.metrics.sum("bulkhead_routerd_logins_total") == 1, "the log-in")
    assert check(measured, "-l", "clients=2,3")[0] == OK
    code, said, numbers = check(measured, "--limit", "clients=1,3")
    assert (code, said, numbers["clients"]) == (WARNING, "clients is 1", "1;1;3")
    assert check(measured, "--limit", "clients=0,1")[:2] == (CRITICAL, "clients is 1")


def test_a_socket_serves_as_well(make_suite):
    suite = make_suite(start=False).init()
    path = suite.dir / "metrics.sock"
    os.chmod(suite.dir, 0o755)
    suite.settings["metrics.listen"] = [str(path)]
    suite.configure()
    suite.start()

    def code():
        return subprocess.run([PLUGIN, "-s", path], capture_output=True, check=False).returncode
    eventually(lambda: code() == OK, "all being well")


@pytest.mark.parametrize("arguments, code", [
    (["-u", "http://127.0.0.1:1/metrics"], CRITICAL), (["--nonsense"], UNKNOWN), (["-l", "nonsense=1,2"], UNKNOWN),
    (["-l", "clients=x"], UNKNOWN), (["-s", "/nowhere"], CRITICAL), (["-s", "x", "-u", "y"], UNKNOWN), (["more"], UNKNOWN)])
def test_what_cannot_be_read_or_is_wrong(arguments, code):
    done = subprocess.run([PLUGIN, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code and done.stdout.startswith("BULKHEAD ") and not done.stderr


@contextlib.contextmanager
def page(text):
    """Its address, while it is shown."""
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_another_page_is_unknown():
    with page("hello\n") as address:
        done = subprocess.run([PLUGIN, "-u", f"http://{address}/metrics"], capture_output=True, text=True, check=False)
    assert done.returncode == UNKNOWN


def test_large_numbers_are_written_out():
    text = f"""bulkhead_picture_timestamp_seconds {time.time()}
bulkhead_up{{process="routerd"}} 1
bulkhead_routerd_stanzas_in_total{{kind="message"}} 1234567
bulkhead_routerd_logins_total 12345678901
bulkhead_routerd_queued 1234567
"""
    with page(text) as address:
        code, said, numbers = check_at(address, "-l", "queued=1000001,2000002")
    assert (code, said, numbers["queued"]) == (WARNING, "queued is 1234567", "1234567;1000001;2000002")
    assert (numbers["messages"], numbers["logins"]) == ("1234567c", "12345678901c")

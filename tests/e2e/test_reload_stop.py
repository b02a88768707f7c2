"""A reload that meets the end of a daemon: the daemon ends in order all the same."""
import os
import re
import signal
import subprocess

import pytest

from suite import BIN, PATIENCE, free_port, pause


def ended(suite, daemon, since):
    """How the process of that daemon ended: (status, signal), from the log of who runs it."""
    line = suite.log.wait(rf"bulkhead child-exited daemon={daemon} ", since=since)
    return re.search(r" status=(\S+) signal=(\S+)", line).groups()


@pytest.fixture
def halted(suite):
    """An instance whose authd answers nothing."""
    pid = suite.pids("authd")["authd"]
    pause(pid)
    yield suite
    os.kill(pid, signal.SIGCONT)


def test_routerd_is_stopped_while_it_leads_a_reload(halted):
    """authd has not answered: nothing is prepared any more when its link is closed."""
    routerd, mark = halted.pids("routerd")["routerd"], halted.log.mark()
    os.kill(routerd, signal.SIGHUP)
    os.kill(routerd, signal.SIGTERM)
    halted.log.wait("routerd stopping", since=mark)
    assert ended(halted, "routerd", mark) == ("0", "0")
    assert not halted.log.find("reload-done", since=mark)


def test_an_administrator_is_told_that_the_reload_ends_with_routerd(halted):
    routerd, mark = halted.pids("routerd")["routerd"], halted.log.mark()
    asking = subprocess.Popen([BIN / "bulkheadctl", "-d", halted.home, "reload"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    halted.log.wait("routerd admin verb=reload", since=mark)
    os.kill(routerd, signal.SIGTERM)
    _, said = asking.communicate(timeout=PATIENCE)
    assert (asking.returncode, said) == (75, "Error: routerd stops\n")
    assert ended(halted, "routerd", mark) == ("0", "0")


def test_a_signal_to_reload_is_nothing_to_a_daemon_that_stops(make_suite):
    """One that comes between the end of its link to routerd, and its own."""
    suite = make_suite(settings={"metrics.listen": [f"127.0.0.1:{free_port()}"]}, s2s=True)
    names = ["metrics", "s2sd@1", "c2sd@1", "authd", "keyd", "routerd"]
    pids = {**suite.pids(), "keyd": suite.keyd}
    for name in names:
        mark = suite.log.mark()
        os.kill(pids[name], signal.SIGTERM)
        for _ in range(2000):
            try:
                os.kill(pids[name], signal.SIGHUP)
            except ProcessLookupError:
                break
        assert ended(suite, name, mark) == ("0", "0"), name

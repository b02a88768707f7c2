"""A daemon that runs on another configuration than routerd takes routerd's, or is shown as one that does."""
import contextlib
import os
import signal
import subprocess

import pytest

from bus import Peer
from suite import BIN, eventually, pause


@pytest.fixture
def suite(make_suite):
    return make_suite(s2s=True)


def replace_routerd(suite, number=signal.SIGTERM):
    """It ends, and another has come, to whom those who can have come back."""
    mark, old = suite.log.mark(), suite.pids("routerd")["routerd"]
    os.kill(old, number)
    suite.log.wait("routerd restored", since=mark)
    suite.log.wait("routerd peer-joined peer=c2sd@1", since=mark)
    return mark


def states(suite):
    return {row["instance"]: row["state"] for row in suite.rows("status")}


def test_one_that_was_away_during_a_reload_takes_it_when_it_is_back(suite):
    """It hangs while routerd is replaced, and so has no link when the others are told."""
    pid = suite.pids("s2sd")["s2sd@1"]
    pause(pid)
    try:
        mark = replace_routerd(suite)
        suite.edit(**{"s2sd.auth_timeout": 7})
        done = suite.ctl("reload")
        assert done.returncode == 0 and "applied when s2sd comes: it is not there now" in done.stdout
        assert not suite.log.find("configuration-differs", since=mark)
    finally:
        os.kill(pid, signal.SIGCONT)
    suite.log.wait("warn routerd configuration-differs peer=s2sd@1", since=mark)
    suite.log.wait("routerd setting name=s2sd.auth_timeout from=30s to=7s result=applied", since=mark)
    assert suite.pids("s2sd")["s2sd@1"] == pid and states(suite)["s2sd@1"] == "up"
    assert len(suite.log.find("c2sd@1 reloaded", since=mark)) == 1
    assert "no setting has changed" in suite.ctl("reload").stdout


def test_all_take_the_file_that_a_new_routerd_has_begun_with(suite, raw):
    alice = raw(suite, "alice")
    suite.edit(**{"c2sd.auth_timeout": 7, "authd.iterations": 20000})
    mark = replace_routerd(suite, signal.SIGKILL)
    suite.log.wait("routerd reload-done settings=changed", since=mark)
    came = [line.split()[2] for line in suite.log.find(r"info (keyd|authd|c2sd@1|s2sd@1) reloaded ", since=mark)]
    assert came[0] == "keyd" and sorted(came[1:]) == ["authd", "c2sd@1", "s2sd@1"]
    assert set(states(suite).values()) == {"up", "custody: healed"}
    assert "no setting has changed" in suite.ctl("reload").stdout
    alice.ping()


def test_a_routerd_that_dies_between_two_daemons_adoptions_leaves_them_to_the_next(suite):
    """A second keyd does not say that it has adopted it, and so the others are not told to."""
    with Peer(suite, "KEY") as late:
        late.reloaded = lambda subject, values: None
        late.welcomed(instance="keyd@2")
        suite.edit(**{"c2sd.auth_timeout": 7})
        mark = suite.log.mark()
        suite.reload()
        _, subject, _ = late.expect("RELOAD")
        late.send("RELOAD_STATE", subject, step=1)
        late.expect("RELOAD")
        suite.log.wait("keyd reloaded", since=mark)
        assert not suite.log.find("c2sd@1 reloaded", since=mark)
        mark = replace_routerd(suite, signal.SIGKILL)
    suite.log.wait("routerd reload-done settings=changed", since=mark)
    assert suite.log.find("c2sd@1 reloaded", since=mark) and not suite.log.find("keyd reloaded", since=mark)
    assert not suite.log.find("configuration-differs peer=keyd", since=mark)


def test_one_that_began_with_a_file_that_was_not_reloaded_is_shown(suite):
    pid, mark = suite.pids("authd")["authd"], suite.log.mark()
    suite.edit(**{"authd.iterations": 20000})
    os.kill(pid, signal.SIGTERM)
    suite.log.wait("routerd peer-joined peer=authd", since=mark)
    suite.log.wait("warn routerd configuration-differs peer=authd", since=mark)
    suite.log.wait(r"error routerd reload-refused reason=.*authd: .*bulkhead.conf: .*reload", since=mark)
    assert states(suite)["authd"] == "other configuration" and states(suite)["c2sd@1"] == "up"
    assert suite.ctl("wait", "--timeout", "1").returncode == 0  # it serves
    assert suite.ctl("reload").returncode == 0
    assert states(suite)["authd"] == "up"
    assert len(suite.log.find("configuration-differs", since=mark)) == 1


def test_a_reload_does_not_wait_for_one_that_is_to_catch_up(suite):
    mark = suite.log.mark()
    with Peer(suite).welcomed(instance="c2sd@late", configuration=b"\1" * 32) as late:
        late.reloaded = lambda subject, values: None
        late.expect("RELOAD")
        assert suite.log.find("configuration-differs peer=c2sd@late", since=mark)
        assert states(suite)["c2sd@late"] == "other configuration"
        del late.reloaded  # it answers from now on
        asking = subprocess.Popen([BIN / "bulkheadctl", "-d", suite.home, "reload"], stdout=subprocess.DEVNULL)
        while asking.poll() is None:
            with contextlib.suppress(TimeoutError):
                late.next(0.1)
        assert asking.returncode == 0
        assert states(suite)["c2sd@late"] == "up"
    assert not suite.log.find("reload-refused", since=mark)


def test_nobody_is_led_who_runs_on_the_same(suite):
    mark = replace_routerd(suite, signal.SIGKILL)
    eventually(lambda: len(suite.log.find("routerd peer-joined", since=mark)) == 4, "all of them")
    with Peer(suite).welcomed() as late:  # who says nothing of it
        with pytest.raises(TimeoutError):
            while late.next(3)[0] != "RELOAD":
                pass
    assert not suite.log.find("configuration-differs|reloaded", since=mark)

"""A start that cannot go on: one sentence, exit code 78, or 75 where it may pass, and nothing half-started."""
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

from suite import AS_ROOT, BIN, PATIENCE, Log, conf, run


@pytest.fixture
def made(make_suite):
    suite = make_suite(start=False)
    suite.init()
    suite.configure()
    return suite


def refused(suite, *words, port_free=True, code=78):
    """It ends with that code, says one line that has these words, and leaves no process or socket."""
    suite.may_fail = True
    suite.spawn()
    assert suite.process.wait(PATIENCE) == code
    suite.log.thread.join(PATIENCE)
    text = suite.log.text()
    about = [line for line in suite.log.lines if all(word in line for word in words)]
    assert about, f"no line with {words} in:\n{text}"
    assert "bulkhead: ready" not in text
    assert not suite.processes()
    with socket.socket() as s:
        assert (s.connect_ex(suite.address) != 0) == port_free


def certificate_settings(suite):
    top = conf.Section.parse(suite.config.read_text())
    return top.section("domain", "localhost").settings


def test_a_port_that_is_taken(made):
    with socket.socket() as s:
        s.bind(made.address)
        s.listen()
        refused(made, f"127.0.0.1:{made.port}", port_free=False, code=75)


def test_an_address_that_is_not_there_yet(made):
    made.edit(**{"c2sd.listen": ["192.0.2.1:5222"]})
    refused(made, "192.0.2.1:5222", "annot assign", code=75)


FULL = 'mount -t tmpfs -o size=1m none "$0" && chmod 755 "$0" && { cat /dev/zero > "$0/full" 2>/dev/null; exec "$@"; }'


def test_a_disk_that_is_full(made):
    assert AS_ROOT, "this test mounts a disk of its own, and needs root for that"
    folder = made.home / "state"
    folder.mkdir()
    made.wrapper = ["unshare", "--mount", "sh", "-c", FULL, folder]
    refused(made, "router.db", "full", code=75)


def test_keys_that_are_none(made):
    """Without those that show what is its own, routerd would believe anything."""
    made.start()
    assert made.stop() == 0
    with contextlib.closing(sqlite3.connect(next(made.home.rglob("router.db")))) as store, store:
        assert store.execute("UPDATE secret SET value = x'00'").rowcount == 1
    refused(made, "routerd", "cannot be read", code=75)


def test_under_systemd_it_is_tried_once_a_second(made):
    made.edit(**{"c2sd.listen": ["192.0.2.1:5222"]})
    began = time.monotonic()
    done = run(BIN / "bulkhead-c2sd", "-c", made.config, "-i", "c2sd@1")
    assert done.returncode == 75 and time.monotonic() - began >= 1


def test_a_certificate_that_is_missing(made):
    made.certificate_file.unlink()
    refused(made, made.certificate_file.name)


def test_a_key_that_is_missing(made):
    key = (made.home / certificate_settings(made)["key"]).resolve()
    key.unlink()
    refused(made, key.name)


def test_a_certificate_that_is_none(made):
    made.certificate_file.write_text("no certificate\n")
    refused(made, made.certificate_file.name)


def test_a_key_of_another_certificate(made):
    _, key = made.certificate("localhost")
    made.edit(**{'domain "localhost".key': str(key)})
    refused(made, "key", "match")


def test_a_certificate_of_another_domain(made):
    certificate, key = made.certificate("elsewhere.example")
    made.edit(**{'domain "localhost".certificate': str(certificate),
                 'domain "localhost".key': str(key)})
    refused(made, "localhost", str(certificate))


def test_a_client_authority_that_is_missing(made):
    made.edit(**{"c2sd.client_ca": str(made.dir / "none.pem")})
    refused(made, "none.pem")


def test_settings_that_are_wrong(made):
    good = made.config.read_text()
    for text, words in ((good + "\nnonsense = 1\n", ("nonsense", "bulkhead.conf:")),
                        (good + "\nc2sd {\n", ("bulkhead.conf:",)),
                        (good + "\nc2sd { auth_timeout = -5 }\n", ("auth_timeout",)),
                        (good + "\nc2sd { auth_timeout = soon }\n", ("auth_timeout",)),
                        (good + "\nc2sd { listen = {\"nowhere:x\"} }\n", ("nowhere:x",))):
        made.config.write_text(text)
        refused(made, *words)
    made.config.write_text(good)
    made.may_fail = False
    made.start()


def test_a_directory_that_is_none(made):
    done = run(BIN / "bulkhead", "run", made.dir / "nothing")
    assert done.returncode == 78 and str(made.dir / "nothing") in done.stderr


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    done = run(BIN / "bulkhead", "init", tmp_path / "file" / "x", "--domain", "localhost")
    assert done.returncode == 78
    assert str(tmp_path / "file") in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_directory_that_may_not_be_written(made):
    """As root: the daemons' users cannot reach it.  Else: it is not ours to write."""
    if AS_ROOT:
        os.chmod(made.dir, 0o700)
    else:
        for place in [p for p in made.home.rglob("*") if p.is_dir()] + [made.home]:
            os.chmod(place, 0o500)
    try:
        refused(made, str(made.dir))
    finally:
        os.chmod(made.dir, 0o755)
        for place in [made.home] + [p for p in made.home.rglob("*") if p.is_dir()]:
            os.chmod(place, os.stat(place).st_mode | 0o700)


def test_a_narrow_umask_keeps_no_daemon_out(make_suite, raw):
    before = os.umask(0o077)
    try:
        suite = make_suite(start=False)
        suite.start()
    finally:
        os.umask(before)
    assert suite.ctl("reload").returncode == 0
    raw(suite, "alice").ping()
    modes = {name: os.stat(suite.home / name).st_mode & 0o777 for name in (
        "bulkhead.conf", "certs/localhost.crt", "run", "state", "state/routerd")}
    assert modes == {"bulkhead.conf": 0o644, "certs/localhost.crt": 0o644, "run": 0o755, "state": 0o755, "state/routerd": 0o700}


@pytest.mark.parametrize("attempt", range(8))
def test_routerd_that_is_stopped_as_it_starts_ends_well(made, attempt):
    """While it reads what was stored, which takes a moment."""
    routerd = subprocess.Popen([BIN / "bulkhead-routerd", "-c", made.config], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    log = Log(routerd.stdout)
    log.wait("routerd started")
    routerd.send_signal(signal.SIGTERM)
    assert routerd.wait(PATIENCE) == 0, log.text()
    log.thread.join(PATIENCE)
    assert log.find("routerd stopped")


def test_a_second_run_of_the_same_directory_is_refused(suite, raw):
    done = run(BIN / "bulkhead", "run", suite.home)
    assert done.returncode == 75 and "running" in done.stderr + done.stdout
    raw(suite, "alice").ping()


def test_an_expired_certificate_is_said_and_served(make_suite, raw):
    suite = make_suite(start=False)
    suite.init()
    suite.configure()
    certificate, key = suite.certificate("localhost", days=-1)
    suite.edit(**{'domain "localhost".certificate': str(certificate),
                  'domain "localhost".key': str(key)})
    suite.start()
    suite.log.wait("expire")
    raw(suite, "alice").ping()

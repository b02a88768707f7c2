"""SIGHUP: new settings and certificates for who comes now, and nobody is dropped."""
import os
import signal
from datetime import datetime

import pytest
from cryptography import x509

from bus import Peer
from suite import eventually, free_port, pause
from xmpp import Raw


def serial(suite, domain="localhost"):
    """The number of the certificate that a newcomer is shown; None while it fails."""
    with Raw(suite.address, domain) as stream:
        stream.open().starttls()
        return stream.wire.tls.get_peer_certificate().get_serial_number()


def serial_of(file):
    return x509.load_pem_x509_certificate(file.read_bytes()).serial_number


def test_a_new_certificate_is_for_new_handshakes(suite, raw):
    alice = raw(suite, "alice")
    old = serial(suite)
    assert old == serial_of(suite.certificate_file)
    certificate, key = suite.certificate("localhost")
    suite.edit(**{'domain "localhost".certificate': str(certificate),
                  'domain "localhost".key': str(key)})
    suite.reload()
    eventually(lambda: serial(suite) == serial_of(certificate), "the new certificate")
    alice.ping()
    assert [r["jid"] for r in suite.rows("session", "list")] == [alice.jid]


def test_a_certificate_renewed_in_place_is_taken_too(suite, raw):
    """As certbot does it: the same names, new contents."""
    alice = raw(suite, "alice")
    certificate, key = suite.certificate("localhost")
    suite.edit(**{'domain "localhost".certificate': str(certificate),
                  'domain "localhost".key': str(key)})
    suite.reload()
    eventually(lambda: serial(suite) == serial_of(certificate), "the first")
    renewed, renewed_key = suite.certificate("localhost")
    key.write_bytes(renewed_key.read_bytes())
    certificate.write_bytes(renewed.read_bytes())
    suite.reload()
    eventually(lambda: serial(suite) == serial_of(renewed), "the second")
    alice.ping()


def test_settings_that_a_reload_applies(suite, raw):
    alice = raw(suite, "alice")
    suite.edit(**{"c2sd.auth_timeout": 1})
    mark = suite.log.mark()
    suite.reload()
    suite.log.wait("reload", since=mark)

    def hurried():
        with Raw(suite.address) as late:
            late.open()
            try:
                return late.error(3) == "connection-timeout"
            except TimeoutError:
                return False
    eventually(hurried, "the new time limit")
    alice.ping()


@pytest.mark.parametrize("breakage", ["a setting that is none", "no XML but nonsense",
                                      "a certificate that is missing", "a key that does not fit"])
def test_a_file_that_is_wrong_changes_nothing(suite, raw, breakage):
    alice = raw(suite, "alice")
    shown = serial(suite)
    mark = suite.log.mark()
    if breakage == "a setting that is none":
        suite.config.write_text(suite.config.read_text() + "\nnonsense = 1\n")
        words = "nonsense"
    elif breakage == "no XML but nonsense":
        suite.config.write_text("}{")
        words = r"bulkhead\.conf"
    elif breakage == "a certificate that is missing":
        suite.edit(**{'domain "localhost".certificate': str(suite.dir / "none.pem")})
        words = r"none\.pem"
    else:
        suite.edit(**{'domain "localhost".key': str(suite.certificate("localhost")[1])})
        words = "match"
    suite.reload()
    suite.log.wait(words, since=mark)
    alice.ping()
    assert serial(suite) == shown
    raw(suite, "bob").ping()


def test_a_domain_is_added_without_dropping_anybody(suite, raw):
    alice = raw(suite, "alice")
    certificate, key = suite.certificate("example.test")
    suite.edit(**{'domain "example.test".certificate': str(certificate),
                  'domain "example.test".key': str(key)})
    suite.reload()

    def served():
        try:
            return serial(suite, "example.test") == serial_of(certificate)
        except Exception:  # host-unknown, until then
            return False
    eventually(served, "the new domain")
    alice.ping()


def test_the_command_says_what_changed_and_exits_with_0(suite):
    suite.edit(**{"c2sd.auth_timeout": 7, "authd.iterations": 20000})
    done = suite.ctl("reload")
    assert done.returncode == 0
    first, *rows, last = [line.split() for line in done.stdout.splitlines()]
    assert (first, last) == (["SETTING", "FROM", "TO", "RESULT"], ["reloaded"])
    assert sorted(rows) == [["authd.iterations", "4096", "20000", "applied"],
                            ["c2sd.auth_timeout", "30s", "7s", "applied"]]
    done = suite.ctl("reload")
    assert (done.returncode, done.stdout) == (0, "reloaded; no setting has changed, certificates were read again\n")


def test_a_wrong_file_is_refused_with_file_and_line_and_78(suite):
    text = suite.config.read_text()
    suite.config.write_text(text + "\nnonsense = 1\n")
    done = suite.ctl("reload")
    assert done.returncode == 78
    assert f"{suite.config}:{len(text.splitlines()) + 2}: unknown setting 'nonsense'" in done.stderr
    assert suite.ctl("reload", "--dry-run").returncode == 78


def test_a_dry_run_changes_nothing(suite):
    suite.edit(**{"c2sd.auth_timeout": 7})
    done = suite.ctl("reload", "--dry-run")
    assert done.returncode == 0 and "applied" in done.stdout and done.stdout.endswith("nothing has changed yet\n")
    assert not suite.log.find(" reloaded ")
    assert "auth_timeout" in suite.ctl("reload").stdout


def test_what_one_daemon_refuses_none_takes(suite, raw):
    """The files are c2sd's and keyd's to read: routerd and authd would have taken their part."""
    mark = suite.log.mark()
    suite.edit(**{"authd.iterations": 20000, 'domain "localhost".key': str(suite.certificate("localhost")[1])})
    done = suite.ctl("reload")
    assert done.returncode == 78 and "keyd: " in done.stderr and "match" in done.stderr, done.stderr
    assert not suite.log.find(" reloaded ", since=mark)
    suite.log.wait("routerd reload-refused", since=mark)
    raw(suite, "bob").ping()


def test_a_signal_to_any_daemon_is_a_reload_of_all(suite):
    for pid in [*suite.pids().values(), suite.keyd]:
        mark = suite.log.mark()
        os.kill(pid, signal.SIGHUP)
        suite.log.wait("routerd reload-done", since=mark)
        for daemon in ("keyd", "authd", "c2sd@1", "routerd"):
            suite.log.wait(rf"{daemon} reloaded ", since=mark)


def seconds_between(one, other):
    begin, end = (datetime.fromisoformat(line.split()[0].removesuffix("Z")) for line in (one, other))
    return (end - begin).total_seconds()


def test_a_daemon_that_asks_again_and_again_reloads_the_others_once_in_five_seconds(suite):
    mark = suite.log.mark()
    with Peer(suite).welcomed() as evil:
        for _ in range(100):
            evil.send("RELOAD_ASK")
    suite.log.wait("reload-done", since=mark)
    assert suite.ctl("reload").returncode == 0  # an administrator need not wait
    done = eventually(lambda: suite.log.find("authd reloaded", since=mark)[2:] and
                      suite.log.find("authd reloaded", since=mark), "the one that was put off")
    assert seconds_between(done[0], done[2]) > 4
    assert len(suite.log.find("routerd reload-asked peer=c2sd@evil", since=mark)) == 2


@pytest.mark.parametrize("role", ["METRICS", "SNMP"])
def test_who_only_watches_reloads_nobody(suite, role):
    with Peer(suite, role).welcomed(instance=role.lower()) as evil:
        evil.send("RELOAD_ASK")
        evil.gone()
    suite.log.wait(f"peer-left peer={role.lower()} reason=.*frame of type 0x0c03 is not allowed")
    assert not suite.log.find("reloaded")


def test_a_signal_to_who_only_watches_is_answered_in_the_log(make_suite):
    suite = make_suite(settings={"metrics.listen": [f"127.0.0.1:{free_port()}"]})
    os.kill(suite.pids("metrics")["metrics"], signal.SIGHUP)
    suite.log.wait("error metrics reload-refused reason=.*routerd")
    assert not suite.log.find("reloaded")


def test_who_does_not_answer_stops_it_for_all(suite):
    pid = suite.pids("authd")["authd"]
    pause(pid)
    try:
        done = suite.ctl("reload")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert done.returncode == 78 and "authd: it does not answer" in done.stderr
    assert not suite.log.find("c2sd@1 reloaded")
    eventually(lambda: suite.ctl("reload").returncode == 0, "a reload when it answers again")

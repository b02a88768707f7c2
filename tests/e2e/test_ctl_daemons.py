"""bulkheadctl about daemons and certificates: wait, restart, drain, cert list, cert test."""
import json
import re
import subprocess
import threading

import pytest

import certificates
from suite import BIN, eventually


def test_wait_is_over_when_all_are_ready(suite):
    assert suite.ctl("wait").stdout.strip() == "ready"
    assert json.loads(suite.ctl("wait", "--json").stdout) == [{"code": "0", "text": "ready"}]


def test_wait_waits_for_what_the_configuration_wants(suite):
    suite.edit(**{"c2sd.instances": 2})
    done = suite.ctl("wait", "--timeout", "1")
    assert done.returncode == 75 and "c2sd@2 is not ready after 1 s" in done.stderr


def test_wait_begins_before_the_suite_does(make_suite):
    suite = make_suite(start=False, accounts={})
    suite.init()
    suite.configure()
    waiting = subprocess.Popen([BIN / "bulkheadctl", "-d", suite.home, "wait"], stdout=subprocess.PIPE, text=True)
    suite.start()
    assert waiting.communicate(timeout=60)[0].strip() == "ready" and waiting.returncode == 0


@pytest.mark.parametrize("seconds", ["0", "-1", "x", "86401", "1s"])
def test_a_timeout_is_a_number_of_seconds(shared, seconds):
    for command in (["wait"], ["drain", "c2sd@1"], ["restart", "c2sd@1"]):
        assert shared.ctl(*command, f"--timeout={seconds}").returncode == 2
    assert {row["state"] for row in shared.rows("status")} == {"up", "custody: healed"}


@pytest.mark.parametrize("instance", ["routerd", "keyd", "authd", "c2sd@1"])
def test_restart_with_a_time_is_over_when_the_daemon_is_back(suite, instance):
    before = {row["instance"]: row["pid"] for row in suite.rows("status")}
    done = suite.ctl("restart", instance, "--timeout", "30")
    assert (done.returncode, done.stdout.strip()) == (0, "it is back"), done.stderr
    now = {row["instance"]: row["pid"] for row in suite.rows("status")}
    assert now[instance] != before[instance]
    restarts = {row["instance"]: row["restarts"] for row in suite.rows("status")}
    assert instance == "routerd" or restarts[instance] == "1"
    assert suite.ctl("restart", "c2sd@7", "--timeout", "5").returncode == 5


def test_a_restart_is_not_for_those_who_only_look(suite):
    assert suite.ctl("restart", "keyd", "--read-only").returncode == 4


def test_drain_with_a_time_waits_for_the_last_session(suite, raw):
    alice = raw(suite, "alice")
    done = suite.ctl("drain", "c2sd@1", "--timeout", "1")
    assert done.returncode == 75 and "1 sessions left" in done.stderr
    found = []
    thread = threading.Thread(target=lambda: found.append(suite.ctl("drain", "c2sd@1", "--timeout", "30")))
    thread.start()
    eventually(lambda: suite.rows("status")[0], "it answers")
    alice.close()
    thread.join(60)
    assert found[0].returncode == 0 and found[0].stdout.strip() == "nobody is left"
    assert suite.ctl("drain", "authd", "--timeout", "1").returncode == 2


CERTIFICATE = ["domain", "for", "names", "issuer", "until", "days", "key", "in_use_by", "file", "fingerprint"]


def test_cert_list_says_what_each_is_and_who_shows_it(make_suite):
    suite = make_suite(domains=("localhost", "other.example"))
    rows = {row["domain"]: row for row in suite.rows("cert", "list")}
    assert set(rows) == {"localhost", "other.example"} and list(rows["localhost"]) == CERTIFICATE
    row = rows["other.example"]
    assert row["names"].split() == ["other.example"] and row["in_use_by"] == "c2sd@1" and row["for"] == "all"
    assert int(row["days"]) > 0 and row["until"].startswith("20") and row["key"]
    assert row["fingerprint"] == certificates.fingerprint(row["file"])
    assert [r["domain"] for r in suite.rows("cert", "list", "localhost")] == ["localhost"]
    assert suite.ctl("cert", "list", "elsewhere.example").returncode == 5


def test_cert_list_shows_that_a_new_file_is_not_in_use_yet(suite):
    assert suite.rows("cert", "list")[0]["in_use_by"] == "c2sd@1"
    certificate, key = suite.certificate("localhost")
    suite.edit(**{'domain "localhost".certificate': str(certificate), 'domain "localhost".key': str(key)})
    assert suite.rows("cert", "list")[0]["in_use_by"] == ""
    suite.reload()
    eventually(lambda: suite.rows("cert", "list")[0]["in_use_by"] == "c2sd@1", "it is in use")


def test_cert_list_needs_no_daemon(make_suite):
    suite = make_suite(start=False)
    suite.init()
    assert suite.rows("cert", "list")[0]["in_use_by"] == ""


STEPS = ["file", "dates", "names", "trust", "strength", "key"]


def findings(suite):
    done = suite.ctl("cert", "test", "--json")
    rows = json.loads(done.stdout)
    assert all(list(row) == ["domain", "for", "step", "result", "text"] for row in rows)
    assert [row["step"] for row in rows] in (STEPS, ["file"])
    return done.returncode, {row["step"]: row["text"] for row in rows if row["result"] != "ok"}


def test_cert_test_finds_what_is_wrong(make_suite):
    suite = make_suite(start=False)
    suite.init()
    code, found = findings(suite)
    assert code == 0 and set(found) == {"trust"} and "self-signed" in found["trust"]  # a warning
    other, other_key = suite.certificate("other.example")
    suite.edit(**{'domain "localhost".certificate': str(other)})
    code, found = findings(suite)
    assert code == 2 and set(found) == {"names", "trust", "key"} and "other.example" in found["names"]
    suite.edit(**{'domain "localhost".certificate': "/none.crt"})
    assert set(findings(suite)[1]) == {"file"}


def test_quiet_leaves_out_what_is_well(make_suite):
    suite = make_suite(start=False)
    suite.init()
    done = suite.ctl("-q", "cert", "test")
    assert [line.split()[2:4] for line in done.stdout.splitlines()] == [["trust", "warning"]] and not done.stderr
    suite.edit(**{'domain "localhost".certificate': str(suite.certificate("other.example")[0])})
    done = suite.ctl("-q", "cert", "test")
    assert done.returncode == 2 and "2 problems" in done.stderr
    assert [line.split()[2] for line in done.stdout.splitlines()] == ["names", "trust", "key"]


def test_cert_test_and_check_certs_say_the_same(make_suite):
    suite = make_suite(start=False, domains=("localhost", "other.example"), s2s=True)
    suite.init()
    suite.configure()
    own, key = suite.certificate("other.example", days=6)
    suite.edit(**{'domain "other.example".s2s_certificate': str(own), 'domain "other.example".s2s_key': str(key)})
    tested, checked = ([{k: re.sub(r"\d+ (more )?days", "D days", v) for k, v in row.items()} for row in json.loads(
        suite.ctl("--json", *command).stdout)] for command in (("cert", "test"), ("check", "certs")))
    assert [(r["domain"], r["result"], r["text"]) for r in tested] == [(r["about"], r["result"], r["text"]) for r in checked]
    assert [r["for"] for r in tested] == ["all"] * 6 + ["clients"] * 6 + ["servers"] * 6
    assert [r["step"] for r in tested if r["result"] != "ok"] == ["trust", "trust", "dates", "trust"]
    assert {r["text"] for r in tested if r["step"] == "names" and r["for"] == "servers"} == {
        f"certificate {own}: it names other.example for servers"}
    assert {r["domain"] for r in json.loads(suite.ctl("cert", "test", "--json", "localhost").stdout)} == {"localhost"}

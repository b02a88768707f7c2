"""The suite in metrics: what bulkhead-metrics shows, to promtool and to Prometheus itself."""
import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import bus
from federation import make_pair, net  # noqa: F401 (fixtures)
from prometheus import OPEN, Metrics, make_measured, measured, prometheus, promtool, raw_http  # noqa: F401
from suite import AS_ROOT, BIN, ROOT, eventually, free_port, pause, run
from test_process import status
from test_snmp import counters
from xmpp import Raw, StreamError, body

PAGE = ROOT / "doc/monitoring.md"


def test_promtool_finds_nothing(make_measured):  # noqa: F811
    suite = make_measured("s2sd@1", s2s=True)
    done = promtool("check", "metrics", input=suite.metrics.text())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def families(text):
    """name -> (kind, about), of the older format."""
    about = dict(re.findall(r"^# HELP (\w+) (.*)$", text, re.M))
    return {name: (kind, about[name]) for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M)}


def test_both_formats_say_the_same(measured):  # noqa: F811
    plain, open_ = measured.metrics.request(), measured.metrics.request(Accept=OPEN)
    assert plain.getheader("Content-Type").startswith("text/plain; version=0.0.4")
    assert open_.getheader("Content-Type").startswith("application/openmetrics-text; version=1.0.0")
    assert open_.text.endswith("\n# EOF\n") and "# EOF" not in plain.text

    def names(text):
        return [line.split(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert names(plain.text) == names(open_.text)
    for name, (kind, _) in families(open_.text).items():
        assert not name.endswith("_total")
        for unit in ("seconds", "bytes"):
            assert (f"# UNIT {name} {unit}\n" in open_.text) == name.endswith("_" + unit)
        assert kind in ("counter", "gauge")


def test_prometheus_reads_it_and_knows_the_rules(measured, prometheus):  # noqa: F811
    server = prometheus(measured.metrics.address)
    eventually(lambda: server.query('up{job="bulkhead"}') and server.query("bulkhead_up"), "the first scrape")
    assert server.query('up{job="bulkhead"}')[0][1] == 1
    assert {labels["process"] for labels, value in server.query("bulkhead_up == 1")} == measured.metrics.up()
    groups = server.ask("rules")["groups"]
    eventually(lambda: all(rule["health"] == "ok" for rule in server.ask("rules")["groups"][0]["rules"]),
               "all rules to be evaluated")
    assert len(groups[0]["rules"]) == 15
    target, = server.ask("targets")["activeTargets"]
    assert target["health"] == "up" and target["lastError"] == ""


def test_the_numbers_are_exact_and_those_of_bulkheadctl(make_measured, raw):  # noqa: F811
    suite = make_measured(settings={"c2sd.connections_per_address": 4})
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    for n in range(7):
        alice.message(bob.jid, f"message {n}")
        assert body(bob.next_message()) == f"message {n}"
    wrong = raw(suite).open().starttls()
    assert wrong.scram("SCRAM-SHA-1", "alice", "guess") == "not-authorized"
    clients = [wrong, Raw(suite.address, "localhost").open()]
    with pytest.raises((StreamError, ConnectionError, AssertionError)):
        Raw(suite.address, "localhost").open()
    expected = {
        ("bulkhead_routerd_stanzas_in_total", "kind", "message"): 7, ("bulkhead_routerd_logins_total",): 2,
        ("bulkhead_routerd_logins_failed_total", "reason", "not-authorized"): 1,
        ("bulkhead_routerd_client_sessions", "state", "available"): 2,
        ("bulkhead_connections_in_total", "process", "c2sd@1"): 4,
        ("bulkhead_connections_in_open", "process", "c2sd@1"): 4,
        ("bulkhead_connections_rejected_total", "process", "c2sd@1"): 1,
        ("bulkhead_connections_limit", "process", "c2sd@1"): 100000}

    def shown():
        return {key: suite.metrics.sum(key[0], **({key[1]: key[2]} if key[1:] else {})) for key in expected}
    eventually(lambda: shown() == expected, "the numbers")
    for instance in ("routerd", "c2sd@1", "authd"):
        rows = {row["counter"]: row["value"] for row in suite.rows("stats", instance)}
        for name, value in rows.items():
            if not value.isdigit() or name.startswith(("process_", "connection", "store", "bus")) or "cpu" in name:
                continue
            base, _, label = name.partition("{")
            has = dict([label.rstrip("}").replace('"', "").split("=")]) if label else {}
            daemon = instance.split("@")[0]
            assert any(suite.metrics.sum(f"bulkhead_{daemon}_{base}{end}", process=instance, **has) == float(value)
                       for end in ("", "_total")), name
    for client in clients:
        client.close()


def test_what_all_daemons_count_is_one_family(measured):  # noqa: F811
    samples = measured.metrics.samples()
    for name in ("bulkhead_process_cpu_seconds_total", "bulkhead_process_memory_peak_bytes",
                 "bulkhead_process_start_timestamp_seconds", "bulkhead_deaths_total"):
        assert {has["process"] for found, has, _ in samples if found == name} == {
            "routerd", "keyd", "authd", "c2sd@1", "metrics"}, name
    started = measured.metrics.sum("bulkhead_process_start_timestamp_seconds", process="authd")
    assert abs(time.time() - started) < 60
    expires = measured.metrics.sum("bulkhead_c2sd_certificate_expiry_timestamp_seconds", domain="localhost")
    assert expires > time.time() + 86400


def test_clients_that_moved_are_not_counted_where_they_were(make_measured, raw):  # noqa: F811
    suite = make_measured()
    stream = raw(suite, "alice", "a")
    eventually(lambda: suite.metrics.sum("bulkhead_connections_in_open", process="c2sd@1") == 1, "the connection")
    pause(suite.process.pid)
    try:
        os.kill(suite.pids()["c2sd@1"], signal.SIGKILL)
        eventually(lambda: suite.metrics.sum("bulkhead_up", process="c2sd@1") == 0, "its end")
        samples = [line for line in suite.metrics.text().splitlines() if 'process="c2sd@1"' in line]
        assert not [line for line in samples if line.startswith("bulkhead_connections_in_open")]
        assert [line for line in samples if line.startswith("bulkhead_connections_in_total")]
    finally:
        suite.process.send_signal(signal.SIGCONT)
    suite.metrics.wait_up("c2sd@1")
    del stream


def test_a_daemon_that_dies_is_down_and_then_up_again(measured):  # noqa: F811
    pause(measured.process.pid)
    try:
        os.kill(measured.pids()["authd"], signal.SIGKILL)
        eventually(lambda: "authd" not in measured.metrics.up(), "authd being down")
        assert measured.metrics.sum("bulkhead_state", process="authd", state="restarting") == 1
        assert measured.metrics.sum("bulkhead_deaths_total", process="authd") == 1
    finally:
        measured.process.send_signal(signal.SIGCONT)
    measured.metrics.wait_up("authd")


def test_without_routerd_what_was_known_stays_and_is_said_to_be_old(measured, raw):  # noqa: F811
    raw(measured, "alice", "a")
    eventually(lambda: measured.metrics.sum("bulkhead_routerd_logins_total") == 1, "the log-in")
    pause(measured.process.pid)
    try:
        os.kill(measured.pids()["routerd"], signal.SIGKILL)
        eventually(lambda: not measured.metrics.up(), "nothing being up")
        assert measured.metrics.sum("bulkhead_state", process="c2sd@1", state="unknown") == 1
        assert measured.metrics.sum("bulkhead_routerd_logins_total") == 1
        eventually(lambda: time.time() - measured.metrics.sum("bulkhead_picture_timestamp_seconds") > 2, "time")
    finally:
        measured.process.send_signal(signal.SIGCONT)
    measured.metrics.wait_up("routerd", "c2sd@1", "authd")
    assert measured.metrics.sum("bulkhead_deaths_total", process="routerd") == 1


# There is one page, and nothing else (attacks, row S24).

@pytest.mark.parametrize("path", [
    "/", "/metrics/", "//metrics", "/./metrics", "/x/../metrics", "/x/..;/metrics", "/metrics;x", "/%6detrics",
    "/%2e%2e/etc/passwd", "/metrics/%2e%2e", "/%u002e%u002e/metrics", "/METRICS", "/metrics%00", "metrics",
    "/../../../../etc/passwd", "/setup", "/metrics/../metrics", "*"])
def test_every_other_path_is_404(measured, path):  # noqa: F811
    answer = measured.metrics.request(path=path)
    assert answer.status in (400, 404) and "bulkhead_" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "NONSENSE"])
def test_it_can_only_be_read(measured, method):  # noqa: F811
    answer = measured.metrics.request(method)
    assert answer.status == 405 and answer.getheader("Allow") == "GET, HEAD"


def test_head_has_no_body(measured):  # noqa: F811
    answer = measured.metrics.request("HEAD")
    assert answer.status == 200 and answer.text == "" and int(answer.getheader("Content-Length")) > 5000
    assert answer.getheader("X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize("data", [
    b"", b"\0" * 100, b"GET /metrics\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100000,
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"])
def test_bytes_that_are_no_request_hurt_nobody(measured, data):  # noqa: F811
    pid = measured.pids()["metrics"]
    try:
        raw_http(measured.metrics.port, data, timeout=2)
    except OSError:
        pass  # it may also hang up, or wait
    assert "bulkhead_up" in measured.metrics.text() and measured.pids()["metrics"] == pid


def test_clients_that_do_not_read_or_write_are_in_nobody_s_way(measured):  # noqa: F811
    silent = [socket.create_connection(("127.0.0.1", measured.metrics.port)) for _ in range(20)]
    for s in silent[:10]:
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)  # and never reads
    began = time.monotonic()
    assert "bulkhead_up" in measured.metrics.text()
    assert time.monotonic() - began < 5
    for s in silent[10:]:
        s.settimeout(20)
        assert s.recv(1) == b"" or True  # after ten seconds it is closed
    for s in silent:
        s.close()
    assert "bulkhead_up" in measured.metrics.text()


def test_a_unix_socket_serves_as_well(make_suite):
    suite = make_suite(start=False).init()
    path = suite.dir / "metrics.sock"
    os.chmod(suite.dir, 0o755)
    suite.settings.update({"metrics.listen": [str(path), f"127.0.0.1:{free_port()}"]})
    suite.configure()
    suite.start()

    def read():
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(path))
            s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: s.recv(65536), b"")).decode()
    eventually(lambda: 'bulkhead_up{process="authd",daemon="authd"} 1' in read(), "authd being up")
    suite.restart()
    eventually(lambda: 'bulkhead_up{process="authd",daemon="authd"} 1' in read(), "authd being up")


@pytest.mark.parametrize("listen, text", [
    (["0.0.0.0:9287"], "can be reached by others"), (["[::]:9287"], "can be reached by others"),
    (["192.0.2.1:9287"], "can be reached by others"), (["localhost"], "is no address such as"),
    (["127.0.0.1:99999"], "is no address such as"), ([], "addresses are needed"),
    (["/nowhere/metrics.sock"], "cannot listen on /nowhere/metrics.sock")])
def test_only_this_machine_may_read(make_suite, listen, text):
    suite = make_suite(start=False).init()
    suite.settings["metrics.listen"] = listen
    suite.configure()
    done = run(BIN / "bulkhead-metrics", "-c", suite.config)
    assert done.returncode == 78 and text in done.stderr


def test_it_is_sealed(measured):  # noqa: F811
    found = status(measured.pids()["metrics"])
    assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2"
    if AS_ROOT:
        import pwd
        assert set(found["Uid"].split()) == {str(pwd.getpwnam("bulkhead-metrics").pw_uid)}
        assert int(found["CapEff"], 16) == int(found["CapPrm"], 16) == 0


def test_a_daemon_that_lies_spoils_neither_the_page_nor_the_word_of_others(measured):  # noqa: F811
    lies = [
        ("fine", 0, 3, "What is fine"),
        ("fine", 0, 4, "What is fine"),  # twice
        ("with\nline", 2, 1, "x"), ("CAPITALS", 2, 1, "x"), ("", 2, 1, "x"), ("a b", 2, 1, "x"),
        ("pretends_total", 2, 1, "x"), ('label{x="a"} 1\nbulkhead_up{process="authd"}', 2, 1, "x"),
        ('label{x="a\\"}', 2, 1, "x"), ('label{x="a"b"}', 2, 1, "x"), ("label{x=1}", 2, 1, "x"),
        ('label{process="authd"}', 2, 1, "two labels of a name"), ("about", 2, 1, "two\nbulkhead_up 7"),
        ('label{1x="a"}', 2, 1, "no name"), ('label{__name__="bulkhead_up"}', 2, 1, "another name"),
        (b'label{x="\xff"}', 2, 1, "not UTF-8"), ("about", 2, 1, b"not \xff UTF-8"),
        ('right{x="\\"quoted\\\\"}', 2, 5, "Escapes"), ("fine", 2, 6, "of another kind")]
    with bus.Peer(measured, "DIR") as liar:
        liar.welcomed(instance="dirsyncd")

        def shown():
            _, subject, _ = liar.expect("STATS_GET")
            liar.send("STATS", subject, counters=counters(*lies))
            return "bulkhead_dirsyncd_fine_total" in measured.metrics.text()
        eventually(shown, "what it says")
        text = measured.metrics.text()
    done = promtool("check", "metrics", input=text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [line for line in text.splitlines() if line.startswith("bulkhead_dirsyncd_")] == [
        'bulkhead_dirsyncd_fine_total{process="dirsyncd"} 3',
        'bulkhead_dirsyncd_right{process="dirsyncd",x="\\"quoted\\\\"} 5']
    assert "bulkhead_up 7" not in text


def test_a_list_that_is_none_is_shown_as_far_as_it_goes(measured):  # noqa: F811
    with bus.Peer(measured, "DIR") as liar:
        liar.welcomed(instance="dirsyncd")

        def shown():
            _, subject, _ = liar.expect("STATS_GET")
            liar.send("STATS", subject, counters=counters(("fine", 2, 1, "What is fine")) + b"\xff" * 999)
            return measured.metrics.sum("bulkhead_dirsyncd_fine") == 1
        eventually(shown, "what it says")
        assert measured.metrics.up() >= {"routerd", "authd", "c2sd@1", "dirsyncd"}


# What is delivered beside it.

def test_the_rules_fire_when_they_should(tmp_path):
    rules, tests = ROOT / "etc/prometheus/bulkhead.rules.yml", ROOT / "tests/monitoring/bulkhead.rules.test.yml"
    assert promtool("check", "rules", rules).returncode == 0
    done = promtool("test", "rules", tests)
    assert done.returncode == 0, done.stdout + done.stderr
    alerts = re.findall(r"- alert: (\w+)", rules.read_text())
    assert set(alerts) == set(re.findall(r"alertname: (\w+)", tests.read_text())), "each has a test"
    (tmp_path / "etc/prometheus").mkdir(parents=True)
    (tmp_path / "tests/monitoring").mkdir(parents=True)
    (tmp_path / "etc/prometheus" / rules.name).write_text(rules.read_text().replace("bulkhead_up == 0", "bulkhead_up == 2"))
    (tmp_path / "tests/monitoring" / tests.name).write_text(tests.read_text())
    assert promtool("test", "rules", tmp_path / "tests/monitoring" / tests.name).returncode != 0


def expressions():
    """All that the rules and the dashboard ask of Prometheus."""
    rules = (ROOT / "etc/prometheus/bulkhead.rules.yml").read_text()
    found = re.findall(r"^ +expr: (.*)$", rules, re.M)
    for panel in json.loads((ROOT / "etc/grafana/bulkhead.json").read_text())["panels"]:
        found += [target["expr"] for target in panel["targets"]]
    return found


COUNTING = ("routerd", "authd", "c2sd", "s2sd", "snmp", "metrics")  # processes with counters of their own


@pytest.fixture(scope="module")
def shown(make_shared):
    """The page of an instance with everything in it; a directory's counters are what the MIB says of them."""
    port = free_port()
    suite = make_shared(s2s=True, settings={
        "metrics.listen": [f"127.0.0.1:{port}"], "snmp.agentx_socket": "/nowhere/agentx"})
    metrics = Metrics(port)
    metrics.wait_up("routerd", "authd", "c2sd@1", "s2sd@1", "snmp", "metrics")

    def whole():
        text = metrics.text()
        return text if all(f"\nbulkhead_{name}_" in text for name in COUNTING) else None
    return eventually(whole, "counters of all")


def test_rules_and_dashboard_ask_for_what_there_is(shown):
    names = {line.split("{")[0].split(" ")[0] for line in shown.splitlines() if not line.startswith("#")}
    names |= {"bulkhead_dirsyncd_ldap_sync_lag_seconds", "bulkhead_dirsyncd_ldap_brake"}
    asked = {name for expression in expressions() for name in re.findall(r"\bbulkhead_\w+", expression)}
    assert asked <= names, asked - names
    assert len(asked) > 20


def test_the_dashboard_s_expressions_are_promql(tmp_path):
    rules = {"groups": [{"name": "dashboard", "rules": [
        {"record": f"panel:{n}", "expr": re.sub(r"\$__rate_interval", "1m", e).replace("$job", ".*")}
        for n, e in enumerate(expressions())]}]}
    file = tmp_path / "dashboard.yml"
    file.write_text(json.dumps(rules))
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


def listed(text):
    """The table of doc/monitoring.md, out of what is shown."""
    rows = [f"| `{name}` | {kind} | {about} |" for name, (kind, about) in families(text).items()]
    return "\n".join(["| metric | kind | |", "|---|---|---|", *rows]) + "\n"


def test_the_document_lists_what_is_shown(shown):
    """BULKHEAD_WRITE_DOCUMENTS=1 writes it anew."""
    begin, end = "<!-- metrics: written by tests/e2e/test_metrics.py -->\n", "<!-- end -->"
    before, rest = PAGE.read_text().split(begin)
    table, after = rest.split(end)
    if os.environ.get("BULKHEAD_WRITE_DOCUMENTS"):
        PAGE.write_text(before + begin + listed(shown) + end + after)
    else:
        assert table == listed(shown)

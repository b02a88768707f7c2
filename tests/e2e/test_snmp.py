"""The suite in SNMP: NETWORK-SERVICES-MIB, BULKHEAD-MIB and notifications, by snmpd's own tools."""
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

import bus
from federation import make_pair, net  # noqa: F401 (fixtures)
from snmp import MIB_FOLDERS, MIBS, make_snmpd, snmpd  # noqa: F401 (fixtures)
from suite import AS_ROOT, PATIENCE, ROOT, eventually, free_port, pause
from test_process import status
from xmpp import Closed, Raw, StreamError, body

ALL = ["routerd", "authd", "c2sd@1", "snmp"]


def seconds(ticks):
    """A TimeStamp: "d:h:m:s.hh"."""
    d, h, m, s = ticks.split(":")
    return ((int(d) * 24 + int(h)) * 60 + int(m)) * 60 + float(s)


@pytest.fixture
def watched(make_suite, snmpd):  # noqa: F811
    """An instance of which all daemons are shown."""
    suite = make_suite(settings=snmpd.start().settings())
    snmpd.wait_rows(*ALL)
    return suite


def kill(suite, instance):
    os.kill(suite.pids()[instance], signal.SIGKILL)


# The modules.

def lint(path):
    return subprocess.run(["smilint", "-l", "3", "-p", "", path], capture_output=True, text=True,
                          env={**os.environ, "SMIPATH": MIBS["MIBDIRS"]}, check=False)


@pytest.mark.parametrize("module", ["BULKHEAD-MIB", "NETWORK-SERVICES-MIB"])
def test_smilint_finds_nothing(module, tmp_path):
    path = ROOT / "etc/snmp" / f"{module}.txt"
    done = lint(path)
    assert done.stdout + done.stderr == ""
    broken = tmp_path / path.name
    broken.write_text(re.sub("SYNTAX Gauge32", "SYNTAX Gauge33", path.read_text()))
    assert "Gauge33" in lint(broken).stderr


# applTable.

@pytest.mark.section("RFC 2788 applTable")
def test_there_is_a_row_for_each_daemon(watched, snmpd):  # noqa: F811
    rows = snmpd.appl()
    assert {name: row["index"] for name, row in rows.items()} == {
        "routerd": "1000", "c2sd@1": "2001", "authd": "4000", "snmp": "6000", "keyd": "9000"}
    for name, row in rows.items():
        assert len(row) == 17 and row["applOperStatus"] == "up", name
        assert "0.1.0" in row["applVersion"] and row["applDescription"] and not row["applDirectoryName"]
    pids = {row["index"]: row["bhDaemonProcess"] for row in snmpd.table("BULKHEAD-MIB::bhDaemonTable")}
    assert {name: int(pids[row["index"]]) for name, row in rows.items()} == {
        **watched.pids(), "keyd": watched.keyd}


@pytest.mark.section("RFC 2788 applTable")
def test_connections_are_counted_exactly(make_suite, snmpd):  # noqa: F811
    suite = make_suite(settings={**snmpd.start().settings(), "c2sd.connections_per_address": 5})
    snmpd.wait_rows("c2sd@1")

    def counts():
        row = snmpd.appl("c2sd@1")
        return tuple(int(row[f"appl{name}Associations"]) for name in (
            "Inbound", "Outbound", "AccumulatedInbound", "AccumulatedOutbound", "RejectedInbound",
            "FailedOutbound"))
    assert counts() == (0, 0, 0, 0, 0, 0)
    assert seconds(snmpd.appl("c2sd@1")["applLastInboundActivity"]) == 0
    clients = [Raw(suite.address, "localhost").open() for _ in range(5)]
    for _ in range(2):
        with pytest.raises((StreamError, Closed, ConnectionError)):
            Raw(suite.address, "localhost").open()
    eventually(lambda: counts() == (5, 0, 5, 0, 2, 0), "five clients and two that were refused")
    for client in clients[:3]:
        client.close()
    eventually(lambda: counts() == (2, 0, 5, 0, 2, 0), "the end of three")
    now = seconds(snmpd.walk("1.3.6.1.2.1.1.3").popitem()[1])
    assert now - 60 < seconds(snmpd.appl("c2sd@1")["applLastInboundActivity"]) <= now


@pytest.mark.section("RFC 2788 applTable")
def test_times_are_the_agent_s(make_suite, snmpd):  # noqa: F811
    """What began before the agent did began at 0; what began after it at its sysUpTime."""
    suite = make_suite(settings=snmpd.settings())
    snmpd.start()
    snmpd.wait_rows(*ALL)
    assert all(seconds(row["applUptime"]) == 0 for row in snmpd.appl().values())
    before = seconds(snmpd.walk("1.3.6.1.2.1.1.3").popitem()[1])
    kill(suite, "authd")
    eventually(lambda: seconds(snmpd.appl("authd")["applUptime"]) > 0, "a new authd")
    after = seconds(snmpd.walk("1.3.6.1.2.1.1.3").popitem()[1])
    row = snmpd.appl("authd")
    for column in ("applUptime", "applLastChange"):
        assert before - 0.2 <= seconds(row[column]) <= after + 0.2, column


@pytest.mark.section("RFC 2788 applTable")
def test_what_dies_is_restarting_and_then_up_again(watched, snmpd):  # noqa: F811
    pause(watched.process.pid)  # nobody starts it again meanwhile
    try:
        kill(watched, "c2sd@1")
        snmpd.wait_status("c2sd@1", "restarting")
        assert snmpd.appl("routerd")["applOperStatus"] == "up"
    finally:
        watched.process.send_signal(signal.SIGCONT)
    snmpd.wait_status("c2sd@1", "up")
    for name in ("bhDaemonDied", "bhDaemonBack"):
        snmpd.traps.wait(name, "applName.2001 = STRING: c2sd@1\t", "bhDaemonDeaths.2001 = Counter32: 1")
    assert snmpd.traps.named() == ["bhDaemonDied", "bhDaemonBack"]


@pytest.mark.section("RFC 2788 applTable")
def test_what_does_not_come_back_is_down(watched, snmpd):  # noqa: F811
    pause(watched.process.pid)
    try:
        kill(watched, "c2sd@1")
        snmpd.wait_status("c2sd@1", "restarting")
        snmpd.wait_status("c2sd@1", "down", timeout=PATIENCE + 15)  # it has half a minute
        row = snmpd.appl("c2sd@1")
        now = seconds(snmpd.walk("1.3.6.1.2.1.1.3").popitem()[1])
        assert now - 5 < seconds(row["applLastChange"]) <= now and row["applInboundAssociations"] == "0"
    finally:
        watched.process.send_signal(signal.SIGCONT)
    snmpd.wait_status("c2sd@1", "up")


def test_a_restart_that_is_asked_for_is_no_death(watched, snmpd):  # noqa: F811
    old = watched.pids()
    for instance in ("c2sd@1", "authd"):
        assert watched.ctl("restart", instance).returncode == 0
        eventually(lambda: watched.pids().get(instance) not in (None, old[instance]), "a new one")
    kill(watched, "c2sd@1")
    snmpd.traps.wait("bhDaemonBack", "STRING: c2sd@1\t")
    assert snmpd.traps.named() == ["bhDaemonDied", "bhDaemonBack"]
    deaths = {row["index"]: row["bhDaemonDeaths"] for row in snmpd.table("BULKHEAD-MIB::bhDaemonTable")}
    assert deaths["2001"] == "1" and deaths["4000"] == "0"


@pytest.mark.section("RFC 2788 applTable")
def test_a_drained_front_end_is_quiescing(make_suite, snmpd, raw):  # noqa: F811
    suite = make_suite(settings=snmpd.start().settings(), front_ends={
        "c2sd@1": [f"127.0.0.1:{free_port()}"], "c2sd@2": [f"127.0.0.1:{free_port()}"]})
    snmpd.wait_rows("c2sd@1", "c2sd@2")
    assert suite.ctl("drain", "c2sd@2").returncode == 0
    snmpd.wait_status("c2sd@2", "quiescing")
    assert snmpd.appl("c2sd@1")["applOperStatus"] == "up"


@pytest.mark.section("RFC 2788 applTable")
def test_one_that_does_not_answer_is_halted(watched, snmpd):  # noqa: F811
    pid = watched.pids()["authd"]
    pause(pid)
    try:
        snmpd.wait_status("authd", "halted")
        assert snmpd.appl("c2sd@1")["applOperStatus"] == "up"
    finally:
        os.kill(pid, signal.SIGCONT)
    snmpd.wait_status("authd", "up")
    assert snmpd.traps.named() == []


@pytest.mark.section("RFC 2788 applTable")
def test_one_that_is_full_is_congested(make_suite, snmpd):  # noqa: F811
    suite = make_suite(settings={**snmpd.start().settings(), "c2sd.connections": 2})
    snmpd.wait_rows("c2sd@1")
    clients = [Raw(suite.address, "localhost").open() for _ in range(2)]
    snmpd.wait_status("c2sd@1", "congested")
    clients[0].close()
    snmpd.wait_status("c2sd@1", "up")


# BULKHEAD-MIB.

def test_traffic_is_counted_exactly(make_suite, snmpd, raw):  # noqa: F811
    suite = make_suite(settings=snmpd.start().settings(), accounts={
        "alice@localhost": "wonderland-1", "bob@localhost": "builder-2", "carol@localhost": "christmas-3"})
    snmpd.wait_rows(*ALL)
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    names = ["bhMessagesIn", "bhPresenceIn", "bhIqsIn", "bhErrorsSent", "bhMessagesStored", "bhStoredMessages"]
    alice.ping(), bob.ping()

    def numbers():
        return [int(value) for value in snmpd.get(*names)]
    eventually(lambda: numbers()[1:3] == [2, 4], "what was said at the log-ins")
    for n in range(7):
        alice.message(bob.jid, f"message {n}")
        assert body(bob.next_message()) == f"message {n}"
    for _ in range(3):
        bob.message("carol@localhost", "later")
    bob.message("nobody@localhost", "never")
    bob.next_message()  # the error
    for _ in range(4):
        alice.ping()
    alice.send("<presence><status>here</status></presence>")
    eventually(lambda: numbers() == [11, 3, 8, 1, 3, 3], "all of it")
    raw(suite, "carol", "c").ping()
    eventually(lambda: int(snmpd.get("bhStoredMessages")) == 0, "nothing being stored any more")


def test_sessions_and_log_ins_are_counted_by_state_and_reason(watched, snmpd, raw):  # noqa: F811
    import sm
    raw(watched, "alice", "available")
    raw(watched, "bob", "quiet", priority=None)
    phone = raw(watched, "bob", "phone")
    sm.enable(phone)
    phone.close()

    def sessions():
        return [int(n) for n in snmpd.get("bhSessionsAvailable", "bhSessionsConnected", "bhSessionsAsleep",
                                          "bhSessionsBegun", "bhSessionsResumed")]
    eventually(lambda: sessions() == [1, 1, 1, 3, 0], "three sessions")
    back = sm.log_in(watched, "bob")
    sm.resume(back, phone.sm_id, 0)
    eventually(lambda: sessions() == [2, 1, 0, 3, 1], "the one that slept")
    wrong = raw(watched).open().starttls()
    for _ in range(2):
        assert wrong.scram("SCRAM-SHA-1", "alice", "guess") == "not-authorized"
    wrong.auth("NONSENSE", "")
    assert wrong.verdict() == "invalid-mechanism"

    def failures():
        rows = snmpd.table("BULKHEAD-MIB::bhFailureTable")
        return {row["bhFailureReason"]: int(row["bhFailures"]) for row in rows if row["bhFailures"] != "0"}
    eventually(lambda: failures() == {"not-authorized": 2, "invalid-mechanism": 1}, "what failed")
    assert [int(n) for n in snmpd.get("bhLoginsSucceeded", "bhLoginsFailed")] == [4, 3]
    back.close()


def test_queues_show_what_is_not_acknowledged(watched, snmpd, raw):  # noqa: F811
    import sm
    alice, bob = raw(watched, "alice", "a"), raw(watched, "bob", "b")
    sm.enable(bob)
    eventually(lambda: snmpd.get("bhQueuedStanzas", "bhQueuedBytes", "bhCustody") == ["0", "0 bytes", "healed"],
               "nothing to wait")
    for n in range(5):
        alice.message(bob.jid, f"message {n}")
    sm.stanzas(bob, 5)
    eventually(lambda: snmpd.number("bhQueuedStanzas") == 5 and snmpd.number("bhQueuedBytes") > 50,
               "five that wait for an acknowledgement")
    sm.ack(bob, 5)
    eventually(lambda: snmpd.number("bhQueuedStanzas") == 0, "none")


# assocTable.

@pytest.mark.section("RFC 2788 assocTable")
def test_streams_of_servers_are_associations(make_pair, snmpd, raw):  # noqa: F811
    pair = make_pair(one={**snmpd.start().settings(), "s2sd.bidi": "false"})
    one = pair.one
    snmpd.wait_rows("s2sd@1")
    assert snmpd.table("NETWORK-SERVICES-MIB::assocTable") == []
    alice = raw(one, "alice", "a", domain="one.example")
    bob = raw(pair.two, "bob", "b", domain="two.example")
    alice.message(bob.jid, "hello")
    bob.next_message()
    bob.message(alice.jid, "hello")
    alice.next_message()

    def rows():
        return sorted((row["assocApplicationType"], row["assocRemoteApplication"],
                       row["assocApplicationProtocol"].split("::")[-1])
                      for row in snmpd.table("NETWORK-SERVICES-MIB::assocTable"))
    eventually(lambda: rows() == [("peerinitiator", "two.example", "applTCPProtoID.5269"),
                                  ("peerresponder", "two.example", "applTCPProtoID.5269")], "both streams")
    connections = {f"3001.{row['connection']}" for row in one.rows("s2s", "list")}
    assert {row["index"] for row in snmpd.table("NETWORK-SERVICES-MIB::assocTable")} == connections
    pair.net.dns.server("down.example", free_port())
    assert one.ctl("s2s", "test", "down.example").returncode == 1

    def counts():
        row = snmpd.appl("s2sd@1")
        return tuple(int(row[f"appl{name}Associations"]) for name in (
            "Inbound", "Outbound", "AccumulatedInbound", "AccumulatedOutbound", "FailedOutbound"))
    eventually(lambda: counts() == (1, 1, 1, 1, 1), "one each way, and one that failed")
    assert one.ctl("s2s", "close", "two.example").returncode == 0
    eventually(lambda: rows() == [] and counts() == (0, 0, 1, 1, 1), "their end")


@pytest.mark.section("RFC 2788 assocTable")
def test_clients_are_associations_only_where_that_is_wanted(watched, snmpd, raw):  # noqa: F811
    alice = raw(watched, "alice", "a")

    def rows():
        return [(row["assocRemoteApplication"], row["assocApplicationType"],
                 row["assocApplicationProtocol"].split("::")[-1])
                for row in snmpd.table("NETWORK-SERVICES-MIB::assocTable")]
    eventually(lambda: snmpd.number("bhSessionsAvailable") == 1, "alice")
    assert rows() == []
    watched.edit(**{"snmp.client_associations": "true"})
    watched.reload()
    eventually(lambda: rows() == [("127.0.0.1", "uainitiator", "applTCPProtoID.5222")], "alice's connection")
    alice.close()
    eventually(lambda: rows() == [], "its end")


# What comes and goes.

def test_a_new_snmpd_has_all_of_it_within_five_seconds(watched, snmpd):  # noqa: F811
    for end in ("kill", "terminate"):
        mark = watched.log.mark()
        getattr(snmpd.process, end)()
        snmpd.process.wait()
        watched.log.wait("snmp agent-down", since=mark)
        snmpd.start()
        snmpd.wait_rows(*ALL, timeout=5)


def test_a_new_routerd_is_seen_within_five_seconds(watched, snmpd, raw):  # noqa: F811
    alice = raw(watched, "alice", "a")
    old = watched.pids()["routerd"]
    kill(watched, "routerd")
    began = time.monotonic()
    snmpd.traps.wait("bhDaemonDied", "STRING: routerd\t")
    snmpd.wait_rows(*ALL, timeout=5 - (time.monotonic() - began))
    assert watched.pids()["routerd"] != old
    snmpd.traps.wait("bhDaemonBack", "STRING: routerd\t")
    assert snmpd.get("bhReachable") == "true"
    alice.ping()


def test_without_routerd_what_was_known_stays_and_is_said_to_be_old(watched, snmpd, raw):  # noqa: F811
    raw(watched, "alice", "a")
    eventually(lambda: snmpd.number("bhSessionsAvailable") == 1, "alice")
    pause(watched.process.pid)
    try:
        kill(watched, "routerd")
        snmpd.wait_status("routerd", "restarting")
        assert snmpd.appl("c2sd@1")["applOperStatus"] == "halted"
        assert snmpd.get("bhReachable", "bhCustody") == ["false", "unknown"]
        assert snmpd.number("bhSessionsAvailable") == 1
        eventually(lambda: snmpd.number("bhPictureAge") >= 2, "time to pass")
    finally:
        watched.process.send_signal(signal.SIGCONT)
    snmpd.wait_rows(*ALL)


def test_without_an_agent_it_waits_for_one(make_suite, snmpd):  # noqa: F811
    suite = make_suite(settings=snmpd.settings())
    eventually(lambda: "snmp" in suite.pids(), "bulkhead-snmp")
    snmpd.start()
    snmpd.wait_rows(*ALL, timeout=5)


# Notifications.

def test_what_happens_while_snmpd_is_away_is_told_afterwards(watched, snmpd):  # noqa: F811
    snmpd.kill()
    watched.log.wait("snmp agent-down")
    kill(watched, "authd")
    watched.log.wait("snmp notification what=daemon-back daemon=authd")
    assert snmpd.traps.named() == []
    snmpd.start()
    snmpd.traps.wait("bhDaemonDied", "STRING: authd\t")
    snmpd.traps.wait("bhDaemonBack", "STRING: authd\t")


@pytest.mark.parametrize("days, expiring", [(13, True), (16, False), (-1, True)])
def test_a_certificate_that_expires_soon_is_told_of(make_suite, snmpd, days, expiring):  # noqa: F811
    suite = make_suite(start=False)
    suite.init_only()
    certificate, key = suite.certificate("localhost", days=days)
    suite.settings.update({**snmpd.start().settings(), 'domain "localhost".certificate': str(certificate),
                           'domain "localhost".key': str(key)})
    suite.start()
    snmpd.wait_rows(*ALL)
    row, = snmpd.table("BULKHEAD-MIB::bhCertificateTable")
    assert row["bhCertificateDomain"] == "localhost"
    assert int(row["bhCertificateDays"].split()[0]) in (days - 1, days)
    expires = time.strftime("%Y-%-m-%-d", time.gmtime(time.time() + days * 86400))
    assert row["bhCertificateExpires"].startswith(expires)
    if expiring:
        snmpd.traps.wait("bhCertificateExpiring", "STRING: localhost\t", "bhCertificateDays")
    kill(suite, "authd")
    snmpd.traps.wait("bhDaemonDied")
    assert snmpd.traps.named().count("bhCertificateExpiring") == expiring


def test_a_renewed_certificate_is_seen_after_a_reload(make_suite, snmpd):  # noqa: F811
    suite = make_suite(start=False)
    suite.init_only()
    certificate, key = suite.certificate("localhost", days=3)
    suite.settings.update({**snmpd.start().settings(), 'domain "localhost".certificate': str(certificate),
                           'domain "localhost".key': str(key)})
    suite.start()
    snmpd.traps.wait("bhCertificateExpiring")
    for old, new in zip((certificate, key), suite.certificate("localhost", days=200)):
        shutil.copyfile(new, old)
    suite.reload()

    def days():
        row, = snmpd.table("BULKHEAD-MIB::bhCertificateTable")
        return int(row["bhCertificateDays"].split()[0])
    eventually(lambda: days() > 190, "the new one")


def counters(*rows):
    """A list as STATS carries it: (name, kind, value, about)."""
    texts = [text if isinstance(text, bytes) else str(text).encode() for row in rows for text in row]
    return b"".join(len(text).to_bytes(4, "big") + text for text in texts)


class Dirsyncd(bus.Peer):
    """What dirsyncd counts of its directories, as the test has it."""

    def answer(self, lag, brake):
        """The next STATS_GET."""
        _, subject, _ = self.expect("STATS_GET")
        self.send("STATS", subject, counters=counters(
            ('ldap_sync_lag_seconds{directory="main"}', 2, lag, "Lag"),
            ('ldap_brake{directory="main"}', 2, brake, "Brake"), ("ldap_other", 0, 7, "Other")))


def test_the_brake_of_a_directory_is_told_of(watched, snmpd):  # noqa: F811
    with Dirsyncd(watched, "DIR") as dirsyncd:
        dirsyncd.welcomed(instance="dirsyncd")

        def shown(lag, brake):
            dirsyncd.answer(lag, brake)
            rows = snmpd.table("BULKHEAD-MIB::bhDirectoryTable")
            return [(r["bhDirectoryName"], r["bhDirectoryLag"].split()[0], r["bhDirectoryBrake"])
                    for r in rows] == [("main", str(lag), "true" if brake else "false")]
        eventually(lambda: shown(3, 0), "the directory")
        assert snmpd.traps.named() == []
        eventually(lambda: shown(4000, 1), "the brake")
        snmpd.traps.wait("bhDirectoryBraked", "STRING: main\t")
        eventually(lambda: shown(5, 0), "its release")
        snmpd.traps.wait("bhDirectoryReleased", "STRING: main\t")
        assert snmpd.traps.named() == ["bhDirectoryBraked", "bhDirectoryReleased"]


# It hurts nobody.

def test_it_is_sealed(watched):
    found = status(watched.pids()["snmp"])
    assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2"
    if AS_ROOT:
        import pwd
        assert set(found["Uid"].split()) == {str(pwd.getpwnam("bulkhead-snmp").pw_uid)}
        assert int(found["CapEff"], 16) == int(found["CapPrm"], 16) == 0


def test_without_its_setting_it_says_what_to_write(make_suite):
    suite = make_suite(start=False)
    suite.init().configure()
    from suite import BIN, run
    done = run(BIN / "bulkhead-snmp", "-c", suite.config)
    assert done.returncode == 78 and "snmp.agentx_socket is not set" in done.stderr


def chat(alice, bob, n):
    began = time.monotonic()
    for i in range(n):
        alice.message(bob.jid, f"message {i}")
        assert body(bob.next_message()) == f"message {i}"
    return time.monotonic() - began


def test_a_stopped_plugin_disturbs_nobody(watched, snmpd, raw):  # noqa: F811
    alice, bob = raw(watched, "alice", "a"), raw(watched, "bob", "b")
    pid = watched.pids()["snmp"]
    pause(pid)
    try:
        for _ in range(4):
            assert chat(alice, bob, 50) < 10
            time.sleep(1)  # pictures are for every second
        assert snmpd.walk("1.3.6.1.2.1.1.3")  # nor snmpd itself
    finally:
        os.kill(pid, signal.SIGCONT)
    snmpd.wait_rows(*ALL)


def test_a_hung_snmpd_disturbs_nobody(watched, snmpd, raw):  # noqa: F811
    alice, bob = raw(watched, "alice", "a"), raw(watched, "bob", "b")
    pause(snmpd.process.pid)
    try:
        for _ in range(4):
            assert chat(alice, bob, 50) < 10
            time.sleep(1)
    finally:
        os.kill(snmpd.process.pid, signal.SIGCONT)
    snmpd.wait_rows(*ALL)


@pytest.mark.parametrize("role", ["SNMP", "METRICS"])
def test_a_watcher_that_never_reads_loses_its_link_and_nobody_else_anything(suite, raw, role):
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    with bus.Peer(suite, role) as watcher:
        watcher.welcomed(instance=f"{watcher.role[1]}@deaf")
        watcher.send("WATCH")  # the picture waits for the counters of a daemon that does not tell them: the watcher
        watcher.send("WATCH")
        watcher.gone()
    eventually(lambda: not [i for i in suite.pids() if "deaf" in i], "its end")
    assert chat(alice, bob, 20) < 10


def test_pictures_are_taken_once_a_second_however_many_watch(suite):
    """Four watchers ask as fast as they can; the daemon that they see is asked once a second."""
    with bus.Peer(suite, "DIR") as daemon:
        daemon.welcomed(instance="dirsyncd")
        watchers = [bus.Peer(suite, role).welcomed(instance=f"{bus.ROLES[role][1]}@{n}")
                    for n, role in enumerate(["SNMP", "METRICS"] * 2)]
        asked, until = 0, time.monotonic() + 5
        for watcher in watchers:
            watcher.send("WATCH")
        while time.monotonic() < until:
            _, subject, _ = daemon.expect("STATS_GET")
            asked += 1
            daemon.send("STATS", subject, counters=b"")
            for watcher in watchers:  # they are daemons themselves
                _, subject, _ = watcher.expect("STATS_GET")
                watcher.send("STATS", subject, counters=b"")
            for watcher in watchers:
                watcher.expect("WATCHED")
                watcher.send("WATCH")
        assert 3 <= asked <= 1 + (time.monotonic() - until + 5) / 0.9
        for watcher in watchers:
            watcher.socket.close()


def test_only_watchers_may_watch(suite):
    with bus.Peer(suite, "C2S") as front:
        front.welcomed(instance="c2sd@evil")
        front.send("WATCH")
        assert "WATCHED" not in front.gone()

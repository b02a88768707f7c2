"""Under systemd: events as fields in a real journald."""
import subprocess

import pytest

import scram
from journald import Journal
from suite import AS_ROOT, PATIENCE, ROOT, eventually

FILTER = ROOT / "etc/fail2ban/filter.d/bulkhead.conf"


@pytest.fixture(scope="module")
def journal():
    assert AS_ROOT, "these tests run a journald of their own, and need root for that"
    made = Journal()
    yield made
    made.close()


@pytest.fixture
def service(journal, make_suite):
    suite = make_suite(start=False)
    suite.wrapper = journal.as_service
    return suite.start()


def fail(raw, suite, user="mallory", password="wrong"):
    stream = raw(suite).open().starttls()
    stream.auth("PLAIN", scram.plain(user, password))
    assert stream.verdict() == "not-authorized"


def test_an_event_is_an_entry_with_its_pairs_as_fields(journal, service, raw):
    fail(raw, service)
    entry = journal.wait("BULKHEAD_EVENT=auth-failed")
    assert entry["PRIORITY"] == "6" and entry["SYSLOG_IDENTIFIER"] == "bulkhead-authd"
    assert entry["BULKHEAD_INSTANCE"] == "authd" and entry["ADDRESS"] == "127.0.0.1"
    assert entry["JID"] == "mallory@localhost" and entry["BULKHEAD_MECHANISM"] == "PLAIN"
    assert entry["BULKHEAD_REASON"] == "unknown-account"
    assert entry["BULKHEAD_CONNECTION"].startswith("c2sd@1/")
    assert entry["MESSAGE"].startswith(f"auth-failed conn={entry['BULKHEAD_CONNECTION']} from=127.0.0.1 ")
    assert entry["_TRANSPORT"] == "journal" and entry["_EXE"].endswith("bulkhead-authd")


def test_each_confined_daemon_gets_there(journal, service):
    """The line `started` comes from behind the sandbox."""
    for row in service.rows("status"):
        journal.wait("BULKHEAD_EVENT=started", f"BULKHEAD_INSTANCE={row['instance']}", f"_PID={row['pid']}")
    journal.wait("BULKHEAD_EVENT=started", "BULKHEAD_INSTANCE=keyd", f"_PID={service.keyd}")


def test_a_connection_is_followed_through_all_daemons_by_one_match(journal, service, raw):
    stream = raw(service, "alice", "a")
    bound = journal.wait("BULKHEAD_EVENT=session-bound", f"JID={stream.jid}")
    stream.close()
    match = f"BULKHEAD_CONNECTION={bound['BULKHEAD_CONNECTION']}"
    journal.wait("BULKHEAD_EVENT=session-closed", match)
    assert {"routerd", "authd"} <= {e["BULKHEAD_INSTANCE"] for e in journal.entries(match)}


def as_text(value):
    """journalctl gives what is no printable text as a list of bytes."""
    return bytes(value).decode() if isinstance(value, list) else value


def test_what_a_client_sends_cannot_be_another_field(journal, service, raw):
    """A name with a line end and what looks like fields: it is one value, as it was sent."""
    evil = "x\u2028y reason=none JID=root ADDRESS=192.0.2.66"
    fail(raw, service, evil)
    stream = raw(service).open().starttls()
    stream.auth("EVIL&#10;ADDRESS=192.0.2.66")
    assert stream.verdict() == "invalid-mechanism"
    entries = eventually(lambda: [e for e in journal.entries("BULKHEAD_EVENT=auth-failed")
                                  if "ADDRESS=192" in as_text(e["BULKHEAD_MECHANISM"])], "the second one")
    assert as_text(entries[0]["BULKHEAD_MECHANISM"]) == "EVIL\nADDRESS=192.0.2.66"
    assert {e["ADDRESS"] for e in journal.entries("BULKHEAD_EVENT=auth-failed")} == {"127.0.0.1"}
    assert not journal.entries("ADDRESS=192.0.2.66") and not journal.entries("JID=root")


LIAR = """from systemd import journal
journal.send('auth-failed conn=c2sd@1/1 from=192.0.2.66 mechanism=PLAIN account=alice reason=wrong-password',
             BULKHEAD_EVENT='auth-failed', ADDRESS='192.0.2.66', SYSLOG_IDENTIFIER='bulkhead-authd',
             _SYSTEMD_UNIT='bulkhead-authd.service')"""


def as_units(exported):
    """The journal's entries, as if systemd had started who wrote them: authd by its unit, others by a user's session."""
    for entry in exported.split("\n\n"):
        fields = [line for line in entry.splitlines() if not line.startswith("_SYSTEMD_UNIT=")]
        if fields:
            ours = any(line.startswith("_EXE=") and line.endswith("/bulkhead-authd") for line in fields)
            yield "\n".join([*fields, f"_SYSTEMD_UNIT={'bulkhead-authd.service' if ours else 'user@1000.service'}"]) + "\n\n"


def test_fail2ban_finds_them_in_the_journal_and_believes_nobody_else(journal, service, raw, tmp_path):
    for _ in range(3):
        stream = raw(service, source="127.0.0.77").open().starttls()
        stream.auth("PLAIN", scram.plain("alice", "wrong"))
        assert stream.verdict() == "not-authorized"
    assert journal.run("/usr/bin/python3", "-c", LIAR).returncode == 0
    who = ["ADDRESS=127.0.0.77", "ADDRESS=192.0.2.66"]
    eventually(lambda: len(journal.entries(*who)) == 4, "all in the journal")
    exported = journal.run("journalctl", "--quiet", "-o", "export", *who).stdout
    file = tmp_path / "units.journal"
    subprocess.run(["/lib/systemd/systemd-journal-remote", "-o", file, "-"], input="".join(as_units(exported)), text=True,
                   check=True, capture_output=True, timeout=PATIENCE)
    done = subprocess.run(["fail2ban-regex", "--usedns", "no", "--out", "ip", f"systemd-journal[journalfiles={file}]", FILTER],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stdout.split() == ["127.0.0.77"] * 3, done.stdout + done.stderr


def test_without_journald_s_own_socket_a_line_begins_with_its_priority(journal, make_suite):
    """As in a container that has the stream alone."""
    socket = journal.root / "run/systemd/journal/socket"
    hidden = socket.with_name("hidden")
    socket.rename(hidden)
    try:
        suite = make_suite(start=False)
        suite.wrapper = journal.as_service
        suite.start()
        lines = [(e["PRIORITY"], e["MESSAGE"]) for e in journal.entries("_TRANSPORT=stdout")]
        assert [line for line in lines if line[0] == "6" and line[1].startswith("info routerd started ")]
    finally:
        hidden.rename(socket)

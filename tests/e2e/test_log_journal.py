"""Under systemd: events as fields in a real journald."""

import pytest

import scram
from journald import Journal
from suite import AS_ROOT, ROOT, eventually

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


def test_fail2ban_finds_them_in_the_journal(journal, service, raw):
    before = len(journal.entries("BULKHEAD_EVENT=auth-failed"))
    for _ in range(3):
        fail(raw, service, "alice")
    eventually(lambda: len(journal.entries("BULKHEAD_EVENT=auth-failed")) == before + 3, "all in the journal")
    path = next(iter((journal.root / "run/log/journal").iterdir())).name
    done = journal.run("fail2ban-regex", "--usedns", "no", "-m", "BULKHEAD_EVENT=auth-failed",
                       f"systemd-journal[journalpath=/run/log/journal/{path}]", FILTER)
    assert f"{before + 3} matched" in done.stdout, done.stdout


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

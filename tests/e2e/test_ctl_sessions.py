"""bulkheadctl about sessions, queues and announcements."""
import json

import pytest

import sm
from suite import eventually


def test_session_count_says_how_many_of_each_domain(make_suite, raw):
    suite = make_suite(domains=("localhost", "other.example"))
    for resource in ("1", "2"):
        raw(suite, "alice", resource)
    raw(suite, "bob")
    rows = {row["domain"]: row for row in suite.rows("session", "count")}
    assert rows["localhost"] == {"domain": "localhost", "accounts": "2", "sessions": "3"}
    assert rows["other.example"]["sessions"] == "0"
    assert suite.rows("session", "count", "localhost") == [rows["localhost"]]
    assert suite.ctl("session", "count", "elsewhere.example").returncode == 5


SESSION = ["jid", "state", "show", "priority", "since", "mechanism", "stream_management", "resume_seconds", "queue",
           "queue_bytes", "carbons", "instance", "connection", "address", "tls", "idle", "unwritten", "unacknowledged"]


def test_session_show_tells_all_of_a_session(suite, raw):
    alice = raw(suite, "alice", "home", priority=7)
    alice.send("<presence><show>dnd</show><priority>7</priority></presence>")
    row = eventually(lambda: next(iter(r for r in suite.rows("session", "show", alice.jid) if r["show"] == "dnd"), None),
                     "her presence")
    assert list(row) == SESSION
    assert row["jid"] == alice.jid and row["state"] == "available" and row["priority"] == "7"
    assert row["tls"].startswith("TLS1.3 ") and row["instance"] == "c2sd@1"
    assert row["address"].startswith("127.0.0.1") and row["stream_management"] == "off"
    assert int(row["idle"]) < 60 and row["unwritten"] == "0"
    table = suite.ctl("session", "show", alice.jid)
    assert table.returncode == 0
    assert [line.split(":")[0] for line in table.stdout.splitlines()] == SESSION


@pytest.mark.parametrize("address, code", [("alice@localhost", 2), ("alice@localhost/none", 5), ("a b", 2)])
def test_session_show_wants_a_session_that_is_there(suite, raw, address, code):
    raw(suite, "alice", "home")
    assert suite.ctl("session", "show", address).returncode == code


def test_a_session_that_sleeps_is_shown_and_killed_for_good(suite, raw):
    alice = raw(suite, "alice", "home")
    sm.enable(alice)
    alice.close()
    asleep = eventually(lambda: next(iter(r for r in suite.rows("session", "show", alice.jid) if r["state"] == "asleep"),
                                     None), "she sleeps")
    assert asleep["stream_management"] == "resumable" and asleep["instance"] == "-" and asleep["tls"] == "-"
    assert suite.ctl("session", "kill", alice.jid).returncode == 0
    with sm.log_in(suite, "alice") as again:
        sm.ask(again, alice.sm_id, 0)
        assert sm.refusal(again)[0] == "item-not-found"


def test_queues_show_what_waits_and_not_what_it_says(suite, raw):
    alice = raw(suite, "alice", "home")
    for n in range(3):
        alice.send(f"<message to='bob@localhost' type='chat' id='{n}'><body>a secret</body></message>")
    alice.ping()
    rows = eventually(lambda: suite.rows("queue", "list"), "something waits")
    assert [(r["kind"], r["queue"], r["stanzas"]) for r in rows] == [("offline", "bob@localhost", "3")]
    assert list(rows[0]) == ["kind", "queue", "stanzas", "bytes", "instance", "oldest"]
    shown = suite.rows("queue", "show", "bob@localhost")
    assert len(shown) == 3 and {r["from"] for r in shown} == {alice.jid}
    assert {(r["kind"], r["stanza"], r["state"]) for r in shown} == {("offline", "message", "stored")}
    assert "secret" not in json.dumps(shown)
    assert suite.rows("queue", "show", "alice@localhost") == []
    assert suite.ctl("queue", "show", "@").returncode == 2


def test_an_announcement_reaches_all_who_are_online(make_suite, raw):
    suite = make_suite(domains=("localhost", "other.example"),
                       accounts={"alice@localhost": "one", "bob@other.example": "two"})
    alice = raw(suite, "alice", "home")
    done = suite.ctl("announce", "The server <sleeps> at noon & long")
    assert done.returncode == 0 and done.stdout.strip() == "1 sessions were told"
    message = alice.next_message()
    assert message.get("type") == "headline" and message.get("from") == "localhost"
    assert "The server <sleeps> at noon & long" in "".join(message.itertext())
    done = suite.ctl("announce", "hello", "--domain", "other.example", "--json")
    assert json.loads(done.stdout) == [{"code": "0", "text": "0 sessions were told"}]
    assert suite.ctl("announce", "").returncode == 2
    assert suite.ctl("announce", "x", "--domain", "elsewhere.example").returncode == 5

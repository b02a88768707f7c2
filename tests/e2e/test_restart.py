"""Daemons that die or are restarted, and what their clients notice of it (custody.md)."""
import os
import signal

import pytest

import sm
from hostile import Evil
from im import befriend, is_presence, pushes, put, roster, settle
from suite import eventually, free_port, pause
from xmpp import CLIENT, Closed, body, condition

CARBONS = "urn:xmpp:carbons:2"


def pid_of(suite, name):
    return suite.pids()[name]


def healed(suite, names):
    """All of them are there, and no stanza has fewer holders than it should."""
    done = suite.ctl("status", "--json")
    if done.returncode != 0:
        return None
    import json
    rows = {r["instance"]: r for r in json.loads(done.stdout)}
    return rows if set(names) <= set(rows) and rows["routerd"]["state"] == "custody: healed" else None


def is_back(suite, name, killed):
    names = {"routerd", "authd", name}
    eventually(lambda: int((healed(suite, names) or {}).get(name, {"pid": killed})["pid"]) != killed,
               f"a new {name}")


def kill(suite, name="routerd", wait=True):
    pid = pid_of(suite, name)
    os.kill(pid, signal.SIGKILL)
    if wait:
        is_back(suite, name, pid)


@pytest.fixture
def friends(suite, raw):
    """Who see each other, without stream management."""
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    roster(alice), roster(bob)
    befriend(alice, bob)
    return alice, bob


@pytest.fixture
def alice_there(suite, raw):
    return raw(suite, "alice", "a")


@pytest.fixture
def two(make_suite):
    """An instance with two front ends; two.at[1], two.at[2] are their addresses."""
    ports = {1: free_port(), 2: free_port()}
    suite = make_suite(front_ends={f"c2sd@{n}": [f"127.0.0.1:{p}"] for n, p in ports.items()})
    suite.at = {n: ("127.0.0.1", p) for n, p in ports.items()}
    return suite


# routerd.

def test_what_is_said_while_routerd_is_away_waits_and_comes_once_and_in_order(suite, friends):
    alice, bob = friends
    kill(suite, wait=False)
    for n in range(300):
        alice.message(bob.jid, str(n))
    assert [body(bob.next_message()) for _ in range(300)] == [str(n) for n in range(300)]
    assert not [e for e in bob.ping() if e.tag == CLIENT + "message"]


def test_nobody_is_told_of_anything(suite, friends):
    kill(suite)
    came = settle(*friends)
    assert came == [[], []]


def test_presence_goes_on(suite, friends):
    alice, bob = friends
    kill(suite)
    bob.send("<presence><show>away</show></presence>")
    assert alice.until(is_presence(None, bob.jid)).findtext(CLIENT + "show") == "away"
    bob.send("<presence type='unavailable'/>")
    alice.until(is_presence("unavailable", bob.jid))


def test_whoever_comes_later_sees_who_was_there_before(suite, raw, friends):
    alice, bob = friends
    bob.send("<presence><show>dnd</show></presence>")
    alice.until(is_presence(None, bob.jid))
    kill(suite)
    again = raw(suite, "alice", "later", priority=None)
    again.send("<presence/>")
    assert again.until(is_presence(None, bob.jid)).findtext(CLIENT + "show") == "dnd"


def test_what_a_session_asked_for_it_still_gets(suite, raw, friends):
    alice, bob = friends
    tablet = raw(suite, "alice", "tablet")
    tablet.iq("set", f"<enable xmlns='{CARBONS}'/>")
    tablet.iq("get", "<blocklist xmlns='urn:xmpp:blocking'/>")
    kill(suite)
    put(alice, "carol@example.org")
    alice.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='eve@example.org'/></block>")
    bob.message(alice.jid, "to one")
    came = settle(tablet, bob, alice)[0]
    assert [e for e in came if e.find(f"{{{CARBONS}}}received") is not None]
    assert [e for e in came if e.find("{urn:xmpp:blocking}block") is not None]
    assert not pushes(came)  # it has not asked for the roster


def test_roster_pushes_go_on(suite, raw, friends):
    alice, _ = friends
    kill(suite)
    other = raw(suite, "alice", "other")
    put(other, "carol@example.org")
    assert [i.jid for i in pushes(settle(alice, other)[0])] == ["carol@example.org"]


def test_directed_presence_is_still_ended(suite, raw):
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    alice.send(f"<presence to='{bob.jid}'/>")
    bob.until(is_presence(None, alice.jid))
    kill(suite)
    alice.send("</stream:stream>")
    bob.until(is_presence("unavailable", alice.jid))


def test_a_client_that_nobody_looks_at_is_still_left_alone(suite, friends):
    alice, bob = friends
    alice.send("<inactive xmlns='urn:xmpp:csi:0'/>")
    alice.ping()
    kill(suite)
    bob.send("<presence><show>away</show></presence>")
    bob.ping()
    alice.send("<active xmlns='urn:xmpp:csi:0'/>")
    assert alice.until(is_presence(None, bob.jid)).findtext(CLIENT + "show") == "away"


def test_who_left_while_routerd_was_away_is_gone(suite, friends):
    alice, bob = friends
    pid = pid_of(suite, "routerd")
    pause(pid)
    alice.close()
    os.kill(pid, signal.SIGKILL)
    bob.until(is_presence("unavailable", alice.jid))
    assert [r["jid"] for r in suite.rows("session", "list")] == [bob.jid]


def test_the_list_of_sessions_is_what_it_was(suite, friends):
    def rows():
        return sorted(tuple(sorted(r.items())) for r in suite.rows("session", "list"))
    before = rows()
    kill(suite)
    assert rows() == before


def test_a_second_death_changes_nothing(suite, friends):
    alice, bob = friends
    for n in range(3):
        kill(suite)
        alice.message(bob.jid, str(n))
        assert body(bob.next_message()) == str(n)


def test_who_sleeps_is_resumed_by_the_next_routerd(suite, raw):
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    sm.enable(alice)
    bob.message(alice.jid, "before")
    sm.stanzas(alice, 1)
    alice.close()
    for n in range(20):
        bob.message(alice.jid, f"meanwhile {n}")
    bob.ping()
    kill(suite)
    bob.message(alice.jid, "after")
    bob.ping()
    back = sm.log_in(suite, "alice")
    sm.resume(back, alice.sm_id, 0)
    assert [body(m) for m in sm.stanzas(back, 22)] == [
        "before", *(f"meanwhile {n}" for n in range(20)), "after"]
    back.close()


def test_counting_goes_on(suite, raw):
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    sm.enable(alice)
    for n in range(5):
        alice.message(bob.jid, str(n))
    sm.handles(alice, 5)
    kill(suite)
    alice.message(bob.jid, "5")
    sm.handles(alice, 6)
    bob.message(alice.jid, "x")
    sm.stanzas(alice, 1)
    sm.ack(alice, 1)
    alice.ping()


def test_a_component_stays(gate, raw):
    alice = raw(gate.suite, "alice", "a")
    kill(gate.suite)
    gate.send(f"<message from='bot@gate.localhost' to='{alice.jid}' type='chat'><body>hello</body></message>")
    assert body(alice.next_message()) == "hello"


# Front ends.

def test_sessions_of_a_dead_front_end_are_resumed_at_another(two, raw):
    bob = raw(two, "bob", "b", address=two.at[2])
    alice = raw(two, "alice", "a", address=two.at[1])
    sm.enable(alice)
    for n in range(5):
        bob.message(alice.jid, str(n))
    bob.ping()
    kill(two, "c2sd@1")
    bob.message(alice.jid, "5")
    back = sm.log_in(two, "alice", two.at[2])
    sm.resume(back, alice.sm_id, 2)
    assert [body(m) for m in sm.stanzas(back, 4)] == ["2", "3", "4", "5"]
    back.close()


def test_others_of_a_dead_front_end_are_gone_and_what_was_theirs_is_stored(two, raw):
    alice, bob = raw(two, "alice", "a", address=two.at[1]), raw(two, "bob", "b", address=two.at[2])
    roster(bob)
    befriend(alice, bob)
    kill(two, "c2sd@1")
    bob.until(is_presence("unavailable", alice.jid))


def test_a_front_end_that_stands_still_holds_up_nobody_else(two, raw):
    alice = raw(two, "alice", "a", address=two.at[1])
    bob = raw(two, "bob", "b", address=two.at[2])
    sm.enable(alice)
    pid = pid_of(two, "c2sd@1")
    pause(pid)
    back = sm.log_in(two, "alice", two.at[2])
    assert sm.resume(back, alice.sm_id, 0) == 0
    bob.message(alice.jid, "there")
    assert body(back.next_message()) == "there"
    os.kill(pid, signal.SIGCONT)
    assert alice.error() == "conflict"
    back.close()


# authd.

def test_nobody_who_is_logged_in_notices_the_death_of_authd(suite, raw, friends):
    alice, bob = friends
    kill(suite, "authd", wait=False)
    alice.message(bob.jid, "hello")
    assert body(bob.next_message()) == "hello"

    def logged_in():
        from xmpp import Raw
        stream = Raw(suite.address, "localhost").open().starttls()
        try:
            verdict = stream.scram("SCRAM-SHA-1", "alice", suite.password("alice@localhost"))
        finally:
            stream.close()
        assert verdict in ("success", "temporary-auth-failure")
        return verdict == "success"
    eventually(logged_in, "an authd")


@pytest.fixture
def without_authd(suite, alice_there):
    """Whom a message is for that has never logged in, only authd knows; go_on() brings it back."""
    pid = pid_of(suite, "authd")
    suite.go_on = lambda: suite.process.send_signal(signal.SIGCONT)
    pause(suite.process.pid)
    mark = suite.log.mark()
    os.kill(pid, signal.SIGKILL)
    suite.log.wait("peer-left peer=authd ", since=mark)
    yield suite
    suite.go_on()
    suite.log.wait("peer-joined peer=authd ", since=mark)  # at its own end it would tell how that one ended


def gets(suite, raw, text):
    bob = raw(suite, "bob", "b", priority=None)
    bob.send("<presence/>")
    assert body(bob.next_message()) == text


def test_a_message_to_a_new_account_waits_for_authd(without_authd, raw, alice_there):
    alice_there.message("bob@localhost", "hello")
    without_authd.go_on()
    assert alice_there.ping() == []
    gets(without_authd, raw, "hello")


def test_an_authd_that_dies_when_it_is_asked_is_asked_again(without_authd, raw, alice_there):
    asked = Evil(without_authd, "AUTH")
    alice_there.message("bob@localhost", "hello")
    alice_there.message("carol@localhost", "is there none?")
    assert asked.expect("ACCOUNT_LOOKUP")[2]["account"] == b"bob@localhost"
    asked.leave()
    without_authd.go_on()
    assert condition(alice_there.next_message())[1] == "service-unavailable"
    gets(without_authd, raw, "hello")


def test_nobody_waits_for_an_authd_that_stays_away(without_authd, alice_there):
    for name in ("bob", "carol"):
        alice_there.message(f"{name}@localhost", "hello")
        assert condition(alice_there.next_message())[1] == "internal-server-error"


# By an administrator.

@pytest.mark.parametrize("name", ["routerd", "authd"])
def test_a_restart_on_demand_is_not_noticed(suite, friends, name):
    alice, bob = friends
    pid = pid_of(suite, name)
    assert suite.ctl("restart", name).returncode == 0
    is_back(suite, name, pid)
    alice.message(bob.jid, "hello")
    assert body(bob.next_message()) == "hello"
    assert not [e for e in settle(*friends)[1] if e.tag == CLIENT + "presence"]


def test_clients_of_a_front_end_that_is_restarted_resume_elsewhere(two, raw):
    alice = raw(two, "alice", "a", address=two.at[1])
    sm.enable(alice)
    pid = pid_of(two, "c2sd@1")
    assert two.ctl("restart", "c2sd@1").returncode == 0
    assert alice.error() == "system-shutdown"
    back = sm.log_in(two, "alice", two.at[2])
    sm.resume(back, alice.sm_id, 0)
    is_back(two, "c2sd@1", pid)
    back.ping()
    back.close()


def test_a_front_end_that_is_drained_sends_on_those_who_can_resume(two, raw):
    alice, bob = (raw(two, user, address=two.at[1]) for user in ("alice", "bob"))
    sm.enable(alice)
    assert two.ctl("drain", "c2sd@1").returncode == 0
    assert alice.error() == "system-shutdown"
    bob.ping()
    rows = eventually(lambda: healed(two, {"c2sd@1"}), "custody: healed")
    assert rows["c2sd@1"]["state"] == "draining"
    with pytest.raises((Closed, OSError)):
        raw(two, "alice", address=two.at[1])
    back = sm.log_in(two, "alice", two.at[2])
    sm.resume(back, alice.sm_id, 0)
    back.close()


@pytest.mark.parametrize("command, name, code", [
    ("restart", "nobody", 5), ("drain", "nobody", 5), ("drain", "authd", 2)])
def test_what_cannot_be_restarted_or_drained_is_refused(suite, command, name, code):
    done = suite.ctl(command, name)
    assert done.returncode == code and done.stderr


# The two scenarios that others lose messages in.

def test_receivers_are_cut_off_and_then_a_daemon_dies(two, raw):
    for victim in ("c2sd@1", "routerd"):
        alice = raw(two, "alice", "a", address=two.at[1], priority=None)
        bob = raw(two, "bob", "b", address=two.at[2], priority=None)
        sm.enable(alice), sm.enable(bob)
        for n in range(50):
            bob.message(alice.jid, str(n))
        sm.stanzas(alice, 20)
        alice.close()
        for n in range(50, 500):
            bob.message(alice.jid, str(n))
        sm.handles(bob, 500)
        kill(two, victim)
        back = sm.log_in(two, "alice", two.at[2])
        sm.resume(back, alice.sm_id, 20)
        assert [body(m) for m in sm.stanzas(back, 480)] == [str(n) for n in range(20, 500)]
        for stream in (back, bob):
            stream.send("</stream:stream>")
            stream.closed()


def test_senders_wait_for_acknowledgements_while_receivers_lag(two, raw):
    alice = raw(two, "alice", "a", address=two.at[1], priority=None)
    bob = raw(two, "bob", "b", address=two.at[2], priority=None)
    sm.enable(alice), sm.enable(bob)
    for n in range(300):
        bob.message(alice.jid, f"{n} {'x' * 1000}")
        if n % 10 == 9:
            sm.handles(bob, n + 1)
        if n == 150:
            kill(two)
    assert [body(m).split()[0] for m in sm.stanzas(alice, 300)] == [str(n) for n in range(300)]

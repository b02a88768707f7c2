"""A front end that has been taken over wants to be somebody else, or to be somebody for longer than it may.

Each test says which invariant (I) of architecture.md or which rule (R) of custody.md it tries to break.
"""
import os
import struct

import pytest

import bus
import scram
from hostile import Bystander, allowed, bounds
from suite import AS_ROOT, SANITIZED, eventually
from test_hostile import evil  # noqa: F401 (a fixture)
from test_keyd import memory
from xmpp import CLIENT

ALICE, BOB, CAROL = "alice@localhost", "bob@localhost", "carol@localhost"
REMOTE = "evil.example"


@pytest.fixture(scope="module")
def attacked(make_shared):
    """carol logs in at the front end that is taken over, and nowhere else."""
    return make_shared(s2s=True, accounts={ALICE: "wonderland-1", BOB: "builder-2", CAROL: "carol-3"})


@pytest.fixture
def others(attacked, raw):
    made = Bystander(attacked, raw)
    yield made
    made.unharmed()


def log_in(peer, connection=1, user="carol"):
    peer.begin(connection, user)
    assert peer.expect("AUTH_RESULT")[2]["condition"] == 0
    return peer


def bind(peer, connection=1, user="carol", resource="evil"):
    log_in(peer, connection, user).send("BIND", connection, resource=resource)
    return peer.expect("BOUND")[2]


def enable(peer, connection=1):
    """Stream management; what the session may be resumed by."""
    peer.send("SM_ENABLE", connection, in_base=0, resume=1, max=600)
    return peer.expect("SM_ENABLED")[2]["id"].decode()


def sessions_of(suite, account):
    return [r["jid"] for r in suite.rows("session", "list", account)]


def silent_to(bob):
    """Nothing but what the server says has come to him."""
    assert not [e for e in bob.ping() if e.tag == CLIENT + "message"]


# Every message, by somebody who has logged in.

@pytest.mark.parametrize("state", ["logged in", "bound", "resumable"])
def test_i1_s28_whatever_is_said_on_a_session_it_is_that_account_s(others, evil, state):  # noqa: F811
    """All messages of a front end, their fields at their bounds, on a connection that is carol's."""
    for message in allowed("C2S"):
        for _, values in bounds(message):
            peer = evil()
            if state == "logged in":
                log_in(peer)
            else:
                bind(peer)
            if state == "resumable":
                enable(peer)
            peer.send(message.name, 1, **values)
            peer.leave()
        others.chats()
    jids = {r["jid"] for r in others.suite.rows("session", "list")}
    assert not jids - {others.alice.jid, others.bob.jid} or all(j.startswith(CAROL + "/") for j in jids - {
        others.alice.jid, others.bob.jid})


@pytest.mark.parametrize("sender", [BOB, "bob@localhost/home", "localhost", f"x@{REMOTE}", CAROL, ""])
def test_i1_s28_a_client_s_session_names_no_sender(others, evil, sender):  # noqa: F811
    """Invariant 1: from comes out of routerd's table."""
    peer = evil()
    bind(peer)
    peer.send("SUBMIT", 1, number=1, stanza=bus.envelope(to=others.alice.jid), **{"from": sender})
    peer.costs_it_the_link("SUBMIT")
    silent_to(others.alice)


# R17: what proves a session, and what does not.

def test_r17_an_id_to_resume_by_is_worth_nothing_to_another_account(others, evil):  # noqa: F811
    owner, thief = evil(), evil()
    bind(owner)
    ticket = enable(owner)
    log_in(thief, 1, "bob").send("RESUME", 1, id=ticket, h=0)
    assert not thief.expect("RESUME_REFUSED")[2]["known"]
    assert sessions_of(others.suite, CAROL) == [CAROL + "/evil"]


def test_r17_nor_without_a_log_in(others, evil):  # noqa: F811
    owner, thief = evil(), evil()
    bind(owner)
    ticket = enable(owner)
    thief.send("RESUME", 1, id=ticket, h=0)  # a connection that never was
    thief.begin(2, "bob", "a guess")
    thief.expect("AUTH_RESULT")
    thief.send("RESUME", 2, id=ticket, h=0)
    thief.costs_it_the_link("RESUME")
    assert owner.is_linked() and sessions_of(others.suite, CAROL) == [CAROL + "/evil"]


def test_r17_an_id_with_any_character_changed_is_none(others, evil):  # noqa: F811
    owner, thief = evil(), evil()
    bind(owner)
    ticket = enable(owner)
    log_in(thief)
    for at in range(len(ticket)):
        other = "0" if ticket[at] != "0" else "1"
        thief.send("RESUME", 1, id=ticket[:at] + other + ticket[at + 1:], h=0)
        assert thief.expect("RESUMED", "RESUME_REFUSED")[0] == "RESUME_REFUSED", at
    for wrong in ("", ticket[:-1], ticket + "0", ticket * 2, ticket.upper() + " "):
        thief.send("RESUME", 1, id=wrong[:128], h=0)
        assert thief.expect("RESUMED", "RESUME_REFUSED")[0] == "RESUME_REFUSED", wrong


@pytest.mark.parametrize("end", ["logout", "kill", "deleted"])
def test_r17_an_id_is_worth_nothing_after_the_session_s_end(others, evil, end):  # noqa: F811
    owner, thief = evil(), evil()
    jid = bind(owner)["jid"].decode()
    ticket = enable(owner)
    if end == "logout":
        owner.send("CLOSED", 1, reason=1)
    elif end == "kill":
        assert others.suite.ctl("session", "kill", jid).returncode == 0
        owner.send("CLOSED", 1, reason=2)
    else:  # the link's end puts it to sleep, and the kill ends that
        owner.leave()
        eventually(lambda: others.suite.ctl("session", "kill", jid).returncode == 0, "the end of it")
    eventually(lambda: not sessions_of(others.suite, CAROL), "its end")
    log_in(thief).send("RESUME", 1, id=ticket, h=0)
    assert thief.expect("RESUMED", "RESUME_REFUSED")[0] == "RESUME_REFUSED"


def test_r17_who_has_lost_a_session_to_another_front_end_speaks_for_it_no_more(others, evil):  # noqa: F811
    before, after = evil(), evil()
    bind(before)
    ticket = enable(before)
    log_in(after).send("RESUME", 1, id=ticket, h=0)
    after.expect("RESUMED")
    before.expect("FENCE")
    before.submit(1, 1, bus.envelope(to=others.bob.jid))
    before.send("DONE", marks=struct.pack(">QQ", 1, 1))
    before.send("RESUME", 1, id=ticket, h=0)  # the connection has had its session
    silent_to(others.bob)
    after.submit(1, 1, bus.envelope(to=others.bob.jid, inner="<body>mine</body>"))
    assert others.bob.next_message().get("from") == CAROL + "/evil"
    assert len(sessions_of(others.suite, CAROL)) == 1


def test_r17_a_row_is_claimed_during_the_barrier_alone(others, evil):  # noqa: F811
    """RESTORE of a session that lives, of one that is another's, and of one that is none."""
    owner, thief = evil(), evil(restored=False)
    bound = bind(owner)
    for n, session in enumerate((bound["session"], b"x" * 16, bytes(16)), 1):
        thief.send("RESTORE", n, session=session, epoch=bound["epoch"], out_number=1, flags=1)
        assert thief.expect("KILL")[1] == n
        thief.submit(n, 1, bus.envelope(to=others.bob.jid))
    silent_to(others.bob)


# R18: what an account's generation ends.

def end_it(suite, how):
    command = {"password": ("user", "passwd", CAROL, "--password-stdin"), "kill": ("session", "kill", CAROL),
               "delete": ("user", "del", CAROL)}[how]
    done = suite.ctl(*command, input="carol-3\n")
    assert done.returncode == 0, done.stderr


def told_to_end(others, peer, how):
    """A front end that was told to close carol's session and another connection of hers, and does not care."""
    bind(peer)
    if how != "kill":
        log_in(peer, 2)
    peer.submit(1, 1, bus.envelope(to=others.bob.jid, inner="<body>before</body>"))
    others.bob.next_message()
    end_it(others.suite, how)
    peer.expect("KILL")
    return peer


@pytest.fixture(params=["password", "kill", "delete"])
def ended(attacked, others, evil, request):  # noqa: F811
    yield told_to_end(others, evil(), request.param)
    if request.param == "delete":
        attacked.add_accounts({CAROL: "carol-3"})


def test_r18_a_session_that_is_ended_says_nothing_more(others, ended):
    for n in range(2, 6):
        ended.submit(1, n, bus.envelope(to=others.bob.jid))
    silent_to(others.bob)


def test_r18_its_connections_are_bound_no_more(others, ended):
    ended.send("BIND", 1, resource="more")
    ended.send("BIND", 2, resource="more")
    ended.send("CLOSED", 1, reason=1)
    ended.leave()
    assert "session-bound" not in "".join(others.suite.log.find(CAROL + "/more", ended.mark))
    eventually(lambda: not sessions_of(others.suite, CAROL), "its end")


def test_r18_it_ends_though_it_is_not_closed(others, evil):  # noqa: F811
    ended = told_to_end(others, evil(), "kill")
    eventually(lambda: not sessions_of(others.suite, CAROL), "its end")
    assert ended.is_linked()


def test_r18_it_does_not_sleep_either(others, evil):  # noqa: F811
    """CLOSED says that the client was lost, which would keep a session that may be resumed."""
    peer = evil()
    bind(peer)
    enable(peer)
    end_it(others.suite, "kill")
    peer.expect("KILL")
    peer.send("CLOSED", 1, reason=2)
    eventually(lambda: not sessions_of(others.suite, CAROL), "its end")


def test_what_was_on_its_way_when_another_took_the_name_costs_an_honest_front_end_nothing(others, evil):  # noqa: F811
    peer = evil()
    bind(peer)
    bind(peer, 2)
    assert peer.expect("KILL")[1] == 1
    peer.submit(1, 1, bus.envelope(to=others.bob.jid))
    peer.submit(2, 1, bus.envelope(to=others.bob.jid, inner="<body>the newer one</body>"))
    assert others.bob.next_message().findtext(CLIENT + "body") == "the newer one"
    assert peer.is_linked()


# R19: conversations and verdicts.

@pytest.fixture
def judged(others, evil):  # noqa: F811
    """A connection that a false authd is to judge: (front end, authd, conversation)."""
    authd = evil("AUTH")
    front, connection = evil(), 0
    while True:
        connection += 1
        front.begin(connection, "bob", "a guess", mechanism="PLAIN")
        try:
            name, conversation, _ = authd.next(0.2)
            assert name == "AUTH_BEGIN"
            return front, authd, connection, conversation
        except TimeoutError:
            continue  # the honest one got it


def verdict(authd, conversation, **more):
    authd.send("AUTH_VERDICT", conversation, **{
        "account": CAROL, "mechanism": "PLAIN", "generation": 1 << 40, **more})


def test_r19_a_verdict_about_another_s_conversation_counts_for_nothing(judged, others):
    front, authd, connection, conversation = judged
    for near in range(1, 50):
        verdict(authd, conversation + near)
        verdict(authd, conversation - near)
    front.begin(connection + 1, "bob", "a guess")
    front.begin(connection + 2, "bob", "a guess")  # one of these is the honest one's
    for near in range(1, 50):
        verdict(authd, conversation + 2 + near)
    front.send("BIND", connection + 1, resource="stolen")
    front.gone()
    assert sessions_of(others.suite, CAROL) == []


def test_r19_a_verdict_counts_once(judged, others):
    front, authd, connection, conversation = judged
    verdict(authd, conversation, condition=9)  # not-authorized
    assert front.expect("AUTH_RESULT")[2]["condition"] != 0
    verdict(authd, conversation)
    front.send("BIND", connection, resource="stolen")
    front.costs_it_the_link("BIND")
    assert sessions_of(others.suite, CAROL) == []


@pytest.mark.parametrize("end", ["AUTH_ABORT", "CLOSED"])
def test_r19_a_verdict_comes_too_late_after_the_end(judged, others, end):
    front, authd, connection, conversation = judged
    front.send(end, connection)
    if end == "AUTH_ABORT":
        authd.expect("AUTH_ABORT")
    else:
        others.chats()
    verdict(authd, conversation)
    others.chats()
    front.send("BIND", connection, resource="stolen")
    others.chats()
    assert sessions_of(others.suite, CAROL) == []


@pytest.mark.parametrize("account", ["carol", "localhost", "", CAROL + "/x", "CAROL@LOCALHOST", "a b@localhost"])
def test_r19_an_account_that_is_none_is_nobody(judged, others, account):
    front, authd, connection, conversation = judged
    verdict(authd, conversation, account=account)
    assert front.expect("AUTH_RESULT")[2]["condition"] != 0
    front.send("BIND", connection, resource="stolen")
    front.costs_it_the_link("BIND")


def test_r19_each_side_speaks_in_its_turn(judged, others):
    """Else one of them could fill the other's link."""
    front, authd, connection, conversation = judged
    authd.send("AUTH_CHALLENGE", conversation, data="YQ==")
    assert front.expect("AUTH_CHALLENGE")[1] == connection
    front.send("AUTH_STEP", connection, data="Yg==")
    assert authd.expect("AUTH_STEP")[1] == conversation
    front.send("AUTH_STEP", connection, data="Yg==")
    front.costs_it_the_link("AUTH_STEP")


def test_r19_and_so_does_authd(judged, others):
    _, authd, _, conversation = judged
    authd.send("AUTH_CHALLENGE", conversation, data="YQ==")
    authd.send("AUTH_CHALLENGE", conversation, data="YQ==")
    authd.costs_it_the_link("AUTH_CHALLENGE")


# R20: names.

@pytest.mark.parametrize("role", ["C2S", "S2S", "AUTH", "DIR", "SNMP"])
def test_r20_nobody_has_the_name_of_another_role(attacked, others, role):
    """Else it could keep that daemon from coming back."""
    names = [text for name, (_, text, _) in bus.ROLES.items() if name != role]
    for name in [n + end for n in names for end in ("", "@1", "@9")] + ["", "@", "x", "routerd"]:
        mark = attacked.log.mark()
        with bus.Peer(attacked, role) as peer:
            peer.hello(instance=name)
            assert "WELCOME" not in peer.gone(), name
        attacked.log.wait(r"peer-refused .*reason=", since=mark)


@pytest.mark.parametrize("role", ["C2S", "S2S", "AUTH"])
def test_r20_nor_that_of_one_who_lives(attacked, others, role):
    live = next(iter(attacked.pids(bus.ROLES[role][1])))
    with bus.Peer(attacked, role) as peer:
        peer.hello(instance=live)
        assert "WELCOME" not in peer.gone()
    assert live in attacked.pids()


# R22, and invariant 1 for s2sd.

@pytest.fixture
def remote(evil):  # noqa: F811
    """An s2sd that says that evil.example has proved itself, with a session for it."""
    peer = evil("S2S")
    peer.send("PROVE", 1, local="localhost", remote=REMOTE)
    assert peer.expect("PROVEN")[2]["condition"] == 0
    peer.send("BIND", 1)
    peer.expect("BOUND")
    return peer


@pytest.mark.parametrize("local, domain", [
    ("localhost", "localhost"), ("localhost", "LOCALHOST"), (REMOTE, "localhost"), (REMOTE, "other.example"),
    ("localhost", "x@evil.example"), ("localhost", "evil.example/x"), ("localhost", ""), ("", REMOTE),
    ("localhost", "evil .example"), ("localhost", "EVIL.example")])
def test_r22_i1_no_domain_of_ours_is_remote_and_none_of_others_ours(others, evil, local, domain):  # noqa: F811
    peer = evil("S2S")
    peer.send("PROVE", 1, local=local, remote=domain)
    assert peer.expect("PROVEN")[2]["condition"] != 0
    peer.send("BIND", 1)
    peer.leave()
    assert not others.suite.log.find(f"session-bound .*{peer.instance}", peer.mark)


@pytest.mark.parametrize("sender, to", [
    (ALICE, BOB), ("alice@localhost/home", BOB), ("localhost", BOB), ("x@other.example", BOB), ("x@vil.example", BOB),
    ("x@sub.evil.example", BOB), ("evil.example.", BOB), (f"x@{REMOTE}", f"y@{REMOTE}"), (f"x@{REMOTE}", "y@other.example"),
    (f"x@{REMOTE}", None), (None, BOB), ("", BOB), (f"X@{REMOTE.upper()}", BOB), (f"x@{REMOTE}/", BOB)])
def test_i1_s28_an_s2sd_speaks_for_the_proved_domain_to_the_domain_it_was_proved_to(others, remote, sender, to):
    """Invariant 1: none from s2sd carries a local domain, and no peer one that its connection has not proved."""
    remote.send("SUBMIT", 1, number=1, stanza=bus.envelope(to=to), **{"from": sender})
    remote.costs_it_the_link("SUBMIT")
    silent_to(others.bob)


def test_i1_a_proof_is_its_connection_s(others, remote):
    remote.send("BIND", 2)  # nothing was proved on it
    remote.send("SUBMIT", 2, number=1, stanza=bus.envelope(to=BOB), **{"from": f"x@{REMOTE}"})
    remote.send("SUBMIT", 1, number=1, stanza=bus.envelope(to=others.bob.jid), **{"from": f"x@{REMOTE}"})
    assert others.bob.next_message().get("from") == f"x@{REMOTE}"


def test_i1_an_s2sd_has_no_session_of_a_client(others, remote, evil):  # noqa: F811
    """By its number, or by what it may be resumed by."""
    owner = evil()
    bind(owner)
    ticket = enable(owner)
    theirs = int(others.suite.rows("session", "list")[0]["connection"])
    remote.send("CLOSED", theirs, reason=0)
    remote.send("RESUME", theirs, id=ticket, h=0)
    assert remote.expect("RESUMED", "RESUME_REFUSED")[0] == "RESUME_REFUSED"
    remote.send("UNREACHABLE", theirs, upto=1 << 40, condition=1)
    others.chats()


# I2, R24: passwords.

@pytest.mark.parametrize("daemon", ["c2sd", "routerd"])
def test_i2_r24_a_password_is_wiped_where_it_only_passes(attacked, raw, daemon):
    """PLAIN passes through c2sd and routerd, and nothing of it stays there."""
    if not AS_ROOT:
        assert open("/proc/sys/kernel/yama/ptrace_scope").read()  # nobody but root may look
        return
    secret = os.urandom(15).hex()
    attacked.add_accounts({"dora@localhost": secret})
    stream = raw(attacked).open().starttls()
    stream.auth("PLAIN", scram.plain("dora", secret))
    assert stream.verdict() == "success"
    found = scram.plain("dora", secret).encode()
    pid = attacked.pids(daemon).popitem()[1]
    if SANITIZED and daemon == "c2sd":
        return  # AddressSanitizer moves each block that grows, and keeps what was freed
    needles = [secret.encode(), found[8:-4]]
    assert not any(needle in piece for piece in memory(pid) for needle in needles)
    assert attacked.ctl("user", "del", "dora@localhost").returncode == 0

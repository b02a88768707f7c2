"""What never stands in the log, at level debug in all daemons: passwords, keys, tickets, and what people write."""
import base64
import hashlib
import re
import sqlite3

import gate
import scram
from federation import make_pair, net  # noqa: F401 (fixtures)
from im import put
from remote import Stream
from sm import ask, enable, log_in, refusal, resume

PASSWORD, WRONG, NEW, IMPORTED = "kn0wn-passw0rd-1", "wr0ng-guess-2", "new-passw0rd-3", "imp0rted-passw0rd-4"
BODY, NAME, GROUP = "the text of a message 5", "Name of a contact 6", "Group of a contact 7"
PRIVATE, STATUS, NICK, CARD = "private xml 8", "my status 9", "my nickname 10", "a street 11"
REGISTERED = "registered-passw0rd-12"


def forms(secret):
    """The text itself, and what it looks like in Base64 (at each of the three places) and hexadecimal."""
    data = secret if isinstance(secret, bytes) else secret.encode()
    yield data.decode("latin-1")
    yield data.hex()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + data).decode()
        yield text[(shift * 8 + 5) // 6:len(text) - 4]


def stanzas(alice, bob):
    """All that people write, in the places where they do."""
    alice.message(bob.jid, BODY)
    bob.next_message()
    alice.message("nobody@localhost", BODY)
    alice.message("carol@remote.example", BODY)
    put(alice, "bob@localhost", NAME, [GROUP])
    alice.iq("set", f"<query xmlns='jabber:iq:private'><x xmlns='my:notes'>{PRIVATE}</x></query>")
    alice.iq("set", f"<vCard xmlns='vcard-temp'><NICKNAME>{NICK}</NICKNAME><ADR><STREET>{CARD}</STREET></ADR></vCard>")
    alice.send(f"<presence><status>{STATUS}</status></presence>")
    alice.ping()


def logins(suite, raw):
    """Right and wrong ones, by every mechanism; what was sent, as it was."""
    sent = []
    for password in (PASSWORD, WRONG):
        stream = raw(suite).open().starttls()
        sent.append(scram.plain("alice", password))
        stream.auth("PLAIN", sent[-1])
        stream.verdict()
        for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256-PLUS"):
            stream = raw(suite).open().starttls()
            exchange = scram.Scram(mechanism, "alice", password,
                                   binding=stream.wire.exporter() if "PLUS" in mechanism else None)
            stream.auth(mechanism, exchange.first())
            answer = exchange.final(stream.next().text)
            sent.append(base64.b64decode(answer).decode().split("p=")[1])
            stream.response(answer)
            stream.next()
    return sent


def broken(suite, raw):
    """Streams that end with an error in the middle of something private."""
    stream = raw(suite, "alice", "broken")
    stream.send(f"<message><body>{BODY}</wrong>")
    stream.closed()
    stream = raw(suite, "alice", "broken")
    stream.send(f"<message to='@@@' id='x'><body>{BODY}</body></message>")
    stream.send(f"<{NAME.split()[0]} xmlns='x'>{BODY}</{NAME.split()[0]}>")
    stream.closed()
    stream = raw(suite).open().starttls()
    stream.send(f"<message><body>{BODY}</body></message>")
    stream.closed()


def tickets(suite, raw):
    """Ids by which sessions are resumed: one that is, one that is not any more."""
    bob = raw(suite, "bob", "b2")
    enable(bob)
    bob.wire.socket.close()
    suite.log.wait("session-asleep .*jid=bob")
    again = log_in(suite, "bob")
    resume(again, bob.sm_id, 0)
    again.close()
    other = log_in(suite, "alice")
    ask(other, bob.sm_id, 0)
    refusal(other)
    other.close()
    return [bob.sm_id]


def stored_keys(suite):
    """Every salt-derived key that authd has."""
    keys = []
    for file in (suite.home / "state").rglob("*.db"):
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
            for (table,) in db.execute("select name from sqlite_master where type='table'").fetchall():
                for row in db.execute(f"select * from \"{table}\"").fetchall():
                    keys += [v for v in row if isinstance(v, bytes) and 16 <= len(v) <= 64]
    return keys


def everything_at_debug(suite):
    for row in suite.rows("log", "level"):
        assert suite.ctl("log", "level", row["instance"], "debug").returncode == 0


def test_no_secret_and_no_text_stands_in_any_log(make_suite, raw):
    suite = gate.configure(make_suite(start=False, s2s=True, settings={"routerd.registration": True},
                                      accounts={"alice@localhost": PASSWORD, "bob@localhost": "bob-pw-13"})).start()
    everything_at_debug(suite)
    assert suite.ctl("user", "passwd", "bob@localhost", "--password-stdin", input=NEW + "\n").returncode == 0
    suite.add_accounts({"bob@localhost": NEW, "dave@localhost": IMPORTED})
    secrets = logins(suite, raw)
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    stanzas(alice, bob)
    broken(suite, raw)
    secrets += tickets(suite, raw)
    with gate.Gate(suite) as component:
        component.round()
        id = component.incoming.header.get("id")
        secrets.append(hashlib.sha1((id + gate.SECRET).encode()).hexdigest())
    stranger = raw(suite).open().starttls()
    stranger.iq("set", "<query xmlns='jabber:iq:register'><username>eve</username>"
                       f"<password>{REGISTERED}</password></query>")
    alice.iq("set", "<query xmlns='jabber:iq:register'><username>alice</username>"
                    f"<password>{REGISTERED}</password></query>", to="localhost")
    suite.stop()
    keys = stored_keys(suite)
    assert len(keys) >= 4
    text = suite.log.text()
    assert " debug c2sd@1 " in text  # the levels were
    for secret in [PASSWORD, WRONG, NEW, IMPORTED, REGISTERED, gate.SECRET, BODY, NAME, GROUP, PRIVATE, STATUS, NICK, CARD,
                   *secrets, *keys]:
        for form in forms(secret):
            assert form not in text, f"{form!r} of {secret!r}"


def test_dialback_keys_do_not_stand_in_the_log(make_pair, net, raw):  # noqa: F811
    """Neither those that others show us, nor those that we make."""
    pair = make_pair(one={'domain "one.example".s2s': "dialback", "s2sd.ca": ""},  # noqa: F811
                     two={'domain "two.example".s2s': "dialback", "s2sd.ca": ""})
    everything_at_debug(pair.one)
    remote = Stream(pair.one, "evil.example")
    remote.begin()
    remote.result("d1alback-key-14")
    remote.send("<db:verify from='evil.example' to='one.example' id='x'>d1alback-key-15</db:verify>")
    alice = raw(pair.one, "alice", "a", domain="one.example")
    bob = raw(pair.two, "bob", "b", domain="two.example")
    alice.message(bob.jid, BODY)
    bob.next_message()
    pair.one.log.wait("key-verified .*result=valid")
    remote.close()
    pair.one.stop()
    text = pair.one.log.text()
    for secret in ("d1alback-key-14", "d1alback-key-15", BODY):
        for form in forms(secret):
            assert form not in text
    assert not re.search(r"\b[0-9a-f]{40,}\b", text)  # what a key of XEP-0185 looks like

"""user purge: what is left of somebody in all files is nothing."""
import pytest

from im import befriend, is_presence, next_push, roster, send
from suite import eventually

SECRET = "the-body-of-a-message-that-nobody-may-find"


def traces(suite, *needles):
    """Files of the stores that have one of the words in them."""
    found = []
    for file in sorted(suite.home.rglob("*")):
        if file.is_file() and ".db" in file.name:
            data = file.read_bytes()
            found += [(file.name, needle) for needle in needles if needle.encode() in data]
    return found


@pytest.fixture
def met(make_suite, raw):
    """Eve has been everywhere: friends, a block, messages both ways, everything of her own."""
    suite = make_suite(accounts={"alice@localhost": "wonderland-1", "bob@localhost": "builder-2",
                                 "eve.purged@localhost": "evil-3", "carol@localhost": "choir-4"})
    alice, bob, eve = raw(suite, "alice"), raw(suite, "bob"), raw(suite, "eve.purged")
    befriend(eve, alice)
    send(bob, "eve.purged@localhost", "subscribe")
    bob.iq("set", "<query xmlns='jabber:iq:roster'><item jid='eve.purged@localhost' name='Eve'/></query>")
    bob.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='eve.purged@localhost'/></block>")
    eve.iq("set", f"<vCard xmlns='vcard-temp'><FN>{SECRET}</FN></vCard>")
    eve.iq("set", f"<query xmlns='jabber:iq:private'><n xmlns='urn:n'>{SECRET}</n></query>")
    for n in range(30):
        eve.message("carol@localhost", f"{SECRET} {n}", id=f"to{n}")
    eve.ping()
    eve.close()
    eventually(lambda: not suite.rows("session", "list", "eve.purged@localhost"), "eve to go")
    for n in range(30):
        alice.message("eve.purged@localhost", f"{SECRET} {n} {'x' * 3000}", id=f"for{n}")
    alice.ping()
    alice.eve = raw(suite, "eve.purged", "again", priority=None)
    alice.other, alice.suite = bob, suite
    return alice


def test_nothing_is_found_of_one_who_was_purged(met):
    suite = met.suite
    before = {name.split("-")[0] for name, _ in traces(suite, "eve.purged@localhost", SECRET)}
    assert before == {"router.db", "accounts.db"}
    done = suite.ctl("user", "purge", "eve.purged@localhost")
    assert done.returncode == 0, done.stderr
    assert traces(suite, "eve.purged", SECRET) == []
    suite.restart()
    assert traces(suite, "eve.purged", SECRET) == []


def test_it_tells_what_there_was(met):
    rows = {r["store"]: int(r["rows"]) for r in met.suite.rows("user", "purge", "eve.purged@localhost")}
    assert rows["accounts with keys"] == 1 and rows["vCards"] == 1 and rows["private elements"] == 1
    assert rows["stored messages"] == 30 and rows["stored messages of his for others"] == 30
    assert rows["contacts of others"] == 2 and rows["blocked by others"] == 1
    again = met.suite.ctl("user", "purge", "eve.purged@localhost")
    assert again.returncode == 5 and "nothing" in again.stderr


@pytest.mark.section("RFC 6121 2.5")
def test_contacts_hear_that_the_subscription_has_ended_and_lose_the_item(met):
    suite = met.suite
    roster(met)
    assert suite.ctl("user", "purge", "eve.purged@localhost").returncode == 0
    kinds = {met.until(lambda e: is_presence("unsubscribe")(e) or is_presence("unsubscribed")(e)).get("type")
             for _ in range(2)}
    assert kinds == {"unsubscribe", "unsubscribed"}
    while (push := next_push(met)).subscription != "remove":
        assert push.jid == "eve.purged@localhost"
    assert "eve.purged@localhost" not in roster(met)
    assert "eve.purged@localhost" not in roster(met.other)
    met.eve.error()  # its session was ended


def test_who_has_an_old_version_of_the_roster_is_told_all_of_it(met):
    roster(met)
    version = met.ver
    assert met.suite.ctl("user", "purge", "eve.purged@localhost").returncode == 0
    items = roster(met, version)
    assert items is not None and "eve.purged@localhost" not in items


def test_the_name_is_free_again(met, raw):
    suite = met.suite
    assert suite.ctl("user", "purge", "eve.purged@localhost").returncode == 0
    suite.add_accounts({"eve.purged@localhost": "new-5"})
    fresh = raw(suite, "eve.purged")
    assert roster(fresh) == {}
    assert fresh.iq("get", "<vCard xmlns='vcard-temp'/>").get("type") == "error"


def test_an_unfinished_purge_is_finished_by_another(met):
    """As when authd has forgotten the account, and routerd died before it did."""
    suite = met.suite
    assert suite.ctl("user", "del", "eve.purged@localhost").returncode == 0
    rows = {r["store"]: int(r["rows"]) for r in suite.rows("user", "purge", "eve.purged@localhost")}
    assert rows["accounts with keys"] == 0
    eventually(lambda: traces(suite, "eve.purged", SECRET) == [], "all traces gone", timeout=5)

"""domain.federation = "role": who is in no group that may talk to other servers is nobody to them, and they to him."""
import pytest

from directory_front import Directory, make_directory, reload_without_authd, with_directory  # noqa: F401 (fixtures)
from federation import net  # noqa: F401 (a fixture)
from gate import Gate, configure
from im import befriend, is_presence, presences, roster, send
from suite import eventually
from xmpp import CLIENT, body, condition

ALICE, CAROL, BOB = "alice@one.example", "carol@one.example", "bob@two.example"
PING = "<ping xmlns='urn:xmpp:ping'/>"


class World:
    """one.example, where alice has the role and carol has not, and two.example with bob."""

    def __init__(self, net, make_suite, raw):  # noqa: F811
        accounts = {ALICE: "alice-1", CAROL: "carol-1"}
        self.one = net.instance(make_suite, "one.example", "alice", accounts=accounts,
                                settings={'domain "one.example".federation': "role"})
        self.two = net.instance(make_suite, "two.example", "bob")
        with_directory(self.one, ["one.example"])
        net.dns.start()
        self.one.start(), self.two.start()
        self.directory = Directory(self.one).connect()
        self.allow(ALICE)
        self.raw = raw
        self.alice, self.carol = (raw(self.one, u, u[0], domain="one.example") for u in ("alice", "carol"))
        self.bob = raw(self.two, "bob", "b", domain="two.example")

    def allow(self, *users):
        self.directory.put("Talkers", list(users), show="nobody", roles=["federation"], domain="one.example")

    def settled(self):
        """All that carol and alice have sent abroad is there: alice's last message came behind it."""
        self.alice.message(self.bob.jid, "mark")
        came = []
        while not came or body(came[-1]) != "mark":
            came.append(self.bob.next())
        return came[:-1]


@pytest.fixture
def world(net, make_suite, raw):  # noqa: F811
    made = World(net, make_suite, raw)
    yield made
    made.directory.link.socket.close()


def from_carol(elements):
    return [e for e in elements if (e.get("from") or "").startswith("carol@")]


# Out.

@pytest.mark.section("RFC 6120 10.4")
@pytest.mark.parametrize("stanza", [
    f"<message to='{BOB}' type='chat' id='x'><body>hello</body></message>",
    f"<iq to='{BOB}/b' type='get' id='x'>{PING}</iq>",
    f"<iq to='two.example' type='get' id='x'>{PING}</iq>",
    f"<presence to='{BOB}' id='x'/>",
    f"<presence to='{BOB}' type='subscribe' id='x'/>",
    f"<presence to='{BOB}' type='probe' id='x'/>",
], ids=["message", "iq", "iq to the server", "presence", "subscribe", "probe"])
def test_what_goes_out_comes_back_and_says_why(world, stanza):
    world.carol.send(stanza)
    reply = world.carol.until(lambda e: e.get("id") == "x")
    assert condition(reply)[1] == "forbidden" and "other servers" in "".join(reply.itertext())
    assert roster(world.carol) == {}
    assert not from_carol(world.settled())


def test_who_has_the_role_talks(world):
    world.alice.message(world.bob.jid, "hello")
    assert body(world.bob.next_message()) == "hello"
    world.bob.message(world.alice.jid, "hello yourself")
    assert body(world.alice.next_message()) == "hello yourself"
    world.carol.message(ALICE, "here everybody talks")
    assert body(world.alice.next_message()) == "here everybody talks"


# In: the same as for one who does not exist.

def answers(stream, to):
    """What somebody abroad learns of an address."""
    found = []
    for child in (PING, "<query xmlns='jabber:iq:last'/>", "<vCard xmlns='vcard-temp'/>", "<query xmlns='jabber:iq:roster'/>",
                  "<query xmlns='http://jabber.org/protocol/disco#info'/>",
                  "<query xmlns='http://jabber.org/protocol/disco#items'/>"):
        for resource in ("", "/c"):
            reply = stream.iq("get", child, to + resource)
            found.append(reply.get("type") if reply.get("type") == "result" else condition(reply)[1])
    for n, inner in enumerate(("<body>hello</body>", "<active xmlns='http://jabber.org/protocol/chatstates'/>")):
        stream.send(f"<message to='{to}' type='chat' id='m{n}'>{inner}</message>")
        found.append(condition(stream.until(lambda e, n=n: e.get("id") == f"m{n}"))[1])
    send(stream, to, "probe")
    send(stream, to, "subscribe")
    send(stream, to, "unsubscribe")
    stream.send(f"<presence to='{to}'/>")
    stream.iq("get", PING, "one.example")
    found += [kind for _, kind in presences(stream.ping())]
    return found


def test_what_comes_in_is_answered_as_for_one_who_does_not_exist(world):
    assert answers(world.bob, CAROL) == answers(world.bob, "nobody@one.example")
    assert not [e for e in world.carol.ping() if "two.example" in (e.get("from") or "")]
    assert roster(world.carol) == {}


# When it changes.

def befriended(world):
    befriend(world.alice, world.bob)
    roster(world.alice), roster(world.bob)
    world.alice.send("<presence><show>away</show></presence>")
    world.bob.until(lambda e: e.get("from") == world.alice.jid and e.findtext(CLIENT + "show") == "away")
    eventually(lambda: roster(world.alice)[BOB].subscription == "both", "both subscriptions")


def test_who_loses_the_role_is_seen_to_go_and_who_gets_it_is_seen_to_come(world):
    befriended(world)
    world.allow(CAROL)
    world.bob.until(is_presence("unavailable", world.alice.jid))
    world.alice.send("<presence><show>dnd</show></presence>")
    world.alice.message(world.bob.jid, "no more", id="n")
    assert condition(world.alice.until(lambda e: e.get("id") == "n"))[1] == "forbidden"
    world.carol.message(world.bob.jid, "but I")
    assert body(world.bob.next_message()) == "but I"
    world.allow(ALICE)
    shown = world.bob.until(is_presence(None, world.alice.jid))
    assert shown.findtext(CLIENT + "show") == "dnd"  # what she said meanwhile came to nobody
    world.alice.until(is_presence(None, world.bob.jid))


def test_directed_presence_is_ended_with_the_role(world):
    world.alice.send(f"<presence to='{world.bob.jid}'/>")
    world.bob.until(is_presence(None, world.alice.jid))
    world.allow()
    world.bob.until(is_presence("unavailable", world.alice.jid))


def test_a_reload_takes_effect_at_once(world):
    befriended(world)
    for setting, kind in (("everybody", None), ("role", "unavailable")):
        world.one.edit(**{'domain "one.example".federation': setting})
        reload_without_authd(world.one)
        if setting == "everybody":
            world.carol.message(world.bob.jid, "now I may")
            assert body(world.bob.next_message()) == "now I may"
            world.carol.send(f"<presence to='{world.bob.jid}'/>")
            world.bob.until(is_presence(None, world.carol.jid))
    world.bob.until(is_presence("unavailable", world.carol.jid))
    world.alice.message(world.bob.jid, "I still do")
    assert body(world.bob.next_message()) == "I still do"


# What is no remote domain.

def test_a_component_is_not_abroad(make_suite, raw):
    suite = configure(make_suite(start=False, settings={'domain "localhost".federation': "role"})).start()
    with Gate(suite) as gate:
        alice = raw(suite, "alice", "a")
        alice.message(f"x@{gate.domain}", "hello")
        gate.until(lambda e: e.get("from") == alice.jid)
        gate.send(f"<message from='x@{gate.domain}' to='{alice.jid}' type='chat'><body>hi</body></message>")
        assert body(alice.next_message()) == "hi"

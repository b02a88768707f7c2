"""What tests of instant messaging and presence say often: rosters, subscriptions, presence."""
import xml.etree.ElementTree as ET

from xmpp import CLIENT, condition

ROSTER = "{jabber:iq:roster}"


class Item:
    """A roster item, or a push of one."""

    def __init__(self, element, ver=None):
        self.jid, self.name = element.get("jid"), element.get("name")
        self.subscription, self.ask = element.get("subscription"), element.get("ask")
        self.approved = element.get("approved")
        self.groups = sorted(g.text for g in element.iter(ROSTER + "group"))
        self.ver = ver

    @property
    def state(self):
        """"none", "to+ask", ... as a client sees it."""
        return self.subscription + ("+ask" if self.ask else "") + (
            "+approved" if self.approved else "")

    def __repr__(self):
        return f"<{self.jid} {self.state} {self.name} {self.groups}>"


def query(stanza):
    found = stanza.find(ROSTER + "query")
    assert found is not None, ET.tostring(stanza)
    return found


def roster(stream, ver=None):
    """The whole roster as {jid: Item}; stream.ver is its version.  With a version that is known it
    is None: pushes follow."""
    extra = "" if ver is None else f" ver='{ver}'"
    reply = stream.iq("get", f"<query xmlns='jabber:iq:roster'{extra}/>")
    assert reply.get("type") == "result", ET.tostring(reply)
    if reply.find(ROSTER + "query") is None:
        return None
    stream.ver = query(reply).get("ver")
    return {i.get("jid"): Item(i) for i in query(reply)}


def put(stream, jid, name=None, groups=(), to=None):
    """A roster set; the answer."""
    name = "" if name is None else f" name='{name}'"
    inner = "".join(f"<group>{g}</group>" for g in groups)
    return stream.iq("set", f"<query xmlns='jabber:iq:roster'><item jid='{jid}'{name}>{inner}"
                            f"</item></query>", to)


def remove(stream, jid):
    return stream.iq("set", f"<query xmlns='jabber:iq:roster'><item jid='{jid}' "
                            f"subscription='remove'/></query>")


def is_push(element):
    return element.tag == CLIENT + "iq" and element.get("type") == "set" \
        and element.find(ROSTER + "query") is not None


def pushes(elements):
    return [Item(i, query(e).get("ver")) for e in elements if is_push(e) for i in query(e)]


def next_push(stream):
    return pushes([stream.until(is_push)])[0]


def presences(elements):
    return [(e.get("from"), e.get("type")) for e in elements if e.tag == CLIENT + "presence"]


def is_presence(kind=None, sender=None):
    return lambda e: e.tag == CLIENT + "presence" and e.get("type") == kind and (
        sender is None or e.get("from") == sender)


def send(stream, to, kind, inner=""):
    stream.send(f"<presence to='{to}' type='{kind}'>{inner}</presence>")


def settle(*streams):
    """All that each has sent is judged and its consequences have arrived at the others: a list of
    what came for each."""
    came = [s.ping() for s in streams]
    for _ in range(2):
        for n, stream in enumerate(streams):
            came[n] += stream.ping()
    return came


def drain(stream):
    """What was stored for the account has come; messages to it wait behind that.  The messages."""
    mark = f"drained-{stream.jid}"
    stream.send(f"<message to='{stream.jid.split('/')[0]}' type='chat' id='{mark}'>"
                "<body>drained</body></message>")
    came = []
    while not came or came[-1].get("id") != mark:
        came.append(stream.until(lambda e: e.tag == CLIENT + "message"))
    return came[:-1]


def stored(stream, priority=0):
    """It becomes available: the messages that were stored for it."""
    stream.send(f"<presence><priority>{priority}</priority></presence>")
    return drain(stream)


def befriend(one, two):
    """Both see each other."""
    a, b = one.jid.split("/")[0], two.jid.split("/")[0]
    send(one, b, "subscribe")
    one.ping()
    send(two, a, "subscribed")
    send(two, a, "subscribe")
    two.ping()
    send(one, b, "subscribed")
    one.ping()
    settle(one, two)


def errors(elements):
    return [condition(e)[1] for e in elements if e.get("type") == "error"]

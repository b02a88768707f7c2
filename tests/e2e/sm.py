"""Stream management (XEP-0198), as tests say it."""
from suite import eventually
from xmpp import CLIENT, STANZA_ERRORS, Raw

SM = "{urn:xmpp:sm:3}"
NS = "xmlns='urn:xmpp:sm:3'"


def is_sm(name):
    return lambda e: e.tag == SM + name


def enable(stream, resume=True, max=None):
    """<enabled/>; stream.sm_id is what it may be resumed by."""
    how = (" resume='true'" if resume else "") + (f" max='{max}'" if max is not None else "")
    stream.send(f"<enable {NS}{how}/>")
    enabled = stream.until(is_sm("enabled"))
    stream.sm_id = enabled.get("id")
    return enabled


def request(stream):
    """How many stanzas of it the server has handled, by an <r/>; what else came is dropped."""
    stream.send(f"<r {NS}/>")
    return int(stream.until(is_sm("a")).get("h"))


def handles(stream, n):
    """It has handled so many, in the end: where not all is safe after 250 ms, an <r/> is answered with what is."""
    def all_of_them():
        h = request(stream)
        assert h <= n
        return h == n
    eventually(all_of_them, f"{n} stanzas being handled")


def ack(stream, h):
    stream.send(f"<a {NS} h='{h}'/>")


def log_in(suite, user, address=None):
    """Authenticated, not bound."""
    stream = Raw(address or suite.address, "localhost")
    return stream.login(user, suite.password(f"{user}@localhost"))


def ask(stream, id, h):
    stream.send(f"<resume {NS} previd='{id}' h='{h}'/>")


def resume(stream, id, h):
    """The server's h, after <resumed/>."""
    ask(stream, id, h)
    resumed = stream.expect(SM + "resumed")
    assert resumed.get("previd") == id
    stream.sm_id = id
    return int(resumed.get("h"))


def refusal(stream):
    """(condition, h or None) of a <failed/>."""
    failed = stream.until(is_sm("failed"))
    return failed[0].tag[len(STANZA_ERRORS):], failed.get("h")


def stanzas(stream, n, kind="message"):
    """The next n of that kind, without answering <r/>."""
    return [stream.until(lambda e: e.tag == CLIENT + kind) for _ in range(n)]

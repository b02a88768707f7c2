"""Reloads, with new certificates each time, while messages are under way on many connections over two c2sd and to another
server: nobody is dropped, and each message arrives once and in order."""
import re
import shutil
import threading

from cryptography import x509

from federation import Pair, net  # noqa: F401 (fixture)
from suite import eventually, free_port, give_to_keyd
from xmpp import Raw, body

RELOADS, CLIENTS, BURST = 20, 12, 4


def renew(authority, suite, domain, target):
    """As certbot does it: the same names, new contents; each file is whole at any moment."""
    made = authority.server(domain)
    for new, old in zip(made, target):
        shutil.copy(new, f"{old}.new")
        if old == target[1]:
            give_to_keyd(f"{old}.new")
        shutil.move(f"{old}.new", old)
    return x509.load_pem_x509_certificate(made[0].read_bytes()).serial_number


def shown(address, domain):
    with Raw(address, domain) as stream:
        stream.open().starttls(name=domain)
        return stream.wire.tls.get_peer_certificate().get_serial_number()


def arrived(stream, n):
    """The next n messages: by sender, in order."""
    got = {}
    for _ in range(n):
        message = stream.next_message()
        got.setdefault(message.get("from"), []).append(body(message))
    return got


def log_in(suite, address, user, domain, resource):
    stream = Raw(address, domain)
    stream.login(user, suite.password(f"{user}@{domain}"))
    stream.bind(resource)
    stream.available()
    return stream


def test_reloads_under_load_drop_no_connection_and_no_message(net, make_suite):  # noqa: F811
    fronts = {f"c2sd@{n}": [f"127.0.0.1:{free_port()}"] for n in (1, 2)}
    pair = Pair(net, net.instance(make_suite, "one.example", "alice", front_ends=fronts),
                net.instance(make_suite, "two.example", "bob"))
    net.dns.start()
    pair.one.start(), pair.two.start()
    ports = [("127.0.0.1", int(listen[0].rsplit(":")[1])) for listen in fronts.values()]
    clients = [log_in(pair.one, ports[n % 2], "alice", "one.example", f"r{n}") for n in range(CLIENTS)]
    bob = log_in(pair.two, pair.two.address, "bob", "two.example", "home")
    for n, client in enumerate(clients):  # the way to the other server is there before
        client.message(bob.jid, "-1", id=f"first{n}")
    assert len([bob.next_message() for _ in clients]) == CLIENTS
    marks, sent, failed, serials = [s.log.mark() for s in (pair.one, pair.two)], 0, [], {}

    def reloads():
        for _ in range(RELOADS):
            for suite, domain in ((pair.one, "one.example"), (pair.two, "two.example")):
                section = suite.config.read_text()
                files = [re.search(rf'{part} = "([^"]+)"', section).group(1) for part in ("certificate", "key")]
                serials[domain] = renew(net.authority, suite, domain, files)
                done = suite.ctl("reload")
                failed.extend([done.stderr] if done.returncode else [])

    work = threading.Thread(target=reloads)
    work.start()
    while work.is_alive() or sent == 0:
        texts = [str(sent + k) for k in range(BURST)]
        for n, client in enumerate(clients):
            for text in texts:
                client.message(clients[(n + 1) % CLIENTS].jid, text)
                client.message(bob.jid, text)
        for client in clients:
            assert [body(client.next_message()) for _ in texts] == texts
        assert arrived(bob, CLIENTS * BURST) == {client.jid: texts for client in clients}
        sent += BURST
    assert not failed, failed[0]
    for client in [*clients, bob]:
        client.ping()  # nothing else came before the answer
    for suite, mark in zip((pair.one, pair.two), marks):
        assert len(suite.log.find("routerd reload-done", since=mark)) == RELOADS
        assert not suite.log.find("stream-(lost|ended|closed)|session-lost|peer-left|key-missing", since=mark)
    for address, domain in [(port, "one.example") for port in ports] + [(pair.two.address, "two.example")]:
        eventually(lambda: shown(address, domain) == serials[domain], "the last certificate")  # noqa: B023

import sys, time, itertools, struct
sys.path.insert(0,'/work/wt/hostile/tests/e2e')
import pytest, bus
from hostile import *
from test_hostile_floods import *

def test_cycles(attacked, others):
    peer = Evil(attacked, "S2S")
    def frames():
        for n in itertools.count(2):
            yield bus.frame("PROVE", n, local="localhost", remote="evil.example") + bus.frame("BIND", n) + bus.frame("CLOSED", max(n-50,0), reason=1)
    g=during(others, peer, frames(), 4); print("grown", g/MB)

def test_login_cycles(attacked, others):
    peer = Evil(attacked)
    def frames():
        for n in itertools.count(2):
            yield bus.frame("AUTH_BEGIN", n, domain="localhost", mechanism="SCRAM-SHA-1", offered="SCRAM-SHA-1 PLAIN", initial=scram.b64("n,,n=carol,r=abc"), address="1.1.1.1:1", tls=1, certificate_der=b"x"*8000) + bus.frame("CLOSED", n, reason=1)
    g=during(others, peer, frames(), 4); print("grown", g/MB)

def test_big(attacked, others):
    peer = Evil(attacked)
    for n,r in ((1,"evil"),(2,"evil2")):
        peer.begin(n, "carol"); peer.expect("AUTH_RESULT"); peer.send("BIND", n, resource=r); peer.expect("BOUND")
    pid = others.suite.pids("routerd")["routerd"]
    before=memory(pid)
    big=b"<body>"+b"x"*(8<<20)+b"</body>"
    peer.socket.settimeout(5)
    try:
        for n in range(1,60):
            peer.submit(1, n, bus.envelope(to="carol@localhost/evil2", inner=big))
            others.chats()
    except Exception as e: print(repr(e))
    print("n", n, "grown", (memory(pid)-before)/MB); print(peer.said_of_it())
def test_offline(attacked, others):
    attacked.add_accounts({"dave@localhost":"x-3"})
    peer = Evil(attacked)
    for n,r in ((1,"evil"),):
        peer.begin(n, "carol"); peer.expect("AUTH_RESULT"); peer.send("BIND", n, resource=r); peer.expect("BOUND")
    pid = others.suite.pids("routerd")["routerd"]
    before=memory(pid)
    big=b"<body>"+b"x"*(8<<20)+b"</body>"
    peer.socket.settimeout(5)
    worst=0
    try:
        for n in range(1,60):
            peer.submit(1, n, bus.envelope(to="dave@localhost", inner=big))
            worst=max(worst,others.chats())
    except Exception as e: print(repr(e))
    print("n", n, "grown", (memory(pid)-before)/MB, worst); print(peer.said_of_it())

"""Clients of other people, each a program that obeys lines and tells lines.

    program JID PASSWORD-FILE HOST PORT CERTIFICATE

It logs in over TLS (it may trust the certificate in the file), becomes available, and then

    obeys                       and tells, each when it happens
    send JID BODY               connected JID
    subscribe JID               message FROM BODY           one that comes now
    approve JID                 delayed FROM BODY           one that has a stamp of XEP-0203
    block JID                   subscribe FROM              somebody asks to see its presence
    unblock JID                 presence FROM available STATUS
    quit                        presence FROM unavailable
                                blocked JID                 the server has said so
                                unblocked JID
                                disconnected                and ends

The end of its input is as good as `quit`.
"""
import os
import queue
import subprocess
import threading
from pathlib import Path

from suite import BUILD, PATIENCE, ROOT
from terminal import Profanity

CLIENTS = Path(__file__).parent / "clients"
COMMANDS = {
    "slixmpp": ["/usr/bin/python3", CLIENTS / "slixmpp_client.py"],
    "aioxmpp": ["/usr/bin/python3", CLIENTS / "aioxmpp_client.py"],
    "libstrophe": [BUILD / "tests/e2e/strophe_client"],
    # build/xmppjs is made by tools/install-deps; the program there is a link to ours.
    "@xmpp/client": ["node", "--preserve-symlinks-main", ROOT / "build/xmppjs/client.mjs"],
}


class Program:
    """One of COMMANDS, logged in."""

    def __init__(self, name, suite, jid):
        bare = jid.split("/")[0]
        secret = suite.dir / f"{bare.split('@')[0]}.password"
        secret.write_text(suite.password(bare) + "\n")
        self.told, self.passed = [], []
        self.process = subprocess.Popen(
            [*COMMANDS[name], jid, secret, *map(str, suite.address), suite.certificate_file],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(suite.certificate_file)})
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.jid = self.expect("connected ")

    def _read(self):
        with self.process.stdout as stdout:
            for line in stdout:
                self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def _next(self, wanted):
        try:
            line = self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            line = None
        assert line is not None, f"waited in vain for {wanted!r}; told: {self.told}"
        self.told.append(line)
        return line

    def expect(self, start):
        """Waits for a line that begins so, or takes one that nobody waited for; its rest."""
        while not (found := [line for line in self.passed if line.startswith(start)]):
            self.passed.append(self._next(start))
        self.passed.remove(found[0])
        return found[0][len(start):]

    def obey(self, line):
        self.process.stdin.write(line + "\n")

    def send(self, jid, text):
        self.obey(f"send {jid} {text}")

    def subscribe(self, jid):
        self.obey(f"subscribe {jid}")

    def approve(self, jid):
        self.expect(f"subscribe {jid}")
        self.obey(f"approve {jid}")

    def block(self, jid):
        self.obey(f"block {jid}")
        self.expect(f"blocked {jid}")

    def unblock(self, jid):
        self.obey(f"unblock {jid}")
        self.expect(f"unblocked {jid}")

    def sees(self, jid, status):
        self.expect(f"presence {jid} available {status}")

    def gets(self, jid, text):
        self.expect(f"message {jid} {text}")

    def gets_delayed(self, jid, texts):
        assert [self.expect("delayed ") for _ in texts] == [f"{jid} {text}" for text in texts], self.told

    def never_got(self, text):
        return not any(text in line for line in self.told)

    def quit(self):
        self.obey("quit")
        self.expect("disconnected")
        assert self.process.wait(PATIENCE) == 0

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0


class Terminal:
    """The same of profanity, as a person would do it."""

    def __init__(self, suite, jid):
        self.terminal = Profanity()
        self.bare = jid.split("/")[0]
        self.terminal.login(jid, suite.password(self.bare), suite.port)
        self.jid = jid

    def send(self, jid, text):
        self.terminal.say(jid, text)

    def subscribe(self, jid):
        bare = jid.split("/")[0]
        self.terminal.type(f"/sub request {bare}")
        self.terminal.until(f"Sent subscription request to {bare}")

    def approve(self, jid):
        self.terminal.until(f"Received authorization request from {jid}")
        self.terminal.type(f"/sub allow {jid}")
        self.terminal.until(f"Accepted subscription for {jid}")

    def block(self, jid):
        self.terminal.type(f"/blocked add {jid}")
        self.terminal.until(f"User {jid} successfully blocked")

    def unblock(self, jid):
        self.terminal.type(f"/blocked remove {jid}")
        self.terminal.until(f"User {jid} successfully unblocked")

    def sees(self, jid, status):
        self.terminal.type("/win console")
        self.terminal.type("/who online")
        self.terminal.until(f'is online, "{status}"')

    def gets(self, jid, text):
        self.terminal.window(jid.split("/")[0])
        self.terminal.until(text)

    def gets_delayed(self, jid, texts):
        self.gets(jid, texts[-1])
        shown = self.terminal.screen()
        places = [shown.index(text) for text in texts]
        assert places == sorted(places)

    def never_got(self, text):
        return text not in self.terminal.screen()

    def quit(self):
        self.terminal.type("/disconnect")
        self.terminal.until("logged out")
        self.terminal.end()

    def close(self):
        self.terminal.end()


NAMES = [*COMMANDS, "profanity"]


def log_in(name, suite, jid):
    return Terminal(suite, jid) if name == "profanity" else Program(name, suite, jid)

"""A client with stream management that talks in numbered messages, through all losses of connection.

It sends to one partner, keeps what is not acknowledged, and after a resume sends again what the server
has not counted (XEP-0198, 5).  What it gets it notes.
"""
import contextlib
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

import sm  # noqa: E402
from xmpp import CLIENT, Closed, Raw, StreamError, body, condition  # noqa: E402

FAR_WINDOW = 1000
LOST = (Closed, StreamError, OSError, AssertionError)


class Talker:
    def __init__(self, name, domain, password, addresses, window=32):
        self.name, self.domain, self.password, self.addresses = name, domain, password, addresses
        self.window = window
        self.partner = None    # the talker that it sends to
        self.returned = []     # what came back undelivered, with the reason
        self.stream = None
        self.sent = 0          # numbers given
        self.unacked = []      # numbers, in order
        self.counted = 0       # the server's h so far
        self.acknowledged = 0  # how many numbers the server has acknowledged
        self.got = []          # (sender's name, number)
        self.times = {}        # (sender's name, number) -> when it came
        self.handled = 0       # our h
        self.lost, self.fresh, self.refused = 0, 0, 0
        self.talking, self.over, self.online = True, False, False
        self.paused = threading.Event()
        self.asked = False
        self.problem = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    # The connection.

    def _log_in(self):
        address = self.addresses[self.lost % len(self.addresses)]
        stream = Raw(address, self.domain)
        try:
            return stream.login(self.name, self.password)
        except BaseException:
            stream.close()
            raise

    def _begin(self):
        self.stream = self._log_in().bind("t")
        sm.enable(self.stream)
        self.jid, self.id = self.stream.jid, self.stream.sm_id
        self.fresh += 1
        self.online = True
        self.stream.send("<presence/>")
        self.counted, self.handled = 0, 0
        self.presences = 1  # stanzas of ours that are no messages, and count

    def _resume(self):
        stream = self._log_in()
        try:
            sm.ask(stream, self.id, self.handled)
            answer = stream.next()
            if answer.tag != sm.SM + "resumed":
                self.refused += 1
                raise AssertionError("the session is gone")
        except BaseException:
            stream.close()
            raise
        self.stream = stream
        self.online = True
        self._acknowledge(int(answer.get("h")))
        self.asked = False
        for number in self.unacked:
            self._send(number)
        if self.unacked:
            self._ask()

    def _again(self):
        """Until it is back; the servers may be away for a while."""
        self.online = False
        self.stream.close()
        self.lost += 1
        end = time.monotonic() + 60
        while True:
            try:
                return self._resume()
            except LOST:
                if self.refused or time.monotonic() > end or self.over:
                    raise
                self.lost += 1
                time.sleep(0.05)

    # Talking.

    def _send(self, number):
        self.stream.send(f"<message to='{self.partner.jid}' type='chat' id='{number}'>"
                         f"<body>{self.name} {number}</body></message>")

    def _ask(self):
        self.stream.send(f"<r {sm.NS}/>")
        self.asked = True

    def _acknowledge(self, h):
        new = h - self.counted
        assert 0 <= new <= len(self.unacked) + self.presences, (h, self.counted, self.unacked)
        self.counted = h
        first = min(new, self.presences)  # what was sent before all messages
        self.presences -= first
        del self.unacked[:new - first]
        self.acknowledged = self.sent - len(self.unacked)

    def _take(self, element):
        if element.tag == sm.SM + "a":
            self.asked = False
            self._acknowledge(int(element.get("h")))
        elif element.tag == sm.SM + "r":
            sm.ack(self.stream, self.handled)
        elif element.tag.startswith(CLIENT):
            self.handled += 1
            text = body(element) if element.tag == CLIENT + "message" else None
            if element.tag == CLIENT + "message" and element.get("type") == "error":
                self.returned.append((element.get("id"), condition(element)[1]))
            elif text:
                sender, number = text.split()
                self.got.append((sender, int(number)))
                self.times.setdefault(self.got[-1], []).append(time.time())

    def _in_time(self):
        """Another server is given no more than it takes: what finds no room in its queue would come back."""
        return self.partner.domain == self.domain or self.sent - len(self.partner.got) < FAR_WINDOW

    def _talk(self):
        while not self.over:
            while self.talking and len(self.unacked) < self.window and self._in_time():
                self.sent += 1
                self.unacked.append(self.sent)
                self._send(self.sent)
            if self.unacked and not self.asked:
                self._ask()
            while self.paused.is_set() and not self.over:
                time.sleep(0.01)
            try:
                self._take(self.stream.next(0.2))
            except TimeoutError:
                continue

    def _run(self):
        try:
            while not self.over:
                try:
                    self._talk()
                except LOST:
                    if not self.over:
                        self._again()
        except BaseException as error:
            self.problem = f"{self.name}: {error!r}"

    def start(self):
        self._begin()
        return self

    def cut(self):
        """Its connection breaks, for no reason of its own."""
        with contextlib.suppress(OSError):  # it is just being lost anyway
            self.stream.wire.socket.shutdown(socket.SHUT_RDWR)

"""slixmpp, as a client that a test drives with plain calls; its loop runs in a thread."""
import asyncio
import queue
import threading

import slixmpp

TIMEOUT = 60


def without_false_binding(mechanisms):
    """Under TLS 1.3 slixmpp 1.8 offers tls-unique, which is not defined there, and claims that it
    could bind in what it tries next.  The server must refuse both (attacks.md, S10)."""
    credentials = mechanisms.sasl_callback
    mechanisms.sasl_callback = lambda required, optional: {
        name: value for name, value in credentials(required, optional).items()
        if name != "channel_binding"}
    if mechanisms.use_mech is None:
        mechanisms.use_mechs = {"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"}


class Client:
    """A logged-in slixmpp session.  Messages gather in `messages`, presences in `presences`."""

    def __init__(self, suite, jid, address=None, mechanism=None, priority=0, untouched=False,
                 credentials=None):
        self.messages, self.presences = queue.Queue(), queue.Queue()
        self.ended = threading.Event()
        self._ready = queue.Queue()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.bare = jid.split("/")[0]
        self._how = (suite, jid, address or suite.address, mechanism, priority,
                     untouched, credentials or {})
        self.thread.start()
        outcome = self._ready.get(timeout=TIMEOUT)
        if isinstance(outcome, Exception):
            raise outcome

    def _run(self):
        try:
            self._session()
        except Exception as error:  # told to whoever waits for the log-in
            self._ready.put(error)
            self.ended.set()

    def _session(self):
        asyncio.set_event_loop(self.loop)
        suite, jid, address, mechanism, priority, untouched, credentials = self._how
        xmpp = slixmpp.ClientXMPP(jid, suite.password(self.bare), sasl_mech=mechanism)
        self.xmpp = xmpp
        xmpp.loop = self.loop
        xmpp.credentials.update(credentials)
        xmpp.ca_certs = str(suite.certificate_file)
        xmpp.register_plugin("xep_0199")
        xmpp.register_plugin("xep_0030")
        xmpp.register_plugin("xep_0092")
        xmpp.register_plugin("xep_0202")

        if not untouched:
            without_false_binding(xmpp["feature_mechanisms"])

        def start(_):
            xmpp.send_presence(ppriority=priority)
            self._ready.put(xmpp.boundjid.full)

        def failed(reason):
            self._ready.put(AssertionError(f"slixmpp could not log in: {reason}"))
            if xmpp.transport is not None:
                xmpp.transport.abort()
            self.loop.call_soon(self.loop.stop)

        def disconnected(reason):
            self.ended.set()
            failed(reason or "disconnected")

        xmpp.add_event_handler("session_start", start)
        refusals = []
        xmpp.add_event_handler("failed_auth", lambda s: refusals.append(f"{s['condition']}: {s['text']}"))
        xmpp.add_event_handler("failed_all_auth", lambda reason: failed(refusals[-1] if refusals else reason))
        xmpp.add_event_handler("connection_failed", failed)
        xmpp.add_event_handler("disconnected", disconnected)
        xmpp.add_event_handler("message", lambda m: self.messages.put((m["from"].full, m["body"])))
        xmpp.add_event_handler("presence", lambda p: self.presences.put((p["from"].full, p["type"])))
        xmpp.connect(address)
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    @property
    def jid(self):
        return self.xmpp.boundjid.full

    def call(self, function, *arguments):
        """Runs function(*arguments) on the client's loop; its result, awaited if need be."""
        async def on_loop():
            result = function(*arguments)
            return await result if asyncio.isfuture(result) or asyncio.iscoroutine(result) \
                else result
        return asyncio.run_coroutine_threadsafe(on_loop(), self.loop).result(TIMEOUT)

    def send(self, to, body):
        self.call(lambda: self.xmpp.send_message(mto=to, mbody=body, mtype="chat"))

    def send_many(self, to, bodies):
        async def all_of_them():
            for n, body in enumerate(bodies):
                self.xmpp.send_message(mto=to, mbody=body, mtype="chat")
                if n % 50 == 49:  # let the loop write and read
                    await asyncio.sleep(0)
        return asyncio.run_coroutine_threadsafe(all_of_them(), self.loop)

    def receive(self, timeout=TIMEOUT):
        """(sender, body) of the next message."""
        return self.messages.get(timeout=timeout)

    def ping(self, to=None):
        return self.call(lambda: self.xmpp["xep_0199"].send_ping(to or self.xmpp.boundjid.domain))

    def close(self):
        if self.ended.is_set():
            self.thread.join(TIMEOUT)
            return
        self.loop.call_soon_threadsafe(self.xmpp.disconnect)
        assert self.ended.wait(TIMEOUT), "slixmpp did not disconnect"
        self.thread.join(TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

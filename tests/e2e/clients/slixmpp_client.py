"""slixmpp, as scripted.py wants it."""
import asyncio
import sys
from pathlib import Path

import slixmpp

sys.path.insert(0, str(Path(__file__).parents[1]))

from client import without_false_binding  # noqa: E402


def tell(*words):
    print(*words, flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, password, certificate):
        super().__init__(jid, password)
        self.ca_certs = certificate
        self.auto_authorize = None
        for plugin in ("xep_0030", "xep_0191", "xep_0199", "xep_0203"):
            self.register_plugin(plugin)
        without_false_binding(self["feature_mechanisms"])
        self.add_event_handler("session_start", self.on_start)
        self.add_event_handler("message", self.on_message)
        self.add_event_handler("presence_subscribe", lambda p: tell("subscribe", p["from"]))
        self.add_event_handler("presence_available", self.on_available)
        self.add_event_handler("presence_unavailable",
                               lambda p: tell("presence", p["from"], "unavailable"))
        self.add_event_handler("disconnected", self.on_disconnected)

    async def on_start(self, _):
        await self.get_roster()
        self.send_presence()
        tell("connected", self.boundjid.full)
        asyncio.ensure_future(self.obey())

    def on_message(self, message):
        if message["type"] in ("chat", "normal"):
            late = message.get_plugin("delay", check=True) is not None
            tell("delayed" if late else "message", message["from"], message["body"])

    def on_available(self, presence):
        tell("presence", presence["from"], "available", presence["status"])

    def on_disconnected(self, _):
        tell("disconnected")
        self.loop.stop()

    async def obey(self):
        reader = asyncio.StreamReader()
        await self.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := (await reader.readline()).decode().rstrip("\n"):
            word, _, rest = line.partition(" ")
            await getattr(self, "do_" + word)(rest)
        self.disconnect()

    async def do_send(self, rest):
        to, _, text = rest.partition(" ")
        self.send_message(mto=to, mbody=text, mtype="chat")

    async def do_subscribe(self, jid):
        self.send_presence(pto=jid, ptype="subscribe")

    async def do_approve(self, jid):
        self.send_presence(pto=jid, ptype="subscribed")

    async def do_block(self, jid):
        await self["xep_0191"].block(slixmpp.JID(jid))
        tell("blocked", jid)

    async def do_unblock(self, jid):
        await self["xep_0191"].unblock(slixmpp.JID(jid))
        tell("unblocked", jid)

    async def do_quit(self, _):
        self.disconnect()


def main():
    jid, secret, host, port, certificate = sys.argv[1:]
    client = Client(jid, Path(secret).read_text().strip(), certificate)
    client.connect((host, int(port)))
    client.loop.run_forever()


main()

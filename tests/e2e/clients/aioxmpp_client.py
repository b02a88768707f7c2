"""aioxmpp, as scripted.py wants it."""
import asyncio
import sys
from pathlib import Path

import aioxmpp
import aioxmpp.connector
import aioxmpp.dispatcher
import aioxmpp.security_layer


def tell(*words):
    print(*words, flush=True)


def trusting(certificate):
    """TLS that knows the certificate of the test."""
    def context():
        made = aioxmpp.security_layer.default_ssl_context()
        made.load_verify_locations(certificate)
        return made
    return context


def on_message(message):
    text = message.body.any()
    if text:
        tell("delayed" if message.xep0203_delay else "message", message.from_, text)


def on_available(jid, stanza):
    tell("presence", jid, "available", stanza.status.any() if stanza.status else "")


def listen(client):
    dispatcher = client.summon(aioxmpp.dispatcher.SimpleMessageDispatcher)
    for kind in (aioxmpp.MessageType.CHAT, aioxmpp.MessageType.NORMAL):
        dispatcher.register_callback(kind, None, on_message)
    presence = client.summon(aioxmpp.PresenceClient)
    presence.on_available.connect(on_available)
    presence.on_unavailable.connect(lambda jid, _: tell("presence", jid, "unavailable"))
    client.summon(aioxmpp.RosterClient).on_subscribe.connect(
        lambda stanza: tell("subscribe", stanza.from_))


async def send(client, rest):
    to, _, text = rest.partition(" ")
    message = aioxmpp.Message(type_=aioxmpp.MessageType.CHAT, to=aioxmpp.JID.fromstr(to))
    message.body[None] = text
    await client.send(message)


async def subscribe(client, jid):
    client.summon(aioxmpp.RosterClient).subscribe(aioxmpp.JID.fromstr(jid))


async def approve(client, jid):
    client.summon(aioxmpp.RosterClient).approve(aioxmpp.JID.fromstr(jid))


async def block(client, jid):
    await client.summon(aioxmpp.BlockingClient).block_jids([aioxmpp.JID.fromstr(jid)])
    tell("blocked", jid)


async def unblock(client, jid):
    await client.summon(aioxmpp.BlockingClient).unblock_jids([aioxmpp.JID.fromstr(jid)])
    tell("unblocked", jid)

COMMANDS = {"send": send, "subscribe": subscribe, "approve": approve, "block": block,
            "unblock": unblock}


async def obey(client):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().rstrip("\n"):
        word, _, rest = line.partition(" ")
        if word == "quit":
            return
        await COMMANDS[word](client, rest)


async def main():
    jid, secret, host, port, certificate = sys.argv[1:]
    client = aioxmpp.PresenceManagedClient(
        aioxmpp.JID.fromstr(jid),
        aioxmpp.make_security_layer(Path(secret).read_text().strip(),
                                    ssl_context_factory=trusting(certificate)),
        override_peer=[(host, int(port), aioxmpp.connector.STARTTLSConnector())])
    client.summon(aioxmpp.BlockingClient)
    client.summon(aioxmpp.RosterClient)
    listen(client)
    async with client.connected():
        tell("connected", client.local_jid)
        await obey(client)
    tell("disconnected")


asyncio.run(main())

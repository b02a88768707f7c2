// @xmpp/client, as scripted.py wants it.
import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

globalThis.crypto ??= webcrypto; // Debian 12's Node has it there only

const { client, jid, xml } = await import("@xmpp/client");

const BLOCKING = "urn:xmpp:blocking";
const DELAY = "urn:xmpp:delay";

const [me, secret, host, port] = process.argv.slice(2);
const address = jid(me);
const xmpp = client({
  service: `xmpp://${host}:${port}`,
  domain: address.domain,
  username: address.local,
  password: readFileSync(secret, "utf8").trim(),
  resource: address.resource || undefined,
});
xmpp.timeout = 30_000; // ms for an answer: a loaded machine needs more than 2 s
xmpp.reconnect.stop();

function tell(...words) {
  console.log(words.join(" "));
}

function onMessage(stanza) {
  const text = stanza.getChildText("body");
  if (text) tell(stanza.getChild("delay", DELAY) ? "delayed" : "message", stanza.attrs.from, text);
}

function onPresence(stanza) {
  const { from, type } = stanza.attrs;
  if (type === "subscribe") tell("subscribe", from);
  else if (type === "unavailable") tell("presence", from, type);
  else if (!type) tell("presence", from, "available", stanza.getChildText("status") ?? "");
}

// The answers to its own questions it does not count as stanzas (XEP-0198 4), and would get what came last again.
async function ask(type, child) {
  await xmpp.iqCaller[type](child);
  xmpp.streamManagement.inbound += 1;
}

async function changeBlocklist(verb, who) {
  await ask("set", xml(verb, BLOCKING, xml("item", { jid: who })));
  tell(`${verb}ed`, who);
}

const commands = {
  send: (to, ...words) =>
    xmpp.send(xml("message", { to, type: "chat" }, xml("body", {}, words.join(" ")))),
  subscribe: (to) => xmpp.send(xml("presence", { to, type: "subscribe" })),
  approve: (to) => xmpp.send(xml("presence", { to, type: "subscribed" })),
  block: (who) => changeBlocklist("block", who),
  unblock: (who) => changeBlocklist("unblock", who),
  quit: () => xmpp.stop(),
};

xmpp.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});
xmpp.on("stanza", (stanza) => {
  if (stanza.is("message")) onMessage(stanza);
  else if (stanza.is("presence")) onPresence(stanza);
});
// What the server pushes to resources that have asked for the list.
xmpp.iqCallee.set(BLOCKING, "block", () => true);
xmpp.iqCallee.set(BLOCKING, "unblock", () => true);

const bound = await xmpp.start();
// It counts what it gets from when it has read all that came with <enabled/>; nothing may come with that but what it awaits.
while (!xmpp.streamManagement.enabled) await setTimeout(5);
await ask("get", xml("query", "jabber:iq:roster"));
await xmpp.send(xml("presence"));
tell("connected", bound);

for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...rest] = line.split(" ");
  await commands[word](...rest);
  if (word === "quit") break;
}
await xmpp.stop();
tell("disconnected");
process.exit();

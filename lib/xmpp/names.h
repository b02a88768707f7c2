/*
 * names - the namespaces that the suite speaks
 */
#ifndef BH_NAMES_H
#define BH_NAMES_H

#define NS_STREAMS "http://etherx.jabber.org/streams"
#define NS_CLIENT "jabber:client"
#define NS_SERVER "jabber:server"
#define NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZA_ERRORS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_SASL_CB "urn:xmpp:sasl-cb:0"
#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SESSION "urn:ietf:params:xml:ns:xmpp-session"
#define NS_COMPRESS "http://jabber.org/protocol/compress"
#define NS_DISCO_INFO "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define NS_PING "urn:xmpp:ping"
#define NS_VERSION "jabber:iq:version"
#define NS_TIME "urn:xmpp:time"
#define NS_ROSTER "jabber:iq:roster"
#define NS_STANZA_ID "urn:xmpp:sid:0"
#define NS_DELAY "urn:xmpp:delay"
#define NS_CARBONS "urn:xmpp:carbons:2"
#define NS_FORWARD "urn:xmpp:forward:0"
#define NS_HINTS "urn:xmpp:hints"
#define NS_CHAT_STATES "http://jabber.org/protocol/chatstates"
#define NS_CAPS "http://jabber.org/protocol/caps"
#define NS_SM "urn:xmpp:sm:3"
#define NS_VCARD "vcard-temp"
#define NS_PRIVATE "jabber:iq:private"
#define NS_LAST "jabber:iq:last"
#define NS_BLOCKING "urn:xmpp:blocking"
#define NS_BLOCKING_ERRORS "urn:xmpp:blocking:errors"
#define NS_REGISTER "jabber:iq:register"
#define NS_DATA_FORMS "jabber:x:data"
#define NS_SERVER_INFO "http://jabber.org/network/serverinfo"
#define NS_COMPONENT "jabber:component:accept"
#define NS_CSI "urn:xmpp:csi:0"
#define NS_SM "urn:xmpp:sm:3"
#define NS_ROSTER_VERSIONS "urn:xmpp:features:rosterver"
#define NS_PRE_APPROVAL "urn:xmpp:features:pre-approval"
#define NS_LIMITS "urn:xmpp:stream-limits:0"
#define NS_LEGACY_AUTH "jabber:iq:auth"
#define NS_LEGACY_AUTH_FEATURE "http://jabber.org/features/iq-auth"
#define NS_REGISTER_FEATURE "http://jabber.org/features/iq-register"

/* What names this software in entity capabilities (XEP-0115); disco's node is this, '#', ver. */
#define CAPS_NODE "https://bulkhead.example/"

#endif

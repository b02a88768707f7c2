/*
 * address - IP addresses and networks
 */
#ifndef BH_ADDRESS_H
#define BH_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
	uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
};

enum { ADDRESS_TEXT_SIZE = 56 };

/* From a sockaddr_in or sockaddr_in6; false for other families. */
bool address_from_sockaddr(const struct sockaddr *sa, struct address *out);
/* A sockaddr_in for IPv4, a sockaddr_in6 otherwise. */
void address_to_sockaddr(const struct address *a, struct sockaddr_storage *out);
/* "192.0.2.1" or "2001:db8::1", and with its port "192.0.2.1:5222", "[2001:db8::1]:5222". */
void address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE]);
void address_text_port(const struct address *a, char out[ADDRESS_TEXT_SIZE]);

/* Whose it is: an IPv4 address itself, of an IPv6 one the network of 64 bits. */
void address_site(const struct address *a, uint8_t out[16]);

/* "10.0.0.0/8", "2001:db8::/32", "127.0.0.1". */
struct network {
	uint8_t ip[16];
	uint8_t bits; /* 0..128, IPv4 counted from 96 */
};
int network_parse(const char *text, struct network *out);
bool network_contains(const struct network *net, const struct address *a);

#endif

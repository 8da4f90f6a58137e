/* Trusted proxies: whose X-Forwarded-… fields are believed, as --forwarded-allow-ips lists them.
 *
 * The list's entries stand between commas: an address (127.0.0.1, ::1), a network in CIDR form (10.0.0.0/8), or a literal: the path of the Unix socket that a
 * proxy comes in by, or a name that proxies write into X-Forwarded-For in place of an address. A lone * is everybody, those without an address too. An empty
 * list is nobody. Thread rule: made by one, read by any. Source: Uvicorn's --forwarded-allow-ips. */
#pragma once
#include "base/arena.h"
#include <sys/socket.h>

typedef struct cito_trusted_proxies cito_trusted_proxies;

/* The arena owns it and its texts. NULL with *out_error, which says what to write instead, where an entry is nearly an address or a network: it could match
 * nobody, and who wrote it would not notice. */
cito_trusted_proxies *cito_trusted_proxies_create(cito_arena *, const char *list, const char **out_error);
/* Who is at the other end of a connection; own: this end's address, for a Unix socket's path. An IPv4 client of an IPv6 socket counts as IPv4. */
bool cito_trusted_proxies_have_peer(const cito_trusted_proxies *, const struct sockaddr *peer, const struct sockaddr *own);
/* A host as X-Forwarded-For names it, without a port. */
bool cito_trusted_proxies_have_host(const cito_trusted_proxies *, cito_str host);

/* Redis URL: where a Redis server is and what to say to it first. Forms: redis://[user][:password]@host[:port][/db], redis+socket:///path?db=N,
 * redis+unix:///path?db=N, unix:///path?db=N. Percent-encoding is undone in user, password and path.
 * Thread rule: any. Source: kombu's and redis-py's connection URLs. */
#pragma once
#include "base/arena.h"

typedef struct cito_redis_url {
    cito_str host;           /* a name or an address; data NULL: a Unix socket */
    cito_str path;           /* of the Unix socket */
    cito_str user, password; /* data NULL: none */
    int port, db;
    cito_str shown; /* the URL without its password, for texts */
} cito_redis_url;

/* Reads the text into *out_url, whose strings lie in the arena. NULL, or what is wrong and what to write instead, in the arena or static. */
const char *cito_redis_url_parse(const char *text, cito_arena *, cito_redis_url *out_url);

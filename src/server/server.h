/* Server: listeners and connections of one process: bytes in and out of sockets, keep-alive, pipelining, limits, time-outs, the access log. It knows an
 * application only as http/app.h shows it. Sockets are bound apart from it, so that a master can own them.
 * Thread rule: the loop's thread. Source: RFC 9112; facts on servers, section 2. */
#pragma once
#include "http/app.h"
#include "http/parser.h"
#include "loop/loop.h"
#include "server/trusted_proxies.h"

typedef struct cito_server_options {
    cito_http_limits http;
    uint64_t limit_body;            /* bytes; 0: 16 MiB */
    unsigned limit_connections;     /* 0: 10000; more wait unaccepted */
    unsigned timeout_keep_alive_ms; /* idle between requests; 0: 5000 */
    unsigned timeout_head_ms;       /* from the first byte (or accept) to the end of the head; 0: 10000; then 408 */
    unsigned timeout_body_ms;       /* between bytes of a body; 0: 30000; then 408 */
    unsigned timeout_write_ms;      /* a client that takes nothing; 0: 30000 */
    unsigned timeout_graceful_ms;   /* cito_server_stop: how long requests may go on; 0: 30000 */
    unsigned
        timeout_drain_ms; /* cito_server_stop: how long an idle connection may still ask, and is answered with connection: close; 0: it closes at once */
    bool shares_listeners; /* other processes accept on them too: takes turns with them */
    bool access_log_off, server_header_off, date_header_off;
    const char *root_path;                       /* what a proxy takes off the path; NULL: nothing */
    const cito_trusted_proxies *trusted_proxies; /* borrowed; NULL: nobody's X-Forwarded-… fields are believed */
} cito_server_options;

typedef struct cito_server cito_server;

/* A listening socket, non-blocking, close-on-exec, SO_REUSEADDR. host: a name, an address, "" for all; port 0: any free one. -1 with a text that says what
 * to do ("Address already in use: …") in the arena. */
int cito_listener_open(cito_arena *, const char *host, int port, int backlog, const char **out_error);
int cito_listener_open_unix(cito_arena *, const char *path, int mode, int backlog, const char **out_error);
/* "http://127.0.0.1:8000" of a bound socket. */
cito_str cito_listener_url(cito_arena *, int fd);

/* The application is borrowed. */
cito_server *cito_server_new(cito_loop *, cito_application *, const cito_server_options *);
/* Accepts on it from now on; the descriptor stays the caller's. */
void cito_server_listen(cito_server *, int listener_fd);
/* Of a server that shares its listeners, once a second: takes what another process was woken for and did not live to accept. */
void cito_server_rearm(cito_server *);
/* Graceful: no more accepts; idle connections close (after timeout_drain_ms: a request may be on its way to them), running requests end within timeout_graceful_ms, then are cancelled; then done(data). Calling it again
 * makes it quick. */
void cito_server_stop(cito_server *, void (*done)(void *data), void *data);
/* After done was called, or before anything was listened on. The memory goes when the loop turns once more (or is freed). */
void cito_server_free(cito_server *);

typedef struct cito_server_stats {
    uint64_t connections_accepted, requests, bad_requests;
    unsigned connections, exchanges;
} cito_server_stats;
cito_server_stats cito_server_stats_now(const cito_server *);

/* The seam between server and application: the ASGI of C. The server turns bytes into exchanges, `web` answers them, and neither knows the
 * other. The test client drives an application through it with no socket; HTTP/2 will implement the same table.
 *
 * An exchange: handle(app, exchange) is called on the loop when the head is there, outside of any coroutine. The application answers with
 * respond, or start, write … end; then (after background work and clean-ups) it calls finish, exactly once, and never touches the exchange
 * again. Strings of the scope live until finish. Thread rule: the loop's thread. Source: ASGI 3.0, "HTTP Connection Scope". */
#pragma once
#include <cito/value.h>

typedef struct cito_loop cito_loop;         /* loop/loop.h: http itself needs neither */
typedef struct cito_lifetime cito_lifetime; /* loop/context.h */

typedef struct cito_header {
    cito_str name, value; /* as received; requests' names are in lower case */
} cito_header;

typedef struct cito_scope_http {
    cito_str method;
    cito_str target; /* as received: path and query */
    cito_str path;   /* percent-decoded UTF-8 (bytes that are none come as U+FFFD) */
    cito_str raw_path;
    cito_str query_string; /* without the question mark, not decoded */
    cito_str scheme;       /* "http", or what a trusted proxy says: "https", "ws", "wss" */
    const char *root_path; /* the prefix that a proxy took off the path before it sent it here; NULL: none */
    cito_str host;         /* the Host header, else the server's address */
    int http_minor;        /* HTTP/1.x */
    const cito_header *headers;
    size_t header_count;
    const char *client_host, *server_host; /* client_host may be what a trusted proxy says: any text; "" where it is not known */
    int client_port, server_port;
} cito_scope_http;

typedef enum cito_receive_result {
    CITO_RECEIVE_OK,
    CITO_RECEIVE_TOO_LARGE,    /* past the limit: answer 413 */
    CITO_RECEIVE_BROKEN,       /* bad chunk, or the client half-closed within the body: answer 400 */
    CITO_RECEIVE_DISCONNECTED, /* nobody is there to answer */
    CITO_RECEIVE_CANCELLED     /* a time-out of the waiting coroutine */
} cito_receive_result;

typedef struct cito_exchange cito_exchange;
typedef struct cito_exchange_methods {
    /* The whole body, in the exchange's memory, a NUL behind it. Suspends where it is not there yet (then it needs a coroutine). May be called
     * again and gives the same. */
    cito_receive_result (*read_body)(cito_exchange *, cito_str *out_body);
    /* A complete answer. Content-Length is added by the server from body.len (not for 1xx, 204, 304), as are Date, Connection, Server; the body
     * is left out for HEAD. Headers and body are copied before it returns. */
    void (*respond)(cito_exchange *, int status, const cito_header *headers, size_t header_count, cito_str body);
    /* An answer in pieces: chunked on 1.1, closed by the end on 1.0. write suspends while the client takes nothing; false: it has gone. */
    void (*start)(cito_exchange *, int status, const cito_header *headers, size_t header_count);
    bool (*write)(cito_exchange *, cito_str piece);
    void (*end)(cito_exchange *);
    bool (*is_disconnected)(const cito_exchange *);
    void (*finish)(cito_exchange *);
} cito_exchange_methods;

struct cito_exchange {
    const cito_exchange_methods *methods;
    cito_loop *loop;
    cito_lifetime *lifetime; /* of this exchange; its arena holds the scope. finish() of the exchange drops it */
    cito_scope_http scope;
    int status;          /* what was answered, 0 before */
    uint64_t limit_body; /* bytes; the server's setting, which the application may change before the body is read */
};

/* An application as the server sees it. */
typedef struct cito_application cito_application;
struct cito_application {
    void (*handle)(cito_application *, cito_exchange *);
    /* The lifespan. Both run callables and so suspend: called in a coroutine. startup: false where it failed (logged); then no shutdown. */
    bool (*startup)(cito_application *, cito_loop *);
    void (*shutdown)(cito_application *, cito_loop *);
    void (*free)(cito_application *);
};

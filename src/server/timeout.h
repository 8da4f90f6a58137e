/* Timeouts: coarse time-outs of many connections, without a timer of the loop's for each. Every kind has one duration, so a list per kind stays in the order
 * of its deadlines: setting one is an append, and looking for what is overdue looks at the first of each list.
 * Thread rule: the loop's thread. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum cito_timeout_kind {
    CITO_TIMEOUT_NONE,
    CITO_TIMEOUT_HEAD,       /* the end of a request's head */
    CITO_TIMEOUT_KEEP_ALIVE, /* the next request */
    CITO_TIMEOUT_BODY,       /* the next bytes of a body */
    CITO_TIMEOUT_WRITE,      /* the client takes bytes */
    CITO_TIMEOUT_LINGER,     /* a client that still sends to a connection that ends */
    CITO_TIMEOUT_PROBE,      /* asking whether a client that ended its stream is still there */
    CITO_TIMEOUT_KINDS
} cito_timeout_kind;

typedef struct cito_timeout {
    struct cito_timeout *previous, *next; /* NULL where kind is NONE */
    uint64_t deadline_ms;
    cito_timeout_kind kind;
} cito_timeout;

typedef struct cito_timeouts {
    cito_timeout first[CITO_TIMEOUT_KINDS]; /* heads of rings */
    unsigned duration_ms[CITO_TIMEOUT_KINDS];
    unsigned armed;
} cito_timeouts;

/* All lists empty, all durations 0. */
void cito_timeouts_init(cito_timeouts *);
/* now_ms never goes back. Set again: the old deadline is forgotten. NONE: takes it off. */
void cito_timeout_set(cito_timeouts *, cito_timeout *, cito_timeout_kind, uint64_t now_ms);
/* The next overdue one, taken off, its kind in out_kind; NULL where there is none. */
cito_timeout *cito_timeouts_pop(cito_timeouts *, uint64_t now_ms, cito_timeout_kind *out_kind);

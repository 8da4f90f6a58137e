/* Connection: what the parts of src/server share: the server, one client's connection, one exchange on it. Not for other layers.
 *
 * A connection reads into an input (a pooled row of bytes); a head is parsed there in place, and its exchange's strings point into it. The exchange holds
 * that input until finish: while the connection works on the same one, both know it; when either goes on alone, the exchange keeps it and the connection
 * takes another. Output gathers in `out`, which is pooled too and held only while something is in it.
 * Thread rule: the loop's thread. */
#pragma once
#include "base/buffer.h"
#include "server/server.h"
#include "server/timeout.h"

enum {
    CITO_INPUT_SIZE = 16 * 1024,        /* of a pooled input, its head and the NUL behind its bytes included */
    CITO_OUT_HIGH = 64 * 1024,          /* unsent bytes over which a writer waits */
    CITO_OUT_LOW = 16 * 1024,           /* … until no more than this is left */
    CITO_OUT_DIRECT = 16 * 1024,        /* a piece of this size goes to the socket without being copied first */
    CITO_SKIP_MAX = 64 * 1024,          /* an unread body of this size is read off to keep the connection; a larger one ends it */
    CITO_LINGER_MAX = 64 * 1024 * 1024, /* bytes taken from a client that still sends to a connection that ends */
    CITO_SPARES_MAX = 256               /* inputs and outputs kept for later */
};

typedef struct cito_connection cito_connection;
typedef struct cito_input cito_input;
struct cito_input {
    cito_input *next; /* in the pool */
    size_t capacity;  /* of data; the last byte is never read into: a NUL may stand behind a body */
    char data[];
};

/* The two ends of a connection as text. */
typedef struct cito_ends {
    char client_host[46], server_host[46];
    int client_port, server_port;
} cito_ends;

/* One request and its answer. */
typedef struct cito_server_exchange {
    cito_exchange base;
    cito_server *server;
    cito_connection *connection;                  /* NULL: the client has gone, or the connection has gone on to the next request */
    cito_input *input;                            /* where the head lies */
    struct cito_server_exchange *previous, *next; /* of the server's; next in the pool too */
    /* The request's body. */
    int64_t content_length;
    bool chunked, expect_continue, receiving, body_over; /* body_over: body_result is known */
    cito_receive_result body_result;
    char *body_data;
    size_t body_len, body_capacity;
    cito_coroutine *reader, *writer; /* who waits for the body, for room to write */
    /* The answer. */
    bool head_request, keep_alive;
    bool answer_started, answer_chunked, answer_bodiless, answer_done; /* done: whole, and further pieces are dropped */
    int64_t answer_left;                                               /* of an announced Content-Length; -1: none was */
    bool gone, cancelled;
    cito_ends ends; /* a copy: the scope's strings outlive the connection */
    cito_header headers[];
} cito_server_exchange;

struct cito_connection {
    uv_poll_t poll;
    cito_server *server;
    int fd, events;             /* events: what is polled for */
    bool closed, handle_closed; /* closed: the handle is closing or was; nothing may be done but look at this */
    bool busy;                  /* cito_connection_advance is at work further up the stack */
    bool scheduled;             /* in the server's list for the end of the turn */
    bool input_ended;           /* the client's end of stream has come */
    bool close_after;           /* no more requests; ends when the answer is out */
    bool linger;                /* … and bytes may still come: read them off, that the reset does not overtake the answer */
    bool lingering, probed, served, local;
    bool trusted; /* the peer is a proxy that is believed */
    cito_timeout timeout;
    cito_input *input;       /* NULL while nothing is in it */
    size_t start, end, base; /* the bytes not yet used; where the running exchange's head ends */
    cito_buffer out;
    size_t out_sent;
    uint64_t skip; /* bytes of an unread body still to be read off; of a chunked one: how many may be */
    bool skip_chunked;
    size_t lingered;
    cito_http_parser parser;
    cito_server_exchange *exchange;
    cito_connection *previous, *next, *next_scheduled;
    cito_ends ends;
};

typedef struct cito_listener {
    uv_poll_t poll;
    cito_server *server;
    int fd;
    bool closed;
    struct cito_listener *next;
} cito_listener;

struct cito_server {
    cito_loop *loop;
    cito_application *application;
    cito_server_options options;
    cito_server_stats stats;
    cito_listener *listeners;
    cito_connection *connections, *scheduled;
    cito_server_exchange *exchanges, *spare_exchanges;
    cito_input *spare_inputs;
    unsigned spare_input_count, spare_exchange_count, spare_out_count;
    cito_buffer spare_outs[CITO_SPARES_MAX];
    cito_timeouts timeouts;
    uv_idle_t turn; /* runs at the end of a turn in which something was scheduled */
    uv_timer_t tick;
    unsigned tick_ms; /* 0: not running */
    uint64_t now_ms, uv_now;
    int64_t date_second;
    char fields[96];            /* "\r\ndate: …\r\nserver: cito\r\n" */
    size_t fields_len, date_at; /* date_at 0: there is no date */
    cito_buffer log;            /* access lines of this turn */
    bool log_on, log_coloured;
    bool accepting, stopping, cancelling, freed;
    unsigned lining_up; /* turns until the listeners are registered with the kernel and can be put in line; 0: they are */
    bool closes_idle;   /* stopping, and whoever wanted to ask has had the time for it */
    bool has_room;      /* a connection was closed: accepting may go on */
    uint64_t warned_ms; /* when it was last said that nothing can be accepted */
    uint64_t stop_deadline_ms, drain_deadline_ms;
    void (*done)(void *data);
    void *done_data;
    unsigned open_handles;
};

/* ---- server.c ---- */
/* The time of this turn, by base/clock.h; the date field follows it. */
uint64_t cito_server_now_ms(cito_server *);
/* Runs what is overdue; the timer calls it. */
void cito_server_check_timeouts(cito_server *);
/* Sets the connection's time-out, from now. */
void cito_server_set_timeout(cito_connection *, cito_timeout_kind);
/* Fills in ends, local and trusted. */
void cito_server_name_ends(cito_connection *, const struct sockaddr *peer);
/* Advances the connection at the end of the turn. */
void cito_server_schedule(cito_server *, cito_connection *);
/* Something was put into the access log or may be over: look at the end of the turn. */
void cito_server_wake(cito_server *);
/* One of the handles that the server counts is closed: the last one ends the server, which is gone then. */
void cito_server_handle_closed(cito_server *);
/* Room for at least that many bytes; 0: a pooled one. */
cito_input *cito_server_take_input(cito_server *, size_t least);
void cito_server_give_input(cito_server *, cito_input *);

/* ---- connection.c ---- */
/* Takes the descriptor. */
void cito_connection_open(cito_server *, int fd, const struct sockaddr *peer);
/* Sends what is there, ends the connection if it is time, and sets what it waits for. */
void cito_connection_settle(cito_connection *);
void cito_connection_close(cito_connection *);
/* The client has gone: closes, and cancels the exchange unless its answer is complete. */
void cito_connection_lost(cito_connection *);
void cito_connection_timed_out(cito_connection *, cito_timeout_kind);
/* An answer of the server's own: {"detail": text}; the connection ends. */
void cito_connection_refuse(cito_connection *, int status, const char *text);

/* ---- requests.c ---- */
/* Goes on with what is there: body bytes, further requests; then settles. Does nothing where it is at work already. */
void cito_connection_advance(cito_connection *);
/* The request of this connection is over on its side: what is left of its body will be read off, or the connection ends. */
void cito_connection_end_request(cito_connection *);

/* ---- output.c ---- */
static inline size_t cito_connection_unsent(const cito_connection *connection) { return connection->out.len - connection->out_sent; }
/* The buffer to append to. */
cito_buffer *cito_connection_out(cito_connection *);
/* Appends; a long piece goes to the socket at once. false: the connection was lost. */
bool cito_connection_write(cito_connection *, const char *data, size_t len);
/* Sends what it can. false: the connection was lost. */
bool cito_connection_flush(cito_connection *);
void cito_connection_give_out(cito_connection *);

/* ---- body.c ---- */
cito_receive_result cito_exchange_read_body(cito_exchange *, cito_str *out_body);
/* Takes what lies in the input; sets body_over. */
void cito_exchange_feed(cito_server_exchange *);
/* recv straight into the body's memory where its length is known: bytes taken, 0 at the end of the stream, -1 with errno. */
ssize_t cito_exchange_receive(cito_server_exchange *);
/* The client ended the stream. */
void cito_exchange_input_ended(cito_server_exchange *);

/* ---- exchange.c ---- */
/* Where the next head's fields go: room for the server's limit of them. */
cito_header *cito_exchange_next_headers(cito_server *);
/* A head has been parsed at connection->start, into that room. */
cito_server_exchange *cito_exchange_begin(cito_connection *, const cito_http_head *);
void cito_exchange_give(cito_server_exchange *);
void cito_exchange_cancel(cito_server_exchange *);

/* HTTP/1.1 request parser: sans-I/O, incremental, zero copy. RFC 9110, RFC 9112.
 *
 * The caller holds the connection's bytes in one row and calls parse_head with all that has come since the head's first byte; the parser
 * remembers how far it has looked, so that no byte is looked at twice. Slices point into the caller's row, names are turned to lower case in
 * place, and each slice's end is overwritten with a NUL (the byte behind a name is the colon, behind a value CR: both no longer needed).
 * Strict: what RFC 9112 lets a recipient refuse is refused (bare LF, obs-fold, space before the colon, two lengths, length with chunked, …).
 * Thread rule: any; a parser belongs to one connection. */
#pragma once
#include "http/app.h"

typedef struct cito_http_limits {
    size_t request_line; /* 0: 8190 bytes; 414 */
    size_t field_size;   /* 0: 8190; 431 */
    size_t field_count;  /* 0: 100, at most CITO_HTTP_FIELDS_MAX; 431 */
    size_t head_size;    /* 0: 64 KiB; 431 */
    size_t chunk_line;   /* 0: 256; 400 */
    size_t trailer_size; /* 0: 8190; 400 */
} cito_http_limits;
enum { CITO_HTTP_FIELDS_MAX = 256 };

typedef struct cito_http_error {
    int status;       /* 400, 414, 431, 501, 505, … */
    const char *text; /* what is wrong, for the log and the answer */
} cito_http_error;

typedef enum cito_http_parse_result { CITO_HTTP_NEED_MORE, CITO_HTTP_DONE, CITO_HTTP_BAD } cito_http_parse_result;

typedef struct cito_http_head {
    cito_str method;
    cito_str target;      /* origin-form or "*"; an absolute-form is split, and its authority is the host (RFC 9112 section 3.2.2) */
    int minor;            /* HTTP/1.minor: 0, or 1 for all that is later */
    cito_header *headers; /* set by the caller before parse_head: room for limits.field_count of them */
    size_t header_count;
    int64_t content_length; /* -1: none */
    bool chunked, keep_alive, expect_continue, has_host;
    bool forwarded;                                /* X-Forwarded-For or X-Forwarded-Proto is there */
    bool upgrade;                                  /* Connection names it, Upgrade is there, and the client is no HTTP/1.0 one */
    cito_str host, content_type, upgrade_protocol; /* empty where absent */
    size_t size;                                   /* bytes of the head, the blank line included */
} cito_http_head;

typedef struct cito_http_parser {
    cito_http_limits limits;
    size_t looked;     /* bytes known to hold no end of the head */
    size_t line_start; /* where the line begins that `looked` has come to */
    size_t line_count; /* lines of the head before it, the request line included */
    int state;         /* of the body's machine */
    uint64_t left;     /* of the body or of the chunk */
    size_t allowance;  /* bytes that the chunk's line, or all the trailers, may still take */
} cito_http_parser;

void cito_http_parser_init(cito_http_parser *, const cito_http_limits *);
/* data[0] is the first byte after the message before. One leading CRLF is skipped (it counts in head->size). DONE: the body machine is set, and the
 * head's size bytes must stay where they are while the slices are used. NEED_MORE: no byte was changed, so the row may move before the next call.
 * BAD: answer the error and close; which error it is does not depend on how the bytes came in pieces, as long as calls stop at the first. */
cito_http_parse_result cito_http_parse_head(cito_http_parser *, char *data, size_t len, cito_http_head *out_head,
                                            cito_http_error *out_error);
/* Takes body bytes: gives the next piece of content as a slice of data, and how many bytes were used. DONE when the message is over (piece may
 * be empty); NEED_MORE with a piece or none: call again with the rest, or when more has come, until nothing is used. Trailers are checked and dropped. */
cito_http_parse_result cito_http_parse_body(cito_http_parser *, const char *data, size_t len, size_t *out_used, cito_str *out_piece,
                                            cito_http_error *out_error);
/* For the next message of the connection. */
void cito_http_parser_reset(cito_http_parser *);

/* Response: an answer's head as bytes. Thread rule: any. Source: RFC 9112 sections 4, 5, 6; RFC 9110 section 5.5. */
#pragma once
#include "base/buffer.h"
#include "http/app.h"

typedef enum cito_framing {
    CITO_FRAMING_NONE,   /* says nothing of a body: 1xx, 204, 304, and pieces that end with the connection */
    CITO_FRAMING_LENGTH, /* content-length: body_len */
    CITO_FRAMING_GIVEN,  /* the application's own Content-Length is among the headers */
    CITO_FRAMING_CHUNKED
} cito_framing;

typedef struct cito_response_head {
    int status;
    const cito_header *headers;
    size_t header_count;
    cito_framing framing;
    uint64_t body_len;
    const char *connection; /* "close", "keep-alive"; NULL: not said */
    cito_str fields;        /* the server's own: "\r\ndate: …\r\nserver: …\r\n", at least "\r\n" */
} cito_response_head;

/* What the server must know of an application's fields, found in one pass. */
typedef struct cito_response_scan {
    bool bad; /* a name that is no token, or CR, LF, NUL in a value: the answer must not be sent (response splitting) */
    const char *bad_name;
    bool close; /* Connection: close */
    bool has_date, has_server;
    int64_t content_length; /* -1: none */
    size_t size;            /* bytes of all fields */
} cito_response_scan;
void cito_response_scan_headers(const cito_header *, size_t count, cito_response_scan *out_scan);
/* Appends the head, the blank line included. Connection, Transfer-Encoding and (unless GIVEN) Content-Length of the application are left out: they are the server's. */
void cito_response_write_head(cito_buffer *, const cito_response_head *, const cito_response_scan *);
/* Digits without leading zeros; gives how many (at most 20). */
size_t cito_response_write_number(uint64_t, char *out);

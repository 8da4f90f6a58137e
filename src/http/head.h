/* A request's head, read in one go where all of it is there. Internal to src/http: parser.c calls it.
 * Thread rule: any; nothing is kept. */
#pragma once
#include "http/parser.h"

typedef enum cito_head_reading {
    CITO_HEAD_WHOLE,   /* out_head is filled; names are in lower case, ends are NUL */
    CITO_HEAD_SHORT,   /* the row ended first; nothing was changed */
    CITO_HEAD_UNFIT,   /* a line's end, a control character or a limit: the search for the head's end says which; nothing was changed */
    CITO_HEAD_WRONG,   /* the lines are sound, but what stands in them is not grammar; nothing was changed; out_error is set */
    CITO_HEAD_REFUSED, /* a head by its grammar that may not be served (two lengths, no Host, …); out_error is set */
} cito_head_reading;

/* limits has no zero in it. Sources: RFC 9112 sections 2 to 6, RFC 9110 sections 5, 7.2, 7.6.1, 7.8, 8.6, 10.1.1. */
cito_head_reading cito_http_head_read(const cito_http_limits *limits, char *data, size_t len, cito_http_head *out_head,
                                      cito_http_error *out_error);

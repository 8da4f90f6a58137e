/* HTTP/1.1 request parser: when a head is whole, and what is wrong with it when it cannot be; see parser.h. The head's grammar is in head.c, the
 * meaning of its fields in known.c, the body in body.c.
 *
 * Invariants: the usual head comes in one piece and is read at once, in one pass. Only where that pass finds the row too short does the search for
 * the head's end begin; it goes on from where it stopped, so a head that trickles in costs each byte once. The search knows lines, controls and
 * limits, nothing else. Its verdict goes before that of the grammar: thus the same bytes give the same answer however they were cut.
 * Threading: a parser belongs to one connection. */
#include "http/body.h"
#include "http/head.h"
#include "http/scan.h"

static size_t value_or(size_t value, size_t otherwise) { return value ? value : otherwise; }

void cito_http_parser_init(cito_http_parser *parser, const cito_http_limits *limits)
{
    static const cito_http_limits none;
    const cito_http_limits *l = limits ? limits : &none;
    size_t field_count = value_or(l->field_count, 100);
    *parser = (cito_http_parser){ .limits = {
                                      .request_line = value_or(l->request_line, 8190),
                                      .field_size = value_or(l->field_size, 8190),
                                      .field_count = field_count < CITO_HTTP_FIELDS_MAX ? field_count : CITO_HTTP_FIELDS_MAX,
                                      .head_size = value_or(l->head_size, 64 * 1024),
                                      .chunk_line = value_or(l->chunk_line, 256),
                                      .trailer_size = value_or(l->trailer_size, 8190),
                                  } };
}

void cito_http_parser_reset(cito_http_parser *parser)
{
    cito_http_limits limits = parser->limits;
    *parser = (cito_http_parser){ .limits = limits };
}

static cito_http_parse_result bad(cito_http_error *out_error, int status, const char *text)
{
    *out_error = (cito_http_error){ status, text };
    return CITO_HTTP_BAD;
}

static cito_http_parse_result line_too_long(const cito_http_parser *parser, cito_http_error *out_error)
{
    if (parser->line_count == 0)
        return bad(out_error, 414, "the request line is too long");
    return bad(out_error, 431, "a header field is too long");
}

static cito_http_parse_result bad_control(char c, cito_http_error *out_error)
{
    if (c == '\n')
        return bad(out_error, 400, "a line ends in LF without CR");
    if (c == '\r')
        return bad(out_error, 400, "a CR without LF");
    return bad(out_error, 400, "a control character in the head; is this TLS on a plain port?");
}

/* A line has ended at `end`, which is behind its CRLF. DONE: it was the blank line behind the fields. */
static cito_http_parse_result count_line(cito_http_parser *parser, size_t len, size_t end, cito_http_error *out_error)
{
    if (len == 0 && parser->line_count > 0)
        return CITO_HTTP_DONE;
    if (len == 0 && parser->line_start > 0)
        return bad(out_error, 400, "more than one empty line before the request line");
    if (len > 0 && parser->line_count++ > parser->limits.field_count)
        return bad(out_error, 431, "too many header fields");
    parser->line_start = parser->looked = end;
    return CITO_HTTP_NEED_MORE;
}

/* DONE: the head's end is in the row. Nothing behind the limit of the head's size is looked at, however much has come. */
static cito_http_parse_result search_end(cito_http_parser *parser, const char *data, size_t len, cito_http_error *out_error)
{
    size_t most = len < parser->limits.head_size ? len : parser->limits.head_size;
    for (;;) {
        size_t at = (size_t)(cito_scan_text(data, data + parser->looked, data + most) - data);
        size_t line = at - parser->line_start;
        parser->looked = at;
        if (line > (parser->line_count == 0 ? parser->limits.request_line : parser->limits.field_size))
            return line_too_long(parser, out_error);
        if (at < most && data[at] != '\r')
            return bad_control(data[at], out_error);
        if (most - at < 2)
            break;
        if (data[at + 1] != '\n')
            return bad_control('\r', out_error);
        cito_http_parse_result counted = count_line(parser, line, at + 2, out_error);
        if (counted != CITO_HTTP_NEED_MORE)
            return counted;
    }
    return len < parser->limits.head_size ? CITO_HTTP_NEED_MORE : bad(out_error, 431, "the header fields are too large");
}

cito_http_parse_result cito_http_parse_head(cito_http_parser *parser, char *data, size_t len, cito_http_head *out_head,
                                            cito_http_error *out_error)
{
    if (parser->looked > 0) {
        cito_http_parse_result search = search_end(parser, data, len, out_error);
        if (search != CITO_HTTP_DONE)
            return search;
    }
    cito_head_reading reading = cito_http_head_read(&parser->limits, data, len, out_head, out_error);
    if (reading == CITO_HEAD_WHOLE) {
        cito_http_body_begin(parser, out_head);
        return CITO_HTTP_DONE;
    }
    if (reading == CITO_HEAD_REFUSED)
        return CITO_HTTP_BAD;
    cito_http_error grammar = *out_error;
    parser->looked = parser->line_start = parser->line_count = 0;
    cito_http_parse_result search = search_end(parser, data, len, out_error);
    if (search != CITO_HTTP_DONE)
        return search;
    *out_error = grammar;
    return CITO_HTTP_BAD;
}

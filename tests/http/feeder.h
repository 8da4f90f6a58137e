/* Drives the parser as a connection does and writes down what came out, one line for each event, so that two ways of feeding can be compared as text.
 * Used by test_parser.c and by the fuzz target. A row of exactly the bytes that have come is allocated for each step: an access past them is seen by
 * the sanitizer. */
#pragma once
#include "base/buffer.h"
#include "http/parser.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void note_bytes(cito_buffer *log, cito_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = (uint8_t)bytes.data[i];
        if (isprint(c) && c != '\\')
            cito_buffer_append_char(log, (char)c);
        else
            cito_buffer_append_format(log, "\\x%02x", c);
    }
}

static void note_text(cito_buffer *log, const char *before, cito_str text)
{
    assert(text.data && text.data[text.len] == '\0');
    cito_buffer_append_format(log, "%s", before);
    note_bytes(log, text);
}

static void note_head(cito_buffer *log, const cito_http_head *head)
{
    note_text(log, "head ", head->method);
    note_text(log, " ", head->target);
    cito_buffer_append_format(log, " 1.%d %s", head->minor, head->keep_alive ? "keep" : "close");
    note_text(log, head->has_host ? " host=" : " no-host=", head->host);
    if (head->content_length >= 0)
        cito_buffer_append_format(log, " length=%lld", (long long)head->content_length);
    cito_buffer_append_format(log, "%s%s%s%s", head->chunked ? " chunked" : "", head->expect_continue ? " continue" : "",
                              head->upgrade ? " upgrade" : "", head->forwarded ? " forwarded" : "");
    if (head->content_type.len)
        note_text(log, " type=", head->content_type);
    if (head->upgrade_protocol.len)
        note_text(log, " protocol=", head->upgrade_protocol);
    cito_buffer_append_char(log, '\n');
    for (size_t i = 0; i < head->header_count; i++) {
        note_text(log, "  ", head->headers[i].name);
        note_text(log, ": ", head->headers[i].value);
        cito_buffer_append_char(log, '\n');
    }
}

typedef struct feeder {
    cito_http_parser parser;
    cito_buffer log, content;
    const char *data; /* all bytes of the connection */
    size_t start;     /* of the message, then of what of its body is not used yet */
    bool in_body, stopped;
    unsigned messages;
} feeder;

static void feeder_init(feeder *f, const cito_http_limits *limits, const char *data)
{
    *f = (feeder){ .data = data };
    cito_http_parser_init(&f->parser, limits);
    cito_buffer_init(&f->log);
    cito_buffer_init(&f->content);
}

static void feeder_finish(feeder *f)
{
    cito_buffer_finish(&f->log);
    cito_buffer_finish(&f->content);
}

static void feed_error(feeder *f, const cito_http_error *error)
{
    cito_buffer_append_format(&f->log, "error %d %s\n", error->status, error->text);
    f->stopped = true;
}

/* false: more bytes are needed. */
static bool feed_head(feeder *f, size_t len)
{
    char *row = malloc(len + (len == 0));
    assert(row);
    memcpy(row, f->data + f->start, len);
    cito_header headers[CITO_HTTP_FIELDS_MAX];
    cito_http_head head = { .headers = headers };
    cito_http_error error = { 0 };
    cito_http_parse_result result = cito_http_parse_head(&f->parser, row, len, &head, &error);
    if (result == CITO_HTTP_NEED_MORE) {
        assert(memcmp(row, f->data + f->start, len) == 0);
    } else if (result == CITO_HTTP_BAD) {
        feed_error(f, &error);
    } else {
        assert(head.size <= len && memcmp(row + head.size, f->data + f->start + head.size, len - head.size) == 0);
        note_head(&f->log, &head);
        f->start += head.size;
        f->in_body = true;
    }
    free(row);
    return result == CITO_HTTP_DONE;
}

static bool feed_body(feeder *f, size_t len)
{
    char *row = malloc(len + (len == 0));
    assert(row);
    memcpy(row, f->data + f->start, len);
    size_t used = 0;
    cito_str piece;
    cito_http_error error = { 0 };
    cito_http_parse_result result = cito_http_parse_body(&f->parser, row, len, &used, &piece, &error);
    assert(used <= len && (piece.len == 0 || (piece.data >= row && piece.data + piece.len <= row + used)));
    cito_buffer_append(&f->content, piece.data, piece.len);
    f->start += used;
    free(row);
    if (result == CITO_HTTP_BAD)
        feed_error(f, &error);
    if (result != CITO_HTTP_DONE)
        return result == CITO_HTTP_NEED_MORE && used > 0;
    cito_buffer_append_format(&f->log, "body ");
    note_bytes(&f->log, (cito_str){ f->content.data, f->content.len });
    cito_buffer_append_char(&f->log, '\n');
    f->content.len = 0;
    f->in_body = false;
    f->messages++;
    cito_http_parser_reset(&f->parser);
    return true;
}

/* All bytes before `end` have come. */
static void feeder_feed(feeder *f, size_t end)
{
    bool goes_on = true;
    while (goes_on && !f->stopped && (f->in_body || f->start < end))
        goes_on = f->in_body ? feed_body(f, end - f->start) : feed_head(f, end - f->start);
}

/* Behind the last byte: says where the connection stands in the middle of a message. */
static void feeder_end(feeder *f, size_t end)
{
    if (!f->stopped && f->in_body) {
        cito_buffer_append_format(&f->log, "more body, so far ");
        note_bytes(&f->log, (cito_str){ f->content.data, f->content.len });
        cito_buffer_append_char(&f->log, '\n');
    } else if (!f->stopped && f->start < end) {
        cito_buffer_append_format(&f->log, "more head\n");
    }
    cito_buffer_append_char(&f->log, '\0');
}

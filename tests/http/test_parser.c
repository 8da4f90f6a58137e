/* The HTTP/1.1 request parser: the transcripts, played in every cut; the limits' defaults; that bytes are left alone until the head is whole.
 * Invariants: a transcript's outcome is one text, whatever the pieces. Threading: one thread. */
#include "feeder.h"
#include "transcripts/requests.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const cito_http_limits small_limits = { 20, 30, 3, 80, 8, 12 };

static void play(const transcript *t, size_t first_cut, size_t step)
{
    feeder f;
    feeder_init(&f, t->small ? &small_limits : NULL, t->bytes);
    for (size_t end = first_cut; end < t->len; end += step)
        feeder_feed(&f, end);
    feeder_feed(&f, t->len);
    feeder_end(&f, t->len);
    if (strcmp(f.log.data, t->expected) != 0)
        fail_msg("%s, cut at %zu and then every %zu:\nexpected\n%s\ngot\n%s", t->name, first_cut, step, t->expected, f.log.data);
    feeder_finish(&f);
}

static void transcripts_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof transcripts / sizeof transcripts[0]; i++)
        play(&transcripts[i], transcripts[i].len, 1);
}

static void transcripts_cut_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof transcripts / sizeof transcripts[0]; i++) {
        for (size_t cut = 0; cut < transcripts[i].len; cut++)
            play(&transcripts[i], cut, transcripts[i].len);
    }
}

static void transcripts_in_small_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof transcripts / sizeof transcripts[0]; i++) {
        for (size_t step = 1; step <= 7; step++)
            play(&transcripts[i], step, step);
    }
}

/* A head built around one long part; gives the status, 0 where it is served. */
static int status_of(const char *before, size_t fill, const char *after, size_t repeat)
{
    cito_buffer text;
    cito_buffer_init(&text);
    for (size_t i = 0; i < repeat; i++) {
        cito_buffer_append(&text, before, strlen(before));
        memset(cito_buffer_reserve(&text, fill), 'a', fill);
        text.len += fill;
    }
    cito_buffer_append(&text, after, strlen(after));
    cito_http_parser parser;
    cito_http_parser_init(&parser, NULL);
    cito_header headers[CITO_HTTP_FIELDS_MAX];
    cito_http_head head = { .headers = headers };
    cito_http_error error = { 0 };
    cito_http_parse_result result = cito_http_parse_head(&parser, text.data, text.len, &head, &error);
    assert_int_not_equal(result, CITO_HTTP_NEED_MORE);
    cito_buffer_finish(&text);
    return result == CITO_HTTP_DONE ? 0 : error.status;
}

static void default_limits(void **state)
{
    (void)state;
    const char *line_end = " HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_int_equal(status_of("GET /", 8190 - 14, line_end, 1), 0);
    assert_int_equal(status_of("GET /", 8190 - 13, line_end, 1), 414);
    assert_int_equal(status_of("GET /", 200000, line_end, 1), 414);
    assert_int_equal(status_of("GET / HTTP/1.1\r\nHost: a\r\nX: ", 8190 - 3, "\r\n\r\n", 1), 0);
    assert_int_equal(status_of("GET / HTTP/1.1\r\nHost: a\r\nX: ", 8190 - 2, "\r\n\r\n", 1), 431);
    assert_int_equal(status_of("GET / HTTP/1.1\r\nHost: a\r\nX: ", 1048576, "\r\n\r\n", 1), 431);
}

static void default_field_count(void **state)
{
    (void)state;
    for (size_t count = 99; count <= 101; count++) {
        cito_buffer text;
        cito_buffer_init(&text);
        cito_buffer_append_literal(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (size_t i = 1; i < count; i++)
            cito_buffer_append_format(&text, "X-%zu: %zu\r\n", i, i);
        cito_buffer_append_literal(&text, "\r\n");
        cito_buffer_append_char(&text, '\0');
        assert_int_equal(status_of(text.data, 0, "", 1), count <= 100 ? 0 : 431);
        cito_buffer_finish(&text);
    }
}

static void default_head_size(void **state)
{
    (void)state;
    for (size_t extra = 0; extra <= 1; extra++) {
        cito_buffer text;
        cito_buffer_init(&text);
        cito_buffer_append_literal(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
        size_t left = 64 * 1024 - 2 + extra - text.len;
        while (left > 0) {
            size_t line = left > 8000 ? 4000 : left > 4000 ? left / 2 : left;
            cito_buffer_append_literal(&text, "X: ");
            memset(cito_buffer_reserve(&text, line), 'a', line);
            text.len += line - 5;
            cito_buffer_append_literal(&text, "\r\n");
            left -= line;
        }
        cito_buffer_append_literal(&text, "\r\n");
        assert_int_equal(text.len, 64 * 1024 + extra);
        cito_buffer_append_char(&text, '\0');
        assert_int_equal(status_of(text.data, 0, "", 1), extra ? 431 : 0);
        cito_buffer_finish(&text);
    }
}

static void more_fields_than_room_are_not_asked_for(void **state)
{
    (void)state;
    cito_http_parser parser;
    cito_http_parser_init(&parser, &(cito_http_limits){ .field_count = 100000 });
    assert_int_equal(parser.limits.field_count, CITO_HTTP_FIELDS_MAX);
}

static void broken_bodies_stay_broken(void **state)
{
    (void)state;
    char row[] = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx";
    cito_http_parser parser;
    cito_http_parser_init(&parser, NULL);
    cito_header headers[100];
    cito_http_head head = { .headers = headers };
    cito_http_error error;
    assert_int_equal(cito_http_parse_head(&parser, row, sizeof row - 1, &head, &error), CITO_HTTP_DONE);
    size_t used;
    cito_str piece;
    assert_int_equal(cito_http_parse_body(&parser, row + head.size, 1, &used, &piece, &error), CITO_HTTP_BAD);
    assert_int_equal(cito_http_parse_body(&parser, "0\r\n\r\n", 5, &used, &piece, &error), CITO_HTTP_BAD);
    assert_int_equal(error.status, 400);
}

/* Content comes as slices of the caller's row. */
static void pieces_are_not_copied(void **state)
{
    (void)state;
    char row[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    cito_http_parser parser;
    cito_http_parser_init(&parser, NULL);
    cito_header headers[100];
    cito_http_head head = { .headers = headers };
    cito_http_error error;
    assert_int_equal(cito_http_parse_head(&parser, row, sizeof row - 1, &head, &error), CITO_HTTP_DONE);
    assert_ptr_equal(head.method.data, row);
    size_t used;
    cito_str piece;
    assert_int_equal(cito_http_parse_body(&parser, row + head.size, 5, &used, &piece, &error), CITO_HTTP_DONE);
    assert_ptr_equal(piece.data, row + head.size);
    assert_int_equal(used, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transcripts_whole),
        cmocka_unit_test(transcripts_cut_everywhere),
        cmocka_unit_test(transcripts_in_small_pieces),
        cmocka_unit_test(default_limits),
        cmocka_unit_test(default_field_count),
        cmocka_unit_test(default_head_size),
        cmocka_unit_test(more_fields_than_room_are_not_asked_for),
        cmocka_unit_test(broken_bodies_stay_broken),
        cmocka_unit_test(pieces_are_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Response: the bytes of heads, and what is refused in fields. */
#include "server/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#define STR(TEXT)                                                                                                                          \
    {                                                                                                                                      \
        TEXT, sizeof(TEXT) - 1                                                                                                             \
    }

static void expect(cito_response_head head, const char *text)
{
    cito_buffer out;
    cito_response_scan scan;
    cito_buffer_init(&out);
    cito_response_scan_headers(head.headers, head.header_count, &scan);
    assert_false(scan.bad);
    cito_response_write_head(&out, &head, &scan);
    cito_buffer_append_char(&out, '\0');
    assert_string_equal(out.data, text);
    cito_buffer_finish(&out);
}

static void test_heads(void **state)
{
    (void)state;
    const cito_header headers[] = { { STR("content-type"), STR("a/b") }, { STR("x-empty"), STR("") } };
    const cito_header own[] = { { STR("Date"), STR("today") },
                                { STR("Content-Length"), STR("9") },
                                { STR("Transfer-Encoding"), STR("chunked") },
                                { STR("Connection"), STR("close") } };
    const cito_str fields = STR("\r\ndate: D\r\nserver: S\r\n");
    expect((cito_response_head){ 200, headers, 2, CITO_FRAMING_LENGTH, 18446744073709551615u, NULL, fields },
           "HTTP/1.1 200 OK\r\ndate: D\r\nserver: S\r\ncontent-length: 18446744073709551615\r\ncontent-type: a/b\r\nx-empty: \r\n\r\n");
    expect((cito_response_head){ 404, headers, 1, CITO_FRAMING_CHUNKED, 0, "close", STR("\r\n") },
           "HTTP/1.1 404 Not Found\r\ncontent-type: a/b\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n");
    expect((cito_response_head){ 299, NULL, 0, CITO_FRAMING_NONE, 7, NULL, STR("\r\n") }, "HTTP/1.1 299 \r\n\r\n");
    expect((cito_response_head){ 200, own, 4, CITO_FRAMING_GIVEN, 0, NULL, fields },
           "HTTP/1.1 200 OK\r\nserver: S\r\nDate: today\r\nContent-Length: 9\r\n\r\n");
    expect((cito_response_head){ 200, own, 4, CITO_FRAMING_LENGTH, 0, NULL, fields },
           "HTTP/1.1 200 OK\r\nserver: S\r\ncontent-length: 0\r\nDate: today\r\n\r\n");
}

static void test_scan(void **state)
{
    (void)state;
    const cito_header bad[] = { { STR("a"), STR("b\rc") },   { STR("a"), STR("b\nc") },    { STR("a"), STR("b\0c") },
                                { STR("a b"), STR("c") },    { STR("a:"), STR("c") },      { STR(""), STR("c") },
                                { STR("a\r\nb"), STR("c") }, { STR("\xC3\xA4"), STR("c") } };
    cito_response_scan scan;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cito_response_scan_headers(&bad[i], 1, &scan);
        assert_true(scan.bad);
    }
    const cito_header good[] = { { STR("content-length"), STR("42") },
                                 { STR("Connection"), STR("Close") },
                                 { STR("SERVER"), STR("x\ty\xC3\xA4") } };
    cito_response_scan_headers(good, 3, &scan);
    assert_false(scan.bad || scan.has_date);
    assert_true(scan.close && scan.has_server);
    assert_int_equal(scan.content_length, 42);
    const char *const no_lengths[] = { "", "-1", "4x", "+4", "1234567890123456789" };
    for (size_t i = 0; i < sizeof no_lengths / sizeof *no_lengths; i++) {
        cito_header header = { STR("content-length"), { no_lengths[i], strlen(no_lengths[i]) } };
        cito_response_scan_headers(&header, 1, &scan);
        assert_int_equal(scan.content_length, -1);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    char written[21] = "", expected[24];
    for (uint64_t number = 0, step = 0; step < 64; step++, number = number * 3 + 1) {
        memset(written, 0, sizeof written);
        size_t len = cito_response_write_number(number, written);
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)number);
        assert_string_equal(written, expected);
        assert_int_equal(len, strlen(expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_heads), cmocka_unit_test(test_scan), cmocka_unit_test(test_numbers) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

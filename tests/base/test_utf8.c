/* UTF-8: every code point there and back, every pair and triple of bytes against a second reading of RFC 3629, at every position. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The tables of RFC 3629, section 4, row by row; slow and plain. */
static size_t expected_prefix(const unsigned char *s, size_t len)
{
    static const struct {
        unsigned char lead_low, lead_high, second_low, second_high, length;
    } rows[] = {
        { 0x00, 0x7F, 0, 0, 1 },       { 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 },
        { 0xE1, 0xEC, 0x80, 0xBF, 3 }, { 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 },
        { 0xF0, 0xF0, 0x90, 0xBF, 4 }, { 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
    };
    size_t at = 0;
    while (at < len) {
        size_t row = 0, rest;
        while (row < 9 && !(s[at] >= rows[row].lead_low && s[at] <= rows[row].lead_high))
            row++;
        if (row == 9 || at + rows[row].length > len)
            return at;
        if (rows[row].length > 1 && (s[at + 1] < rows[row].second_low || s[at + 1] > rows[row].second_high))
            return at;
        for (rest = 2; rest < rows[row].length; rest++)
            if (s[at + rest] < 0x80 || s[at + rest] > 0xBF)
                return at;
        at += rows[row].length;
    }
    return at;
}

static void check(const unsigned char *bytes, size_t len)
{
    size_t expected = expected_prefix(bytes, len), got = cito_utf8_valid_prefix((const char *)bytes, len);
    if (got != expected)
        fail_msg("%zu instead of %zu for %02x %02x %02x %02x", got, expected, bytes[0], bytes[1], bytes[2], bytes[3]);
}

static void code_points_go_there_and_back(void **state)
{
    (void)state;
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
        if (code_point >= 0xD800 && code_point <= 0xDFFF)
            continue;
        char bytes[4];
        uint32_t again = 0;
        size_t len = cito_utf8_write(code_point, bytes);
        if (!cito_utf8_is_valid(bytes, len) || cito_utf8_read(bytes, bytes + len, &again) != len || again != code_point ||
            cito_utf8_count(bytes, len) != 1)
            fail_msg("U+%04X", code_point);
    }
}

static void every_start_is_judged_right(void **state)
{
    (void)state;
    static const unsigned char edges[] = { 0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF };
    unsigned char bytes[4];
    for (unsigned first = 0; first < 256; first++)
        for (unsigned second = 0; second < 256; second++)
            for (size_t third = 0; third < sizeof edges; third++)
                for (size_t fourth = 0; fourth < sizeof edges; fourth++) {
                    memcpy(bytes, (unsigned char[]){ (unsigned char)first, (unsigned char)second, edges[third], edges[fourth] }, 4);
                    for (size_t len = 1; len <= 4; len++)
                        check(bytes, len);
                }
}

static void every_position_in_a_long_text(void **state)
{
    (void)state;
    static const char *const parts[] = { "\xC3\xA9",     "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xC3", "\xE2\x82",
                                         "\xED\xA0\x80", "\x80",         "\xF5\x80\x80\x80" };
    for (size_t len = 1; len <= 200; len++)
        for (size_t part = 0; part < sizeof parts / sizeof *parts; part++)
            for (size_t at = 0; at + strlen(parts[part]) <= len; at++) {
                unsigned char text[200];
                memset(text, 'a', sizeof text);
                memcpy(text + at, parts[part], strlen(parts[part]));
                check(text, len);
            }
}

static void counts_code_points(void **state)
{
    (void)state;
    char text[400];
    size_t len = 0, points = 0;
    static const uint32_t cycle[] = { 'a', 0xE9, 0x20AC, 0x1F600 };
    while (len + 4 <= sizeof text) {
        len += cito_utf8_write(cycle[points % 4], text + len);
        points++;
        assert_int_equal(cito_utf8_count(text, len), points);
    }
    assert_int_equal(cito_utf8_count("", 0), 0);
    uint32_t code_point;
    assert_int_equal(cito_utf8_read(text, text, &code_point), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_points_go_there_and_back),
        cmocka_unit_test(every_start_is_judged_right),
        cmocka_unit_test(every_position_in_a_long_text),
        cmocka_unit_test(counts_code_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

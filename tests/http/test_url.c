/* Percent-decoding, query strings and targets, against what CPython 3.11's urllib.parse gives (unquote, parse_qsl with keep_blank_values).
 * Invariants: every text has a NUL behind it. Threading: one thread. */
#include "../arena.h"
#include "base/buffer.h"
#include "http/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(LITERAL) "" LITERAL, sizeof(LITERAL) - 1

typedef struct decoding {
    const char *text;
    bool plus_is_blank;
    const char *expected;
    size_t len;
} decoding;

typedef struct query {
    const char *text;
    size_t count;
    const char *expected; /* [name][value]... */
} query;

static const decoding decodings[] = {
    { "abc", 0, BYTES("abc") },
    { "a%20b", 0, BYTES("a b") },
    { "%41%42", 0, BYTES("AB") },
    { "a+b", 0, BYTES("a+b") },
    { "a+b", 1, BYTES("a b") },
    { "%2B", 0, BYTES("+") },
    { "%2B", 1, BYTES("+") },
    { "%zz", 0, BYTES("%zz") },
    { "%4", 0, BYTES("%4") },
    { "%", 0, BYTES("%") },
    { "%%41", 0, BYTES("%A") },
    { "a%2Fb", 0, BYTES("a/b") },
    { "%C3%A9%E2%82%AC", 0, BYTES("\xc3\xa9\xe2\x82\xac") },
    { "%ff%fe", 0, BYTES("\xef\xbf\xbd\xef\xbf\xbd") },
    { "%C3", 0, BYTES("\xef\xbf\xbd") },
    { "%C3%28", 0, BYTES("\xef\xbf\xbd(") },
    { "%E2%82", 0, BYTES("\xef\xbf\xbd") },
    { "%E2%82a", 0,
      BYTES("\xef\xbf\xbd"
            "a") },
    { "%E2%28%A1", 0, BYTES("\xef\xbf\xbd(\xef\xbf\xbd") },
    { "%F0%9F%98%80", 0, BYTES("\xf0\x9f\x98\x80") },
    { "%F0%9F%98", 0, BYTES("\xef\xbf\xbd") },
    { "%F0%9F", 0, BYTES("\xef\xbf\xbd") },
    { "%F0%28%8C%BC", 0, BYTES("\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd") },
    { "%ED%A0%80", 0, BYTES("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") },
    { "%F4%90%80%80", 0, BYTES("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") },
    { "%C0%AF", 0, BYTES("\xef\xbf\xbd\xef\xbf\xbd") },
    { "%80%80", 0, BYTES("\xef\xbf\xbd\xef\xbf\xbd") },
    { "%E0%80%80", 0, BYTES("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") },
    { "%F8%88%80%80%80", 0, BYTES("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") },
    { "%00", 0, BYTES("\x00") },
    { "a%0Ab", 0,
      BYTES("a\x0a"
            "b") },
    { "%e2%82%ac%", 0, BYTES("\xe2\x82\xac%") },
    { "%F1%80%80%C2%41", 0,
      BYTES("\xef\xbf\xbd\xef\xbf\xbd"
            "A") },
    { "%c3%a9%C3", 0, BYTES("\xc3\xa9\xef\xbf\xbd") },
};

static const query queries[] = {
    { "", 0, "" },
    { "a=1", 1, "[a][1]" },
    { "a=1&b=&c", 3, "[a][1][b][][c][]" },
    { "&&a=1&&b=2&", 2, "[a][1][b][2]" },
    { "=x", 1, "[][x]" },
    { "=", 1, "[][]" },
    { "a=b=c", 1, "[a][b=c]" },
    { "a;b=1;c=2", 1, "[a;b][1;c=2]" },
    { "a+b=c+d", 1, "[a b][c d]" },
    { "%26=%3D&x=%2B+", 2, "[&][=][x][+ ]" },
    { "a=1&a=2&a=3", 3, "[a][1][a][2][a][3]" },
    { "q=%ff%C3&e=%E2%82", 2, "[q][\xef\xbf\xbd\xef\xbf\xbd][e][\xef\xbf\xbd]" },
    { "caf%C3%A9=%F0%9F%98%80", 1, "[caf\xc3\xa9][\xf0\x9f\x98\x80]" },
    { "&", 0, "" },
    { "a&b&c", 3, "[a][][b][][c][]" },
    { "%=%&%a=%zz", 2, "[%][%][%a][%zz]" },
};

static cito_str str_of(const char *text) { return (cito_str){ text, strlen(text) }; }

static void assert_text(cito_str text, const char *expected, size_t len)
{
    assert_int_equal(text.len, len);
    assert_memory_equal(text.data, expected, len);
    assert_int_equal(text.data[len], 0);
}

static void decodes_as_cpython(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decodings / sizeof decodings[0]; i++)
        assert_text(cito_url_decode(&arena, str_of(decodings[i].text), decodings[i].plus_is_blank), decodings[i].expected,
                    decodings[i].len);
}

static void text_without_escapes_is_given_back(void **state)
{
    (void)state;
    const char *text = "/items/5+6";
    assert_ptr_equal(cito_url_decode(&arena, str_of(text), false).data, text);
    assert_text(cito_url_decode(&arena, str_of(text), true), "/items/5 6", 10);
}

/* A slice with no NUL of its own is copied. */
static void slices_get_a_nul(void **state)
{
    (void)state;
    const char *target = "/items?q=1";
    cito_str path = cito_url_decode(&arena, (cito_str){ target, 6 }, false);
    assert_ptr_not_equal(path.data, target);
    assert_text(path, "/items", 6);
    assert_text(cito_url_decode(&arena, (cito_str){ "", 0 }, false), "", 0);
}

static void raw_bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    assert_text(cito_url_decode(&arena, str_of("a\xff"), false), "a\xef\xbf\xbd", 4);
}

static void queries_as_cpython(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        cito_pairs pairs;
        cito_buffer text;
        assert_true(cito_url_parse_query(&arena, str_of(queries[i].text), 0, &pairs));
        assert_int_equal(pairs.count, queries[i].count);
        cito_buffer_init(&text);
        for (size_t k = 0; k < pairs.count; k++) {
            assert_int_equal(pairs.items[k].name.data[pairs.items[k].name.len], 0);
            assert_int_equal(pairs.items[k].value.data[pairs.items[k].value.len], 0);
            cito_buffer_append_format(&text, "[%s][%s]", pairs.items[k].name.data, pairs.items[k].value.data);
        }
        cito_buffer_append_char(&text, '\0');
        assert_string_equal(text.data, queries[i].expected);
        cito_buffer_finish(&text);
    }
}

static void queries_are_bounded(void **state)
{
    (void)state;
    cito_pairs pairs;
    assert_true(cito_url_parse_query(&arena, str_of("a=1&b=2"), 2, &pairs));
    assert_false(cito_url_parse_query(&arena, str_of("a=1&b=2&c"), 2, &pairs));
    char many[2002];
    for (size_t i = 0; i < 2002; i += 2)
        memcpy(many + i, "a&", 2);
    assert_true(cito_url_parse_query(&arena, (cito_str){ many, 2000 }, 0, &pairs));
    assert_int_equal(pairs.count, 1000);
    assert_false(cito_url_parse_query(&arena, (cito_str){ many, 2001 }, 0, &pairs));
}

static void a_full_arena_is_no_crash(void **state)
{
    (void)state;
    cito_arena small;
    cito_arena_init(&small, 1);
    cito_pairs pairs;
    assert_false(cito_url_parse_query(&small, str_of("a=%20"), 0, &pairs));
    assert_int_equal(cito_url_decode(&small, str_of("a%20"), false).len, 0);
    assert_true(small.overflowed);
    cito_arena_finish(&small);
}

static void targets_are_split(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        bool good;
        const char *authority, *path, *query;
    } targets[] = {
        { "/", true, "", "/", "" },
        { "/a/b?c=d?e", true, "", "/a/b", "c=d?e" },
        { "/a?", true, "", "/a", "" },
        { "//evil/x", true, "", "//evil/x", "" },
        { "*", true, "", "*", "" },
        { "http://h:80/p?q", true, "h:80", "/p", "q" },
        { "HTTPS://h", true, "h", "/", "" },
        { "http://h?q", true, "h", "/", "q" },
        { "a+b-c.1://h/", true, "h", "/", "" },
        { "http:///p", false, "", "", "" },
        { "1http://h/", false, "", "", "" },
        { "http:/h", false, "", "", "" },
        { "h:80", false, "", "", "" },
        { "a/b", false, "", "", "" },
        { "?q", false, "", "", "" },
        { "", false, "", "", "" },
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        cito_str authority, path, text;
        assert_int_equal(cito_url_split_target(str_of(targets[i].target), &authority, &path, &text), targets[i].good);
        if (!targets[i].good)
            continue;
        assert_true(cito_same(authority, str_of(targets[i].authority)));
        assert_true(cito_same(path, str_of(targets[i].path)));
        assert_true(cito_same(text, str_of(targets[i].query)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_as_cpython),       cmocka_unit_test(text_without_escapes_is_given_back),
        cmocka_unit_test(slices_get_a_nul),         cmocka_unit_test(raw_bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(queries_as_cpython),       cmocka_unit_test(queries_are_bounded),
        cmocka_unit_test(a_full_arena_is_no_crash), cmocka_unit_test(targets_are_split),
    };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}

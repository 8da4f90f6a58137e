/* Cookies: reading as Starlette reads them, writing as CPython's SimpleCookie does (both tables were measured with 3.11). Threading: one thread. */
#include "../arena.h"
#include "base/buffer.h"
#include "http/cookie.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct parsing {
    const char *header;
    size_t count;
    const char *expected; /* [name][value]... */
} parsing;

typedef struct formatting {
    struct cito_cookie cookie;
    const char *expected;
} formatting;

static const parsing parsings[] = {
    { "a=1", 1, "[a][1]" },
    { "a=1; b=2", 2, "[a][1][b][2]" },
    { "a=1;b=2;", 2, "[a][1][b][2]" },
    { "a=1; a=2", 2, "[a][1][a][2]" },
    { "a = 1 ;\x09"
      "b=2 ",
      2, "[a][1][b][2]" },
    { "a", 1, "[][a]" },
    { "=v", 1, "[][v]" },
    { "; ;;", 0, "" },
    { "a=b=c", 1, "[a][b=c]" },
    { "a=\"x y\"", 1, "[a][x y]" },
    { "a=\"x\\\"y\"", 1, "[a][x\"y]" },
    { "a=\"\\303\\251\"", 1, "[a][\xc3\xa9]" },
    { "a=\"\\012\\z\\\\\"", 1, "[a][\x0az\\]" },
    { "a=\"", 1, "[a][\"]" },
    { "a=\"\"", 1, "[a][]" },
    { "a=\"x", 1, "[a][\"x]" },
    { "a=\"\\4\"", 1, "[a][4]" },
    { "a=\"\\377\"", 1, "[a][\xef\xbf\xbd]" },
    { "", 0, "" },
    { "  ", 0, "" },
    { "a=\"b\\073 c\"; d=e", 2, "[a][b; c][d][e]" },
    { "%41=%42", 1, "[%41][%42]" },
};

static const formatting formattings[] = {
    { { .name = "a", .value = CITO_STR("1") }, "a=1; Path=/; SameSite=lax" },
    { { .name = "a", .value = CITO_STR("") }, "a=\"\"; Path=/; SameSite=lax" },
    { { .name = "a", .value = CITO_STR("x y") }, "a=\"x y\"; Path=/; SameSite=lax" },
    { { .name = "a", .value = CITO_STR("x;\"y\\,") }, "a=\"x\\073\\\"y\\\\\\054\"; Path=/; SameSite=lax" },
    { { .name = "a", .value = CITO_STR("a:b!#$%&'*+-.^_`|~") }, "a=a:b!#$%&'*+-.^_`|~; Path=/; SameSite=lax" },
    { { .name = "a", .value = CITO_STR("()/<=>@[]{}") }, "a=\"()/<=>@[]{}\"; Path=/; SameSite=lax" },
    { { .name = "a", .value = CITO_STR("\r\nSet-Cookie: b=1") }, "a=\"\\015\\012Set-Cookie: b=1\"; Path=/; SameSite=lax" },
    { { .name = "a", .value = CITO_STR("\xc3\xa9") }, "a=\"\\303\\251\"; Path=/; SameSite=lax" },
    { { .name = "s",
        .value = CITO_STR("v"),
        .path = "/x",
        .domain = "example.com",
        .same_site = "strict",
        .max_age = 3600.9,
        .secure = true,
        .http_only = true },
      "s=v; Domain=example.com; HttpOnly; Max-Age=3600; Path=/x; SameSite=strict; Secure" },
    { { .name = "a", .value = CITO_STR("1"), .max_age = -1 }, "a=1; Max-Age=-1; Path=/; SameSite=lax" },
    { { .name = "a", .value = CITO_STR("1"), .path = "", .same_site = "" }, "a=1" },
};

static void reads_as_starlette(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parsings / sizeof parsings[0]; i++) {
        cito_pairs pairs;
        cito_buffer text;
        cito_cookie_parse(&arena, (cito_str){ parsings[i].header, strlen(parsings[i].header) }, &pairs);
        assert_int_equal(pairs.count, parsings[i].count);
        cito_buffer_init(&text);
        for (size_t k = 0; k < pairs.count; k++) {
            assert_int_equal(pairs.items[k].name.data[pairs.items[k].name.len], 0);
            cito_buffer_append_format(&text, "[%s][%s]", pairs.items[k].name.data, pairs.items[k].value.data);
            assert_int_equal(strlen(pairs.items[k].value.data), pairs.items[k].value.len);
        }
        cito_buffer_append_char(&text, '\0');
        assert_string_equal(text.data, parsings[i].expected);
        cito_buffer_finish(&text);
    }
}

static void writes_as_cpython(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof formattings / sizeof formattings[0]; i++)
        assert_string_equal(cito_cookie_format(&arena, &formattings[i].cookie).data, formattings[i].expected);
}

static void refuses_what_would_split_a_field(void **state)
{
    (void)state;
    const struct cito_cookie wrong[] = {
        { .name = "", .value = CITO_STR("1") },
        { .name = "a b", .value = CITO_STR("1") },
        { .name = "a=b", .value = CITO_STR("1") },
        { .name = "a\r\n", .value = CITO_STR("1") },
        { .name = "a", .value = CITO_STR("1"), .path = "/; Secure" },
        { .name = "a", .value = CITO_STR("1"), .domain = "a\r\nX: y" },
        { .name = "a", .value = CITO_STR("1"), .same_site = "lax;" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_string_equal(cito_cookie_format(&arena, &wrong[i]).data, "");
}

static void odd_ages(void **state)
{
    (void)state;
    const struct cito_cookie none = { .name = "a", .value = CITO_STR("1"), .max_age = NAN };
    assert_string_equal(cito_cookie_format(&arena, &none).data, "a=1; Path=/; SameSite=lax");
    const struct cito_cookie long_one = { .name = "a", .value = CITO_STR("1"), .max_age = 1e12 };
    assert_string_equal(cito_cookie_format(&arena, &long_one).data, "a=1; Max-Age=1000000000000; Path=/; SameSite=lax");
}

/* What is written comes back. */
static void all_bytes_come_back(void **state)
{
    (void)state;
    char value[127];
    for (int i = 0; i < 127; i++)
        value[i] = (char)(i + 1);
    cito_str written = cito_cookie_format(&arena, &(struct cito_cookie){ .name = "a", .value = { value, sizeof value } });
    cito_pairs pairs;
    cito_cookie_parse(&arena, (cito_str){ written.data, strcspn(written.data, ";") }, &pairs);
    assert_int_equal(pairs.count, 1);
    assert_int_equal(pairs.items[0].value.len, sizeof value);
    assert_memory_equal(pairs.items[0].value.data, value, sizeof value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_as_starlette), cmocka_unit_test(writes_as_cpython),   cmocka_unit_test(refuses_what_would_split_a_field),
        cmocka_unit_test(odd_ages),           cmocka_unit_test(all_bytes_come_back),
    };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}

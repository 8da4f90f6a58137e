/* URLs: normal forms and reasons measured on pydantic 2.13. */
#include "json/value.h"
#include "schema/decode.h"
#include "schema/encode.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A text, and what it becomes or the reason why it does not (the error's type where it has no reason). */
typedef struct text_case {
    const char *text, *value, *reason;
} text_case;

static bool run_case(const cito_type *type, const text_case *row)
{
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_errors errors;
    cito_errors_init(&errors, &arena);
    cito_str text = { row->text, strlen(row->text) };
    char into[64] __attribute__((aligned(16)));
    cito_buffer out;
    cito_buffer_init(&out);
    cito_str got;
    bool is_value = cito_decode_texts(&text, 1, type, NULL, NULL, into, &arena, &errors);
    if (is_value) {
        cito_encode(type, into, NULL, &out);
        got = cito_value_string(cito_value_parse(&arena, cito_arena_copy_str(&arena, out.data, out.len), NULL, NULL));
    } else {
        const cito_value *ctx = errors.items[0].ctx, *reason = cito_value_get(ctx, "error");
        reason = reason ? reason : cito_value_get(ctx, "reason");
        got = reason ? cito_value_string(reason) : (cito_str){ errors.items[0].type, strlen(errors.items[0].type) };
    }
    const char *wanted = is_value ? row->value : row->reason;
    bool is_same = wanted && cito_str_equal(got, wanted);
    if (!is_same)
        print_error("\"%s\": got %s \"%s\", not \"%s\"\n", row->text, is_value ? "the value" : "the error", got.data,
                    row->value ? row->value : row->reason);
    cito_buffer_finish(&out);
    cito_arena_finish(&arena);
    return is_same;
}

static void run_cases(const cito_type *type, const text_case *rows, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++)
        failed += !run_case(type, &rows[i]);
    assert_int_equal(failed, 0);
}

static const text_case http_urls[] = {
    { "http://EXAMPLE.com/../a/./b/%2e%2e/c", "http://example.com/a/c", NULL },
    { "http://a/b/..", "http://a/", NULL },
    { "http://a/b/.", "http://a/b/", NULL },
    { "http:///x", "http://x/", NULL },
    { "http:\\\\a\\b", "http://a/b", NULL },
    { "http://a:/", "http://a/", NULL },
    { "http://a:080/", "http://a/", NULL },
    { "http://a:0/", "http://a:0/", NULL },
    { "http://a:x/", NULL, "invalid port number" },
    { "http://a@b@c/", "http://a%40b@c/", NULL },
    { "http://a:b:c@d/", "http://a:b%3Ac@d/", NULL },
    { "http://user@/", NULL, "empty host" },
    { "http://:80", NULL, "empty host" },
    { "http://[::1", NULL, "invalid IPv6 address" },
    { "http://[1:2:3:4:5:6:7:8]", "http://[1:2:3:4:5:6:7:8]/", NULL },
    { "http://[1:0:0:2:0:0:0:3]/", "http://[1:0:0:2::3]/", NULL },
    { "http://[::ffff:1.2.3.4]/", "http://[::ffff:102:304]/", NULL },
    { "http://[zz]", NULL, "invalid IPv6 address" },
    { "http://[1::2::3]", NULL, "invalid IPv6 address" },
    { "http://[::]", "http://[::]/", NULL },
    { "http://[0:0:1::]", "http://[0:0:1::]/", NULL },
    { "http://[1:2:3:4:5:6:7:8:9]", NULL, "invalid IPv6 address" },
    { "http://[::1.2.3]", NULL, "invalid IPv6 address" },
    { "http://[::01.2.3.4]", NULL, "invalid IPv6 address" },
    { "http://[12345::]", NULL, "invalid IPv6 address" },
    { "http://256.1.1.1", NULL, "invalid IPv4 address" },
    { "http://1.2.3", "http://1.2.0.3/", NULL },
    { "http://0x7f.1", "http://127.0.0.1/", NULL },
    { "http://1.2.3.4.5", NULL, "invalid IPv4 address" },
    { "http://1e3", "http://1e3/", NULL },
    { "http://a.1", NULL, "invalid IPv4 address" },
    { "http://a%41b", "http://aab/", NULL },
    { "http://a%zzb", NULL, "invalid international domain name" },
    { "http://a%00b", NULL, "invalid international domain name" },
    { "http://a<b", NULL, "invalid international domain name" },
    { "http://a|b", NULL, "invalid international domain name" },
    { "http://a^b", NULL, "invalid international domain name" },
    { "http://\xC3\xA9.com:443/\xC3\xA9?\xC3\xA9#\xC3\xA9", "http://xn--9ca.com:443/%C3%A9?%C3%A9#%C3%A9", NULL },
    { "http://a/ \"<>`#\"<>`", "http://a/%20%22%3C%3E%60#%22%3C%3E%60", NULL },
    { "http://a/?'\"<> ", "http://a/?%27%22%3C%3E", NULL },
    { "http://a/{}|\\^`", "http://a/%7B%7D|/^%60", NULL },
    { "ht\x09tp://a\x0A/b", "http://a/b", NULL },
    { "http://a?b", "http://a/?b", NULL },
    { "http://a#b", "http://a/#b", NULL },
    { "http://%C3%A9.com", "http://xn--9ca.com/", NULL },
    { "http://ExAmple.COM.", "http://example.com./", NULL },
    { "http://a..b", "http://a..b/", NULL },
    { "http://.a", "http://.a/", NULL },
    { "http://-a.b", "http://-a.b/", NULL },
    { "http://xn--mnchen-3ya.de", "http://xn--mnchen-3ya.de/", NULL },
    { "http://xn--a", NULL, "invalid international domain name" },
    { "http://\xC3\x9F.de", "http://xn--zca.de/", NULL },
    { "http://Stra\xC3\x9F"
      "e.de",
      "http://xn--strae-oqa.de/", NULL },
    { "http://\xE3\x80\x82", "http://./", NULL },
    { "http://a\xE3\x80\x82"
      "b",
      "http://a.b/", NULL },
    { "https://x:443/", "https://x/", NULL },
    { "http://u%3a:p%40@h", "http://u%3a:p%40@h/", NULL },
    { "http://u;:=@h", "http://u%3B:%3D@h/", NULL },
    { "HTTP:/a", "http://a/", NULL },
    { "http:a", "http://a/", NULL },
    { "http:?", NULL, "empty host" },
    { "https:", NULL, "empty host" },
    { "1http://a", NULL, "relative URL without a base" },
    { "http//a", NULL, "relative URL without a base" },
    { "http://a/%zz", "http://a/%zz", NULL },
    { "http://\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E.jp", "http://xn--wgv71a119e.jp/", NULL },
    { "http://a b/", NULL, "invalid international domain name" },
    { "http://a/b c", "http://a/b%20c", NULL },
    { "http://\xF0\x9F\x92\xA9.la", "http://xn--ls8h.la/", NULL },
    { "http://u:@h/", "http://u@h/", NULL },
    { "http://@h/", "http://h/", NULL },
    { "http://4294967295/", "http://255.255.255.255/", NULL },
    { "http://4294967296/", NULL, "invalid IPv4 address" },
    { "http://0300.1/", "http://192.0.0.1/", NULL },
    { "http://1.2.3.4./", "http://1.2.3.4/", NULL },
    { "http://1.2..4/", NULL, "invalid IPv4 address" },
    { "http://\xC3\x80\xC3\x89.\xCE\x91\xCE\x92\xCE\x93.\xD0\x94\xD0\x96\xD0\xAF/", "http://xn--0cas.xn--mxacd.xn--d1ae9e/", NULL },
    { "http://a/b/../../../c/.", "http://a/c/", NULL },
    { "http://a/.../b", "http://a/.../b", NULL },
    { "http://a//b//..//c", "http://a//b//c", NULL },
    { "http://h/p?q?r#f#g", "http://h/p?q?r#f#g", NULL },
};

static const text_case any_urls[] = {
    { "MAILTO:A@b", "mailto:A@b", NULL },
    { "a:", "a:", NULL },
    { "a:/b/../c", "a:/c", NULL },
    { "a://B/c", "a://B/c", NULL },
    { "a://b", "a://b", NULL },
    { "a:b c", "a:b c", NULL },
    { "a:b\"\xC3\xA9", "a:b\"%C3%A9", NULL },
    { "file:///a/../b", "file:///b", NULL },
    { "file:a", "file:///a", NULL },
    { "file:C:/x", "file:///C:/x", NULL },
    { "file://h/x", "file://h/x", NULL },
    { "file:///C:/..", "file:///C:/", NULL },
    { "file://localhost/x", "file:///x", NULL },
    { "file://", "file:///", NULL },
    { "data:text/plain,hi there", "data:text/plain,hi there", NULL },
    { "ws://H:80/", "ws://h/", NULL },
    { "ftp://h:21", "ftp://h/", NULL },
    { "postgres://h:5432/db", "postgres://h:5432/db", NULL },
    { "x://h:99999", NULL, "invalid port number" },
    { "x://a b", NULL, "invalid domain character" },
    { "x://u:@h", "x://u@h", NULL },
    { "javascript:alert(1)", "javascript:alert(1)", NULL },
    { "urn:isbn:1", "urn:isbn:1", NULL },
    { "a+b-c.1:x", "a+b-c.1:x", NULL },
    { "1:", NULL, "relative URL without a base" },
    { "\xC3\xA9:x", NULL, "relative URL without a base" },
    { "x://[::1]:5", "x://[::1]:5", NULL },
    { "x:///p", "x:///p", NULL },
    { "x:/..//a", "x:/.//a", NULL },
    { "http://", NULL, "empty host" },
    { "x://\xC3\xA9", "x://%C3%A9", NULL },
    { "x://%41", "x://%41", NULL },
    { ":", NULL, "relative URL without a base" },
    { "wss://h:443", "wss://h/", NULL },
    { "a:?q", "a:?q", NULL },
    { "a:#f", "a:#f", NULL },
    { "x:// ", "x://", NULL },
    { "redis://:pw@h/0", "redis://:pw@h/0", NULL },
    { "x://h?q='#'", "x://h?q='#'", NULL },
    { "x:/a/./b/../c?d#e", "x:/a/c?d#e", NULL },
    { "x://h/a\\b", "x://h/a\\b", NULL },
    { "x:a/../b", "x:a/../b", NULL },
};

static void test_http(void **state)
{
    (void)state;
    run_cases(cito_t_url, http_urls, sizeof http_urls / sizeof *http_urls);
}

static void test_any(void **state)
{
    (void)state;
    run_cases(cito_t_any_url, any_urls, sizeof any_urls / sizeof *any_urls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http),
        cmocka_unit_test(test_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

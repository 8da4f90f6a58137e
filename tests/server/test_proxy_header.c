/* Proxy header: which client and which scheme the fields give, and all the ways in which they can be wrong. What is expected was asked of Uvicorn 0.54's
 * ProxyHeadersMiddleware, but for ports that are none (it keeps 70000 and -5). */
#include "../arena.h"
#include "server/proxy_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

enum { FIELDS_MAX = 4, UNTOUCHED = 4711 };
#define LOCAL "127.0.0.1,::1"

/* What a request from a trusted peer becomes. fields: name, value, name, value, … NULL. */
static cito_scope_http applied(const char *list, const char *const *fields)
{
    static cito_header headers[FIELDS_MAX];
    const char *error;
    cito_trusted_proxies *proxies = cito_trusted_proxies_create(&arena, list, &error);
    assert_non_null(proxies);
    cito_scope_http scope = { .scheme = CITO_STR("http"), .client_host = "peer", .client_port = UNTOUCHED, .headers = headers };
    for (; *fields; fields += 2)
        headers[scope.header_count++] = (cito_header){ { fields[0], strlen(fields[0]) }, { fields[1], strlen(fields[1]) } };
    cito_proxy_header_apply(proxies, &arena, &scope);
    return scope;
}

static void test_client(void **state)
{
    (void)state;
    static const struct {
        const char *list, *value, *host; /* host NULL: as the connection says */
        int port;
    } cases[] = {
        /* Which element. */
        { LOCAL, "203.0.113.7", "203.0.113.7", 0 },
        { LOCAL, "1.1.1.1, 203.0.113.7", "203.0.113.7", 0 },
        { LOCAL, "1.1.1.1,203.0.113.7 ,\t127.0.0.1 , ::1", "203.0.113.7", 0 },
        { LOCAL, "127.0.0.1, ::1", "127.0.0.1", 0 },
        { LOCAL, "::1:80, 127.0.0.1", "::1:80", 0 },
        { LOCAL, "127.0.0.1:81, 127.0.0.1:82", "127.0.0.1", 81 },
        { LOCAL ",10.0.0.0/8", "1.1.1.1, 203.0.113.7, 10.0.0.1, 10.200.0.1", "203.0.113.7", 0 },
        { LOCAL ",proxy1", "203.0.113.7, proxy1", "203.0.113.7", 0 },
        { LOCAL, "203.0.113.7, proxy1", "proxy1", 0 },
        { "*", "1.1.1.1, 203.0.113.7, 127.0.0.1", "1.1.1.1", 0 },
        { "*", "1.1.1.1:9, 203.0.113.7", "1.1.1.1", 9 },
        /* Nothing usable: an empty element is a stranger without a name. */
        { LOCAL, "", NULL, 0 },
        { LOCAL, ",", NULL, 0 },
        { LOCAL, "203.0.113.7,", NULL, 0 },
        { LOCAL, "203.0.113.7, , 127.0.0.1", NULL, 0 },
        { LOCAL, "[]", NULL, 0 },
        { LOCAL, "[]:80", NULL, 0 },
        { LOCAL, ":80", NULL, 0 },
        { "*", "", NULL, 0 },
        { "*", ", 203.0.113.7", NULL, 0 },
        /* Ports. */
        { LOCAL, "203.0.113.7:4711", "203.0.113.7", 4711 },
        { LOCAL, "203.0.113.7:0", "203.0.113.7", 0 },
        { LOCAL, "203.0.113.7:65535", "203.0.113.7", 65535 },
        { LOCAL, "203.0.113.7:65536", "203.0.113.7", 0 },
        { LOCAL, "203.0.113.7:99999999999999999999", "203.0.113.7", 0 },
        { LOCAL, "203.0.113.7:-5", "203.0.113.7", 0 },
        { LOCAL, "203.0.113.7:+80", "203.0.113.7", 80 },
        { LOCAL, "203.0.113.7: 80", "203.0.113.7", 80 },
        { LOCAL, "203.0.113.7 :80", "203.0.113.7 ", 80 },
        { LOCAL, "203.0.113.7:8_0", "203.0.113.7", 80 },
        { LOCAL, "203.0.113.7:8__0", "203.0.113.7:8__0", 0 },
        { LOCAL, "203.0.113.7:80_", "203.0.113.7:80_", 0 },
        { LOCAL, "203.0.113.7:_80", "203.0.113.7:_80", 0 },
        { LOCAL, "203.0.113.7:+", "203.0.113.7:+", 0 },
        { LOCAL, "203.0.113.7:", "203.0.113.7:", 0 },
        { LOCAL, "203.0.113.7:http", "203.0.113.7:http", 0 },
        { LOCAL, "203.0.113.7:0x50", "203.0.113.7:0x50", 0 },
        { LOCAL, "1.1.1.1, 127.0.0.1:80", "1.1.1.1", 0 },
        { LOCAL, "1.1.1.1, 127.0.0.1:x", "127.0.0.1:x", 0 },
        /* IPv6, with and without. */
        { LOCAL, "2001:db8::1", "2001:db8::1", 0 },
        { LOCAL, "[2001:db8::1]", "2001:db8::1", 0 },
        { LOCAL, "[2001:db8::1]:4711", "2001:db8::1", 4711 },
        { LOCAL, "[2001:db8::1]:", "2001:db8::1", 0 },
        { LOCAL, "[2001:db8::1]:x", "2001:db8::1", 0 },
        { LOCAL, "[2001:db8::1]x", "[2001:db8::1]x", 0 },
        { LOCAL, "[2001:db8::1", "[2001:db8::1", 0 },
        { LOCAL, "2001:db8::1]", "2001:db8::1]", 0 },
        { LOCAL, "[", "[", 0 },
        { LOCAL, "1.1.1.1, [::1]:80", "1.1.1.1", 0 },
        { LOCAL, "1.1.1.1, [::1]x", "[::1]x", 0 },
        { LOCAL, "1.1.1.1, [127.0.0.1]", "1.1.1.1", 0 },
        { LOCAL, "1.1.1.1, ::ffff:127.0.0.1", "::ffff:127.0.0.1", 0 },
        /* What is no address is a name. */
        { LOCAL, "unknown", "unknown", 0 },
        { LOCAL, "_hidden, 127.0.0.1", "_hidden", 0 },
        { LOCAL, "1.1.1.1, 127.0.0.256", "127.0.0.256", 0 },
        { LOCAL, "1.1.1.1, 127.0.0.01", "127.0.0.01", 0 },
        { LOCAL, "\"203.0.113.7\"", "\"203.0.113.7\"", 0 },
        { LOCAL, "for=203.0.113.7;proto=https", "for=203.0.113.7;proto=https", 0 },
        { LOCAL, "1.1.1.1, *", "*", 0 },
        { LOCAL, "caf\xe9", "caf\xC3\xA9", 0 },
        { LOCAL,
          "\xa0"
          "203.0.113.7\x85",
          "203.0.113.7", 0 },
        { LOCAL, "203.0.113.7:\xb2", "203.0.113.7:\xC2\xB2", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const fields[] = { "x-forwarded-for", cases[i].value, NULL };
        cito_scope_http scope = applied(cases[i].list, fields);
        const char *host = cases[i].host ? cases[i].host : "peer";
        int port = cases[i].host ? cases[i].port : UNTOUCHED;
        if (strcmp(scope.client_host, host) != 0 || scope.client_port != port)
            fail_msg("\"%s\" gives \"%s\" and %d", cases[i].value, scope.client_host, scope.client_port);
        assert_string_equal(scope.scheme.data, "http");
    }
}

/* Several fields are one list. */
static void test_several_fields(void **state)
{
    (void)state;
    static const struct {
        const char *list, *values[3], *host;
    } cases[] = {
        { LOCAL, { "1.1.1.1", "2.2.2.2" }, "2.2.2.2" },
        { LOCAL, { "1.1.1.1", "127.0.0.1" }, "1.1.1.1" },
        { LOCAL, { "1.1.1.1, ::1", "127.0.0.1, ::1" }, "1.1.1.1" },
        { LOCAL, { "::1", "127.0.0.1" }, "::1" },
        { LOCAL, { "1.1.1.1", "" }, "peer" },
        { LOCAL, { "", "1.1.1.1" }, "1.1.1.1" },
        { LOCAL, { "", "127.0.0.1" }, "peer" },
        { "*", { "1.1.1.1, 3.3.3.3", "2.2.2.2" }, "1.1.1.1" },
        { "*", { "", "2.2.2.2" }, "peer" },
        { LOCAL, { "1.1.1.1", "::1", "127.0.0.1" }, "1.1.1.1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *fields[2 * FIELDS_MAX + 1] = { NULL };
        for (size_t at = 0; at < 3 && cases[i].values[at]; at++) {
            fields[2 * at] = "x-forwarded-for";
            fields[2 * at + 1] = cases[i].values[at];
        }
        cito_scope_http scope = applied(cases[i].list, fields);
        if (strcmp(scope.client_host, cases[i].host) != 0)
            fail_msg("\"%s\" and \"%s\" give \"%s\"", cases[i].values[0], cases[i].values[1], scope.client_host);
    }
}

static void test_scheme(void **state)
{
    (void)state;
    static const struct {
        const char *value, *more, *scheme;
    } cases[] = {
        { "https", NULL, "https" },
        { "http", NULL, "http" },
        { "ws", NULL, "ws" },
        { "wss", NULL, "wss" },
        { "\thttps ", NULL, "https" },
        { "\xa0https\x85", NULL, "https" },
        { "HTTPS", NULL, "http" },
        { "https,http", NULL, "http" },
        { "https, https", NULL, "http" },
        { "", NULL, "http" },
        { "ftp", NULL, "http" },
        { "httpss", NULL, "http" },
        { "https://", NULL, "http" },
        { "http", "https", "https" },
        { "https", "http", "http" },
        { "https", "nonsense", "http" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const fields[] = { "x-forwarded-proto", cases[i].value, cases[i].more ? "x-forwarded-proto" : NULL, cases[i].more,
                                       NULL };
        cito_scope_http scope = applied(LOCAL, fields);
        if (strcmp(scope.scheme.data, cases[i].scheme) != 0)
            fail_msg("\"%s\" gives %s", cases[i].value, scope.scheme.data);
        assert_string_equal(scope.client_host, "peer");
        assert_int_equal(scope.client_port, UNTOUCHED);
    }
}

/* Both at once, among others; names that are only alike; and a request that has used up its memory keeps what it had. */
static void test_together(void **state)
{
    (void)state;
    const char *const fields[] = { "x-forwarded-proto", "https", "host", "h", "x-forwarded-for", "203.0.113.7:1", NULL };
    cito_scope_http scope = applied(LOCAL, fields);
    assert_string_equal(scope.scheme.data, "https");
    assert_string_equal(scope.client_host, "203.0.113.7");
    assert_int_equal(scope.client_port, 1);
    const char *const others[] = { "x-forwarded-fo", "1.1.1.1",   "x-forwarded-fox", "1.1.1.1", "x-forwarded-protx",
                                   "https",          "forwarded", "for=1.1.1.1",     NULL };
    scope = applied(LOCAL, others);
    assert_string_equal(scope.scheme.data, "http");
    assert_string_equal(scope.client_host, "peer");

    const char *error;
    cito_trusted_proxies *proxies = cito_trusted_proxies_create(&arena, LOCAL, &error);
    cito_header header = { CITO_STR("x-forwarded-for"), CITO_STR("2001:db8:1111:2222::7") };
    cito_arena full;
    cito_arena_init(&full, 1);
    scope = (cito_scope_http){ .headers = &header, .header_count = 1, .client_host = "peer", .client_port = UNTOUCHED };
    cito_proxy_header_apply(proxies, &full, &scope);
    assert_true(full.overflowed);
    assert_string_equal(scope.client_host, "peer");
    assert_int_equal(scope.client_port, UNTOUCHED);
    cito_arena_finish(&full);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_client), cmocka_unit_test(test_several_fields), cmocka_unit_test(test_scheme),
                                        cmocka_unit_test(test_together) };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}

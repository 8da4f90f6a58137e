/* Trusted proxies: what a list says, who is on it, and what a list may not say. What Python's ipaddress takes for an address was asked of it. */
#include "../arena.h"
#include "server/trusted_proxies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static cito_trusted_proxies *listed(const char *list)
{
    const char *error = "untouched";
    cito_trusted_proxies *proxies = cito_trusted_proxies_create(&arena, list, &error);
    if (!proxies)
        fail_msg("\"%s\": %s", list, error);
    assert_null(error);
    return proxies;
}

static void test_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *list, *host;
        bool trusted;
    } cases[] = {
        { "127.0.0.1", "127.0.0.1", true },
        { "127.0.0.1", "127.0.0.2", false },
        { "127.0.0.1", "127.0.0.01", false },
        { "127.0.0.1", "127.1", false },
        { "127.0.0.1", " 127.0.0.1", false },
        { "127.0.0.1", "127.0.0.1:80", false },
        { "127.0.0.1", "127.0.0.1%lo", false },
        { "127.0.0.1", "::ffff:127.0.0.1", false },
        { "127.0.0.1", "", false },
        { "127.0.0.1,::1", "::1", true },
        { "127.0.0.1,::1", "0:0:0:0:0:0:0:1", true },
        { "0:0::0001", "::1", true },
        { "::1", "::00001", false },
        { "::1", "[::1]", false },
        { " 127.0.0.1 ,\t10.0.0.9 ,", "10.0.0.9", true },
        { ",,127.0.0.1", "127.0.0.1", true },
        { "2001:DB8::1", "2001:db8::1", true },
        { "10.0.0.0/8", "10.255.0.1", true },
        { "10.0.0.0/8", "11.0.0.1", false },
        { "10.0.0.0/8", "::10.0.0.1", false },
        { "10.128.0.0/9", "10.128.0.1", true },
        { "10.128.0.0/9", "10.127.255.255", false },
        { "192.0.2.96/27", "192.0.2.127", true },
        { "192.0.2.96/27", "192.0.2.128", false },
        { "192.0.2.1/32", "192.0.2.1", true },
        { "192.0.2.1/32", "192.0.2.0", false },
        { "0.0.0.0/0", "203.0.113.7", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "::/0", "2001:db8::1", true },
        { "::/0", "203.0.113.7", false },
        { "2001:db8::/33", "2001:db8:7fff::1", true },
        { "2001:db8::/33", "2001:db8:8000::1", false },
        { "::1/128", "::1", true },
        /* A zone is part of an address, and counts for nothing in a network. */
        { "fe80::1", "fe80::1%eth0", false },
        { "fe80::1%eth0", "fe80::1%eth0", true },
        { "fe80::1%eth0", "fe80::1%eth1", false },
        { "fe80::1%eth0", "fe80::1", false },
        { "fe80::/10", "fe80::1%eth0", true },
        { "fe80::/10", "fe80::1%", false },
        { "fe80::/10", "fe80::1%a%b", false },
        { "fe80::/10", "fe80::1%a/b", false },
        /* Literals are compared as text. */
        { "proxy1", "proxy1", true },
        { "proxy1", "Proxy1", false },
        { "proxy1", "proxy", false },
        { "/run/app/app.sock", "/run/app/app.sock", true },
        { "/run/a:1/app.sock", "/run/a:1/app.sock", true },
        { "cafe", "cafe", true },
        { "*", "127.0.0.1", true },
        { "*", "anybody", true },
        { "*", "", true },
        { "", "127.0.0.1", false },
        { "", "", false },
        { " , ", "", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cito_str host = { cases[i].host, strlen(cases[i].host) };
        if (cito_trusted_proxies_have_host(listed(cases[i].list), host) != cases[i].trusted)
            fail_msg("\"%s\" has \"%s\" %s", cases[i].list, cases[i].host, cases[i].trusted ? "not" : "all the same");
    }
    /* Longer than any address, and with a NUL within. */
    char many[200];
    memset(many, '1', sizeof many);
    assert_false(cito_trusted_proxies_have_host(listed("::/0,0.0.0.0/0"), (cito_str){ many, sizeof many }));
    assert_false(cito_trusted_proxies_have_host(listed("127.0.0.1"), (cito_str){ "127.0.0.1\0", 10 }));
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *list, *says;
    } cases[] = {
        { "10.0.0.1/8", "10.0.0.1/8 is an address within a network: the network is 10.0.0.0/8" },
        { "127.0.0.1, 2001:db8:ffff::1/33", "2001:db8:ffff::1/33 is an address within a network: the network is 2001:db8:8000::/33" },
        { "10.0.0.0/33", "10.0.0.0/33 is no network: behind the slash stands a number of bits up to 32, as in 10.0.0.0/8" },
        { "10.0.0.0/", "10.0.0.0/ is no network: behind the slash stands a number of bits up to 32, as in 10.0.0.0/8" },
        { "10.0.0.0/8/8", "10.0.0.0/8/8 is no network: behind the slash stands a number of bits up to 32, as in 10.0.0.0/8" },
        { "10.0.0.0/-8", "10.0.0.0/-8 is no network: behind the slash stands a number of bits up to 32, as in 10.0.0.0/8" },
        { "10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0 is no network: behind the slash stands a number of bits up to 32, as in 10.0.0.0/8" },
        { "10.0.0.0/99999999999999999999",
          "10.0.0.0/99999999999999999999 is no network: behind the slash stands a number of bits up to 32, as in 10.0.0.0/8" },
        { "::/129", "::/129 is no network: behind the slash stands a number of bits up to 128, as in 10.0.0.0/8" },
        { "fe80::%eth0/10", "fe80::%eth0/10 is no address and no network: write them as 127.0.0.1, ::1, 10.0.0.0/8, without a port" },
        { "10/8", "10/8 is no address and no network: write them as 127.0.0.1, ::1, 10.0.0.0/8, without a port" },
        { "127.0.0.1.", "127.0.0.1. is no address and no network: write them as 127.0.0.1, ::1, 10.0.0.0/8, without a port" },
        { "127.0.0.1:80", "127.0.0.1:80 is no address and no network: write them as 127.0.0.1, ::1, 10.0.0.0/8, without a port" },
        { "[::1]", "[::1] is no address and no network: write them as 127.0.0.1, ::1, 10.0.0.0/8, without a port" },
        { "unix:/run/app.sock",
          "unix:/run/app.sock is no address and no network: write them as 127.0.0.1, ::1, 10.0.0.0/8, without a port" },
        { "127.0.0.1,*", "* means everybody and stands alone: leave the other entries out, or the *" },
        { "*,127.0.0.1", "* means everybody and stands alone: leave the other entries out, or the *" },
        { " * ", "* means everybody and stands alone: leave the other entries out, or the *" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *error = NULL;
        assert_null(cito_trusted_proxies_create(&arena, cases[i].list, &error));
        assert_string_equal(error, cases[i].says);
    }
}

static bool trusts_v4(const char *list, const char *text)
{
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(80) };
    assert_int_equal(inet_pton(AF_INET, text, &peer.sin_addr), 1);
    return cito_trusted_proxies_have_peer(listed(list), (struct sockaddr *)&peer, (struct sockaddr *)&peer);
}

static bool trusts_v6(const char *list, const char *text, unsigned zone)
{
    struct sockaddr_in6 peer = { .sin6_family = AF_INET6, .sin6_scope_id = zone };
    assert_int_equal(inet_pton(AF_INET6, text, &peer.sin6_addr), 1);
    return cito_trusted_proxies_have_peer(listed(list), (struct sockaddr *)&peer, (struct sockaddr *)&peer);
}

static bool trusts_unix(const char *list, const char *path)
{
    struct sockaddr_un peer = { .sun_family = AF_UNIX }, own = { .sun_family = AF_UNIX };
    memcpy(own.sun_path, path, strlen(path)); /* the longest has no NUL behind it */
    return cito_trusted_proxies_have_peer(listed(list), (struct sockaddr *)&peer, (struct sockaddr *)&own);
}

static void test_peers(void **state)
{
    (void)state;
    assert_true(trusts_v4("127.0.0.1,::1", "127.0.0.1"));
    assert_false(trusts_v4("127.0.0.1,::1", "127.0.0.2"));
    assert_true(trusts_v4("10.0.0.0/8", "10.9.8.7"));
    assert_true(trusts_v4("*", "203.0.113.7"));
    assert_false(trusts_v4("", "127.0.0.1"));
    assert_true(trusts_v6("127.0.0.1,::1", "::1", 0));
    assert_false(trusts_v6("127.0.0.1", "::1", 0));
    /* A socket for both kinds shows IPv4 clients so. */
    assert_true(trusts_v6("127.0.0.1", "::ffff:127.0.0.1", 0));
    assert_false(trusts_v6("127.0.0.1", "::127.0.0.1", 0));
    char name[IF_NAMESIZE], list[IF_NAMESIZE + 16];
    assert_non_null(if_indextoname(1, name));
    snprintf(list, sizeof list, "fe80::1%%%s", name);
    assert_true(trusts_v6(list, "fe80::1", 1));
    assert_false(trusts_v6(list, "fe80::1", 0));
    assert_false(trusts_v6("fe80::1", "fe80::1", 1));
    assert_true(trusts_v6("fe80::/10", "fe80::1", 1));

    char longest[sizeof((struct sockaddr_un *)0)->sun_path + 1];
    memset(longest, 'p', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_true(trusts_unix(longest, longest));
    assert_true(trusts_unix("127.0.0.1,/run/app.sock", "/run/app.sock"));
    assert_false(trusts_unix("127.0.0.1,/run/app.sock", "/run/other.sock"));
    assert_false(trusts_unix("127.0.0.1,::1", "/run/app.sock"));
    assert_false(trusts_unix("127.0.0.1,::1", ""));
    assert_true(trusts_unix("*", ""));
    struct sockaddr nobody = { .sa_family = AF_UNSPEC };
    assert_false(cito_trusted_proxies_have_peer(listed("/run/app.sock"), &nobody, &nobody));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_hosts), cmocka_unit_test(test_refusals), cmocka_unit_test(test_peers) };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}

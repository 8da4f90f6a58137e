/* URLs of Redis: every part, what is refused, and that no text shows a password. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "tasks/redis_script.h"
#include "tasks/redis_url.h"

#include <cmocka.h>

static void test_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *path, *user, *password, *shown;
        int port, db;
    } cases[] = {
        { "redis://", "localhost", NULL, NULL, NULL, "redis://localhost:6379/0", 6379, 0 },
        { "redis://db.example:7000/12", "db.example", NULL, NULL, NULL, "redis://db.example:7000/12", 7000, 12 },
        { "redis://:secret@h/1", "h", NULL, NULL, "secret", "redis://h:6379/1", 6379, 1 },
        { "redis://ann:p%40ss%3a@h:1?db=2", "h", NULL, "ann", "p@ss:", "redis://h:1/2", 1, 2 },
        { "redis://a@b:c@[::1]:6380/0", "::1", NULL, "a@b", "c", "redis://[::1]:6380/0", 6380, 0 },
        { "redis+socket:///run/redis.sock?db=4", NULL, "/run/redis.sock", NULL, NULL, "redis+socket:///run/redis.sock?db=4", 6379, 4 },
        { "redis+unix://:pw@/run/r.sock?virtual_host=/5", NULL, "/run/r.sock", NULL, "pw", "redis+socket:///run/r.sock?db=5", 6379, 5 },
    };
    cito_arena arena;
    cito_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cito_redis_url url;
        const char *error = cito_redis_url_parse(cases[i].text, &arena, &url);
        if (error)
            fail_msg("%s: %s", cases[i].text, error);
        const char *const expected[] = { cases[i].host, cases[i].path, cases[i].user, cases[i].password, cases[i].shown };
        const cito_str got[] = { url.host, url.path, url.user, url.password, url.shown };
        for (size_t part = 0; part < sizeof got / sizeof *got; part++) {
            if (expected[part])
                assert_string_equal(got[part].data, expected[part]);
            else
                assert_null(got[part].data);
        }
        assert_int_equal(url.port, cases[i].port);
        assert_int_equal(url.db, cases[i].db);
    }
    cito_arena_finish(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "rediss://h", "TLS" },          { "http://h", "no Redis URL" },    { "redis://h:0", "no port" },
        { "redis://h:70000", "no port" }, { "redis://h:x/0", "no port" },    { "redis://h/a", "database" },
        { "redis://h/0?db=x", "?db=0" },  { "redis+socket://name", "path" }, { "redis://:secret@h/x", "database" },
        { "redis://[::1", "]" },
    };
    cito_arena arena;
    cito_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cito_redis_url url;
        const char *error = cito_redis_url_parse(cases[i][0], &arena, &url);
        if (!error || !strstr(error, cases[i][1]) || strstr(error, "secret"))
            fail_msg("%s: %s", cases[i][0], error ? error : "taken");
    }
    cito_arena_finish(&arena);
}

/* RFC 3174, section 7.3, and lengths around a block's end, as sha1sum gives them. */
static void test_sha(void **state)
{
    (void)state;
    static const char letters[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const struct {
        size_t len;
        const char *sha;
    } cases[] = { { 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
                  { 55, "c1c8bbdc22796e28c0e15163d20899b65621d65a" },
                  { 56, "c2db330f6083854c99d4b5bfb6e8f29f201be699" },
                  { 64, "0098ba824b5c16427bd7a1122a5a442a25ec644d" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[100];
        memcpy(text, letters, cases[i].len);
        text[cases[i].len] = '\0';
        cito_redis_script script = { .text = text };
        assert_string_equal(cito_redis_script_sha(&script).data, cases[i].sha);
    }
    cito_redis_script abc = { .text = "abc" };
    assert_string_equal(cito_redis_script_sha(&abc).data, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_parts), cmocka_unit_test(test_refused), cmocka_unit_test(test_sha) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

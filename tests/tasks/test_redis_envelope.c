/* Envelopes and entries as text: what is marked, what stays to the letter, names of lists, bindings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "tasks/redis_envelope.h"

#include <cmocka.h>

static cito_arena arena;
static cito_buffer out;
static cito_str str(const char *chars) { return (cito_str){ chars, strlen(chars) }; }

static int set_up(void **state)
{
    (void)state;
    cito_arena_init(&arena, 0);
    cito_buffer_init(&out);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    cito_arena_finish(&arena);
    cito_buffer_finish(&out);
    return 0;
}

static void assert_redelivered(const char *from, const char *to, int priority)
{
    int got;
    out.len = 0;
    cito_redis_envelope_redeliver(str(from), &arena, &out, &got);
    cito_buffer_append_char(&out, '\0');
    assert_string_equal(out.data, to);
    assert_int_equal(got, priority);
}

static void test_redelivered(void **state)
{
    (void)state;
    assert_redelivered("{\"body\":\"W10=\",\"headers\":{\"a\":1.50,\"l\":[],\"o\":{}},\"properties\":{\"priority\":7,\"delivery_info\":{"
                       "\"exchange\":\"\"},\"x\":1e400}}",
                       "{\"body\":\"W10=\",\"headers\":{\"redelivered\":true,\"a\":1.50,\"l\":[],\"o\":{}},\"properties\":{\"priority\":7,"
                       "\"delivery_info\":{\"redelivered\":true,\"exchange\":\"\"},\"x\":1e400}}",
                       7);
    assert_redelivered("{\"headers\": {\"redelivered\": false, \"n\": {\"redelivered\": 0}}}",
                       "{\"headers\":{\"redelivered\":true,\"n\":{\"redelivered\": 0}}}", 0);
    assert_redelivered("{\"headers\":null,\"properties\":{\"priority\":\"x\"}}", "{\"headers\":null,\"properties\":{\"priority\":\"x\"}}",
                       0);
    assert_redelivered("{}", "{}", 0);
    static const char *const broken[] = {
        "", "x", "[1]", "{\"headers\":{", "{\"headers\":{}}x", "{\"properties\":{\"priority\":3,}}", "{\"a\":\"\xff\"}"
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        int priority;
        out.len = 0;
        cito_redis_envelope_redeliver(str(broken[i]), &arena, &out, &priority);
        assert_int_equal(out.len, strlen(broken[i]));
        assert_memory_equal(out.data, broken[i], out.len);
    }
    /* A text cut anywhere comes through as it is. */
    const char whole[] = "{\"headers\":{\"k\":[1,{\"x\":\"\\u00e4\"}]},\"properties\":{\"delivery_info\":{}}}";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        int priority;
        out.len = 0;
        cito_redis_envelope_redeliver((cito_str){ whole, len }, &arena, &out, &priority);
        assert_int_equal(out.len, len);
        assert_memory_equal(out.data, whole, len);
    }
}

static void test_entries(void **state)
{
    (void)state;
    cito_str envelope, exchange, key;
    assert_true(cito_redis_entry_read(str("[{\"a\": 1}, \"ex\", \"k\\u00e4\"]"), &arena, &envelope, &exchange, &key));
    assert_int_equal(envelope.len, 8);
    assert_memory_equal(envelope.data, "{\"a\": 1}", 8);
    assert_string_equal(exchange.data, "ex");
    assert_string_equal(key.data, "k\xc3\xa4");
    assert_true(cito_redis_entry_read(str("[{},null,\"q\"]"), &arena, &envelope, &exchange, &key));
    assert_int_equal(exchange.len, 0);
    static const char *const broken[] = { "", "{}", "[]", "[1,\"\",\"q\"]", "[{}]", "[{},\"\"]", "[{},\"\",5]", "[{]" };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_false(cito_redis_entry_read(str(broken[i]), &arena, &envelope, &exchange, &key));
}

static void test_lists(void **state)
{
    (void)state;
    static const unsigned steps[] = { 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3 };
    for (int priority = 0; priority <= 10; priority++)
        assert_int_equal(cito_redis_step_of(priority), steps[priority]);
    assert_int_equal(cito_redis_step_of(-1), 0);
    assert_string_equal(cito_redis_list_name(&arena, str("q"), 0).data, "q");
    assert_string_equal(cito_redis_list_name(&arena, str("q"), 2).data, "q\x06\x16"
                                                                        "6");
}

static void test_bindings(void **state)
{
    (void)state;
    static const struct {
        const char *bound, *key;
        bool takes;
    } cases[] = { { "a", "a", true },        { "a", "b", false },       { "a.*", "a.b", true },   { "a.*", "a", false },
                  { "a.*", "a.b.c", false }, { "a.#", "a", true },      { "a.#", "a.b.c", true }, { "#", "", true },
                  { "#.c", "a.b.c", true },  { "#.c", "a.b.d", false }, { "*.b.#", "a.b", true }, { "", "", true },
                  { "a.b", "a", false },     { "a", "a.b", false } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cito_str member = cito_redis_binding(&arena, str(cases[i].bound), str("^x$"), str("queue")), queue;
        if (cito_redis_binding_takes(member, str(cases[i].key), &queue) != cases[i].takes)
            fail_msg("%s and %s", cases[i].bound, cases[i].key);
        assert_true(cito_str_equal(queue, "queue"));
    }
    cito_str queue;
    assert_false(cito_redis_binding_takes(str("no separators"), str("x"), &queue));
}

static void assert_tag(const char *envelope, const char *tag)
{
    size_t start, len;
    assert_true(cito_redis_envelope_find_tag(str(envelope), &start, &len));
    assert_int_equal(len, strlen(tag));
    assert_memory_equal(envelope + start, tag, len);
}

static void test_tags(void **state)
{
    (void)state;
    assert_tag("{\"properties\":{\"delivery_tag\":\"abc\"}}", "abc");
    assert_tag("{\"properties\": {\"delivery_tag\" :\t\"abc\" , \"x\": 1}}", "abc");
    assert_tag("{\"headers\":{\"delivery_tag\":\"first\"},\"properties\":{\"delivery_tag\":\"last\"}}", "last");
    assert_tag("{\"delivery_tag\":\"kept\",\"name\":[\"delivery_tag\",\"delivery_tag\"]}", "kept");
    assert_tag("\"delivery_tag\":\"\"", "");
    static const char *const none[] = {
        "", "x", "{}", "\"delivery_tag\"", "\"delivery_tag\":", "\"delivery_tag\": 7}", "\"delivery_tag\":\"open"
    };
    size_t start, len;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(cito_redis_envelope_find_tag(str(none[i]), &start, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_redelivered), cmocka_unit_test(test_entries), cmocka_unit_test(test_lists),
                                        cmocka_unit_test(test_bindings), cmocka_unit_test(test_tags) };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

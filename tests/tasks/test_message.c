/* Messages: Celery's own envelopes are read and written again without loss; ours say what theirs say; whatever is no message is answered with a text. */
#include "../arena.h"
#include "support.h"
#include "tasks/base64.h"
#include "tasks/message.h"
#include "tasks/message_names.h"
#include "tasks/repr.h"

#include <zlib.h>

static const char *text_of(const cito_value *value)
{
    cito_buffer buffer;
    cito_buffer_init(&buffer);
    assert_true(cito_value_write(&buffer, value));
    cito_str text = cito_arena_copy_str(&arena, buffer.data, buffer.len);
    cito_buffer_finish(&buffer);
    return text.data;
}

static cito_str envelope_of(const cito_message *message)
{
    cito_buffer buffer;
    cito_buffer_init(&buffer);
    cito_message_write_envelope(message, &buffer);
    cito_str text = cito_arena_copy_str(&arena, buffer.data, buffer.len);
    cito_buffer_finish(&buffer);
    return text;
}

enum { ENVELOPES = 5 };
/* Five messages of Celery 5.7: plain; with all options; compressed with kombu's own types; a chain; links. */
static void read_recorded(cito_str *out)
{
    FILE *file = fopen("tests/tasks/data/celery_envelopes.jsonl", "r");
    assert_non_null(file);
    char *line = NULL;
    size_t capacity = 0;
    for (int i = 0; i < ENVELOPES; i++) {
        ssize_t len = getline(&line, &capacity, file);
        assert_true(len > 0);
        out[i] = cito_arena_copy_str(&arena, line, (size_t)len - 1);
    }
    free(line);
    fclose(file);
}

static void test_reads_celery(void **state)
{
    (void)state;
    cito_str recorded[ENVELOPES];
    read_recorded(recorded);
    cito_message message;
    cito_message_body body;
    assert_null(cito_message_read_envelope(recorded[0], &arena, &message));
    assert_null(cito_message_read_body(&message, &arena, &body));
    assert_string_equal(message.task.data, "tasks.add");
    assert_string_equal(message.argsrepr.data, "(2, 3)");
    assert_int_equal(message.ignore_result, 0);
    assert_int_equal(message.group_index, -1);
    assert_string_equal(text_of(body.args), "[2,3]");
    assert_null(body.chain);
    assert_null(cito_message_read_envelope(recorded[1], &arena, &message));
    assert_int_equal(message.priority, 5);
    assert_true(message.time_limit == 9 && message.soft_time_limit == 5);
    assert_true(message.expires - message.eta > 59.9 && message.expires - message.eta < 60.1);
    assert_string_equal(cito_value_string(cito_value_get(message.headers, "x_custom")).data, "v");
    assert_null(cito_message_read_envelope(recorded[2], &arena, &message));
    assert_null(cito_message_read_body(&message, &arena, &body));
    assert_string_equal(message.compression.data, "application/x-gzip");
    assert_null(cito_kombu_values_resolve(&body.args, &arena));
    assert_null(cito_kombu_values_resolve(&body.kwargs, &arena));
    const cito_value *list = cito_value_at(body.args, 0);
    assert_string_equal(cito_value_string(cito_value_at(list, 0)).data, "zażółć");
    assert_int_equal(cito_value_string(cito_value_at(list, 1)).len, 2);
    assert_memory_equal(cito_value_string(cito_value_at(list, 1)).data, "\xff\x00", 2);
    assert_string_equal(cito_value_string(cito_value_get(body.kwargs, "y")).data, "2026-01-02T03:04:05+00:00");
    assert_null(cito_message_read_envelope(recorded[3], &arena, &message));
    assert_null(cito_message_read_body(&message, &arena, &body));
    assert_int_equal(cito_value_count(body.chain), 2);
    assert_string_equal(text_of(cito_value_get(cito_value_at(body.chain, 0), "args")), "[3]"); /* last first */
    assert_null(cito_message_read_envelope(recorded[4], &arena, &message));
    assert_null(cito_message_read_body(&message, &arena, &body));
    assert_null(cito_kombu_values_resolve(&body.args, &arena));
    assert_string_equal(text_of(body.args), "[\"00000000000000000000000000000005\",\"1.50\"]");
    assert_int_equal(cito_value_count(body.callbacks), 1);
    assert_int_equal(cito_value_count(body.errbacks), 1);
}

/* Read, written, read: each header and property as Celery wrote it, the user's own too. */
static void test_round_trip(void **state)
{
    (void)state;
    static const char *const not_kept[] = { "compression", NULL };
    cito_str recorded[ENVELOPES];
    read_recorded(recorded);
    for (int i = 0; i < ENVELOPES; i++) {
        cito_message first, second;
        assert_null(cito_message_read_envelope(recorded[i], &arena, &first));
        assert_null(cito_message_read_envelope(envelope_of(&first), &arena, &second));
        for (size_t m = 0; m < cito_value_count(first.headers); m++) {
            cito_str key = cito_value_key_at(first.headers, m);
            if (cito_str_equal(key, not_kept[0]))
                continue;
            const cito_value *before = cito_value_get(first.headers, key.data), *after = cito_value_get(second.headers, key.data);
            assert_int_equal(before == NULL, after == NULL);
            if (before)
                assert_string_equal(text_of(before), text_of(after));
            assert_true(cito_value_has(second.headers, key.data));
        }
        for (size_t m = 0; m < cito_value_count(first.properties); m++) {
            cito_str key = cito_value_key_at(first.properties, m);
            assert_string_equal(text_of(cito_value_member_at(first.properties, m)), text_of(cito_value_get(second.properties, key.data)));
        }
        assert_string_equal(first.body.data, second.body.data);
    }
}

/* A new message has the members of Celery's, in Celery's order. */
static void test_new_message(void **state)
{
    (void)state;
    cito_str recorded[ENVELOPES];
    read_recorded(recorded);
    cito_message theirs, ours, read;
    assert_null(cito_message_read_envelope(recorded[0], &arena, &theirs));
    cito_message_init(&ours, &arena, "tasks.add");
    ours.body = theirs.body;
    ours.argsrepr = CITO_STR("(2, 3)");
    ours.ignore_result = 0;
    assert_null(cito_message_read_envelope(envelope_of(&ours), &arena, &read));
    assert_int_equal(cito_value_count(read.headers), cito_value_count(theirs.headers));
    for (size_t i = 0; i < cito_value_count(theirs.headers); i++) {
        cito_str key = cito_value_key_at(theirs.headers, i);
        assert_string_equal(cito_value_key_at(read.headers, i).data, key.data);
        if (cito_str_equal(key, "id") || cito_str_equal(key, "root_id") || cito_str_equal(key, "origin"))
            continue;
        assert_string_equal(text_of(cito_value_member_at(read.headers, i)), text_of(cito_value_member_at(theirs.headers, i)));
    }
    for (size_t i = 0; i < cito_value_count(theirs.properties); i++)
        assert_true(cito_value_has(read.properties, cito_value_key_at(theirs.properties, i).data));
    assert_int_equal(read.id.len, 36);
    assert_int_equal(read.id.data[14], '4');
    assert_false(cito_same(read.id, read.delivery_tag));
    assert_true(cito_same(read.id, read.correlation_id) && cito_same(read.id, read.root_id));
}

static const char *repr(const char *json, bool is_tuple, size_t max)
{
    cito_buffer buffer;
    cito_buffer_init(&buffer);
    const cito_value *value = cito_value_parse(&arena, cito_arena_copy_str(&arena, json, strlen(json)), NULL, NULL);
    assert_non_null(value);
    (is_tuple ? cito_repr_write_tuple : cito_repr_write)(value, max, &buffer);
    cito_str text = cito_arena_copy_str(&arena, buffer.data, buffer.len);
    cito_buffer_finish(&buffer);
    return text.data;
}

/* What Celery 5.7 writes for the same values. */
static void test_repr(void **state)
{
    (void)state;
    assert_string_equal(repr("[]", true, 1024), "()");
    assert_string_equal(repr("[2]", true, 1024), "(2,)");
    assert_string_equal(repr("[1.5,1e20,1e-07,true,null,[1,[2]],{\"a\":{\"b\":[]}}]", true, 1024),
                        "(1.5, 1e+20, 1e-07, True, None, [1, [2]], {'a': {'b': [...]}})");
    assert_string_equal(repr("[\"it's\",\"a\\\"b\",\"żółć\"]", true, 1024), "('it\\'s', 'a\"b', 'żółć')");
    assert_string_equal(repr("[[[[1]]],1000000000000000000000000000000]", true, 1024), "([[[...]]], 1000000000000000000000000000000)");
    assert_string_equal(repr("{\"k\":{\"x\":1}}", false, 1024), "{'k': {'x': 1}}");
    assert_string_equal(repr("[\"0123456789\"]", true, 8), "('012...");
    assert_string_equal(repr("[\"żółć\"]", true, 8), "('ż..."); /* a letter is not cut in two */
    assert_int_equal(strlen(repr("[\"0123456789012345678901234567890123456789\"]", true, 20)), 20);
}

static void test_base64(void **state)
{
    (void)state;
    char bytes[64];
    for (size_t len = 0; len <= sizeof bytes; len++) {
        cito_buffer text, back;
        cito_buffer_init(&text);
        cito_buffer_init(&back);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)(i * 89 + len);
        cito_base64_write((cito_str){ bytes, len }, &text);
        assert_int_equal(text.len, (len + 2) / 3 * 4);
        assert_true(cito_base64_read((cito_str){ text.data, text.len }, &back));
        assert_int_equal(back.len, len);
        if (len)
            assert_memory_equal(back.data, bytes, len);
        cito_buffer_finish(&text);
        cito_buffer_finish(&back);
    }
    static const char *const wrong[] = { "A", "AB", "ABC", "A===", "AB=C", "====", "AB-_", "AAAA\n", "=AAA" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cito_buffer back;
        cito_buffer_init(&back);
        assert_false(cito_base64_read((cito_str){ wrong[i], strlen(wrong[i]) }, &back));
        assert_int_equal(back.len, 0);
        cito_buffer_finish(&back);
    }
}

/* ---- poison -------------------------------------------------------------------------------------------------------------------------------- */
#define PROPERTIES "\"properties\":{\"body_encoding\":null},\"content-type\":\"application/json\",\"content-encoding\":\"utf-8\""
#define HEADERS    "\"headers\":{\"task\":\"t\",\"id\":\"i\"}"
#define HEAD(MORE) "{\"headers\":{\"task\":\"t\",\"id\":\"i\"," MORE "},\"body\":\"[[],{},{}]\"," PROPERTIES "}"
#define BODY(TEXT) "{" HEADERS ",\"body\":" TEXT "," PROPERTIES "}"

static const char *read_any(const char *json)
{
    cito_message message;
    cito_message_body body;
    const char *error = cito_message_read_envelope(cito_arena_copy_str(&arena, json, strlen(json)), &arena, &message);
    if (!error)
        error = cito_message_read_body(&message, &arena, &body);
    return error ? error : cito_kombu_values_resolve(&body.args, &arena);
}

static void test_poison(void **state)
{
    (void)state;
    static const char *const poison[] = {
        "",
        "x",
        "null",
        "[]",
        "\"text\"",
        "{}",
        "{\"body\":1}",
        "\xff",
        "{\"headers\":1,\"properties\":{}}",
        "{\"headers\":{},\"properties\":[]}",
        HEAD("\"eta\":\"soon\""),
        HEAD("\"eta\":5"),
        HEAD("\"expires\":[]"),
        HEAD("\"retries\":\"1\""),
        HEAD("\"retries\":-1"),
        HEAD("\"retries\":1e400"),
        HEAD("\"retries\":99999999999999999999"),
        HEAD("\"timelimit\":5"),
        HEAD("\"timelimit\":[\"a\",null]"),
        HEAD("\"timelimit\":[1,2,3]"),
        HEAD("\"timelimit\":[NaN,1]"),
        HEAD("\"group_index\":-5"),
        HEAD("\"root_id\":7"),
        HEAD("\"ignore_result\":\"no\""),
        HEAD("\"compression\":\"application/x-bz2\""),
        HEAD("\"compression\":\"application/x-gzip\""),
        HEAD("\"argsrepr\":{}"),
        "{\"headers\":{\"task\":null,\"id\":\"i\"},\"body\":\"[[],{},{}]\"," PROPERTIES "}",
        "{\"headers\":{\"task\":\"t\"},\"body\":\"[[],{},{}]\"," PROPERTIES "}",
        BODY("null"),
        BODY("[]"),
        BODY("\"\""),
        BODY("\"x\""),
        BODY("\"{}\""),
        BODY("\"[]\""),
        BODY("\"[[],{}]\""),
        BODY("\"[1,{},{}]\""),
        BODY("\"[[],[],{}]\""),
        BODY("\"[[],{},[]]\""),
        BODY("\"[[],{},{\\\"chain\\\":5}]\""),
        BODY("\"[[],{},{\\\"callbacks\\\":{}}]\""),
        BODY("\"[[{\\\"__type__\\\":\\\"set\\\",\\\"__value__\\\":\\\"x\\\"}],{},{}]\""),
        BODY("\"[[{\\\"__type__\\\":\\\"base64\\\",\\\"__value__\\\":\\\"x\\\"}],{},{}]\""),
        BODY("\"[[{\\\"__type__\\\":\\\"uuid\\\",\\\"__value__\\\":\\\"x\\\"}],{},{}]\""),
        "{" HEADERS ",\"body\":\"?\",\"properties\":{\"body_encoding\":\"base64\"},\"content-type\":\"application/json\"}",
        "{" HEADERS ",\"body\":\"\",\"properties\":{\"body_encoding\":\"base32\"},\"content-type\":\"application/json\"}",
        "{" HEADERS ",\"body\":\"/w==\",\"properties\":{\"body_encoding\":\"base64\"},\"content-type\":\"application/json\"}",
        "{" HEADERS ",\"body\":\"\",\"properties\":{},\"content-type\":\"application/x-python-serialize\"}",
        "{" HEADERS ",\"body\":\"\",\"properties\":{}}",
        "{" HEADERS ",\"body\":\"\",\"properties\":{\"priority\":\"high\"},\"content-type\":\"application/json\"}",
        "{" HEADERS ",\"body\":\"\",\"properties\":{\"delivery_info\":7},\"content-type\":\"application/json\"}",
        "{\"headers\":{},\"body\":\"{\\\"id\\\":1}\"," PROPERTIES "}",
        "{\"headers\":{},\"body\":\"{\\\"task\\\":\\\"t\\\",\\\"id\\\":1}\"," PROPERTIES "}",
    };
    for (size_t i = 0; i < sizeof poison / sizeof *poison; i++) {
        const char *error = read_any(poison[i]);
        if (!error)
            fail_msg("taken for a message: %s", poison[i]);
        assert_true(strlen(error) > 8);
    }
    assert_null(read_any(HEAD("\"retries\":2,\"eta\":\"2026-11-21T01:32:53\",\"timelimit\":[null,2.5]")));
    assert_null(read_any(BODY("\"[[],{},null]\"")));
}

/* A recorded message cut at every byte is no message, and never more. */
static void test_cut(void **state)
{
    (void)state;
    cito_str recorded[ENVELOPES];
    read_recorded(recorded);
    for (size_t len = 0; len < recorded[1].len; len++) {
        cito_arena small;
        cito_arena_init(&small, 0);
        cito_message message;
        cito_str part = cito_arena_copy_str(&small, recorded[1].data, len);
        assert_non_null(cito_message_read_envelope(part, &small, &message));
        cito_arena_finish(&small);
    }
}

static void test_first_protocol(void **state)
{
    (void)state;
    static const char old[] =
        "{\"headers\":{},\"body\":\"{\\\"task\\\":\\\"tasks.add\\\",\\\"id\\\":\\\"one\\\",\\\"args\\\":[1,2],\\\"kwargs\\\":{\\\"z\\\":3},"
        "\\\"retries\\\":2,\\\"eta\\\":\\\"2026-11-21T01:32:53\\\",\\\"utc\\\":true,\\\"taskset\\\":\\\"g\\\",\\\"timelimit\\\":[9,null],"
        "\\\"callbacks\\\":[{}],\\\"errbacks\\\":null,\\\"chord\\\":null}\"," PROPERTIES "}";
    cito_message message;
    cito_message_body body;
    assert_null(cito_message_read_envelope(cito_arena_copy_str(&arena, old, sizeof old - 1), &arena, &message));
    assert_null(cito_message_read_body(&message, &arena, &body));
    assert_string_equal(message.task.data, "tasks.add");
    assert_string_equal(message.group.data, "g");
    assert_int_equal(message.retries, 2);
    assert_true(message.eta == 1795224773.0 && message.time_limit == 9);
    assert_string_equal(text_of(body.args), "[1,2]");
    assert_string_equal(text_of(body.kwargs), "{\"z\":3}");
    assert_int_equal(cito_value_count(body.callbacks), 1);
}

/* A body that grows too large is refused before it does. */
static void test_bomb(void **state)
{
    (void)state;
    size_t size = (size_t)70 * 1024 * 1024;
    char *zeros = calloc(1, size);
    uLongf packed_len = compressBound(size);
    unsigned char *packed = malloc(packed_len);
    assert_true(zeros && packed && compress2(packed, &packed_len, (unsigned char *)zeros, size, 1) == Z_OK);
    cito_message message;
    cito_message_init(&message, &arena, "t");
    message.body = (cito_str){ (char *)packed, packed_len };
    cito_buffer envelope;
    cito_buffer_init(&envelope);
    cito_buffer_append_literal(&envelope, "{\"headers\":{\"task\":\"t\",\"id\":\"i\",\"compression\":\"zlib\"},\"body\":\"");
    cito_base64_write(message.body, &envelope);
    cito_buffer_append_literal(&envelope, "\",\"properties\":{\"body_encoding\":\"base64\"},\"content-type\":\"application/json\"}");
    *cito_buffer_reserve(&envelope, 1) = 0;
    const char *error = cito_message_read_envelope((cito_str){ envelope.data, envelope.len }, &arena, &message);
    assert_non_null(error);
    assert_non_null(strstr(error, "64 MiB"));
    cito_buffer_finish(&envelope);
    free(zeros);
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads_celery, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(test_round_trip, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(test_new_message, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(test_repr, arena_begin, arena_end),
        cmocka_unit_test(test_base64),
        cmocka_unit_test_setup_teardown(test_poison, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(test_cut, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(test_first_protocol, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(test_bomb, arena_begin, arena_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

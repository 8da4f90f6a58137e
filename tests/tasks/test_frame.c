/* Frames: written, cut at every split point, read. */
#include "tasks/frame.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void write_two(cito_buffer *out)
{
    cito_buffer_init(out);
    cito_frame_write(out, (cito_frame){ .kind = CITO_FRAME_RUN, .task = 7, .number = 2.5 }, (cito_str[]){ CITO_STR("envelope") }, 1);
    cito_frame_write(out, (cito_frame){ .kind = CITO_FRAME_FAILURE, .flags = CITO_FRAME_HAS_LINKS },
                     (cito_str[]){ CITO_STR("{}"), CITO_STR("") }, 2);
}

static void reads_what_was_written(void **state)
{
    cito_buffer bytes;
    cito_frame frame;
    cito_str texts[4];
    (void)state;
    write_two(&bytes);
    size_t size = cito_frame_read(bytes.data, bytes.len, &frame, texts, 4);
    assert_true(size > 0 && size < bytes.len);
    assert_int_equal(frame.kind, CITO_FRAME_RUN);
    assert_int_equal(frame.task, 7);
    assert_true(frame.number > 2.4 && frame.number < 2.6);
    assert_true(cito_str_equal(texts[0], "envelope"));
    assert_int_equal(texts[1].len, 0);
    assert_int_equal(cito_frame_read(bytes.data + size, bytes.len - size, &frame, texts, 2), bytes.len - size);
    assert_int_equal(frame.flags, CITO_FRAME_HAS_LINKS);
    assert_true(cito_str_equal(texts[0], "{}"));
    assert_int_equal(texts[1].len, 0);
    cito_buffer_finish(&bytes);
}

static void waits_for_the_rest_at_every_split(void **state)
{
    cito_buffer bytes;
    cito_frame frame;
    cito_str texts[1];
    (void)state;
    write_two(&bytes);
    size_t first = cito_frame_read(bytes.data, bytes.len, &frame, texts, 1);
    for (size_t split = 0; split < bytes.len; split++)
        assert_int_equal(cito_frame_read(bytes.data, split, &frame, texts, 1), split < first ? 0 : first);
    cito_buffer_finish(&bytes);
}

/* A batch: more texts than a byte counts, some of them empty. */
enum { MANY = 1000 };

static void write_many(cito_buffer *out)
{
    cito_buffer_init(out);
    cito_buffer_append_literal(out, "before");
    size_t begin = cito_frame_begin(out, (cito_frame){ .kind = CITO_FRAME_RUN, .task = 3, .number = 1.5 });
    for (int i = 0; i < MANY; i++) {
        char text[32];
        cito_frame_add(out, (cito_str){ text, i % 3 ? (size_t)snprintf(text, sizeof text, "envelope %d", i) : 0 });
    }
    cito_frame_end(out, begin, MANY);
    assert_int_equal(begin, strlen("before"));
}

static void many_texts_are_one_frame(void **state)
{
    cito_buffer bytes;
    cito_frame frame;
    cito_str few[4], texts[MANY + 1];
    char expected[32];
    (void)state;
    write_many(&bytes);
    const char *at = bytes.data + strlen("before");
    size_t len = bytes.len - strlen("before");
    for (size_t split = 0; split < len; split++)
        assert_int_equal(cito_frame_read(at, split, &frame, NULL, 0), 0);
    assert_int_equal(cito_frame_read(at, len, &frame, few, 4), len);
    assert_true(frame.text_count == MANY && frame.task == 3 && frame.kind == CITO_FRAME_RUN);
    assert_true(frame.number > 1.4 && frame.number < 1.6);
    assert_true(few[0].len == 0 && cito_str_equal(few[1], "envelope 1") && cito_str_equal(few[2], "envelope 2") && few[3].len == 0);
    cito_frame_texts(at, &frame, texts, MANY + 1);
    for (int i = 0; i < MANY; i++) {
        snprintf(expected, sizeof expected, "envelope %d", i);
        assert_true(cito_str_equal(texts[i], i % 3 ? expected : "") && texts[i].data[texts[i].len] == 0);
    }
    assert_int_equal(texts[MANY].len, 0);
    cito_buffer_finish(&bytes);
}

/* Of the messages of a batch the ends come in frames of their own, in one row of bytes. */
static void ends_name_their_places(void **state)
{
    cito_buffer bytes;
    cito_frame frame;
    cito_str text;
    (void)state;
    cito_buffer_init(&bytes);
    for (uint32_t place = 0; place < 300; place++)
        cito_frame_write(&bytes, (cito_frame){ .kind = CITO_FRAME_SUCCESS, .place = place }, (cito_str[]){ CITO_STR("null") }, 1);
    size_t at = 0;
    for (uint32_t place = 0; place < 300; place++) {
        size_t size = cito_frame_read(bytes.data + at, bytes.len - at, &frame, &text, 1);
        assert_true(size > 0 && frame.place == place && cito_str_equal(text, "null"));
        at += size;
    }
    assert_int_equal(at, bytes.len);
    cito_buffer_finish(&bytes);
}

static void a_text_beyond_its_frame_is_empty(void **state)
{
    cito_buffer bytes;
    cito_frame frame;
    cito_str text;
    (void)state;
    cito_buffer_init(&bytes);
    cito_frame_write(&bytes, (cito_frame){ .kind = CITO_FRAME_SENT }, (cito_str[]){ CITO_STR("id") }, 1);
    memset(bytes.data + sizeof frame, 0xff, sizeof(uint32_t));
    assert_int_equal(cito_frame_read(bytes.data, bytes.len, &frame, &text, 1), bytes.len);
    assert_int_equal(text.len, 0);
    cito_buffer_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),           cmocka_unit_test(waits_for_the_rest_at_every_split),
        cmocka_unit_test(many_texts_are_one_frame),         cmocka_unit_test(ends_name_their_places),
        cmocka_unit_test(a_text_beyond_its_frame_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

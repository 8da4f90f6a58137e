/* Buffer: what was appended is there, whatever the steps it came in. */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void bytes_stay_in_order_while_it_grows(void **state)
{
    (void)state;
    cito_buffer buffer;
    cito_buffer_init(&buffer);
    for (int i = 0; i < 5000; i++) {
        cito_buffer_append_char(&buffer, (char)('a' + i % 26));
        cito_buffer_append_literal(&buffer, "12");
        cito_buffer_append_str(&buffer, CITO_STR("34"));
        buffer.data[buffer.len] = '\0'; /* must always be possible */
    }
    assert_int_equal(buffer.len, 25000);
    for (int i = 0; i < 5000; i++) {
        char expected[] = { (char)('a' + i % 26), '1', '2', '3', '4' };
        assert_memory_equal(buffer.data + 5 * i, expected, 5);
    }
    cito_buffer_finish(&buffer);
}

static void there_is_room_for_a_nul_at_every_length(void **state)
{
    (void)state;
    for (size_t len = 0; len < 1100; len++) {
        cito_buffer buffer;
        cito_buffer_init(&buffer);
        memset(cito_buffer_reserve(&buffer, len), 'x', len);
        buffer.len += len;
        buffer.data[buffer.len] = '\0';
        assert_int_equal(strlen(buffer.data), len);
        cito_buffer_finish(&buffer);
    }
}

static void formats_at_every_length(void **state)
{
    (void)state;
    cito_buffer buffer;
    cito_buffer_init(&buffer);
    size_t expected = 0;
    for (int width = 1; width < 400; width++) {
        cito_buffer_append_format(&buffer, "%*d", width, 3);
        expected += (size_t)width;
        assert_int_equal(buffer.len, expected);
        assert_int_equal(buffer.data[expected - 1], '3');
    }
    cito_buffer_finish(&buffer);
}

static void reset_gives_back_what_is_over(void **state)
{
    (void)state;
    cito_buffer buffer;
    cito_buffer_init(&buffer);
    cito_buffer_append_literal(&buffer, "small");
    size_t small = buffer.capacity;
    cito_buffer_reset(&buffer, 4096);
    assert_int_equal(buffer.len, 0);
    assert_int_equal(buffer.capacity, small);
    cito_buffer_reserve(&buffer, 100000);
    cito_buffer_reset(&buffer, 4096);
    assert_int_equal(buffer.capacity, 0);
    cito_buffer_append_literal(&buffer, "again");
    assert_memory_equal(buffer.data, "again", 5);
    cito_buffer_finish(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_stay_in_order_while_it_grows),
        cmocka_unit_test(there_is_room_for_a_nul_at_every_length),
        cmocka_unit_test(formats_at_every_length),
        cmocka_unit_test(reset_gives_back_what_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

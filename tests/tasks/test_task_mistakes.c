/* What is wrong with a task of batches is said at start, with its line. */
#include "support.h"
#include "tasks/task.h"
#include <cito/tasks.h>

static cito_queue queue = { .file = __FILE__, .line = __LINE__ };

CITO_MODEL(Row, (str, text));
enum { FIRST_LINE = __LINE__ + 1 };
CITO_TASK(queue, .flush_interval = 0.5)
CITO_DEF(none, no_number, (list(Row), rows)) { (void)rows; }
CITO_TASK(queue, .flush_every = 10001)
CITO_DEF(none, too_many, (list(Row), rows)) { (void)rows; }
CITO_TASK(queue, .flush_every = -1)
CITO_DEF(none, too_few, (list(Row), rows)) { (void)rows; }
CITO_TASK(queue, .flush_every = 10, .flush_interval = -1)
CITO_DEF(none, no_time, (list(Row), rows)) { (void)rows; }
CITO_TASK(queue, .flush_every = 10)
CITO_DEF(none, no_list, (Row, row)) { (void)row; }
CITO_TASK(queue, .flush_every = 10)
CITO_DEF(none, a_set, (set(str), texts)) { (void)texts; }
CITO_TASK(queue, .flush_every = 10)
CITO_DEF(none, nothing) {}
CITO_TASK(queue, .flush_every = 10)
CITO_DEF(none, two, (list(Row), rows), (int, number)) { (void)rows, (void)number; }
CITO_TASK(queue, .flush_every = 10)
CITO_DEF(int, a_number, (list(Row), rows)) { return (int)rows.count; }
CITO_TASK(queue, .flush_every = 1)
CITO_DEF(none, right, (list(Row), rows, max_length(3))) { (void)rows; }
CITO_TASK(queue, .flush_every = 10000, .flush_interval = 1e6)
CITO_ASYNC_DEF(none, right_too, (list(int), rows)) { (void)rows; }

static void each_is_told(void **state)
{
    static const char list[] =
        "a task of batches (.flush_every) has one parameter, a list: each message carries one, and a call gets the elements of all";
    static const struct {
        const char *name, *text;
    } expected[] = {
        { "no_number", ".flush_interval alone makes no batches: say with .flush_every how many messages make one" },
        { "too_many", ".flush_every = 10001 is no number of messages that a batch may have: 1 to 10000" },
        { "too_few", ".flush_every = -1 is no number of messages that a batch may have: 1 to 10000" },
        { "no_time", ".flush_interval is no time: say in seconds how long a message waits for others" },
        { "no_list", list },
        { "a_set", list },
        { "nothing", list },
        { "two", list },
        { "a_number", "a task of batches (.flush_every) returns none: one call ends many messages" },
    };
    size_t count;
    cito_buffer mistakes, wanted;
    (void)state;
    cito_buffer_init(&mistakes);
    cito_buffer_init(&wanted);
    cito_tasks_all(NULL, &count, &mistakes);
    assert_int_equal(count, 11);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cito_buffer_append_format(&wanted, "%s:%zu: task tasks.%s: %s\n", __FILE__, FIRST_LINE + 2 * i, expected[i].name, expected[i].text);
    mistakes.data[mistakes.len] = wanted.data[wanted.len] = 0;
    assert_string_equal(mistakes.data, wanted.data);
    cito_buffer_finish(&mistakes);
    cito_buffer_finish(&wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_is_told) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

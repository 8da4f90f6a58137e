/* The registry of tasks, and arguments fitted to their parameters with the texts of Python's calls. */
#include "support.h"
#include "tasks/task.h"
#include <cito/tasks.h>

static cito_queue queue = { .file = __FILE__, .line = __LINE__ }, other = { .file = __FILE__, .line = __LINE__ };

CITO_MODEL(Item, (str, name, min_length(2)), (int, count, default(1)));
CITO_TASK(queue, .name = "tasks.add", .max_retries = 5)
CITO_DEF(int, add, (int, x), (int, y, default(10))) { return x + y; }
CITO_TASK(queue)
CITO_ASYNC_DEF(none, store, (Item, item), (list(int), numbers), (opt(str), note), (str, key, alias("from")))
{
    (void)item, (void)numbers, (void)note, (void)key;
}
CITO_TASK(other)
CITO_DEF(none, nothing) {}

static cito_arena arena;
static void *args;

static const char *decode(const char *name, const char *positional, const char *named)
{
    const cito_task *task = cito_task_by_name(cito_arena_copy_str(&arena, name, strlen(name)));
    assert_non_null(task);
    cito_message_body body = { .args = cito_value_parse(&arena, cito_arena_copy_str(&arena, positional, strlen(positional)), NULL, NULL),
                               .kwargs = cito_value_parse(&arena, cito_arena_copy_str(&arena, named, strlen(named)), NULL, NULL) };
    assert_true(body.args && body.kwargs);
    return cito_task_decode(task, &body, &arena, &args);
}

static void test_registry(void **state)
{
    (void)state;
    size_t count;
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    const cito_task *tasks = cito_tasks_all(NULL, &count, &mistakes);
    assert_int_equal(mistakes.len, 0);
    assert_int_equal(count, 3);
    assert_string_equal(tasks[0].name.data, "tasks.add");
    assert_string_equal(tasks[1].name.data, "tasks.store");
    assert_ptr_equal(tasks[0].callable, &add_callable);
    assert_int_equal(tasks[0].options->max_retries, 5);
    tasks = cito_tasks_all(&other, &count, NULL);
    assert_int_equal(count, 1);
    assert_ptr_equal(tasks[0].queue, &other);
    assert_ptr_equal(cito_task_of(&nothing_callable)->callable, &nothing_callable);
    assert_null(cito_task_by_name(CITO_STR("tasks.unknown")));
    cito_buffer_finish(&mistakes);
}

static void test_fits(void **state)
{
    (void)state;
    assert_null(decode("tasks.add", "[1]", "{}"));
    assert_int_equal(((add_args *)args)->y, 10);
    assert_null(decode("tasks.add", "[]", "{\"y\":\"3\",\"x\":2}")); /* lax, as in a request */
    assert_true(((add_args *)args)->x == 2 && ((add_args *)args)->y == 3);
    assert_null(decode("tasks.store", "[{\"name\":\"ab\"},[1,2],null]", "{\"from\":\"k\"}"));
    store_args *stored = args;
    assert_string_equal(stored->item.name.data, "ab");
    assert_int_equal(stored->item.count, 1);
    assert_int_equal(stored->numbers.items[1], 2);
    assert_null(stored->note);
    assert_string_equal(stored->key.data, "k");
    assert_null(decode("tasks.nothing", "[]", "{}"));
}

static void test_does_not_fit(void **state)
{
    (void)state;
    assert_string_equal(decode("tasks.add", "[]", "{}"), "add() missing 1 required positional argument: 'x'");
    assert_string_equal(decode("tasks.store", "[]", "{}"),
                        "store() missing 3 required positional arguments: 'item', 'numbers', and 'from'");
    assert_string_equal(decode("tasks.store", "[{}]", "{}"), "store() missing 2 required positional arguments: 'numbers' and 'from'");
    assert_string_equal(decode("tasks.add", "[1,2,3]", "{}"), "add() takes from 1 to 2 positional arguments but 3 were given");
    assert_string_equal(decode("tasks.nothing", "[1]", "{}"), "nothing() takes 0 positional arguments but 1 was given");
    assert_string_equal(decode("tasks.add", "[1]", "{\"z\":1}"), "add() got an unexpected keyword argument 'z'");
    assert_string_equal(decode("tasks.add", "[1]", "{\"x\":1}"), "add() got multiple values for argument 'x'");
    assert_string_equal(decode("tasks.add", "[\"one\"]", "{}"),
                        "1 validation error for add: x: Input should be a valid integer, unable to parse string as an integer");
    assert_string_equal(decode("tasks.store", "[{\"name\":\"a\"},[1,\"b\"]]", "{\"from\":\"k\"}"),
                        "2 validation errors for store: item.name: String should have at least 2 characters; numbers.1: Input should be a "
                        "valid integer, unable to "
                        "parse string as an integer");
}

int main(void)
{
    cito_arena_init(&arena, 0);
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_registry), cmocka_unit_test(test_fits), cmocka_unit_test(test_does_not_fit) };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cito_arena_finish(&arena);
    return failed;
}

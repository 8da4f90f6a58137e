/* The worker whole: its main process and its children on an SQLite store, tasks sent and their results awaited as a program does. */
#include "support.h"
#include "tasks/task.h"
#include "tasks/worker.h"
#include <cito/tasks.h>
#include <signal.h>
#include <sys/wait.h>

CITO_QUEUE(queue);

CITO_TASK(queue)
CITO_DEF(int, add, (int, x), (int, y)) { return x + y; }
CITO_TASK(queue)
CITO_DEF(none, refuse, (str, why)) { cito_task_fail("ValueError", "builtins", cito_array(why)); }
CITO_TASK(queue)
CITO_DEF(none, crash) { kill(getpid(), SIGKILL); }
CITO_TASK(queue, .time_limit = 0.2)
CITO_ASYNC_DEF(none, overstay) { cito_sleep(60); }
CITO_ASYNC_DEF(none, pause_for, (double, s)) { cito_sleep(s); }
CITO_TASK(queue, .soft_time_limit = 0.1)
CITO_ASYNC_DEF(str, notice)
{
    cito_nothing nothing;
    return cito_string(cito_catch(&nothing, pause_for, 60) ? "soft" : "done");
}
CITO_TASK(queue, .max_retries = 2)
CITO_DEF(int64, insist, (int, tries))
{
    int64_t retries = cito_value_int(cito_value_get(cito_task_request(), "retries"));
    if (retries < tries)
        cito_task_retry_as(0, "ValueError", "builtins", cito_array(retries));
    return retries;
}
CITO_TASK(queue)
CITO_DEF(any, rest, (int, first), (any, more, args), (any, named, kwargs))
{
    return cito_object("first", first, "more", more, "named", named);
}
CITO_TASK(queue)
CITO_DEF(str, parent) { return cito_delay(add, 20, 22).id; }
CITO_TASK(queue, .acks_late = true, .reject_on_worker_lost = true)
CITO_DEF(str, survive, (str, path))
{
    if (access(path.data, F_OK) == 0)
        return cito_string("survived");
    fclose(fopen(path.data, "w"));
    kill(getpid(), SIGKILL);
    return cito_string("not reached");
}

static cito_loop *loop;
static pid_t worker;

static const char *error_of(const cito_callable *task, cito_str id)
{
    const cito_value *meta = cito_result_meta(task, id);
    return cito_value_string(cito_value_get(cito_value_get(meta, "result"), "exc_type")).data;
}

static void await_end(const cito_callable *task, cito_str id)
{
    for (cito_str state = cito_result_state_of(task, id);
         !cito_str_equal(state, "SUCCESS") && !cito_str_equal(state, "FAILURE") && !cito_str_equal(state, "REVOKED");
         state = cito_result_state_of(task, id))
        cito_sleep(0.002);
}

static void body_results(cito_loop *in)
{
    (void)in;
    cito_async_result(add) results[50];
    for (int i = 0; i < 50; i++)
        results[i] = cito_delay(add, i, 1);
    for (int i = 0; i < 50; i++)
        assert_int_equal(cito_result_get(results[i], 30.0), i + 1);
    assert_int_equal(cito_result_get(cito_delay(insist, 2), 30.0), 2);
    assert_string_equal(cito_result_get(cito_delay(notice), 30.0).data, "soft");
}

static void body_failures(cito_loop *in)
{
    (void)in;
    cito_str refused = cito_delay(refuse, cito_string("no")).id, lost = cito_delay(crash).id, late = cito_delay(overstay).id,
             exhausted = cito_delay(insist, 9).id;
    cito_str unfit = cito_send_task(&queue, "tasks.add", cito_array(1), NULL, NULL),
             unknown = cito_send_task(&queue, "tasks.nobody", cito_array(), NULL, NULL);
    const cito_callable *any_task = &add_callable;
    const struct {
        cito_str id;
        const char *exc_type;
    } expected[] = { { refused, "ValueError" },   { lost, "WorkerLostError" }, { late, "TimeLimitExceeded" },
                     { exhausted, "ValueError" }, { unfit, "TypeError" },      { unknown, "NotRegistered" } };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        await_end(any_task, expected[i].id);
        assert_string_equal(error_of(any_task, expected[i].id), expected[i].exc_type);
    }
    assert_int_equal(cito_result_get(cito_delay(add, 1, 1), 30.0), 2); /* it lives on */
}

static void body_links(cito_loop *in)
{
    (void)in;
    cito_str last = cito_chain(cito_s(add, 1, 2), cito_partial(add, "y", 3), cito_partial(add, "y", 4));
    assert_int_equal(cito_result_get(cito_result_by_id(add, last), 30.0), 10);
    cito_str broken = cito_chain(cito_si(refuse, cito_string("no")), cito_partial(add, "y", 3));
    await_end(&add_callable, broken);
    assert_string_equal(error_of(&add_callable, broken), "ValueError");
    cito_async_result(parent) started = cito_delay(parent);
    cito_str child = cito_result_get(started, 30.0);
    assert_int_equal(cito_result_get(cito_result_by_id(add, child), 30.0), 42);
    const cito_value *children = cito_value_get(cito_result_meta(&parent_callable, started.id), "children");
    assert_true(cito_same(cito_value_string(cito_value_at(cito_value_at(cito_value_at(children, 0), 0), 0)), child));
}

static void body_arguments(cito_loop *in)
{
    (void)in;
    cito_str id = cito_send_task(&queue, "tasks.rest", cito_array(1, "two", 3), cito_object("four", 4), NULL);
    const cito_value *result = cito_result_get(cito_result_by_id(rest, id), 30.0);
    assert_true(cito_json_equal(cito_json_text(result, 0), "{\"first\": 1, \"more\": [\"two\", 3], \"named\": {\"four\": 4}}"));
}

static void body_later(cito_loop *in)
{
    (void)in;
    cito_async_result(add) later = cito_apply_async(add, (1, 1), .countdown = 0.2),
                           never = cito_apply_async(add, (1, 1), .countdown = 0.2, .expires = 0.05);
    assert_int_equal(cito_result_get(cito_delay(add, 2, 2), 30.0), 4);
    assert_string_equal(cito_result_state(later).data, "PENDING");
    assert_int_equal(cito_result_get(later, 30.0), 2);
    await_end(&add_callable, never.id);
    assert_string_equal(cito_result_state(never).data, "REVOKED");
}

static void body_survival(cito_loop *in)
{
    (void)in;
    cito_str path = cito_format("%s/survive", store_folder);
    assert_string_equal(cito_result_get(cito_delay(survive, path), 30.0).data, "survived");
    unlink(path.data);
}

#define BODY(NAME)                                                                                                                         \
    static void NAME(void **state)                                                                                                         \
    {                                                                                                                                      \
        (void)state;                                                                                                                       \
        in_coroutine(loop, body_##NAME);                                                                                                   \
    }
BODY(results)
BODY(failures)
BODY(links)
BODY(arguments)
BODY(later)
BODY(survival)

/* The worker is forked before this process has a loop. */
static int start(void **state)
{
    static char url[128];
    if (make_store(state))
        return -1;
    snprintf(url, sizeof url, "sqlite://%s", store_path);
    queue.broker_url = url;
    cito_log_threshold = CITO_LOG_OFF; /* the failures here are meant */
    worker = fork();
    if (worker == 0) {
        const cito_task_worker_settings settings = { .concurrency = 2, .is_quiet = true };
        _exit(cito_task_worker_run(&settings));
    }
    loop = cito_loop_new(NULL);
    return worker < 0;
}

static void close_queues(cito_loop *in) { cito_queues_close(in); }

static int stop(void **state)
{
    int status = -1;
    kill(worker, SIGTERM);
    waitpid(worker, &status, 0);
    in_coroutine(loop, close_queues);
    cito_loop_free(loop);
    remove_store(state);
    return status; /* warm: 0 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results),   cmocka_unit_test(failures), cmocka_unit_test(links),
        cmocka_unit_test(arguments), cmocka_unit_test(later),    cmocka_unit_test(survival),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

/* Sending and results through the public interface, on SQLite: from a coroutine, from the pool, from outside of any loop; links, chains; what a running task says. */
#include "support.h"
#include "tasks/running.h"
#include <cito/tasks.h>

static char url[128];
static cito_queue queue = { .broker_url = url, .file = __FILE__, .line = __LINE__ };

CITO_MODEL(Point, (int, x), (double, y));
CITO_TASK(queue, .name = "tasks.add", .priority = 3)
CITO_DEF(int, add, (int, x), (int, y, default(1))) { return x + y; }
CITO_TASK(queue, .ignore_result = true, .queue = "points")
CITO_ASYNC_DEF(Point, move, (Point, point), (str, by))
{
    (void)by;
    return point;
}

static cito_delivery *last;
static unsigned received, heard;
static void on_message(void *data, cito_delivery *delivery)
{
    (void)data;
    last = delivery;
    received++;
}
static char heard_text[1024];
static void on_broadcast(void *data, cito_str exchange, cito_str routing_key, cito_str envelope)
{
    (void)data, (void)exchange, (void)routing_key;
    cito_message message;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    const cito_value *value = cito_value_parse(&arena, envelope, NULL, NULL);
    assert_non_null(value);
    snprintf(heard_text, sizeof heard_text, "%s", cito_value_string(cito_value_get(value, "body")).data);
    (void)message;
    heard++;
    cito_arena_finish(&arena);
}

static cito_message received_message(unsigned count, cito_message_body *out_body)
{
    cito_message message;
    UNTIL(received >= count);
    assert_null(cito_message_read_envelope(last->envelope, cito_context_current->arena, &message));
    assert_null(cito_message_read_body(&message, cito_context_current->arena, out_body));
    return message;
}

static void finish_last(cito_broker *broker) { broker->methods->ack(broker, last); }

static void listen_to(cito_broker *broker)
{
    received = 0;
    cito_consumer_events events = { .message = on_message, .broadcast = on_broadcast };
    assert_null(broker->methods->consume(broker, (const char *const[]){ "celery", "points", "slow", NULL }, 10, "celery@test", &events));
}

static void same_json(const cito_value *value, const char *json) { assert_true(cito_json_equal(cito_json_text(value, 0), json)); }

static void sent(cito_loop *loop)
{
    cito_broker *broker = cito_queue_broker(&queue, loop);
    cito_message_body body;
    listen_to(broker);
    cito_async_result(add) result = cito_delay(add, 2, 3);
    cito_message message = received_message(1, &body);
    assert_true(cito_same(result.id, message.id) && cito_same(message.root_id, message.id) &&
                cito_same(message.correlation_id, message.id));
    assert_string_equal(message.task.data, "tasks.add");
    assert_string_equal(message.argsrepr.data, "(2, 3)");
    assert_string_equal(message.kwargsrepr.data, "{}");
    assert_int_equal(message.priority, 3);
    assert_int_equal(message.ignore_result, 0);
    assert_string_equal(message.routing_key.data, "celery");
    same_json(body.args, "[2,3]");
    finish_last(broker);
    cito_delay(move, { .x = 1, .y = 0.5 }, cito_string("it's"));
    message = received_message(2, &body);
    assert_string_equal(message.task.data, "tasks.move");
    assert_string_equal(message.routing_key.data, "points");
    assert_string_equal(message.argsrepr.data, "({'x': 1, 'y': 0.5}, 'it\\'s')");
    assert_int_equal(message.ignore_result, 1);
    finish_last(broker);
    cito_apply_async(add, (1, 2), .queue = "slow", .expires = 60, .time_limit = 9, .soft_time_limit = 5, .task_id = "mine",
                     .link = cito_s(add, .x = 4), .link_error = cito_si(add, 5, 6));
    message = received_message(3, &body);
    assert_string_equal(message.id.data, "mine");
    assert_true(message.expires > 0 && message.time_limit == 9 && message.soft_time_limit == 5);
    assert_string_equal(cito_value_string(cito_value_get(cito_value_at(body.callbacks, 0), "task")).data, "tasks.add");
    assert_true(cito_value_bool(cito_value_get(cito_value_at(body.errbacks, 0), "immutable")));
    finish_last(broker);
    cito_str id = cito_send_task(&queue, "elsewhere.work", cito_array(1, "two"), cito_object("z", cito_null), NULL);
    message = received_message(4, &body);
    assert_true(cito_same(id, message.id));
    assert_int_equal(message.ignore_result, -1);
    same_json(body.kwargs, "{\"z\":null}");
    finish_last(broker);
    cito_queues_close(loop);
}

static void chained(cito_loop *loop)
{
    cito_broker *broker = cito_queue_broker(&queue, loop);
    cito_message_body body;
    listen_to(broker);
    cito_str id = cito_chain(cito_s(add, 1, 2), cito_partial(add, "y", 3), cito_si(add, 7, 8));
    cito_message message = received_message(1, &body);
    same_json(body.args, "[1,2]");
    assert_false(cito_same(message.id, id));
    assert_int_equal(cito_value_count(body.chain), 2); /* last first */
    const cito_value *last_link = cito_value_at(body.chain, 0), *next_link = cito_value_at(body.chain, 1);
    assert_true(cito_same(cito_value_string(cito_value_get(cito_value_get(last_link, "options"), "task_id")), id));
    same_json(cito_value_get(next_link, "kwargs"), "{\"y\":3}");
    assert_false(cito_value_bool(cito_value_get(next_link, "immutable")));
    finish_last(broker);
    cito_queues_close(loop);
}

static void store_result(cito_loop *loop, cito_str id, const char *status, const char *json)
{
    cito_backend *backend = cito_queue_backend(&queue, loop);
    cito_meta meta = { .id = id, .status = cito_string(status), .result_json = cito_string(json), .is_final = true };
    backend->methods->store(backend, &meta, NULL, NULL);
}

CITO_ASYNC_DEF(int, get_result, (str, id), (double, timeout)) { return cito_result_get(cito_result_by_id(add, id), timeout); }
CITO_ASYNC_DEF(Point, get_point, (str, id)) { return cito_result_get(cito_result_by_id(move, id), 1.0); }

static void gets(cito_loop *loop)
{
    cito_broker *broker = cito_queue_broker(&queue, loop);
    listen_to(broker);
    int number;
    cito_async_result(add) result = cito_delay(add, 1, 1);
    assert_true(cito_str_equal(cito_result_state(result), "PENDING"));
    assert_int_equal(cito_catch(&number, get_result, result.id, 0.01)->status_code, 504);
    store_result(loop, result.id, "SUCCESS", "2");
    assert_int_equal(cito_result_get(result, 5.0), 2);
    assert_true(cito_str_equal(cito_result_state(result), "SUCCESS"));
    cito_result_forget(result);
    assert_true(cito_str_equal(cito_result_state(result), "PENDING"));
    store_result(loop, CITO_STR("f"), "FAILURE", "{\"exc_type\":\"ValueError\",\"exc_message\":[\"boom\"],\"exc_module\":\"builtins\"}");
    const cito_exception *raised = cito_catch(&number, get_result, CITO_STR("f"), 1);
    assert_int_equal(raised->status_code, 500);
    assert_string_equal(cito_value_string(raised->detail).data, "ValueError: boom");
    store_result(loop, CITO_STR("r"), "REVOKED", "null");
    assert_int_equal(cito_catch(&number, get_result, CITO_STR("r"), 1)->status_code, 410);
    store_result(loop, CITO_STR("wrong"), "SUCCESS", "\"many\"");
    assert_int_equal(cito_catch(&number, get_result, CITO_STR("wrong"), 1)->status_code, 500);
    store_result(loop, CITO_STR("p"), "SUCCESS", "{\"x\":3,\"y\":2.5}");
    Point point;
    assert_null(cito_catch(&point, get_point, CITO_STR("p")));
    assert_true(point.x == 3 && point.y == 2.5);
    cito_revoke(result, true);
    UNTIL(heard == 1);
    UNTIL(received == 1);
    finish_last(broker);
    cito_queues_close(loop);
}

/* On a pool thread the same calls block it and the loop does the work. */
CITO_DEF(int, from_pool, (int, x))
{
    cito_async_result(add) result = cito_delay(add, x, 1);
    return cito_str_equal(cito_result_state(result), "PENDING") ? (int)result.id.len : 0;
}

static void pooled(cito_loop *loop)
{
    cito_broker *broker = cito_queue_broker(&queue, loop);
    listen_to(broker);
    assert_int_equal(cito_run_in_threadpool(from_pool, 5), 36);
    UNTIL(received == 1);
    finish_last(broker);
    cito_queues_close(loop);
}

/* ---- inside of a task ------------------------------------------------------------------------------------------------------------------- */
static char told_state[64], told_meta[256];
static void on_state(cito_running *running, cito_str state, cito_str meta)
{
    (void)running;
    snprintf(told_state, sizeof told_state, "%s", state.data);
    snprintf(told_meta, sizeof told_meta, "%s", meta.data);
}
static char told_child[64];
static void on_sent(cito_running *running, cito_str id)
{
    (void)running;
    snprintf(told_child, sizeof told_child, "%s", id.data);
}
CITO_ASYNC_DEF(none, retries, (int, n)) { cito_task_retry(0.5, "attempt %d", n); }
CITO_ASYNC_DEF(none, fails) { cito_task_fail("ContractError", "contract", cito_array(42, "bad")); }
CITO_ASYNC_DEF(none, raises) { cito_raise(404, "no %s", "such"); }

static const char *failure_of(const cito_exception *raised)
{
    cito_buffer buffer;
    cito_buffer_init(&buffer);
    cito_failure_write(raised, &buffer);
    const char *text = cito_format("%.*s", (int)buffer.len, buffer.data).data;
    cito_buffer_finish(&buffer);
    return text;
}

static void running(cito_loop *loop)
{
    cito_nothing nothing;
    cito_message message;
    cito_message_init(&message, cito_context_current->arena, "tasks.add");
    assert_null(cito_task_request());
    assert_int_equal(cito_catch(&nothing, retries, 1)->status_code, 500); /* there is no task to try again */
    cito_running this = { .task = cito_task_by_name(CITO_STR("tasks.add")),
                          .message = &message,
                          .hostname = CITO_STR("celery@test"),
                          .update_state = on_state,
                          .sent = on_sent };
    cito_running_enter(&this);
    cito_task_update_state("PROGRESS", cito_object("done", 1));
    assert_string_equal(told_state, "PROGRESS");
    assert_string_equal(told_meta, "{\"done\":1}");
    const cito_exception *raised = cito_catch(&nothing, retries, 1);
    assert_true(cito_retry_of(raised)->countdown == 0.5);
    assert_null(cito_failure_of(raised));
    assert_string_equal(failure_of(raised),
                        "{\"exc_type\":\"MaxRetriesExceededError\",\"exc_message\":[\"attempt 1\"],\"exc_module\":\"celery.exceptions\"}");
    raised = cito_catch(&nothing, fails);
    assert_null(cito_retry_of(raised));
    assert_string_equal(failure_of(raised), "{\"exc_type\":\"ContractError\",\"exc_message\":[42,\"bad\"],\"exc_module\":\"contract\"}");
    assert_string_equal(failure_of(cito_catch(&nothing, raises)),
                        "{\"exc_type\":\"HTTPException\",\"exc_message\":[404,\"no such\"],\"exc_module\":\"fastapi.exceptions\"}");
    assert_true(cito_same(cito_value_string(cito_value_get(cito_task_request(), "id")), message.id));
    cito_async_result(add) child = cito_delay(add, 1, 2);
    assert_string_equal(told_child, child.id.data);
    cito_running_leave();
    cito_queues_close(loop);
}

static void test_back_off(void **state)
{
    (void)state;
    cito_decorator options = { .retry_jitter_off = true };
    cito_task task = { .options = &options };
    assert_true(cito_retry_countdown(&task, 0.25, 7) == 0.25);
    assert_true(cito_retry_countdown(&task, -1, 7) == 180);
    options.retry_backoff = true;
    assert_true(cito_retry_countdown(&task, -1, 0) == 1 && cito_retry_countdown(&task, -1, 3) == 8 &&
                cito_retry_countdown(&task, -1, 2000) == 600);
    options.retry_jitter_off = false;
    for (int i = 0; i < 100; i++) {
        double seconds = cito_retry_countdown(&task, -1, 2);
        assert_true(seconds >= 0 && seconds <= 4 && seconds == (int)seconds);
    }
}

/* main and scripts: no loop runs. */
static void test_outside(void **state)
{
    (void)state;
    cito_async_result(add) result = cito_delay(add, 1, 2);
    assert_int_equal(result.id.len, 36);
    assert_true(cito_str_equal(cito_result_state(result), "PENDING"));
}

TEST(sent)
TEST(chained)
TEST(gets)
TEST(pooled)
TEST(running)

static int make_queue(void **state)
{
    if (make_store(state))
        return -1;
    snprintf(url, sizeof url, "sqlite://%s", store_path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_sent),   cmocka_unit_test(test_chained), cmocka_unit_test(test_gets),
                                        cmocka_unit_test(test_pooled), cmocka_unit_test(test_running), cmocka_unit_test(test_back_off),
                                        cmocka_unit_test(test_outside) };
    return cmocka_run_group_tests(tests, make_queue, remove_store);
}

/* Parking: a message that is moved into the consumer's own list comes once, is entered or acknowledged, and outlives its consumer. */
#include "redis_consumer.h"

static cito_redis_broker *redis(void) { return (cito_redis_broker *)broker; }

static const char *taken_key(const char *id) { return cito_format("cito.taken.%s", id).data; }
static const char *own_taken(void) { return taken_key(redis()->prefix); }

static cito_str envelope_of(const char *task)
{
    cito_message message;
    cito_buffer text;
    cito_message_init(&message, cito_context_current->arena, task);
    cito_buffer_init(&text);
    cito_message_write_envelope(&message, &text);
    cito_str copy = cito_arena_copy_str(cito_context_current->arena, text.data, text.len);
    cito_buffer_finish(&text);
    return copy;
}

static void wait_until_parked(void)
{
    for (int i = 0; !redis()->is_parked || !redis()->armed; i++) {
        if (i > 10000)
            fail_msg("it does not park");
        cito_sleep(0.001);
    }
}

static unsigned blocked_clients(void)
{
    const char *found = strstr(LOOK(CITO_STR("INFO"), CITO_STR("clients"))->text.data, "blocked_clients:");
    return (unsigned)atoi(found + strlen("blocked_clients:"));
}

static void nothing_is_left(void)
{
    assert_null(broker->methods->flush(broker));
    assert_int_equal(number_of("EXISTS", own_taken()), 0);
    assert_int_equal(number_of("EXISTS", "unacked"), 0);
    assert_int_equal(number_of("EXISTS", "unacked_index"), 0);
    assert_int_equal(number_of("EXISTS", "q"), 0);
}

/* ---- the way of a message ---------------------------------------------------------------------------------------------------------------- */
static void body_entered(void)
{
    begin(0);
    consume(10, "q", NULL);
    wait_until_parked();
    publish("q", 0, "a");
    wait_for(&came_count, 1);
    assert_string_equal(task_of(0), "a");
    assert_null(broker->methods->flush(broker));
    assert_int_equal(number_of("EXISTS", own_taken()), 0);
    assert_int_equal(number_of("ZCARD", "unacked_index"), 1);
    cito_str entry = LOOK(CITO_STR("HGET"), CITO_STR("unacked"), came[0]->tag)->text, envelope, exchange, key;
    assert_true(cito_redis_entry_read(entry, cito_context_current->arena, &envelope, &exchange, &key));
    assert_non_null(strstr(entry.data, cito_format("\"delivery_tag\":\"%s\"", came[0]->tag.data).data));
    assert_int_equal(envelope.len, came[0]->envelope.len);
    assert_true(cito_str_equal(key, "q"));
    assert_true(cito_str_equal(LOOK(CITO_STR("HGET"), CITO_STR("cito.parked"), cito_string(redis()->prefix))->text, "q"));
    ack_all();
    nothing_is_left();
    end();
}
static void test_entered(void **state)
{
    (void)state;
    run_in_loop(body_entered);
}

static void message_acknowledged(void *data, cito_delivery *delivery)
{
    (void)data;
    came_count++;
    broker->methods->ack(broker, delivery);
}

static void body_acknowledged_at_once(void)
{
    begin(0);
    assert_null(broker->methods->consume(broker, (const char *const[]){ "q", NULL }, 10, NULL,
                                         &(const cito_consumer_events){ .message = message_acknowledged }));
    for (unsigned i = 0; i < 5; i++) {
        wait_until_parked();
        publish("q", 0, "a");
        wait_for(&came_count, i + 1);
    }
    nothing_is_left();
    end();
}
static void test_acknowledged_at_once(void **state)
{
    (void)state;
    run_in_loop(body_acknowledged_at_once);
}

/* Before a task runs that is acknowledged when it has run: what it does first finds its message in `unacked`. */
static void message_held(void *data, cito_delivery *delivery)
{
    message_came(data, delivery);
    assert_ptr_equal(redis()->arrived, delivery);
    broker->methods->hold(broker, delivery);
    assert_null(redis()->arrived);
    assert_true(cito_redis_is_busy(redis()->commands));
    broker->methods->hold(broker, delivery); /* it is */
}

static void body_held(void)
{
    begin(0);
    assert_null(broker->methods->consume(broker, (const char *const[]){ "q", NULL }, 10, NULL,
                                         &(const cito_consumer_events){ .message = message_held }));
    wait_until_parked();
    publish("q", 0, "a");
    wait_for(&came_count, 1);
    assert_null(broker->methods->flush(broker));
    assert_int_equal(number_of("HLEN", "unacked"), 1);
    assert_int_equal(number_of("ZCARD", "unacked_index"), 1);
    ack_all();
    nothing_is_left();
    end();
}
static void test_held(void **state)
{
    (void)state;
    run_in_loop(body_held);
}

static void body_given_back(void)
{
    begin(0);
    consume(10, "q", NULL);
    wait_until_parked();
    publish("q", 0, "a");
    wait_for(&came_count, 1);
    broker->methods->give_back(broker, came[0]);
    wait_for(&came_count, 2);
    assert_string_equal(task_of(1), "a");
    assert_non_null(strstr(came[1]->envelope.data, "\"redelivered\":true"));
    broker->methods->ack(broker, came[1]);
    nothing_is_left();
    end();
}
static void test_given_back(void **state)
{
    (void)state;
    run_in_loop(body_given_back);
}

/* The first comes by the parked wait, the others by the script. */
static void body_many(void)
{
    begin(0);
    consume(200, "q", "other");
    wait_until_parked();
    char name[16];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "t%d", i);
        LOOK(CITO_STR("LPUSH"), CITO_STR("q"), envelope_of(name));
    }
    publish("other", 5, "last");
    wait_for(&came_count, 101);
    unsigned next = 0;
    for (unsigned i = 0; i < 101; i++) {
        snprintf(name, sizeof name, "t%u", next);
        next += strcmp(task_of(i), name) == 0;
    }
    assert_int_equal(next, 100); /* in the order of sending, wherever the other queue's came between */
    assert_null(broker->methods->flush(broker));
    assert_int_equal(number_of("HLEN", "unacked"), 101);
    assert_int_equal(number_of("EXISTS", own_taken()), 0);
    ack_all();
    nothing_is_left();
    end();
}
static void test_many(void **state)
{
    (void)state;
    run_in_loop(body_many);
}

/* A place of the window is the parked one's, and the last is kept for a list that is more urgent. */
static void body_window(void)
{
    begin(0);
    consume(1, "q", NULL);
    publish("q", 0, "a");
    wait_for(&came_count, 1);
    ack_all();
    publish("q", 3, "b");
    wait_for(&came_count, 1);
    assert_int_equal(blocked_clients(), 0);
    assert_false(redis()->is_parked);
    broker->methods->set_prefetch(broker, 3);
    ack_all();
    wait_until_parked();
    assert_int_equal(blocked_clients(), 1);
    for (int i = 0; i < 10; i++)
        publish("q", i % 2 ? 0 : 9, "c");
    wait_for(&came_count, 3);
    assert_null(broker->methods->flush(broker));
    assert_int_equal(came_count, 3);
    assert_int_equal(broker->methods->length(broker, "q"), 7);
    for (unsigned seen = 3; seen < 10; seen++) {
        broker->methods->ack(broker, came[seen - 3]);
        wait_for(&came_count, seen + 1);
    }
    for (unsigned i = 7; i < 10; i++)
        broker->methods->ack(broker, came[i]);
    nothing_is_left();
    end();
}
static void test_window(void **state)
{
    (void)state;
    run_in_loop(body_window);
}

/* ---- what is lost on the way ------------------------------------------------------------------------------------------------------------ */
/* As where the reply of the move was lost with its connection. */
static void body_lost_reply(void)
{
    begin(0);
    consume(100, "q", NULL);
    for (unsigned round = 0; round < 5; round++) {
        wait_until_parked();
        LOOK(CITO_STR("LPUSH"), cito_string(own_taken()), envelope_of("lost"));
        LOOK(CITO_STR("CLIENT"), CITO_STR("KILL"), CITO_STR("ID"), cito_format("%lld", (long long)cito_redis_client_id(redis()->parking)));
        wait_for(&came_count, 2 * round + 1);
        assert_string_equal(task_of(2 * round), "lost");
        wait_until_parked();
        publish("q", 0, "next");
        wait_for(&came_count, 2 * round + 2);
        assert_string_equal(task_of(2 * round + 1), "next");
    }
    assert_null(broker->methods->flush(broker));
    assert_int_equal(came_count, 10);
    assert_int_equal(number_of("HLEN", "unacked"), 10);
    ack_all();
    nothing_is_left();
    end();
}
static void test_lost_reply(void **state)
{
    (void)state;
    run_in_loop(body_lost_reply);
}

static void body_dead_consumer(void)
{
    begin(0);
    static const char dead[] = "00000000-0000-4000-8000-";
    LOOK(CITO_STR("SADD"), CITO_STR("cito.consumers"), cito_string(dead));
    LOOK(CITO_STR("HSET"), CITO_STR("cito.parked"), cito_string(dead), CITO_STR("q"));
    LOOK(CITO_STR("LPUSH"), cito_string(taken_key(dead)), envelope_of("left"));
    consume(10, "q", NULL);
    wait_for(&came_count, 1);
    assert_string_equal(task_of(0), "left");
    assert_non_null(strstr(came[0]->envelope.data, "\"redelivered\":true"));
    wait_until_number("SCARD", "cito.consumers", 1);
    assert_int_equal(number_of("EXISTS", taken_key(dead)), 0);
    assert_int_equal(LOOK(CITO_STR("HEXISTS"), CITO_STR("cito.parked"), cito_string(dead))->integer, 0);
    ack_all();
    nothing_is_left();
    end();
}
static void test_dead_consumer(void **state)
{
    (void)state;
    run_in_loop(body_dead_consumer);
}

/* ---- the end --------------------------------------------------------------------------------------------------------------------------- */
static void body_stopped(void)
{
    begin(0);
    consume(10, "q", NULL);
    wait_until_parked();
    broker->methods->stop_consuming(broker);
    assert_null(broker->methods->flush(broker));
    publish("q", 0, "a");
    assert_int_equal(number_of("LLEN", "q"), 1);
    assert_int_equal(blocked_clients(), 0);
    /* As where a message was moved and the reply is not here yet. */
    LOOK(CITO_STR("LPUSH"), cito_string(own_taken()), envelope_of("b"));
    const char *own = own_taken();
    broker->methods->free(broker);
    assert_int_equal(came_count, 0);
    assert_int_equal(number_of("LLEN", "q"), 2);
    assert_int_equal(number_of("EXISTS", own), 0);
    assert_int_equal(number_of("EXISTS", "unacked"), 0);
    assert_int_equal(number_of("EXISTS", "cito.parked"), 0);
    assert_int_equal(number_of("EXISTS", "cito.consumers"), 0);
    look_end();
}
static void test_stopped(void **state)
{
    (void)state;
    run_in_loop(body_stopped);
}

static void body_cancelled_queue(void)
{
    begin(0);
    consume(10, "q", "other");
    wait_until_parked();
    assert_null(broker->methods->cancel_queue(broker, "q"));
    wait_until_number("HLEN", "cito.parked", 1);
    for (int i = 0; !cito_str_equal(LOOK(CITO_STR("HGET"), CITO_STR("cito.parked"), cito_string(redis()->prefix))->text, "other"); i++) {
        assert_true(i < 10000);
        cito_sleep(0.001);
    }
    publish("q", 0, "not mine");
    publish("other", 0, "mine");
    wait_for(&came_count, 1);
    assert_string_equal(task_of(0), "mine");
    assert_int_equal(number_of("LLEN", "q"), 1);
    ack_all();
    assert_int_equal(broker->methods->purge(broker, "q"), 1);
    nothing_is_left();
    end();
}
static void test_cancelled_queue(void **state)
{
    (void)state;
    run_in_loop(body_cancelled_queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entered),    cmocka_unit_test(test_acknowledged_at_once),
        cmocka_unit_test(test_held),       cmocka_unit_test(test_given_back),
        cmocka_unit_test(test_many),       cmocka_unit_test(test_window),
        cmocka_unit_test(test_lost_reply), cmocka_unit_test(test_dead_consumer),
        cmocka_unit_test(test_stopped),    cmocka_unit_test(test_cancelled_queue),
    };
    return cmocka_run_group_tests(tests, server_group_start, server_group_stop);
}

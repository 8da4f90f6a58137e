/* The broker on a real server: kombu's keys, order, prefetch, acknowledging, giving back, restoring, lost connections, fanout, replies. */
#include "redis_consumer.h"

/* ---- the way of a message -------------------------------------------------------------------------------------------------------- */
static void body_layout(void)
{
    begin(0);
    publish("q", 0, "a");
    publish("q", 5, "b");
    assert_int_equal(number_of("LLEN", "q"), 1);
    assert_int_equal(number_of("LLEN", "q\x06\x16"
                                       "3"),
                     1);
    assert_int_equal(broker->methods->length(broker, "q"), 2);
    assert_int_equal(LOOK(CITO_STR("SISMEMBER"), CITO_STR("_kombu.binding.q"), CITO_STR("q\x06\x16\x06\x16q"))->integer, 1);
    assert_int_equal(LOOK(CITO_STR("SISMEMBER"), CITO_STR("_kombu.binding_permanent.q"), CITO_STR("q\x06\x16\x06\x16q"))->integer, 1);
    consume(10, "q", NULL);
    wait_for(&came_count, 2);
    assert_string_equal(task_of(0), "a");
    assert_string_equal(task_of(1), "b");
    assert_true(cito_str_equal(came[0]->queue, "q"));
    assert_int_equal(number_of("HLEN", "unacked"), 2);
    assert_int_equal(number_of("ZCARD", "unacked_index"), 2);
    cito_str entry = LOOK(CITO_STR("HGET"), CITO_STR("unacked"), came[1]->tag)->text, envelope, exchange, key;
    assert_true(cito_redis_entry_read(entry, cito_context_current->arena, &envelope, &exchange, &key));
    assert_int_equal(envelope.len, came[1]->envelope.len);
    /* The message as it came, but for its tag: that is the entry's. */
    size_t before_tag = (size_t)(strstr(came[1]->envelope.data, "\"delivery_tag\":\"") + 16 - came[1]->envelope.data);
    assert_memory_equal(envelope.data, came[1]->envelope.data, before_tag);
    assert_memory_equal(envelope.data + before_tag, came[1]->tag.data, CITO_REDIS_TAG);
    assert_int_equal(exchange.len, 0);
    assert_true(cito_str_equal(key, "q"));
    ack_all();
    assert_int_equal(number_of("EXISTS", "unacked"), 0);
    assert_int_equal(number_of("EXISTS", "unacked_index"), 0);
    /* An idle consumer is woken by what another sends. */
    publish("q", 9, "c");
    wait_for(&came_count, 1);
    broker->methods->reject(broker, came[0], false);
    assert_null(broker->methods->flush(broker));
    assert_int_equal(number_of("EXISTS", "unacked"), 0);
    end();
}
static void test_layout(void **state)
{
    (void)state;
    run_in_loop(body_layout);
}

static void body_order(void)
{
    begin(0);
    char name[2] = "a";
    for (int i = 0; i < 3; i++, name[0]++)
        publish("one", 0, name);
    name[0] = 'x';
    for (int i = 0; i < 2; i++, name[0]++)
        publish("two", 0, name);
    publish("two", 9, "later");
    publish("one", 3, "soon");
    consume(100, "one", "two");
    wait_for(&came_count, 7);
    static const char *const expected[] = { "a", "x", "b", "y", "c", "soon", "later" };
    for (unsigned i = 0; i < 7; i++)
        assert_string_equal(task_of(i), expected[i]);
    ack_all();
    end();
}
static void test_order(void **state)
{
    (void)state;
    run_in_loop(body_order);
}

static void body_prefetch(void)
{
    begin(0);
    for (int i = 0; i < 250; i++)
        publish("q", 0, "t");
    consume(3, "q", NULL);
    wait_for(&came_count, 3);
    cito_sleep(0.02);
    assert_int_equal(came_count, 3);
    broker->methods->ack(broker, came[0]);
    wait_for(&came_count, 4);
    broker->methods->set_prefetch(broker, 200);
    wait_for(&came_count, 201);
    cito_sleep(0.02);
    assert_int_equal(came_count, 201);
    assert_int_equal(number_of("HLEN", "unacked"), 200);
    broker->methods->stop_consuming(broker);
    for (unsigned i = 1; i < 201; i++)
        broker->methods->ack(broker, came[i]);
    assert_null(broker->methods->flush(broker));
    assert_int_equal(broker->methods->length(broker, "q"), 49);
    assert_int_equal(broker->methods->purge(broker, "q"), 49);
    assert_int_equal(broker->methods->length(broker, "q"), 0);
    end();
}
static void test_prefetch(void **state)
{
    (void)state;
    run_in_loop(body_prefetch);
}

static void body_give_back(void)
{
    begin(0);
    publish("q", 7, "first");
    publish("q", 7, "second");
    publish("q", 7, "third");
    consume(2, "q", NULL);
    wait_for(&came_count, 2);
    broker->methods->stop_consuming(broker);
    cito_delivery *first = came[0], *second = came[1];
    broker->methods->give_back(broker, second);
    broker->methods->reject(broker, first, true);
    assert_null(broker->methods->flush(broker));
    assert_int_equal(number_of("LLEN", "q\x06\x16"
                                       "6"),
                     3);
    assert_int_equal(number_of("EXISTS", "unacked"), 0);
    came_count = 0;
    consume(10, "q", NULL);
    wait_for(&came_count, 3);
    assert_string_equal(task_of(0), "second"); /* to the front; what was rejected, to the back */
    assert_string_equal(task_of(1), "third");
    assert_string_equal(task_of(2), "first");
    cito_message message;
    assert_null(cito_message_read_envelope(came[0]->envelope, cito_context_current->arena, &message));
    assert_true(message.redelivered);
    assert_null(cito_message_read_envelope(came[1]->envelope, cito_context_current->arena, &message));
    assert_false(message.redelivered);
    ack_all();
    end();
}
static void test_give_back(void **state)
{
    (void)state;
    run_in_loop(body_give_back);
}

static void body_queues(void)
{
    begin(0);
    consume(10, "q", NULL);
    publish("other", 0, "a");
    cito_sleep(0.02);
    assert_int_equal(came_count, 0);
    assert_null(broker->methods->add_queue(broker, "other"));
    wait_for(&came_count, 1);
    assert_null(broker->methods->cancel_queue(broker, "other"));
    publish("other", 0, "b");
    cito_sleep(0.02);
    assert_int_equal(came_count, 1);
    assert_int_equal(broker->methods->length(broker, "other"), 1);
    ack_all();
    end();
}
static void test_queues(void **state)
{
    (void)state;
    run_in_loop(body_queues);
}

/* ---- restoring ------------------------------------------------------------------------------------------------------------------- */
/* What Python's worker held and left: an entry with an old score, an exchange and a routing key. */
static void body_restore_overdue(void)
{
    begin(2);
    static const char entry[] =
        "[{\"body\": \"\", \"headers\": {\"task\": \"t\"}, \"properties\": {\"priority\": 4, \"delivery_info\": {}}}, \"ex\", \"rk\"]";
    LOOK(CITO_STR("SADD"), CITO_STR("_kombu.binding.ex"), CITO_STR("rk\x06\x16\x06\x16q"));
    LOOK(CITO_STR("HSET"), CITO_STR("unacked"), CITO_STR("tag-1"), cito_string(entry));
    LOOK(CITO_STR("ZADD"), CITO_STR("unacked_index"), CITO_STR("1000"), CITO_STR("tag-1"), CITO_STR("1001"), CITO_STR("gone"));
    consume(10, "q", NULL);
    wait_for(&came_count, 1);
    assert_string_equal(task_of(0), "t");
    assert_non_null(strstr(came[0]->envelope.data, "\"headers\":{\"redelivered\":true"));
    wait_until_number("ZCARD", "unacked_index", 1);
    /* Held longer than the timeout: refreshed, and nobody gets it twice. */
    double before = atof(LOOK(CITO_STR("ZSCORE"), CITO_STR("unacked_index"), came[0]->tag)->text.data);
    cito_sleep(2.5);
    assert_int_equal(came_count, 1);
    assert_true(atof(LOOK(CITO_STR("ZSCORE"), CITO_STR("unacked_index"), came[0]->tag)->text.data) > before + 1);
    assert_int_equal(number_of("EXISTS", "unacked_mutex"), 0);
    ack_all();
    end();
}
static void test_restore_overdue(void **state)
{
    (void)state;
    run_in_loop(body_restore_overdue);
}

/* A consumer that goes without a word keeps its messages only as long as its lease. */
static void body_restore_dead(void)
{
    begin(50);
    publish("q", 0, "a");
    publish("q", 0, "b");
    consume(10, "q", NULL);
    wait_for(&came_count, 2);
    broker->methods->stop_consuming(broker);
    broker->methods->free(broker); /* without giving back */
    assert_int_equal(number_of("HLEN", "unacked"), 2);
    assert_int_equal(number_of("SCARD", "cito.consumers"), 1);
    broker = broker_open(50);
    came_count = 0;
    consume(10, "q", NULL);
    wait_for(&came_count, 2);
    wait_until_number("SCARD", "cito.consumers", 1);
    ack_all();
    assert_int_equal(number_of("EXISTS", "unacked"), 0);
    end();
}
static void test_restore_dead(void **state)
{
    (void)state;
    run_in_loop(body_restore_dead);
}

/* ---- lost connections ------------------------------------------------------------------------------------------------------------ */
static void kill_connections(void)
{
    LOOK(CITO_STR("CLIENT"), CITO_STR("KILL"), CITO_STR("TYPE"), CITO_STR("pubsub"));
    LOOK(CITO_STR("CLIENT"), CITO_STR("KILL"), CITO_STR("TYPE"), CITO_STR("normal")); /* SKIPME yes: not this one */
}

static void body_killed_connections(void)
{
    begin(0);
    consume(1000, "q", NULL);
    unsigned sent = 0;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 20; i++, sent++)
            publish("q", 0, "t");
        kill_connections();
        for (unsigned i = 0; i < came_count; i++)
            if (came[i]) {
                broker->methods->ack(broker, came[i]);
                came[i] = NULL;
            }
    }
    wait_for(&came_count, sent); /* perhaps more: a publishing whose reply was lost is repeated */
    kill_connections();
    for (unsigned i = 0; i < came_count; i++)
        if (came[i])
            broker->methods->ack(broker, came[i]);
    came_count = 0;
    assert_null(broker->methods->flush(broker));
    wait_until_number("HLEN", "unacked", 0);
    publish("q", 0, "again");
    wait_for(&came_count, 1);
    ack_all();
    end();
}
static void test_killed_connections(void **state)
{
    (void)state;
    run_in_loop(body_killed_connections);
}

static void body_restarted_server(void)
{
    begin(0);
    consume(10, "q", NULL);
    publish("q", 0, "a");
    wait_for(&came_count, 1);
    server_stop(SIGKILL);
    broker->methods->ack(broker, came[0]);
    cito_sleep(0.3);
    server_start();
    came_count = 0;
    for (int i = 0; i < 200; i++) { /* it may try for a while */
        cito_message message;
        cito_message_init(&message, cito_context_current->arena, "b");
        if (!broker->methods->publish(broker, "q", &message))
            break;
    }
    wait_for(&came_count, 1);
    wait_until_number("HLEN", "unacked", 1); /* the acknowledgement from before has arrived */
    ack_all();
    end();
}
static void test_restarted_server(void **state)
{
    (void)state;
    run_in_loop(body_restarted_server);
}

static void body_no_server(void)
{
    const char *error = NULL;
    char url[64];
    snprintf(url, sizeof url, "redis://:secret@127.0.0.1:%d/0", free_port());
    broker = cito_redis_broker_new(loop, url, NULL, &error);
    cito_message message;
    cito_message_init(&message, cito_context_current->arena, "t");
    error = broker->methods->publish(broker, "q", &message);
    assert_non_null(strstr(error, "cannot connect: Connection refused"));
    assert_null(strstr(error, "secret"));
    assert_non_null(broker->methods->consume(broker, (const char *const[]){ "q", NULL }, 1, NULL, &events));
    broker->methods->free(broker);
    assert_null(cito_redis_broker_new(loop, "rediss://h", NULL, &error));
    assert_non_null(strstr(error, "broker_url: rediss"));
    /* A server without a password says so. */
    snprintf(url, sizeof url, "redis://:secret@127.0.0.1:%d/0", server.port);
    broker = cito_redis_broker_new(loop, url, NULL, &error);
    error = broker->methods->publish(broker, "q", &message);
    assert_non_null(strstr(error, "check user and password"));
    broker->methods->free(broker);
}
static void test_no_server(void **state)
{
    (void)state;
    run_in_loop(body_no_server);
}

/* ---- fanout ---------------------------------------------------------------------------------------------------------------------- */
static unsigned reply_count;
static void reply_came(void *data, cito_str envelope)
{
    assert_string_equal(data, "data");
    assert_true(cito_str_equal(envelope, "{\"n\":1}"));
    reply_count++;
}
static void body_fanout(void)
{
    begin(0);
    consume(10, "q", NULL);
    wait_until_number("SCARD", "_kombu.binding.celery.pidbox", 1);
    while (LOOK(CITO_STR("PUBLISH"), CITO_STR("/3.celery.pidbox"), CITO_STR("{\"x\":1}"))->integer == 0)
        cito_sleep(0.001);
    wait_for(&broadcast_count, 1);
    assert_string_equal(last_broadcast, "celery.pidbox||{\"x\":1}");
    assert_null(broker->methods->broadcast(broker, "celery.pidbox", "key", CITO_STR("{}")));
    wait_for(&broadcast_count, 2);
    assert_string_equal(last_broadcast, "celery.pidbox|key|{}");

    assert_null(broker->methods->expect_replies(broker, "oid"));
    cito_str member = LOOK(CITO_STR("SMEMBERS"), CITO_STR("_kombu.binding.reply.celery.pidbox"))->elements[0]->text;
    assert_string_equal(member.data, "oid\x06\x16\x06\x16oid.reply.celery.pidbox");
    for (int i = 0; i < 3; i++)
        assert_null(broker->methods->publish_raw(broker, "oid.reply.celery.pidbox", CITO_STR("{\"n\":1}")));
    assert_null(broker->methods->collect_replies(broker, "oid", 10, 2, reply_came, "data"));
    assert_int_equal(reply_count, 2);
    wait_until_number("EXISTS", "oid.reply.celery.pidbox", 0);
    assert_int_equal(number_of("SCARD", "_kombu.binding.reply.celery.pidbox"), 0);
    assert_null(broker->methods->collect_replies(broker, "oid", 0.05, 0, reply_came, "data"));
    assert_int_equal(reply_count, 2);
    end();
}
static void test_fanout(void **state)
{
    (void)state;
    run_in_loop(body_fanout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),           cmocka_unit_test(test_order),
        cmocka_unit_test(test_prefetch),         cmocka_unit_test(test_give_back),
        cmocka_unit_test(test_queues),           cmocka_unit_test(test_restore_overdue),
        cmocka_unit_test(test_restore_dead),     cmocka_unit_test(test_killed_connections),
        cmocka_unit_test(test_restarted_server), cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_fanout),
    };
    return cmocka_run_group_tests(tests, server_group_start, server_group_stop);
}

/* The SQLite broker: what is sent arrives once, in its order; what is held stays held while its holder lives, and comes back when it does not. */
#include "support.h"
#include "base/clock.h"
#include "tasks/broker.h"

#include <signal.h>
#include <sys/wait.h>

static const cito_queue queue;

typedef struct consumer {
    cito_delivery *held[4096];
    unsigned count, broadcasts;
    char last_broadcast[64];
} consumer;

static void on_message(void *data, cito_delivery *delivery)
{
    consumer *this = data;
    this->held[this->count++] = delivery;
}

static void on_broadcast(void *data, cito_str exchange, cito_str routing_key, cito_str envelope)
{
    consumer *this = data;
    assert_true(cito_str_equal(exchange, "celery.pidbox"));
    (void)routing_key;
    this->broadcasts++;
    snprintf(this->last_broadcast, sizeof this->last_broadcast, "%s", envelope.data);
}

static cito_consumer_events events_of(consumer *this)
{
    return (cito_consumer_events){ .data = this, .message = on_message, .broadcast = on_broadcast };
}

static void publish_named(cito_broker *broker, const char *to, const char *name, int priority, double eta)
{
    cito_message message;
    cito_message_init(&message, cito_context_current->arena, name);
    message.priority = priority;
    message.eta = eta;
    assert_null(broker->methods->publish(broker, to, &message));
}

static const char *name_of(const cito_delivery *delivery)
{
    static cito_message message;
    assert_null(cito_message_read_envelope(delivery->envelope, cito_context_current->arena, &message));
    return message.task.data;
}

static bool is_redelivered(const cito_delivery *delivery)
{
    cito_message message;
    assert_null(cito_message_read_envelope(delivery->envelope, cito_context_current->arena, &message));
    return message.redelivered;
}

static void consume(cito_broker *broker, consumer *this, const char *name, unsigned prefetch)
{
    cito_consumer_events events = events_of(this);
    assert_null(broker->methods->consume(broker, (const char *const[]){ name, NULL }, prefetch, "celery@test", &events));
}

static void order(cito_loop *loop)
{
    cito_broker *broker = cito_sqlite_broker_new(loop, store_path, &queue);
    consumer this = { .count = 0 };
    publish_named(broker, "a", "low", 9, 0);
    publish_named(broker, "a", "first", 0, 0);
    publish_named(broker, "a", "second", 0, 0);
    publish_named(broker, "other", "unseen", 0, 0);
    assert_int_equal(broker->methods->length(broker, "a"), 3);
    consume(broker, &this, "a", 2);
    UNTIL(this.count == 2);
    assert_string_equal(name_of(this.held[0]), "first");
    assert_string_equal(name_of(this.held[1]), "second");
    assert_null(broker->methods->flush(broker));
    assert_int_equal(this.count, 2); /* the prefetch is full */
    broker->methods->ack(broker, this.held[0]);
    UNTIL(this.count == 3);
    assert_string_equal(name_of(this.held[2]), "low");
    assert_false(is_redelivered(this.held[2]));
    broker->methods->ack(broker, this.held[1]);
    broker->methods->ack(broker, this.held[2]);
    assert_null(broker->methods->flush(broker));
    assert_int_equal(broker->methods->length(broker, "a"), 0);
    assert_int_equal(broker->methods->purge(broker, "other"), 1);
    broker->methods->free(broker);
}

static void given_back(cito_loop *loop)
{
    cito_broker *broker = cito_sqlite_broker_new(loop, store_path, &queue);
    consumer this = { .count = 0 };
    consume(broker, &this, "b", 1);
    publish_named(broker, "b", "one", 0, 0);
    UNTIL(this.count == 1);
    publish_named(broker, "b", "two", 0, 0);
    broker->methods->give_back(broker, this.held[0]);
    UNTIL(this.count == 2); /* to the front */
    assert_string_equal(name_of(this.held[1]), "one");
    assert_true(is_redelivered(this.held[1]));
    broker->methods->reject(broker, this.held[1], true);
    UNTIL(this.count == 3); /* to the back */
    assert_string_equal(name_of(this.held[2]), "two");
    broker->methods->reject(broker, this.held[2], false);
    UNTIL(this.count == 4);
    assert_string_equal(name_of(this.held[3]), "one");
    broker->methods->stop_consuming(broker);
    broker->methods->ack(broker, this.held[3]);
    assert_null(broker->methods->flush(broker));
    assert_int_equal(broker->methods->length(broker, "b"), 0);
    broker->methods->free(broker);
}

static void eta(cito_loop *loop)
{
    cito_broker *broker = cito_sqlite_broker_new(loop, store_path, &queue);
    consumer this = { .count = 0 };
    consume(broker, &this, "c", 1);
    double due = (double)cito_clock_wall_ns() / 1e9 + 0.15;
    publish_named(broker, "c", "later", 0, due);
    publish_named(broker, "c", "now", 0, 0);
    UNTIL(this.count == 1);
    assert_string_equal(name_of(this.held[0]), "now"); /* the one that waits keeps no slot */
    broker->methods->ack(broker, this.held[0]);
    UNTIL(this.count == 2);
    assert_true((double)cito_clock_wall_ns() / 1e9 >= due - 0.001);
    assert_string_equal(name_of(this.held[1]), "later");
    broker->methods->ack(broker, this.held[1]);
    broker->methods->free(broker);
}

static unsigned replies;
static void on_reply(void *data, cito_str envelope)
{
    (void)data;
    assert_string_equal(envelope.data, "{\"reply\":1}");
    replies++;
}

static void control(cito_loop *loop)
{
    cito_broker *broker = cito_sqlite_broker_new(loop, store_path, &queue);
    consumer this = { .count = 0 };
    assert_null(broker->methods->broadcast(broker, "celery.pidbox", "", CITO_STR("nobody listens")));
    consume(broker, &this, "d", 1);
    assert_null(broker->methods->broadcast(broker, "celery.pidbox", "", CITO_STR("{\"ping\":1}")));
    UNTIL(this.broadcasts == 1);
    assert_string_equal(this.last_broadcast, "{\"ping\":1}");
    assert_null(broker->methods->publish_raw(broker, "me.reply.celery.pidbox", CITO_STR("{\"reply\":1}")));
    assert_null(broker->methods->publish_raw(broker, "me.reply.celery.pidbox", CITO_STR("{\"reply\":1}")));
    assert_null(broker->methods->collect_replies(broker, "me", 5, 2, on_reply, NULL));
    assert_int_equal(replies, 2);
    assert_null(broker->methods->collect_replies(broker, "me", 0.01, 0, on_reply, NULL));
    assert_int_equal(replies, 2);
    broker->methods->free(broker);
}

/* Another process takes a message, says so, and is killed. */
static int tell_fd;
static void hold(cito_loop *loop)
{
    static consumer this;
    cito_broker *broker = cito_sqlite_broker_new(loop, store_path, &queue);
    consume(broker, &this, "e", 1);
    UNTIL(this.count == 1);
    if (write(tell_fd, "x", 1) != 1)
        _exit(2);
    for (;;)
        cito_sleep(10);
}

static void killed_holder(cito_loop *loop)
{
    cito_broker *broker = cito_sqlite_broker_new(loop, store_path, &queue);
    consumer this = { .count = 0 };
    int channel[2];
    assert_int_equal(pipe(channel), 0);
    publish_named(broker, "e", "survivor", 0, 0); /* the store is open, and its thread runs, when the fork happens */
    pid_t child = fork();
    if (child == 0) {
        tell_fd = channel[1];
        in_coroutine(cito_loop_new(NULL), hold);
        _exit(1);
    }
    char byte;
    assert_int_equal(read(channel[0], &byte, 1), 1);
    consume(broker, &this, "e", 1);
    assert_null(broker->methods->flush(broker));
    assert_int_equal(this.count, 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    UNTIL(this.count == 1);
    assert_string_equal(name_of(this.held[0]), "survivor");
    assert_true(is_redelivered(this.held[0]));
    broker->methods->ack(broker, this.held[0]);
    broker->methods->free(broker);
    close(channel[0]);
    close(channel[1]);
}

enum { MANY = 3000 };

static void many(cito_loop *loop)
{
    cito_broker *broker = cito_sqlite_broker_new(loop, store_path, &queue);
    consumer this = { .count = 0 };
    consume(broker, &this, "f", 100);
    for (int i = 0; i < MANY; i++)
        publish_named(broker, "f", "task", 0, 0);
    unsigned done = 0;
    while (done < MANY) {
        for (; done < this.count; done++)
            broker->methods->ack(broker, this.held[done]);
        cito_sleep(0);
    }
    assert_null(broker->methods->flush(broker));
    assert_int_equal(broker->methods->length(broker, "f"), 0);
    assert_int_equal(this.count, MANY);
    broker->methods->free(broker);
}

static void fails(cito_loop *loop)
{
    cito_broker *broker = cito_sqlite_broker_new(loop, "/nonexistent/folder/store.db", &queue);
    cito_message message;
    cito_message_init(&message, cito_context_current->arena, "t");
    const char *error = broker->methods->publish(broker, "a", &message);
    assert_non_null(error);
    assert_non_null(strstr(error, "/nonexistent/folder/store.db"));
    broker->methods->free(broker);
}

TEST(order)
TEST(given_back)
TEST(eta)
TEST(control)
TEST(killed_holder)
TEST(many)
TEST(fails)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),   cmocka_unit_test(test_given_back),    cmocka_unit_test(test_eta),
        cmocka_unit_test(test_control), cmocka_unit_test(test_killed_holder), cmocka_unit_test(test_many),
        cmocka_unit_test(test_fails),
    };
    return cmocka_run_group_tests(tests, make_store, remove_store);
}

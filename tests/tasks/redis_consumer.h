/* A broker on the test's server, and what it brings: in `came`, in order. */
#pragma once
#include "redis_server.h"
#include "json/value.h"
#include "tasks/redis_broker.h"

static cito_broker *broker;
static cito_delivery *came[2000];
static unsigned came_count, broadcast_count;
static char last_broadcast[200];

static inline void message_came(void *data, cito_delivery *delivery)
{
    (void)data;
    came[came_count++] = delivery;
}
static inline void broadcast_came(void *data, cito_str exchange, cito_str key, cito_str envelope)
{
    (void)data;
    broadcast_count++;
    snprintf(last_broadcast, sizeof last_broadcast, "%.*s|%.*s|%.*s", (int)exchange.len, exchange.data, (int)key.len, key.data,
             (int)envelope.len, envelope.data);
}
static const cito_consumer_events events = { .message = message_came, .broadcast = broadcast_came };

static inline cito_broker *broker_open(double visibility_s)
{
    const char *error = NULL;
    cito_queue queue = { .name = "celery", .visibility_timeout = visibility_s };
    cito_broker *opened = cito_redis_broker_new(loop, server.url, &queue, &error);
    assert_non_null(opened);
    return opened;
}
static inline void begin(double visibility_s)
{
    came_count = broadcast_count = 0;
    look_begin();
    LOOK(CITO_STR("FLUSHALL"));
    broker = broker_open(visibility_s);
}
static inline void end(void)
{
    broker->methods->free(broker);
    look_end();
}
static inline void publish(const char *queue, int priority, const char *task)
{
    cito_message message;
    cito_message_init(&message, cito_context_current->arena, task);
    message.priority = priority;
    assert_null(broker->methods->publish(broker, queue, &message));
}
static inline void consume(unsigned prefetch, const char *first, const char *second)
{
    assert_null(broker->methods->consume(broker, (const char *const[]){ first, second, NULL }, prefetch, "celery@test", &events));
}
/* Fails by the test's own limit, not by a time measured here. */
static inline void wait_for(const unsigned *number, unsigned least)
{
    for (int i = 0; *number < least; i++) {
        if (i > 30000)
            fail_msg("%u of %u came", *number, least);
        cito_sleep(0.001);
    }
}
static inline int64_t number_of(const char *command, const char *key) { return LOOK(cito_string(command), cito_string(key))->integer; }
static inline void wait_until_number(const char *command, const char *key, int64_t number)
{
    for (int i = 0; number_of(command, key) != number; i++) {
        if (i > 10000)
            fail_msg("%s %s is %d, not %d", command, key, (int)number_of(command, key), (int)number);
        cito_sleep(0.001);
    }
}
static inline const char *task_of(unsigned place)
{
    const cito_value *envelope = cito_value_parse(cito_context_current->arena, came[place]->envelope, NULL, NULL);
    return cito_value_string(cito_value_get(cito_value_get(envelope, "headers"), "task")).data;
}
static inline void ack_all(void)
{
    for (unsigned i = 0; i < came_count; i++)
        broker->methods->ack(broker, came[i]);
    came_count = 0;
    assert_null(broker->methods->flush(broker));
}

/* The back end on a real server: Celery's keys, SUCCESS stays, who waits is woken, also over a lost connection, forgetting, expiry. */
#include "redis_server.h"
#include "json/value.h"
#include "tasks/backend.h"

static cito_backend *backend;
static unsigned stored_count;

static void stored(void *data, const char *error)
{
    assert_string_equal(data, "data");
    assert_null(error);
    stored_count++;
}
static void store(const char *id, const char *status, const char *result)
{
    cito_meta meta = { .id = cito_string(id), .status = cito_string(status), .result_json = cito_string(result) };
    meta.is_final = !strcmp(status, "SUCCESS") || !strcmp(status, "FAILURE");
    backend->methods->store(backend, &meta, stored, "data");
}
static void begin(double expires_s)
{
    const char *error = NULL;
    cito_queue queue = { .name = "celery", .result_expires = expires_s };
    look_begin();
    LOOK(CITO_STR("FLUSHALL"));
    stored_count = 0;
    backend = cito_redis_backend_new(loop, server.url, &queue, &error);
    assert_non_null(backend);
}
static void end(void)
{
    backend->methods->free(backend);
    look_end();
}
static const char *status_in(cito_str json)
{
    return json.data ? cito_value_string(cito_value_get(cito_value_parse(cito_context_current->arena, json, NULL, NULL), "status")).data
                     : "nothing";
}
static const char *status_of(const char *id)
{
    cito_str json;
    assert_null(backend->methods->load(backend, cito_string(id), cito_context_current->arena, &json));
    return status_in(json);
}

static void body_store(void)
{
    begin(77);
    assert_string_equal(status_of("a"), "nothing");
    store("a", "STARTED", "{\"status\":\"SUCCESS\"}");
    store("a", "SUCCESS", "5");
    store("a", "FAILURE", "null");
    assert_null(backend->methods->flush(backend));
    assert_int_equal(stored_count, 3);
    assert_string_equal(status_of("a"), "SUCCESS");
    int64_t seconds = LOOK(CITO_STR("TTL"), CITO_STR("celery-task-meta-a"))->integer;
    assert_true(seconds > 70 && seconds <= 77);
    store("b", "FAILURE", "{}");
    store("b", "RETRY", "\"SUCCESS\"");
    store("b", "STARTED", "1");
    assert_null(backend->methods->flush(backend));
    assert_string_equal(status_of("b"), "STARTED");
    assert_null(backend->methods->forget(backend, CITO_STR("b")));
    assert_string_equal(status_of("b"), "nothing");
    end();
}
static void test_store(void **state)
{
    (void)state;
    run_in_loop(body_store);
}

/* ---- waiting --------------------------------------------------------------------------------------------------------------------- */
static unsigned waiting, woken;
static char id_of_wait[32];
static void wait_main(void *data)
{
    cito_str json;
    waiting++;
    assert_null(backend->methods->wait(backend, cito_string(data), 30, cito_context_current->arena, &json));
    assert_string_equal(status_in(json), "SUCCESS");
    woken++;
}
static void wait_until_woken(unsigned number)
{
    for (int i = 0; woken < number; i++) {
        if (i > 20000)
            fail_msg("%u of %u woke", woken, number);
        cito_sleep(0.001);
    }
}
static void wait_for_channels(int64_t number)
{
    for (int i = 0; LOOK(CITO_STR("PUBSUB"), CITO_STR("CHANNELS"))->count != (size_t)number; i++) {
        if (i > 5000)
            fail_msg("not %d channels", (int)number);
        cito_sleep(0.001);
    }
}

static void body_wait(void)
{
    begin(0);
    cito_str json;
    waiting = woken = 0;
    /* Nothing comes: as load. */
    assert_null(backend->methods->wait(backend, CITO_STR("x"), 0.03, cito_context_current->arena, &json));
    assert_null(json.data);
    store("x", "STARTED", "1");
    assert_null(backend->methods->wait(backend, CITO_STR("x"), 0.03, cito_context_current->arena, &json));
    assert_string_equal(status_in(json), "STARTED");
    /* Two wait for one, one for another; a state that is not final wakes nobody. */
    cito_coroutine_spawn(loop, NULL, wait_main, "a");
    cito_coroutine_spawn(loop, NULL, wait_main, "a");
    cito_coroutine_spawn(loop, NULL, wait_main, "b");
    wait_for_channels(2);
    store("a", "STARTED", "1");
    assert_null(backend->methods->flush(backend));
    cito_sleep(0.02);
    assert_int_equal(woken, 0);
    store("a", "SUCCESS", "1");
    wait_until_woken(2);
    cito_coroutine_spawn(loop, NULL, wait_main, "a"); /* is there already */
    wait_until_woken(3);
    store("b", "SUCCESS", "1");
    wait_until_woken(4);
    wait_for_channels(0);
    end();
}
static void test_wait(void **state)
{
    (void)state;
    run_in_loop(body_wait);
}

/* At every moment between the sending and the waiting. */
static void store_main(void *data)
{
    int hops = *(int *)data;
    for (int i = 0; i < hops; i++)
        cito_sleep(0);
    store(id_of_wait, "SUCCESS", "1");
}
static void body_wait_races(void)
{
    begin(0);
    woken = 0;
    for (int hops = 0; hops < 60; hops++) {
        snprintf(id_of_wait, sizeof id_of_wait, "race-%d", hops);
        cito_coroutine_spawn(loop, NULL, store_main, &hops);
        wait_main(id_of_wait);
    }
    assert_int_equal(woken, 60);
    end();
}
static void test_wait_races(void **state)
{
    (void)state;
    run_in_loop(body_wait_races);
}

static void body_wait_lost(void)
{
    begin(0);
    woken = 0;
    for (int round = 0; round < 5; round++) {
        char id[32];
        snprintf(id, sizeof id, "lost-%d", round);
        cito_coroutine_spawn(loop, NULL, wait_main, id);
        wait_for_channels(1);
        LOOK(CITO_STR("CLIENT"), CITO_STR("KILL"), CITO_STR("TYPE"), CITO_STR("pubsub"));
        LOOK(CITO_STR("CLIENT"), CITO_STR("KILL"), CITO_STR("TYPE"), CITO_STR("normal"));
        store(id, "SUCCESS", "1");
        wait_until_woken((unsigned)round + 1);
    }
    end();
}
static void test_wait_over_a_lost_connection(void **state)
{
    (void)state;
    run_in_loop(body_wait_lost);
}

/* A wait that is ended from outside leaves nothing behind. */
static void ended_main(void *data)
{
    cito_str json;
    waiting = 1;
    const char *error = backend->methods->wait(backend, CITO_STR("never"), 30, cito_context_current->arena, &json);
    assert_non_null(error);
    *(bool *)data = true;
}
static void body_wait_ended(void)
{
    begin(0);
    bool has_ended = false;
    cito_lifetime *lifetime = cito_lifetime_new(loop, NULL);
    cito_coroutine_spawn(loop, lifetime, ended_main, &has_ended);
    wait_for_channels(1);
    cito_lifetime_cancel(lifetime);
    while (!has_ended)
        cito_sleep(0.001);
    cito_lifetime_drop(lifetime);
    wait_for_channels(0);
    end();
}
static void test_wait_ended(void **state)
{
    (void)state;
    run_in_loop(body_wait_ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_store), cmocka_unit_test(test_wait), cmocka_unit_test(test_wait_races),
                                        cmocka_unit_test(test_wait_over_a_lost_connection), cmocka_unit_test(test_wait_ended) };
    return cmocka_run_group_tests(tests, server_group_start, server_group_stop);
}

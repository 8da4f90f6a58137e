/* The SQLite back end: what is stored is loaded, SUCCESS stays, who waits is woken, also by another process. */
#include "support.h"
#include "base/clock.h"
#include "tasks/backend.h"

#include <signal.h>
#include <sys/wait.h>

static const cito_queue queue;

static cito_meta success(const char *id, const char *json)
{
    return (cito_meta){ .id = cito_string(id), .status = CITO_STR("SUCCESS"), .result_json = cito_string(json), .is_final = true };
}

static const cito_value *load(cito_backend *backend, const char *id)
{
    cito_str json;
    assert_null(backend->methods->load(backend, cito_string(id), cito_context_current->arena, &json));
    return json.data ? cito_value_parse(cito_context_current->arena, json, NULL, NULL) : NULL;
}

static const char *stored_error = "not called";
static void on_stored(void *data, const char *error)
{
    *(bool *)data = true;
    stored_error = error;
}

static void stored(cito_loop *loop)
{
    cito_backend *backend = cito_sqlite_backend_new(loop, store_path, &queue);
    assert_null(load(backend, "one"));
    cito_meta meta = success("one", "{\"x\":[1,2]}");
    meta.group = CITO_STR("g");
    bool is_done = false;
    backend->methods->store(backend, &meta, on_stored, &is_done);
    UNTIL(is_done);
    assert_null(stored_error);
    const cito_value *found = load(backend, "one");
    assert_string_equal(cito_value_string(cito_value_get(found, "status")).data, "SUCCESS");
    assert_int_equal(cito_value_int(cito_value_at(cito_value_get(cito_value_get(found, "result"), "x"), 1)), 2);
    assert_int_equal(cito_value_string(cito_value_get(found, "date_done")).len, strlen("2026-11-21T01:32:53.423681+00:00"));
    assert_string_equal(cito_value_string(cito_value_get(found, "group_id")).data, "g");
    assert_true(cito_value_has(found, "traceback") && cito_value_has(found, "children") && cito_value_has(found, "task_id"));
    cito_meta late = { .id = CITO_STR("one"), .status = CITO_STR("FAILURE"), .is_final = true };
    backend->methods->store(backend, &late, NULL, NULL);
    assert_null(backend->methods->flush(backend));
    assert_string_equal(cito_value_string(cito_value_get(load(backend, "one"), "status")).data, "SUCCESS");
    assert_null(backend->methods->forget(backend, CITO_STR("one")));
    assert_null(load(backend, "one"));
    backend->methods->free(backend);
}

/* 36 characters, as ids are, and one that is not. */
static const char *const ids[] = { "11111111-2222-4333-8444-555555555555", "short" };

static void store_in_child(cito_loop *loop)
{
    cito_backend *backend = cito_sqlite_backend_new(loop, store_path, &queue);
    for (size_t i = 0; i < 2; i++) {
        cito_sleep(0.05);
        cito_meta begun = { .id = cito_string(ids[i]), .status = CITO_STR("STARTED") }, meta = success(ids[i], "7");
        backend->methods->store(backend, &begun, NULL, NULL);
        backend->methods->store(backend, &meta, NULL, NULL);
    }
    backend->methods->free(backend);
}

static void waited(cito_loop *loop)
{
    cito_backend *backend = cito_sqlite_backend_new(loop, store_path, &queue);
    assert_null(backend->methods->flush(backend));
    pid_t child = fork();
    if (child == 0) {
        in_coroutine(cito_loop_new(NULL), store_in_child);
        _exit(0);
    }
    for (size_t i = 0; i < 2; i++) {
        cito_str json;
        assert_null(backend->methods->wait(backend, cito_string(ids[i]), 20, cito_context_current->arena, &json));
        assert_non_null(json.data);
        assert_non_null(strstr(json.data, "SUCCESS"));
    }
    waitpid(child, NULL, 0);
    backend->methods->free(backend);
}

static void times_out(cito_loop *loop)
{
    cito_backend *backend = cito_sqlite_backend_new(loop, store_path, &queue);
    cito_str json;
    assert_null(backend->methods->wait(backend, CITO_STR("never"), 0.02, cito_context_current->arena, &json));
    assert_null(json.data);
    cito_meta begun = { .id = CITO_STR("begun"), .status = CITO_STR("STARTED") };
    backend->methods->store(backend, &begun, NULL, NULL);
    assert_null(backend->methods->wait(backend, CITO_STR("begun"), 0.02, cito_context_current->arena, &json));
    assert_non_null(strstr(json.data, "STARTED"));
    assert_non_null(strstr(json.data, "\"date_done\":null"));
    backend->methods->free(backend);
}

static void wait_in_time_out(cito_backend *backend)
{
    cito_str json;
    struct cito_scope scope = cito_timeout_enter(0.02);
    assert_non_null(backend->methods->wait(backend, CITO_STR("never"), 60, cito_context_current->arena, &json));
    cito_timeout_leave(&scope);
}

/* A time-out around it ends the wait, and the store forgets it. */
static void interrupted(cito_loop *loop)
{
    cito_backend *backend = cito_sqlite_backend_new(loop, store_path, &queue);
    wait_in_time_out(backend);
    assert_null(backend->methods->flush(backend));
    backend->methods->free(backend);
}

static void expires(cito_loop *loop)
{
    cito_queue brief = { .result_expires = 0.01 };
    cito_backend *backend = cito_sqlite_backend_new(loop, store_path, &brief);
    cito_meta meta = success("brief", "1");
    backend->methods->store(backend, &meta, NULL, NULL);
    assert_null(backend->methods->flush(backend));
    UNTIL(!load(backend, "brief"));
    backend->methods->free(backend);
}

TEST(stored)
TEST(waited)
TEST(times_out)
TEST(interrupted)
TEST(expires)

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_stored), cmocka_unit_test(test_waited), cmocka_unit_test(test_times_out),
                                        cmocka_unit_test(test_interrupted), cmocka_unit_test(test_expires) };
    return cmocka_run_group_tests(tests, make_store, remove_store);
}

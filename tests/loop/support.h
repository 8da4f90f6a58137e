/* Support: a loop, callables made by hand (their macros need src/api), and the log's lines, for the tests of src/loop. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "loop/loop.h"
#include <pthread.h>

#include <cmocka.h>

/* CALLABLE(true, double_it, int, { int number; }) { *result = args->number * 2; } */
#define CALLABLE(ASYNC, NAME, RESULT, ...)                                                                                                 \
    typedef struct __VA_ARGS__ NAME##_args;                                                                                                \
    typedef RESULT NAME##_result;                                                                                                          \
    typedef struct {                                                                                                                       \
        cito_started *handle;                                                                                                              \
        NAME##_result *type;                                                                                                               \
    } NAME##_future __attribute__((unused));                                                                                               \
    static void NAME(const NAME##_args *args, NAME##_result *result);                                                                      \
    static void NAME##_invoke(const void *args, void *result) { NAME(args, result); }                                                      \
    static const cito_callable NAME##_callable = { .name = #NAME,                                                                          \
                                                   .file = __FILE__,                                                                       \
                                                   .line = __LINE__,                                                                       \
                                                   .is_async = ASYNC,                                                                      \
                                                   .args_size = sizeof(NAME##_args),                                                       \
                                                   .result_size = sizeof(NAME##_result),                                                   \
                                                   .invoke = NAME##_invoke };                                                              \
    static void NAME(__attribute__((unused)) const NAME##_args *args, __attribute__((unused)) NAME##_result *result)

typedef struct test_world {
    cito_loop *loop;
    cito_lifetime *lifetime; /* of the body that runs */
    int running;
} test_world;

static inline test_world world_begin(const cito_loop_options *options) { return (test_world){ .loop = cito_loop_new(options) }; }
static inline void world_end(test_world *world) { cito_loop_free(world->loop); }

typedef struct test_body {
    test_world *world;
    void (*run)(test_world *);
} test_body;
static inline void body_main(void *data)
{
    test_body *body = data;
    body->run(body->world);
    cito_lifetime_finish(cito_context_current->lifetime);
    body->world->running--;
}
/* Runs the body in a coroutine with a lifetime of its own, which is finished, and the loop until it has ended. */
static inline void in_coroutine(test_world *world, void (*run)(struct test_world *))
{
    test_body body = { world, run };
    world->running++;
    world->lifetime = cito_lifetime_new(world->loop, NULL);
    cito_coroutine_spawn(world->loop, world->lifetime, body_main, &body);
    while (world->running)
        cito_loop_run(world->loop, UV_RUN_ONCE);
}

static char logged[4096];
static inline void log_sink(cito_log_level level, const char *line, void *data)
{
    (void)level, (void)data;
    strncat(logged, line, sizeof logged - strlen(logged) - 1);
    strncat(logged, "\n", sizeof logged - strlen(logged) - 1);
}
static inline void log_catch(void)
{
    logged[0] = '\0';
    cito_log_redirect(log_sink, NULL);
}
static inline void log_let_go(void) { cito_log_redirect(NULL, NULL); }

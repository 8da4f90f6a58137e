/* Support: a loop and coroutines for the tests of src/tasks, and a file of their own for each store. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "json/value.h"
#include "loop/loop.h"

#include <cmocka.h>

/* Children of a process with threads start threads of their own, which the thread sanitizer ends them for unless it is told. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "die_after_fork=0"; }

typedef struct test_run {
    void (*run)(cito_loop *);
    cito_loop *loop;
    bool is_done;
} test_run;

static inline void test_body(void *data)
{
    test_run *this = data;
    this->run(this->loop);
    cito_lifetime_finish(cito_context_current->lifetime);
    this->is_done = true;
}

/* Runs the body in a coroutine with a lifetime of its own, and the loop until it has ended. */
static inline void in_coroutine(cito_loop *loop, void (*run)(cito_loop *))
{
    test_run this = { run, loop, false };
    cito_coroutine_spawn(loop, cito_lifetime_new(loop, NULL), test_body, &this);
    while (!this.is_done)
        cito_loop_run(loop, UV_RUN_ONCE);
}

/* test_NAME: NAME(cito_loop *) in a coroutine, on a loop of its own. */
#define TEST(NAME)                                                                                                                         \
    static void test_##NAME(void **state)                                                                                                  \
    {                                                                                                                                      \
        (void)state;                                                                                                                       \
        cito_loop *loop = cito_loop_new(NULL);                                                                                             \
        in_coroutine(loop, NAME);                                                                                                          \
        cito_loop_free(loop);                                                                                                              \
    }

/* Lets the loop go on until the condition holds. */
#define UNTIL(CONDITION)                                                                                                                   \
    while (!(CONDITION))                                                                                                                   \
    cito_sleep(0.001)

static char store_folder[64], store_path[96];
static inline int make_store(void **state)
{
    (void)state;
    snprintf(store_folder, sizeof store_folder, "/tmp/cito_test.XXXXXX");
    if (!mkdtemp(store_folder))
        return -1;
    snprintf(store_path, sizeof store_path, "%s/store.db", store_folder);
    return 0;
}
static inline int remove_store(void **state)
{
    (void)state;
    static const char *const endings[] = { "", "-wal", "-shm" };
    char path[128];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", store_path, endings[i]);
        unlink(path);
    }
    return rmdir(store_folder);
}

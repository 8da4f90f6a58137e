/* Loop: libuv's, with what other threads post, the coroutines that are ready, and the timers, run before each wait for events.
 *
 * Invariants: `polling` is set before the loop looks at the posts for the last time and cleared when it has something to do, so a post that
 * it does not see wakes it, and one that it sees costs no system call. Posts run in the order of each poster.
 * Threading: the loop's thread; posts from any. */
#include "base/log.h"
#include "loop/state.h"

#include <stdlib.h>

enum { DEFAULT_THREADS = 40, DEFAULT_STACK_SIZE = 256 * 1024, SMALLEST_STACK_SIZE = 16 * 1024, ROUNDS_BEFORE_EVENTS = 16 };
static const size_t default_memory_limit = 64 * 1024 * 1024;

bool cito_loop_is_here(const cito_loop *loop) { return pthread_equal(loop->thread, pthread_self()); }

/* ---- posts ------------------------------------------------------------------------------------------------------------------- */
void cito_loop_post_node(cito_loop *loop, cito_post *post)
{
    cito_post *newest = __atomic_load_n(&loop->posts, __ATOMIC_RELAXED);
    do
        post->next = newest;
    while (!__atomic_compare_exchange_n(&loop->posts, &newest, post, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    if (__atomic_load_n(&loop->polling, __ATOMIC_SEQ_CST))
        uv_async_send(&loop->async);
}

typedef struct foreign_post {
    cito_post post;
    void (*run)(void *data);
    void *data;
} foreign_post;

static void run_foreign(void *data)
{
    foreign_post foreign = *(foreign_post *)data;
    free(data);
    foreign.run(foreign.data);
}

void cito_loop_post(cito_loop *loop, void (*run)(void *data), void *data)
{
    foreign_post *foreign = malloc(sizeof *foreign);
    if (!foreign)
        cito_abort("out of memory: no %zu bytes for a post to the loop", sizeof *foreign);
    *foreign = (foreign_post){ .post = { .run = run_foreign, .data = foreign }, .run = run, .data = data };
    cito_loop_post_node(loop, &foreign->post);
}

static bool run_posts(cito_loop *loop)
{
    cito_post *newest = __atomic_exchange_n(&loop->posts, NULL, __ATOMIC_SEQ_CST), *oldest = NULL;
    bool any = newest != NULL;
    while (newest) {
        cito_post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        cito_post *next = oldest->next; /* the post is gone when it has run */
        oldest->run(oldest->data);
        oldest = next;
    }
    return any;
}

/* ---- one turn ---------------------------------------------------------------------------------------------------------------- */
static void nothing_to_do(uv_idle_t *idle) { (void)idle; }

static void before_waiting(uv_prepare_t *prepare)
{
    cito_loop *loop = prepare->data;
    bool more = true;
    __atomic_store_n(&loop->polling, 0, __ATOMIC_SEQ_CST);
    for (int round = 0; more && round < ROUNDS_BEFORE_EVENTS; round++) {
        bool posted = run_posts(loop), ready = cito_coroutines_run_ready(loop);
        loop->ran |= posted || ready;
        __atomic_store_n(&loop->polling, 1, __ATOMIC_SEQ_CST);
        more = __atomic_load_n(&loop->posts, __ATOMIC_SEQ_CST) || loop->ready_first;
        if (more)
            cito_loop_leave_polling(loop);
    }
    /* An active idle handle keeps libuv from waiting. */
    if (more || (loop->ran && loop->mode == UV_RUN_ONCE) || cito_loop_spins(loop))
        uv_idle_start(&loop->idle, nothing_to_do);
    else
        uv_idle_stop(&loop->idle);
}

static void woken(uv_async_t *async) { (void)async; /* the posts are run before the next wait */ }

void cito_loop_run(cito_loop *loop, uv_run_mode mode)
{
    uv_run_mode outer = loop->mode;
    if (!cito_loop_is_here(loop))
        loop->thread = pthread_self();
    cito_watch_start(loop);
    loop->mode = mode;
    loop->ran = loop->ready_first != NULL;
    uv_run(&loop->uv, mode);
    if (mode != UV_RUN_DEFAULT) { /* what the events have brought belongs to this turn */
        run_posts(loop);
        cito_coroutines_run_ready(loop);
    }
    __atomic_store_n(&loop->polling, 0, __ATOMIC_SEQ_CST);
    loop->mode = outer;
}

void cito_loop_stop(cito_loop *loop) { uv_stop(&loop->uv); }

uv_loop_t *cito_loop_uv(cito_loop *loop) { return &loop->uv; }

uint64_t cito_loop_now_ms(const cito_loop *loop) { return uv_now(&loop->uv); }

/* ---- life -------------------------------------------------------------------------------------------------------------------- */
static void require_uv(int error, const char *what)
{
    if (error)
        cito_die(1, "libuv gives no %s: %s. Raise the limit of open files (ulimit -n).", what, uv_strerror(error));
}

static void open_handles(cito_loop *loop)
{
    require_uv(uv_loop_init(&loop->uv), "event loop");
    require_uv(uv_async_init(&loop->uv, &loop->async, woken), "event to wake the loop");
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_idle_init(&loop->uv, &loop->idle);
    uv_timer_init(&loop->uv, &loop->timer);
    uv_prepare_start(&loop->prepare, before_waiting);
    loop->prepare.data = loop->timer.data = loop;
}

static size_t whole_pages(size_t bytes)
{
    /* Sanitizers pad every variable. */
    size_t factor = CITO_ASAN || CITO_TSAN ? 4 : 1;
    size_t wanted = (bytes ? bytes : DEFAULT_STACK_SIZE) * factor;
    return ((wanted < SMALLEST_STACK_SIZE ? SMALLEST_STACK_SIZE : wanted) + 4095) & ~(size_t)4095;
}

cito_loop *cito_loop_new(const cito_loop_options *options)
{
    static const cito_loop_options defaults;
    const cito_loop_options *chosen = options ? options : &defaults;
    cito_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        cito_abort("out of memory: no %zu bytes for a loop", sizeof *loop);
    loop->thread = pthread_self();
    loop->stack_size = whole_pages(chosen->stack_size);
    loop->memory_limit = chosen->request_memory_limit ? chosen->request_memory_limit : default_memory_limit;
    loop->timers.armed_ns = UINT64_MAX;
    pthread_mutex_init(&loop->started_guard, NULL);
    cito_threadpool_init(&loop->pool, chosen->threadpool_size ? chosen->threadpool_size : DEFAULT_THREADS);
    cito_watch_init(&loop->watch, chosen->slow_callback_ms);
    open_handles(loop);
    cito_overflow_watch_process();
    cito_overflow_watch_thread(NULL, &loop->signal_stack);
    return loop;
}

typedef struct cito_loop_closer {
    void (*run)(cito_loop *);
    struct cito_loop_closer *next;
} cito_loop_closer;

void cito_loop_on_close(cito_loop *loop, void (*run)(cito_loop *))
{
    cito_loop_closer *closer = malloc(sizeof *closer);
    if (!closer)
        cito_abort("out of memory: no %zu bytes for a loop's closer", sizeof *closer);
    *closer = (cito_loop_closer){ run, loop->closers };
    loop->closers = closer;
}

static void (*take_closer(cito_loop *loop))(cito_loop *)
{
    cito_loop_closer *closer = loop->closers;
    void (*run)(cito_loop *) = closer ? closer->run : NULL;
    if (closer) {
        loop->closers = closer->next;
        free(closer);
    }
    return run;
}

void cito_loop_close(cito_loop *loop)
{
    for (void (*run)(cito_loop *); (run = take_closer(loop));)
        run(loop);
}

static void close_handles(cito_loop *loop)
{
    uv_close((uv_handle_t *)&loop->async, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    uv_close((uv_handle_t *)&loop->timer, NULL);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    uv_run(&loop->uv, UV_RUN_NOWAIT); /* handles that closed others */
    if (uv_loop_close(&loop->uv) == UV_EBUSY)
        cito_log_write(CITO_LOG_ERROR, "the event loop ends while handles are still open on it: whoever opened them must close them first");
}

void cito_loop_free(cito_loop *loop)
{
    cito_threadpool_finish(&loop->pool);
    run_posts(loop); /* its last calls' */
    cito_watch_finish(loop);
    close_handles(loop);
    cito_coroutines_free(loop);
    cito_lifetimes_free(loop);
    cito_overflow_unwatch_thread(loop->signal_stack);
    pthread_mutex_destroy(&loop->started_guard);
    while (take_closer(loop)) {
    }
    free(loop->timers.nodes);
    free(loop);
}

cito_loop_stats cito_loop_stats_now(const cito_loop *loop)
{
    cito_threadpool *pool = (cito_threadpool *)(uintptr_t)&loop->pool;
    pthread_mutex_lock(&pool->guard);
    cito_loop_stats stats = { .threads_running = pool->thread_count - pool->idle_count,
                              .threads_waiting = pool->queued_count,
                              .coroutines = loop->coroutine_count,
                              .stacks_pooled = loop->warm_count + loop->cold_count };
    pthread_mutex_unlock(&pool->guard);
    return stats;
}

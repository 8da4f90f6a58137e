/* Watch: names the callable that holds up the loop: where it returns or waits again, and, for one that does not, from a thread of its own.
 *
 * Invariants: slice_start_ns is 0 while no coroutine runs; a slice that the thread has reported is not reported by it again. On the way of a
 * request stands a read of the coarse clock, no system call. The thread sleeps for good while the loop waits for events.
 * Threading: the loop's thread writes, the watching thread reads, atomically; callables are static data. */
#include "base/log.h"
#include "loop/state.h"

enum { DEFAULT_SLOW_MS = 100, STUCK_FACTOR = 10 };

void cito_watch_init(cito_watch *watch, unsigned slow_callback_ms)
{
    *watch = (cito_watch){ .limit_ns = (uint64_t)(slow_callback_ms ? slow_callback_ms : DEFAULT_SLOW_MS) * 1000000 };
    if (slow_callback_ms == UINT32_MAX)
        watch->limit_ns = UINT64_MAX;
}

static void say(const cito_callable *running, uint64_t held_ns, const char *still)
{
    const char *remedy = "every other request of this worker waits. Use CITO_DEF, cito_run_in_threadpool or cito_sleep.";
    double held_s = (double)held_ns / 1e9;
    if (running)
        cito_log_write(CITO_LOG_WARNING, "%s (%s:%d) has held the event loop for %.2f s%s: %s", running->name, running->file, running->line,
                       held_s, still, remedy);
    else
        cito_log_write(CITO_LOG_WARNING, "the event loop was held for %.2f s%s: %s", held_s, still, remedy);
}

void cito_watch_report(cito_loop *loop, uint64_t now_ns)
{
    uint64_t start_ns = __atomic_load_n(&loop->watch.slice_start_ns, __ATOMIC_RELAXED);
    if (!start_ns)
        return;
    say(__atomic_load_n(&loop->watch.running, __ATOMIC_RELAXED), now_ns - start_ns, "");
    __atomic_store_n(&loop->watch.slice_start_ns, cito_watch_now_ns(), __ATOMIC_RELEASE); /* who runs next begins anew */
}

static void look(cito_watch *watch)
{
    uint64_t start_ns = __atomic_load_n(&watch->slice_start_ns, __ATOMIC_ACQUIRE);
    if (!start_ns || start_ns == watch->slices_blamed)
        return;
    const cito_callable *running = __atomic_load_n(&watch->running, __ATOMIC_RELAXED);
    uint64_t now_ns = cito_watch_now_ns();
    if (now_ns - start_ns < watch->limit_ns * STUCK_FACTOR || __atomic_load_n(&watch->slice_start_ns, __ATOMIC_ACQUIRE) != start_ns)
        return;
    watch->slices_blamed = start_ns;
    say(running, now_ns - start_ns, " and still does");
}

static void *watch_main(void *data)
{
    cito_loop *loop = data;
    cito_watch *watch = &loop->watch;
    uint64_t period_ns = watch->limit_ns * STUCK_FACTOR / 2;
    while (!__atomic_load_n(&watch->stopping, __ATOMIC_ACQUIRE)) {
        cito_parker_park(&watch->parker, period_ns); /* first, so that a quiet loop wakes this thread once a period, not for each request */
        look(watch);
        if (!__atomic_load_n(&loop->polling, __ATOMIC_SEQ_CST))
            continue;
        __atomic_store_n(&watch->asleep, 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&loop->polling, __ATOMIC_SEQ_CST)) /* else the loop has not seen that we sleep */
            cito_parker_park(&watch->parker, CITO_PARK_FOR_EVER);
        __atomic_store_n(&watch->asleep, 0, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

void cito_watch_start(cito_loop *loop)
{
    cito_watch *watch = &loop->watch;
    if (watch->started || watch->limit_ns == UINT64_MAX)
        return;
    watch->started = pthread_create(&watch->thread, NULL, watch_main, loop) == 0;
    if (watch->started)
        pthread_setname_np(watch->thread, "cito-watch");
    else
        watch->limit_ns = UINT64_MAX;
}

void cito_watch_finish(cito_loop *loop)
{
    if (!loop->watch.started)
        return;
    __atomic_store_n(&loop->watch.stopping, 1, __ATOMIC_RELEASE);
    cito_parker_unpark(&loop->watch.parker);
    pthread_join(loop->watch.thread, NULL);
}

/* The loop has something to do: posts need not wake it any more, and the watching thread must look again. */
void cito_loop_leave_polling(cito_loop *loop)
{
    __atomic_store_n(&loop->polling, 0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&loop->watch.asleep, __ATOMIC_SEQ_CST))
        cito_parker_unpark(&loop->watch.parker);
}

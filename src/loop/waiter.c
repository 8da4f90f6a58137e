/* Waiter: one wait of a coroutine or a thread until somebody, perhaps on another thread, wakes it. Also cito_sleep, which nobody wakes.
 *
 * Invariants: woken is set before the waiter goes on, and nothing of the waiter is touched after that by who wakes it.
 * Threading: waits on the context's thread; a wake from any. A coroutine of another loop is woken by a post to that loop. */
#include "base/clock.h"
#include "loop/state.h"

void cito_waiter_init(cito_waiter *waiter, cito_context *context) { *waiter = (cito_waiter){ .context = context }; }

static bool is_woken(const cito_waiter *waiter) { return __atomic_load_n(&waiter->woken, __ATOMIC_ACQUIRE) != 0; }

static bool is_interrupted(const cito_context *context)
{
    double after_s;
    return cito_interrupts_of(context, &after_s) != 0;
}

static void park_until(const cito_context *context, uint64_t deadline_ns)
{
    uint64_t now_ns = deadline_ns == UINT64_MAX ? 0 : cito_clock_monotonic_ns();
    if (deadline_ns == UINT64_MAX)
        cito_parker_park(context->parker, CITO_PARK_FOR_EVER);
    else if (deadline_ns > now_ns)
        cito_parker_park(context->parker, deadline_ns - now_ns);
}

bool cito_waiter_wait(cito_waiter *waiter, bool interruptible)
{
    cito_context *context = waiter->context;
    while (!is_woken(waiter)) {
        if (context->coroutine) {
            if (cito_coroutine_wait(interruptible) && !is_woken(waiter))
                return false;
        } else {
            if (interruptible && is_interrupted(context))
                return is_woken(waiter);
            park_until(context, interruptible ? cito_context_next_deadline(context) : UINT64_MAX);
        }
    }
    return true;
}

static void wake_coroutine(void *data)
{
    cito_waiter *waiter = data;
    cito_coroutine *coroutine = waiter->context->coroutine;
    __atomic_store_n(&waiter->woken, 1, __ATOMIC_RELEASE);
    if (coroutine->state == CITO_COROUTINE_SUSPENDED)
        cito_coroutine_make_ready(coroutine);
}

void cito_waiter_wake(cito_waiter *waiter)
{
    cito_context *context = waiter->context;
    if (!context->coroutine) {
        cito_parker *parker = context->parker;
        __atomic_store_n(&waiter->woken, 1, __ATOMIC_RELEASE);
        cito_parker_unpark(parker);
    } else if (cito_loop_is_here(context->loop)) {
        wake_coroutine(waiter);
    } else {
        waiter->post = (cito_post){ .run = wake_coroutine, .data = waiter };
        cito_loop_post_node(context->loop, &waiter->post);
    }
}

/* ---- sleep ------------------------------------------------------------------------------------------------------------------- */
typedef struct sleeper {
    cito_loop_timer timer;
    cito_coroutine *coroutine;
    bool over;
} sleeper;

static void sleep_over(cito_loop_timer *timer)
{
    sleeper *sleeping = (sleeper *)((char *)timer - offsetof(sleeper, timer));
    sleeping->over = true;
    cito_coroutine_resume(sleeping->coroutine);
}

static void sleep_in_coroutine(cito_context *context, double seconds)
{
    sleeper sleeping = { .timer.fire = sleep_over, .coroutine = context->coroutine };
    if (!(seconds > 0)) {
        /* As asyncio.sleep(0): everybody who is ready comes first. */
        cito_coroutine_check();
        cito_coroutine_make_ready(context->coroutine);
        cito_coroutine_wait(false);
        return;
    }
    cito_timer_set(context->loop, &sleeping.timer, cito_deadline_after(seconds));
    while (!sleeping.over)
        if (cito_coroutine_wait(true) && !sleeping.over) {
            cito_timer_unset(context->loop, &sleeping.timer);
            cito_coroutine_check();
        }
}

void cito_sleep(double seconds)
{
    cito_context *context = cito_context_require("cito_sleep");
    if (context->coroutine) {
        sleep_in_coroutine(context, seconds);
        return;
    }
    uint64_t end_ns = cito_deadline_after(seconds);
    for (;;) {
        cito_coroutine_check();
        if (cito_clock_monotonic_ns() >= end_ns)
            return;
        uint64_t deadline_ns = cito_context_next_deadline(context);
        park_until(context, deadline_ns < end_ns ? deadline_ns : end_ns);
    }
}

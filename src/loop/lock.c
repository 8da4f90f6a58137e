/* Lock: mutual exclusion between coroutines of any loop and threads. Free and uncontended it is one compare-and-swap.
 *
 * Invariants: word is FREE, HELD, or CONTENDED; the list is touched under the guard, and is empty unless the word is CONTENDED. The lock is
 * handed to the first that waits without becoming free, so nobody starves and nobody overtakes.
 * Threading: any. The guard is held for a few instructions only, never while anybody waits. */
#include "loop/state.h"

typedef struct lock_state {
    pthread_mutex_t guard;
    cito_waiter *first, *last;
    uint32_t word; /* atomic */
} lock_state;
enum { LOCK_FREE, LOCK_HELD, LOCK_CONTENDED };
_Static_assert(sizeof(lock_state) <= sizeof(cito_lock), "cito_lock has room for its state");
/* All zero is the value that PTHREAD_MUTEX_INITIALIZER gives on Linux, so a static cito_lock needs no set-up. */

static lock_state *state_of(cito_lock *lock) { return (lock_state *)lock->state; }

static bool change(lock_state *lock, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&lock->word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* false: it is ours now. */
static bool enqueue(lock_state *lock, cito_waiter *waiter)
{
    bool waits = true;
    pthread_mutex_lock(&lock->guard);
    for (;;) {
        if (change(lock, LOCK_FREE, LOCK_HELD)) {
            waits = false;
            break;
        }
        if (change(lock, LOCK_HELD, LOCK_CONTENDED) || __atomic_load_n(&lock->word, __ATOMIC_ACQUIRE) == LOCK_CONTENDED)
            break;
    }
    if (waits) {
        waiter->previous = lock->last;
        *(lock->last ? &lock->last->next : &lock->first) = waiter;
        lock->last = waiter;
    }
    pthread_mutex_unlock(&lock->guard);
    return waits;
}

static void unlink_waiter(lock_state *lock, cito_waiter *waiter)
{
    *(waiter->previous ? &waiter->previous->next : &lock->first) = waiter->next;
    *(waiter->next ? &waiter->next->previous : &lock->last) = waiter->previous;
    if (!lock->first)
        __atomic_store_n(&lock->word, LOCK_HELD, __ATOMIC_RELEASE);
}

/* Whether it could be taken back; else the lock has been handed to it. */
static bool take_back(lock_state *lock, cito_waiter *waiter)
{
    pthread_mutex_lock(&lock->guard);
    bool waits = waiter->previous || lock->first == waiter;
    if (waits)
        unlink_waiter(lock, waiter);
    pthread_mutex_unlock(&lock->guard);
    return waits;
}

void cito_lock_release(cito_lock *public_lock)
{
    lock_state *lock = state_of(public_lock);
    if (change(lock, LOCK_HELD, LOCK_FREE))
        return;
    pthread_mutex_lock(&lock->guard);
    cito_waiter *next = lock->first;
    if (next) {
        unlink_waiter(lock, next);
        next->previous = next->next = NULL;
    } else { /* whoever waited has just been taken back */
        __atomic_store_n(&lock->word, LOCK_FREE, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&lock->guard);
    if (next)
        cito_waiter_wake(next);
}

static void wait_for(cito_lock *public_lock, cito_context *context)
{
    lock_state *lock = state_of(public_lock);
    cito_waiter waiter;
    cito_waiter_init(&waiter, context);
    if (!enqueue(lock, &waiter) || cito_waiter_wait(&waiter, true))
        return;
    if (!take_back(lock, &waiter)) {
        cito_waiter_wait(&waiter, false); /* the wake is on its way and still needs the waiter */
        cito_lock_release(public_lock);
    }
    cito_coroutine_check();
}

struct cito_scope cito_lock_enter(cito_lock *lock)
{
    cito_context *context = cito_context_require("cito_with_lock");
    struct cito_open_scope *scope = cito_scope_open(context, CITO_SCOPE_LOCK);
    if (!change(state_of(lock), LOCK_FREE, LOCK_HELD))
        wait_for(lock, context); /* a raise here ends the scope, which holds nothing yet */
    scope->lock = lock;
    return (struct cito_scope){ scope };
}

void cito_lock_leave(struct cito_scope *scope) { cito_scope_leave(scope); }

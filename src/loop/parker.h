/* Parker: how one thread waits and another wakes it: a token that unpark leaves and park takes. Linux's futex, as a pool thread is woken for
 * each hop and a condition variable would cost a mutex beside it.
 *
 * Thread rule: one thread parks; any may unpark. A token left before park ends it at once; park may return without one: callers test what
 * they wait for in a loop. */
#pragma once
#include <errno.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef struct cito_parker {
    uint32_t state; /* atomic */
} cito_parker;
enum { CITO_PARKER_EMPTY, CITO_PARKER_TOKEN, CITO_PARKER_ASLEEP };
#define CITO_PARK_FOR_EVER UINT64_MAX

static inline void cito_parker_park(cito_parker *parker, uint64_t timeout_ns)
{
    uint32_t expected = CITO_PARKER_EMPTY;
    if (__atomic_compare_exchange_n(&parker->state, &expected, CITO_PARKER_ASLEEP, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        struct timespec timeout = { .tv_sec = (time_t)(timeout_ns / 1000000000), .tv_nsec = (long)(timeout_ns % 1000000000) };
        syscall(SYS_futex, &parker->state, FUTEX_WAIT_PRIVATE, CITO_PARKER_ASLEEP, timeout_ns == CITO_PARK_FOR_EVER ? NULL : &timeout, NULL,
                0);
    }
    __atomic_exchange_n(&parker->state, CITO_PARKER_EMPTY, __ATOMIC_SEQ_CST);
}

static inline void cito_parker_unpark(cito_parker *parker)
{
    if (__atomic_exchange_n(&parker->state, CITO_PARKER_TOKEN, __ATOMIC_SEQ_CST) == CITO_PARKER_ASLEEP)
        syscall(SYS_futex, &parker->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

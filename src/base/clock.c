/* Clock: clock_gettime behind a table of two functions.
 *
 * Invariant: `current` is never NULL.
 * Threading: reading from any thread; replaced only while one thread runs. */
#include "base/clock.h"

#include <cito/call.h>
#include <time.h>

static uint64_t read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now); /* cannot fail: both clocks always exist on Linux */
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t system_monotonic_ns(void) { return read_ns(CLOCK_MONOTONIC); }
static int64_t system_wall_ns(void) { return (int64_t)read_ns(CLOCK_REALTIME); }

static const cito_clock_source system_clock = { system_monotonic_ns, system_wall_ns };
static const cito_clock_source *current = &system_clock;

uint64_t cito_clock_monotonic_ns(void) { return current->monotonic_ns(); }
int64_t cito_clock_wall_ns(void) { return current->wall_ns(); }
void cito_clock_replace(const cito_clock_source *source) { current = source ? source : &system_clock; }

double cito_now(void)
{
    /* Seconds and the rest apart: as nanoseconds the time of today has more digits than a double. */
    int64_t now = cito_clock_wall_ns(), seconds = now / 1000000000, rest_ns = now % 1000000000;
    return (double)seconds + (double)rest_ns / 1e9;
}

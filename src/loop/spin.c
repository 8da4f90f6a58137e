/* Spin: a short while in which the loop turns instead of sleeping, as a reply is due.
 *
 * Falling asleep and being woken costs 5 microseconds on a machine of one's own and hundreds where a hypervisor takes the idle core away; a reply of Redis next door
 * or of a thread of this process takes 10 to 40. So it pays to look for them a little longer, and never to look for what takes long: a row of misses ends it.
 *
 * Invariant: loop->spins counts the spins whose end_ns is set. With one core only nothing spins: who is waited for could not run.
 * Threading: the loop's thread. */
#include "base/clock.h"
#include "loop/state.h"

#include <sched.h>

enum { TRIES = 4, SKIPS = 64 };

static bool has_cores(void)
{
    cpu_set_t usable;
    return sched_getaffinity(0, sizeof usable, &usable) != 0 || CPU_COUNT(&usable) > 1;
}

void cito_spin_init(cito_spin *spin, cito_loop *loop, unsigned most_us)
{
    *spin = (cito_spin){ .loop = loop, .most_ns = most_us * UINT64_C(1000), .left = has_cores() ? TRIES : 0 };
}

void cito_spin_begin(cito_spin *spin)
{
    if (spin->end_ns || (spin->left == 0 && (++spin->skipped % SKIPS || !has_cores())))
        return;
    cito_loop *loop = spin->loop;
    spin->end_ns = cito_clock_monotonic_ns() + spin->most_ns;
    loop->spins++;
    if (loop->spin_end_ns < spin->end_ns)
        loop->spin_end_ns = spin->end_ns;
}

void cito_spin_end(cito_spin *spin)
{
    if (!spin->end_ns)
        return;
    bool was_enough = cito_clock_monotonic_ns() <= spin->end_ns;
    spin->left = was_enough ? TRIES : spin->left > 0 ? spin->left - 1 : 0;
    spin->end_ns = 0;
    spin->loop->spins--;
}

bool cito_loop_spins(cito_loop *loop) { return loop->spins > 0 && cito_clock_monotonic_ns() < loop->spin_end_ns; }

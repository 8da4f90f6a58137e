/* Timeouts: rings of armed time-outs, one for each kind.
 *
 * Invariant: a ring is in the order of its deadlines, as its kind has one duration and the clock does not go back.
 * Threading: the loop's thread. */
#include "server/timeout.h"

#include <stddef.h>

/* A deadline that would move by less than this stays: a busy connection is moved to the end of its ring a few times a second, not at every request. */
enum { GRAIN_MS = 128 };

void cito_timeouts_init(cito_timeouts *timeouts)
{
    *timeouts = (cito_timeouts){ 0 };
    for (int kind = 0; kind < CITO_TIMEOUT_KINDS; kind++)
        timeouts->first[kind].previous = timeouts->first[kind].next = &timeouts->first[kind];
}

static void take_off(cito_timeouts *timeouts, cito_timeout *timeout)
{
    timeout->previous->next = timeout->next;
    timeout->next->previous = timeout->previous;
    timeout->previous = timeout->next = NULL;
    timeout->kind = CITO_TIMEOUT_NONE;
    timeouts->armed--;
}

void cito_timeout_set(cito_timeouts *timeouts, cito_timeout *timeout, cito_timeout_kind kind, uint64_t now_ms)
{
    uint64_t deadline_ms = now_ms + timeouts->duration_ms[kind];
    if (timeout->kind == kind && (kind == CITO_TIMEOUT_NONE || deadline_ms - timeout->deadline_ms < GRAIN_MS))
        return;
    if (timeout->kind != CITO_TIMEOUT_NONE)
        take_off(timeouts, timeout);
    if (kind == CITO_TIMEOUT_NONE)
        return;
    cito_timeout *ring = &timeouts->first[kind];
    timeout->kind = kind;
    timeout->deadline_ms = deadline_ms;
    timeout->previous = ring->previous;
    timeout->next = ring;
    ring->previous->next = timeout;
    ring->previous = timeout;
    timeouts->armed++;
}

cito_timeout *cito_timeouts_pop(cito_timeouts *timeouts, uint64_t now_ms, cito_timeout_kind *out_kind)
{
    for (int kind = 0; kind < CITO_TIMEOUT_KINDS; kind++) {
        cito_timeout *first = timeouts->first[kind].next;
        if (first == &timeouts->first[kind] || first->deadline_ms > now_ms)
            continue;
        take_off(timeouts, first);
        *out_kind = (cito_timeout_kind)kind;
        return first;
    }
    return NULL;
}

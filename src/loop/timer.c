/* Timer: a heap with four children a node over one timer of libuv, so that a sleep costs neither a malloc nor a handle to close.
 *
 * Invariants: nodes[i]->place == i + 1; no node's deadline is before its parent's; uv's timer goes off no later than the first deadline.
 * Threading: the loop's thread. */
#include "base/clock.h"
#include "base/log.h"
#include "loop/state.h"

#include <stdlib.h>

enum { CHILDREN = 4 };

uint64_t cito_deadline_after(double seconds)
{
    const double century_s = 3155760000.0;
    uint64_t now_ns = cito_clock_monotonic_ns();
    if (!(seconds > 0)) /* not a number too */
        return now_ns;
    return now_ns + (uint64_t)((seconds < century_s ? seconds : century_s) * 1e9);
}

static void put(cito_timer_heap *heap, size_t index, cito_loop_timer *timer)
{
    heap->nodes[index] = timer;
    timer->place = index + 1;
}

static void sift_up(cito_timer_heap *heap, size_t index, cito_loop_timer *timer)
{
    while (index > 0) {
        size_t parent = (index - 1) / CHILDREN;
        if (heap->nodes[parent]->deadline_ns <= timer->deadline_ns)
            break;
        put(heap, index, heap->nodes[parent]);
        index = parent;
    }
    put(heap, index, timer);
}

static void sift_down(cito_timer_heap *heap, size_t index, cito_loop_timer *timer)
{
    for (;;) {
        size_t first = index * CHILDREN + 1, least = first;
        if (first >= heap->count)
            break;
        for (size_t child = first + 1; child < first + CHILDREN && child < heap->count; child++)
            if (heap->nodes[child]->deadline_ns < heap->nodes[least]->deadline_ns)
                least = child;
        if (heap->nodes[least]->deadline_ns >= timer->deadline_ns)
            break;
        put(heap, index, heap->nodes[least]);
        index = least;
    }
    put(heap, index, timer);
}

static void arm(cito_loop *loop)
{
    cito_timer_heap *heap = &loop->timers;
    uint64_t first_ns = heap->count ? heap->nodes[0]->deadline_ns : UINT64_MAX;
    if (first_ns >= heap->armed_ns) /* an early alarm is cheaper than moving it */
        return;
    uint64_t now_ns = cito_clock_monotonic_ns();
    uint64_t delay_ms = first_ns > now_ns ? (first_ns - now_ns + 999999) / 1000000 : 0;
    /* libuv counts from the time at which this turn of the loop began. */
    uint64_t late_ms = uv_hrtime() / 1000000 - uv_now(&loop->uv);
    uv_timer_start(&loop->timer, cito_timers_fired, delay_ms + late_ms, 0);
    heap->armed_ns = first_ns;
}

void cito_timer_set(cito_loop *loop, cito_loop_timer *timer, uint64_t deadline_ns)
{
    cito_timer_heap *heap = &loop->timers;
    if (heap->count == heap->capacity) {
        size_t capacity = heap->capacity ? heap->capacity * 2 : 64;
        cito_loop_timer **nodes = realloc(heap->nodes, capacity * sizeof(cito_loop_timer *));
        if (!nodes)
            cito_abort("out of memory: no room for %zu timers", capacity);
        heap->nodes = nodes;
        heap->capacity = capacity;
    }
    timer->deadline_ns = deadline_ns;
    heap->count++;
    sift_up(heap, heap->count - 1, timer);
    arm(loop);
}

void cito_timer_unset(cito_loop *loop, cito_loop_timer *timer)
{
    cito_timer_heap *heap = &loop->timers;
    if (timer->place == 0)
        return;
    size_t index = timer->place - 1;
    timer->place = 0;
    heap->count--;
    if (index == heap->count)
        return;
    cito_loop_timer *moved = heap->nodes[heap->count];
    if (index > 0 && heap->nodes[(index - 1) / CHILDREN]->deadline_ns > moved->deadline_ns)
        sift_up(heap, index, moved);
    else
        sift_down(heap, index, moved);
}

void cito_timers_fired(uv_timer_t *alarm)
{
    cito_loop *loop = alarm->data;
    cito_timer_heap *heap = &loop->timers;
    uint64_t now_ns = cito_clock_monotonic_ns(); /* once: what is set meanwhile waits for the next turn */
    heap->armed_ns = UINT64_MAX;
    while (heap->count && heap->nodes[0]->deadline_ns <= now_ns) {
        cito_loop_timer *due = heap->nodes[0];
        cito_timer_unset(loop, due);
        due->fire(due);
    }
    arm(loop);
}

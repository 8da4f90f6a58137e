/* Coroutine: user code on a stack of its own, on the loop's thread. It is left by suspending and entered again by the loop.
 *
 * Invariants: the struct lies at the top of the coroutine's stack and lives as long as that: an ended coroutine waits in its own trampoline
 * for its next entry, so that one that does not wait costs two switches and no system call. The warm pool keeps its pages; deeper ones give
 * theirs back. A coroutine is in the ready queue exactly while its state is READY.
 * Threading: the loop's thread; a coroutine never changes threads, so thread-local addresses stay valid across a switch. */
#include "base/log.h"
#include "loop/state.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(LOW, HIGH) ((void)(LOW), (void)(HIGH), 0)
#define VALGRIND_STACK_DEREGISTER(ID)      ((void)(ID))
#endif

/* An ended coroutine's struct and its trampoline's frames fit into one page. */
enum { WARM_STACKS = 256, POOLED_STACKS = 4096, KEPT_OF_A_COLD_STACK = 4096 };

/* Boost.Context's switch, in assembly: no header of C declares it. */
typedef struct transfer {
    void *from, *data;
} transfer;
void *make_fcontext(void *high, size_t size, void (*entry)(transfer));
transfer jump_fcontext(void *to, void *data);

#if CITO_ASAN
void __sanitizer_start_switch_fiber(void **fake_stack_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack_save, const void **bottom_old, size_t *size_old);
#define switch_starts(FAKE, LOW, SIZE) __sanitizer_start_switch_fiber(FAKE, LOW, SIZE)
#define switch_ends(FAKE, LOW, SIZE)   __sanitizer_finish_switch_fiber(FAKE, LOW, SIZE)
#else
#define switch_starts(FAKE, LOW, SIZE) ((void)(FAKE))
#define switch_ends(FAKE, LOW, SIZE)   ((void)(FAKE))
#endif
#if CITO_TSAN
void *__tsan_get_current_fiber(void), *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber), __tsan_switch_to_fiber(void *fiber, unsigned flags);
#else
#define __tsan_get_current_fiber()           NULL
#define __tsan_create_fiber(FLAGS)           NULL
#define __tsan_destroy_fiber(FIBER)          ((void)(FIBER))
#define __tsan_switch_to_fiber(FIBER, FLAGS) ((void)(FIBER))
#endif

static void leave(cito_coroutine *self)
{
    switch_starts(&self->fake_stack, self->caller_low, self->caller_size);
    __tsan_switch_to_fiber(self->caller_fiber, 0);
    transfer entered = jump_fcontext(self->caller, NULL);
    self->caller = entered.from;
    switch_ends(self->fake_stack, &self->caller_low, &self->caller_size);
}

static void trampoline(transfer entered)
{
    cito_coroutine *self = entered.data;
    self->caller = entered.from;
    switch_ends(NULL, &self->caller_low, &self->caller_size);
    for (;;) {
        self->entry(self->data);
        if (self->owns_lifetime && self->context.lifetime)
            cito_lifetime_finish(self->context.lifetime);
        self->state = CITO_COROUTINE_IDLE;
        leave(self);
    }
}

static cito_coroutine *coroutine_new(cito_loop *loop)
{
    cito_stack stack;
    cito_stack_map(&stack, loop->stack_size);
    size_t head = (sizeof(cito_coroutine) + 63) & ~(size_t)63;
    cito_coroutine *coroutine = (cito_coroutine *)(stack.low + stack.size - head); /* fresh pages are zero */
    coroutine->loop = loop;
    coroutine->stack = stack;
    coroutine->valgrind_id = VALGRIND_STACK_REGISTER(stack.low, stack.low + stack.size);
    coroutine->fiber = __tsan_create_fiber(0);
    coroutine->place = make_fcontext(coroutine, stack.size - head, trampoline);
    coroutine->context = (cito_context){ .coroutine = coroutine, .loop = loop };
    coroutine->all_next = loop->all;
    coroutine->all_link = &loop->all;
    if (loop->all)
        loop->all->all_link = &coroutine->all_next;
    loop->all = coroutine;
    return coroutine;
}

static void coroutine_free(cito_coroutine *coroutine)
{
    *coroutine->all_link = coroutine->all_next;
    if (coroutine->all_next)
        coroutine->all_next->all_link = coroutine->all_link;
    cito_stack stack = coroutine->stack;
    VALGRIND_STACK_DEREGISTER(coroutine->valgrind_id);
    __tsan_destroy_fiber(coroutine->fiber);
    cito_stack_unmap(&stack);
}

void cito_coroutines_free(cito_loop *loop)
{
    while (loop->all)
        coroutine_free(loop->all);
    loop->warm = loop->cold = NULL;
}

/* What an entry may have left in its context; the loop and the coroutine in it stay. To clear the whole struct costs as much as a switch. */
static void context_clear(cito_context *context)
{
    context->boundary = NULL;
    context->scopes = context->spare_scopes = NULL;
    context->running = NULL;
    context->started = NULL;
    context->shielded = false;
}

/* ---- life -------------------------------------------------------------------------------------------------------------------- */
static cito_coroutine *take_pooled(cito_loop *loop)
{
    cito_coroutine *coroutine;
    if ((coroutine = loop->warm)) {
        loop->warm = coroutine->next;
        loop->warm_count--;
    } else if ((coroutine = loop->cold)) {
        loop->cold = coroutine->next;
        loop->cold_count--;
    } else {
        coroutine = coroutine_new(loop);
    }
    return coroutine;
}

cito_coroutine *cito_coroutine_take(cito_loop *loop, cito_lifetime *lifetime, void (*entry)(void *data), void *data)
{
    cito_coroutine *coroutine = take_pooled(loop);
    coroutine->entry = entry;
    coroutine->data = data;
    coroutine->state = CITO_COROUTINE_SUSPENDED;
    coroutine->owns_lifetime = !lifetime;
    coroutine->wake_kept = false;
    if (!lifetime)
        lifetime = cito_lifetime_new(loop, NULL);
    coroutine->context.arena = lifetime->arena;
    coroutine->context.lifetime = lifetime;
    coroutine->context.deferred = &lifetime->deferred;
    coroutine->lifetime_next = lifetime->coroutines;
    coroutine->lifetime_link = &lifetime->coroutines;
    if (lifetime->coroutines)
        lifetime->coroutines->lifetime_link = &coroutine->lifetime_next;
    lifetime->coroutines = coroutine;
    loop->coroutine_count++;
    return coroutine;
}

void cito_coroutine_detach(cito_coroutine *coroutine)
{
    if (!coroutine->lifetime_link)
        return;
    *coroutine->lifetime_link = coroutine->lifetime_next;
    if (coroutine->lifetime_next)
        coroutine->lifetime_next->lifetime_link = coroutine->lifetime_link;
    coroutine->lifetime_link = NULL;
}

static void give_back(cito_loop *loop, cito_coroutine *coroutine)
{
    cito_coroutine_detach(coroutine);
    context_clear(&coroutine->context);
    loop->coroutine_count--;
    if (loop->warm_count < WARM_STACKS) {
        coroutine->next = loop->warm;
        loop->warm = coroutine;
        loop->warm_count++;
    } else if (loop->cold_count < POOLED_STACKS - WARM_STACKS) {
        cito_stack_trim(&coroutine->stack, KEPT_OF_A_COLD_STACK);
        coroutine->next = loop->cold;
        loop->cold = coroutine;
        loop->cold_count++;
    } else {
        coroutine_free(coroutine);
    }
}

void cito_coroutine_enter(cito_coroutine *coroutine)
{
    cito_loop *loop = coroutine->loop;
    cito_context *outer = cito_context_current;
    bool outermost = !outer || !outer->coroutine;
    if (outermost)
        cito_watch_begin(loop, coroutine->context.running);
    void *fake_stack = NULL;
    coroutine->state = CITO_COROUTINE_RUNNING;
    coroutine->caller_fiber = __tsan_get_current_fiber();
    cito_context_current = &coroutine->context;
    switch_starts(&fake_stack, coroutine->stack.low, coroutine->stack.size);
    __tsan_switch_to_fiber(coroutine->fiber, 0);
    transfer left = jump_fcontext(coroutine->place, coroutine);
    switch_ends(fake_stack, NULL, NULL);
    coroutine->place = left.from;
    cito_context_current = outer;
    if (coroutine->state == CITO_COROUTINE_IDLE)
        give_back(loop, coroutine);
    if (outermost)
        cito_watch_end(loop);
}

void cito_coroutine_spawn(cito_loop *loop, cito_lifetime *lifetime, void (*entry)(void *data), void *data)
{
    cito_coroutine_enter(cito_coroutine_take(loop, lifetime, entry, data));
}

/* ---- waiting ----------------------------------------------------------------------------------------------------------------- */
void cito_coroutine_make_ready(cito_coroutine *coroutine)
{
    cito_loop *loop = coroutine->loop;
    coroutine->state = CITO_COROUTINE_READY;
    coroutine->next = NULL;
    *(loop->ready_last ? &loop->ready_last->next : &loop->ready_first) = coroutine;
    loop->ready_last = coroutine;
}

bool cito_coroutines_run_ready(cito_loop *loop)
{
    cito_coroutine *ready = loop->ready_first;
    bool any = ready != NULL;
    loop->ready_first = loop->ready_last = NULL;
    while (ready) {
        cito_coroutine *next = ready->next;
        cito_coroutine_enter(ready);
        ready = next;
    }
    return any;
}

bool cito_coroutine_wait(bool interruptible)
{
    cito_context *context = cito_context_current;
    if (!context || !context->coroutine)
        cito_abort("cito_coroutine_suspend outside of a coroutine: there is nothing to suspend");
    cito_coroutine *self = context->coroutine;
    double after_s;
    if (interruptible && cito_interrupts_of(context, &after_s))
        return true;
    if (self->wake_kept) {
        self->wake_kept = false;
        return false;
    }
    self->interruptible = interruptible;
    self->interrupted = false;
    if (self->state != CITO_COROUTINE_READY) /* it is where a coroutine only gives way */
        self->state = CITO_COROUTINE_SUSPENDED;
    leave(self);
    return self->interrupted;
}

bool cito_coroutine_suspend(void) { return cito_coroutine_wait(true); }

void cito_coroutine_interrupt(cito_coroutine *coroutine)
{
    double after_s;
    if (coroutine->state != CITO_COROUTINE_SUSPENDED || !coroutine->interruptible || !cito_interrupts_of(&coroutine->context, &after_s))
        return;
    coroutine->interrupted = true;
    cito_coroutine_make_ready(coroutine);
}

void cito_coroutine_resume(cito_coroutine *coroutine)
{
    if (coroutine->state == CITO_COROUTINE_READY) {
        coroutine->interrupted = false; /* what it waited for has come after all; the interrupt ends its next wait */
    } else if (coroutine->state == CITO_COROUTINE_RUNNING) {
        coroutine->wake_kept = true;
    } else if (coroutine->state == CITO_COROUTINE_SUSPENDED) {
        if (cito_context_current && cito_context_current->coroutine)
            cito_coroutine_make_ready(coroutine);
        else
            cito_coroutine_enter(coroutine);
    }
}

bool cito_loop_stack_holds(cito_loop *loop, const void *pointer)
{
    for (const cito_coroutine *coroutine = loop->all; coroutine; coroutine = coroutine->all_next)
        if ((const char *)pointer >= coroutine->stack.low && (const char *)pointer < coroutine->stack.low + coroutine->stack.size)
            return true;
    return cito_threadpool_stack_holds(&loop->pool, pointer);
}

/* Stack: memory for coroutines and pool threads, with an inaccessible guard below, and the handler that turns a fault there into a report.
 *
 * Invariants: the handler calls only what may be called in a signal handler (POSIX 2.4.3). A fault elsewhere goes to whoever handled it
 * before, so that sanitizers and the program's own handler keep working.
 * Threading: mapping from any thread; the handler runs on the thread that faulted and reads that thread's context only. */
#include "base/log.h"
#include "loop/state.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SIGNAL_STACK_SIZE = 64 * 1024 };

static struct sigaction previous_segv, previous_bus;
static _Thread_local cito_stack thread_stack; /* of a pool thread */

void cito_stack_map(cito_stack *stack, size_t size)
{
    char *all = mmap(NULL, CITO_STACK_GUARD + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (all == MAP_FAILED || mprotect(all + CITO_STACK_GUARD, size, PROT_READ | PROT_WRITE) != 0)
        cito_die(1,
                 "No room for one more stack of %zu KiB (%s). Lower --limit-concurrency or --stack-size, or raise the kernel's "
                 "vm.max_map_count: each coroutine takes two mappings.",
                 size / 1024, strerror(errno));
    stack->low = all + CITO_STACK_GUARD;
    stack->size = size;
}

void cito_stack_unmap(cito_stack *stack)
{
#if CITO_ASAN
    /* The next mapping at this address would inherit what frames poisoned here. */
    void __asan_unpoison_memory_region(void const volatile *, size_t);
    __asan_unpoison_memory_region(stack->low, stack->size);
#endif
    munmap(stack->low - CITO_STACK_GUARD, CITO_STACK_GUARD + stack->size);
}

void cito_stack_trim(cito_stack *stack, size_t keep) { madvise(stack->low, stack->size - keep, MADV_DONTNEED); }

/* ---- the report ------------------------------------------------------------------------------------------------------------ */
typedef struct report_text {
    char data[1024];
    size_t len;
} report_text;

static void text_add(report_text *text, const char *chars)
{
    while (*chars && text->len < sizeof text->data)
        text->data[text->len++] = *chars++;
}

static void text_add_number(report_text *text, size_t number)
{
    char digits[24];
    size_t first = sizeof digits - 1;
    digits[first] = '\0';
    do
        digits[--first] = (char)('0' + number % 10);
    while (number /= 10);
    text_add(text, digits + first);
}

static bool is_in_guard(const cito_stack *stack, const char *address)
{
    return stack->low && address < stack->low && address >= stack->low - CITO_STACK_GUARD;
}

static void report(const cito_callable *running, const cito_stack *stack)
{
    report_text text = { .len = 0 };
    text_add(&text, "ERROR:    ");
    if (running) {
        text_add(&text, running->name);
        text_add(&text, " (");
        text_add(&text, running->file);
        text_add(&text, ":");
        text_add_number(&text, (size_t)running->line);
        text_add(&text, ")");
    } else {
        text_add(&text, "A callable");
    }
    text_add(&text, " has overflowed its stack of ");
    text_add_number(&text, stack->size / 1024);
    text_add(&text,
             " KiB: the process ends. Take big arrays from cito_alloc, end the recursion, or give callables more with --stack-size.\n");
    for (size_t done = 0; done < text.len;) {
        ssize_t written = write(STDERR_FILENO, text.data + done, text.len - done);
        if (written <= 0)
            return;
        done += (size_t)written;
    }
}

static void pass_on(int number, siginfo_t *info, void *machine)
{
    const struct sigaction *previous = number == SIGSEGV ? &previous_segv : &previous_bus;
    if (previous->sa_flags & SA_SIGINFO)
        previous->sa_sigaction(number, info, machine);
    else if (previous->sa_handler == SIG_DFL || previous->sa_handler == SIG_IGN)
        signal(number, SIG_DFL); /* the instruction is run again, and now ends the process */
    else
        previous->sa_handler(number);
}

static void faulted(int number, siginfo_t *info, void *machine)
{
    const cito_context *context = cito_context_current;
    const cito_stack *stack = context && context->coroutine ? &context->coroutine->stack : &thread_stack;
    if (!is_in_guard(stack, info->si_addr)) {
        pass_on(number, info, machine);
        return;
    }
    report(context ? context->running : NULL, stack);
    signal(number, SIG_DFL);
}

static void install(void)
{
    struct sigaction action = { .sa_sigaction = faulted, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &previous_segv);
    sigaction(SIGBUS, &action, &previous_bus);
}

void cito_overflow_watch_process(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
}

void cito_overflow_watch_thread(const cito_stack *pool_stack, void **out_signal_stack)
{
    stack_t present;
    *out_signal_stack = NULL;
    if (pool_stack)
        thread_stack = *pool_stack;
    /* A sanitizer's is as good, and must not be taken from it. */
    if (sigaltstack(NULL, &present) != 0 || !(present.ss_flags & SS_DISABLE))
        return;
    stack_t own = { .ss_sp = malloc(SIGNAL_STACK_SIZE), .ss_size = SIGNAL_STACK_SIZE };
    if (!own.ss_sp)
        cito_abort("out of memory: no %d bytes for a signal stack", SIGNAL_STACK_SIZE);
    sigaltstack(&own, NULL);
    *out_signal_stack = own.ss_sp;
}

void cito_overflow_unwatch_thread(void *signal_stack)
{
    thread_stack = (cito_stack){ NULL, 0 };
    if (!signal_stack)
        return;
    stack_t present;
    stack_t off = { .ss_flags = SS_DISABLE };
    if (sigaltstack(NULL, &present) == 0 && present.ss_sp == signal_stack)
        sigaltstack(&off, NULL);
    free(signal_stack);
}

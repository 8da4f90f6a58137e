/* Context: which one runs on this thread, the one of threads outside of any callable, and the public functions that take memory from it.
 *
 * Invariants: an outside context is never freed, as another thread may still be about to wake its parker: it is used again by the next
 * thread that needs one. What cito_grow made is preceded by its room, so that an array from elsewhere is never grown in place.
 * Threading: each thread sees its own context; the list of spare outside contexts is under a lock. */
#include "base/clock.h"
#include "base/log.h"
#include "loop/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Thread_local cito_context *cito_context_current __attribute__((tls_model("initial-exec")));

/* ---- outside of any callable ------------------------------------------------------------------------------------------------- */
typedef struct outside_context {
    cito_context context;
    cito_arena arena;
    cito_deferred *deferred;
    cito_parker parker;
    struct outside_context *next;
} outside_context;

static pthread_mutex_t outside_guard = PTHREAD_MUTEX_INITIALIZER;
static outside_context *outside_spare;
static pthread_key_t outside_key;
static _Thread_local outside_context *outside_here;

static void outside_end(void *ended)
{
    outside_context *outside = ended;
    cito_context *running = cito_context_current;
    cito_context_current = &outside->context;
    cito_deferred_run(&outside->context);
    cito_context_current = running == &outside->context ? NULL : running;
    outside_here = NULL;
    cito_arena_finish(&outside->arena);
    pthread_mutex_lock(&outside_guard);
    outside->next = outside_spare;
    outside_spare = outside;
    pthread_mutex_unlock(&outside_guard);
}

/* The keys' destructors run for threads that end, not for the one that calls exit. */
static void outside_end_at_exit(void)
{
    if (outside_here)
        outside_end(outside_here);
}

static void outside_prepare(void)
{
    pthread_key_create(&outside_key, outside_end);
    atexit(outside_end_at_exit);
}

static cito_context *outside_begin(const char *what)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, outside_prepare);
    pthread_mutex_lock(&outside_guard);
    outside_context *outside = outside_spare;
    if (outside)
        outside_spare = outside->next;
    pthread_mutex_unlock(&outside_guard);
    if (!outside && !(outside = malloc(sizeof *outside)))
        cito_abort("out of memory: %s found none for a thread outside of any callable", what);
    *outside = (outside_context){ .context = { .arena = &outside->arena, .deferred = &outside->deferred, .parker = &outside->parker } };
    cito_arena_init(&outside->arena, 0);
    pthread_setspecific(outside_key, outside);
    outside_here = outside;
    return &outside->context;
}

cito_context *cito_context_require(const char *what)
{
    cito_context *context = cito_context_current;
    if (__builtin_expect(!context, 0)) {
        /* On a loop's own stack, between callables, nothing may stay in cito_context_current: it is that of whom the loop runs next. */
        context = outside_here ? &outside_here->context : outside_begin(what);
    }
    return context;
}

/* ---- memory ------------------------------------------------------------------------------------------------------------------ */
static _Noreturn void raise_too_large(void)
{
    static const cito_exception too_large = { .status_code = 413 };
    cito_context_raise(&too_large);
}

static void *take(const char *what, size_t size)
{
    void *taken = cito_arena_take(cito_context_require(what)->arena, size);
    if (__builtin_expect(!taken, 0))
        raise_too_large();
    return taken;
}

void *cito_alloc(size_t size) { return memset(take("cito_alloc", size), 0, size); }

void *cito_copy(const void *items, size_t size)
{
    void *copy = take("cito_list", size);
    return size ? memcpy(copy, items, size) : copy;
}

cito_str cito_string(const char *chars)
{
    size_t len = chars ? strlen(chars) : 0;
    cito_str copy = cito_arena_copy_str(cito_context_require("cito_string")->arena, chars, len);
    if (!copy.data)
        raise_too_large();
    return copy;
}

cito_str cito_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cito_str text = cito_arena_format_list(cito_context_require("cito_format")->arena, format, arguments);
    va_end(arguments);
    if (!text.data)
        raise_too_large();
    return text;
}

/* What stands before an array of cito_grow. used tells whether a copy of the list's struct has appended already: then this one may not write
 * over its item. */
typedef struct grown_head {
    uint64_t mark;
    uint32_t capacity, used;
} grown_head;

static uint64_t grown_mark(const void *items) { return (uint64_t)(uintptr_t)items ^ UINT64_C(0x9e3779b97f4a7c15); }

/* Only memory of the arena is looked at, where 16 bytes before a piece can always be read; they may be poisoned, as they may be anybody's. */
__attribute__((no_sanitize("address"))) static grown_head *grown_head_of(const cito_arena *arena, const void *items)
{
    if (!items || (uintptr_t)items % _Alignof(max_align_t) || !cito_arena_contains(arena, items))
        return NULL;
    grown_head *head = (grown_head *)((uintptr_t)items - sizeof *head);
    return head->mark == grown_mark(items) ? head : NULL;
}

void *cito_grow(const void *items, size_t count, size_t item_size)
{
    cito_arena *arena = cito_context_require("cito_append")->arena;
    grown_head *head = grown_head_of(arena, items);
    if (head && head->used == count && count < head->capacity) {
        head->used++;
        return (void *)(uintptr_t)items;
    }
    size_t capacity = 4;
    while (capacity <= count)
        capacity *= 2;
    size_t bytes;
    if (capacity > UINT32_MAX || __builtin_mul_overflow(capacity, item_size, &bytes) || bytes > SIZE_MAX - sizeof *head)
        raise_too_large();
    head = take("cito_append", sizeof *head + bytes);
    void *grown = head + 1;
    *head = (grown_head){ .mark = grown_mark(grown), .capacity = (uint32_t)capacity, .used = (uint32_t)count + 1 };
    if (count)
        memcpy(grown, items, count * item_size);
    return grown;
}

/* ---- the process ------------------------------------------------------------------------------------------------------------- */
static int worker_id = 1;

void cito_worker_id_set(int id) { worker_id = id; }

int cito_worker_id(void) { return worker_id; }

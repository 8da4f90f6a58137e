/* Context: what the running callable belongs to: its memory, its deferred clean-ups, its raise boundary, its open scopes.
 *
 * One context per coroutine and per call in the thread pool; cito_context_current is the running one's, so that cito_alloc, cito_raise and
 * their like need no argument. A thread outside of any callable (main, a unit test that calls an endpoint as plain C) is given a context of
 * its own when it first needs one: its memory and its deferred live until the thread or the process ends, it waits by blocking, and a raise
 * that no cito_catch awaits ends the process with a text.
 * Thread rule: a context belongs to the thread that runs it. */
#pragma once
#include "base/arena.h"
#include <cito/call.h>
#include <cito/concurrency.h>
#include <setjmp.h>

typedef struct cito_loop cito_loop;
typedef struct cito_coroutine cito_coroutine;

/* What cito_defer or cito_on_raise registered. Runs on the loop or, where on_pool, on a pool thread. */
typedef struct cito_deferred {
    void (*cleanup)(void *data);
    void (*on_raise)(const cito_exception *, void *data); /* of cito_on_raise, which has no cleanup; NULL once it ran */
    void *data;
    const cito_callable *callable; /* that registered it, for reports; NULL: the library */
    bool on_pool;
    struct cito_deferred *next; /* registered before this one */
} cito_deferred;

/* The life of a request (or of a lifespan, or of a call outside of any): shared by all contexts that work for it. Touched on the loop thread
 * only; a pool call gathers its own memory and deferred and hands them over when it ends. */
typedef struct cito_lifetime {
    cito_loop *loop;
    cito_arena *arena;
    cito_deferred *deferred;      /* newest first */
    struct cito_started *started; /* what cito_start began and nobody awaited yet */
    void *owner;                  /* the cito_request of web, NULL elsewhere */
    bool cancelled;               /* the client has gone: whoever waits raises */
    cito_coroutine *coroutines;   /* private from here: those that work for it */
    struct cito_lifetime *next;   /* in the loop's pool */
} cito_lifetime;

/* A place where a raise is caught: on the C stack of the library, around one call of user code. */
typedef struct cito_boundary {
    jmp_buf place;
    struct cito_boundary *outer;
    struct cito_open_scope *scopes; /* open when the boundary was made: what is newer ends with a raise */
    const cito_callable *running;   /* when it was made */
    const cito_exception *raised;
} cito_boundary;

typedef struct cito_context {
    cito_arena *arena; /* where cito_alloc takes from: the lifetime's on the loop, one of its own on a pool thread */
    cito_lifetime *lifetime;
    cito_deferred **deferred;       /* where cito_defer adds: the lifetime's list, or the pool call's own */
    cito_boundary *boundary;        /* innermost */
    struct cito_open_scope *scopes; /* innermost cito_with_timeout or cito_with_lock */
    cito_coroutine *coroutine;      /* NULL on a pool thread */
    cito_loop *loop;
    const cito_callable *running; /* for reports: what runs, NULL in the library's own code */
    /* private from here, to src/loop */
    struct cito_open_scope *spare_scopes; /* ended ones, to be used again */
    struct cito_started *started;         /* what cito_start began and this context runs */
    struct cito_parker *parker;           /* how this context's thread blocks; NULL in a coroutine, which suspends */
    double interrupted_after_s;           /* the time-out behind CITO_INTERRUPT_TIMEOUT */
    unsigned interrupts;                  /* atomic: what a pool call is told from the loop */
    bool shielded;                        /* clean-ups run: a client that has gone does not end their waits */
} cito_context;

extern _Thread_local cito_context *cito_context_current __attribute__((tls_model("initial-exec")));

/* The running context, or this thread's outside one, made where it is not there. `what` is the name of the function that was called, for
 * the text with which the process ends when there is no memory for it. */
cito_context *cito_context_require(const char *what);

/* Calls the callable on this thread, whatever its kind, and gives what it raised (in the context's arena) or NULL. Scopes that the raise
 * crossed are ended. args and result as the callable's invoke takes them. */
const cito_exception *cito_context_invoke(cito_context *, const cito_callable *, const void *args, void *result);
/* The same for any function: what it raised, or NULL. `running` is named in reports while it runs. */
const cito_exception *cito_context_protect(cito_context *, const cito_callable *running, void (*run)(void *data), void *data);
/* Raises what cito_context_invoke gave, once more. */
_Noreturn void cito_context_raise(const cito_exception *);

/* What cito_worker_id gives in this process; set once by src/process before callables run. */
void cito_worker_id_set(int worker_id);

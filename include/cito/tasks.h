/* Tasks: callables that run later, in another process or on another machine: Celery on the wire (message protocol 2), so Python's clients and workers,
 * `celery inspect` and Flower work with the same queue. Without a broker_url an embedded SQLite file is broker and result store.
 *
 * Thread rule: everything here may be called in coroutines, on pool threads, in tasks, and outside of any callable; what waits suspends a coroutine and blocks
 * others. Source: Celery's user guide, "Calling Tasks", "Tasks", "Canvas". */
#pragma once
#include <cito/app.h>
#include <cito/call.h>
#include <cito/concurrency.h>

/* CITO_QUEUE(queue); or CITO_QUEUE(queue, .broker_url = "redis://127.0.0.1:6379/0", .result_backend = "redis://127.0.0.1:6379/1");
 * broker_url NULL: $CELERY_BROKER_URL, else sqlite://cito.db; result_backend NULL: $CELERY_RESULT_BACKEND, else as the broker. */
typedef struct cito_queue {
    const char *name; /* the default queue: "celery" */
    const char *broker_url, *result_backend;
    double result_expires;     /* seconds; 0: a day */
    double visibility_timeout; /* seconds; 0: an hour. Held messages are extended while their task runs or waits */
    unsigned prefetch_multiplier; /* 0: 4 */
    const char *file;
    int line;
} cito_queue;
#define CITO_QUEUE(NAME, ...) cito_queue NAME = { .file = __FILE__, .line = __LINE__ __VA_OPT__(, ) __VA_ARGS__ }

/* CITO_TASK(queue, .name = "tasks.add", .acks_late = true) before CITO_DEF or CITO_ASYNC_DEF. Without a name: "tasks.FUNCTION". The options are Celery's; the fields
 * are those of cito_decorator: max_retries, default_retry_delay, retry_backoff, retry_backoff_max, retry_jitter_off, time_limit, soft_time_limit, acks_late,
 * reject_on_worker_lost, ignore_result, track_started, autoretry, priority, queue, rate_limit; and those of batches, flush_every and flush_interval, which are
 * celery-batches'.
 *
 *     CITO_TASK(queue, .flush_every = 100, .flush_interval = 0.2, .acks_late = true, .ignore_result = true)
 *     CITO_DEF(none, write_rows, (list(Row), rows)) { … one INSERT for all … }
 *
 * is a task of batches: the worker gathers its messages and makes one call of them when flush_every wait, when their envelopes are 4 MiB together, or flush_interval
 * seconds after the first came. The one parameter is a list and nothing is returned: each message carries a list, and the call gets their elements one behind the other,
 * in the order of receipt. A message whose argument does not fit fails alone. Every message has its own state, retries, links, events and acknowledgement; a raise
 * ends them all, each by its own number of retries. flush_every is at most 10000; a flush_interval of 0 is a second. What is declared otherwise is refused when the
 * worker starts, with file and line. cito_task_request and cito_task_update_state speak of the first message of the call. */
#define CITO_TASK(QUEUE, ...) CITO_DECORATE(CITO_ROLE_TASK, &(QUEUE)__VA_OPT__(, ) __VA_ARGS__)

/* ---- sending ------------------------------------------------------------------------------------------------------------------------ */
typedef struct cito_signature cito_signature;
struct cito_send_options {
    double countdown, expires; /* seconds from now */
    const cito_datetime *eta;
    const char *queue, *task_id;
    int priority; /* 0 … 9 */
    double time_limit, soft_time_limit;
    cito_signature *link, *link_error;
    bool ignore_result;
};
/* A result that carries its type: cito_async_result(add) result = cito_delay(add, 1, 2); result.id is the task's id. */
#define cito_async_result(F) F##_async_result
#define cito_delay(F, ...) CITO_DELAY_(__COUNTER__, F __VA_OPT__(, ) __VA_ARGS__)
#define CITO_DELAY_(N, F, ...) CITO_SEND_NAMED(CITO_CAT(sent_, N), F, (__VA_ARGS__), NULL)
#define cito_apply_async(F, ARGS, ...) CITO_APPLY_ASYNC_(__COUNTER__, F, ARGS __VA_OPT__(, ) __VA_ARGS__)
#define CITO_APPLY_ASYNC_(N, F, ARGS, ...) CITO_SEND_NAMED(CITO_CAT(sent_, N), F, ARGS, &(struct cito_send_options){ __VA_ARGS__ })
#define CITO_SEND_NAMED(SENT, F, ARGS, ...)                                                                                        \
    ({                                                                                                                             \
        F##_async_result SENT = { .task = &F##_callable, .id = cito_send_call(&F##_callable, &(F##_args){ CITO_UNWRAP ARGS }, __VA_ARGS__) }; \
        SENT;                                                                                                                      \
    })
/* The task's id. Raises 503 where the broker cannot be reached after three tries. */
cito_str cito_send_call(const cito_callable *, const void *args, const struct cito_send_options *);
/* A task of any name, for workers elsewhere: args an array, kwargs an object, either may be NULL. */
cito_str cito_send_task(const cito_queue *, const char *name, const cito_value *args, const cito_value *kwargs, const struct cito_send_options *);

/* ---- results ------------------------------------------------------------------------------------------------------------------------- */
#define cito_result_by_id(F, ID) ((F##_async_result){ .task = &F##_callable, .id = (ID) })
#define cito_result_state(RESULT) CITO_RESULT_STATE_NAMED(CITO_CAT(of_, __COUNTER__), RESULT)
#define CITO_RESULT_STATE_NAMED(OF, RESULT)                                                                                        \
    ({                                                                                                                             \
        __auto_type OF = (RESULT);                                                                                                 \
        cito_result_state_of(OF.task, OF.id);                                                                                      \
    })
/* The task's result: waits at most TIMEOUT seconds, then raises 504; a task that failed raises 500 with its error, a revoked one 410. */
#define cito_result_get(RESULT, TIMEOUT) CITO_RESULT_GET_(__COUNTER__, RESULT, TIMEOUT)
#define CITO_RESULT_GET_(N, RESULT, TIMEOUT) CITO_RESULT_GET_NAMED(CITO_CAT(of_, N), CITO_CAT(result_, N), RESULT, TIMEOUT)
#define CITO_RESULT_GET_NAMED(OF, GOT, RESULT, TIMEOUT)                                                                            \
    ({                                                                                                                             \
        __auto_type OF = (RESULT);                                                                                                 \
        __typeof__(*OF.type) GOT;                                                                                                  \
        cito_result_get_into(OF.task, OF.id, &GOT, TIMEOUT);                                                                       \
        GOT;                                                                                                                       \
    })
#define cito_result_forget(RESULT) CITO_RESULT_FORGET_NAMED(CITO_CAT(of_, __COUNTER__), RESULT)
#define CITO_RESULT_FORGET_NAMED(OF, RESULT)                                                                                       \
    ({                                                                                                                             \
        __auto_type OF = (RESULT);                                                                                                 \
        cito_result_forget_id(OF.task, OF.id);                                                                                     \
    })
/* Workers that receive it do not run it; terminate: one that runs is killed. */
#define cito_revoke(RESULT, TERMINATE) CITO_REVOKE_NAMED(CITO_CAT(of_, __COUNTER__), RESULT, TERMINATE)
#define CITO_REVOKE_NAMED(OF, RESULT, TERMINATE)                                                                                   \
    ({                                                                                                                             \
        __auto_type OF = (RESULT);                                                                                                 \
        cito_revoke_id(OF.task, OF.id, TERMINATE);                                                                                 \
    })
cito_str cito_result_state_of(const cito_callable *, cito_str id); /* PENDING, STARTED, SUCCESS, FAILURE, RETRY, REVOKED, or the task's own */
void cito_result_get_into(const cito_callable *, cito_str id, void *into, double timeout_s);
/* The whole record: {"status", "result", "traceback", "date_done", …}; status PENDING where nothing is known. */
const cito_value *cito_result_meta(const cito_callable *, cito_str id);
void cito_result_forget_id(const cito_callable *, cito_str id), cito_revoke_id(const cito_callable *, cito_str id, bool terminate);

/* ---- canvas ---------------------------------------------------------------------------------------------------------------------------- */
/* cito_s(add, 1, 2): the call as a value; cito_partial(add, "y", 3): the previous result comes first, as in Celery's add.s(y=3). */
#define cito_s(F, ...) cito_signature_of(&F##_callable, &(F##_args){ __VA_ARGS__ }, false)
#define cito_si(F, ...) cito_signature_of(&F##_callable, &(F##_args){ __VA_ARGS__ }, true)
#define cito_partial(F, ...) cito_partial_of(&F##_callable, cito_object(__VA_ARGS__))
#define CITO_SIGNATURES(...) (cito_signature *const[]){ __VA_ARGS__ }, sizeof((cito_signature *const[]){ __VA_ARGS__ }) / sizeof(cito_signature *)
/* One after the other, each with the result of the one before; gives the last one's id. */
#define cito_chain(...) cito_chain_send(CITO_SIGNATURES(__VA_ARGS__))
cito_signature *cito_signature_of(const cito_callable *, const void *args, bool immutable);
cito_signature *cito_partial_of(const cito_callable *, const cito_value *named);
cito_str cito_chain_send(cito_signature *const *, size_t);

/* ---- inside a task ----------------------------------------------------------------------------------------------------------------------- */
void cito_task_update_state(const char *state, const cito_value *meta);
/* The task ends here and runs again in countdown seconds (negative: default_retry_delay or back-off with jitter); after max_retries it fails with the message. */
_Noreturn void cito_task_retry(double countdown, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with the cause as Python's clients shall see it, while it waits and when no try is left: self.retry(exc=ValueError("boom")). */
_Noreturn void cito_task_retry_as(double countdown, const char *exc_type, const char *exc_module, const cito_value *exc_message);
/* Fails the task with an exception of that Python type, exc_message as its arguments: cito_task_fail("ValueError", "builtins", cito_array("boom")).
 * Two are no failures like others: "Ignore" of "celery.exceptions" ends the task and leaves its state as it set it; "Reject" gives the message up as well. */
_Noreturn void cito_task_fail(const char *exc_type, const char *exc_module, const cito_value *exc_message);
/* The message's headers and properties as Celery's task.request: id, retries, root_id, parent_id, …; NULL outside of a task. */
const cito_value *cito_task_request(void);

/* What the files of the worker share: its state, its jobs and their batches. Private to worker*.c, control*.c, event.c. Thread rule: the loop's. */
#pragma once
#include "tasks/child.h"
#include "tasks/eta.h"
#include "tasks/pool.h"
#include "tasks/rate.h"
#include "tasks/revoked.h"
#include "tasks/task.h"
#include "tasks/worker.h"

typedef struct cito_task_worker cito_task_worker;

typedef enum cito_job_state {
    CITO_JOB_RESERVED,  /* waits for an idle child */
    CITO_JOB_SCHEDULED, /* waits for its ETA */
    CITO_JOB_LIMITED,   /* waits for its rate limit */
    CITO_JOB_GATHERED,  /* waits for others, to make a batch with them */
    CITO_JOB_ACTIVE,
    CITO_JOB_ENDING /* its child is done with it; its result is being stored */
} cito_job_state;

/* A place in the row before the children, or among what is due later: a job's, or that of a task's gathered ones. */
typedef struct cito_turn {
    struct cito_turn *next;
    cito_eta_node later;
    struct cito_batch *batch; /* NULL: of the job that it lies in */
} cito_turn;

/* One message from its receipt until it is settled. */
typedef struct cito_job {
    struct cito_job *next, *previous; /* of all, in the order of receipt */
    struct cito_job *next_in_batch;   /* while it is gathered, and while its call runs */
    cito_turn turn;
    cito_task_worker *worker;
    cito_arena arena;
    cito_message message;
    const cito_task *task;
    uint32_t task_index;
    cito_delivery *delivery; /* NULL: acknowledged */
    cito_job_state state;
    cito_child *child;
    uint32_t place;           /* among the messages of its call */
    double started_at, limit; /* limit: the hard one in seconds, 0: none */
    double gathered_at;
    cito_buffer children;       /* JSON, without the outer brackets */
    cito_str result, traceback; /* in the arena, while its end is worked out */
    const char *status;
    int terminated_by; /* a signal's number; 0: not */
    bool is_late, timed_out, was_rejected;
    bool has_state; /* one that is not its last was stored */
    bool is_beside; /* held beside the prefetch window: see worker_batch.c */
} cito_job;

/* The gathered messages of a task, oldest first. */
typedef enum cito_batch_state { CITO_BATCH_EMPTY, CITO_BATCH_FILLS, CITO_BATCH_LIMITED, CITO_BATCH_READY } cito_batch_state;
typedef struct cito_batch {
    cito_turn turn; /* due: FILLS: when its first has waited for long enough; LIMITED: when the rate allows it */
    cito_batch_state state;
    cito_job *first, *last;
    unsigned count, beside_count;
    size_t bytes, beside_bytes; /* of their envelopes */
} cito_batch;

/* What a worker keeps of each task. */
typedef struct cito_task_state {
    cito_rate rate;
    double time_limit, soft_time_limit; /* of the control command; negative: the task's own */
    uint64_t total;
    cito_batch batch;
} cito_task_state;

typedef struct cito_post cito_post;

struct cito_task_worker {
    const cito_task_worker_settings *settings;
    cito_loop *loop;
    const cito_queue *queue;
    cito_broker *broker;
    cito_backend *backend;
    cito_pool *pool;
    cito_child_settings child_settings;
    const cito_task *tasks;
    cito_task_state *task_states;
    size_t task_count;
    cito_arena texts;
    cito_str node_name;
    const char *queue_names[65]; /* consumed ones, ends with NULL */
    unsigned queue_count;
    unsigned prefetch_multiplier, scheduled_count;
    unsigned beside_count; /* of batches' messages that the window is widened by */
    unsigned told_prefetch;
    cito_job *first, *last;              /* all */
    cito_turn *ready_first, *ready_last; /* RESERVED ones and READY batches */
    cito_job *spare;                     /* settled ones, for the next messages */
    unsigned spare_count;
    cito_eta later;
    cito_revoked revoked;
    uv_timer_t later_timer, heartbeat_timer, events_timer;
    double later_armed_for; /* 0: not armed */
    uv_signal_t signals[3];
    unsigned handles;
    int64_t clock;
    uint64_t processed;
    double started_at;
    bool events_on, events_were_asked; /* task events; by --events: disable_events then does nothing */
    cito_buffer events;                /* a JSON array of task events, open */
    unsigned event_count;
    cito_post *posts, **posts_end; /* what is still to be sent, in order */
    bool posts_run;
    unsigned busy; /* coroutines that must end before the process does */
    bool is_stopping, is_cold, is_closing;
    int exit_code;
};

/* ---- worker.c */
void cito_task_worker_stop(cito_task_worker *, bool cold);
/* After anything that may have been the last thing to end. */
void cito_task_worker_check_end(cito_task_worker *);
unsigned cito_task_worker_prefetch(const cito_task_worker *);
void cito_task_worker_fit_prefetch(cito_task_worker *);
/* Sends in the background, in order: a broadcast, or with an exchange of NULL a message to that queue. Takes the buffer's contents. */
void cito_task_worker_post(cito_task_worker *, const char *exchange, const char *key, cito_buffer *envelope);

/* ---- worker_receive.c: from the broker to a child */
void cito_task_worker_receive(void *worker, cito_delivery *);
void cito_task_worker_dispatch(void *worker);
/* The timer is set for whatever is due first. */
void cito_task_worker_arm(cito_task_worker *);
void cito_task_worker_later_fired(uv_timer_t *);
double cito_task_worker_now(void);
/* At the end of the row for an idle child; out of that row. */
void cito_turn_append(cito_task_worker *, cito_turn *), cito_turn_remove(cito_task_worker *, cito_turn *);
void cito_turn_put_off(cito_task_worker *, cito_turn *, double due);
/* Out of every row; it is ENDING then. */
void cito_job_take_out(cito_job *);
void cito_job_free(cito_job *);
cito_job *cito_job_by_id(cito_task_worker *, cito_str id);
double cito_job_hard_limit(const cito_job *), cito_job_soft_limit(const cito_job *);

/* ---- worker_batch.c: messages that wait to make one call */
bool cito_task_is_of_batches(const cito_task *);
void cito_batch_add(cito_job *), cito_batch_remove(cito_job *);
/* Its turn has come: it stands in no row. Those of the next call that have expired end; false: those that are left make no batch yet. */
bool cito_batch_drop_expired(cito_task_worker *, cito_batch *, double now);
/* The next call's messages, by next_in_batch; what is left is given a turn again. */
cito_job *cito_batch_take(cito_task_worker *, cito_batch *, double now);
/* Whether the message is held beside the window. */
void cito_job_set_beside(cito_job *, bool is_beside);

/* ---- worker_finish.c: from a child to the back end */
void cito_task_worker_frame(void *worker, cito_child *, const cito_frame *, const cito_str *texts);
void cito_task_worker_lost(void *worker, cito_child *, int wait_status);
/* Ends a job that did not run: stored as REVOKED. reason: "revoked", "expired", "terminated". */
void cito_job_revoke(cito_job *, const char *reason);
/* Ends it with an exception. message: JSON array. */
void cito_job_fail(cito_job *, const char *exc_type, const char *exc_module, const char *message);

/* ---- worker_links.c: what a task's end sends. In a coroutine; suspends. Each adds to the job's children. */
void cito_job_send_links(cito_job *), cito_job_send_errbacks(cito_job *);
/* The same message again, later. NULL, or an error's text. */
const char *cito_job_send_retry(cito_job *, double countdown);
void cito_job_add_child(cito_job *, cito_str id);

/* ---- event.c */
void cito_event_worker(cito_task_worker *, const char *type);
/* Begins a task event where they are on: NULL where not. Its members are added as ,"name":value; then end. */
cito_buffer *cito_event_begin(cito_task_worker *, const char *type, cito_str id);
void cito_event_end(cito_task_worker *);
void cito_events_flush(cito_task_worker *);
void cito_event_received(cito_job *), cito_event_started(cito_job *), cito_event_succeeded(cito_job *, cito_str result_json),
    cito_event_failed(cito_job *, const char *type), cito_event_revoked(cito_job *, bool terminated, int signal_number, bool expired),
    cito_event_rejected(cito_job *, bool requeue);
/* {"headers": …, "body": …} as kombu's envelope: headers and body as JSON texts. */
void cito_envelope_write(cito_task_worker *, const char *exchange, const char *key, cito_str headers, cito_str body, cito_buffer *);

/* ---- control.c */
void cito_control_receive(void *worker, cito_str exchange, cito_str routing_key, cito_str envelope);
/* ---- control_inspect.c: each answers with a JSON text. arguments may be NULL */
typedef void cito_control_answer(cito_task_worker *, const cito_value *arguments, cito_buffer *);
cito_control_answer cito_inspect_active, cito_inspect_reserved, cito_inspect_scheduled, cito_inspect_registered, cito_inspect_revoked,
    cito_inspect_stats, cito_inspect_conf, cito_inspect_active_queues, cito_inspect_query_task, cito_inspect_report, cito_inspect_clock;

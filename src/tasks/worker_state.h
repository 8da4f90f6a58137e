/* What the files of the worker share: its state and its jobs. Private to worker*.c, control*.c, event.c. Thread rule: the loop's. */
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
    CITO_JOB_ACTIVE,
    CITO_JOB_ENDING /* its child is done with it; its result is being stored */
} cito_job_state;

/* One message from its receipt until it is settled. */
typedef struct cito_job {
    struct cito_job *next, *previous; /* of all, in the order of receipt */
    struct cito_job *next_ready;
    cito_eta_node later;
    cito_task_worker *worker;
    cito_arena arena;
    cito_message message;
    const cito_task *task;
    uint32_t task_index;
    cito_delivery *delivery; /* NULL: acknowledged */
    cito_job_state state;
    cito_child *child;
    double started_at, limit;   /* limit: the hard one in seconds, 0: none */
    cito_buffer children;       /* JSON, without the outer brackets */
    cito_str result, traceback; /* in the arena, while its end is worked out */
    const char *status;
    int terminated_by; /* a signal's number; 0: not */
    bool is_late, timed_out, was_rejected;
} cito_job;

/* What a worker keeps of each task. */
typedef struct cito_task_state {
    cito_rate rate;
    double time_limit, soft_time_limit; /* of the control command; negative: the task's own */
    uint64_t total;
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
    cito_job *first, *last;             /* all */
    cito_job *ready_first, *ready_last; /* RESERVED */
    cito_job *spare;                    /* settled ones, for the next messages */
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
/* Out of every row; it is ENDING then. */
void cito_job_take_out(cito_job *);
void cito_job_free(cito_job *);
cito_job *cito_job_by_id(cito_task_worker *, cito_str id);
double cito_job_hard_limit(const cito_job *), cito_job_soft_limit(const cito_job *);

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

/* Result back end: where states and results are kept: one interface over SQLite and Redis (Celery's keys and JSON); Postgres joins later.
 * Thread rule: as broker.h. Source: facts on Celery 4. */
#pragma once
#include "loop/loop.h"
#include "tasks/message.h"

/* What a worker stores. */
typedef struct cito_meta {
    cito_str id, status;
    cito_str result_json;   /* JSON text */
    cito_str traceback;     /* data NULL: null */
    cito_str children_json; /* data NULL: [] */
    cito_str group, parent_id;
    bool is_final; /* SUCCESS, FAILURE, REVOKED: date_done is set */
    bool
        may_exist; /* another state of the task is probably stored: its STARTED, or that of an earlier try. A hint: it costs time where it is wrong */
} cito_meta;

typedef struct cito_backend cito_backend;
typedef struct cito_backend_methods {
    /* Stores and tells who waits. SUCCESS is never overwritten. Not waited for: batched; done(data) when it is stored, error NULL or a text; done NULL: nobody asks. */
    void (*store)(cito_backend *, const cito_meta *, void (*done)(void *data, const char *error), void *data);
    /* The record as Celery's JSON object, in the arena; *out_json data NULL: nothing is known. Suspends. */
    const char *(*load)(cito_backend *, cito_str id, cito_arena *, cito_str *out_json);
    /* The same when it is final, at the latest after timeout_s (then as load). Suspends; woken within milliseconds. */
    const char *(*wait)(cito_backend *, cito_str id, double timeout_s, cito_arena *, cito_str *out_json);
    const char *(*forget)(cito_backend *, cito_str id);
    const char *(*flush)(cito_backend *);
    void (*free)(cito_backend *);
} cito_backend_methods;
struct cito_backend {
    const cito_backend_methods *methods;
    cito_loop *loop;
    const char *kind; /* "sqlite", "redis" */
};
cito_backend *cito_backend_new(cito_loop *, const cito_queue *, cito_arena *, const char **out_error);
cito_backend *cito_sqlite_backend_new(cito_loop *, const char *path, const cito_queue *);
cito_backend *cito_redis_backend_new(cito_loop *, const char *url, const cito_queue *, const char **out_error);
/* Celery's JSON of a record: {"status", "result", "traceback", "children", "date_done", "task_id", …}. */
void cito_meta_write(const cito_meta *, double now, cito_buffer *);

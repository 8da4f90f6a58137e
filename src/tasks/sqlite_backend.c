/* SQLite back end: results as rows of the store, each Celery's JSON. Who waits is woken by the id of what became final.
 *
 * Invariant: a row that says SUCCESS is never overwritten. Threading: methods on the loop, run_… on the store's thread. */
#include "base/clock.h"
#include "base/log.h"
#include "tasks/backend.h"
#include "tasks/sqlite_store.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_S 86400.0

typedef struct sqlite_backend {
    cito_backend base;
    cito_store *store;
    int64_t expires_ms;
} sqlite_backend;

/* ---- storing ------------------------------------------------------------------------------------------------------------------------------ */
typedef struct store_request {
    cito_store_request request;
    cito_str id, status, meta;
    bool is_final;
    int64_t expires_ms;
    void (*done)(void *data, const char *error);
    void *data;
    char text[];
} store_request;

static cito_store_step run_store(cito_store *store, cito_store_request *request)
{
    store_request *stored = (store_request *)request;
    sqlite3_stmt *statement = cito_store_statement(
        store,
        "INSERT INTO result(id, status, is_final, expires, meta) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(id) DO UPDATE SET status = ?2,"
        " is_final = ?3, expires = ?4, meta = ?5 WHERE status <> 'SUCCESS'");
    if (!statement)
        return CITO_STORE_FAILED;
    cito_store_bind_text(statement, 1, stored->id);
    cito_store_bind_text(statement, 2, stored->status);
    sqlite3_bind_int(statement, 3, stored->is_final);
    sqlite3_bind_int64(statement, 4, cito_store_now_ms() + stored->expires_ms);
    sqlite3_bind_blob(statement, 5, stored->meta.data, (int)stored->meta.len, SQLITE_STATIC);
    if (stored->is_final)
        cito_store_tell(store, CITO_NEWS_RESULT, stored->id);
    return cito_store_execute(store, statement);
}

static void stored_done(cito_store_request *request)
{
    store_request *stored = (store_request *)request;
    stored->done(stored->data, request->error[0] ? request->error : NULL);
    free(stored);
}

static void backend_store(cito_backend *base, const cito_meta *meta, void (*done)(void *data, const char *error), void *data)
{
    sqlite_backend *backend = (sqlite_backend *)base;
    cito_buffer json;
    cito_buffer_init(&json);
    cito_meta_write(meta, (double)cito_clock_wall_ns() / 1e9, &json);
    store_request *stored = cito_store_new_request(sizeof *stored + meta->id.len + meta->status.len + json.len + 3, base->loop, run_store);
    char *at = stored->text;
    stored->id = cito_store_place_text(&at, meta->id);
    stored->status = cito_store_place_text(&at, meta->status);
    stored->meta = cito_store_place_text(&at, (cito_str){ json.data, json.len });
    cito_buffer_finish(&json);
    stored->is_final = meta->is_final;
    stored->expires_ms = backend->expires_ms;
    stored->done = done;
    stored->data = data;
    stored->request.writes = true;
    stored->request.done = done ? stored_done : NULL;
    cito_store_submit(backend->store, &stored->request);
}

/* ---- loading, waiting ----------------------------------------------------------------------------------------------------------------------- */
typedef struct load_request {
    cito_store_request request;
    bool is_waited_for, is_known;
    cito_buffer meta;
    cito_str id;
    char text[];
} load_request;

static cito_store_step run_load(cito_store *store, cito_store_request *request)
{
    load_request *load = (load_request *)request;
    sqlite3_stmt *row = cito_store_statement(store, "SELECT meta, is_final FROM result WHERE id = ?1 AND expires > ?2");
    if (!row)
        return CITO_STORE_FAILED;
    cito_store_bind_text(row, 1, load->id);
    sqlite3_bind_int64(row, 2, cito_store_now_ms());
    int status = sqlite3_step(row);
    bool is_final = status == SQLITE_ROW && sqlite3_column_int(row, 1);
    bool is_enough = is_final || !load->is_waited_for || request->is_late;
    load->is_known = false;
    load->meta.len = 0;
    if (status == SQLITE_ROW && is_enough) {
        const void *meta = sqlite3_column_blob(row, 0);
        cito_buffer_append(&load->meta, meta ? meta : "", (size_t)sqlite3_column_bytes(row, 0));
        load->is_known = true;
    }
    sqlite3_reset(row);
    return is_enough ? CITO_STORE_DONE : CITO_STORE_WAIT;
}

static void release_load(cito_store_request *request) { cito_buffer_finish(&((load_request *)request)->meta); }

static const char *load_by(cito_backend *base, cito_str id, load_request **out_load, double timeout_s)
{
    sqlite_backend *backend = (sqlite_backend *)base;
    load_request *load = cito_store_new_request(sizeof *load + id.len + 1, base->loop, run_load);
    char *at = load->text;
    load->id = cito_store_place_text(&at, id);
    cito_buffer_init(&load->meta);
    load->request.release = release_load;
    if (timeout_s > 0) {
        load->is_waited_for = true;
        load->request.interest = CITO_NEWS_RESULT;
        load->request.key = load->id;
        load->request.deadline_ns = cito_clock_monotonic_ns() + (uint64_t)((timeout_s < 1e8 ? timeout_s : 1e8) * 1e9);
    }
    *out_load = load;
    return cito_store_wait(backend->store, &load->request) ? NULL : "the caller has gone, or its time is over, before the result was there";
}

static const char *backend_wait(cito_backend *base, cito_str id, double timeout_s, cito_arena *arena, cito_str *out_json)
{
    load_request *load;
    *out_json = (cito_str){ NULL, 0 };
    const char *error = load_by(base, id, &load, timeout_s);
    if (error)
        return error;
    error = cito_store_error_of(&load->request, arena);
    if (!error && load->is_known)
        *out_json = cito_arena_copy_str(arena, load->meta.len ? load->meta.data : "", load->meta.len);
    cito_store_free_request(&load->request);
    return error;
}

static const char *backend_load(cito_backend *base, cito_str id, cito_arena *arena, cito_str *out_json)
{
    return backend_wait(base, id, 0, arena, out_json);
}

/* ---- forgetting, flushing --------------------------------------------------------------------------------------------------------------------- */
static cito_store_step run_forget(cito_store *store, cito_store_request *request)
{
    sqlite3_stmt *statement = cito_store_statement(store, "DELETE FROM result WHERE id = ?1");
    if (!statement)
        return CITO_STORE_FAILED;
    cito_store_bind_text(statement, 1, ((load_request *)request)->id);
    return cito_store_execute(store, statement);
}

static cito_store_step run_nothing(cito_store *store, cito_store_request *request)
{
    (void)store, (void)request;
    return CITO_STORE_DONE;
}

static const char *wait_for(sqlite_backend *backend, cito_store_request *request)
{
    return cito_store_wait_and_free(backend->store, request, "the caller has gone, or its time is over, before the result store answered");
}

static const char *backend_forget(cito_backend *base, cito_str id)
{
    load_request *load = cito_store_new_request(sizeof *load + id.len + 1, base->loop, run_forget);
    char *at = load->text;
    load->id = cito_store_place_text(&at, id);
    load->request.writes = true;
    return wait_for((sqlite_backend *)base, &load->request);
}

static const char *backend_flush(cito_backend *base)
{
    return wait_for((sqlite_backend *)base, cito_store_new_request(sizeof(cito_store_request), base->loop, run_nothing));
}

static void backend_free(cito_backend *base)
{
    sqlite_backend *backend = (sqlite_backend *)base;
    backend_flush(base);
    cito_store_close(backend->store);
    free(backend);
}

cito_backend *cito_sqlite_backend_new(cito_loop *loop, const char *path, const cito_queue *queue)
{
    static const cito_backend_methods methods = { .store = backend_store,
                                                  .load = backend_load,
                                                  .wait = backend_wait,
                                                  .forget = backend_forget,
                                                  .flush = backend_flush,
                                                  .free = backend_free };
    sqlite_backend *backend = calloc(1, sizeof *backend);
    if (!backend)
        cito_die(1, "Out of memory");
    backend->base = (cito_backend){ &methods, loop, "sqlite" };
    backend->expires_ms = (int64_t)((queue->result_expires > 0 ? queue->result_expires : DAY_S) * 1000);
    backend->store = cito_store_open(path);
    return &backend->base;
}

/* SQLite control: replies to what was broadcast, lengths and emptying of queues.
 *
 * Invariant: a reply is taken out by the transaction that reads it; nobody gets it twice.
 * Threading: run_… on the store's thread, the rest on the loop's. */
#include "base/clock.h"
#include "base/log.h"
#include "tasks/sqlite_broker.h"
#include "tasks/sqlite_state.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct reply_request {
    cito_store_request request;
    cito_sqlite_heard *reply;
    char queue[];
} reply_request;

static cito_store_step run_reply(cito_store *store, cito_store_request *request)
{
    reply_request *wanted = (reply_request *)request;
    free(wanted->reply);
    wanted->reply = NULL;
    sqlite3_stmt *row = cito_store_statement(
        store, "DELETE FROM message WHERE id = (SELECT id FROM message WHERE queue = ?1 AND state = 0 ORDER BY priority, id LIMIT 1)"
               " RETURNING envelope");
    if (!row)
        return CITO_STORE_FAILED;
    sqlite3_bind_text(row, 1, wanted->queue, -1, SQLITE_STATIC);
    if (sqlite3_step(row) == SQLITE_ROW) {
        size_t len = (size_t)sqlite3_column_bytes(row, 0);
        wanted->reply = malloc(sizeof *wanted->reply + len + 1);
        if (!wanted->reply)
            cito_die(1, "Out of memory");
        char *at = wanted->reply->text;
        wanted->reply->envelope = cito_store_place_text(&at, (cito_str){ sqlite3_column_blob(row, 0), len });
        while (sqlite3_step(row) == SQLITE_ROW)
            ;
    }
    sqlite3_reset(row);
    return wanted->reply || request->is_late ? CITO_STORE_DONE : CITO_STORE_WAIT;
}

static void release_reply(cito_store_request *request) { free(((reply_request *)request)->reply); }

const char *cito_sqlite_collect_replies(cito_broker *base, const char *oid, double timeout_s, unsigned limit,
                                        void (*reply)(void *data, cito_str envelope), void *data)
{
    static const char suffix[] = ".reply.celery.pidbox";
    cito_sqlite_broker *broker = (cito_sqlite_broker *)base;
    uint64_t deadline_ns = cito_clock_monotonic_ns() + (uint64_t)(timeout_s > 0 ? timeout_s * 1e9 : 0);
    for (unsigned count = 0; !limit || count < limit; count++) {
        reply_request *wanted = cito_store_new_request(sizeof *wanted + strlen(oid) + sizeof suffix, base->loop, run_reply);
        snprintf(wanted->queue, strlen(oid) + sizeof suffix, "%s%s", oid, suffix);
        wanted->request.writes = true;
        wanted->request.release = release_reply;
        wanted->request.interest = CITO_NEWS_MESSAGE;
        wanted->request.deadline_ns = deadline_ns;
        if (!cito_store_wait(broker->store, &wanted->request))
            return cito_sqlite_interrupted;
        bool found = wanted->reply && !wanted->request.error[0];
        if (found)
            reply(data, wanted->reply->envelope);
        const char *error = cito_store_error_of(&wanted->request, cito_context_current->arena);
        cito_store_free_request(&wanted->request);
        if (error || !found)
            return error;
    }
    return NULL;
}

typedef struct count_request {
    cito_store_request request;
    int64_t count;
    char queue[];
} count_request;

static cito_store_step run_length(cito_store *store, cito_store_request *request)
{
    count_request *counted = (count_request *)request;
    sqlite3_stmt *statement = cito_store_statement(store, "SELECT count(*) FROM message WHERE queue = ?1 AND state = 0");
    if (!statement)
        return CITO_STORE_FAILED;
    sqlite3_bind_text(statement, 1, counted->queue, -1, SQLITE_STATIC);
    counted->count = cito_store_number(store, statement, -1);
    return CITO_STORE_DONE;
}

static cito_store_step run_purge(cito_store *store, cito_store_request *request)
{
    count_request *counted = (count_request *)request;
    sqlite3_stmt *statement = cito_store_statement(store, "DELETE FROM message WHERE queue = ?1 AND state <> 2");
    if (!statement)
        return CITO_STORE_FAILED;
    sqlite3_bind_text(statement, 1, counted->queue, -1, SQLITE_STATIC);
    cito_store_step step = cito_store_execute(store, statement);
    counted->count = sqlite3_changes64(store->db);
    return step;
}

static int64_t count_by(cito_broker *base, const char *queue, cito_store_step (*run)(cito_store *, cito_store_request *), bool writes)
{
    cito_sqlite_broker *broker = (cito_sqlite_broker *)base;
    size_t len = strlen(queue);
    count_request *counted = cito_store_new_request(sizeof *counted + len + 1, base->loop, run);
    memcpy(counted->queue, queue, len + 1);
    counted->request.writes = writes;
    if (!cito_store_wait(broker->store, &counted->request))
        return -1;
    int64_t count = counted->request.error[0] ? -1 : counted->count;
    if (count < 0)
        cito_log_write(CITO_LOG_ERROR, "Queue %s: %s", queue, counted->request.error);
    cito_store_free_request(&counted->request);
    return count;
}

int64_t cito_sqlite_length(cito_broker *base, const char *queue) { return count_by(base, queue, run_length, false); }
int64_t cito_sqlite_purge(cito_broker *base, const char *queue) { return count_by(base, queue, run_purge, true); }

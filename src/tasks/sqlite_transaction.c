/* SQLite store, its transactions: what was submitted and what watchers want run in one, those who wait are told, and the answers are posted.
 *
 * Invariant: a request's answer is posted after its commit; a transaction that fails fails all its requests.
 * Threading: the store's thread. */
#include "base/clock.h"
#include "base/log.h"
#include "tasks/sqlite_state.h"

#include <stdio.h>
#include <stdlib.h>

#define RENEWAL_NS UINT64_C(3000000000)

/* ---- statements ------------------------------------------------------------------------------------------------------------------------ */
void cito_store_note_error(cito_store *store)
{
    snprintf(store->error, sizeof store->error, "SQLite, %s: %s", store->path, store->db ? sqlite3_errmsg(store->db) : "out of memory");
}

sqlite3_stmt *cito_store_statement(cito_store *store, const char *sql)
{
    for (size_t i = 0; i < CITO_STORE_STATEMENTS; i++) {
        if (store->statements[i].sql == sql) {
            sqlite3_reset(store->statements[i].statement);
            return store->statements[i].statement;
        }
        if (store->statements[i].sql)
            continue;
        if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i].statement, NULL) != SQLITE_OK) {
            cito_store_note_error(store);
            return NULL;
        }
        store->statements[i].sql = sql;
        return store->statements[i].statement;
    }
    snprintf(store->error, sizeof store->error, "SQLite, %s: too many statements", store->path);
    return NULL;
}

cito_store_step cito_store_execute(cito_store *store, sqlite3_stmt *statement)
{
    int status = sqlite3_step(statement);
    if (status != SQLITE_DONE && status != SQLITE_ROW)
        cito_store_note_error(store);
    sqlite3_reset(statement);
    return status == SQLITE_DONE || status == SQLITE_ROW ? CITO_STORE_DONE : CITO_STORE_FAILED;
}

int64_t cito_store_number(cito_store *store, sqlite3_stmt *statement, int64_t otherwise)
{
    int status = sqlite3_step(statement);
    int64_t number =
        status == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL ? sqlite3_column_int64(statement, 0) : otherwise;
    if (status != SQLITE_DONE && status != SQLITE_ROW)
        cito_store_note_error(store);
    sqlite3_reset(statement);
    return number;
}

void cito_store_bind_text(sqlite3_stmt *statement, int place, cito_str text)
{
    sqlite3_bind_text(statement, place, text.data ? text.data : "", (int)text.len, SQLITE_STATIC);
}

int64_t cito_store_now_ms(void) { return cito_clock_wall_ns() / 1000000; }

void cito_store_tell(cito_store *store, unsigned news, cito_str id)
{
    store->told |= news;
    store->news |= news;
    if (!(news & CITO_NEWS_RESULT))
        return;
    cito_buffer_append_str(&store->told_ids, id);
    cito_buffer_append_str(&store->news_ids, id);
    if (id.len != 36)
        store->news_of_any_id = true;
}

void cito_store_watch(cito_store *store, cito_store_watcher *watcher)
{
    watcher->next = store->watchers;
    store->watchers = watcher;
}

void cito_store_unwatch(cito_store *store, cito_store_watcher *watcher)
{
    for (cito_store_watcher **at = &store->watchers; *at; at = &(*at)->next)
        if (*at == watcher) {
            *at = watcher->next;
            return;
        }
}

/* ---- answers: one post for all of a loop ---------------------------------------------------------------------------------------------------- */
static void run_done(void *data)
{
    for (cito_store_request *request = data, *next; request; request = next) {
        next = request->next;
        request->done(request);
    }
}

static void answer_in_silence(cito_store_request *request)
{
    if (request->error[0])
        cito_log_write(CITO_LOG_ERROR, "%s", request->error);
    cito_store_free_request(request);
}

static void post_answers(cito_store_request *answers)
{
    while (answers) {
        cito_store_request *rest = NULL, **rest_end = &rest, *mine = NULL, **mine_end = &mine;
        cito_loop *loop = NULL;
        for (cito_store_request *each = answers, *next; each; each = next) {
            next = each->next;
            each->next = NULL;
            if (!each->done) {
                answer_in_silence(each);
            } else if (!loop || each->loop == loop) {
                loop = each->loop;
                *mine_end = each;
                mine_end = &each->next;
            } else {
                *rest_end = each;
                rest_end = &each->next;
            }
        }
        if (mine)
            cito_loop_post(loop, run_done, mine);
        answers = rest;
    }
}

/* ---- one transaction -------------------------------------------------------------------------------------------------------------------- */
static bool concerns(const cito_store *store, const cito_store_request *request, uint64_t now_ns)
{
    if (request->is_cancelled || now_ns >= request->deadline_ns)
        return true;
    if (!(request->interest & store->news))
        return false;
    return !request->key.len || store->news_of_any_id || request->key.len != 36 ||
           (store->news_ids.len && memmem(store->news_ids.data, store->news_ids.len, request->key.data, request->key.len));
}

/* Moves those that are to be looked at again in front of the new ones. */
static cito_store_request *with_awaited(cito_store *store, cito_store_request *requests)
{
    uint64_t now_ns = cito_clock_monotonic_ns();
    for (cito_store_request **at = &store->waiting; *at;) {
        cito_store_request *request = *at;
        if (!concerns(store, request, now_ns)) {
            at = &request->next;
            continue;
        }
        request->is_late = request->is_cancelled || now_ns >= request->deadline_ns;
        *at = request->next;
        request->next = requests;
        requests = request;
    }
    return requests;
}

static unsigned interest_now(const cito_store *store, const cito_store_request *requests)
{
    unsigned interest = 0;
    for (const cito_store_watcher *watcher = store->watchers; watcher; watcher = watcher->next)
        interest |= watcher->interest;
    for (const cito_store_request *request = store->waiting; request; request = request->next)
        interest |= request->interest;
    for (const cito_store_request *request = requests; request; request = request->next)
        interest |= request->is_late ? 0 : request->interest;
    return interest;
}

static bool run_requests(cito_store *store, cito_store_request *requests, cito_store_step *out_steps)
{
    size_t i = 0;
    for (cito_store_request *request = requests; request; request = request->next, i++) {
        out_steps[i] = request->is_cancelled ? CITO_STORE_DONE : request->run(store, request);
        if (out_steps[i] == CITO_STORE_FAILED)
            return false;
    }
    return true;
}

static bool run_watchers(cito_store *store)
{
    for (cito_store_watcher *watcher = store->watchers; watcher; watcher = watcher->next)
        if (!watcher->step(store, watcher, store->news))
            return false;
    return true;
}

bool cito_store_begin(cito_store *store, bool writes)
{
    if (!cito_store_connect(store))
        return false;
    sqlite3_stmt *statement = cito_store_statement(store, writes ? "BEGIN IMMEDIATE" : "BEGIN");
    return statement && cito_store_execute(store, statement) == CITO_STORE_DONE;
}

bool cito_store_end(cito_store *store, bool is_good)
{
    sqlite3_stmt *statement = is_good ? cito_store_statement(store, "COMMIT") : NULL;
    if (statement && cito_store_execute(store, statement) == CITO_STORE_DONE)
        return true;
    if (store->db && !sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

static bool has_work(cito_store *store)
{
    if (!store->watchers || !cito_store_connect(store))
        return false;
    for (cito_store_watcher *watcher = store->watchers; watcher; watcher = watcher->next)
        if (watcher->has_work(store, watcher))
            return true;
    return false;
}

static void sort_out(cito_store *store, cito_store_request *requests, const cito_store_step *steps, bool is_committed)
{
    cito_store_request *answers = NULL, **answers_end = &answers;
    size_t i = 0;
    for (cito_store_request *request = requests, *next; request; request = next, i++) {
        next = request->next;
        request->next = NULL;
        if (is_committed && steps[i] == CITO_STORE_WAIT && !request->is_cancelled) {
            request->next = store->waiting;
            store->waiting = request;
            continue;
        }
        if (!is_committed)
            snprintf(request->error, sizeof request->error, "%s", store->error[0] ? store->error : "SQLite: the transaction failed");
        *answers_end = request;
        answers_end = &request->next;
    }
    post_answers(answers);
}

void cito_store_transact(cito_store *store, cito_store_request *requests, bool is_time_to_clean_up)
{
    requests = with_awaited(store, requests);
    size_t count = 0;
    unsigned interest = interest_now(store, requests);
    bool must_enter = interest && (interest & ~store->peer_interest || cito_clock_monotonic_ns() >= store->next_renewal_ns);
    bool writes = must_enter || is_time_to_clean_up;
    for (const cito_store_request *request = requests; request; request = request->next, count++)
        writes = writes || request->writes;
    bool must_write = writes || has_work(store);
    store->error[0] = 0;
    if (!count && !must_write)
        return;
    cito_store_step *steps = calloc(count + 1, sizeof *steps);
    if (!steps)
        cito_die(1, "Out of memory");
    bool is_good = cito_store_begin(store, must_write);
    if (is_good && must_enter) {
        store->next_renewal_ns = cito_clock_monotonic_ns() + RENEWAL_NS;
        is_good = cito_peer_renew(store, interest);
    }
    if (is_good)
        is_good = run_requests(store, requests, steps);
    if (is_good && must_write)
        is_good = run_watchers(store) && (!is_time_to_clean_up || cito_store_clean_up(store));
    is_good = cito_store_end(store, is_good);
    if (!is_good)
        store->peer_interest = 0;
    if (!is_good && !count)
        cito_log_write(CITO_LOG_ERROR, "%s", store->error);
    if (must_write)
        for (cito_store_watcher *watcher = store->watchers, *next; watcher; watcher = next) {
            next = watcher->next;
            watcher->ended(store, watcher, is_good);
        }
    if (is_good && store->told)
        cito_peer_send_told(store);
    sort_out(store, requests, steps, is_good);
    free(steps);
}

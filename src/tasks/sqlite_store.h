/* SQLite store: one file that is broker and result store of all processes that open it, and one thread per process that speaks to it.
 *
 * The loop hands requests over; the thread runs all that wait in one transaction (group commit) and gives the answers back by a post. What waits for news of other
 * processes (messages, results, broadcasts) is woken by a datagram to its peer's socket, within a millisecond, and without one by a look each second.
 *
 * Durable: WAL with synchronous=NORMAL: what was committed survives kill -9 of any process; a power loss may take back the last commits, never more.
 * sqlite://PATH?synchronous=full fsyncs each commit.
 * Thread rule: open, close, submit, wait from any thread; run, step and what says "store's thread" only there. */
#pragma once
#include "base/buffer.h"
#include "loop/loop.h"
#include <sqlite3.h>

typedef struct cito_store cito_store;
typedef struct cito_store_request cito_store_request;
typedef struct cito_store_watcher cito_store_watcher;

/* What there may be news of. */
typedef enum cito_store_news { CITO_NEWS_MESSAGE = 1, CITO_NEWS_RESULT = 2, CITO_NEWS_BROADCAST = 4, CITO_NEWS_ALL = 7 } cito_store_news;
typedef enum cito_store_step { CITO_STORE_DONE, CITO_STORE_WAIT, CITO_STORE_FAILED } cito_store_step;
enum { CITO_STORE_ERROR_MAX = 200 };

/* Lies at the start of a malloc'd struct, which the store owns from submit to done. */
struct cito_store_request {
    cito_store_request *next;
    /* Store's thread, in a transaction. WAIT: again when there is news of `interest`, or past the deadline (is_late: it may not say WAIT then).
     * It may be run again after a transaction that failed, so it leaves nothing behind that it does not overwrite. */
    cito_store_step (*run)(cito_store *, cito_store_request *);
    /* On the loop, with error[0] where it failed; frees it. NULL: free() on the store's thread, and an error is logged. */
    void (*done)(cito_store_request *);
    cito_loop *loop;
    bool writes;
    bool is_late, is_cancelled;
    unsigned interest;
    uint64_t deadline_ns;
    cito_str key; /* of a result that is waited for: only news of that id */
    char error[CITO_STORE_ERROR_MAX];
    /* of cito_store_wait */
    cito_coroutine *waiting;
    bool is_done, is_abandoned;
    void (*release)(cito_store_request *); /* what it holds beside itself; NULL: nothing */
};

/* Stands in the store while something consumes. All on the store's thread. */
struct cito_store_watcher {
    cito_store_watcher *next;
    unsigned interest;
    /* Outside of a transaction: whether there is something to write for it. */
    bool (*has_work)(cito_store *, cito_store_watcher *);
    /* In a write transaction; false: failed. */
    bool (*step)(cito_store *, cito_store_watcher *, unsigned news);
    /* After it: what step took may be handed over, or never was. */
    void (*ended)(cito_store *, cito_store_watcher *, bool is_committed);
};

/* The process's store of that file, opened where it is not; path may end in ?synchronous=full. */
cito_store *cito_store_open(const char *path);
/* The last one ends the thread, after all that was submitted. Blocks. */
void cito_store_close(cito_store *);
void cito_store_submit(cito_store *, cito_store_request *);
/* Submits and suspends until it is done. false: interrupted: the store frees it when it is done, and it may or may not have taken place. Else the caller
 * reads it and calls cito_store_free_request. `done` is set here. */
bool cito_store_wait(cito_store *, cito_store_request *);
/* The same of one whose answer is its error: frees it. NULL, the error's text in the running callable's memory, or `interrupted`. Suspends. */
const char *cito_store_wait_and_free(cito_store *, cito_store_request *, const char *interrupted);
/* What a request that is done failed with, in that arena; NULL: nothing. */
const char *cito_store_error_of(const cito_store_request *, cito_arena *);
void cito_store_free_request(cito_store_request *);
/* Zeroed, for that loop, with no deadline; size: of the struct that it lies at the start of. */
void *cito_store_new_request(size_t size, cito_loop *, cito_store_step (*run)(cito_store *, cito_store_request *));
/* Copies a text and a NUL to *io_at, which then stands behind them: how the texts of such a struct lie at its end. The result is the copy. Any thread. */
cito_str cito_store_place_text(char **io_at, cito_str text);

/* ---- store's thread ---------------------------------------------------------------------------------------------------------------- */
/* The statement of that literal, reset; kept. NULL: failed, and the store knows why. */
sqlite3_stmt *cito_store_statement(cito_store *, const char *sql);
/* A text that lives until the statement has been stepped; without data it is empty. */
void cito_store_bind_text(sqlite3_stmt *, int place, cito_str text);
/* Steps one that gives no rows. */
cito_store_step cito_store_execute(cito_store *, sqlite3_stmt *);
/* Rows of one column, one row; otherwise where there is none. */
int64_t cito_store_number(cito_store *, sqlite3_stmt *, int64_t otherwise);
int64_t cito_store_now_ms(void);
/* Others will be told of it after the commit, watchers here before it. id: of a result, data NULL: none. */
void cito_store_tell(cito_store *, unsigned news, cito_str id);
/* This process's number among those that hold messages; 0: the row could not be made. */
int64_t cito_store_peer(cito_store *);
void cito_store_watch(cito_store *, cito_store_watcher *), cito_store_unwatch(cito_store *, cito_store_watcher *);
/* Gives back what that process held, and forgets it; the same for this one. In a write transaction. */
bool cito_store_bury(cito_store *, int64_t peer);
bool cito_store_leave(cito_store *);

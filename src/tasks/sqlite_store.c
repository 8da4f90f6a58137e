/* SQLite store: its life, its thread, and the requests that reach it from other threads. What runs in one transaction: sqlite_transaction.c.
 *
 * Invariant: around a fork the connection is closed: SQLite keeps the process's file locks in memory, which a child would take for its own.
 * Threading: submit, open, close from any thread, under guard; waiting for a request in a coroutine; the rest on the store's thread. */
#include "base/clock.h"
#include "base/log.h"
#include "tasks/sqlite_state.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)
enum { CLEAN_UP_S = 30, SPIN_US = 150 }; /* a transaction takes 30 to 100 microseconds */

static pthread_mutex_t stores_guard = PTHREAD_MUTEX_INITIALIZER;
static cito_store *stores, *inherited; /* inherited: of the process that this one was forked from; never used */

/* ---- the thread ------------------------------------------------------------------------------------------------------------------------------ */
/* Once a second: what a lost datagram would have said, and who has died. */
static void look_around(cito_store *store)
{
    if (!cito_store_connect(store))
        return;
    sqlite3_stmt *statement = cito_store_statement(store, "PRAGMA data_version");
    int64_t version = statement ? cito_store_number(store, statement, 0) : 0;
    if (version != store->data_version) {
        store->news |= CITO_NEWS_ALL;
        store->news_of_any_id = true;
    }
    store->data_version = version;
    int64_t dead;
    while (store->watchers && cito_peer_find_dead(store, &dead)) {
        bool is_good = cito_store_begin(store, true) && cito_store_bury(store, dead);
        if (!cito_store_end(store, is_good))
            return;
    }
    if (store->told)
        cito_peer_send_told(store);
}

static bool is_watching(const cito_store *store) { return store->watchers || store->waiting; }

static int poll_timeout_ms(const cito_store *store)
{
    if (!is_watching(store))
        return -1;
    uint64_t now_ns = cito_clock_monotonic_ns(), until_ns = store->next_look_ns;
    for (const cito_store_request *request = store->waiting; request; request = request->next)
        if (request->deadline_ns < until_ns)
            until_ns = request->deadline_ns;
    int64_t timeout_ms = until_ns <= now_ns ? 0 : (int64_t)((until_ns - now_ns + 999999) / 1000000);
    if (store->watchers && store->next_due_ms != INT64_MAX) {
        int64_t due_ms = store->next_due_ms - cito_store_now_ms();
        timeout_ms = due_ms < timeout_ms ? due_ms : timeout_ms;
    }
    return timeout_ms < 0 ? 0 : (int)timeout_ms;
}

static void wait_for_something(cito_store *store)
{
    struct pollfd waited[] = { { .fd = store->event_fd, .events = POLLIN }, { .fd = store->wake_fd, .events = POLLIN } };
    poll(waited, 2, poll_timeout_ms(store));
    uint64_t count;
    if (waited[0].revents && read(store->event_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        cito_abort("reading an eventfd failed: %s", strerror(errno));
}

/* Around a fork: the connection closed, until it is over. */
static void park(cito_store *store)
{
    cito_store_disconnect(store);
    store->is_parked = true;
    pthread_cond_broadcast(&store->changed);
    while (store->fork_wanted)
        pthread_cond_wait(&store->changed, &store->guard);
    store->is_parked = false;
}

/* What was submitted; waits for it, once, where nothing is there. false: the end. */
static bool take_requests(cito_store *store, cito_store_request **out)
{
    pthread_mutex_lock(&store->guard);
    if (store->fork_wanted)
        park(store);
    if (!store->first && !store->stopping) {
        store->is_asleep = true;
        pthread_mutex_unlock(&store->guard);
        wait_for_something(store);
        pthread_mutex_lock(&store->guard);
        store->is_asleep = false;
        if (store->fork_wanted)
            park(store);
    }
    *out = store->first;
    store->first = store->last = NULL;
    bool goes_on = *out || !store->stopping;
    pthread_mutex_unlock(&store->guard);
    return goes_on;
}

static void *store_main(void *data)
{
    cito_store *store = data;
    cito_store_request *requests;
    while (take_requests(store, &requests)) {
        uint64_t now_ns = cito_clock_monotonic_ns();
        if (is_watching(store))
            cito_peer_read_news(store);
        if (is_watching(store) && now_ns >= store->next_look_ns) {
            look_around(store);
            store->next_look_ns = now_ns + SECOND_NS;
        }
        bool cleans_up = is_watching(store) && now_ns >= store->next_clean_up_ns;
        if (cleans_up)
            store->next_clean_up_ns = now_ns + CLEAN_UP_S * SECOND_NS;
        store->told = 0;
        store->told_ids.len = 0;
        cito_store_transact(store, requests, cleans_up);
        store->news = 0;
        store->news_ids.len = 0;
        store->news_of_any_id = false;
    }
    cito_peer_leave(store);
    cito_store_disconnect(store);
    return NULL;
}

/* ---- from other threads ----------------------------------------------------------------------------------------------------------------- */
static void wake(cito_store *store)
{
    uint64_t one = 1;
    if (write(store->event_fd, &one, sizeof one) < 0 && errno != EAGAIN)
        cito_abort("writing an eventfd failed: %s", strerror(errno));
}

void cito_store_submit(cito_store *store, cito_store_request *request)
{
    request->next = NULL;
    pthread_mutex_lock(&store->guard);
    if (store->last)
        store->last->next = request;
    else
        store->first = request;
    store->last = request;
    bool must_wake = store->is_asleep;
    store->is_asleep = false; /* one wake is enough */
    pthread_mutex_unlock(&store->guard);
    if (must_wake)
        wake(store);
}

static void fork_prepare(void)
{
    pthread_mutex_lock(&stores_guard);
    for (cito_store *store = stores; store; store = store->next) {
        pthread_mutex_lock(&store->guard);
        store->fork_wanted = true;
        wake(store);
        while (!store->is_parked)
            pthread_cond_wait(&store->changed, &store->guard);
    }
}

static void fork_parent(void)
{
    for (cito_store *store = stores; store; store = store->next) {
        store->fork_wanted = false;
        pthread_cond_broadcast(&store->changed);
        pthread_mutex_unlock(&store->guard);
    }
    pthread_mutex_unlock(&stores_guard);
}

/* The child opens its own; what it inherited stays as it is, without a thread, and its sockets are the parent's alone. */
static void fork_child(void)
{
    for (cito_store *store = stores; store; store = store->next) {
        close(store->event_fd);
        cito_peer_close_socket(store);
    }
    inherited = stores;
    stores = NULL;
    pthread_mutex_unlock(&stores_guard);
}

static void watch_forks(void) { pthread_atfork(fork_prepare, fork_parent, fork_child); }

static cito_store *new_store(const char *path, bool full_sync)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    cito_store *store = calloc(1, sizeof *store);
    if (!store || !(store->path = strdup(path)))
        cito_die(1, "Out of memory");
    store->full_sync = full_sync;
    store->next_due_ms = INT64_MAX;
    cito_buffer_init(&store->told_ids);
    cito_buffer_init(&store->news_ids);
    pthread_mutex_init(&store->guard, NULL);
    pthread_cond_init(&store->changed, NULL);
    store->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    cito_peer_open_socket(store);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the threads that wait for them */
    bool is_running = store->event_fd >= 0 && pthread_create(&store->thread, NULL, store_main, store) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!is_running)
        cito_die(1, "No thread for %s: %s. Raise the limits of the process (ulimit -n, -u)", path, strerror(errno));
    return store;
}

cito_store *cito_store_open(const char *path)
{
    const char *query = strchr(path, '?');
    char *plain = query ? strndup(path, (size_t)(query - path)) : strdup(path);
    if (!plain)
        cito_die(1, "Out of memory");
    pthread_mutex_lock(&stores_guard);
    cito_store *store = stores;
    while (store && strcmp(store->path, plain) != 0)
        store = store->next;
    if (!store) {
        store = new_store(plain, query && strstr(query, "synchronous=full"));
        store->next = stores;
        stores = store;
    }
    store->references++;
    pthread_mutex_unlock(&stores_guard);
    free(plain);
    return store;
}

void cito_store_close(cito_store *store)
{
    pthread_mutex_lock(&stores_guard);
    bool is_last = --store->references == 0;
    for (cito_store **at = &stores; is_last && *at; at = &(*at)->next)
        if (*at == store) {
            *at = store->next;
            break;
        }
    pthread_mutex_unlock(&stores_guard);
    if (!is_last)
        return;
    pthread_mutex_lock(&store->guard);
    store->stopping = true;
    wake(store);
    pthread_mutex_unlock(&store->guard);
    pthread_join(store->thread, NULL);
    cito_peer_close_socket(store);
    close(store->event_fd);
    cito_buffer_finish(&store->told_ids);
    cito_buffer_finish(&store->news_ids);
    pthread_mutex_destroy(&store->guard);
    pthread_cond_destroy(&store->changed);
    free(store->path);
    free(store);
}

/* ---- a request that a coroutine waits for --------------------------------------------------------------------------------------------------- */
void *cito_store_new_request(size_t size, cito_loop *loop, cito_store_step (*run)(cito_store *, cito_store_request *))
{
    cito_store_request *request = calloc(1, size);
    if (!request)
        cito_die(1, "Out of memory");
    request->loop = loop;
    request->run = run;
    request->deadline_ns = UINT64_MAX;
    return request;
}

cito_str cito_store_place_text(char **at, cito_str text)
{
    char *start = *at;
    if (text.len)
        memcpy(start, text.data, text.len);
    start[text.len] = 0;
    *at = start + text.len + 1;
    return (cito_str){ start, text.len };
}

void cito_store_free_request(cito_store_request *request)
{
    if (request->release)
        request->release(request);
    free(request);
}

const char *cito_store_error_of(const cito_store_request *request, cito_arena *arena)
{
    return request->error[0] ? cito_arena_format(arena, "%s", request->error).data : NULL;
}

static void resume_waiting(cito_store_request *request)
{
    request->is_done = true;
    if (request->is_abandoned)
        cito_store_free_request(request);
    else
        cito_coroutine_resume(request->waiting);
}

/* Ends the wait of another request, where it still waits. */
typedef struct cancel_request {
    cito_store_request request;
    cito_store_request *other;
} cancel_request;

static cito_store_step run_cancel(cito_store *store, cito_store_request *request)
{
    cito_store_request *other = ((cancel_request *)request)->other;
    for (cito_store_request *each = store->waiting; each; each = each->next)
        if (each == other)
            each->deadline_ns = 0;
    return CITO_STORE_DONE;
}

/* What waits for news of others takes its time: nobody stays awake for it. */
static void stay_awake(const cito_store_request *request, bool begins)
{
    static _Thread_local cito_spin spin; /* of the loop that runs on this thread */
    if (request->interest)
        return;
    if (spin.loop != request->loop)
        cito_spin_init(&spin, request->loop, SPIN_US);
    if (begins)
        cito_spin_begin(&spin);
    else
        cito_spin_end(&spin);
}

bool cito_store_wait(cito_store *store, cito_store_request *request)
{
    request->done = resume_waiting;
    request->waiting = cito_context_current->coroutine;
    cito_store_submit(store, request);
    stay_awake(request, true);
    while (!request->is_done)
        if (cito_coroutine_suspend() && !request->is_done) {
            request->is_abandoned = true;
            stay_awake(request, false);
            if (request->interest) {
                cancel_request *cancel = cito_store_new_request(sizeof *cancel, request->loop, run_cancel);
                cancel->other = request;
                cito_store_submit(store, &cancel->request);
            }
            return false;
        }
    stay_awake(request, false);
    return true;
}

const char *cito_store_wait_and_free(cito_store *store, cito_store_request *request, const char *interrupted)
{
    if (!cito_store_wait(store, request))
        return interrupted;
    const char *error = cito_store_error_of(request, cito_context_current->arena);
    cito_store_free_request(request);
    return error;
}

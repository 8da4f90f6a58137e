/* The store's struct, for its own files (sqlite_store.c, sqlite_transaction.c, sqlite_schema.c, sqlite_peer.c) and the broker's, which take from it what there is
 * news of. Thread rule: as said at each part. */
#pragma once
#include "tasks/sqlite_store.h"
#include <pthread.h>

enum { CITO_STORE_STATEMENTS = 64, CITO_STORE_TOLD_IDS = 100 };

struct cito_store {
    cito_store *next; /* in the process's list, under its guard */
    unsigned references;
    char *path;
    bool full_sync;
    pthread_t thread;
    int event_fd; /* wakes the thread */
    /* Under guard. */
    pthread_mutex_t guard;
    pthread_cond_t changed;
    cito_store_request *first, *last;
    bool stopping, fork_wanted, is_parked, is_asleep;
    /* The store's thread's own. */
    sqlite3 *db;
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } statements[CITO_STORE_STATEMENTS];
    cito_store_request *waiting;
    cito_store_watcher *watchers;
    char error[CITO_STORE_ERROR_MAX];
    unsigned told; /* news of the running transaction, for others */
    cito_buffer told_ids;
    unsigned news; /* for those here */
    cito_buffer news_ids;
    bool news_of_any_id;
    int64_t peer, data_version, network;
    unsigned peer_interest;
    int wake_fd;
    char wake_name[64];
    uint64_t next_look_ns, next_renewal_ns, next_clean_up_ns;
    int64_t next_due_ms; /* of the earliest message with an eta; INT64_MAX: none */
};

/* sqlite_transaction.c */
void cito_store_note_error(cito_store *); /* what SQLite says, into error */
bool cito_store_begin(cito_store *, bool writes);
bool cito_store_end(cito_store *, bool is_good); /* true: committed; is_good false: takes back */
/* Runs the requests, those that wait for the news there is, and what watchers want, if there is any; posts the answers. */
void cito_store_transact(cito_store *, cito_store_request *, bool is_time_to_clean_up);
/* sqlite_schema.c */
bool cito_store_connect(cito_store *);
void cito_store_disconnect(cito_store *);
bool cito_store_clean_up(cito_store *); /* what has expired; in a transaction */
/* sqlite_peer.c */
void cito_peer_open_socket(cito_store *), cito_peer_close_socket(cito_store *);
void cito_peer_read_news(cito_store *);                /* takes all datagrams */
void cito_peer_send_told(cito_store *);                /* after it */
bool cito_peer_renew(cito_store *, unsigned interest); /* in a write transaction */
void cito_peer_leave(cito_store *);
bool cito_peer_find_dead(cito_store *, int64_t *out_peer); /* outside of a transaction */

/* The store's file: opening, tables, what expires.
 *
 * Invariants: state of a message is 0 ready, 1 delayed until `due`, 2 held by a peer; each has an index of its own, so that finding work costs the same whatever else
 * waits. Ranks follow Redis: priority 0 goes first, 9 last. Threading: the store's thread. */
#include "tasks/sqlite_state.h"

#include <time.h>

enum { BUSY_TRIES = 20000 };

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS message(id INTEGER PRIMARY KEY, queue TEXT NOT NULL, state INTEGER NOT NULL, priority INTEGER NOT NULL,"
    " due INTEGER NOT NULL, holder INTEGER NOT NULL, redelivered INTEGER NOT NULL, expires INTEGER NOT NULL, envelope BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS message_ready ON message(queue, priority, id) WHERE state = 0;"
    "CREATE INDEX IF NOT EXISTS message_delayed ON message(due) WHERE state = 1;"
    "CREATE INDEX IF NOT EXISTS message_held ON message(holder) WHERE state = 2;"
    "CREATE TABLE IF NOT EXISTS peer(id INTEGER PRIMARY KEY AUTOINCREMENT, socket TEXT NOT NULL, network INTEGER NOT NULL,"
    " interest INTEGER NOT NULL, lease INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS broadcast(id INTEGER PRIMARY KEY AUTOINCREMENT, exchange TEXT NOT NULL, routing_key TEXT NOT NULL,"
    " sent INTEGER NOT NULL, envelope BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS result(id TEXT PRIMARY KEY, status TEXT NOT NULL, is_final INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " meta BLOB NOT NULL);";

/* Writers of other processes are done within microseconds: waits are short, and grow a little. */
static int wait_for_writer(void *data, int tries)
{
    (void)data;
    if (tries > BUSY_TRIES)
        return 0;
    struct timespec pause = { .tv_nsec = tries < 20 ? 50000 : tries < 100 ? 250000 : 1000000 };
    nanosleep(&pause, NULL);
    return 1;
}

static bool run_all(cito_store *store, const char *sql)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    cito_store_note_error(store);
    return false;
}

static bool set_up(cito_store *store)
{
    return run_all(store, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 33554432") &&
           run_all(store, store->full_sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL") &&
           run_all(store, "BEGIN IMMEDIATE") && run_all(store, schema) && run_all(store, "COMMIT");
}

bool cito_store_connect(cito_store *store)
{
    if (store->db)
        return true;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK) {
        cito_store_note_error(store);
        cito_store_disconnect(store);
        return false;
    }
    sqlite3_busy_handler(store->db, wait_for_writer, NULL);
    bool is_ready = set_up(store);
    /* A new file that others open in the same moment: SQLite asks no busy handler while it changes the journal's mode. */
    for (int tries = 0; !is_ready && (sqlite3_errcode(store->db) & 0xFF) == SQLITE_BUSY && wait_for_writer(NULL, tries); tries++)
        is_ready = set_up(store);
    if (!is_ready)
        cito_store_disconnect(store);
    return is_ready;
}

void cito_store_disconnect(cito_store *store)
{
    for (size_t i = 0; i < CITO_STORE_STATEMENTS; i++) {
        sqlite3_finalize(store->statements[i].statement);
        store->statements[i].sql = NULL;
        store->statements[i].statement = NULL;
    }
    sqlite3_close(store->db);
    store->db = NULL;
}

/* Oldest rows first, a few at a time: no index, and no long transaction. */
bool cito_store_clean_up(cito_store *store)
{
    static const char *const statements[] = {
        "DELETE FROM result WHERE rowid IN (SELECT rowid FROM result ORDER BY rowid LIMIT 500) AND expires < ?1",
        "DELETE FROM message WHERE id IN (SELECT id FROM message ORDER BY id LIMIT 500) AND expires > 0 AND expires < ?1",
        "DELETE FROM broadcast WHERE sent < ?1 - 60000",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        sqlite3_stmt *statement = cito_store_statement(store, statements[i]);
        if (!statement)
            return false;
        sqlite3_bind_int64(statement, 1, cito_store_now_ms());
        if (cito_store_execute(store, statement) != CITO_STORE_DONE)
            return false;
    }
    return true;
}

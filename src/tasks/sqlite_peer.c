/* Peers: the processes that wait for news of a store's file, each with a datagram socket of an abstract name; how they are told, and how a dead one is noticed.
 *
 * Invariants: a row in `peer` is a process that holds messages or waits; its lease is renewed every 3 s and ends after 10 s. Within one network namespace a name that
 * nobody is bound to is a process that is gone, so its messages return within a second. A datagram that is lost costs a second: see the look at data_version.
 * Threading: the store's thread. */
#include "base/log.h"
#include "base/random.h"
#include "tasks/sqlite_state.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LEASE_MS = 10000, ID_LEN = 36, DATAGRAM_MAX = 1 + CITO_STORE_TOLD_IDS * ID_LEN };

static socklen_t address_of(const char *name, size_t len, struct sockaddr_un *out)
{
    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    if (len > sizeof out->sun_path - 1)
        len = sizeof out->sun_path - 1;
    memcpy(out->sun_path + 1, name, len);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
}

void cito_peer_open_socket(cito_store *store)
{
    uint64_t random;
    struct stat network;
    cito_random_fill(&random, sizeof random);
    if (stat("/proc/self/ns/net", &network))
        network.st_ino = 0;
    store->network = (int64_t)network.st_ino;
    snprintf(store->wake_name, sizeof store->wake_name, "cito.%d.%016llx", (int)getpid(), (unsigned long long)random);
    struct sockaddr_un address;
    socklen_t len = address_of(store->wake_name, strlen(store->wake_name), &address);
    store->wake_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (store->wake_fd < 0 || bind(store->wake_fd, (struct sockaddr *)&address, len)) {
        cito_log_write(CITO_LOG_WARNING, "No socket for news of %s (%s): other processes' tasks are seen within a second", store->path,
                       strerror(errno));
        store->network = 0; /* nobody can tell by it whether this process lives */
    }
}

void cito_peer_close_socket(cito_store *store)
{
    if (store->wake_fd >= 0)
        close(store->wake_fd);
    store->wake_fd = -1;
}

/* A datagram is the news' bits as a character and the ids of results. */
void cito_peer_read_news(cito_store *store)
{
    char datagram[DATAGRAM_MAX];
    ssize_t len;
    while ((len = recv(store->wake_fd, datagram, sizeof datagram, 0)) > 0) {
        unsigned news = (unsigned char)datagram[0] & CITO_NEWS_ALL;
        store->news |= news;
        if (!(news & CITO_NEWS_RESULT))
            continue;
        if (len == 1)
            store->news_of_any_id = true;
        else
            cito_buffer_append(&store->news_ids, datagram + 1, (size_t)len - 1);
    }
}

static void send_to(cito_store *store, const char *name, size_t name_len, int64_t network)
{
    struct sockaddr_un address;
    socklen_t len = address_of(name, name_len, &address);
    char datagram[DATAGRAM_MAX];
    size_t ids = store->told & CITO_NEWS_RESULT ? store->told_ids.len : 0;
    if (ids > sizeof datagram - 1 || ids % ID_LEN)
        ids = 0; /* too many to name, or no uuids: look at all */
    datagram[0] = (char)store->told;
    if (ids)
        memcpy(datagram + 1, store->told_ids.data, ids);
    ssize_t sent = sendto(store->wake_fd, datagram, 1 + ids, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, len);
    if (sent < 0 && errno == ECONNREFUSED && network == store->network)
        store->next_look_ns = 0; /* it is gone: what it held comes back now */
}

/* Read at once after the commit: peers are few, and the row is in memory. */
void cito_peer_send_told(cito_store *store)
{
    sqlite3_stmt *statement = cito_store_statement(store, "SELECT socket, network FROM peer WHERE interest & ?1 AND id <> ?2");
    if (!statement || store->wake_fd < 0)
        return;
    sqlite3_bind_int64(statement, 1, store->told);
    sqlite3_bind_int64(statement, 2, store->peer);
    while (sqlite3_step(statement) == SQLITE_ROW)
        send_to(store, (const char *)sqlite3_column_text(statement, 0), (size_t)sqlite3_column_bytes(statement, 0),
                sqlite3_column_int64(statement, 1));
    sqlite3_reset(statement);
}

static bool insert_peer(cito_store *store, unsigned interest)
{
    sqlite3_stmt *statement = cito_store_statement(store, "INSERT INTO peer(socket, network, interest, lease) VALUES(?1, ?2, ?3, ?4)");
    if (!statement)
        return false;
    sqlite3_bind_text(statement, 1, store->wake_name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, store->network);
    sqlite3_bind_int64(statement, 3, interest);
    sqlite3_bind_int64(statement, 4, cito_store_now_ms() + LEASE_MS);
    if (cito_store_execute(store, statement) != CITO_STORE_DONE)
        return false;
    store->peer = sqlite3_last_insert_rowid(store->db);
    return true;
}

/* A row that is gone was buried: this process stood still for longer than its lease. It goes on under a new number; what it held runs elsewhere. */
bool cito_peer_renew(cito_store *store, unsigned interest)
{
    store->peer_interest = interest;
    if (store->peer) {
        sqlite3_stmt *statement = cito_store_statement(store, "UPDATE peer SET lease = ?2, interest = ?3 WHERE id = ?1");
        if (!statement)
            return false;
        sqlite3_bind_int64(statement, 1, store->peer);
        sqlite3_bind_int64(statement, 2, cito_store_now_ms() + LEASE_MS);
        sqlite3_bind_int64(statement, 3, interest);
        if (cito_store_execute(store, statement) != CITO_STORE_DONE)
            return false;
        if (sqlite3_changes(store->db))
            return true;
    }
    return insert_peer(store, interest);
}

int64_t cito_store_peer(cito_store *store)
{
    if (!store->peer && !insert_peer(store, store->peer_interest))
        return 0;
    return store->peer;
}

void cito_peer_leave(cito_store *store)
{
    if (!store->peer || !store->db)
        return;
    if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return;
    bool is_gone = cito_store_bury(store, store->peer);
    sqlite3_exec(store->db, is_gone ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL);
    store->peer = 0;
}

bool cito_store_bury(cito_store *store, int64_t peer)
{
    static const char *const statements[] = { "UPDATE message SET state = 0, holder = 0, redelivered = 1 WHERE state = 2 AND holder = ?1",
                                              "DELETE FROM peer WHERE id = ?1" };
    for (size_t i = 0; i < 2; i++) {
        sqlite3_stmt *statement = cito_store_statement(store, statements[i]);
        if (!statement)
            return false;
        sqlite3_bind_int64(statement, 1, peer);
        if (cito_store_execute(store, statement) != CITO_STORE_DONE)
            return false;
        if (i == 0 && sqlite3_changes(store->db))
            cito_store_tell(store, CITO_NEWS_MESSAGE, (cito_str){ NULL, 0 });
    }
    return true;
}

bool cito_store_leave(cito_store *store)
{
    int64_t peer = store->peer;
    store->peer = 0;
    store->peer_interest = 0;
    return !peer || cito_store_bury(store, peer);
}

static bool is_bound(const char *name, size_t name_len)
{
    struct sockaddr_un address;
    socklen_t len = address_of(name, name_len, &address);
    int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_there = probe < 0 || connect(probe, (struct sockaddr *)&address, len) == 0 || errno != ECONNREFUSED;
    if (probe >= 0)
        close(probe);
    return is_there;
}

bool cito_peer_find_dead(cito_store *store, int64_t *out_peer)
{
    sqlite3_stmt *statement = cito_store_statement(store, "SELECT id, socket, network, lease FROM peer WHERE id <> ?1");
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, store->peer);
    bool found = false;
    while (!found && sqlite3_step(statement) == SQLITE_ROW) {
        bool is_near = store->network && sqlite3_column_int64(statement, 2) == store->network;
        bool is_late = sqlite3_column_int64(statement, 3) < cito_store_now_ms();
        found =
            is_late || (is_near && !is_bound((const char *)sqlite3_column_text(statement, 1), (size_t)sqlite3_column_bytes(statement, 1)));
        *out_peer = sqlite3_column_int64(statement, 0);
    }
    sqlite3_reset(statement);
    return found;
}

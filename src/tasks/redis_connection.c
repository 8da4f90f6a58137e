/* Redis connection: see the header. Socket, greeting, back-off, health; the commands are in redis_pipeline.c.
 *
 * Invariants: in state UP the socket is polled; commands are sent only in that state, so that none reaches another database than the selected one. What is closed
 * is freed when libuv has let go of every handle (handles == 0).
 * Threading: the loop's thread. */
#include "tasks/redis_private.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    CONNECT_MS = 5000,
    HEALTH_MS = 5000,        /* how often it looks */
    SILENT_MS = 15000,       /* nothing arrives although replies are due: the connection is dead */
    PING_AFTER_MS = 10000,   /* nothing arrived and nothing is due: asks */
    BACK_OFF_FIRST_MS = 100, /* 100, 200, 400, … */
    BACK_OFF_MOST_MS = 1000,
    READ_SIZE = 64 * 1024,
    SPIN_US = 50, /* how long the loop stays awake for a reply */
};

static void handle_ended(cito_redis *redis)
{
    if (--redis->handles > 0)
        return;
    void (*closed)(void *) = redis->closed;
    void *data = redis->closed_data;
    cito_redis_pipeline_finish(redis);
    cito_arena_finish(&redis->arena);
    free(redis);
    if (closed)
        closed(data);
}

static void handle_closed(uv_handle_t *handle) { handle_ended(handle->data); }

static void poll_closed(uv_handle_t *handle)
{
    cito_redis *redis = handle->data;
    free(handle);
    handle_ended(redis);
}

static void polled(uv_poll_t *, int status, int events);

void cito_redis_watch(cito_redis *redis, int events)
{
    if (events == redis->watched) /* libuv takes a socket out and in again, with two system calls, also where nothing changes */
        return;
    redis->watched = events;
    uv_poll_start(redis->poll, events, polled);
}

static void socket_close(cito_redis *redis)
{
    redis->watched = 0;
    if (redis->poll) {
        uv_poll_stop(redis->poll);
        redis->handles++; /* its own, beside those of the struct */
        uv_close((uv_handle_t *)redis->poll, poll_closed);
        redis->poll = NULL;
    }
    if (redis->fd >= 0)
        close(redis->fd);
    redis->fd = -1;
    redis->generation++;
    cito_redis_reader_free(redis->reader);
    redis->reader = NULL;
}

void cito_redis_lost(cito_redis *redis, const char *error)
{
    if (redis->state == CITO_REDIS_CLOSED)
        return;
    snprintf(redis->error, sizeof redis->error, "Redis at %s: %s", redis->url.shown.data, error);
    socket_close(redis);
    redis->state = CITO_REDIS_DOWN;
    redis->is_waiting = true;
    uv_timer_start(&redis->timer, cito_redis_timer_fired, redis->back_off_ms, 0);
    redis->back_off_ms = redis->back_off_ms * 2 < BACK_OFF_MOST_MS ? redis->back_off_ms * 2 : BACK_OFF_MOST_MS;
    if (redis->events.down)
        redis->events.down(redis->events.data, redis->error);
    cito_redis_pipeline_lost(redis, redis->error);
}

static void lost_by(cito_redis *redis, const char *what, int code)
{
    char text[200];
    snprintf(text, sizeof text, "%s: %s", what, strerror(code));
    cito_redis_lost(redis, text);
}

/* ---- greeting ------------------------------------------------------------------------------------------------------------------ */
static void greeting_send(cito_redis *redis)
{
    cito_buffer text;
    cito_buffer_init(&text);
    const cito_redis_url *url = &redis->url;
    char db[16];
    snprintf(db, sizeof db, "%d", url->db);
    redis->greetings_left = 3;
    if (url->password.data) {
        redis->greetings_left++;
        cito_redis_write(&text, url->user.data ? 3 : 2,
                         (cito_str[]){ CITO_STR("AUTH"), url->user.data ? url->user : url->password, url->password });
    }
    cito_redis_write(&text, CITO_REDIS_ARGS(CITO_STR("SELECT"), cito_redis_chars(db)));
    cito_redis_write(&text,
                     CITO_REDIS_ARGS(CITO_STR("PING"))); /* LOADING: a server that reads its data back takes SELECT, and no commands */
    cito_redis_write(&text, CITO_REDIS_ARGS(CITO_STR("CLIENT"), CITO_STR("ID")));
    /* Some dozens of bytes on a new connection: they fit into the socket's buffer. */
    ssize_t sent = send(redis->fd, text.data, text.len, MSG_NOSIGNAL);
    bool whole = sent == (ssize_t)text.len;
    cito_buffer_finish(&text);
    redis->state = CITO_REDIS_GREETING;
    redis->reader = cito_redis_reader_new();
    cito_redis_watch(redis, UV_READABLE);
    if (!whole)
        cito_redis_lost(redis, "the new connection takes no commands");
}

static void greeting_reply(cito_redis *redis, const cito_redis_reply *reply)
{
    redis->greetings_left--;
    if (reply->kind == CITO_REDIS_ERROR && !(redis->greetings_left == 0 && !strncmp(reply->text.data, "NOPERM", 6))) {
        char text[220];
        bool is_login = strstr(reply->text.data, "WRONGPASS") || strstr(reply->text.data, "NOAUTH") || strstr(reply->text.data, "AUTH");
        snprintf(text, sizeof text, "%.120s%s", reply->text.data,
                 is_login ? ": check user and password in redis://user:password@host:port/db" : "");
        cito_redis_lost(redis, text);
        return;
    }
    if (redis->greetings_left > 0)
        return;
    redis->client_id = reply->kind == CITO_REDIS_INTEGER ? reply->integer : 0;
    redis->state = CITO_REDIS_UP;
    redis->back_off_ms = BACK_OFF_FIRST_MS;
    uv_timer_start(&redis->timer, cito_redis_timer_fired, HEALTH_MS, HEALTH_MS);
    if (redis->events.up)
        redis->events.up(redis->events.data);
    cito_redis_wake(redis);
}

/* ---- connecting ---------------------------------------------------------------------------------------------------------------- */
static void socket_set_up(int fd, int family)
{
    if (family == AF_UNIX)
        return;
    /* A peer that vanished is noticed within half a minute, whether we send or wait. */
    static const struct {
        int level, name, value;
    } options[] = { { IPPROTO_TCP, TCP_NODELAY, 1 },   { SOL_SOCKET, SO_KEEPALIVE, 1 }, { IPPROTO_TCP, TCP_KEEPIDLE, 15 },
                    { IPPROTO_TCP, TCP_KEEPINTVL, 5 }, { IPPROTO_TCP, TCP_KEEPCNT, 3 }, { IPPROTO_TCP, TCP_USER_TIMEOUT, 30000 } };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
}

static void socket_connect(cito_redis *redis, const struct sockaddr *address, socklen_t len)
{
    redis->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (redis->fd < 0) {
        lost_by(redis, "no socket", errno);
        return;
    }
    socket_set_up(redis->fd, address->sa_family);
    redis->state = CITO_REDIS_CONNECTING;
    if (connect(redis->fd, address, len) < 0 && errno != EINPROGRESS) {
        lost_by(redis, "cannot connect", errno);
        return;
    }
    redis->poll = malloc(sizeof *redis->poll);
    if (!redis->poll)
        cito_abort("no memory for a connection to Redis");
    uv_poll_init(cito_loop_uv(redis->loop), redis->poll, redis->fd);
    redis->poll->data = redis;
    cito_redis_watch(redis, UV_WRITABLE);
    uv_timer_start(&redis->timer, cito_redis_timer_fired, CONNECT_MS, 0);
}

static void resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    cito_redis *redis = request->data;
    redis->is_resolving = false;
    if (redis->state == CITO_REDIS_RESOLVING && status == 0)
        socket_connect(redis, found->ai_addr, found->ai_addrlen);
    else if (redis->state == CITO_REDIS_RESOLVING)
        lost_by(redis, "the host's name cannot be resolved", -status);
    uv_freeaddrinfo(found);
    handle_ended(redis);
}

static void host_resolve(cito_redis *redis)
{
    const char *host = redis->url.host.data;
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)redis->url.port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = v4.sin_port };
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        socket_connect(redis, (struct sockaddr *)&v4, sizeof v4);
    } else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        socket_connect(redis, (struct sockaddr *)&v6, sizeof v6);
    } else {
        /* IPv4 first: Redis listens on 127.0.0.1 by default, and a name of both kinds must not fail for it. */
        static const int families[] = { AF_INET, AF_UNSPEC };
        char port[8];
        snprintf(port, sizeof port, "%d", redis->url.port);
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = families[redis->attempts++ % 2] };
        redis->state = CITO_REDIS_RESOLVING;
        redis->resolving.data = redis;
        redis->is_resolving = true;
        redis->handles++;
        int code = uv_getaddrinfo(cito_loop_uv(redis->loop), &redis->resolving, resolved, host, port, &hints);
        if (code < 0) {
            redis->is_resolving = false;
            redis->handles--;
            lost_by(redis, "the host's name cannot be resolved", -code);
        }
    }
}

static void connection_start(cito_redis *redis)
{
    if (redis->is_resolving) /* the one that was given up still runs: its end is near */
        return;
    redis->is_waiting = false;
    if (redis->url.host.data) {
        host_resolve(redis);
        return;
    }
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (redis->url.path.len >= sizeof address.sun_path) {
        lost_by(redis, "the path of the socket is too long", ENAMETOOLONG);
        return;
    }
    memcpy(address.sun_path, redis->url.path.data, redis->url.path.len);
    socket_connect(redis, (struct sockaddr *)&address, sizeof address);
}

void cito_redis_connect_if_down(cito_redis *redis)
{
    if (redis->state == CITO_REDIS_DOWN && !redis->is_waiting) {
        /* Not at once: the caller of a command must not see its callback before the call has returned. */
        redis->is_waiting = true;
        uv_timer_start(&redis->timer, cito_redis_timer_fired, 0, 0);
    }
}

void cito_redis_keep_up(cito_redis *redis)
{
    redis->kept_up = true;
    cito_redis_connect_if_down(redis);
}

/* ---- the socket's news --------------------------------------------------------------------------------------------------------- */
static void read_some(cito_redis *redis)
{
    char bytes[READ_SIZE];
    ssize_t got = recv(redis->fd, bytes, sizeof bytes, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        lost_by(redis, "the connection was lost", got == 0 ? ECONNRESET : errno);
        return;
    }
    redis->heard_ms = uv_now(cito_loop_uv(redis->loop));
    redis->was_pinged = false;
    cito_redis_reader_feed(redis->reader, bytes, (size_t)got);
    unsigned generation = redis->generation;
    for (;;) {
        const cito_redis_reply *reply;
        if (!cito_redis_reader_next(redis->reader, &reply)) {
            cito_redis_lost(redis, "what answers there does not speak Redis' protocol");
            return;
        }
        if (!reply)
            return;
        if (redis->greetings_left > 0)
            greeting_reply(redis, reply);
        else if (redis->events.push)
            redis->events.push(redis->events.data, reply);
        else
            cito_redis_pipeline_reply(redis, reply);
        if (redis->generation != generation) /* a callback closed it */
            return;
    }
}

static void polled(uv_poll_t *poll, int status, int events)
{
    cito_redis *redis = poll->data;
    if (redis->poll != poll)
        return;
    if (redis->state == CITO_REDIS_CONNECTING) {
        int code = 0;
        socklen_t len = sizeof code;
        getsockopt(redis->fd, SOL_SOCKET, SO_ERROR, &code, &len);
        redis->heard_ms = uv_now(cito_loop_uv(redis->loop));
        if (code || status < 0)
            lost_by(redis, "cannot connect", code ? code : -status);
        else
            greeting_send(redis);
        return;
    }
    if (status < 0) {
        lost_by(redis, "the connection was lost", -status);
        return;
    }
    unsigned generation = redis->generation;
    if (events & UV_READABLE)
        read_some(redis);
    if (redis->generation == generation && (events & UV_WRITABLE))
        cito_redis_flush(redis);
}

void cito_redis_timer_fired(uv_timer_t *timer)
{
    cito_redis *redis = timer->data;
    uint64_t silent_ms = uv_now(timer->loop) - redis->heard_ms;
    bool is_due = redis->count > 0 || redis->was_pinged;
    switch (redis->state) {
    case CITO_REDIS_DOWN:
        redis->is_waiting = false;
        if (redis->kept_up || redis->count > 0)
            connection_start(redis);
        break;
    case CITO_REDIS_RESOLVING:
    case CITO_REDIS_CONNECTING:
    case CITO_REDIS_GREETING:
        cito_redis_lost(redis, "no answer within 5 s");
        break;
    case CITO_REDIS_UP:
        if (is_due && silent_ms > SILENT_MS && uv_now(timer->loop) - redis->due_ms > SILENT_MS) {
            cito_redis_lost(redis, "no answer within 15 s");
        } else if (redis->kept_up && !is_due && silent_ms > PING_AFTER_MS) {
            redis->was_pinged = true;
            redis->due_ms = uv_now(timer->loop);
            cito_redis_send(redis, CITO_REDIS_ONCE, NULL, NULL, CITO_REDIS_ARGS(CITO_STR("PING")));
        }
        break;
    case CITO_REDIS_CLOSED:
        break;
    }
}

bool cito_redis_is_up(const cito_redis *redis) { return redis->state == CITO_REDIS_UP; }
bool cito_redis_is_busy(const cito_redis *redis) { return redis->count > 0; }
int64_t cito_redis_client_id(const cito_redis *redis) { return redis->client_id; }

/* ---- life ---------------------------------------------------------------------------------------------------------------------- */
cito_redis *cito_redis_new(cito_loop *loop, const cito_redis_url *url, const cito_redis_events *events)
{
    cito_redis *redis = calloc(1, sizeof *redis);
    if (!redis)
        cito_abort("no memory for a connection to Redis");
    redis->loop = loop;
    redis->events = *events;
    redis->fd = -1;
    redis->back_off_ms = BACK_OFF_FIRST_MS;
    cito_arena_init(&redis->arena, 0);
    redis->url = *url;
    cito_str *texts[] = { &redis->url.host, &redis->url.path, &redis->url.user, &redis->url.password, &redis->url.shown };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]->data)
            *texts[i] = cito_arena_copy_str(&redis->arena, texts[i]->data, texts[i]->len);
    cito_redis_pipeline_init(redis);
    cito_spin_init(&redis->spin, loop, SPIN_US);
    uv_loop_t *uv = cito_loop_uv(loop);
    uv_timer_init(uv, &redis->timer);
    uv_check_init(uv, &redis->check);
    uv_idle_init(uv, &redis->idle);
    redis->timer.data = redis->check.data = redis->idle.data = redis;
    redis->handles = 3;
    return redis;
}

void cito_redis_free(cito_redis *redis, void (*closed)(void *data), void *data)
{
    redis->closed = closed;
    redis->closed_data = data;
    socket_close(redis);
    redis->state = CITO_REDIS_CLOSED;
    if (redis->is_resolving)
        uv_cancel((uv_req_t *)&redis->resolving);
    cito_redis_pipeline_lost(redis, "the connection to Redis was closed");
    uv_close((uv_handle_t *)&redis->timer, handle_closed);
    uv_close((uv_handle_t *)&redis->check, handle_closed);
    uv_close((uv_handle_t *)&redis->idle, handle_closed);
}

/* Server: accepting, what the connections of one process share (pools, the date, the access log, the coarse timer), and stopping.
 *
 * Invariants: one idle handle runs at the end of each turn in which something was scheduled, so nothing is left unsent while the loop waits; the timer runs
 * only while a time-out is armed. The server's memory goes when its last handle is closed.
 * Threading: the loop's thread. */
#include "base/clock.h"
#include "base/log.h"
#include "http/date.h"
#include "server/access_log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TICK_MS = 250, PROBE_MS = 50, LINGER_MS = 5000, ACCEPT_BATCH = 64, ACCEPT_TURN = 1, WARNING_MS = 10000 };

/* ---- time ---- */

static void write_fields(cito_server *server)
{
    char *at = server->fields;
    memcpy(at, "\r\n", 2);
    at += 2;
    if (!server->options.date_header_off) {
        memcpy(at, "date: ", 6);
        server->date_at = (size_t)(at + 6 - server->fields);
        at += 6 + CITO_HTTP_DATE_LEN;
        memcpy(at, "\r\n", 2);
        at += 2;
    }
    if (!server->options.server_header_off) {
        memcpy(at, "server: cito\r\n", 14);
        at += 14;
    }
    server->fields_len = (size_t)(at - server->fields);
    server->date_second = -1;
}

static void refresh_clock(cito_server *server)
{
    server->now_ms = cito_clock_monotonic_ns() / 1000000;
    int64_t second = cito_clock_wall_ns() / 1000000000;
    if (second != server->date_second && server->date_at > 0) {
        char date[CITO_HTTP_DATE_LEN + 1];
        cito_http_date_format(second, date);
        memcpy(server->fields + server->date_at, date, CITO_HTTP_DATE_LEN);
        server->date_second = second;
    }
}

uint64_t cito_server_now_ms(cito_server *server)
{
    uint64_t uv_now_ms = uv_now(cito_loop_uv(server->loop)); /* the clocks are asked once in a millisecond at most */
    if (uv_now_ms != server->uv_now) {
        server->uv_now = uv_now_ms;
        refresh_clock(server);
    }
    return server->now_ms;
}

static void on_tick(uv_timer_t *timer) { cito_server_check_timeouts(timer->data); }

static void run_tick(cito_server *server, unsigned tick_ms)
{
    if (server->freed || server->tick_ms == tick_ms)
        return;
    server->tick_ms = tick_ms;
    if (tick_ms > 0)
        uv_timer_start(&server->tick, on_tick, tick_ms, tick_ms);
    else
        uv_timer_stop(&server->tick);
}

void cito_server_set_timeout(cito_connection *connection, cito_timeout_kind kind)
{
    cito_server *server = connection->server;
    cito_timeout_set(&server->timeouts, &connection->timeout, kind, cito_server_now_ms(server));
    if (kind == CITO_TIMEOUT_PROBE)
        run_tick(server, PROBE_MS);
    else if (kind != CITO_TIMEOUT_NONE && server->tick_ms == 0)
        run_tick(server, TICK_MS);
}

/* ---- pools ---- */

cito_input *cito_server_take_input(cito_server *server, size_t least)
{
    enum { POOLED = CITO_INPUT_SIZE - sizeof(cito_input) };
    cito_input *input = server->spare_inputs;
    if (least <= POOLED && input) {
        server->spare_inputs = input->next;
        server->spare_input_count--;
        return input;
    }
    size_t capacity = least <= POOLED ? POOLED : least;
    input = malloc(sizeof *input + capacity);
    if (!input)
        cito_abort("out of memory: no room for %zu bytes from a client", capacity);
    input->capacity = capacity;
    return input;
}

void cito_server_give_input(cito_server *server, cito_input *input)
{
    if (server->spare_input_count == CITO_SPARES_MAX || input->capacity > CITO_INPUT_SIZE) {
        free(input);
        return;
    }
    input->next = server->spare_inputs;
    server->spare_inputs = input;
    server->spare_input_count++;
}

/* ---- the end of a turn ---- */

static void destroy(cito_server *server)
{
    for (cito_input *input = server->spare_inputs, *next; input; input = next) {
        next = input->next;
        free(input);
    }
    for (cito_server_exchange *exchange = server->spare_exchanges, *next; exchange; exchange = next) {
        next = exchange->next;
        free(exchange);
    }
    for (cito_connection *connection = server->scheduled, *next; connection; connection = next) {
        next = connection->next_scheduled;
        free(connection);
    }
    for (unsigned i = 0; i < server->spare_out_count; i++)
        cito_buffer_finish(&server->spare_outs[i]);
    cito_buffer_finish(&server->log);
    free(server);
}

void cito_server_handle_closed(cito_server *server)
{
    if (--server->open_handles == 0)
        destroy(server);
    else
        cito_server_wake(server);
}

static void on_own_handle_closed(uv_handle_t *handle) { cito_server_handle_closed(handle->data); }

static void accept_again(cito_server *server);

static void on_turn(uv_idle_t *idle)
{
    cito_server *server = idle->data;
    uv_idle_stop(idle);
    cito_connection *connection = server->scheduled;
    server->scheduled = NULL; /* what is scheduled from here on is the next turn's */
    for (cito_connection *next; connection; connection = next) {
        next = connection->next_scheduled;
        connection->scheduled = false;
        if (connection->handle_closed)
            free(connection);
        else
            cito_connection_advance(connection);
    }
    if (server->log.len > 0)
        cito_access_log_flush(server);
    if (server->has_room)
        accept_again(server);
    if (server->lining_up > 0 && --server->lining_up == 0)
        cito_server_rearm(server);
    else if (server->lining_up > 0)
        cito_server_wake(server);
    if (server->stopping && !server->connections && !server->exchanges && server->done) {
        void (*done)(void *) = server->done;
        server->done = NULL;
        run_tick(server, 0);
        done(server->done_data);
    }
}

void cito_server_wake(cito_server *server)
{
    if (!server->freed)
        uv_idle_start(&server->turn, on_turn);
}

void cito_server_schedule(cito_server *server, cito_connection *connection)
{
    if (connection->scheduled || connection->closed)
        return;
    connection->scheduled = true;
    connection->next_scheduled = server->scheduled;
    server->scheduled = connection;
    cito_server_wake(server);
}

/* ---- accepting ---- */

static void format_address(const struct sockaddr *address, char out_host[46], int *out_port)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        inet_ntop(AF_INET, &v4->sin_addr, out_host, 46);
        *out_port = ntohs(v4->sin_port);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)address;
        inet_ntop(AF_INET6, &v6->sin6_addr, out_host, 46);
        *out_port = ntohs(v6->sin6_port);
    }
}

void cito_server_name_ends(cito_connection *connection, const struct sockaddr *peer)
{
    struct sockaddr_storage own = { 0 };
    socklen_t len = sizeof own;
    const cito_trusted_proxies *proxies = connection->server->options.trusted_proxies;
    connection->local = peer->sa_family != AF_INET && peer->sa_family != AF_INET6;
    if (getsockname(connection->fd, (struct sockaddr *)&own, &len) != 0)
        own.ss_family = AF_UNSPEC;
    connection->trusted = proxies && cito_trusted_proxies_have_peer(proxies, peer, (struct sockaddr *)&own);
    if (connection->local)
        strcpy(connection->ends.server_host, "localhost");
    format_address(peer, connection->ends.client_host, &connection->ends.client_port);
    format_address((struct sockaddr *)&own, connection->ends.server_host, &connection->ends.server_port);
}

static void on_acceptable(uv_poll_t *poll, int status, int events);

/* libuv registers a watcher when it next polls: one turn before the turn after the next. */
static void line_up(cito_server *server)
{
    if (!server->options.shares_listeners)
        return;
    server->lining_up = 2;
    cito_server_wake(server);
}

static void set_accepting(cito_server *server, bool accepting)
{
    if (server->accepting == accepting)
        return;
    server->accepting = accepting;
    for (cito_listener *listener = server->listeners; listener; listener = listener->next) {
        if (accepting)
            uv_poll_start(&listener->poll, UV_READABLE, on_acceptable);
        else
            uv_poll_stop(&listener->poll);
    }
    if (accepting)
        line_up(server);
}

static void accept_again(cito_server *server)
{
    server->has_room = false;
    if (!server->stopping && server->stats.connections < server->options.limit_connections)
        set_accepting(server, true);
}

/* The process or the machine has no descriptor left. Polling on would spin: clients wait in the kernel's queue until one is closed, or the timer tries. */
static void pause_accepting(cito_server *server, const char *why)
{
    uint64_t now_ms = cito_server_now_ms(server);
    if (server->warned_ms == 0 || now_ms - server->warned_ms > WARNING_MS) {
        cito_log_write(CITO_LOG_WARNING, "No connection can be accepted now: %s; raise the limit of open files (ulimit -n)", why);
        server->warned_ms = now_ms;
    }
    set_accepting(server, false);
    run_tick(server, server->tick_ms > 0 ? server->tick_ms : TICK_MS);
}

/* Of several processes that wait on one socket the kernel wakes one (EPOLLEXCLUSIVE), and the same one each time it is idle. Waiting anew puts this one behind the
 * others, so they take turns. libuv has no word for it, so its registration is replaced; it finds the watcher by the descriptor all the same. */
static void wait_in_line(cito_listener *listener)
{
    int epoll_fd = uv_backend_fd(cito_loop_uv(listener->server->loop));
    struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = listener->fd };
    if (!listener->server->accepting || epoll_ctl(epoll_fd, EPOLL_CTL_DEL, listener->fd, NULL) < 0)
        return; /* libuv has not registered it yet */
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener->fd, &event) < 0)
        cito_abort("a listening socket cannot be waited on: %s", strerror(errno));
}

void cito_server_rearm(cito_server *server)
{
    for (cito_listener *listener = server->listeners; listener; listener = listener->next)
        wait_in_line(listener);
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    cito_listener *listener = poll->data;
    cito_server *server = listener->server;
    if (status < 0) {
        cito_log_write(CITO_LOG_ERROR, "A listening socket failed: %s", uv_strerror(status));
        uv_poll_stop(poll);
        return;
    }
    int most = server->options.shares_listeners && !server->stopping ? ACCEPT_TURN : ACCEPT_BATCH;
    for (int i = 0; i < most && server->accepting; i++) {
        struct sockaddr_storage peer = { 0 };
        socklen_t len = sizeof peer;
        int fd = accept4(listener->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            cito_connection_open(server, fd, (struct sockaddr *)&peer);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(server, strerror(errno));
        } else if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO) {
            break;
        }
        if (server->stats.connections >= server->options.limit_connections)
            set_accepting(server, false);
    }
    if (server->options.shares_listeners)
        wait_in_line(listener);
}

void cito_server_listen(cito_server *server, int listener_fd)
{
    cito_listener *listener = calloc(1, sizeof *listener);
    if (!listener)
        cito_abort("out of memory: no room for a listener");
    listener->server = server;
    listener->fd = listener_fd;
    listener->poll.data = listener;
    int failure = uv_poll_init(cito_loop_uv(server->loop), &listener->poll, listener_fd);
    if (failure)
        cito_die(1, "Descriptor %d cannot be listened on: %s", listener_fd, uv_strerror(failure));
    int on = 1; /* accepted sockets inherit it: an answer is written whole, so waiting to fill a segment would only delay it */
    setsockopt(listener_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    listener->next = server->listeners;
    server->listeners = listener;
    server->open_handles++;
    if (server->accepting)
        uv_poll_start(&listener->poll, UV_READABLE, on_acceptable);
    line_up(server);
}

static void on_listener_closed(uv_handle_t *handle)
{
    cito_listener *listener = handle->data;
    cito_server *server = listener->server;
    free(listener);
    cito_server_handle_closed(server);
}

static void close_listeners(cito_server *server)
{
    for (cito_listener *listener = server->listeners, *next; listener; listener = next) {
        next = listener->next;
        uv_close((uv_handle_t *)&listener->poll, on_listener_closed);
    }
    server->listeners = NULL;
}

/* ---- life ---- */

static void set_default(unsigned *option, unsigned value)
{
    if (*option == 0)
        *option = value;
}

static void fill_options(cito_server_options *options)
{
    if (options->limit_body == 0)
        options->limit_body = 16 << 20;
    if (options->http.field_count == 0)
        options->http.field_count = 100;
    if (options->http.field_count > CITO_HTTP_FIELDS_MAX)
        options->http.field_count = CITO_HTTP_FIELDS_MAX;
    set_default(&options->limit_connections, 10000);
    set_default(&options->timeout_keep_alive_ms, 5000);
    set_default(&options->timeout_head_ms, 10000);
    set_default(&options->timeout_body_ms, 30000);
    set_default(&options->timeout_write_ms, 30000);
    set_default(&options->timeout_graceful_ms, 30000);
}

cito_server *cito_server_new(cito_loop *loop, cito_application *application, const cito_server_options *options)
{
    cito_server *server = calloc(1, sizeof *server);
    if (!server)
        cito_abort("out of memory: no room for a server");
    server->loop = loop;
    server->application = application;
    if (options)
        server->options = *options;
    fill_options(&server->options);
    cito_timeouts_init(&server->timeouts);
    unsigned *durations = server->timeouts.duration_ms;
    durations[CITO_TIMEOUT_HEAD] = server->options.timeout_head_ms;
    durations[CITO_TIMEOUT_KEEP_ALIVE] = server->options.timeout_keep_alive_ms;
    durations[CITO_TIMEOUT_BODY] = server->options.timeout_body_ms;
    durations[CITO_TIMEOUT_WRITE] = server->options.timeout_write_ms;
    durations[CITO_TIMEOUT_LINGER] = LINGER_MS;
    durations[CITO_TIMEOUT_PROBE] = PROBE_MS;
    server->log_on = !server->options.access_log_off && cito_log_is_on(CITO_LOG_INFO);
    server->log_coloured = server->log_on && cito_access_log_wants_colours();
    server->accepting = true;
    server->turn.data = server->tick.data = server;
    uv_idle_init(cito_loop_uv(loop), &server->turn);
    uv_timer_init(cito_loop_uv(loop), &server->tick);
    server->open_handles = 2;
    write_fields(server);
    refresh_clock(server);
    return server;
}

/* Whoever waits raises; nobody is left to read the answers. */
static void cancel_all(cito_server *server)
{
    server->cancelling = true;
    while (server->connections)
        cito_connection_lost(server->connections);
    for (cito_server_exchange *exchange = server->exchanges; exchange;) {
        bool first_time = !exchange->cancelled;
        cito_server_exchange *next = exchange->next;
        cito_exchange_cancel(exchange);
        exchange = first_time ? server->exchanges : next; /* what it woke may have ended any of them */
    }
    cito_server_wake(server);
}

/* A client may have sent its next request just now: one that is closed on instead cannot know whether it was read (RFC 9112, 9.3.1). So a server that is told to
 * drain waits a moment; what is asked meanwhile is answered with connection: close. */
static void close_idle(cito_server *server)
{
    server->closes_idle = true;
    for (cito_connection *connection = server->connections, *next; connection; connection = next) {
        next = connection->next;
        cito_connection_settle(connection); /* closes it where it is idle */
    }
}

void cito_server_check_timeouts(cito_server *server)
{
    refresh_clock(server);
    cito_timeout_kind kind;
    for (cito_timeout *timeout; (timeout = cito_timeouts_pop(&server->timeouts, server->now_ms, &kind));)
        cito_connection_timed_out((cito_connection *)((char *)timeout - offsetof(cito_connection, timeout)), kind);
    if (server->stopping && !server->closes_idle && server->now_ms >= server->drain_deadline_ms)
        close_idle(server);
    if (server->stopping && !server->cancelling && server->now_ms >= server->stop_deadline_ms)
        cancel_all(server);
    const cito_timeout *probes = &server->timeouts.first[CITO_TIMEOUT_PROBE];
    if (server->timeouts.armed == 0 && !server->stopping && server->accepting)
        run_tick(server, 0);
    else
        run_tick(server, probes->next != probes ? PROBE_MS : TICK_MS);
    accept_again(server);
}

void cito_server_stop(cito_server *server, void (*done)(void *data), void *data)
{
    if (server->stopping) {
        cancel_all(server);
        return;
    }
    server->stopping = true;
    server->done = done;
    server->done_data = data;
    server->stop_deadline_ms = cito_server_now_ms(server) + server->options.timeout_graceful_ms;
    server->drain_deadline_ms = server->now_ms + server->options.timeout_drain_ms;
    for (cito_listener *listener = server->listeners; listener && server->options.shares_listeners; listener = listener->next)
        on_acceptable(&listener->poll, 0, UV_READABLE); /* this process may be the only one that was woken for them */
    close_listeners(server);
    if (server->options.timeout_drain_ms == 0)
        close_idle(server);
    run_tick(server, TICK_MS);
    cito_server_wake(server);
}

void cito_server_free(cito_server *server)
{
    if (!server)
        return;
    if (server->exchanges)
        cito_abort("a server was freed while %u requests were running: cito_server_stop it first", server->stats.exchanges);
    close_listeners(server);
    while (server->connections)
        cito_connection_close(server->connections);
    if (server->log.len > 0)
        cito_access_log_flush(server);
    server->freed = true;
    uv_close((uv_handle_t *)&server->turn, on_own_handle_closed);
    uv_close((uv_handle_t *)&server->tick, on_own_handle_closed);
}

cito_server_stats cito_server_stats_now(const cito_server *server) { return server->stats; }

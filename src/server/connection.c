/* Connection: the state machine of one client's connection: its events, what it waits for, and its end. requests.c does the work between.
 *
 * Invariants:
 * - What is polled for and which time-out runs follow from the state, in one place each.
 * - A closed connection's memory stays until the loop has closed the handle, so that whoever is up the stack can still look at `closed`.
 * Threading: the loop's thread. */
#include "base/log.h"
#include "server/half_close.h"
#include "server/response.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    cito_connection *connection = handle->data;
    cito_server *server = connection->server;
    connection->handle_closed = true;
    if (!connection->scheduled) /* else the list still has it */
        free(connection);
    cito_server_handle_closed(server);
}

/* The exchange and the connection part; the exchange keeps the input that its head lies in. */
static void part(cito_connection *connection)
{
    cito_server_exchange *exchange = connection->exchange;
    if (exchange->input == connection->input)
        connection->input = NULL;
    exchange->connection = NULL;
    connection->exchange = NULL;
}

void cito_connection_close(cito_connection *connection)
{
    cito_server *server = connection->server;
    if (connection->closed)
        return;
    connection->closed = true;
    if (connection->exchange)
        part(connection);
    if (connection->input)
        cito_server_give_input(server, connection->input);
    connection->input = NULL;
    cito_connection_give_out(connection);
    cito_timeout_set(&server->timeouts, &connection->timeout, CITO_TIMEOUT_NONE, 0);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    server->stats.connections--;
    server->has_room = true;
    uv_close((uv_handle_t *)&connection->poll, on_handle_closed);
    close(connection->fd); /* behind uv_close: the loop forgets the descriptor first */
    cito_server_wake(server);
}

void cito_connection_lost(cito_connection *connection)
{
    cito_server_exchange *exchange = connection->exchange;
    cito_connection_close(connection);
    if (!exchange)
        return;
    exchange->gone = true;
    if (!exchange->answer_done)
        cito_exchange_cancel(exchange);
}

static void begin_lingering(cito_connection *connection)
{
    connection->lingering = true;
    connection->start = connection->end = connection->base;
    if (shutdown(connection->fd, SHUT_WR) != 0 || connection->input_ended)
        cito_connection_close(connection);
}

void cito_connection_refuse(cito_connection *connection, int status, const char *text)
{
    cito_server *server = connection->server;
    cito_log_write(CITO_LOG_WARNING, "Invalid HTTP request received from %s:%d: %s (%d)", connection->ends.client_host,
                   connection->ends.client_port, text, status);
    cito_header json = { { "content-type", 12 }, { "application/json", 16 } };
    char body[256]; /* the texts are the program's own: nothing in them needs an escape */
    int len = snprintf(body, sizeof body, "{\"detail\":\"%.200s\"}", text);
    cito_response_scan scan;
    cito_response_scan_headers(&json, 1, &scan);
    cito_server_now_ms(server);
    cito_response_head head = { .status = status,
                                .headers = &json,
                                .header_count = 1,
                                .framing = CITO_FRAMING_LENGTH,
                                .body_len = (uint64_t)len,
                                .connection = "close",
                                .fields = { server->fields, server->fields_len } };
    cito_response_write_head(cito_connection_out(connection), &head, &scan);
    cito_buffer_append(&connection->out, body, (size_t)len);
    connection->close_after = connection->linger = true;
}

/* ---- what to wait for ---- */

/* Bytes before it may not move or be written over: the running exchange points into them. */
static size_t floor_of(const cito_connection *connection)
{
    return connection->exchange && connection->exchange->input == connection->input ? connection->base : 0;
}

/* How much can be read, after the bytes that are there have moved down to the floor. */
static size_t room(const cito_connection *connection)
{
    if (!connection->input)
        return CITO_INPUT_SIZE;
    size_t taken = floor_of(connection) + connection->end - connection->start + 1;
    return taken < connection->input->capacity ? connection->input->capacity - taken : 0;
}

static bool receives_directly(const cito_connection *connection)
{
    const cito_server_exchange *exchange = connection->exchange;
    return exchange && exchange->receiving && !exchange->body_over && !exchange->chunked;
}

static void update_poll(cito_connection *connection)
{
    bool writes = cito_connection_unsent(connection) > 0, reads;
    if (connection->lingering)
        reads = true;
    else if (connection->input_ended)
        reads = false;
    else if (connection->exchange && connection->exchange->answer_done)
        reads = !connection->close_after && room(connection) > 0;
    else if (connection->exchange) /* what comes is kept, and the end of the stream is seen, even where no more is served */
        reads = receives_directly(connection) || room(connection) > 0;
    else
        reads = !writes && !connection->close_after; /* who does not take its answers is asked nothing more */
    int events = (reads ? UV_READABLE : 0) | (writes ? UV_WRITABLE : 0);
    if (events == 0)
        events = UV_PRIORITIZED; /* what is always told beside it: that the connection broke */
    if (events == connection->events)
        return;
    connection->events = events;
    uv_poll_start(&connection->poll, events, connection->poll.poll_cb);
}

static void update_timeout(cito_connection *connection)
{
    const cito_server_exchange *exchange = connection->exchange;
    cito_timeout_kind kind;
    bool again = false; /* counts from now, though it may be set already */
    if (connection->lingering)
        kind = CITO_TIMEOUT_LINGER;
    else if (cito_connection_unsent(connection) > 0)
        kind = CITO_TIMEOUT_WRITE;
    else if (exchange && exchange->reader)
        kind = CITO_TIMEOUT_BODY, again = true;
    else if (exchange)
        kind = cito_half_close_asks(connection) ? CITO_TIMEOUT_PROBE : CITO_TIMEOUT_NONE;
    else if (connection->skip > 0)
        kind = CITO_TIMEOUT_BODY, again = true;
    else if (connection->start < connection->end || !connection->served)
        kind = CITO_TIMEOUT_HEAD;
    else
        kind = CITO_TIMEOUT_KEEP_ALIVE, again = true;
    if (kind != connection->timeout.kind || again)
        cito_server_set_timeout(connection, kind);
}

/* An idle connection holds no memory but its own. */
static void give_back_idle(cito_connection *connection)
{
    if (connection->exchange || !connection->input || connection->start < connection->end)
        return;
    cito_server_give_input(connection->server, connection->input);
    connection->input = NULL;
    connection->start = connection->end = connection->base = 0;
}

void cito_connection_settle(cito_connection *connection)
{
    if (connection->lingering || !cito_connection_flush(connection)) {
        if (!connection->closed)
            update_timeout(connection);
        return;
    }
    const cito_server_exchange *exchange = connection->exchange;
    bool sent = cito_connection_unsent(connection) == 0, ends = connection->close_after && (!exchange || exchange->answer_done);
    bool idle = !exchange && connection->start == connection->end && connection->skip == 0;
    ends |= !exchange && connection->input_ended && !connection->scheduled;
    ends |= idle && connection->server->closes_idle;
    if (ends && sent) {
        if (exchange)
            part(connection);
        if (connection->linger)
            begin_lingering(connection);
        else
            cito_connection_close(connection);
        if (connection->closed)
            return;
    }
    if (exchange && exchange->writer && cito_connection_unsent(connection) <= CITO_OUT_LOW)
        cito_server_schedule(connection->server, connection); /* it goes on where nothing else is under way */
    give_back_idle(connection);
    update_poll(connection);
    update_timeout(connection);
}

/* ---- events ---- */

static void linger_on(cito_connection *connection)
{
    char thrown_away[16 * 1024];
    ssize_t received = recv(connection->fd, thrown_away, sizeof thrown_away, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    connection->lingered += received > 0 ? (size_t)received : 0;
    if (received <= 0 || connection->lingered > CITO_LINGER_MAX)
        cito_connection_close(connection);
}

/* recv into the input. */
static ssize_t receive(cito_connection *connection)
{
    if (!connection->input) {
        connection->input = cito_server_take_input(connection->server, 0);
        connection->start = connection->end = connection->base = 0;
    }
    cito_input *input = connection->input;
    if (connection->end + 1 >= input->capacity) {
        size_t floor = floor_of(connection);
        memmove(input->data + floor, input->data + connection->start, connection->end - connection->start);
        connection->end -= connection->start - floor;
        connection->start = floor;
    }
    ssize_t received = recv(connection->fd, input->data + connection->end, input->capacity - 1 - connection->end, 0);
    if (received > 0)
        connection->end += (size_t)received;
    return received;
}

static void on_readable(cito_connection *connection)
{
    if (connection->lingering) {
        linger_on(connection);
        return;
    }
    bool direct = receives_directly(connection);
    if (!direct && room(connection) == 0) {
        cito_connection_settle(connection);
        return;
    }
    ssize_t received = direct ? cito_exchange_receive(connection->exchange) : receive(connection);
    if (received < 0) {
        if (errno != EAGAIN && errno != EINTR)
            cito_connection_lost(connection);
        return;
    }
    if (received == 0)
        connection->input_ended = true;
    cito_connection_advance(connection);
}

static void on_writable(cito_connection *connection)
{
    if (cito_connection_flush(connection))
        cito_connection_advance(connection);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    cito_connection *connection = poll->data;
    if (status < 0) { /* the socket has an error: it was reset */
        cito_connection_lost(connection);
        return;
    }
    if (events & UV_WRITABLE)
        on_writable(connection);
    if (!connection->closed && (events & UV_READABLE))
        on_readable(connection);
    if (!connection->closed && (events & UV_PRIORITIZED))
        cito_half_close_look(connection);
}

void cito_connection_timed_out(cito_connection *connection, cito_timeout_kind kind)
{
    cito_server *server = connection->server;
    cito_server_exchange *exchange = connection->exchange;
    if (kind == CITO_TIMEOUT_PROBE) {
        cito_half_close_ask(connection);
    } else if (kind == CITO_TIMEOUT_HEAD && connection->start < connection->end) {
        server->stats.bad_requests++;
        cito_connection_refuse(connection, 408, "The request's head did not come in time");
        cito_connection_settle(connection);
    } else if (kind == CITO_TIMEOUT_BODY && exchange) {
        server->stats.bad_requests++;
        part(connection); /* the server answers in the application's place */
        exchange->gone = true;
        if (exchange->answer_started) {
            cito_connection_close(connection);
        } else {
            exchange->base.status = 408;
            cito_connection_refuse(connection, 408, "The request's body did not come in time");
            cito_connection_settle(connection);
        }
        cito_exchange_cancel(exchange);
    } else if (kind == CITO_TIMEOUT_WRITE) {
        /* Without this the kernel would hold the unsent bytes for minutes more. */
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
        cito_connection_lost(connection);
    } else {
        cito_connection_close(connection);
    }
}

void cito_connection_open(cito_server *server, int fd, const struct sockaddr *peer)
{
    cito_connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        cito_abort("out of memory: no room for a connection");
    connection->server = server;
    connection->fd = fd;
    connection->poll.data = connection;
    cito_http_parser_init(&connection->parser, &server->options.http);
    cito_server_name_ends(connection, peer);
    if (uv_poll_init(cito_loop_uv(server->loop), &connection->poll, fd) != 0) {
        close(fd);
        free(connection);
        return;
    }
    connection->next = server->connections;
    if (connection->next)
        connection->next->previous = connection;
    server->connections = connection;
    server->open_handles++;
    server->stats.connections++;
    server->stats.connections_accepted++;
    connection->poll.poll_cb = on_event;
    update_poll(connection);
    update_timeout(connection);
}

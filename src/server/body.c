/* Body: receiving a request's body as a whole.
 *
 * A body that lies in the input already is given as a slice of it where the byte behind it is free for a NUL, else copied; one that comes later is received
 * straight into the exchange's memory where its length is known, and decoded chunk by chunk where not.
 * Invariants: connection->start is always the first byte of the body that was not taken yet; body_over is set once, with body_result.
 * Threading: the loop's thread; waiting suspends the coroutine. */
#include "loop/context.h"
#include "server/connection.h"

#include <errno.h>
#include <sys/socket.h>

enum { FIRST_CAPACITY = 4096, LEAST_ROOM = 2048 };

static void over(cito_server_exchange *exchange, cito_receive_result result)
{
    exchange->body_over = true;
    exchange->body_result = result;
    if (result == CITO_RECEIVE_OK && exchange->body_data)
        exchange->body_data[exchange->body_len] = '\0';
    if (result != CITO_RECEIVE_OK && exchange->connection)
        /* Where the message ends is not known any more, or what is left of it is too much: RFC 9112 section 9.6. */
        exchange->connection->close_after = exchange->connection->linger = true;
}

static bool reserve(cito_server_exchange *exchange, size_t more)
{
    size_t needed = exchange->body_len + more + 1;
    if (needed <= exchange->body_capacity)
        return true;
    size_t capacity = exchange->body_capacity ? exchange->body_capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    char *data = cito_arena_take(exchange->base.lifetime->arena, capacity);
    if (!data)
        return false;
    if (exchange->body_len > 0)
        memcpy(data, exchange->body_data, exchange->body_len);
    exchange->body_data = data;
    exchange->body_capacity = capacity;
    return true;
}

static void feed_length(cito_server_exchange *exchange)
{
    cito_connection *connection = exchange->connection;
    size_t left = (size_t)exchange->content_length - exchange->body_len, there = connection->end - connection->start;
    size_t taken = there < left ? there : left;
    memcpy(exchange->body_data + exchange->body_len, connection->input->data + connection->start, taken);
    exchange->body_len += taken;
    connection->start += taken;
    if (taken == left)
        over(exchange, CITO_RECEIVE_OK);
}

static void feed_chunked(cito_server_exchange *exchange)
{
    cito_connection *connection = exchange->connection;
    while (!exchange->body_over) {
        size_t used = 0;
        cito_str piece = { "", 0 };
        cito_http_error error;
        cito_http_parse_result result = cito_http_parse_body(&connection->parser, connection->input->data + connection->start,
                                                             connection->end - connection->start, &used, &piece, &error);
        connection->start += used;
        if (result == CITO_HTTP_BAD) {
            connection->server->stats.bad_requests++;
            over(exchange, CITO_RECEIVE_BROKEN);
            return;
        }
        if (piece.len > exchange->base.limit_body - exchange->body_len || !reserve(exchange, piece.len)) {
            over(exchange, CITO_RECEIVE_TOO_LARGE);
            return;
        }
        memcpy(exchange->body_data + exchange->body_len, piece.data, piece.len);
        exchange->body_len += piece.len;
        if (result == CITO_HTTP_DONE)
            over(exchange, CITO_RECEIVE_OK);
        else if (used == 0)
            return;
    }
}

void cito_exchange_feed(cito_server_exchange *exchange)
{
    cito_connection *connection = exchange->connection;
    if (exchange->body_over || !connection->input || connection->start == connection->end)
        return;
    if (exchange->chunked)
        feed_chunked(exchange);
    else
        feed_length(exchange);
    if (connection->start == connection->end) /* room again behind the head, which the exchange still points into */
        connection->start = connection->end = connection->base;
}

ssize_t cito_exchange_receive(cito_server_exchange *exchange)
{
    ssize_t received =
        recv(exchange->connection->fd, exchange->body_data + exchange->body_len, (size_t)exchange->content_length - exchange->body_len, 0);
    if (received > 0)
        exchange->body_len += (size_t)received;
    if (exchange->body_len == (size_t)exchange->content_length)
        over(exchange, CITO_RECEIVE_OK);
    return received;
}

void cito_exchange_input_ended(cito_server_exchange *exchange)
{
    if (!exchange->body_over && (exchange->chunked || exchange->content_length > 0)) {
        exchange->connection->server->stats.bad_requests++;
        over(exchange, CITO_RECEIVE_BROKEN);
    }
}

/* A body that is in the input whole. */
static void take_whole(cito_server_exchange *exchange)
{
    cito_connection *connection = exchange->connection;
    size_t len = (size_t)exchange->content_length;
    char *data = connection->input->data + connection->start;
    if (connection->start + len < connection->end ||
        connection->input != exchange->input) { /* the next message's first byte stands behind it */
        data = (char *)cito_arena_copy_str(exchange->base.lifetime->arena, data, len).data;
        if (!data) {
            over(exchange, CITO_RECEIVE_TOO_LARGE);
            return;
        }
    }
    connection->start += len;
    exchange->body_data = data;
    exchange->body_len = len;
    over(exchange, CITO_RECEIVE_OK);
    if (connection->start == connection->end) /* what is read later comes behind the NUL */
        connection->start = connection->end = connection->base = connection->end + 1;
}

/* A head that fills its input leaves no room to read chunks behind it: the connection goes on in another one, the exchange keeps the first. */
static void leave_input(cito_connection *connection)
{
    cito_input *input = cito_server_take_input(connection->server, 0);
    size_t there = connection->end - connection->start;
    memcpy(input->data, connection->input->data + connection->start, there);
    connection->input = input;
    connection->start = connection->base = 0;
    connection->end = there;
}

static void begin(cito_server_exchange *exchange)
{
    cito_connection *connection = exchange->connection;
    size_t there = connection->end - connection->start;
    if (!exchange->chunked) {
        if ((uint64_t)exchange->content_length > exchange->base.limit_body) {
            over(exchange, CITO_RECEIVE_TOO_LARGE);
            return;
        }
        if (there >= (size_t)exchange->content_length) {
            take_whole(exchange);
            return;
        }
        if (!reserve(exchange, (size_t)exchange->content_length)) {
            over(exchange, CITO_RECEIVE_TOO_LARGE);
            return;
        }
    }
    if (connection->input && connection->input->capacity - connection->base < LEAST_ROOM)
        leave_input(connection);
    exchange->receiving = true;
    cito_exchange_feed(exchange);
    if (exchange->body_over)
        return;
    if (connection->input_ended) {
        cito_exchange_input_ended(exchange);
        return;
    }
    /* RFC 9110 section 10.1.1: not where body bytes have come already, nor once the answer has begun. */
    if (exchange->expect_continue && there == 0 && !exchange->answer_started)
        cito_buffer_append_literal(cito_connection_out(connection), "HTTP/1.1 100 Continue\r\n\r\n");
    exchange->expect_continue = false;
}

/* Waits until it is over. */
static cito_receive_result wait(cito_server_exchange *exchange)
{
    while (!exchange->body_over) {
        exchange->reader = cito_context_require("reading a body that has not come yet")->coroutine;
        cito_connection_settle(exchange->connection);
        bool interrupted = exchange->connection ? cito_coroutine_suspend() : false;
        exchange->reader = NULL;
        if (exchange->body_over)
            break;
        if (!exchange->connection)
            return CITO_RECEIVE_DISCONNECTED;
        if (interrupted)
            return CITO_RECEIVE_CANCELLED;
    }
    return exchange->body_result;
}

cito_receive_result cito_exchange_read_body(cito_exchange *base, cito_str *out_body)
{
    cito_server_exchange *exchange = (cito_server_exchange *)base;
    *out_body = (cito_str){ "", 0 };
    if (!exchange->body_over) {
        if (!exchange->connection)
            return CITO_RECEIVE_DISCONNECTED;
        if (!exchange->receiving)
            begin(exchange);
        if (!exchange->body_over) {
            cito_receive_result result = wait(exchange);
            if (result != CITO_RECEIVE_OK)
                return result;
        }
    }
    if (exchange->body_result == CITO_RECEIVE_OK && exchange->body_len > 0)
        *out_body = (cito_str){ exchange->body_data, exchange->body_len };
    return exchange->body_result;
}

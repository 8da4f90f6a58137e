/* Exchange: the server's side of http/app.h over HTTP/1.1: the scope, the answer's framing, the end of it all.
 *
 * Invariants: an exchange with a connection is that connection's `exchange`; without one, answers go nowhere and reads say so. The answer begins once
 * (answer_started) and is complete once (answer_done). Memory comes from the server's pool and the lifetime's arena.
 * Threading: the loop's thread; write and read_body suspend the coroutine. */
#include "base/log.h"
#include "http/url.h"
#include "server/access_log.h"
#include "server/proxy_header.h"
#include "server/response.h"

#include <stdlib.h>

static const cito_str internal_error = { "Internal Server Error", 21 };
static const cito_header internal_error_fields[] = { { { "content-type", 12 }, { "text/plain; charset=utf-8", 25 } } };

/* RFC 9110 section 6.4.1, RFC 9112 section 6.3: these end with their head. */
static bool is_bodiless(int status) { return status < 200 || status == 204 || status == 304; }

static bool has_unread_body(const cito_server_exchange *exchange)
{
    return !exchange->body_over && (exchange->chunked || exchange->content_length > 0);
}

/* What the Connection field says; decides whether the connection goes on. */
static const char *decide_connection(cito_server_exchange *exchange, const cito_response_scan *scan, bool ends_by_close)
{
    cito_connection *connection = exchange->connection;
    bool close = connection->close_after || scan->close || !exchange->keep_alive || ends_by_close || exchange->server->stopping;
    if (!close && has_unread_body(exchange) && !exchange->receiving) {
        uint64_t there = connection->end - connection->start;
        /* A client that waits for 100 may send the body or not: nobody can tell where its next request begins. */
        close =
            exchange->expect_continue || (uint64_t)(exchange->content_length > 0 ? exchange->content_length : 0) > there + CITO_SKIP_MAX;
    }
    if (close) {
        connection->close_after = true;
        connection->linger |= has_unread_body(exchange) || connection->start < connection->end;
        return "close";
    }
    return exchange->base.scope.http_minor == 0 ? "keep-alive"
                                                : NULL; /* 1.0 is told, else it would wait for the end: RFC 9112 section 9.3 */
}

/* Writes the head. */
static void begin_answer(cito_server_exchange *exchange, cito_response_head *head, const cito_response_scan *scan)
{
    cito_server *server = exchange->server;
    exchange->answer_started = true;
    exchange->base.status = head->status;
    exchange->answer_chunked = head->framing == CITO_FRAMING_CHUNKED;
    exchange->answer_bodiless = exchange->head_request || is_bodiless(head->status);
    if (!exchange->connection)
        return;
    if (server->log_on)
        cito_access_log_add(exchange, head->status);
    head->connection = decide_connection(exchange, scan, head->framing == CITO_FRAMING_NONE && !exchange->answer_bodiless);
    cito_server_now_ms(server);
    head->fields = (cito_str){ server->fields, server->fields_len };
    cito_response_write_head(cito_connection_out(exchange->connection), head, scan);
}

static void answer_over(cito_server_exchange *exchange)
{
    cito_connection *connection = exchange->connection;
    exchange->answer_done = true;
    if (!connection)
        return;
    /* The rest of a pipelined batch is answered first: one write for all. */
    bool more = connection->start < connection->end;
    if (connection->busy && more)
        return;
    if (!cito_connection_flush(connection))
        return;
    if (!connection->busy && more)
        cito_server_schedule(connection->server, connection);
    else if (cito_connection_unsent(connection) > 0 || connection->close_after)
        cito_connection_settle(connection);
}

/* An answer must not be sent as it is: a plain 500 takes its place. */
static bool refuse_if_bad(cito_server_exchange *exchange, const cito_response_scan *scan)
{
    if (!scan->bad)
        return false;
    const cito_scope_http *scope = &exchange->base.scope;
    cito_log_write(CITO_LOG_ERROR,
                   "%s %s: the response header \"%.64s\" has a name that is no token or a value with CR, LF or NUL; answered 500 instead",
                   scope->method.data, scope->raw_path.data, scan->bad_name);
    cito_response_scan sound;
    cito_response_scan_headers(internal_error_fields, 1, &sound);
    cito_response_head head = {
        .status = 500, .headers = internal_error_fields, .header_count = 1, .framing = CITO_FRAMING_LENGTH, .body_len = internal_error.len
    };
    begin_answer(exchange, &head, &sound);
    exchange->answer_done = true;
    if (exchange->connection && !exchange->answer_bodiless)
        cito_connection_write(exchange->connection, internal_error.data, internal_error.len);
    answer_over(exchange);
    return true;
}

static void respond(cito_exchange *base, int status, const cito_header *headers, size_t header_count, cito_str body)
{
    cito_server_exchange *exchange = (cito_server_exchange *)base;
    if (exchange->answer_started)
        return;
    cito_response_scan scan;
    cito_response_scan_headers(headers, header_count, &scan);
    if (refuse_if_bad(exchange, &scan))
        return;
    cito_response_head head = {
        .status = status, .headers = headers, .header_count = header_count, .framing = CITO_FRAMING_LENGTH, .body_len = body.len
    };
    bool given = scan.content_length >= 0 && status != 204 && status >= 200;
    if (is_bodiless(status))
        head.framing = given ? CITO_FRAMING_GIVEN : CITO_FRAMING_NONE;
    else if (exchange->head_request && body.len == 0 && given)
        head.framing = CITO_FRAMING_GIVEN; /* the length that GET would have: RFC 9110 section 9.3.2 */
    begin_answer(exchange, &head, &scan);
    exchange->answer_done = true; /* from here on, losing the client cancels nothing */
    if (exchange->connection && !exchange->answer_bodiless && body.len > 0)
        cito_connection_write(exchange->connection, body.data, body.len);
    answer_over(exchange);
}

static void start(cito_exchange *base, int status, const cito_header *headers, size_t header_count)
{
    cito_server_exchange *exchange = (cito_server_exchange *)base;
    if (exchange->answer_started)
        return;
    cito_response_scan scan;
    cito_response_scan_headers(headers, header_count, &scan);
    if (refuse_if_bad(exchange, &scan))
        return;
    cito_response_head head = { .status = status, .headers = headers, .header_count = header_count, .framing = CITO_FRAMING_NONE };
    exchange->answer_left = -1;
    if (scan.content_length >= 0 && status != 204 && status >= 200) {
        head.framing = CITO_FRAMING_GIVEN;
        exchange->answer_left = scan.content_length;
    } else if (!exchange->head_request && !is_bodiless(status) && base->scope.http_minor > 0) {
        head.framing = CITO_FRAMING_CHUNKED; /* never to 1.0: RFC 9112 section 6.1 */
    }
    begin_answer(exchange, &head, &scan);
    if (exchange->connection)
        cito_server_schedule(exchange->server, exchange->connection);
}

/* Waits until the client has taken enough. */
static bool wait_for_room(cito_server_exchange *exchange)
{
    bool interrupted = false;
    for (size_t most = CITO_OUT_HIGH; exchange->connection && !interrupted; most = CITO_OUT_LOW) {
        if (cito_connection_unsent(exchange->connection) > most)
            cito_connection_settle(exchange->connection);
        if (!exchange->connection || cito_connection_unsent(exchange->connection) <= most)
            break;
        exchange->writer = cito_context_require("writing more than the client takes")->coroutine;
        interrupted = cito_coroutine_suspend();
        exchange->writer = NULL;
    }
    return exchange->connection != NULL;
}

static bool write_piece(cito_exchange *base, cito_str piece)
{
    cito_server_exchange *exchange = (cito_server_exchange *)base;
    cito_connection *connection = exchange->connection;
    if (!connection)
        return false;
    if (!exchange->answer_started || exchange->answer_done || exchange->answer_bodiless || piece.len == 0)
        return true; /* an empty chunk would end the message */
    if (exchange->answer_left >= 0) {
        if ((uint64_t)piece.len > (uint64_t)exchange->answer_left) {
            cito_log_write(CITO_LOG_ERROR, "%s %s: the answer is longer than its Content-Length says; the rest is left out",
                           base->scope.method.data, base->scope.raw_path.data);
            piece.len = (size_t)exchange->answer_left;
        }
        exchange->answer_left -= (int64_t)piece.len;
    }
    if (exchange->answer_chunked)
        cito_buffer_append_format(cito_connection_out(connection), "%zx\r\n", piece.len);
    if (!cito_connection_write(connection, piece.data, piece.len))
        return false;
    if (exchange->answer_chunked)
        cito_buffer_append_literal(&connection->out, "\r\n");
    if (cito_connection_unsent(connection) < CITO_OUT_DIRECT)
        cito_server_schedule(exchange->server, connection); /* small pieces of one turn leave together */
    else if (!(connection->events & UV_WRITABLE) && !cito_connection_flush(connection))
        return false;
    return wait_for_room(exchange);
}

static void end(cito_exchange *base)
{
    cito_server_exchange *exchange = (cito_server_exchange *)base;
    if (!exchange->answer_started || exchange->answer_done)
        return;
    if (!exchange->connection) {
        exchange->answer_done = true;
        return;
    }
    if (exchange->answer_left > 0 && !exchange->answer_bodiless) {
        cito_log_write(CITO_LOG_ERROR, "%s %s: the answer ends %lld bytes before its Content-Length; the connection is cut",
                       base->scope.method.data, base->scope.raw_path.data, (long long)exchange->answer_left);
        exchange->connection->close_after = true; /* the client must see that it is short: RFC 9112 section 8 */
    }
    if (exchange->answer_chunked)
        cito_buffer_append_literal(cito_connection_out(exchange->connection), "0\r\n\r\n");
    answer_over(exchange);
}

static bool is_disconnected(const cito_exchange *base) { return ((const cito_server_exchange *)base)->gone; }

/* The application is through with it before its answer was complete. */
static void give_up_answer(cito_server_exchange *exchange)
{
    if (!exchange->answer_started) {
        cito_log_write(CITO_LOG_ERROR, "%s %s: the application ended without an answer; answered 500", exchange->base.scope.method.data,
                       exchange->base.scope.raw_path.data);
        respond(&exchange->base, 500, internal_error_fields, 1, internal_error);
        return;
    }
    cito_connection *connection = exchange->connection;
    exchange->answer_done = true;
    if (cito_connection_flush(connection)) /* without the last chunk, so that nobody takes it for whole */
        cito_connection_close(connection);
}

static void finish(cito_exchange *base)
{
    cito_server_exchange *exchange = (cito_server_exchange *)base;
    cito_server *server = exchange->server;
    if (exchange->connection && !exchange->answer_done)
        give_up_answer(exchange);
    cito_connection *connection = exchange->connection;
    if (connection) {
        cito_connection_end_request(connection);
        if (connection->input == exchange->input)
            exchange->input = NULL; /* the connection goes on with it */
    }
    cito_exchange_give(exchange);
    if (connection && !connection->busy) {
        if (connection->start < connection->end || connection->skip > 0)
            cito_server_schedule(server, connection);
        else
            cito_connection_settle(connection);
    }
}

static const cito_exchange_methods methods = {
    .read_body = cito_exchange_read_body,
    .respond = respond,
    .start = start,
    .write = write_piece,
    .end = end,
    .is_disconnected = is_disconnected,
    .finish = finish,
};

static cito_str own_address(const cito_ends *ends, cito_arena *arena)
{
    bool v6 = strchr(ends->server_host, ':') != NULL;
    return cito_arena_format(arena, v6 ? "[%s]:%d" : "%s:%d", ends->server_host, ends->server_port);
}

static void fill_scope(cito_server_exchange *exchange, cito_connection *connection, const cito_http_head *head)
{
    cito_scope_http *scope = &exchange->base.scope;
    cito_arena *arena = exchange->base.lifetime->arena;
    scope->method = head->method;
    scope->target = head->target;
    scope->scheme = (cito_str){ "http", 4 };
    scope->http_minor = head->minor;
    scope->root_path = exchange->server->options.root_path;
    scope->headers = head->headers;
    scope->header_count = head->header_count;
    const cito_ends *ends = &exchange->ends;
    exchange->ends = connection->ends;
    scope->client_host = ends->client_host;
    scope->client_port = ends->client_port;
    scope->server_host = ends->server_host;
    scope->server_port = ends->server_port;
    scope->host = head->host.len > 0 ? head->host : own_address(ends, arena);
    const char *mark = memchr(head->target.data, '?', head->target.len);
    scope->raw_path = head->target;
    scope->query_string = (cito_str){ "", 0 };
    if (mark) { /* the target stays as it came, so the path gets a NUL of its own */
        size_t path_len = (size_t)(mark - head->target.data);
        scope->raw_path = cito_arena_copy_str(arena, head->target.data, path_len);
        scope->query_string = (cito_str){ mark + 1, head->target.len - path_len - 1 };
    }
    scope->path = cito_url_decode(arena, scope->raw_path, false);
    if (head->forwarded && connection->trusted)
        cito_proxy_header_apply(exchange->server->options.trusted_proxies, arena, scope);
}

cito_header *cito_exchange_next_headers(cito_server *server)
{
    if (__builtin_expect(!server->spare_exchanges, 0)) {
        cito_server_exchange *exchange = malloc(sizeof *exchange + server->options.http.field_count * sizeof *exchange->headers);
        if (!exchange)
            cito_abort("out of memory: no room for a request");
        exchange->next = NULL;
        server->spare_exchanges = exchange;
        server->spare_exchange_count++;
    }
    return server->spare_exchanges->headers;
}

static cito_server_exchange *take(cito_server *server)
{
    cito_server_exchange *exchange = server->spare_exchanges;
    server->spare_exchanges = exchange->next;
    server->spare_exchange_count--;
    memset(exchange, 0, offsetof(cito_server_exchange, ends)); /* what lies behind is written before it is read */
    exchange->server = server;
    exchange->next = server->exchanges;
    if (exchange->next)
        exchange->next->previous = exchange;
    server->exchanges = exchange;
    server->stats.exchanges++;
    return exchange;
}

cito_server_exchange *cito_exchange_begin(cito_connection *connection, const cito_http_head *head)
{
    cito_server *server = connection->server;
    cito_server_exchange *exchange = take(server); /* the one whose room for fields the head was parsed into */
    exchange->connection = connection;
    exchange->input = connection->input;
    exchange->base.methods = &methods;
    exchange->base.loop = server->loop;
    exchange->base.lifetime = cito_lifetime_new(server->loop, NULL);
    exchange->base.limit_body = server->options.limit_body;
    exchange->content_length = head->content_length > 0 ? head->content_length : 0;
    exchange->chunked = head->chunked;
    exchange->expect_continue = head->expect_continue && head->minor > 0;
    exchange->body_over = !head->chunked && head->content_length <= 0;
    exchange->head_request = head->method.len == 4 && memcmp(head->method.data, "HEAD", 4) == 0;
    exchange->keep_alive = head->keep_alive;
    exchange->answer_left = -1;
    fill_scope(exchange, connection, head);
    return exchange;
}

void cito_exchange_give(cito_server_exchange *exchange)
{
    cito_server *server = exchange->server;
    if (exchange->base.lifetime)
        cito_lifetime_drop(exchange->base.lifetime);
    if (exchange->input)
        cito_server_give_input(server, exchange->input);
    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        server->exchanges = exchange->next;
    if (exchange->next)
        exchange->next->previous = exchange->previous;
    server->stats.exchanges--;
    if (server->spare_exchange_count < CITO_SPARES_MAX) {
        exchange->next = server->spare_exchanges;
        server->spare_exchanges = exchange;
        server->spare_exchange_count++;
    } else {
        free(exchange);
    }
    if (server->stopping)
        cito_server_wake(server);
}

void cito_exchange_cancel(cito_server_exchange *exchange)
{
    if (!exchange->cancelled) {
        exchange->cancelled = true;
        cito_lifetime_cancel(exchange->base.lifetime);
    }
}

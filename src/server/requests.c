/* Requests: one after the other from a connection's input to the application.
 *
 * Invariants:
 * - One exchange at a time; the next request begins when the answer before it is complete (its application may still be busy: then it goes on apart).
 * - cito_connection_advance does the work and is never entered twice; what is called from inside of it only changes the state it looks at.
 * Threading: the loop's thread. The application is called outside of any coroutine. */
#include "loop/context.h"
#include "server/connection.h"

void cito_connection_end_request(cito_connection *connection)
{
    cito_server_exchange *exchange = connection->exchange;
    connection->exchange = NULL;
    exchange->connection = NULL;
    if (!exchange->body_over) {
        uint64_t there = connection->end - connection->start;
        connection->skip_chunked = exchange->chunked;
        connection->skip = exchange->chunked ? CITO_SKIP_MAX : (uint64_t)exchange->content_length - exchange->body_len;
        if (connection->close_after || exchange->expect_continue || (!exchange->chunked && connection->skip > there + CITO_SKIP_MAX)) {
            connection->close_after = connection->linger = true;
            connection->skip = 0;
        }
    }
    if (!connection->skip_chunked || connection->skip == 0)
        cito_http_parser_reset(&connection->parser);
}

/* The answer is complete, but the application goes on: so does the connection, with an input of its own. */
static void go_on_apart(cito_connection *connection)
{
    cito_server_exchange *exchange = connection->exchange;
    size_t left = connection->end - connection->start;
    cito_connection_end_request(connection);
    if (exchange->input != connection->input)
        return;
    connection->input = NULL;
    if (left > 0) {
        connection->input = cito_server_take_input(connection->server, left + 1024);
        memcpy(connection->input->data, exchange->input->data + connection->start, left);
    }
    connection->start = connection->base = 0;
    connection->end = left;
}

/* Reads off what is left of a body that nobody wanted. false: more must come. */
static bool skip_body(cito_connection *connection)
{
    size_t there = connection->end - connection->start;
    if (!connection->skip_chunked) {
        size_t used = there < connection->skip ? there : (size_t)connection->skip;
        connection->start += used;
        connection->skip -= used;
        return connection->skip == 0;
    }
    while (connection->skip > 0 && !connection->close_after) {
        size_t used = 0;
        cito_str piece;
        cito_http_error error;
        cito_http_parse_result result =
            cito_http_parse_body(&connection->parser, connection->input ? connection->input->data + connection->start : "",
                                 connection->end - connection->start, &used, &piece, &error);
        connection->start += used;
        connection->skip = used < connection->skip ? connection->skip - used : 0;
        if (result == CITO_HTTP_DONE) {
            connection->skip = 0;
            cito_http_parser_reset(&connection->parser);
            return true;
        }
        if (result == CITO_HTTP_BAD || connection->skip == 0)
            connection->close_after = connection->linger = true;
        else if (used == 0)
            return false;
    }
    return false;
}

/* A head that is not whole yet fills the input: it moves to a larger one. The parser's limits end that. */
static void enlarge_input(cito_connection *connection)
{
    cito_input *input = connection->input;
    size_t there = connection->end - connection->start;
    if (there + 1 < input->capacity)
        return;
    connection->input = cito_server_take_input(connection->server, 2 * input->capacity);
    memcpy(connection->input->data, input->data + connection->start, there);
    connection->start = 0;
    connection->end = there;
    cito_server_give_input(connection->server, input);
}

/* Begins the next request if its head is there. false: nothing to do with what is there. */
static bool next_request(cito_connection *connection)
{
    cito_server *server = connection->server;
    cito_http_head head = { .headers = cito_exchange_next_headers(server) };
    cito_http_error error = { 400, "Bad Request" };
    cito_http_parse_result result = cito_http_parse_head(&connection->parser, connection->input->data + connection->start,
                                                         connection->end - connection->start, &head, &error);
    if (result == CITO_HTTP_NEED_MORE) {
        enlarge_input(connection);
        return false;
    }
    if (result == CITO_HTTP_BAD) {
        server->stats.bad_requests++;
        cito_connection_refuse(connection, error.status, error.text);
        return false;
    }
    if (connection->timeout.kind == CITO_TIMEOUT_HEAD) /* the next head gets its full time */
        cito_timeout_set(&server->timeouts, &connection->timeout, CITO_TIMEOUT_NONE, 0);
    connection->start += head.size;
    connection->base = connection->start;
    connection->served = true;
    server->stats.requests++;
    cito_server_exchange *exchange = connection->exchange = cito_exchange_begin(connection, &head);
    server->application->handle(server->application, &exchange->base);
    return true;
}

/* The running exchange. false: it has to be waited for. */
static bool attend(cito_connection *connection)
{
    cito_server_exchange *exchange = connection->exchange;
    if (exchange->receiving && !exchange->body_over) {
        cito_exchange_feed(exchange);
        if (!exchange->body_over && connection->input_ended)
            cito_exchange_input_ended(exchange);
    }
    if (exchange->body_over && exchange->reader) {
        cito_coroutine_resume(exchange->reader);
        if (connection->closed || connection->exchange != exchange)
            return true;
    }
    if (exchange->writer && cito_connection_unsent(connection) <= CITO_OUT_LOW) {
        cito_coroutine_resume(exchange->writer);
        if (connection->closed || connection->exchange != exchange)
            return true;
    }
    if (!exchange->answer_done)
        return false;
    go_on_apart(connection);
    return true;
}

/* One step. false: nothing more can be done now. */
static bool step(cito_connection *connection)
{
    if (connection->exchange)
        return attend(connection);
    if (connection->close_after || connection->lingering)
        return false;
    if (connection->skip > 0)
        return skip_body(connection);
    if (connection->start == connection->end)
        return false;
    /* Answers wait for each other, so that a batch leaves in one write, but not without end. */
    if (cito_connection_unsent(connection) >= CITO_OUT_HIGH &&
        (!cito_connection_flush(connection) || cito_connection_unsent(connection) > 0))
        return false;
    return next_request(connection);
}

void cito_connection_advance(cito_connection *connection)
{
    if (connection->busy || connection->closed)
        return;
    connection->busy = true;
    while (!connection->closed && step(connection))
        continue;
    connection->busy = false;
    if (!connection->closed)
        cito_connection_settle(connection);
}

/* Fixture: see fixture.h. One thread; the client's socket does not block. */
#include "fixture.h"
#include "base/clock.h"
#include "base/log.h"
#include "loop/context.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static fixture *current;
static uint64_t clock_ms = 1000000;

static uint64_t test_monotonic_ns(void) { return clock_ms * 1000000; }
static int64_t test_wall_ns(void) { return 784111777000000000; } /* Sun, 06 Nov 1994 08:49:37 GMT */

#define STR(TEXT) ((cito_str){ TEXT, strlen(TEXT) })
static cito_header plain[] = { { { "content-type", 12 }, { "text/plain", 10 } } };

static void answer(cito_exchange *exchange, int status, cito_str body) { exchange->methods->respond(exchange, status, plain, 1, body); }

static void end(cito_exchange *exchange)
{
    current->last_disconnected = exchange->methods->is_disconnected(exchange);
    current->ended++;
    exchange->methods->finish(exchange);
}

/* /echo: the body, or the receive result as a status. */
static void run_echo(void *data)
{
    static const int statuses[] = { 200, 413, 400, 499, 504 };
    cito_exchange *exchange = data;
    cito_str body, again;
    if (current->limit_body)
        exchange->limit_body = current->limit_body;
    current->last_result = exchange->methods->read_body(exchange, &body);
    assert_int_equal(exchange->methods->read_body(exchange, &again), current->last_result);
    assert_ptr_equal(again.data, body.data);
    assert_int_equal(body.data[body.len], 0);
    answer(exchange, statuses[current->last_result], body);
    end(exchange);
}

/* /wait: suspends until the test resumes it. */
static void run_wait(void *data)
{
    cito_exchange *exchange = data;
    current->waiter = cito_context_current->coroutine;
    current->waited++;
    current->last_interrupted = cito_coroutine_suspend();
    answer(exchange, 200, STR("waited"));
    end(exchange);
}

/* /stream: three pieces and an empty one. */
static void run_stream(void *data)
{
    cito_exchange *exchange = data;
    exchange->methods->start(exchange, 200, plain, 1);
    exchange->methods->write(exchange, STR("one"));
    exchange->methods->write(exchange, STR(""));
    exchange->methods->write(exchange, STR("and two"));
    exchange->methods->write(exchange, STR("0123456789abcdef"));
    exchange->methods->end(exchange);
    end(exchange);
}

/* /flood: 16 MiB in pieces of 30,000 bytes, as fast as the client takes them. */
static void run_flood(void *data)
{
    static char piece[30000];
    cito_exchange *exchange = data;
    memset(piece, 'x', sizeof piece);
    exchange->methods->start(exchange, 200, plain, 1);
    current->last_write = true;
    for (size_t left = 16 << 20; left > 0 && current->last_write;) {
        size_t len = left < sizeof piece ? left : sizeof piece;
        current->last_write = exchange->methods->write(exchange, (cito_str){ piece, len });
        left -= len;
        current->streamed += len;
    }
    exchange->methods->end(exchange);
    end(exchange);
}

static void note_scope(const cito_scope_http *scope)
{
    snprintf(current->seen, sizeof current->seen, "%s|%s|%s|%s|%s|%s|1.%d|%zu|%s|%s", scope->method.data, scope->target.data,
             scope->path.data, scope->raw_path.data, scope->query_string.data, scope->host.data, scope->http_minor, scope->header_count,
             scope->client_host, scope->scheme.data);
}

static void handle_fields(cito_exchange *exchange, const char *path)
{
    cito_header headers[] = { { STR("x-value"), { "a\r\nset-cookie: b", 16 } },
                              { STR("content-length"), STR("7") },
                              { STR("server"), STR("mine") },
                              { STR("connection"), STR("close") } };
    if (strcmp(path, "/split") == 0)
        exchange->methods->respond(exchange, 200, headers, 1, STR("body"));
    else if (strcmp(path, "/own-length") == 0) {
        exchange->methods->start(exchange, 200, headers + 1, 1);
        exchange->methods->write(exchange, STR("sevenXX"));
        exchange->methods->end(exchange);
    } else if (strcmp(path, "/short") == 0) {
        exchange->methods->start(exchange, 200, headers + 1, 1);
        exchange->methods->write(exchange, STR("six"));
        exchange->methods->end(exchange);
    } else if (strcmp(path, "/own-server") == 0)
        exchange->methods->respond(exchange, 200, headers + 2, 1, STR("own"));
    else if (strcmp(path, "/close") == 0)
        exchange->methods->respond(exchange, 200, headers + 3, 1, STR("bye"));
    else if (strcmp(path, "/broken-off") == 0) {
        exchange->methods->start(exchange, 200, plain, 1);
        exchange->methods->write(exchange, STR("first"));
    }
    end(exchange);
}

static void handle(cito_application *application, cito_exchange *exchange)
{
    (void)application;
    static const struct {
        const char *path;
        void (*run)(void *);
    } spawned[] = { { "/echo", run_echo }, { "/wait", run_wait }, { "/stream", run_stream }, { "/flood", run_flood } };
    const char *path = exchange->scope.path.data;
    current->handled++;
    note_scope(&exchange->scope);
    for (size_t i = 0; i < sizeof spawned / sizeof *spawned; i++)
        if (strcmp(path, spawned[i].path) == 0) {
            cito_coroutine_spawn(exchange->loop, exchange->lifetime, spawned[i].run, exchange);
            return;
        }
    if (strcmp(path, "/hold") == 0) {
        current->held = exchange;
    } else if (strcmp(path, "/background") == 0) {
        answer(exchange, 200, STR("answered"));
        current->held = exchange;
    } else if (strcmp(path, "/stream-hold") == 0) {
        exchange->methods->start(exchange, 200, plain, 1);
        exchange->methods->write(exchange, STR("first"));
        current->held = exchange;
    } else if (strcmp(path, "/") == 0) {
        answer(exchange, 200, STR("hello"));
        end(exchange);
    } else if (strncmp(path, "/status/", 8) == 0) {
        answer(exchange, atoi(path + 8), STR("text"));
        end(exchange);
    } else {
        handle_fields(exchange, path);
    }
}

static cito_application application = { .handle = handle };

void fixture_done(void *data) { ((fixture *)data)->done_count++; }

void fixture_start(fixture *f, const cito_server_options *given)
{
    static const cito_clock_source source = { test_monotonic_ns, test_wall_ns };
    cito_server_options options = given ? *given : (cito_server_options){ 0 };
    const char *error;
    socklen_t len = sizeof f->address;
    options.access_log_off = options.access_log_off || !given;
    *f = (fixture){ 0 };
    current = f;
    cito_log_threshold = CITO_LOG_OFF;
    cito_clock_replace(&source);
    cito_arena_init(&f->arena, 0);
    f->loop = cito_loop_new(&(cito_loop_options){ .slow_callback_ms = UINT32_MAX, .threadpool_size = 1 });
    f->server = cito_server_new(f->loop, &application, &options);
    f->listener = cito_listener_open(&f->arena, "127.0.0.1", 0, 0, &error);
    assert_true(f->listener >= 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&f->address, &len), 0);
    cito_server_listen(f->server, f->listener);
}

void fixture_stop(fixture *f)
{
    cito_server_stop(f->server, fixture_done, f);
    cito_server_stop(f->server, fixture_done, f);
    for (int turns = 0; f->done_count == 0 && turns < 1000; turns++)
        cito_loop_run(f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->done_count, 1);
    assert_int_equal(cito_server_stats_now(f->server).connections, 0);
    assert_int_equal(cito_server_stats_now(f->server).exchanges, 0);
    cito_server_free(f->server);
    cito_loop_run(f->loop, UV_RUN_NOWAIT);
    cito_loop_free(f->loop);
    close(f->listener);
    cito_arena_finish(&f->arena);
    cito_clock_replace(NULL);
}

int fixture_setup(void **state)
{
    static fixture f;
    fixture_start(&f, NULL);
    *state = &f;
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_stop(*state);
    return 0;
}

void fixture_advance_ms(fixture *f, uint64_t ms)
{
    clock_ms += ms;
    cito_server_check_timeouts(f->server);
}

client client_connect(fixture *f)
{
    client c = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
    cito_buffer_init(&c.got);
    assert_int_equal(connect(c.fd, (struct sockaddr *)&f->address, sizeof f->address), 0);
    turn(f, &c);
    return c;
}

void client_close(client *c)
{
    close(c->fd);
    cito_buffer_finish(&c->got);
    c->ended = true;
}

void client_reset(client *c)
{
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
    client_close(c);
}

void client_send(fixture *f, client *c, const char *data, size_t len)
{
    for (int turns = 0; len > 0; turns++) {
        ssize_t sent = send(c->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            data += sent;
            len -= (size_t)sent;
        } else
            poll(&(struct pollfd){ .fd = c->fd, .events = POLLOUT }, 1, 1);
        assert_true(turns < 20000);
        cito_loop_run(f->loop, UV_RUN_NOWAIT);
    }
}

static void receive(client *c)
{
    while (c && !c->ended) {
        char *at = cito_buffer_reserve(&c->got, 65536);
        ssize_t received = recv(c->fd, at, 65536, MSG_DONTWAIT);
        if (received > 0) {
            c->got.len += (size_t)received;
        } else {
            c->reset = received < 0 && errno == ECONNRESET;
            c->ended = received == 0 || c->reset;
            c->got.data[c->got.len] = '\0';
            return;
        }
    }
}

static void turn_at_once(fixture *f, client *c)
{
    cito_loop_run(f->loop, UV_RUN_NOWAIT);
    cito_loop_run(f->loop, UV_RUN_NOWAIT);
    receive(c);
}

void turn(fixture *f, client *c)
{
    size_t before = c ? c->got.len : 0;
    turn_at_once(f, c);
    if (c && !c->ended && c->got.len == before) /* the kernel delivers window updates and the like in its own time */
        poll(&(struct pollfd){ .fd = c->fd, .events = POLLIN }, 1, 1);
}

void client_expect_len(fixture *f, client *c, size_t len) { UNTIL(f, c, c->got.len >= len); }

void client_expect_end(fixture *f, client *c) { UNTIL(f, c, c->ended); }

/* Takes the date fields out, as text after text. */
static void remove_dates(cito_buffer *got)
{
    static const char date[] = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    *cito_buffer_reserve(got, 1) = '\0';
    for (char *at; (at = strstr(got->data, date));) {
        memmove(at, at + sizeof date - 1, got->len - (size_t)(at - got->data) - (sizeof date - 1) + 1);
        got->len -= sizeof date - 1;
    }
}

void client_expect(fixture *f, client *c, const char *text)
{
    for (int turns = 0; turns < 3000 && c->got.len < strlen(text); turns++) {
        turn(f, c);
        remove_dates(&c->got);
    }
    turn_at_once(f, c); /* and nothing behind it */
    remove_dates(&c->got);
    assert_string_equal(c->got.data, text);
    c->got.len = 0;
}

size_t client_count(const client *c, const char *text)
{
    size_t count = 0, len = strlen(text);
    for (const char *at = c->got.data; at && (at = memmem(at, c->got.len - (size_t)(at - c->got.data), text, len)); at += len)
        count++;
    return count;
}

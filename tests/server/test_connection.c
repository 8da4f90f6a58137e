/* Connection: requests and answers over a real socket; every kind of framing, limits, and transcripts cut at every byte. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define HELLO HEAD("5") "hello"

static void test_keep_alive(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    for (int i = 0; i < 3; i++) {
        client_say(f, &c, GET("/"));
        client_expect(f, &c, HELLO);
    }
    assert_int_equal(cito_server_stats_now(f->server).connections_accepted, 1);
    assert_int_equal(cito_server_stats_now(f->server).requests, 3);
    assert_null(f->server->connections->input); /* idle: no buffers */
    assert_null(f->server->connections->out.data);
    client_close(&c);
    UNTIL(f, NULL, cito_server_stats_now(f->server).connections == 0);
}

static void test_scope(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, "GET /a%20b/%C3%A9?q=%20x&y HTTP/1.1\r\nHost: example.org\r\nX-One: 1\r\n\r\n");
    UNTIL(f, &c, f->ended == 1);
    assert_string_equal(f->seen, "GET|/a%20b/%C3%A9?q=%20x&y|/a b/\xC3\xA9|/a%20b/%C3%A9|q=%20x&y|example.org|1.1|2|127.0.0.1|http");
    client_close(&c);
}

/* By default options nobody is believed: the fields are a request's like any other. */
static void test_strangers_fields_change_nothing(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n\r\n");
    UNTIL(f, &c, f->ended == 1);
    assert_string_equal(f->seen, "GET|/|/|/||h|1.1|3|127.0.0.1|http");
    client_close(&c);
}

static void test_a_trusted_proxys_fields(void **state)
{
    (void)state;
    static const struct {
        const char *list, *fields, *seen;
    } cases[] = {
        { "127.0.0.1", "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n", "GET|/|/|/||h|1.1|3|203.0.113.7|https" },
        { "127.0.0.1", "X-Forwarded-Proto: https\r\n", "GET|/|/|/||h|1.1|2|127.0.0.1|https" },
        { "127.0.0.1", "", "GET|/|/|/||h|1.1|1|127.0.0.1|http" },
        { "10.0.0.0/8", "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n", "GET|/|/|/||h|1.1|3|127.0.0.1|http" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture f;
        cito_arena texts;
        const char *error;
        cito_arena_init(&texts, 0);
        fixture_start(&f, &(cito_server_options){ .access_log_off = true,
                                                  .trusted_proxies = cito_trusted_proxies_create(&texts, cases[i].list, &error) });
        client c = client_connect(&f);
        for (unsigned times = 1; times <= 2; times++) { /* a kept connection's second request is looked at anew */
            client_say(&f, &c, "GET / HTTP/1.1\r\nHost: h\r\n");
            client_say(&f, &c, times == 1 ? cases[i].fields : "");
            client_say(&f, &c, "\r\n");
            UNTIL(&f, &c, f.ended == times);
            assert_string_equal(f.seen, times == 1 ? cases[i].seen : "GET|/|/|/||h|1.1|1|127.0.0.1|http");
        }
        client_close(&c);
        fixture_stop(&f);
        cito_arena_finish(&texts);
    }
}

static void test_pipelined_thousand(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    cito_buffer batch;
    cito_buffer_init(&batch);
    for (int i = 0; i < 1000; i++)
        cito_buffer_append_literal(&batch, GET("/"));
    client_send(f, &c, batch.data, batch.len);
    UNTIL(f, &c, client_count(&c, "hello") == 1000);
    assert_int_equal(f->handled, 1000);
    cito_buffer_finish(&batch);
    client_close(&c);
}

/* The answers of a batch that came in one piece leave in one piece: the client's first recv has them all. */
static void test_batch_is_one_write(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    const char *batch = GET("/") GET("/") GET("/") GET("/");
    assert_int_equal(send(c.fd, batch, strlen(batch), 0), strlen(batch));
    UNTIL(f, NULL, f->handled == 4);
    char got[4096];
    ssize_t len = recv(c.fd, got, sizeof got, MSG_DONTWAIT);
    assert_true(len > 0);
    size_t count = 0;
    for (char *at = got; (at = memmem(at, (size_t)(got + len - at), "hello", 5)); at++)
        count++;
    assert_int_equal(count, 4);
    client_close(&c);
}

static void expect_cut_anywhere(fixture *f, const char *sent, const char *expected)
{
    size_t len = strlen(sent);
    for (size_t cut = 1; cut < len; cut++) {
        client c = client_connect(f);
        client_send(f, &c, sent, cut);
        turn(f, &c);
        client_send(f, &c, sent + cut, len - cut);
        client_expect(f, &c, expected);
        client_close(&c);
    }
    client c = client_connect(f); /* and byte by byte */
    for (size_t i = 0; i < len; i++)
        client_send(f, &c, sent + i, 1);
    client_expect(f, &c, expected);
    client_close(&c);
}

static void test_cut_at_every_byte(void **state)
{
    expect_cut_anywhere(*state,
                        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789"
                        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n"
                        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nleft"
                        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nleft\r\n0\r\n\r\n" GET("/stream") GET("/"),
                        HEAD("10") "0123456789" HEAD(
                            "5") "abcde" HELLO HELLO
                                 "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
                                 "3\r\none\r\n7\r\nand two\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n" HELLO);
}

static void test_large_bodies(void **state)
{
    fixture *f = *state;
    enum { LEN = 1 << 20 };
    char *body = malloc(LEN), head[128];
    for (size_t i = 0; i < LEN; i++)
        body[i] = (char)(i * 7 + i / 251);
    client c = client_connect(f);
    client_say(f, &c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n");
    client_send(f, &c, body, LEN);
    client_expect_len(f, &c, LEN + 100);
    assert_memory_equal(c.got.data + c.got.len - LEN, body, LEN);
    c.got.len = 0;
    client_say(f, &c, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < LEN; at += LEN / 16) {
        client_send(f, &c, head, (size_t)sprintf(head, "%x\r\n", LEN / 16));
        client_send(f, &c, body + at, LEN / 16);
        client_say(f, &c, "\r\n");
    }
    client_say(f, &c, "0\r\n\r\n");
    client_expect_len(f, &c, LEN + 100);
    assert_memory_equal(c.got.data + c.got.len - LEN, body, LEN);
    client_close(&c);
    free(body);
}

static void test_slow_reader(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &(int){ 65536 }, sizeof(int));
    client_say(f, &c, GET("/flood"));
    for (int i = 0; i < 200; i++)
        cito_loop_run(f->loop, UV_RUN_NOWAIT);
    size_t held = f->streamed;
    assert_true(held < 16 << 20); /* the writer waits */
    assert_true(cito_connection_unsent(f->server->connections) <= 2 * CITO_OUT_HIGH);
    for (int i = 0; i < 200; i++)
        cito_loop_run(f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->streamed, held);
    UNTIL(f, &c, f->ended == 1 && c.got.len > (16 << 20) && memcmp(c.got.data + c.got.len - 5, "0\r\n\r\n", 5) == 0);
    size_t count = 0;
    for (const char *at = memmem(c.got.data, c.got.len, "\r\n\r\n", 4); at < c.got.data + c.got.len; at++)
        count += *at == 'x';
    assert_int_equal(count, 16 << 20);
    assert_true(f->last_write);
    client_close(&c);
}

static void test_expect_continue(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    client_expect(f, &c, "HTTP/1.1 100 Continue\r\n\r\n");
    client_say(f, &c, "abc");
    client_expect(f, &c, HEAD("3") "abc");
    /* The body is there already: nothing to ask for. */
    client_say(f, &c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
    client_expect(f, &c, HEAD("3") "abc");
    /* Nobody reads it: no 100, and the connection ends, as the client may or may not send the body. */
    client_say(f, &c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    client_expect(f, &c,
                  "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: 5\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nhello");
    client_expect_end(f, &c);
    client_close(&c);
    c = client_connect(f); /* too large: refused before the client sends it */
    f->limit_body = 2;
    client_say(f, &c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    client_expect(f, &c,
                  "HTTP/1.1 413 Request Entity Too Large\r\nserver: cito\r\ncontent-length: 0\r\ncontent-type: text/plain\r\nconnection: "
                  "close\r\n\r\n");
    client_close(&c);
    f->limit_body = 0;
    c = client_connect(f); /* 1.0 knows no 100 */
    client_say(f, &c, "POST /echo HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    turn(f, &c);
    assert_int_equal(c.got.len, 0);
    client_say(f, &c, "abc");
    client_expect(f, &c,
                  "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: 3\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nabc");
    client_close(&c);
}

static void test_head(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    client_expect(f, &c, HEAD("5"));
    client_say(f, &c, "HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    client_expect(f, &c, "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-type: text/plain\r\n\r\n");
    client_say(f, &c, "HEAD /own-length HTTP/1.1\r\nHost: h\r\n\r\n");
    client_expect(f, &c, "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: 7\r\n\r\n");
    client_close(&c);
}

static void test_bodiless_statuses(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/status/204") GET("/status/304") GET("/status/404"));
    client_expect(f, &c,
                  "HTTP/1.1 204 No Content\r\nserver: cito\r\ncontent-type: text/plain\r\n\r\n"
                  "HTTP/1.1 304 Not Modified\r\nserver: cito\r\ncontent-type: text/plain\r\n\r\n"
                  "HTTP/1.1 404 Not Found\r\nserver: cito\r\ncontent-length: 4\r\ncontent-type: text/plain\r\n\r\ntext");
    client_close(&c);
}

static void test_http_1_0(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client_expect(
        f, &c, "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: 5\r\ncontent-type: text/plain\r\nconnection: keep-alive\r\n\r\nhello");
    client_say(f, &c, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"); /* no chunks to 1.0: the end of the connection ends it */
    client_expect(f, &c,
                  "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\noneand two0123456789abcdef");
    client_expect_end(f, &c);
    client_close(&c);
    c = client_connect(f);
    client_say(f, &c, "GET / HTTP/1.0\r\n\r\n" GET("/"));
    client_expect(f, &c,
                  "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: 5\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nhello");
    client_expect_end(f, &c);
    assert_false(c.reset);
    client_close(&c);
}

static void test_close(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    client_expect(f, &c,
                  "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: 5\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nhello");
    client_expect_end(f, &c);
    client_close(&c);
    c = client_connect(f); /* the application's wish */
    client_say(f, &c, GET("/close"));
    client_expect(f, &c, "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbye");
    client_expect_end(f, &c);
    client_close(&c);
}

static void test_fields_of_the_application(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/own-length") GET("/own-server"));
    client_expect(f, &c,
                  "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: 7\r\n\r\nsevenXX"
                  "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nserver: mine\r\n\r\nown");
    /* CR LF in a value must not become a second field. */
    client_say(f, &c, GET("/split"));
    client_expect(
        f, &c,
        "HTTP/1.1 500 Internal Server Error\r\nserver: cito\r\ncontent-length: 21\r\ncontent-type: text/plain; charset=utf-8\r\n\r\n"
        "Internal Server Error");
    client_say(f, &c, GET("/no-answer"));
    client_expect(
        f, &c,
        "HTTP/1.1 500 Internal Server Error\r\nserver: cito\r\ncontent-length: 21\r\ncontent-type: text/plain; charset=utf-8\r\n\r\n"
        "Internal Server Error");
    client_say(f, &c, GET("/short"));
    client_expect_end(f, &c);
    assert_int_equal(client_count(&c, "six"), 1);
    client_close(&c);
}

static void test_broken_off_answer(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/broken-off"));
    client_expect_end(f, &c);
    assert_int_equal(client_count(&c, "5\r\nfirst\r\n"), 1);
    assert_int_equal(client_count(&c, "0\r\n\r\n"), 0);
    client_close(&c);
}

static void expect_refused(fixture *f, const char *sent, size_t len, const char *status_line)
{
    uint64_t before = cito_server_stats_now(f->server).bad_requests;
    client c = client_connect(f);
    client_send(f, &c, sent, len);
    client_expect_end(f, &c);
    assert_false(c.reset);
    assert_memory_equal(c.got.data, status_line, strlen(status_line));
    assert_int_equal(client_count(&c, "server: cito\r\n"), 1);
    assert_int_equal(client_count(&c, "\r\n\r\n{\"detail\":\""), 1);
    assert_int_equal(client_count(&c, "connection: close\r\n"), 1);
    assert_int_equal(cito_server_stats_now(f->server).bad_requests, before + 1);
    client_close(&c);
    UNTIL(f, NULL, cito_server_stats_now(f->server).connections == 0);
}

static void test_refusals(void **state)
{
    fixture *f = *state;
    static char big[200000];
    memset(big, 'a', sizeof big);
    memcpy(big, "GET /", 5);
    expect_refused(f, "GET / HTTP/1.1\r\n\r\n", 18, "HTTP/1.1 400 Bad Request\r\n");
    expect_refused(f, "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 61, "HTTP/1.1 400 Bad Request\r\n");
    expect_refused(f, "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 27, "HTTP/1.1 505 HTTP Version Not Supported\r\n");
    expect_refused(f, big, sizeof big, "HTTP/1.1 414 ");
    static char fields[400000];
    size_t len = (size_t)sprintf(fields, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 20000; i++)
        len += (size_t)sprintf(fields + len, "X%d: y\r\n", i);
    expect_refused(f, fields, len, "HTTP/1.1 431 ");
    assert_int_equal(f->handled, 0);
}

/* A head larger than an ordinary input, with a chunked body behind it. */
static void test_large_head(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    for (size_t last = 15000; last < 17000; last += 50) { /* ends around the input's end */
        cito_buffer sent;
        cito_buffer_init(&sent);
        cito_buffer_append_literal(&sent, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nA: ");
        memset(cito_buffer_reserve(&sent, 7500), 'a', 7500);
        sent.len += 7500;
        cito_buffer_append_literal(&sent, "\r\nC: ");
        memset(cito_buffer_reserve(&sent, 7000), 'c', 7000);
        sent.len += 7000;
        cito_buffer_append_literal(&sent, "\r\nB: ");
        size_t more = last - sent.len;
        memset(cito_buffer_reserve(&sent, more), 'b', more);
        sent.len += more;
        cito_buffer_append_literal(&sent, "\r\n\r\n5\r\nhello\r\n8\r\n, world!\r\n0\r\n\r\n");
        client_send(f, &c, sent.data, sent.len);
        client_expect(f, &c, HEAD("13") "hello, world!");
        cito_buffer_finish(&sent);
    }
    client_close(&c);
}

static void test_body_limits(void **state)
{
    fixture *f = *state;
    f->limit_body = 10;
    client c = client_connect(f);
    client_say(f, &c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789");
    client_expect(f, &c, HEAD("10") "0123456789");
    client_say(f, &c, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n5\r\n01234\r\n0\r\n\r\n");
    client_expect(f, &c,
                  "HTTP/1.1 413 Request Entity Too Large\r\nserver: cito\r\ncontent-length: 0\r\ncontent-type: text/plain\r\nconnection: "
                  "close\r\n\r\n");
    client_expect_end(f, &c);
    assert_int_equal(f->last_result, CITO_RECEIVE_TOO_LARGE);
    client_close(&c);
    c = client_connect(f);
    client_say(f, &c, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    client_expect(f, &c,
                  "HTTP/1.1 400 Bad Request\r\nserver: cito\r\ncontent-length: 0\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n");
    assert_int_equal(f->last_result, CITO_RECEIVE_BROKEN);
    client_close(&c);
}

/* A client that is refused and still sends a long body gets its answer, not a reset. */
static void test_lingering_close(void **state)
{
    fixture *f = *state;
    static char body[3000000];
    client c = client_connect(f);
    client_say(f, &c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n");
    client_send(f, &c, body, sizeof body);
    client_expect(f, &c,
                  "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: 5\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nhello");
    client_expect_end(f, &c);
    assert_false(c.reset);
    client_close(&c);
    UNTIL(f, NULL, cito_server_stats_now(f->server).connections == 0);
}

/* The answer has gone out, its application goes on: the connection serves the next requests. */
static void test_background(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/background") GET("/"));
    client_expect(f, &c, HEAD("8") "answered" HELLO);
    client_say(f, &c, GET("/"));
    client_expect(f, &c, HELLO);
    assert_int_equal(cito_server_stats_now(f->server).exchanges, 1);
    assert_string_equal(f->held->scope.path.data, "/background"); /* its strings live on */
    assert_string_equal(f->held->scope.headers[0].value.data, "h");
    client_close(&c);
    UNTIL(f, NULL, cito_server_stats_now(f->server).connections == 0);
    assert_false(f->held->lifetime->cancelled);
    f->held->methods->finish(f->held);
    assert_int_equal(cito_server_stats_now(f->server).exchanges, 0);
}

/* Requests that come while one runs are answered behind it, in order. */
static void test_held_then_pipelined(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/hold") GET("/"));
    client_say(f, &c, GET("/stream"));
    turn(f, &c);
    assert_int_equal(c.got.len, 0);
    assert_int_equal(f->handled, 1);
    f->held->methods->respond(f->held, 201, NULL, 0, (cito_str){ "made", 4 });
    f->held->methods->finish(f->held);
    client_expect(f, &c,
                  "HTTP/1.1 201 Created\r\nserver: cito\r\ncontent-length: 4\r\n\r\nmade" HELLO
                  "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
                  "3\r\none\r\n7\r\nand two\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
    client_close(&c);
}

/* While one runs, no more is read than the input holds. */
static void test_flood_of_requests_is_held(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/hold"));
    static char requests[1 << 20];
    for (size_t i = 0; i < sizeof requests; i += 28)
        memcpy(requests + i, GET("/12345"), sizeof requests - i < 28 ? sizeof requests - i : 28);
    for (int i = 0; i < 100; i++) {
        (void)!send(c.fd, requests, sizeof requests, MSG_DONTWAIT | MSG_NOSIGNAL);
        turn(f, &c);
    }
    assert_int_equal(f->handled, 1);
    assert_true(f->server->connections->end <= CITO_INPUT_SIZE);
    client_reset(&c);
    UNTIL(f, NULL, cito_server_stats_now(f->server).connections == 0); /* a reset is seen though nothing is read */
    turn(f, NULL);
    assert_true(f->held->methods->is_disconnected(f->held));
    assert_string_equal(f->held->scope.client_host, "127.0.0.1"); /* the scope outlives the connection */
    assert_string_equal(f->held->scope.server_host, "127.0.0.1");
    assert_string_equal(f->held->scope.method.data, "GET");
    f->held->methods->respond(f->held, 200, NULL, 0, (cito_str){ "nobody", 6 });
    f->held->methods->finish(f->held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keep_alive),
        TEST(test_scope),
        TEST(test_strangers_fields_change_nothing),
        cmocka_unit_test(test_a_trusted_proxys_fields),
        TEST(test_pipelined_thousand),
        TEST(test_batch_is_one_write),
        TEST(test_cut_at_every_byte),
        TEST(test_large_bodies),
        TEST(test_slow_reader),
        TEST(test_expect_continue),
        TEST(test_head),
        TEST(test_bodiless_statuses),
        TEST(test_http_1_0),
        TEST(test_close),
        TEST(test_fields_of_the_application),
        TEST(test_broken_off_answer),
        TEST(test_refusals),
        TEST(test_large_head),
        TEST(test_body_limits),
        TEST(test_lingering_close),
        TEST(test_background),
        TEST(test_held_then_pipelined),
        TEST(test_flood_of_requests_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

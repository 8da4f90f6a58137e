/* Half close: a client that ends its stream gets its answers; one that has left cancels what waits for it. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

static void half_close(fixture *f, client *c)
{
    assert_int_equal(shutdown(c->fd, SHUT_WR), 0);
    UNTIL(f, c, f->server->connections == NULL || f->server->connections->input_ended);
}

static void test_pipeline_is_answered(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/") GET("/") GET("/") "GET /cut");
    assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
    client_expect_end(f, &c);
    client_expect(f, &c, HEAD("5") "hello" HEAD("5") "hello" HEAD("5") "hello");
    client_close(&c);
}

static void test_slow_answer_is_delivered(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/wait") GET("/"));
    UNTIL(f, &c, f->waited == 1);
    half_close(f, &c);
    fixture_advance_ms(f, 60); /* the question, and no answer to it */
    client_expect(f, &c, CONTINUE);
    for (int i = 0; i < 50; i++)
        turn(f, &c);
    assert_int_equal(f->ended, 0);
    cito_coroutine_resume(f->waiter);
    client_expect(f, &c, HEAD("6") "waited" HEAD("5") "hello");
    client_expect_end(f, &c);
    assert_false(f->last_interrupted);
    client_close(&c);
}

static void test_quick_answer_is_not_asked_for(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/wait"));
    UNTIL(f, &c, f->waited == 1);
    half_close(f, &c);
    cito_coroutine_resume(f->waiter);
    client_expect(f, &c, HEAD("6") "waited");
    client_expect_end(f, &c);
    client_close(&c);
}

static void test_whole_close_cancels(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/wait"));
    UNTIL(f, &c, f->waited == 1);
    client_close(&c);
    UNTIL(f, NULL, f->server->connections->input_ended);
    assert_int_equal(f->ended, 0); /* nobody can tell yet */
    fixture_advance_ms(f, 60);
    UNTIL(f, NULL, f->ended == 1);
    assert_true(f->last_interrupted);
    assert_true(f->last_disconnected);
}

static void test_stream_is_asked_by_a_zero(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/stream-hold"));
    UNTIL(f, &c, client_count(&c, "first\r\n") == 1);
    c.got.len = 0;
    half_close(f, &c);
    fixture_advance_ms(f, 60);
    client_expect(f, &c, "0");
    assert_false(f->held->lifetime->cancelled);
    f->held->methods->write(f->held, (cito_str){ "second", 6 });
    f->held->methods->end(f->held);
    f->held->methods->finish(f->held);
    client_expect(f, &c, "6\r\nsecond\r\n0\r\n\r\n"); /* with the zero before it: 06 */
    client_expect_end(f, &c);
    client_close(&c);
}

static void test_stream_whose_client_left(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/stream-hold"));
    UNTIL(f, &c, client_count(&c, "first\r\n") == 1);
    client_close(&c);
    UNTIL(f, NULL, f->server->connections->input_ended);
    fixture_advance_ms(f, 60);
    UNTIL(f, NULL, f->held->lifetime->cancelled);
    assert_false(f->held->methods->write(f->held, (cito_str){ "second", 6 }));
    f->held->methods->finish(f->held);
}

/* Its end is seen though no more requests are read. */
static void test_stream_to_a_last_request(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, "GET /stream-hold HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    UNTIL(f, &c, client_count(&c, "first\r\n") == 1);
    client_close(&c);
    UNTIL(f, NULL, f->server->connections->input_ended);
    fixture_advance_ms(f, 60);
    UNTIL(f, NULL, f->held->lifetime->cancelled);
    f->held->methods->finish(f->held);
}

static void test_body_cut_off(void **state)
{
    fixture *f = *state;
    static const char *const sent[] = { "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
                                        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab" };
    for (int i = 0; i < 2; i++) {
        client c = client_connect(f);
        client_say(f, &c, sent[i]);
        turn(f, &c);
        assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
        client_expect(
            f, &c,
            "HTTP/1.1 400 Bad Request\r\nserver: cito\r\ncontent-length: 0\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n");
        client_expect_end(f, &c);
        assert_int_equal(f->last_result, CITO_RECEIVE_BROKEN);
        client_close(&c);
    }
}

/* A Unix socket tells the two apart without a question. */
static void test_unix_socket(void **state)
{
    fixture *f = *state;
    char directory[] = "/tmp/cito-test-XXXXXX";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *error;
    assert_non_null(mkdtemp(directory));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    int listener = cito_listener_open_unix(&f->arena, address.sun_path, 0600, 0, &error);
    assert_true(listener >= 0);
    cito_server_listen(f->server, listener);
    for (int closes = 0; closes < 2; closes++) {
        client c = { .fd = socket(AF_UNIX, SOCK_STREAM, 0) };
        assert_int_equal(connect(c.fd, (struct sockaddr *)&address, sizeof address), 0);
        client_say(f, &c, GET("/wait"));
        UNTIL(f, &c, f->waited == (unsigned)closes + 1);
        if (closes) {
            client_close(&c);
            UNTIL(f, NULL, f->ended == 2); /* without the clock moving */
            assert_true(f->last_interrupted);
            break;
        }
        half_close(f, &c);
        fixture_advance_ms(f, 60);
        turn(f, &c);
        assert_int_equal(c.got.len, 0);
        cito_coroutine_resume(f->waiter);
        client_expect(f, &c, HEAD("6") "waited");
        client_expect_end(f, &c);
        client_close(&c);
    }
    unlink(address.sun_path);
    rmdir(directory);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pipeline_is_answered),
        TEST(test_slow_answer_is_delivered),
        TEST(test_quick_answer_is_not_asked_for),
        TEST(test_whole_close_cancels),
        TEST(test_stream_is_asked_by_a_zero),
        TEST(test_stream_whose_client_left),
        TEST(test_stream_to_a_last_request),
        TEST(test_body_cut_off),
        TEST(test_unix_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Server: time-outs by a clock that the test moves, limits, the graceful stop, the access log. */
#include "fixture.h"

#include "base/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REFUSED(STATUS, LENGTH, TEXT)                                                                                                      \
    "HTTP/1.1 " STATUS "\r\nserver: cito\r\ncontent-length: " LENGTH                                                                       \
    "\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{\"detail\":\"" TEXT "\"}"

static void test_keep_alive_ends(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/"));
    client_expect(f, &c, HEAD("5") "hello");
    fixture_advance_ms(f, 4000);
    client_say(f, &c, GET("/"));
    client_expect(f, &c, HEAD("5") "hello");
    fixture_advance_ms(f, 4000); /* counted from the last answer */
    turn(f, &c);
    assert_false(c.ended);
    fixture_advance_ms(f, 1200);
    client_expect_end(f, &c);
    assert_int_equal(c.got.len, 0);
    client_close(&c);
}

static void test_head_ends(void **state)
{
    fixture *f = *state;
    client silent = client_connect(f), slow = client_connect(f);
    for (int second = 0; second < 10; second++) { /* a byte a second gains no time */
        client_send(f, &slow, &"GET / HTTP"[second], 1);
        turn(f, &slow);
        fixture_advance_ms(f, 990);
    }
    turn(f, &slow);
    assert_false(slow.ended);
    fixture_advance_ms(f, 200);
    client_expect_end(f, &silent);
    assert_int_equal(silent.got.len, 0);
    client_expect(f, &slow, REFUSED("408 Request Timeout", "52", "The request's head did not come in time"));
    client_expect_end(f, &slow);
    client_close(&silent);
    client_close(&slow);
    assert_int_equal(cito_server_stats_now(f->server).bad_requests, 1);
}

static void test_body_ends(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01");
    for (int i = 0; i < 3; i++) { /* counted from byte to byte */
        fixture_advance_ms(f, 25000);
        client_say(f, &c, "x");
        turn(f, &c);
        assert_false(c.ended);
    }
    fixture_advance_ms(f, 30200);
    client_expect(f, &c, REFUSED("408 Request Timeout", "52", "The request's body did not come in time"));
    assert_int_equal(f->last_result, CITO_RECEIVE_DISCONNECTED);
    assert_int_equal(f->ended, 1);
    client_expect_end(f, &c);
    client_close(&c);
}

static void test_write_ends(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &(int){ 65536 }, sizeof(int));
    assert_true(send(c.fd, GET("/flood"), strlen(GET("/flood")), 0) > 0);
    UNTIL(f, NULL, f->streamed > 0);
    for (int i = 0; i < 100; i++)
        cito_loop_run(f->loop, UV_RUN_NOWAIT);
    assert_int_equal(f->ended, 0);
    fixture_advance_ms(f, 30200);
    UNTIL(f, NULL, f->ended == 1);
    assert_false(f->last_write);
    assert_true(f->last_disconnected);
    client_close(&c);
}

/* A running handler has all the time it needs. */
static void test_no_timeout_while_a_handler_works(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, GET("/wait"));
    fixture_advance_ms(f, 3600000);
    turn(f, &c);
    assert_false(c.ended);
    cito_coroutine_resume(f->waiter);
    client_expect(f, &c, HEAD("6") "waited");
    assert_false(f->last_interrupted);
    client_close(&c);
}

static void test_linger_ends(void **state)
{
    fixture *f = *state;
    client c = client_connect(f);
    client_say(f, &c, "nonsense\r\n\r\n");
    client_expect_end(f, &c);
    assert_int_equal(cito_server_stats_now(f->server).connections, 1); /* the client may still send */
    fixture_advance_ms(f, 6000);
    UNTIL(f, NULL, cito_server_stats_now(f->server).connections == 0);
    client_close(&c);
}

static void test_client_leaves(void **state)
{
    fixture *f = *state;
    static const char *const sent[] = { GET("/wait"), "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc" };
    for (int i = 0; i < 2; i++) {
        client c = client_connect(f);
        client_say(f, &c, sent[i]);
        UNTIL(f, &c, f->handled == (unsigned)i + 1);
        client_reset(&c);
        UNTIL(f, NULL, f->ended == (unsigned)i + 1);
        assert_true(f->last_disconnected);
    }
    assert_true(f->last_interrupted);
    assert_int_equal(f->last_result, CITO_RECEIVE_DISCONNECTED);
}

static void test_graceful_stop(void **state)
{
    fixture *f = *state;
    client idle = client_connect(f), running = client_connect(f), waiting = client_connect(f);
    client_say(f, &running, GET("/wait"));
    client_say(f, &waiting, GET("/hold"));
    UNTIL(f, &waiting, f->handled == 2);
    cito_server_stop(f->server, fixture_done, f);
    client_expect_end(f, &idle);
    assert_int_equal(idle.got.len, 0);
    turn(f, &running);
    assert_false(running.ended);
    cito_coroutine_resume(f->waiter);
    client_expect(f, &running,
                  "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: 6\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nwaited");
    client_expect_end(f, &running);
    fixture_advance_ms(f, 29000);
    turn(f, &waiting);
    assert_false(f->held->lifetime->cancelled);
    fixture_advance_ms(f, 1100);
    assert_true(f->held->lifetime->cancelled); /* its time is over */
    client_expect_end(f, &waiting);
    assert_int_equal(f->done_count, 0); /* it has not ended yet */
    f->held->methods->finish(f->held);
    UNTIL(f, NULL, f->done_count == 1);
    client_close(&idle);
    client_close(&running);
    client_close(&waiting);
}

static int setup_worker(void **state)
{
    static fixture f;
    fixture_start(&f, &(cito_server_options){ .access_log_off = true, .timeout_drain_ms = 500, .shares_listeners = true });
    *state = &f;
    return 0;
}

#define CLOSING(LENGTH)                                                                                                                    \
    "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: " LENGTH "\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n"

static void test_stop_that_drains(void **state)
{
    fixture *f = *state;
    client kept = client_connect(f), idle = client_connect(f);
    client_say(f, &kept, GET("/"));
    client_expect(f, &kept, HEAD("5") "hello");
    UNTIL(f, NULL, f->server->stats.connections == 2);
    client queued = client_connect(f); /* in the kernel's queue: no turn was made since */
    cito_server_stop(f->server, fixture_done, f);
    client_say(f, &queued, GET("/"));
    client_expect(f, &queued, CLOSING("5") "hello");
    client_expect_end(f, &queued);
    client_say(f, &kept, GET("/")); /* it could not know */
    client_expect(f, &kept, CLOSING("5") "hello");
    client_expect_end(f, &kept);
    fixture_advance_ms(f, 499);
    turn(f, &idle);
    assert_false(idle.ended);
    fixture_advance_ms(f, 1);
    client_expect_end(f, &idle);
    assert_int_equal(idle.got.len, 0);
    UNTIL(f, NULL, f->done_count == 1);
    client_close(&kept);
    client_close(&idle);
    client_close(&queued);
}

static int teardown_stopped(void **state)
{
    fixture *f = *state;
    f->done_count = 0;
    assert_null(f->server->done); /* it is called once */
    cito_server_free(f->server);
    cito_loop_run(f->loop, UV_RUN_NOWAIT);
    cito_loop_free(f->loop);
    close(f->listener);
    cito_arena_finish(&f->arena);
    return 0;
}

static void test_limit_of_connections(void **state)
{
    fixture *f = *state;
    f->server->options.limit_connections = 2;
    client a = client_connect(f), b = client_connect(f), c = client_connect(f);
    client_say(f, &c, GET("/"));
    turn(f, &c);
    assert_int_equal(cito_server_stats_now(f->server).connections, 2);
    assert_int_equal(f->handled, 0);
    client_close(&a);
    client_expect(f, &c, HEAD("5") "hello");
    client_close(&b);
    client_close(&c);
}

/* No descriptor left: clients wait, and are served when there is one again. */
static void test_no_descriptors(void **state)
{
    fixture *f = *state;
    struct rlimit before, none;
    client c = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
    int next_free = dup(c.fd);
    close(next_free);
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = (rlim_t)next_free;
    setrlimit(RLIMIT_NOFILE, &none);
    assert_int_equal(connect(c.fd, (struct sockaddr *)&f->address, sizeof f->address), 0);
    client_say(f, &c, GET("/"));
    UNTIL(f, NULL, !f->server->accepting);
    setrlimit(RLIMIT_NOFILE, &before);
    turn(f, &c);
    assert_int_equal(f->handled, 0);
    fixture_advance_ms(f, 300);
    client_expect(f, &c, HEAD("5") "hello");
    client_close(&c);
}

/* GET / */
static void say_on_unix_socket(fixture *f)
{
    char directory[] = "/tmp/cito-test-XXXXXX";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *error;
    assert_non_null(mkdtemp(directory));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    int listener = cito_listener_open_unix(&f->arena, address.sun_path, 0600, 0, &error);
    assert_true(listener >= 0);
    cito_server_listen(f->server, listener);
    client c = { .fd = socket(AF_UNIX, SOCK_STREAM, 0) };
    assert_int_equal(connect(c.fd, (struct sockaddr *)&address, sizeof address), 0);
    client_say(f, &c, GET("/"));
    UNTIL(f, &c, client_count(&c, "hello") == 1);
    client_close(&c);
    unlink(address.sun_path);
    rmdir(directory);
}

static void test_access_log(void **state)
{
    (void)state;
    fixture f;
    FILE *file = tmpfile();
    char line[256], expected[256];
    int own_stdout = dup(STDOUT_FILENO);
    cito_log_threshold = CITO_LOG_INFO;
    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    cito_arena texts;
    const char *error;
    cito_arena_init(&texts, 0);
    fixture_start(&f,
                  &(cito_server_options){ .limit_body = 5, .trusted_proxies = cito_trusted_proxies_create(&texts, "127.0.0.1", &error) });
    f.server->log_on = true;
    client c = client_connect(&f);
    client_say(&f, &c, GET("/?q=x%20y") GET("/status/404"));
    client_say(&f, &c, "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: [2001:db8::1]:99\r\n\r\n");
    client_say(&f, &c, "GET /status/204 HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: a \"b\x9b\r\n\r\n");
    UNTIL(&f, &c, client_count(&c, "\r\n\r\ntext") == 1 && f.ended == 4);
    struct sockaddr_in own;
    socklen_t len = sizeof own;
    getsockname(c.fd, (struct sockaddr *)&own, &len);
    turn(&f, &c);
    client_close(&c);
    say_on_unix_socket(&f);
    fixture_stop(&f);
    cito_arena_finish(&texts);
    dup2(own_stdout, STDOUT_FILENO);
    close(own_stdout);
    rewind(file);
    assert_non_null(fgets(line, sizeof line, file));
    snprintf(expected, sizeof expected, "INFO:     127.0.0.1:%d - \"GET /?q=x%%20y HTTP/1.1\" 200 OK\n", ntohs(own.sin_port));
    assert_string_equal(line, expected);
    assert_non_null(fgets(line, sizeof line, file));
    snprintf(expected, sizeof expected, "INFO:     127.0.0.1:%d - \"GET /status/404 HTTP/1.1\" 404 Not Found\n", ntohs(own.sin_port));
    assert_string_equal(line, expected);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "INFO:     2001:db8::1:99 - \"GET / HTTP/1.1\" 200 OK\n");
    assert_non_null(fgets(line, sizeof line, file)); /* whatever a proxy says, it stays one line of text */
    assert_string_equal(line, "INFO:     a%20%22b%C2%9B:0 - \"GET /status/204 HTTP/1.1\" 204 No Content\n");
    assert_non_null(fgets(line, sizeof line, file)); /* as Uvicorn writes a client without an address */
    assert_string_equal(line, "INFO:      - \"GET / HTTP/1.1\" 200 OK\n");
    assert_null(fgets(line, sizeof line, file));
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keep_alive_ends),
        TEST(test_head_ends),
        TEST(test_body_ends),
        TEST(test_write_ends),
        TEST(test_no_timeout_while_a_handler_works),
        TEST(test_linger_ends),
        TEST(test_client_leaves),
        TEST(test_limit_of_connections),
        TEST(test_no_descriptors),
        cmocka_unit_test_setup_teardown(test_graceful_stop, fixture_setup, teardown_stopped),
        cmocka_unit_test_setup_teardown(test_stop_that_drains, setup_worker, teardown_stopped),
        cmocka_unit_test(test_access_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Fixture: a server with a small application on a free port of 127.0.0.1, a client, and one thread that runs both in turn. */
#pragma once
#include "server/connection.h"
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

typedef struct fixture {
    cito_loop *loop;
    cito_server *server;
    cito_arena arena;
    int listener;
    struct sockaddr_in address;
    unsigned done_count; /* how often the server said that it has stopped */
    /* What the application did. */
    unsigned handled, waited, woken_by_resume, ended;
    cito_exchange *held;    /* by /hold, /background, /stream-hold: answered by the test */
    cito_coroutine *waiter; /* of /wait */
    cito_receive_result last_result;
    bool last_interrupted, last_write, last_disconnected;
    uint64_t limit_body; /* set by the application before it reads; 0: the server's */
    size_t streamed;     /* bytes that /flood has written */
    char seen[512];      /* of /scope */
} fixture;

typedef struct client {
    int fd;
    cito_buffer got;
    bool ended, reset;
} client;

/* The paths of the application are in fixture.c. NULL options: defaults, no access log. */
void fixture_start(fixture *, const cito_server_options *);
void fixture_stop(fixture *);
/* A test with a server of its own, by default options; its state is the fixture. */
int fixture_setup(void **state), fixture_teardown(void **state);
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, fixture_setup, fixture_teardown)
/* What cito_server_stop calls. */
void fixture_done(void *fixture);
/* Moves the server's clocks; the loop's own timers stay as they are. The server then looks at its time-outs. */
void fixture_advance_ms(fixture *, uint64_t ms);

#define GET(PATH) "GET " PATH " HTTP/1.1\r\nHost: h\r\n\r\n"
/* Of the application's answers, as client_expect sees them. */
#define HEAD(LENGTH) "HTTP/1.1 200 OK\r\nserver: cito\r\ncontent-length: " LENGTH "\r\ncontent-type: text/plain\r\n\r\n"

client client_connect(fixture *);
void client_close(client *);
void client_reset(client *); /* closes with RST */
/* Sends all, turning the loop where the socket is full. */
void client_send(fixture *, client *, const char *data, size_t len);
#define client_say(FIXTURE, CLIENT, TEXT) client_send(FIXTURE, CLIENT, TEXT, strlen(TEXT))
/* A few turns of the loop, then what has come for the client. */
void turn(fixture *, client *);
/* Turns until the client has that many bytes; fails where they do not come. */
void client_expect_len(fixture *, client *, size_t len);
/* Turns until the client has seen the end of the stream. */
void client_expect_end(fixture *, client *);
/* Everything that came up to now is this, with the date taken out; then it is forgotten. */
void client_expect(fixture *, client *, const char *text);
/* How often the text stands in what has come. */
size_t client_count(const client *, const char *text);
#define UNTIL(FIXTURE, CLIENT, CONDITION)                                                                                                  \
    do {                                                                                                                                   \
        for (int turns_ = 0; !(CONDITION) && turns_ < 5000; turns_++)                                                                      \
            turn(FIXTURE, CLIENT);                                                                                                         \
        assert_true(CONDITION);                                                                                                            \
    } while (0)

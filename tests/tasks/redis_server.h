/* A Redis server of the test's own, on a free port and in a folder of its own, ended by its process id; and a loop with a coroutine for the test's body. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "loop/loop.h"
#include "tasks/redis_connection.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct redis_server {
    pid_t pid;
    int port;
    char folder[64], url[64];
} redis_server;
static redis_server server;

static inline int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static inline bool server_answers(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons((uint16_t)server.port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return good;
}

/* On the port that is set, else on a free one. */
static inline void server_start(void)
{
    if (!server.port)
        server.port = free_port();
    if (!server.folder[0]) {
        strcpy(server.folder, "/tmp/cito_redis_XXXXXX");
        assert_non_null(mkdtemp(server.folder));
    }
    snprintf(server.url, sizeof server.url, "redis://127.0.0.1:%d/3", server.port);
    char port[8];
    snprintf(port, sizeof port, "%d", server.port);
    server.pid = fork();
    if (server.pid == 0) {
        int nothing = open("/dev/null", O_WRONLY);
        dup2(nothing, STDOUT_FILENO);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* it must not outlive a test that dies */
        execlp("redis-server", "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync",
               "no", "--dir", server.folder, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; !server_answers(); i++) {
        int status;
        if (i > 1000 || waitpid(server.pid, &status, WNOHANG) == server.pid)
            fail_msg("redis-server does not start: is the package redis-server installed?");
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
}

static inline void server_stop(int signal_number)
{
    kill(server.pid, signal_number);
    waitpid(server.pid, NULL, 0);
}

static inline int server_group_start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    server_start();
    return 0;
}

static inline int server_group_stop(void **state)
{
    (void)state;
    server_stop(SIGTERM);
    char command[100];
    snprintf(command, sizeof command, "rm -r '%s'", server.folder);
    return system(command);
}

/* ---- the body in a coroutine ----------------------------------------------------------------------------------------------------- */
static cito_loop *loop;
static int bodies;
static void (*body_to_run)(void);
static inline void body_main(void *data)
{
    (void)data;
    body_to_run();
    bodies--;
}
static inline void run_in_loop(void (*body)(void))
{
    loop = cito_loop_new(NULL);
    bodies = 1;
    body_to_run = body;
    cito_coroutine_spawn(loop, NULL, body_main, NULL);
    while (bodies)
        cito_loop_run(loop, UV_RUN_ONCE);
    cito_loop_free(loop);
}

/* ---- a plain connection, to look into the server ---------------------------------------------------------------------------------- */
static cito_redis *looking;
static inline void look_begin(void)
{
    cito_redis_url url;
    cito_arena arena;
    cito_arena_init(&arena, 0);
    assert_null(cito_redis_url_parse(server.url, &arena, &url));
    looking = cito_redis_new(loop, &url, &(cito_redis_events){ .data = NULL });
    cito_arena_finish(&arena);
}
static inline const cito_redis_reply *look_at(size_t count, const cito_str *args)
{
    const cito_redis_reply *reply = NULL;
    const char *error = cito_redis_call(looking, CITO_REDIS_TRIES, NULL, &reply, count, args);
    if (error)
        fail_msg("%s", error);
    return reply;
}
#define LOOK(...) look_at(CITO_REDIS_ARGS(__VA_ARGS__))
static bool look_has_ended;
static inline void look_closed(void *data)
{
    (void)data;
    look_has_ended = true;
}
static inline void look_end(void)
{
    look_has_ended = false;
    cito_redis_free(looking, look_closed, NULL);
    while (!look_has_ended)
        cito_sleep(0);
}

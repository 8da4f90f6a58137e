/* Listener: addresses, Unix sockets, and errors that say what to do. */
#include "../arena.h"
#include "server/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void test_tcp(void **state)
{
    (void)state;
    const char *error = "untouched";
    int fd = cito_listener_open(&arena, "127.0.0.1", 0, 0, &error);
    assert_true(fd >= 0);
    assert_null(error);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    struct sockaddr_in own;
    socklen_t len = sizeof own;
    char expected[64];
    getsockname(fd, (struct sockaddr *)&own, &len);
    assert_int_not_equal(own.sin_port, 0);
    snprintf(expected, sizeof expected, "http://127.0.0.1:%d", ntohs(own.sin_port));
    assert_string_equal(cito_listener_url(&arena, fd).data, expected);

    int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&own, sizeof own), 0); /* it listens */
    close(client);

    assert_int_equal(cito_listener_open(&arena, "127.0.0.1", ntohs(own.sin_port), 0, &error), -1);
    assert_non_null(strstr(error, "Address already in use: 127.0.0.1, port "));
    assert_non_null(strstr(error, "--port"));
    close(fd);
}

static void test_names_and_refusals(void **state)
{
    (void)state;
    const char *error;
    int fd = cito_listener_open(&arena, "localhost", 0, 0, &error);
    assert_true(fd >= 0);
    assert_non_null(strstr(cito_listener_url(&arena, fd).data, "http://127.0.0.1:"));
    close(fd);
    assert_int_equal(cito_listener_open(&arena, "127.0.0.1", 65536, 0, &error), -1);
    assert_non_null(strstr(error, "65536 is no port"));
    assert_int_equal(cito_listener_open(&arena, "192.0.2.1", 0, 0, &error), -1); /* TEST-NET-1: nobody's */
    assert_non_null(strstr(error, "192.0.2.1 is no address of this machine"));
    assert_int_equal(cito_listener_open(&arena, "not a host", 0, 0, &error), -1);
    assert_non_null(strstr(error, "The host \"not a host\" is not known"));
}

static void test_unix(void **state)
{
    (void)state;
    const char *error;
    char directory[] = "/tmp/cito-test-XXXXXX", path[64], expected[80], long_path[200];
    struct stat status;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    int fd = cito_listener_open_unix(&arena, path, 0660, 0, &error);
    assert_true(fd >= 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    snprintf(expected, sizeof expected, "unix:%s", path);
    assert_string_equal(cito_listener_url(&arena, fd).data, expected);
    assert_int_equal(cito_listener_open_unix(&arena, path, 0660, 0, &error), -1); /* somebody answers there */
    assert_non_null(strstr(error, "Address already in use"));
    close(fd);
    fd = cito_listener_open_unix(&arena, path, 0666, 0, &error); /* nobody does: the file is taken over */
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    int file = open(path, O_CREAT | O_WRONLY, 0600); /* no socket: not touched */
    close(file);
    assert_int_equal(cito_listener_open_unix(&arena, path, 0666, 0, &error), -1);
    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    unlink(path);
    rmdir(directory);
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(cito_listener_open_unix(&arena, long_path, 0666, 0, &error), -1);
    assert_non_null(strstr(error, "longer than"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_tcp), cmocka_unit_test(test_names_and_refusals),
                                        cmocka_unit_test(test_unix) };
    return cmocka_run_group_tests(tests, arena_begin, arena_end);
}

/* The store's file: many processes may open a new one in the same moment. */
#include "tasks/sqlite_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROUNDS = 100, PROCESSES = 6 };

/* Opens when the other end of the pipe is closed, which all see at once. */
static void open_and_exit(const char *path, int start_fd)
{
    char byte;
    cito_store *store = calloc(1, sizeof *store);
    store->path = strdup(path);
    bool is_good = read(start_fd, &byte, 1) == 0 && cito_store_connect(store);
    if (!is_good)
        fprintf(stderr, "%s\n", store->error);
    cito_store_disconnect(store);
    _exit(is_good ? 0 : 1);
}

static unsigned open_at_once(const char *path)
{
    int start[2], status;
    unsigned failed = 0;
    assert_int_equal(pipe(start), 0);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            close(start[1]);
            open_and_exit(path, start[0]);
        }
    }
    close(start[0]);
    close(start[1]);
    while (wait(&status) > 0)
        failed += status != 0;
    return failed;
}

static void a_new_file_is_opened_by_many(void **state)
{
    (void)state;
    char folder[] = "/tmp/cito_schema_XXXXXX", path[64], command[64];
    assert_non_null(mkdtemp(folder));
    for (int round = 0; round < ROUNDS; round++) {
        snprintf(path, sizeof path, "%s/%d.db", folder, round);
        assert_int_equal(open_at_once(path), 0);
    }
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_new_file_is_opened_by_many) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

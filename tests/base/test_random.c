/* Random bytes and forks: nothing is given twice, not to a child either. */
#include "base/fork.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { IDS = 2000, ID_SIZE = 16 };
static unsigned char ids[IDS][ID_SIZE];

static int compare(const void *one, const void *other) { return memcmp(one, other, ID_SIZE); }

static void no_id_comes_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < IDS; i++)
        cito_random_fill(ids[i], ID_SIZE);
    qsort(ids, IDS, ID_SIZE, compare);
    for (size_t i = 1; i < IDS; i++)
        assert_memory_not_equal(ids[i - 1], ids[i], ID_SIZE);
}

static void any_length_is_filled(void **state)
{
    (void)state;
    static const size_t lengths[] = { 1, 7, 255, 256, 257, 1000, 4096 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        unsigned char bytes[4097], seen = 0;
        size_t len = lengths[i];
        bytes[len] = 0xA5;
        /* A place that stays zero in all of 40 tries was never written: by chance, once in 2^320. */
        unsigned char all[4096] = { 0 };
        for (int try = 0; try < 40; try++) {
            cito_random_fill(bytes, len);
            for (size_t at = 0; at < len; at++)
                all[at] |= bytes[at];
        }
        for (size_t at = 0; at < len; at++)
            seen |= all[at] == 0;
        assert_false(seen);
        assert_int_equal(bytes[len], 0xA5);
    }
}

static void a_child_has_bytes_of_its_own(void **state)
{
    (void)state;
    unsigned char mine[64], childs[64];
    int ends[2];
    cito_random_fill(mine, 1); /* the rest of the block is what a child would copy */
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        cito_random_fill(childs, sizeof childs);
        _exit(write(ends[1], childs, sizeof childs) == sizeof childs ? 0 : 1);
    }
    cito_random_fill(mine, sizeof mine);
    assert_int_equal(read(ends[0], childs, sizeof childs), sizeof childs);
    assert_int_equal(waitpid(child, NULL, 0), child);
    for (size_t i = 0; i < sizeof mine; i += 8)
        for (size_t j = 0; j < sizeof childs; j += 8)
            assert_memory_not_equal(mine + i, childs + j, 8);
    close(ends[0]);
    close(ends[1]);
}

static void depth_counts_forks(void **state)
{
    (void)state;
    uint32_t here = cito_fork_depth();
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(cito_fork_depth() == here + 2 ? 0 : 1);
        int status = 1;
        waitpid(grandchild, &status, 0);
        _exit(status == 0 && cito_fork_depth() == here + 1 ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(cito_fork_depth(), here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_id_comes_twice),
        cmocka_unit_test(any_length_is_filled),
        cmocka_unit_test(a_child_has_bytes_of_its_own),
        cmocka_unit_test(depth_counts_forks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

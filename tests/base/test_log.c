/* Log: the form of a line, levels, and the two ends of a process. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cito/call.h>
#include <cmocka.h>

/* Runs `act` in a child; gives what it wrote to standard error, and its wait status. */
static char *stderr_of(void (*act)(void), int *out_status)
{
    static char text[64 * 1024];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        signal(SIGABRT, SIG_DFL); /* cmocka's handler would report a failed test */
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        act();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t got;
    while ((got = read(ends[0], text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, out_status, 0), child);
    return text;
}

static void write_each_level(void)
{
    cito_log_threshold = CITO_LOG_DEBUG;
    cito_log_write(CITO_LOG_DEBUG, "d %d", 1);
    cito_log_write(CITO_LOG_INFO, "i %s", "x");
    cito_log_write(CITO_LOG_WARNING, "w");
    cito_log_write(CITO_LOG_ERROR, "e");
    cito_log_write(CITO_LOG_OFF, "never");
    cito_log("info", "public %d", 2);
    cito_log("unknown", "kept");
}

static void lines_have_uvicorns_form(void **state)
{
    (void)state;
    int status;
    assert_string_equal(stderr_of(write_each_level, &status), "DEBUG:    d 1\n"
                                                              "INFO:     i x\n"
                                                              "WARNING:  w\n"
                                                              "ERROR:    e\n"
                                                              "INFO:     public 2\n"
                                                              "ERROR:    kept\n");
    assert_int_equal(status, 0);
}

static void write_under_the_threshold(void)
{
    cito_log_threshold = CITO_LOG_WARNING;
    cito_log_write(CITO_LOG_INFO, "no");
    cito_log("info", "no");
    cito_log("warning", "yes");
    cito_log_threshold = CITO_LOG_OFF;
    cito_log_write(CITO_LOG_ERROR, "no");
    cito_log("error", "no");
}

static void levels_under_the_threshold_are_silent(void **state)
{
    (void)state;
    int status;
    assert_string_equal(stderr_of(write_under_the_threshold, &status), "WARNING:  yes\n");
}

static void write_long_lines(void)
{
    for (int width = 1005; width < 1025; width++) /* around the length that leaves the stack */
        cito_log_write(CITO_LOG_INFO, "%*d", width, 7);
    cito_log_write(CITO_LOG_INFO, "%*d", 20000, 8);
}

static void long_lines_are_whole(void **state)
{
    (void)state;
    int status;
    char *line = stderr_of(write_long_lines, &status);
    for (int width = 1005; width < 1025; width++) {
        size_t len = strcspn(line, "\n");
        assert_int_equal(len, width + 10);
        assert_int_equal(line[len - 1], '7');
        line += len + 1;
    }
    assert_int_equal(strlen(line), 20011);
    assert_string_equal(line + 20009, "8\n");
}

static void names_are_parsed(void **state)
{
    (void)state;
    cito_log_level level = CITO_LOG_OFF;
    assert_true(cito_log_level_parse("debug", &level));
    assert_int_equal(level, CITO_LOG_DEBUG);
    assert_true(cito_log_level_parse("off", &level));
    assert_int_equal(level, CITO_LOG_OFF);
    assert_false(cito_log_level_parse("", &level));
    assert_false(cito_log_level_parse("INFO ", &level));
}

typedef struct caught {
    cito_log_level level;
    int lines;
    char last[64];
} caught;

static void catch_line(cito_log_level level, const char *line, void *data)
{
    caught *into = data;
    into->level = level;
    into->lines++;
    snprintf(into->last, sizeof into->last, "%s", line);
}

static void sink_takes_the_lines(void **state)
{
    (void)state;
    caught into = { 0 };
    cito_log_redirect(catch_line, &into);
    cito_log_write(CITO_LOG_ERROR, "no %d", 5);
    cito_log_redirect(NULL, NULL);
    assert_int_equal(into.level, CITO_LOG_ERROR);
    assert_string_equal(into.last, "no 5");
}

static void *log_a_hundred(void *data)
{
    for (int i = 0; i < 100; i++)
        cito_log_write(CITO_LOG_ERROR, "%s", (const char *)data);
    return NULL;
}

static void threads_share_the_sink(void **state)
{
    (void)state;
    caught into = { 0 };
    pthread_t threads[4];
    cito_log_redirect(catch_line, &into);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_a_hundred, "line"), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cito_log_redirect(NULL, NULL);
    assert_int_equal(into.lines, 400);
    assert_string_equal(into.last, "line");
}

static void die_with_three(void) { cito_die(3, "port %d is taken", 80); }
static void abort_now(void) { cito_abort("never: %s", "this"); }
static void abort_with_much(void) { cito_abort("%*d", 5000, 1); }

static void ends_say_why(void **state)
{
    (void)state;
    int status;
    assert_string_equal(stderr_of(die_with_three, &status), "ERROR:    port 80 is taken\n");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    assert_string_equal(stderr_of(abort_now, &status), "ERROR:    never: this\n");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_int_equal(strlen(stderr_of(abort_with_much, &status)), 2047);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_uvicorns_form),
        cmocka_unit_test(levels_under_the_threshold_are_silent),
        cmocka_unit_test(long_lines_are_whole),
        cmocka_unit_test(names_are_parsed),
        cmocka_unit_test(sink_takes_the_lines),
        cmocka_unit_test(threads_share_the_sink),
        cmocka_unit_test(ends_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

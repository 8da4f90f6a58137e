/* Options: each kind from the line and from the environment, what is left over, what is refused and with which words. */
#include "cli/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct settings {
    const char *host;
    unsigned port, wait_ms;
    uint64_t size;
    bool reload, log_off;
} settings;

static const cito_option table[] = {
    { "host", "h", CITO_OPTION_TEXT, offsetof(settings, host), "HOST", "where" },
    { "port", NULL, CITO_OPTION_COUNT, offsetof(settings, port), "PORT", "which" },
    { "timeout-body", "body-timeout", CITO_OPTION_SECONDS, offsetof(settings, wait_ms), "SECONDS", "how long" },
    { "limit-size", NULL, CITO_OPTION_BYTES, offsetof(settings, size), "BYTES", "how much" },
    { "reload", NULL, CITO_OPTION_FLAG, offsetof(settings, reload), NULL, "again" },
    { "access-log", NULL, CITO_OPTION_OFF_FLAG, offsetof(settings, log_off), NULL, "no lines" },
    { 0 },
};

static settings read_into;
static char *words[20];
static char said[512];

/* How many words are left; -1: said tells why. */
static int read_line(const char *line)
{
    static char copy[512];
    int count = 0;
    strcpy(copy, line);
    read_into = (settings){ .host = "default", .port = 1 };
    words[count++] = "program";
    for (char *at = strtok(copy, " "); at; at = strtok(NULL, " "))
        words[count++] = at;
    cito_buffer error;
    cito_buffer_init(&error);
    int left = cito_options_read(table, &read_into, count, words, 1, &error);
    memcpy(said, error.len ? error.data : "", error.len);
    said[error.len] = '\0';
    cito_buffer_finish(&error);
    return left;
}

static void every_kind(void **state)
{
    (void)state;
    assert_int_equal(read_line("--host 0.0.0.0 --port=80 --timeout-body 1.5 --limit-size 64k --reload --no-access-log"), 0);
    assert_string_equal(read_into.host, "0.0.0.0");
    assert_int_equal(read_into.port, 80);
    assert_int_equal(read_into.wait_ms, 1500);
    assert_int_equal(read_into.size, 65536);
    assert_true(read_into.reload && read_into.log_off);
    assert_int_equal(read_line("-h a --body-timeout .25 --limit-size=2G --no-reload --access-log"), 0);
    assert_string_equal(read_into.host, "a");
    assert_int_equal(read_into.wait_ms, 250);
    assert_int_equal(read_into.size, UINT64_C(2) << 30);
    assert_false(read_into.reload || read_into.log_off);
    assert_int_equal(read_line("--reload=false --access-log=no --limit-size 16M"), 0);
    assert_false(read_into.reload);
    assert_true(read_into.log_off);
    assert_int_equal(read_into.size, 16 << 20);
    assert_int_equal(read_line(""), 0);
    assert_string_equal(read_into.host, "default");
}

static void what_is_no_option_stays(void **state)
{
    (void)state;
    assert_int_equal(read_line("one --port 5 two --reload - three"), 4);
    assert_string_equal(words[1], "one");
    assert_string_equal(words[2], "two");
    assert_string_equal(words[3], "-");
    assert_string_equal(words[4], "three");
}

static void the_environment_comes_first(void **state)
{
    (void)state;
    setenv("CITO_PORT", "9000", 1);
    setenv("CITO_TIMEOUT_BODY", "2", 1);
    setenv("CITO_ACCESS_LOG", "false", 1);
    setenv("CITO_HOST", "", 1); /* empty: not said */
    assert_int_equal(read_line("--timeout-body 3"), 0);
    assert_int_equal(read_into.port, 9000);
    assert_int_equal(read_into.wait_ms, 3000);
    assert_true(read_into.log_off);
    assert_string_equal(read_into.host, "default");
    setenv("CITO_PORT", "many", 1);
    assert_int_equal(read_line(""), -1);
    assert_string_equal(said, "CITO_PORT=many in the environment: expected a whole number\n");
    unsetenv("CITO_PORT");
    unsetenv("CITO_TIMEOUT_BODY");
    unsetenv("CITO_ACCESS_LOG");
    unsetenv("CITO_HOST");
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "--prot 80", "There is no option --prot; did you mean --port? See --help.\n" },
        { "--prot=80", "There is no option --prot; did you mean --port? See --help.\n" },
        { "--entirely-unknown", "There is no option --entirely-unknown. See --help.\n" },
        { "--port 80x", "--port 80x: expected a whole number\n" },
        { "--port -1", "--port -1: expected a whole number\n" },
        { "--port 99999999999", "--port 99999999999: expected a whole number\n" },
        { "--limit-size 1T", "--limit-size 1T: expected a number of bytes, as 65536, 64k or 16M\n" },
        { "--limit-size 99999999999999999999", "--limit-size 99999999999999999999: expected a number of bytes, as 65536, 64k or 16M\n" },
        { "--limit-size 99999999999G", "--limit-size 99999999999G: expected a number of bytes, as 65536, 64k or 16M\n" },
        { "--timeout-body soon", "--timeout-body soon: expected a number of seconds\n" },
        { "--timeout-body -1", "--timeout-body -1: expected a number of seconds\n" },
        { "--reload=perhaps", "--reload perhaps: expected true or false\n" },
        { "--no-reload=true", "--no-reload takes no value: write --reload=true\n" },
        { "--no-port", "There is no option --no-port; did you mean --port? See --help.\n" },
        { "--host", "--host: expected a value\n" },
        { "--host --port 1", "--host: expected a value\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_line(cases[i][0]), -1);
        assert_string_equal(said, cases[i][1]);
    }
}

static void the_help_has_a_line_for_each(void **state)
{
    (void)state;
    cito_buffer help;
    cito_buffer_init(&help);
    cito_options_print_help(table, &help);
    cito_buffer_append_char(&help, '\0');
    assert_non_null(strstr(help.data, "  -h, --host HOST                    where\n"));
    assert_non_null(strstr(help.data, "  --no-access-log                    no lines\n"));
    size_t lines = 0;
    for (size_t i = 0; i < help.len; i++)
        lines += help.data[i] == '\n';
    assert_int_equal(lines, sizeof table / sizeof *table - 1);
    cito_buffer_finish(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
        cmocka_unit_test(what_is_no_option_stays),
        cmocka_unit_test(the_environment_comes_first),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(the_help_has_a_line_for_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

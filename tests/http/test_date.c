/* Dates in HTTP's form: the RFC's example, the calendar's corners, and every day of four centuries against the C library. Threading: one thread. */
#include "http/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void assert_date(int64_t seconds, const char *expected)
{
    char text[CITO_HTTP_DATE_LEN + 1];
    cito_http_date_format(seconds, text);
    assert_string_equal(text, expected);
    assert_int_equal(strlen(text), CITO_HTTP_DATE_LEN);
}

static void examples(void **state)
{
    (void)state;
    assert_date(784111777, "Sun, 06 Nov 1994 08:49:37 GMT"); /* RFC 9110 section 5.6.7 */
    assert_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_date(-1, "Wed, 31 Dec 1969 23:59:59 GMT");
    assert_date(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
    assert_date(4107542399, "Sun, 28 Feb 2100 23:59:59 GMT");
    assert_date(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT");
    assert_date(2147483648, "Tue, 19 Jan 2038 03:14:08 GMT");
}

static void years_have_four_digits(void **state)
{
    (void)state;
    assert_date(-62135596800, "Mon, 01 Jan 0001 00:00:00 GMT");
    assert_date(INT64_MIN, "Mon, 01 Jan 0001 00:00:00 GMT");
    assert_date(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_date(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void every_day_of_four_centuries(void **state)
{
    (void)state;
    for (int64_t day = -50000; day < 100000; day++) {
        time_t seconds = (time_t)(day * 86400 + (day * 7919 % 86400 + 86400) % 86400);
        struct tm parts;
        char expected[64];
        assert_non_null(gmtime_r(&seconds, &parts));
        strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        assert_date(seconds, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(examples), cmocka_unit_test(years_have_four_digits),
                                        cmocka_unit_test(every_day_of_four_centuries) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

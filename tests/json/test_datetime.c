/* Dates, times, durations: both text forms, the calendar, arithmetic. Expected texts are Python's and pydantic's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "json/datetime.h"
#include <cmocka.h>

static size_t lines_logged;

static void count_line(cito_log_level level, const char *line, void *data)
{
    (void)line;
    (void)data;
    lines_logged += level == CITO_LOG_ERROR;
}

static char text[CITO_DATETIME_TEXT_MAX + 1];

static const char *datetime(cito_datetime value, cito_iso_form form)
{
    text[cito_datetime_write(value, form, text)] = 0;
    return text;
}

static const char *clock_time(cito_time value, cito_iso_form form)
{
    text[cito_time_write(value, form, text)] = 0;
    return text;
}

static const char *duration(int64_t seconds, int32_t microseconds)
{
    text[cito_timedelta_write_iso((cito_timedelta){ seconds, microseconds * 1000 }, text)] = 0;
    return text;
}

static void both_forms(void **state)
{
    (void)state;
    cito_datetime value = { .seconds = 1706696430, .nanoseconds = 500999, .aware = true };
    static const struct {
        int32_t offset;
        const char *python, *pydantic;
    } cases[] = {
        { 0, "2024-01-31T10:20:30.000500+00:00", "2024-01-31T10:20:30.000500Z" },
        { 3600, "2024-01-31T11:20:30.000500+01:00", "2024-01-31T11:20:30.000500+01:00" },
        { -1800, "2024-01-31T09:50:30.000500-00:30", "2024-01-31T09:50:30.000500-00:30" },
        { 50400, "2024-02-01T00:20:30.000500+14:00", "2024-02-01T00:20:30.000500+14:00" },
        { 3661, "2024-01-31T11:21:31.000500+01:01:01", "2024-01-31T11:21:31.000500+01:01" },
        { -3661, "2024-01-31T09:19:29.000500-01:01:01", "2024-01-31T09:19:29.000500-01:01" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        value.utc_offset = cases[i].offset;
        assert_string_equal(datetime(value, CITO_ISO_PYTHON), cases[i].python);
        assert_string_equal(datetime(value, CITO_ISO_PYDANTIC), cases[i].pydantic);
    }
    value.aware = false;
    value.nanoseconds = 999;
    assert_string_equal(datetime(value, CITO_ISO_PYTHON), "2024-01-31T10:20:30");
    assert_string_equal(datetime((cito_datetime){ .seconds = -1 }, CITO_ISO_PYDANTIC), "1969-12-31T23:59:59");
    assert_string_equal(datetime((cito_datetime){ .seconds = -62135596800 }, CITO_ISO_PYDANTIC), "0001-01-01T00:00:00");
    assert_string_equal(datetime((cito_datetime){ .seconds = 253402300799, .nanoseconds = 999999999 }, CITO_ISO_PYDANTIC),
                        "9999-12-31T23:59:59.999999");
    assert_string_equal(datetime((cito_datetime){ .seconds = 20000000000, .aware = true }, CITO_ISO_PYDANTIC), "2603-10-11T11:33:20Z");
}

static void times(void **state)
{
    (void)state;
    cito_time value = { .hour = 10, .minute = 20, .second = 30, .nanosecond = 123456789, .aware = true };
    assert_string_equal(clock_time(value, CITO_ISO_PYTHON), "10:20:30.123456+00:00");
    assert_string_equal(clock_time(value, CITO_ISO_PYDANTIC), "10:20:30.123456Z");
    value.aware = false;
    value.nanosecond = 0;
    assert_string_equal(clock_time(value, CITO_ISO_PYDANTIC), "10:20:30");
}

static void durations(void **state)
{
    (void)state;
    assert_string_equal(duration(0, 0), "PT0S");
    assert_string_equal(duration(-86400 + 5, 0), "-PT23H59M55S");
    assert_string_equal(duration(0, 1), "PT0.000001S");
    assert_string_equal(duration(-1, 999999), "-PT0.000001S");
    assert_string_equal(duration(365 * 86400, 0), "P1Y");
    assert_string_equal(duration(800 * 86400 + 61, 120), "P2Y70DT1M1.00012S");
    assert_string_equal(duration(86399, 999999), "PT23H59M59.999999S");
    assert_string_equal(duration(-INT64_C(999999999) * 86400, 0), "-P2739726Y9D");
    assert_string_equal(duration(INT64_C(1000000000) * 86400 - 1, 999999), "P2739726Y9DT23H59M59.999999S");
    assert_string_equal(duration(-1, 500000), "-PT0.5S");
    assert_string_equal(duration(-400 * 86400, 10), "-P1Y34DT23H59M59.99999S");
    assert_string_equal(duration(93784, 500000), "P1DT2H3M4.5S");
    assert_string_equal(duration(3600, 500000), "PT1H0.5S");
    assert_string_equal(duration(INT64_C(1000000000000), 0), "P31709Y289DT1H46M40S");
    assert_string_equal(duration(10, 250000), "PT10.25S");
    assert_true(strlen(duration(INT64_MIN, 999999)) < CITO_DATETIME_TEXT_MAX);
}

static void every_day(void **state)
{
    (void)state;
    static const uint8_t lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t days = -719162; /* 0001-01-01 */
    for (int16_t year = 1; year <= 9999; year++)
        for (uint8_t month = 1; month <= 12; month++) {
            bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for (uint8_t day = 1; day <= lengths[month - 1] + leap; day++, days++) {
                cito_date date = cito_date_of_days(days);
                if (date.year != year || date.month != month || date.day != day || cito_days_of_date(date) != days)
                    fail_msg("%d-%d-%d is %lld", year, month, day, (long long)days);
            }
        }
    assert_int_equal(days - 1, 2932896);
    cito_date clamped = cito_date_of_days(INT64_MAX);
    assert_int_equal(clamped.year, 9999);
    text[cito_date_write((cito_date){ 5, 1, 9 }, text)] = 0;
    assert_string_equal(text, "0005-01-09");
}

static void arithmetic(void **state)
{
    (void)state;
    cito_datetime start = { .seconds = 1706696430, .nanoseconds = 700000000, .utc_offset = 3600, .aware = true };
    cito_timedelta step = { 86399, 500000000 };
    cito_datetime later = cito_datetime_add(start, step);
    assert_string_equal(datetime(later, CITO_ISO_PYTHON), "2024-02-01T11:20:30.200000+01:00");
    cito_timedelta back = cito_datetime_subtract(later, start);
    assert_true(back.seconds == step.seconds && back.nanoseconds == step.nanoseconds);
    back = cito_datetime_subtract(start, later);
    assert_true(back.seconds == -86400 && back.nanoseconds == 500000000);
    assert_true(cito_timedelta_total_seconds(back) == -86399.5);
    lines_logged = 0;
    back = cito_datetime_subtract(later, (cito_datetime){ .seconds = 1 });
    assert_true(back.seconds == 0 && back.nanoseconds == 0);
    assert_int_equal(lines_logged, 1);
    later = cito_datetime_add(start, (cito_timedelta){ INT64_MAX, 0 });
    assert_true(later.seconds == 0 && later.aware);
    later = cito_datetime_add(start, (cito_timedelta){ INT64_C(300000000000), 0 });
    assert_true(later.seconds == 0);
    assert_int_equal(lines_logged, 3);
}

static void total_seconds(void **state)
{
    (void)state;
    assert_true(cito_timedelta_total_seconds((cito_timedelta){ 0, 100000000 }) == 0.1);
    assert_true(cito_timedelta_total_seconds((cito_timedelta){ -1, 999999000 }) == -1e-6);
    assert_true(cito_timedelta_total_seconds((cito_timedelta){ 86399999999999, 999999000 }) == 86400000000000.0);
    assert_true(cito_timedelta_total_seconds((cito_timedelta){ -86399999913600, 0 }) == -86399999913600.0);
    assert_true(cito_timedelta_total_seconds((cito_timedelta){ 9007199255, 123457000 }) == 9007199255.123457);
    assert_true(cito_timedelta_total_seconds((cito_timedelta){ -9007199256, 876543000 }) == -9007199255.123457);
}

static int64_t fixed_wall(void) { return INT64_C(1706696430123456789); }
static int64_t early_wall(void) { return -1; }
static uint64_t fixed_monotonic(void) { return 0; }

static void now(void **state)
{
    (void)state;
    cito_clock_replace(&(cito_clock_source){ fixed_monotonic, fixed_wall });
    assert_string_equal(datetime(cito_utcnow(), CITO_ISO_PYTHON), "2024-01-31T10:20:30.123456+00:00");
    cito_clock_replace(&(cito_clock_source){ fixed_monotonic, early_wall });
    assert_string_equal(datetime(cito_utcnow(), CITO_ISO_PYTHON), "1969-12-31T23:59:59.999999+00:00");
    cito_clock_replace(NULL);
}

int main(void)
{
    cito_log_redirect(count_line, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms), cmocka_unit_test(times),         cmocka_unit_test(durations), cmocka_unit_test(every_day),
        cmocka_unit_test(arithmetic), cmocka_unit_test(total_seconds), cmocka_unit_test(now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Dates, times, durations from texts: values and reasons measured on pydantic 2.13. */
#include "json/value.h"
#include "schema/decode.h"
#include "schema/encode.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A text, and what it becomes or the reason why it does not (the error's type where it has no reason). */
typedef struct text_case {
    const char *text, *value, *reason;
} text_case;

static bool run_case(const cito_type *type, const text_case *row)
{
    cito_arena arena;
    cito_arena_init(&arena, 0);
    cito_errors errors;
    cito_errors_init(&errors, &arena);
    cito_str text = { row->text, strlen(row->text) };
    char into[64] __attribute__((aligned(16)));
    cito_buffer out;
    cito_buffer_init(&out);
    cito_str got;
    bool is_value = cito_decode_texts(&text, 1, type, NULL, NULL, into, &arena, &errors);
    if (is_value) {
        cito_encode(type, into, NULL, &out);
        got = cito_value_string(cito_value_parse(&arena, cito_arena_copy_str(&arena, out.data, out.len), NULL, NULL));
    } else {
        const cito_value *ctx = errors.items[0].ctx, *reason = cito_value_get(ctx, "error");
        reason = reason ? reason : cito_value_get(ctx, "reason");
        got = reason ? cito_value_string(reason) : (cito_str){ errors.items[0].type, strlen(errors.items[0].type) };
    }
    const char *wanted = is_value ? row->value : row->reason;
    bool is_same = wanted && cito_str_equal(got, wanted);
    if (!is_same)
        print_error("\"%s\": got %s \"%s\", not \"%s\"\n", row->text, is_value ? "the value" : "the error", got.data,
                    row->value ? row->value : row->reason);
    cito_buffer_finish(&out);
    cito_arena_finish(&arena);
    return is_same;
}

static void run_cases(const cito_type *type, const text_case *rows, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++)
        failed += !run_case(type, &rows[i]);
    assert_int_equal(failed, 0);
}

static const text_case dates[] = {
    { "0000-01-01", NULL, "year 0 is out of range" },
    { "2024-01-31T00:00:00+02:00", "2024-01-31", NULL },
    { "2024-01-31T00:00", "2024-01-31", NULL },
    { "2024-01-31x", NULL, "invalid datetime separator, expected `T`, `t`, `_` or space" },
    { "2024/01/31", NULL, "invalid date separator, expected `-`" },
    { "20000000000000000", NULL, "dates after 9999 are not supported as unix timestamps" },
    { "99999999999999999999", NULL, "invalid date separator, expected `-`" },
    { "2024-01-31T10:00:00.0000001", NULL, "date_from_datetime_inexact" },
    { "1.5", NULL, "date_from_datetime_inexact" },
    { "86400.0", "1970-01-02", NULL },
    { "+86400", "1970-01-02", NULL },
    { "86400.", "1970-01-02", NULL },
    { "-0", "1970-01-01", NULL },
    { "2024-01-0", NULL, "input is too short" },
    { "2024-01-00", NULL, "day value is outside expected range" },
    { "2024-00-01", NULL, "month value is outside expected range of 1-12" },
    { "2024-02-29", "2024-02-29", NULL },
    { "2023-02-29", NULL, "day value is outside expected range" },
    { "2024-04-31", NULL, "day value is outside expected range" },
    { "202a-01-01", NULL, "invalid character in year" },
    { "2024-0a-01", NULL, "invalid character in month" },
    { "2024-01-0a", NULL, "invalid character in day" },
    { "2024x01-01", NULL, "invalid date separator, expected `-`" },
    { "2024-01x01", NULL, "invalid date separator, expected `-`" },
    { "-62167219200000", NULL, "year 0 is out of range" },
    { "-62135596800000", "0001-01-01", NULL },
    { "-62200000000000", NULL, "dates before 0000 are not supported as unix timestamps" },
    { "253402300799000", NULL, "date_from_datetime_inexact" },
    { "253402300800000", NULL, "dates after 9999 are not supported as unix timestamps" },
    { "-99999999999999", NULL, "dates before 0000 are not supported as unix timestamps" },
    { "0000-01-01T00:00:00", NULL, "year 0 is out of range" },
    { "0001-01-01", "0001-01-01", NULL },
    { "\xC3\xA9"
      "024-01-01",
      NULL, "invalid character in year" },
};

static const text_case times[] = {
    { "10:20Z", "10:20:00Z", NULL },
    { "10:20:30Zx", NULL, "unexpected extra characters at the end of the input" },
    { "10:20:3", NULL, "invalid character in second" },
    { "10:2030", NULL, "invalid timezone sign" },
    { "10:20:60", NULL, "second value is outside expected range of 0-59" },
    { "10:61", NULL, "minute value is outside expected range of 0-59" },
    { "10:20:30.", NULL, "second fraction digits missing after `.`" },
    { "10:20:30+25:00", NULL, "timezone offset must be less than 24 hours" },
    { "10:20:30 Z", NULL, "invalid timezone sign" },
    { "10:20:30z", "10:20:30Z", NULL },
    { "1020:30", NULL, "invalid time separator, expected `:`" },
    { "10:20:30-00:00", "10:20:30Z", NULL },
    { "10:20:30,5", "10:20:30.500000", NULL },
    { "24:00:00", NULL, "hour value is outside expected range of 0-23" },
    { "10:20+02", NULL, "invalid timezone minute" },
    { "10-20", NULL, "invalid time separator, expected `:`" },
    { "10:20:30+", NULL, "invalid timezone hour" },
    { "10:20:30+1", NULL, "invalid timezone hour" },
    { "10:20:30+1x:00", NULL, "invalid timezone hour" },
    { "10:20:30+01:", NULL, "invalid timezone minute" },
    { "10:20:30+01:x0", NULL, "invalid timezone minute" },
    { "10:20:30+01:60", NULL, "timezone minute value is outside expected range of 0-59" },
    { "10:20:30+24:00", NULL, "timezone offset must be less than 24 hours" },
    { "10:20:30+23:59", "10:20:30+23:59", NULL },
    { "ab:cd", NULL, "invalid character in hour" },
    { "1a:00", NULL, "invalid character in hour" },
    { "10:2", NULL, "input is too short" },
    { "10:2a", NULL, "invalid character in minute" },
    { "10:20:ab", NULL, "invalid character in second" },
    { "10:20:30.x", NULL, "second fraction digits missing after `.`" },
    { "10:20:", NULL, "invalid character in second" },
    { "10:20:30.1x", NULL, "invalid timezone sign" },
    { "10:20x", NULL, "invalid timezone sign" },
    { "10:20 ", NULL, "invalid timezone sign" },
    { "10:20:30Z ", NULL, "unexpected extra characters at the end of the input" },
    { "1:020:30", NULL, "invalid character in hour" },
    { "99:99", NULL, "hour value is outside expected range of 0-23" },
    { "10:99:99", NULL, "minute value is outside expected range of 0-59" },
    { "25;00", NULL, "invalid time separator, expected `:`" },
    { "\xC3\xA9"
      "0:00",
      NULL, "invalid character in hour" },
};

static const text_case datetimes[] = {
    { "0000-01-01", NULL, "year 0 is out of range" },
    { "0000-01-01T00:00:00", NULL, "year 0 is out of range" },
    { "99999999999999999999", NULL, "invalid date separator, expected `-`" },
    { "9999999999999999", NULL, "dates after 9999 are not supported as unix timestamps" },
    { "+5", "1970-01-01T00:00:05Z", NULL },
    { "5.", "1970-01-01T00:00:05Z", NULL },
    { "5.1234567", "1970-01-01T00:00:05.123457Z", NULL },
    { ".5", "1970-01-01T00:00:00.500000Z", NULL },
    { "2024-01-31T10:20:30Zx", NULL, "unexpected extra characters at the end of the input" },
    { "2024-01-31T10:20:30.", NULL, "unexpected extra characters at the end of the input" },
    { "2024-01-31T10:20:30+24:00", NULL, "unexpected extra characters at the end of the input" },
    { "2024-01-31T10:20:30+23:59", "2024-01-31T10:20:30+23:59", NULL },
    { "2024-01-31x", NULL, "unexpected extra characters at the end of the input" },
    { "2024-01-31T", NULL, "unexpected extra characters at the end of the input" },
    { "2024-01-31X10:20", NULL, "unexpected extra characters at the end of the input" },
    { "2024-01-31T10:20Z", "2024-01-31T10:20:00Z", NULL },
    { "2024-01-31T10:20:30+02:0", NULL, "unexpected extra characters at the end of the input" },
    { "2024-01-31T10:20:30\xE2\x88\x92"
      "02:00",
      "2024-01-31T10:20:30-02:00", NULL },
    { "2024-01-31T10:20:30-0530", "2024-01-31T10:20:30-05:30", NULL },
    { "253402300800", "1978-01-11T21:31:40.800000Z", NULL },
    { "-62135596801", "1968-01-12T20:06:43.199000Z", NULL },
    { "-62135596800", "1968-01-12T20:06:43.200000Z", NULL },
    { "2e10", NULL, "input is too short" },
    { "-62167219200000", NULL, "year 0 is out of range" },
    { "-62135596800000", "0001-01-01T00:00:00Z", NULL },
    { "-62135596800001", NULL, "year 0 is out of range" },
    { "253402300799999", "9999-12-31T23:59:59.999000Z", NULL },
    { "253402300800000", NULL, "dates after 9999 are not supported as unix timestamps" },
    { "253402300799.999999", "1978-01-11T21:31:40.800000Z", NULL },
    { ".", NULL, "input is too short" },
    { "-", NULL, "input is too short" },
    { "+", NULL, "input is too short" },
    { "1.", "1970-01-01T00:00:01Z", NULL },
    { "1.1.1", NULL, "input is too short" },
    { "1706659200.9999999", "2024-01-31T00:00:01Z", NULL },
    { "-0.5", "1969-12-31T23:59:59.500000Z", NULL },
    { "-1.000001", "1969-12-31T23:59:58.999999Z", NULL },
    { "20000000000.5", "1970-08-20T11:33:20.000500Z", NULL },
    { "20000000000", "2603-10-11T11:33:20Z", NULL },
    { "-20000000001", "1969-05-14T12:26:39.999000Z", NULL },
    { "2024-01-31T10:20:30.999999999", "2024-01-31T10:20:30.999999", NULL },
    { "2024-01-31T23:59:59.9999999", "2024-01-31T23:59:59.999999", NULL },
    { "2024-02-29T00:00", "2024-02-29T00:00:00", NULL },
    { "1969-12-31T23:59:59.5", "1969-12-31T23:59:59.500000", NULL },
    { "1900-01-01", "1900-01-01T00:00:00", NULL },
    { "0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59", NULL },
    { "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59-23:59", NULL },
};

static const text_case timedeltas[] = {
    { "P", NULL, "input is too short" },
    { "-", NULL, "input is too short" },
    { "+", NULL, "input is too short" },
    { "1", NULL, "\"day\" identifier in duration not correctly formatted" },
    { "-1 day", "-P1D", NULL },
    { "1 day 24:00:00", NULL, "durations may not exceed 999,999,999 hours" },
    { "1 d 1:00:00", "P1DT1H", NULL },
    { "1 dayx", NULL, "input is too short" },
    { "1days", "P1D", NULL },
    { "1 day,02:03:04", "P1DT2H3M4S", NULL },
    { "P1D1D", "P2D", NULL },
    { "P1H", NULL, "quantity invalid in date part of duration" },
    { "PT1D", NULL, "quantity invalid in time part of duration" },
    { "PT1S1M", "PT1M1S", NULL },
    { "P1.5D", "P1DT12H", NULL },
    { "P1.5Y", "P1Y182DT12H", NULL },
    { "PT0.0000001S", "PT0S", NULL },
    { "PT1,5S", "PT1.5S", NULL },
    { "p1d", NULL, "invalid digit in duration" },
    { "P1DT2H", "P1DT2H", NULL },
    { "1 day 2:3:4", NULL, "invalid character in minute" },
    { "1 02:03:04", NULL, "invalid character in hour" },
    { "1:02:03", "PT1H2M3S", NULL },
    { "24:00", "P1D", NULL },
    { "23:59:60", NULL, "second value is outside expected range of 0-59" },
    { "02:03:04.1234567", "PT2H3M4.123456S", NULL },
    { "02:03:04,5", "PT2H3M4.5S", NULL },
    { "-1 day 02:00:00", "-P1DT2H", NULL },
    { "P1000000000D", NULL, "durations may not exceed 999,999,999 days" },
    { "999999999 days 23:59:59.999999", "P2739726Y9DT23H59M59.999999S", NULL },
    { "1000000000 days", NULL, "durations may not exceed 999,999,999 days" },
    { "P1Y2M3W4DT5H6M7S", "P1Y85DT5H6M7S", NULL },
    { "PT1", NULL, "quantity invalid in time part of duration" },
    { "P1", NULL, "quantity invalid in date part of duration" },
    { "d", NULL, "invalid digit in duration" },
    { "1x", NULL, "\"day\" identifier in duration not correctly formatted" },
    { "1 x", NULL, "\"day\" identifier in duration not correctly formatted" },
    { "02:03:04x", NULL, "unexpected extra characters at the end of the input" },
    { "02:03:04 ", NULL, "unexpected extra characters at the end of the input" },
    { "1 day ", "P1D", NULL },
    { "+02:03:04", "PT2H3M4S", NULL },
    { "- 1 day", NULL, "invalid digit in duration" },
    { "0x1 day", NULL, "\"day\" identifier in duration not correctly formatted" },
    { "-PT", NULL, "input is too short" },
    { "-P", NULL, "input is too short" },
    { "+PT", NULL, "input is too short" },
    { "PTT1S", NULL, "`t` character repeated in duration" },
    { "P1DT1HT1S", NULL, "`t` character repeated in duration" },
    { "P1.5DT1H", NULL, "quantity fraction invalid in duration" },
    { "P1.5D1.5D", NULL, "quantity fraction invalid in duration" },
    { "PT0.0000019S", "PT0.000002S", NULL },
    { "P1.5", NULL, "quantity invalid in date part of duration" },
    { "P1,5D", "P1DT12H", NULL },
    { "P.5D", NULL, "invalid digit in duration" },
    { "P5.D", "P5D", NULL },
    { "PT.5S", NULL, "invalid digit in duration" },
    { "1000000000:00:00", "P114155Y91DT16H", NULL },
    { "999999999:00:00", "P114155Y91DT15H", NULL },
    { "23999999976:00:00", NULL, "durations may not exceed 999,999,999 hours" },
    { "1 day  02:03:04", NULL, "invalid character in hour" },
    { "1  day", NULL, "\"day\" identifier in duration not correctly formatted" },
    { "1 DAY", "P1D", NULL },
    { "1 da", NULL, "\"day\" identifier in duration not correctly formatted" },
    { "1 DAYS, 01:00:00", "P1DT1H", NULL },
    { "1 day ,02:03:04", NULL, "invalid character in hour" },
    { "1 day,", "P1D", NULL },
    { "1 day,  ", NULL, "input is too short" },
    { "99999999999999999999 days", NULL, "a numeric value in the duration is too large" },
    { "PT99999999999999999999S", NULL, "a numeric value in the duration is too large" },
    { "PT86399999999999S", NULL, "a numeric value in the duration is too large" },
    { "PT86400000000000S", NULL, "a numeric value in the duration is too large" },
    { "1 day 23:60:00", NULL, "minute value is outside expected range of 0-59" },
    { "1 day 2:03", NULL, "input is too short" },
    { "1day 02:03:04", "P1DT2H3M4S", NULL },
    { "1 day T02:03", NULL, "invalid character in hour" },
    { "P999999999DT24H", NULL, "durations may not exceed 999,999,999 days" },
    { "P0.1Y", "P36DT12H", NULL },
    { "PT1.123456789H", "PT1H7M24.44444S", NULL },
    { "P1S", NULL, "quantity invalid in date part of duration" },
    { "02:0", NULL, "\"day\" identifier in duration not correctly formatted" },
    { "2:03:4", NULL, "invalid character in second" },
    { "\xC3\xA9 day", NULL, "invalid digit in duration" },
    { "1:2:3", NULL, "invalid character in minute" },
    { "1:02:3", NULL, "invalid character in second" },
    { "02:03-", NULL, "unexpected extra characters at the end of the input" },
    { "-P1DT1H", "-P1DT1H", NULL },
    { "-1 day, 01:00:00", "-P1DT1H", NULL },
    { "P1Y1Y", "P2Y", NULL },
    { "1 day 02:03:04.", NULL, "second fraction digits missing after `.`" },
    { "02:03:04.", NULL, "second fraction digits missing after `.`" },
    { "P-", NULL, "invalid digit in duration" },
    { "P 1D", NULL, "invalid digit in duration" },
    { "P1 D", NULL, "quantity invalid in date part of duration" },
    { "P\xC3\xA9", NULL, "invalid digit in duration" },
};

static void test_dates(void **state)
{
    (void)state;
    run_cases(cito_t_date, dates, sizeof dates / sizeof *dates);
}

static void test_times(void **state)
{
    (void)state;
    run_cases(cito_t_time, times, sizeof times / sizeof *times);
}

static void test_datetimes(void **state)
{
    (void)state;
    run_cases(cito_t_datetime, datetimes, sizeof datetimes / sizeof *datetimes);
}

static void test_timedeltas(void **state)
{
    (void)state;
    run_cases(cito_t_timedelta, timedeltas, sizeof timedeltas / sizeof *timedeltas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_datetimes),
        cmocka_unit_test(test_timedeltas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

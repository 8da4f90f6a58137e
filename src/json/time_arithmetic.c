/* Arithmetic with dates and durations, and decimals as doubles, as a program calls them: the results are those of Python's datetime.
 *
 * Invariant: nanoseconds are 0 … 999,999,999 and seconds the floor, in what comes in and what goes out. Threading: no state. */
#include "base/clock.h"
#include "base/log.h"
#include "json/number.h"
#include <stdio.h>
#include <string.h>

enum { NANOSECONDS = 1000000000 };
/* 0001-01-01T00:00:00 and 9999-12-31T23:59:59. */
static const int64_t first_second = -INT64_C(62135596800), last_second = INT64_C(253402300799);

cito_datetime cito_datetime_add(cito_datetime datetime, cito_timedelta timedelta)
{
    cito_datetime sum = datetime;
    sum.nanoseconds += timedelta.nanoseconds;
    bool carry = sum.nanoseconds >= NANOSECONDS;
    sum.nanoseconds -= carry ? NANOSECONDS : 0;
    bool overflow = __builtin_add_overflow(datetime.seconds, timedelta.seconds, &sum.seconds) ||
                    __builtin_add_overflow(sum.seconds, carry, &sum.seconds);
    int64_t offset = datetime.aware ? datetime.utc_offset : 0;
    if (overflow || sum.seconds < first_second - offset || sum.seconds > last_second - offset) {
        cito_log_write(
            CITO_LOG_ERROR,
            "cito_datetime_add: the sum lies outside the years 1 to 9999; the first moment of 1970 stands for it. Check the duration.");
        return (cito_datetime){ .aware = datetime.aware };
    }
    return sum;
}

cito_timedelta cito_datetime_subtract(cito_datetime later, cito_datetime earlier)
{
    cito_timedelta difference = { 0 };
    if (later.aware != earlier.aware) {
        cito_log_write(
            CITO_LOG_ERROR,
            "cito_datetime_subtract: one time has a time zone and the other has none; the difference is 0. Give both one, or neither.");
        return difference;
    }
    int32_t nanoseconds = later.nanoseconds - earlier.nanoseconds;
    bool borrow = nanoseconds < 0;
    if (__builtin_sub_overflow(later.seconds, earlier.seconds, &difference.seconds) ||
        __builtin_sub_overflow(difference.seconds, borrow, &difference.seconds)) {
        cito_log_write(CITO_LOG_ERROR,
                       "cito_datetime_subtract: a time lies outside the years 1 to 9999; the difference is 0. Check both times.");
        return (cito_timedelta){ 0 };
    }
    difference.nanoseconds = nanoseconds + (borrow ? NANOSECONDS : 0);
    return difference;
}

double cito_timedelta_total_seconds(cito_timedelta timedelta)
{
    int64_t microseconds;
    int32_t fraction = timedelta.nanoseconds / 1000;
    const int64_t exact = INT64_C(1) << 53;
    if (!__builtin_mul_overflow(timedelta.seconds, 1000000, &microseconds) &&
        !__builtin_add_overflow(microseconds, fraction, &microseconds) && microseconds < exact && microseconds > -exact)
        return (double)microseconds / 1e6;
    /* Over 285 years: round once, by way of the decimal text. */
    bool negative = timedelta.seconds < 0;
    uint64_t seconds = negative ? -(uint64_t)timedelta.seconds - (fraction != 0) : (uint64_t)timedelta.seconds;
    if (negative && fraction)
        fraction = 1000000 - fraction;
    char text[CITO_NUMBER_MAX];
    int len = snprintf(text, sizeof text, "%s%llu.%06d", negative ? "-" : "", (unsigned long long)seconds, fraction);
    double total = 0;
    cito_double_read(text, (size_t)len, &total);
    return total;
}

cito_datetime cito_utcnow(void)
{
    int64_t now_ns = cito_clock_wall_ns();
    int64_t nanoseconds = now_ns % NANOSECONDS;
    int64_t seconds = now_ns / NANOSECONDS;
    if (nanoseconds < 0) {
        nanoseconds += NANOSECONDS;
        seconds--;
    }
    return (cito_datetime){ .seconds = seconds, .nanoseconds = (int32_t)nanoseconds, .aware = true };
}

double cito_decimal_to_double(cito_decimal decimal)
{
    double number = 0;
    cito_str text = decimal.text;
    if (!text.len || cito_double_read(text.data, text.len, &number))
        return number;
    bool negative = *text.data == '-';
    if (text.len - negative == 8 && memcmp(text.data + negative, "Infinity", 8) == 0)
        return negative ? -__builtin_inf() : __builtin_inf();
    return __builtin_nan("");
}

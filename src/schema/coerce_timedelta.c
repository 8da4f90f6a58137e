/* Durations: ISO 8601 (P1DT2H), "1 day, 02:03:04", and numbers of seconds, with the reasons that pydantic gives.
 * The value is kept as floor seconds and nanoseconds, microseconds exact. Pure functions; any thread. */
#include "json/number.h"
#include "schema/coerce.h"
#include "schema/datetime_text.h"
#include <math.h>
#include <string.h>

#define DAYS_MAX        INT64_C(999999999)
#define HOUR_DIGITS_MAX 10
#define HOURS_MAX       INT64_C(2400000000) /* measured: the message speaks of another limit */

static const char too_short[] = "input is too short", too_large[] = "a numeric value in the duration is too large",
                  bad_day[] = "\"day\" identifier in duration not correctly formatted", bad_digit[] = "invalid digit in duration",
                  too_many_days[] = "durations may not exceed 999,999,999 days",
                  too_many_hours[] = "durations may not exceed 999,999,999 hours";

/* A span without its sign. */
typedef struct span {
    int64_t seconds, microseconds;
} span;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static const char *read_number(const char **at, const char *end, int64_t *out)
{
    if (*at == end || !is_digit(**at))
        return bad_digit;
    for (*out = 0; *at < end && is_digit(**at); ++*at) {
        *out = *out * 10 + (**at - '0');
        if (*out > UINT32_MAX)
            return too_large;
    }
    return NULL;
}

static int64_t unit_seconds(char unit, bool is_time)
{
    switch (unit) {
    case 'S':
        return is_time ? 1 : 0;
    case 'M':
        return is_time ? 60 : 30 * 86400;
    case 'H':
        return is_time ? 3600 : 0;
    case 'D':
        return is_time ? 0 : 86400;
    case 'W':
        return is_time ? 0 : 7 * 86400;
    case 'Y':
        return is_time ? 0 : 365 * INT64_C(86400);
    default:
        return 0;
    }
}

/* Behind the P. A fraction must be the last quantity (ISO 8601-1, 5.5.2.3). */
static const char *read_iso(const char *at, const char *end, span *out)
{
    if (at == end || (end - at == 1 && *at == 'T'))
        return too_short;
    bool is_time = false, had_fraction = false;
    while (at < end) {
        if (*at == 'T') {
            if (is_time)
                return "`t` character repeated in duration";
            is_time = true;
            at++;
            continue;
        }
        int64_t number;
        const char *problem = read_number(&at, end, &number);
        if (problem)
            return problem;
        if (had_fraction)
            return "quantity fraction invalid in duration";
        double fraction = 0, place = 0.1;
        if (at < end && (*at == '.' || *at == ','))
            for (had_fraction = true, at++; at < end && is_digit(*at); at++, place /= 10)
                fraction += (*at - '0') * place;
        int64_t unit = at < end ? unit_seconds(*at, is_time) : 0;
        if (!unit)
            return is_time ? "quantity invalid in time part of duration" : "quantity invalid in date part of duration";
        at++;
        int64_t microseconds = llrint(fraction * (double)unit * 1e6);
        out->seconds += number * unit + microseconds / 1000000;
        out->microseconds += microseconds % 1000000;
        if (out->seconds / 86400 > DAYS_MAX)
            return too_many_days;
    }
    return NULL;
}

/* h…h:mm[:ss[.f]]; behind days the hours must be those of one day. */
static const char *read_clock(const char *at, const char *end, bool behind_days, span *out)
{
    if (end - at < 5)
        return too_short;
    int64_t hours = 0;
    const char *colon = memchr(at, ':', (size_t)(end - at));
    if (colon && colon - at > HOUR_DIGITS_MAX)
        return too_many_hours;
    if (!is_digit(*at))
        return "invalid character in hour";
    for (; at < end && is_digit(*at); at++) {
        hours = hours * 10 + (*at - '0');
        if (hours > HOURS_MAX)
            return too_many_hours;
    }
    if (at == end || *at != ':')
        return "invalid character in hour";
    if (behind_days && hours > 23)
        return too_many_hours;
    if (end - at < 3 || !is_digit(at[1]) || !is_digit(at[2]))
        return "invalid character in minute";
    int minutes = (at[1] - '0') * 10 + at[2] - '0';
    if (minutes > 59)
        return "minute value is outside expected range of 0-59";
    at += 3;
    cito_time clock = { 0 };
    const char *problem = at < end && *at == ':' ? cito_clock_read(&at, end, (cito_clock_limits){ 0 }, &clock) : NULL;
    if (problem)
        return problem;
    if (at < end)
        return "unexpected extra characters at the end of the input";
    out->seconds += hours * 3600 + minutes * 60 + clock.second;
    out->microseconds += clock.nanosecond / 1000;
    return NULL;
}

/* 1 d, 2 days, 3 days, 02:03:04 */
static const char *read_days(const char *at, const char *end, span *out)
{
    int64_t days;
    const char *problem = read_number(&at, end, &days);
    if (problem)
        return problem;
    if (at < end && *at == ' ')
        at++;
    if (at == end || (*at | 0x20) != 'd')
        return bad_day;
    if (++at < end && (*at | 0x20) == 'a') {
        if (++at == end || (*at | 0x20) != 'y')
            return bad_day;
        if (++at < end && (*at | 0x20) == 's')
            at++;
    }
    if (days > DAYS_MAX)
        return too_many_days;
    out->seconds = days * 86400;
    if (at < end && *at == ',')
        at++;
    if (at < end && *at == ' ')
        at++;
    return at == end ? NULL : read_clock(at, end, true, out);
}

static const char *finish(span value, bool negative, cito_timedelta *out)
{
    value.seconds += value.microseconds / 1000000;
    value.microseconds %= 1000000;
    if (value.seconds / 86400 > DAYS_MAX)
        return too_many_days;
    if (negative) {
        value.seconds = -value.seconds - (value.microseconds > 0);
        value.microseconds = value.microseconds ? 1000000 - value.microseconds : 0;
    }
    *out = (cito_timedelta){ .seconds = value.seconds, .nanoseconds = (int32_t)value.microseconds * 1000 };
    return NULL;
}

const char *cito_timedelta_parse(cito_str text, cito_timedelta *out)
{
    const char *at = text.data, *end = at + text.len, *problem;
    span value = { 0 };
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return too_short;
    if (*at == 'P')
        problem = read_iso(at + 1, end, &value);
    else if (text.len < 5 || memchr(text.data, 'd', text.len) || memchr(text.data, 'D', text.len))
        problem = read_days(at, end, &value);
    else
        problem = read_clock(at, end, false, &value);
    return problem ? problem : finish(value, negative, out);
}

const char *cito_timedelta_from_number(double seconds, cito_timedelta *out)
{
    if (isnan(seconds))
        return "NaN values not permitted";
    double positive = fabs(seconds), whole = trunc(positive);
    if (whole >= (double)(DAYS_MAX + 1) * 86400)
        return too_many_days;
    span value = { .seconds = (int64_t)whole, .microseconds = llrint((positive - whole) * 1e6) };
    return finish(value, seconds < 0, out);
}

bool cito_coerce_timedelta(cito_decoding *decoding, const cito_scalar *scalar, bool strict, const cito_loc *loc, cito_timedelta *out)
{
    const char *problem;
    double number;
    cito_decoding_floor(decoding, CITO_LAX);
    if (strict && scalar->token != CITO_JSON_STRING)
        return cito_decoding_fail(decoding, "time_delta_type", loc, scalar->input, NULL);
    switch (scalar->token) {
    case CITO_JSON_STRING:
        problem = cito_timedelta_parse(scalar->text, out);
        break;
    case CITO_JSON_NUMBER:
        if (!cito_double_read(scalar->text.data, scalar->text.len, &number))
            number = scalar->text.data[0] == 'N' ? NAN : scalar->text.data[0] == '-' ? -INFINITY : INFINITY;
        problem = cito_timedelta_from_number(number, out);
        break;
    case CITO_JSON_TRUE:
    case CITO_JSON_FALSE:
        problem = cito_timedelta_from_number(scalar->token == CITO_JSON_TRUE, out);
        break;
    default:
        return cito_decoding_fail(decoding, "time_delta_type", loc, scalar->input, NULL);
    }
    return !problem ||
           cito_decoding_fail_text(decoding, "time_delta_parsing", loc, scalar->input, "error", (cito_str){ problem, strlen(problem) });
}

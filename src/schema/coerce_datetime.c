/* Dates, times and datetimes from texts and Unix timestamps, with the reasons that pydantic gives (its speedate library's).
 * A fraction of a second is cut to microseconds, as Python holds no more. Pure functions; any thread. Source: RFC 3339. */
#include "schema/coerce.h"
#include "json/number.h"
#include "schema/datetime_text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Numbers beyond this many seconds from 1970 are milliseconds. */
#define WATERSHED             INT64_C(20000000000)
#define SECONDS_OF_YEAR_0     INT64_C(-62167219200)
#define SECONDS_OF_YEAR_1     INT64_C(-62135596800)
#define SECONDS_OF_YEAR_10000 INT64_C(253402300800)

static const char year_0[] = "year 0 is out of range", too_late[] = "dates after 9999 are not supported as unix timestamps",
                  too_early[] = "dates before 0000 are not supported as unix timestamps", nan_text[] = "NaN values not permitted",
                  extra_text[] = "unexpected extra characters at the end of the input";

int64_t cito_days_from_date(cito_date date)
{
    /* Years from March on, so that the leap day is the last; eras of 400 years have 146,097 days. */
    int64_t year = date.year - (date.month <= 2), era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719468;
}

cito_date cito_date_from_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t day_of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * day_of_year + 2) / 153;
    cito_date date = { .day = (uint8_t)(day_of_year - (153 * month + 2) / 5 + 1), .month = (uint8_t)(month < 10 ? month + 3 : month - 9) };
    date.year = (int16_t)(year + era * 400 + (date.month <= 2));
    return date;
}

/* Two digits, or -1. */
static int two_digits(const char *at, const char *end)
{
    if (end - at < 2 || at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return -1;
    return (at[0] - '0') * 10 + at[1] - '0';
}

static int days_in_month(int year, int month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* The ten characters YYYY-MM-DD at the start of the text. */
static const char *read_date(cito_str text, cito_date *out)
{
    const char *at = text.data, *end = at + text.len;
    if (text.len < 10)
        return "input is too short";
    int high = two_digits(at, end), low = two_digits(at + 2, end);
    if (high < 0 || low < 0)
        return "invalid character in year";
    if (at[4] != '-')
        return "invalid date separator, expected `-`";
    int month = two_digits(at + 5, end), day = two_digits(at + 8, end), year = high * 100 + low;
    if (month < 0)
        return "invalid character in month";
    if (at[7] != '-')
        return "invalid date separator, expected `-`";
    if (day < 0)
        return "invalid character in day";
    if (month < 1 || month > 12)
        return "month value is outside expected range of 1-12";
    if (day < 1 || day > days_in_month(year, month))
        return "day value is outside expected range";
    *out = (cito_date){ .year = (int16_t)year, .month = (uint8_t)month, .day = (uint8_t)day };
    return NULL;
}

const char *cito_clock_read(const char **at, const char *end, cito_clock_limits limits, cito_time *io_time)
{
    const char *from = *at;
    if (**at == ':') { /* only called with a colon here for seconds */
        int second = two_digits(from + 1, end);
        if (second < 0)
            return "invalid character in second";
        if (second > 59)
            return "second value is outside expected range of 0-59";
        io_time->second = (uint8_t)second;
        *at = from + 3;
        if (*at == end || (**at != '.' && **at != ','))
            return NULL;
        int digits = 0, microseconds = 0;
        for (++*at; *at < end && **at >= '0' && **at <= '9'; ++*at, digits++)
            if (digits < 6)
                microseconds = microseconds * 10 + (**at - '0');
        if (!digits)
            return "second fraction digits missing after `.`";
        for (; digits < 6; digits++)
            microseconds *= 10;
        io_time->nanosecond = microseconds * 1000;
        return NULL;
    }
    int hour = two_digits(from, end), minute = two_digits(from + 3, end);
    if (hour < 0)
        return "invalid character in hour";
    if (from[2] != ':')
        return "invalid time separator, expected `:`";
    if (minute < 0)
        return "invalid character in minute";
    if (hour > limits.hour_max)
        return "hour value is outside expected range of 0-23";
    if (minute > 59)
        return "minute value is outside expected range of 0-59";
    io_time->hour = (uint8_t)hour;
    io_time->minute = (uint8_t)minute;
    *at = from + 5;
    return *at < end && **at == ':' ? cito_clock_read(at, end, limits, io_time) : NULL;
}

static const char *read_zone(const char **at, const char *end, cito_time *io_time)
{
    if (*at == end)
        return NULL;
    io_time->aware = true;
    if (**at == 'Z' || **at == 'z') {
        ++*at;
        return NULL;
    }
    int sign = **at == '-' ? -1 : 1;
    if (end - *at >= 3 && memcmp(*at, "\xE2\x88\x92", 3) == 0) { /* U+2212, the typographic minus (ISO 8601-1, 3.2.1) */
        sign = -1;
        *at += 3;
    } else if (**at == '+' || **at == '-') {
        ++*at;
    } else {
        return "invalid timezone sign";
    }
    int hours = two_digits(*at, end);
    if (hours < 0)
        return "invalid timezone hour";
    *at += 2;
    if (*at < end && **at == ':')
        ++*at;
    int minutes = two_digits(*at, end);
    if (minutes < 0)
        return "invalid timezone minute";
    if (minutes > 59)
        return "timezone minute value is outside expected range of 0-59";
    if (hours > 23)
        return "timezone offset must be less than 24 hours";
    *at += 2;
    io_time->utc_offset = sign * (hours * 3600 + minutes * 60);
    return NULL;
}

const char *cito_time_parse(cito_str text, cito_time *out)
{
    const char *at = text.data, *end = at + text.len;
    *out = (cito_time){ 0 };
    if (text.len < 5)
        return "input is too short";
    const char *problem = cito_clock_read(&at, end, (cito_clock_limits){ .hour_max = 23 }, out);
    if (!problem)
        problem = read_zone(&at, end, out);
    return problem ? problem : at < end ? extra_text : NULL;
}

/* [+-]digits[.digits]: 0 no number, 1 an integer, 2 with a fraction. */
static int read_timestamp(cito_str text, double *out)
{
    const char *at = text.data, *end = at + text.len;
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    bool dot = false;
    int digits = 0;
    for (const char *c = at; c < end; c++) {
        if (*c == '.' && !dot)
            dot = true;
        else if (*c >= '0' && *c <= '9')
            digits++;
        else
            return 0;
    }
    if (!digits || (!dot && digits > 19) || !cito_double_read(at, (size_t)(end - at), out))
        return 0;
    if (text.data[0] == '-')
        *out = -*out;
    return dot ? 2 : 1;
}

const char *cito_datetime_from_number(double number, cito_datetime *out)
{
    if (isnan(number))
        return nan_text;
    if (fabs(number) > 1e18)
        return number > 0 ? too_late : too_early;
    bool is_milliseconds = fabs(number) > (double)WATERSHED;
    double whole = floor(number), fraction = number - whole;
    int64_t seconds = (int64_t)whole, microseconds;
    if (is_milliseconds) {
        int64_t rest = seconds % 1000;
        seconds = seconds / 1000 - (rest < 0);
        microseconds = (rest + (rest < 0 ? 1000 : 0)) * 1000 + llrint(fraction * 1e3);
    } else {
        microseconds = llrint(fraction * 1e6);
    }
    if (microseconds >= 1000000) {
        microseconds -= 1000000;
        seconds++;
    }
    if (seconds >= SECONDS_OF_YEAR_10000)
        return too_late;
    if (seconds < SECONDS_OF_YEAR_0)
        return too_early;
    *out = (cito_datetime){ .seconds = seconds, .nanoseconds = (int32_t)microseconds * 1000, .aware = true };
    return seconds < SECONDS_OF_YEAR_1 ? year_0 : NULL;
}

static const char *read_rfc3339(cito_str text, cito_datetime *out)
{
    cito_date date;
    const char *problem = read_date(text, &date);
    if (problem)
        return problem;
    char separator = text.len > 10 ? text.data[10] : '\0';
    if (separator != 'T' && separator != 't' && separator != '_' && separator != ' ')
        return "invalid datetime separator, expected `T`, `t`, `_` or space";
    cito_time time;
    problem = cito_time_parse((cito_str){ text.data + 11, text.len - 11 }, &time);
    if (problem)
        return problem;
    out->seconds = cito_days_from_date(date) * 86400 + time.hour * 3600 + time.minute * 60 + time.second - time.utc_offset;
    out->nanoseconds = time.nanosecond;
    out->utc_offset = time.utc_offset;
    out->aware = time.aware;
    return date.year == 0 ? year_0 : NULL;
}

const char *cito_datetime_parse(cito_str text, cito_datetime *out)
{
    *out = (cito_datetime){ 0 };
    const char *problem = read_rfc3339(text, out);
    if (!problem || problem == year_0)
        return problem;
    double number;
    if (read_timestamp(text, &number))
        return cito_datetime_from_number(number, out);
    /* Last, a bare date is its midnight; the reason why it is none is the one that pydantic tells, whatever was wrong before. */
    cito_date date;
    problem = read_date(text, &date);
    if (problem || text.len > 10)
        return problem ? problem : extra_text;
    *out = (cito_datetime){ .seconds = cito_days_from_date(date) * 86400 };
    return date.year == 0 ? year_0 : NULL;
}

/* The datetime as pydantic's date reads it: a bare date's problems are those of a datetime. */
static const char *parse_for_date(cito_str text, cito_datetime *out)
{
    *out = (cito_datetime){ 0 };
    const char *problem = read_rfc3339(text, out);
    double number;
    if (problem && problem != year_0 && read_timestamp(text, &number))
        return cito_datetime_from_number(number, out);
    return problem;
}

const char *cito_date_parse(cito_str text, cito_date *out)
{
    const char *problem = read_date(text, out);
    if (!problem && text.len > 10)
        return extra_text;
    return problem ? problem : out->year == 0 ? year_0 : NULL;
}

static bool fail(cito_decoding *decoding, const char *type, const char *year_type, const cito_loc *loc, const cito_scalar *scalar,
                 const char *problem)
{
    return cito_decoding_fail_text(decoding, problem == year_0 ? year_type : type, loc, scalar->input, "error",
                                   (cito_str){ problem, strlen(problem) });
}

bool cito_coerce_date(cito_decoding *decoding, const cito_scalar *scalar, bool strict, const cito_loc *loc, cito_date *out)
{
    bool is_text = scalar->token == CITO_JSON_STRING;
    cito_decoding_floor(decoding, CITO_LAX);
    if (!is_text && (scalar->token != CITO_JSON_NUMBER || strict))
        return cito_decoding_fail(decoding, "date_type", loc, scalar->input, NULL);
    const char *problem = is_text ? cito_date_parse(scalar->text, out) : "";
    if (!problem)
        return true;
    cito_datetime datetime;
    double number;
    if (problem != year_0) {
        if (!is_text && !cito_double_read(scalar->text.data, scalar->text.len, &number))
            number = scalar->text.data[0] == 'N' ? NAN : scalar->text.data[0] == '-' ? -INFINITY : INFINITY;
        problem = is_text ? parse_for_date(scalar->text, &datetime) : cito_datetime_from_number(number, &datetime);
    }
    if (problem)
        return fail(decoding, "date_from_datetime_parsing", "date_parsing", loc, scalar, problem);
    int64_t local = datetime.seconds + datetime.utc_offset, days = local / 86400 - (local % 86400 < 0);
    if (local != days * 86400 || datetime.nanoseconds)
        return cito_decoding_fail(decoding, "date_from_datetime_inexact", loc, scalar->input, NULL);
    *out = cito_date_from_days(days);
    return true;
}

bool cito_coerce_datetime(cito_decoding *decoding, const cito_scalar *scalar, bool strict, const cito_loc *loc, cito_datetime *out)
{
    cito_decoding_floor(decoding, CITO_LAX);
    if (scalar->token == CITO_JSON_STRING) {
        const char *problem = cito_datetime_parse(scalar->text, out);
        return !problem || fail(decoding, "datetime_from_date_parsing", "datetime_parsing", loc, scalar, problem);
    }
    if (scalar->token != CITO_JSON_NUMBER || strict)
        return cito_decoding_fail(decoding, "datetime_type", loc, scalar->input, NULL);
    double number;
    if (!cito_double_read(scalar->text.data, scalar->text.len, &number))
        number = scalar->text.data[0] == 'N' ? NAN : scalar->text.data[0] == '-' ? -INFINITY : INFINITY;
    const char *problem = cito_datetime_from_number(number, out);
    return !problem || fail(decoding, "datetime_parsing", "datetime_parsing", loc, scalar, problem);
}

static const char *time_from_number(cito_str text, cito_time *out)
{
    double number;
    if (!cito_double_read(text.data, text.len, &number))
        number = text.data[0] == 'N' ? NAN : text.data[0] == '-' ? -INFINITY : INFINITY;
    if (isnan(number))
        return nan_text;
    if (number < 0)
        return "time in seconds should be positive";
    if (number >= 86400)
        return "numeric times may not exceed 86,399 seconds";
    int64_t microseconds = llrint(number * 1e6), seconds = microseconds / 1000000;
    if (seconds > 86399)
        return "numeric times may not exceed 86,399 seconds";
    *out = (cito_time){ .hour = (uint8_t)(seconds / 3600),
                        .minute = (uint8_t)(seconds / 60 % 60),
                        .second = (uint8_t)(seconds % 60),
                        .nanosecond = (int32_t)(microseconds % 1000000) * 1000,
                        .aware = true };
    return NULL;
}

bool cito_coerce_time(cito_decoding *decoding, const cito_scalar *scalar, bool strict, const cito_loc *loc, cito_time *out)
{
    cito_decoding_floor(decoding, CITO_LAX);
    bool is_text = scalar->token == CITO_JSON_STRING;
    if (!is_text && (scalar->token != CITO_JSON_NUMBER || strict))
        return cito_decoding_fail(decoding, "time_type", loc, scalar->input, NULL);
    const char *problem = is_text ? cito_time_parse(scalar->text, out) : time_from_number(scalar->text, out);
    return !problem || fail(decoding, "time_parsing", "time_parsing", loc, scalar, problem);
}

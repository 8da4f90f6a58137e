/* Text of dates, times, durations and UUIDs.
 *
 * The calendar counts from 1 March of year 0 in eras of 400 years (146,097 days), so that a leap day is the last of its year. Invariant: no locale, no time zone
 * database. Threading: no state. */
#include "json/datetime.h"
#include "json/digits.h"
#include <string.h>

enum { SECONDS_OF_DAY = 86400, DAYS_OF_ERA = 146097, DAYS_TO_1970 = 719468 }; /* from 0000-03-01 */

static char *write_padded(unsigned value, unsigned width, char *out)
{
    for (unsigned i = width; i-- > 0; value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + width;
}

/* ---- the calendar ----------------------------------------------------------------------------------------------------------------------- */

int64_t cito_days_of_date(cito_date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1; /* 153 days in the five months from March, and from August */
    return era * DAYS_OF_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - DAYS_TO_1970;
}

cito_date cito_date_of_days(int64_t days)
{
    const int64_t first = -719162, last = 2932896; /* 0001-01-01, 9999-12-31 */
    days = (days < first ? first : days > last ? last : days) + DAYS_TO_1970;
    int64_t era = days / DAYS_OF_ERA, day_of_era = days % DAYS_OF_ERA;
    /* Leap days passed: one in 1,461 days, but not in 36,524, but in 146,096. */
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (cito_date){ (int16_t)(era * 400 + year_of_era + (month <= 2)), (uint8_t)month,
                        (uint8_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1) };
}

/* ---- dates and times ---------------------------------------------------------------------------------------------------------------------- */

static char *write_date(cito_date date, char *out)
{
    out = write_padded((unsigned)date.year, 4, out);
    *out++ = '-';
    out = write_padded(date.month, 2, out);
    *out++ = '-';
    return write_padded(date.day, 2, out);
}

static char *write_clock(unsigned second_of_day, int32_t nanosecond, char *out)
{
    out = write_padded(second_of_day / 3600, 2, out);
    *out++ = ':';
    out = write_padded(second_of_day / 60 % 60, 2, out);
    *out++ = ':';
    out = write_padded(second_of_day % 60, 2, out);
    if (nanosecond / 1000) {
        *out++ = '.';
        out = write_padded((unsigned)nanosecond / 1000, 6, out);
    }
    return out;
}

static char *write_offset(int32_t offset, cito_iso_form form, char *out)
{
    if (form == CITO_ISO_PYDANTIC && offset == 0) {
        *out++ = 'Z';
        return out;
    }
    unsigned magnitude = offset < 0 ? -(unsigned)offset : (unsigned)offset;
    *out++ = offset < 0 ? '-' : '+';
    out = write_padded(magnitude / 3600, 2, out);
    *out++ = ':';
    out = write_padded(magnitude / 60 % 60, 2, out);
    if (form == CITO_ISO_PYTHON && magnitude % 60) {
        *out++ = ':';
        out = write_padded(magnitude % 60, 2, out);
    }
    return out;
}

size_t cito_date_write(cito_date date, char *out) { return (size_t)(write_date(date, out) - out); }

size_t cito_time_write(cito_time time, cito_iso_form form, char *out)
{
    char *at = write_clock((unsigned)time.hour * 3600 + (unsigned)time.minute * 60 + time.second, time.nanosecond, out);
    if (time.aware)
        at = write_offset(time.utc_offset, form, at);
    return (size_t)(at - out);
}

size_t cito_datetime_write(cito_datetime datetime, cito_iso_form form, char *out)
{
    int64_t local = datetime.seconds;
    if (datetime.aware && __builtin_add_overflow(local, datetime.utc_offset, &local))
        local = datetime.seconds;
    int64_t second_of_day = local % SECONDS_OF_DAY;
    if (second_of_day < 0)
        second_of_day += SECONDS_OF_DAY;
    char *at = write_date(cito_date_of_days(local / SECONDS_OF_DAY - (local % SECONDS_OF_DAY < 0)), out);
    *at++ = 'T';
    at = write_clock((unsigned)second_of_day, datetime.nanoseconds, at);
    if (datetime.aware)
        at = write_offset(datetime.utc_offset, form, at);
    return (size_t)(at - out);
}

/* ---- durations ------------------------------------------------------------------------------------------------------------------------------ */

static char *write_part(uint64_t value, char unit, char *out)
{
    if (!value)
        return out;
    size_t count = cito_uint_digit_count(value);
    cito_uint_write_digits(value, count, out);
    out[count] = unit;
    return out + count + 1;
}

static char *write_seconds(unsigned seconds, unsigned microseconds, char *out)
{
    if (!microseconds)
        return write_part(seconds, 'S', out);
    out = write_padded(seconds, seconds < 10 ? 1 : 2, out);
    *out++ = '.';
    out = write_padded(microseconds, 6, out);
    while (out[-1] == '0')
        out--;
    *out++ = 'S';
    return out;
}

size_t cito_timedelta_write_iso(cito_timedelta timedelta, char *out)
{
    char *at = out;
    unsigned microseconds = (unsigned)timedelta.nanoseconds / 1000;
    uint64_t seconds = (uint64_t)timedelta.seconds;
    if (timedelta.seconds < 0) { /* seconds is the floor: the magnitude counts down from it */
        *at++ = '-';
        seconds = -seconds - (microseconds != 0);
        microseconds = microseconds ? 1000000 - microseconds : 0;
    }
    uint64_t days = seconds / SECONDS_OF_DAY;
    unsigned rest = (unsigned)(seconds % SECONDS_OF_DAY);
    *at++ = 'P';
    at = write_part(days / 365, 'Y', at);
    at = write_part(days % 365, 'D', at);
    if (rest || microseconds) {
        *at++ = 'T';
        at = write_part(rest / 3600, 'H', at);
        at = write_part(rest / 60 % 60, 'M', at);
        at = write_seconds(rest % 60, microseconds, at);
    } else if (!days) {
        memcpy(at, "T0S", 3);
        at += 3;
    }
    return (size_t)(at - out);
}

size_t cito_uuid_write(cito_uuid uuid, char *out)
{
    static const char hex[] = "0123456789abcdef";
    char *at = out;
    for (size_t i = 0; i < sizeof uuid.bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = hex[uuid.bytes[i] >> 4];
        *at++ = hex[uuid.bytes[i] & 15];
    }
    return (size_t)(at - out);
}

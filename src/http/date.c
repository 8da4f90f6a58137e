/* Dates in HTTP's form; see date.h.
 *
 * Invariants: own arithmetic of the proleptic Gregorian calendar, so no time zone, no locale and no lock of the C library is met. A year has four
 * digits: what is before year 1 or after 9999 is taken for the nearest second inside.
 * Threading: nothing is kept. */
#include "http/date.h"

#include <string.h>

enum { SECONDS_OF_DAY = 86400 };

static char *put_two(char *out, unsigned value)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
    return out + 2;
}

/* Days since 1970-01-01 to a date. The year is let begin in March, so that the leap day is its last; 400 years have 146097 days, and the months from
 * March have 153 days in each five. */
static void civil_from_days(int64_t days, unsigned *out_year, unsigned *out_month, unsigned *out_day)
{
    uint64_t since_0000_03_01 = (uint64_t)(days + 719468);
    uint64_t era = since_0000_03_01 / 146097, day_of_era = since_0000_03_01 % 146097;
    uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t month_from_march = (5 * day_of_year + 2) / 153;
    *out_day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *out_month = (unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *out_year = (unsigned)(era * 400 + year_of_era + (*out_month <= 2));
}

void cito_http_date_format(int64_t seconds_since_1970, char out[CITO_HTTP_DATE_LEN + 1])
{
    static const char week_days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const int64_t first = -62135596800, last = 253402300799; /* 0001-01-01, 9999-12-31T23:59:59 */
    int64_t seconds = seconds_since_1970 < first ? first : seconds_since_1970 > last ? last : seconds_since_1970;
    int64_t days = (seconds - first) / SECONDS_OF_DAY + first / SECONDS_OF_DAY;
    unsigned of_day = (unsigned)(seconds - days * SECONDS_OF_DAY);
    unsigned year, month, day;
    civil_from_days(days, &year, &month, &day);

    memcpy(out, week_days + 3 * ((days % 7 + 7) % 7), 3);
    memcpy(out + 3, ", ", 2);
    char *at = put_two(out + 5, day);
    *at++ = ' ';
    memcpy(at, months + 3 * (month - 1), 3);
    at += 3;
    *at++ = ' ';
    at = put_two(put_two(at, year / 100), year % 100);
    *at++ = ' ';
    at = put_two(at, of_day / 3600);
    *at++ = ':';
    at = put_two(at, of_day / 60 % 60);
    *at++ = ':';
    at = put_two(at, of_day % 60);
    memcpy(at, " GMT", 5);
}

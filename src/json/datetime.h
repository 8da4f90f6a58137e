/* Dates, times, durations and UUIDs as text, and the calendar behind them: ISO 8601 in the two forms that FastAPI answers with. Years are 1 … 9999
 * of the Gregorian calendar, also before 1582, as in Python. Fractions are cut to microseconds. Thread rule: any. */
#pragma once
#include <cito/value.h>

enum { CITO_DATETIME_TEXT_MAX = 64 }; /* room that any of the writers needs */
typedef enum cito_iso_form {
    CITO_ISO_PYTHON,  /* datetime.isoformat: UTC as +00:00, offsets with seconds where they have some */
    CITO_ISO_PYDANTIC /* pydantic's serialiser: UTC as Z, offsets in minutes */
} cito_iso_form;

/* Each gives the length; no NUL is written. */
size_t cito_date_write(cito_date, char *out); /* 2024-01-31 */
size_t cito_time_write(cito_time, cito_iso_form,
                       char *out); /* 10:20:30.500000+02:00; six digits or no fraction; no zone where it is naive */
size_t cito_datetime_write(cito_datetime, cito_iso_form, char *out); /* both with a T between; on the clock of utc_offset */
size_t cito_timedelta_write_iso(cito_timedelta, char *out);          /* P1DT2H3M4.5S; years of 365 days; a sign in front; PT0S */
size_t cito_uuid_write(cito_uuid, char *out);                        /* 36 characters, lower case */

/* Days since 1970-01-01, negative before; and back, held to the years 1 … 9999. */
int64_t cito_days_of_date(cito_date);
cito_date cito_date_of_days(int64_t days);

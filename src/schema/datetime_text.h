/* Calendar arithmetic and the clock part (hh:mm[:ss[.f]]) that times and durations share. Private to src/schema. Any thread.
 * Source: the proleptic Gregorian calendar, RFC 3339. */
#pragma once
#include <cito/value.h>

/* Days since 1970-01-01, both ways. */
int64_t cito_days_from_date(cito_date);
cito_date cito_date_from_days(int64_t days);

typedef struct cito_clock_limits {
    int hour_max;
} cito_clock_limits;
/* hh:mm, and from a colon on :ss with a fraction. There must be five characters at *at, or a colon. NULL, or the reason. */
const char *cito_clock_read(const char **at, const char *end, cito_clock_limits, cito_time *io_time);

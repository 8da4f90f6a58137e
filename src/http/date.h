/* Dates in HTTP's form (IMF-fixdate), RFC 9110 section 5.6.7. Thread rule: any. */
#pragma once
#include <stdint.h>

enum { CITO_HTTP_DATE_LEN = 29 };
/* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL. */
void cito_http_date_format(int64_t seconds_since_1970, char out[CITO_HTTP_DATE_LEN + 1]);

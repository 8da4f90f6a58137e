/* Rate limits: a bucket of tokens for each task: "10/s", "5/m", "100/h", a number alone is per second. Source: Celery, "Tasks", rate_limit.
 * Thread rule: one thread. */
#pragma once
#include <cito/value.h>

typedef struct cito_rate {
    double per_second; /* 0: no limit */
    double tokens, filled_at;
} cito_rate;

/* false where the text is no rate. "0" and the empty text: no limit. */
bool cito_rate_parse(cito_str text, double *out_per_second);
void cito_rate_set(cito_rate *, double per_second, double now);
/* Takes a token: 0, or the seconds until there is one. */
double cito_rate_take(cito_rate *, double now);

/* Rate limits: tokens come in evenly, and one is kept at most: N tasks never start in less time than N - 1 intervals, as with Celery.
 *
 * Threading: one thread. */
#include "tasks/rate.h"
#include <stdio.h>
#include <stdlib.h>

bool cito_rate_parse(cito_str text, double *out_per_second)
{
    char chars[32];
    if (text.len >= sizeof chars)
        return false;
    snprintf(chars, sizeof chars, "%.*s", (int)text.len, text.data);
    char *end = chars;
    double count = *chars ? strtod(chars, &end) : 0;
    bool has_count = !*chars || end > chars;
    double seconds = 1;
    if (*end == '/') {
        seconds = end[1] == 's' ? 1 : end[1] == 'm' ? 60 : end[1] == 'h' ? 3600 : 0;
        end += end[1] ? 2 : 1;
    }
    if (!has_count || *end || !(seconds > 0) || !(count >= 0 && count < 1e9))
        return false;
    *out_per_second = count / seconds;
    return true;
}

void cito_rate_set(cito_rate *rate, double per_second, double now)
{
    *rate = (cito_rate){ .per_second = per_second, .tokens = 1, .filled_at = now };
}

double cito_rate_take(cito_rate *rate, double now)
{
    if (!(rate->per_second > 0))
        return 0;
    double tokens = rate->tokens + (now - rate->filled_at) * rate->per_second;
    rate->tokens = tokens > 1 ? 1 : tokens;
    rate->filled_at = now;
    if (rate->tokens < 1)
        return (1 - rate->tokens) / rate->per_second;
    rate->tokens -= 1;
    return 0;
}

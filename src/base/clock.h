/* Clock: the only way to the time, so that tests can replace it. Thread rule: any; cito_clock_replace before threads start. */
#pragma once
#include <stdint.h>

uint64_t cito_clock_monotonic_ns(void);
int64_t cito_clock_wall_ns(void); /* since 1970 */
typedef struct cito_clock_source {
    uint64_t (*monotonic_ns)(void);
    int64_t (*wall_ns)(void);
} cito_clock_source;
/* NULL: the system's clocks again. */
void cito_clock_replace(const cito_clock_source *);

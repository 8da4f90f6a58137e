/* Random bytes for ids, from the system. Thread rule: any. Source: getentropy(3). */
#pragma once
#include <stddef.h>

/* Never the same bytes in two threads or after a fork. Ends the process where the system has none. */
void cito_random_fill(void *out, size_t len);

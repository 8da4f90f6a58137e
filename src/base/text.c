/* Text: comparing and keeping cito_str, the public functions that need no running callable.
 *
 * Invariant: a zeroed cito_str, as stands in a struct that a program left empty, is taken as the empty text.
 * Threading: any thread; nothing is kept. */
#include "base/log.h"

#include <cito/value.h>
#include <stdlib.h>
#include <string.h>

/* memcmp may not be given NULL, not even with length 0 (C17 7.24.1). */
static bool same_bytes(const char *a, const char *b, size_t len) { return len == 0 || memcmp(a, b, len) == 0; }

bool cito_str_equal(cito_str text, const char *chars)
{
    size_t len = strlen(chars);
    return text.len == len && same_bytes(text.data, chars, len);
}

bool cito_same(cito_str a, cito_str b) { return a.len == b.len && same_bytes(a.data, b.data, a.len); }

bool cito_str_starts_with(cito_str text, const char *start)
{
    size_t len = strlen(start);
    return text.len >= len && same_bytes(text.data, start, len);
}

bool cito_str_contains(cito_str text, const char *part)
{
    size_t len = strlen(part);
    return len == 0 || (text.len >= len && memmem(text.data, text.len, part, len) != NULL);
}

cito_str cito_dup_str(cito_str text)
{
    char *copy = malloc(text.len + 1);
    if (!copy)
        cito_abort("out of memory: no %zu bytes for a copy of a text", text.len + 1);
    if (text.len)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return (cito_str){ copy, text.len };
}

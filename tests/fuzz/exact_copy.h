/* The fuzzer's bytes as a text with a NUL behind it, in memory exactly as long: a byte read too far is seen. free() ends it. */
#pragma once
#include <stdlib.h>
#include <string.h>

static char *exact_copy(const void *data, size_t size)
{
    char *copy = malloc(size + 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

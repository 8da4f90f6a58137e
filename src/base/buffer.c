/* Buffer: one block from malloc, grown by doubling.
 *
 * Invariants: len < capacity wherever there is memory; data[len] may be written.
 * Threading: a buffer belongs to one thread at a time. */
#include "base/buffer.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALLEST_CAPACITY = 256 };

void cito_buffer_init(cito_buffer *buffer) { *buffer = (cito_buffer){ 0 }; }

void cito_buffer_finish(cito_buffer *buffer)
{
    free(buffer->data);
    *buffer = (cito_buffer){ 0 };
}

void cito_buffer_grow(cito_buffer *buffer, size_t more)
{
    /* realloc refuses sizes over PTRDIFF_MAX; a sum that wraps must not become a small one. */
    size_t needed = more < SIZE_MAX / 2 - buffer->len ? buffer->len + more + 1 : SIZE_MAX;
    size_t capacity = buffer->capacity ? buffer->capacity : SMALLEST_CAPACITY;
    while (capacity < needed)
        capacity = capacity < SIZE_MAX / 2 ? capacity * 2 : needed;
    char *data = realloc(buffer->data, capacity);
    if (!data)
        cito_abort("out of memory: no %zu bytes for a buffer", needed);
    buffer->data = data;
    buffer->capacity = capacity;
}

void cito_buffer_append_format(cito_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    cito_buffer_reserve(buffer, 64);
    size_t room = buffer->capacity - buffer->len;
    va_start(arguments, format);
    int len = vsnprintf(buffer->data + buffer->len, room, format, arguments);
    va_end(arguments);
    if (len < 0)
        cito_abort("printf refused the format \"%s\"", format);
    if ((size_t)len >= room) {
        cito_buffer_grow(buffer, (size_t)len);
        va_start(arguments, format);
        vsnprintf(buffer->data + buffer->len, (size_t)len + 1, format, arguments);
        va_end(arguments);
    }
    buffer->len += (size_t)len;
}

void cito_buffer_reset(cito_buffer *buffer, size_t keep_bytes)
{
    if (buffer->capacity > keep_bytes)
        cito_buffer_finish(buffer);
    buffer->len = 0;
}

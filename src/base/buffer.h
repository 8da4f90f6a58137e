/* Buffer: a growing row of bytes, reused. Thread rule: one thread at a time. */
#pragma once
#include <cito/value.h>
#include <string.h>

typedef struct cito_buffer {
    char *data; /* data[len] may be written: there is always room for a NUL */
    size_t len, capacity;
} cito_buffer;

void cito_buffer_init(cito_buffer *);
void cito_buffer_finish(cito_buffer *);
/* Room for at least `more` bytes behind len and a NUL; aborts the process when memory is out. */
void cito_buffer_grow(cito_buffer *, size_t more);
static inline char *cito_buffer_reserve(cito_buffer *buffer, size_t more)
{
    if (__builtin_expect(buffer->capacity - buffer->len <= more, 0))
        cito_buffer_grow(buffer, more);
    return buffer->data + buffer->len;
}
static inline void cito_buffer_append(cito_buffer *buffer, const void *data, size_t len)
{
    memcpy(cito_buffer_reserve(buffer, len), data, len);
    buffer->len += len;
}
static inline void cito_buffer_append_str(cito_buffer *buffer, cito_str text) { cito_buffer_append(buffer, text.data, text.len); }
#define cito_buffer_append_literal(BUFFER, LITERAL) cito_buffer_append(BUFFER, "" LITERAL, sizeof(LITERAL) - 1)
static inline void cito_buffer_append_char(cito_buffer *buffer, char c)
{
    *cito_buffer_reserve(buffer, 1) = c;
    buffer->len++;
}
void cito_buffer_append_format(cito_buffer *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Forgets the contents and, where the capacity is over keep_bytes, the memory. */
void cito_buffer_reset(cito_buffer *, size_t keep_bytes);

/* UTF-8: checking, counting, writing. RFC 3629. ASCII and counting are vectorised on x86-64. Thread rule: any. */
#pragma once
#include <cito/value.h>

/* The length of the longest valid prefix: len where all is valid. */
size_t cito_utf8_valid_prefix(const char *data, size_t len);
static inline bool cito_utf8_is_valid(const char *data, size_t len) { return cito_utf8_valid_prefix(data, len) == len; }
/* Code points of valid UTF-8. */
size_t cito_utf8_count(const char *data, size_t len);
/* Writes 1 to 4 bytes; gives how many. code_point is at most 0x10FFFF and no surrogate. */
size_t cito_utf8_write(uint32_t code_point, char *out);
/* One code point of valid UTF-8; gives its length in bytes, 0 at the end. */
size_t cito_utf8_read(const char *data, const char *end, uint32_t *out_code_point);

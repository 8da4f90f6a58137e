/* Bytes that somebody sent, as text. Internal to src/http. Both give NUL-terminated text in the arena (its end may hold NULs of its own), or the
 * empty text where the arena is over its limit (it says so in `overflowed`). Thread rule: any. */
#pragma once
#include "base/arena.h"

/* UTF-8; what is none comes as U+FFFD, one for each maximal part of a broken sequence, as in CPython's errors="replace" and the Unicode Standard 3.9,
 * "U+FFFD Substitution of Maximal Subparts". Gives the bytes themselves where they are valid: data[len] must then be a NUL. */
cito_str cito_decode_utf8(cito_arena *, const char *data, size_t len);
/* ISO 8859-1: each byte is a code point. Always a copy. */
cito_str cito_decode_latin1(cito_arena *, const char *data, size_t len);

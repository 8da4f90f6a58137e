/* Arena: memory that is freed all at once. A request's memory is one; it is reset and kept, so a small request performs no malloc.
 *
 * Thread rule: an arena belongs to one thread at a time. */
#pragma once
#include "base/sanitizer.h"
#include <cito/value.h>
#include <stdarg.h>

typedef struct cito_arena_block cito_arena_block;
typedef struct cito_arena {
    char *next, *end;         /* the free part of the current block */
    cito_arena_block *blocks; /* newest first */
    size_t used_before;       /* bytes in the older blocks */
    size_t limit;             /* 0: none */
    bool overflowed;          /* a request for memory went over the limit */
} cito_arena;

/* Ordinary blocks; and with the address sanitizer the bytes behind each piece that nobody may touch, so that an overrun is seen. */
enum { CITO_ARENA_BLOCK_SIZE = 16 * 1024, CITO_ARENA_RED_ZONE = CITO_ASAN ? 16 : 0 };

/* An arena with no block yet; the first allocation takes one. limit_bytes 0: none. */
void cito_arena_init(cito_arena *, size_t limit_bytes);
/* Frees all blocks. */
void cito_arena_finish(cito_arena *);
/* Forgets all contents; keeps one block of the ordinary size and frees the others. */
void cito_arena_reset(cito_arena *);
/* size bytes aligned to 16, not zeroed, never NULL for 0 bytes. NULL past the limit (overflowed is then set); aborts the process when
 * malloc fails. The limit counts what was taken, rounded up to 16 bytes a piece. */
void *cito_arena_take_slow(cito_arena *, size_t size);
static inline void *cito_arena_take(cito_arena *arena, size_t size)
{
    size_t rounded = (size + CITO_ARENA_RED_ZONE + 15) & ~(size_t)15;
    if (__builtin_expect(rounded >= size && (size_t)(arena->end - arena->next) >= rounded, 1)) {
        void *taken = arena->next;
        arena->next += rounded;
        CITO_UNPOISON(taken, size);
        return taken;
    }
    return cito_arena_take_slow(arena, size);
}
/* The same, zeroed. */
void *cito_arena_take_zeroed(cito_arena *, size_t size);
/* A copy of len bytes, with a NUL behind it. Past the limit: data is NULL. */
cito_str cito_arena_copy_str(cito_arena *, const char *data, size_t len);
/* printf into the arena. Past the limit: data is NULL. */
cito_str cito_arena_format(cito_arena *, const char *format, ...) __attribute__((format(printf, 2, 3)));
cito_str cito_arena_format_list(cito_arena *, const char *format, va_list) __attribute__((format(printf, 2, 0)));
/* All blocks of `from` now belong to `into`; from is empty afterwards. For what a callable made on another thread.
 * Never refused: where that takes `into` over its limit, its next allocation is. */
void cito_arena_adopt(cito_arena *into, cito_arena *from);
size_t cito_arena_used(const cito_arena *);
/* Whether the pointer lies in the arena's memory (the debug check of returned pointers). */
bool cito_arena_contains(const cito_arena *, const void *);

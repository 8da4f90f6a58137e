/* Arena: a chain of malloc'd blocks, of which the first is being filled.
 *
 * Invariants: next and end lie in the first block (or in `no_block` while there is none); end is the block's end or the point where the
 * limit is reached, whichever comes first, so that the fast path needs one comparison. used_before counts what lies in the other blocks.
 * With the address sanitizer what is not taken is poisoned.
 * Threading: an arena belongs to one thread at a time; nothing here is shared. */
#include "base/arena.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cito_arena_block {
    cito_arena_block *older;
    size_t capacity; /* bytes at data */
    _Alignas(16) char data[];
};

enum { ORDINARY_CAPACITY = CITO_ARENA_BLOCK_SIZE - sizeof(cito_arena_block), LARGEST_REGULAR_BLOCK = 1024 * 1024 };

/* Where an arena without blocks points: zero bytes can be taken there and are not NULL. */
static _Alignas(16) char no_block[16];

static size_t used_in_first(const cito_arena *arena) { return arena->blocks ? (size_t)(arena->next - arena->blocks->data) : 0; }

size_t cito_arena_used(const cito_arena *arena) { return arena->used_before + used_in_first(arena); }

static size_t left_to_limit(const cito_arena *arena)
{
    size_t used = cito_arena_used(arena);
    if (arena->limit == 0)
        return SIZE_MAX;
    return used < arena->limit ? arena->limit - used : 0;
}

static void place_end(cito_arena *arena)
{
    size_t room = arena->blocks->capacity - used_in_first(arena);
    size_t left = left_to_limit(arena);
    arena->end = arena->next + (room < left ? room : left);
}

static void forget_blocks(cito_arena *arena)
{
    arena->next = arena->end = no_block;
    arena->blocks = NULL;
    arena->used_before = 0;
}

static cito_arena_block *new_block(size_t capacity)
{
    cito_arena_block *block = NULL;
    if (capacity <= SIZE_MAX - sizeof *block)
        block = malloc(sizeof *block + capacity);
    if (!block)
        cito_abort("out of memory: no %zu bytes for an arena", capacity);
    block->capacity = capacity;
    block->older = NULL;
    CITO_POISON(block->data, capacity);
    return block;
}

static void free_block(cito_arena_block *block)
{
    CITO_UNPOISON(block->data, block->capacity);
    free(block);
}

void cito_arena_init(cito_arena *arena, size_t limit_bytes)
{
    forget_blocks(arena);
    arena->limit = limit_bytes > SIZE_MAX - 15 ? 0 : (limit_bytes + 15) & ~(size_t)15;
    arena->overflowed = false;
}

void cito_arena_finish(cito_arena *arena)
{
    for (cito_arena_block *block = arena->blocks; block;) {
        cito_arena_block *older = block->older;
        free_block(block);
        block = older;
    }
    forget_blocks(arena);
}

void cito_arena_reset(cito_arena *arena)
{
    cito_arena_block *kept = NULL;
    for (cito_arena_block *block = arena->blocks; block;) {
        cito_arena_block *older = block->older;
        if (!kept && block->capacity == ORDINARY_CAPACITY)
            kept = block;
        else
            free_block(block);
        block = older;
    }
    forget_blocks(arena);
    arena->overflowed = false;
    if (kept) {
        CITO_POISON(kept->data, kept->capacity);
        kept->older = NULL;
        arena->blocks = kept;
        arena->next = kept->data;
        place_end(arena);
    }
}

/* Blocks grow with what the arena holds, so that a large request costs few mallocs. */
static size_t capacity_of_next_block(const cito_arena *arena)
{
    size_t used = cito_arena_used(arena);
    if (used <= ORDINARY_CAPACITY)
        return ORDINARY_CAPACITY;
    return used < LARGEST_REGULAR_BLOCK ? used : LARGEST_REGULAR_BLOCK;
}

static void *take_own_block(cito_arena *arena, size_t rounded)
{
    cito_arena_block *block = new_block(rounded);
    block->older = arena->blocks->older;
    arena->blocks->older = block;
    arena->used_before += rounded;
    place_end(arena); /* the limit came nearer */
    return block->data;
}

void *cito_arena_take_slow(cito_arena *arena, size_t size)
{
    size_t rounded = (size + CITO_ARENA_RED_ZONE + 15) & ~(size_t)15;
    if (rounded < size || rounded > left_to_limit(arena)) {
        if (arena->limit == 0)
            cito_abort("out of memory: no %zu bytes for an arena", size);
        arena->overflowed = true;
        return NULL;
    }
    char *taken;
    size_t capacity = capacity_of_next_block(arena);
    if (arena->blocks && rounded > capacity / 4) {
        /* A large piece has a block of its own: the rest of the first block stays in use. */
        taken = take_own_block(arena, rounded);
    } else {
        cito_arena_block *block = new_block(rounded > capacity ? rounded : capacity);
        arena->used_before += used_in_first(arena);
        block->older = arena->blocks;
        arena->blocks = block;
        taken = block->data;
        arena->next = block->data + rounded;
        place_end(arena);
    }
    CITO_UNPOISON(taken, size);
    return taken;
}

void *cito_arena_take_zeroed(cito_arena *arena, size_t size)
{
    void *taken = cito_arena_take(arena, size);
    if (taken)
        memset(taken, 0, size);
    return taken;
}

cito_str cito_arena_copy_str(cito_arena *arena, const char *data, size_t len)
{
    if (len == 0)
        return CITO_STR("");
    char *copy = len < SIZE_MAX ? cito_arena_take(arena, len + 1) : NULL;
    if (!copy)
        return (cito_str){ NULL, 0 };
    memcpy(copy, data, len);
    copy[len] = '\0';
    return (cito_str){ copy, len };
}

cito_str cito_arena_format_list(cito_arena *arena, const char *format, va_list arguments)
{
    char short_text[256]; /* most texts are short: they are formatted once */
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(short_text, sizeof short_text, format, arguments);
    if (len < 0)
        cito_abort("printf refused the format \"%s\"", format);
    char *text = cito_arena_take(arena, (size_t)len + 1);
    if (text && (size_t)len < sizeof short_text)
        memcpy(text, short_text, (size_t)len + 1);
    else if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return (cito_str){ text, text ? (size_t)len : 0 };
}

cito_str cito_arena_format(cito_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cito_str text = cito_arena_format_list(arena, format, arguments);
    va_end(arguments);
    return text;
}

void cito_arena_adopt(cito_arena *into, cito_arena *from)
{
    if (!from->blocks)
        return;
    if (!into->blocks) {
        into->blocks = from->blocks;
        into->next = from->next;
        into->used_before = from->used_before;
    } else {
        cito_arena_block *last = from->blocks;
        while (last->older)
            last = last->older;
        into->used_before += cito_arena_used(from);
        last->older = into->blocks->older;
        into->blocks->older = from->blocks;
    }
    place_end(into);
    into->overflowed |= from->overflowed;
    forget_blocks(from);
    from->overflowed = false;
}

bool cito_arena_contains(const cito_arena *arena, const void *pointer)
{
    uintptr_t address = (uintptr_t)pointer;
    for (const cito_arena_block *block = arena->blocks; block; block = block->older) {
        uintptr_t start = (uintptr_t)block->data;
        if (address >= start && address - start < block->capacity)
            return true;
    }
    return false;
}

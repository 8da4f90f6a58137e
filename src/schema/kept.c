/* A sorted list of kept blocks for the debug check of returned pointers; nothing where it is off.
 *
 * Invariant: sorted by address, no two overlap. Threading: one lock. */
#include "schema/kept.h"
#include "schema/model.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

bool cito_model_track_kept;

typedef struct kept_block {
    const char *start;
    size_t size;
} kept_block;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static kept_block *blocks;
static size_t count, capacity;

/* The index of the first block that starts behind the pointer. */
static size_t index_behind(const char *pointer)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (blocks[middle].start <= pointer)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void cito_kept_note(const void *block, size_t size)
{
    if (!cito_model_track_kept)
        return;
    pthread_mutex_lock(&lock);
    if (count == capacity) {
        capacity = capacity ? capacity * 2 : 64;
        blocks = realloc(blocks, capacity * sizeof *blocks);
        if (!blocks)
            abort();
    }
    size_t at = index_behind(block);
    memmove(blocks + at + 1, blocks + at, (count - at) * sizeof *blocks);
    blocks[at] = (kept_block){ block, size };
    count++;
    pthread_mutex_unlock(&lock);
}

void cito_kept_forget(const void *block)
{
    if (!cito_model_track_kept)
        return;
    pthread_mutex_lock(&lock);
    size_t behind = index_behind(block);
    if (behind && blocks[behind - 1].start == (const char *)block) {
        memmove(blocks + behind - 1, blocks + behind, (count - behind) * sizeof *blocks);
        count--;
    }
    pthread_mutex_unlock(&lock);
}

bool cito_model_is_kept(const void *pointer)
{
    pthread_mutex_lock(&lock);
    size_t behind = index_behind(pointer);
    bool is_kept = behind && (size_t)((const char *)pointer - blocks[behind - 1].start) < blocks[behind - 1].size;
    pthread_mutex_unlock(&lock);
    return is_kept;
}

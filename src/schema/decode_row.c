/* What decoding keeps while it reads: growing rows of items, and which errors belong to which member. One run, one thread. */
#include "schema/decoding.h"
#include <string.h>

static size_t rounded(size_t size) { return (size + 15) & ~(size_t)15; }

void *cito_row_add(cito_decoding *decoding, cito_row *row)
{
    if (row->count == row->capacity) {
        cito_arena *arena = decoding->arena;
        size_t capacity = row->capacity ? 2 * row->capacity : 4, old = rounded(row->capacity * row->item_size),
               size = rounded(capacity * row->item_size);
        /* Nothing was taken since: the row grows where it stands. */
        if (row->capacity && row->items + old == arena->next && (size_t)(arena->end - arena->next) >= size - old) {
            arena->next += size - old;
        } else {
            char *items = cito_decoding_take(decoding, size);
            if (!items)
                return NULL;
            if (row->count)
                memcpy(items, row->items, row->count * row->item_size);
            row->items = items;
        }
        row->capacity = capacity;
    }
    return row->items + row->item_size * row->count++;
}

void cito_row_finish(cito_decoding *decoding, cito_row *row, void *into)
{
    cito_arena *arena = decoding->arena;
    if (row->capacity && row->items + rounded(row->capacity * row->item_size) == arena->next)
        arena->next = row->items + rounded(row->count * row->item_size);
    struct {
        const void *items;
        size_t count;
    } list = { row->items, row->count };
    memcpy(into, &list, sizeof list); /* every cito_list_T and cito_dict_T is these two */
}

void cito_error_spans_note(cito_decoding *decoding, cito_error_spans *spans, size_t index, size_t start)
{
    cito_errors *errors = decoding->errors;
    for (size_t i = start; i < errors->count; i++)
        errors->items[i].order = (int64_t)index;
    if (index >= spans->capacity) {
        size_t capacity = 2 * index + 8;
        struct cito_error_span *items = cito_arena_take_zeroed(errors->arena, capacity * sizeof *items);
        if (!items)
            return;
        if (spans->capacity)
            memcpy(items, spans->items, spans->capacity * sizeof *items);
        spans->items = items;
        spans->capacity = capacity;
    }
    spans->items[index] = (struct cito_error_span){ .start = start, .count = errors->count - start };
}

void cito_error_spans_drop(cito_decoding *decoding, cito_error_spans *spans, size_t index)
{
    if (index >= spans->capacity)
        return;
    struct cito_error_span *span = &spans->items[index];
    for (size_t i = 0; i < span->count; i++)
        decoding->errors->items[span->start + i].order = -1;
    spans->dropped |= span->count > 0;
    span->count = 0;
}

/* Stable; runs of equal order are long, so merging is cheap. */
static void merge_sort(cito_error *items, cito_error *scratch, size_t count)
{
    if (count < 2)
        return;
    size_t half = count / 2, left = 0, right = half, to = 0;
    merge_sort(items, scratch, half);
    merge_sort(items + half, scratch, count - half);
    if (items[half - 1].order <= items[half].order)
        return;
    memcpy(scratch, items, count * sizeof *items);
    while (left < half && right < count)
        items[to++] = scratch[right].order < scratch[left].order ? scratch[right++] : scratch[left++];
    while (left < half)
        items[to++] = scratch[left++];
    while (right < count)
        items[to++] = scratch[right++];
}

void cito_error_spans_settle(cito_decoding *decoding, const cito_error_spans *spans, size_t first)
{
    cito_errors *errors = decoding->errors;
    if (spans->dropped) {
        size_t kept = first;
        for (size_t i = first; i < errors->count; i++)
            if (errors->items[i].order >= 0)
                errors->items[kept++] = errors->items[i];
        errors->count = kept;
    }
    bool sorted = true;
    for (size_t i = first + 1; i < errors->count; i++)
        sorted &= errors->items[i - 1].order <= errors->items[i].order;
    if (sorted)
        return;
    size_t count = errors->count - first;
    cito_error *scratch = cito_arena_take(errors->arena, count * sizeof *scratch);
    if (scratch)
        merge_sort(errors->items + first, scratch, count);
}

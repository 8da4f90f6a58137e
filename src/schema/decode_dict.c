/* Dicts: text or integer keys. A key that comes again wins, in the place of the first, as in a Python dict; a table of keys keeps that linear.
 * Threads: one run, one thread. */
#include "schema/constraint.h"
#include "schema/decoding.h"
#include <stdlib.h>
#include <string.h>

enum { SMALL = 8 }; /* so many keys are looked through without a table */

typedef struct dict_reading {
    const cito_type *type, *key_type;
    cito_row row;
    size_t value_offset;
    uint32_t *slots;
    size_t mask;
    cito_error_spans spans;
} dict_reading;

/* Where the value lies behind the key: the key's 16 or 8 bytes, rounded to the alignment that its size allows at most. */
static size_t value_offset(const dict_reading *reading)
{
    return reading->type->kind == CITO_KIND_DICT ? sizeof(cito_str) : sizeof(int64_t);
}

static size_t item_size(const dict_reading *reading) { return (reading->value_offset + reading->type->element->size + 7) & ~(size_t)7; }

static uint32_t *find_slot(const dict_reading *reading, const void *key)
{
    for (uint64_t at = cito_item_hash(reading->key_type, key);; at++) {
        uint32_t *slot = &reading->slots[at & reading->mask];
        if (!*slot || cito_item_equal(reading->key_type, reading->row.items + (*slot - 1) * reading->row.item_size, key))
            return slot;
    }
}

static bool rebuild(cito_decoding *decoding, dict_reading *reading)
{
    size_t size = 32;
    while (size < 4 * reading->row.count)
        size *= 2;
    uint32_t *slots = cito_decoding_take(decoding, size * sizeof *slots);
    if (!slots)
        return false;
    memset(slots, 0, size * sizeof *slots);
    reading->slots = slots;
    reading->mask = size - 1;
    for (size_t i = 0; i < reading->row.count; i++)
        *find_slot(reading, reading->row.items + i * reading->row.item_size) = (uint32_t)i + 1;
    return true;
}

/* The entry of the key, new or known; NULL without memory. */
static char *find_entry(cito_decoding *decoding, dict_reading *reading, const void *key, size_t key_size)
{
    cito_row *row = &reading->row;
    uint32_t *slot = NULL;
    if (row->count <= SMALL) {
        for (size_t i = 0; i < row->count; i++)
            if (cito_item_equal(reading->key_type, row->items + i * row->item_size, key))
                return row->items + i * row->item_size;
    } else {
        if ((!reading->slots || 2 * (row->count + 1) > reading->mask) && !rebuild(decoding, reading))
            return NULL;
        slot = find_slot(reading, key);
        if (*slot)
            return row->items + (*slot - 1) * row->item_size;
    }
    char *entry = cito_row_add(decoding, row);
    if (!entry)
        return NULL;
    memcpy(entry, key, key_size);
    if (slot)
        *slot = (uint32_t)row->count;
    return entry;
}

static bool read_int_key(cito_decoding *decoding, cito_str text, const cito_loc *loc, int64_t *out)
{
    cito_loc key_at = { .outer = loc, .name = text }, at = { .outer = &key_at, .name = CITO_STR("[key]") };
    cito_scalar scalar = { .token = CITO_JSON_STRING, .text = text, .input = { .kind = CITO_INPUT_TEXT, .text = text } };
    return cito_coerce_int(decoding, &scalar, false, &at, INT64_MIN, INT64_MAX, out);
}

/* A value whose key is bad is looked at all the same, for its errors. */
static bool read_nowhere(cito_decoding *decoding, const dict_reading *reading, bool strict, const cito_loc *at)
{
    void *room = cito_decoding_take(decoding, reading->type->element->size + !reading->type->element->size);
    if (room)
        cito_decoding_value(decoding, reading->type->element, NULL, strict, at, room);
    return !decoding->reader->error;
}

/* "1" and "01" are one key, but each tells its own errors. */
static bool was_written_so(const dict_reading *reading, size_t index, cito_str key)
{
    return index < reading->spans.capacity && cito_item_equal(cito_t_str, &reading->spans.items[index].key, &key);
}

static bool read_entry(cito_decoding *decoding, dict_reading *reading, cito_str raw_key, bool strict, const cito_loc *loc)
{
    cito_errors *errors = decoding->errors;
    cito_str key = cito_arena_copy_str(decoding->arena, raw_key.data, raw_key.len); /* with its NUL */
    int64_t number = 0;
    if (!key.data)
        return false;
    cito_loc at = { .outer = loc, .name = key };
    bool is_text = reading->type->kind == CITO_KIND_DICT;
    size_t before = errors->count;
    if (!is_text && !read_int_key(decoding, key, loc, &number)) {
        for (bool read = read_nowhere(decoding, reading, strict, &at); before < errors->count && read; before++)
            errors->items[before].order = 0;
        return !decoding->reader->error;
    }
    size_t known = reading->row.count;
    char *entry = find_entry(decoding, reading, is_text ? (const void *)&key : &number, is_text ? sizeof key : sizeof number);
    if (!entry)
        return false;
    size_t index = (size_t)(entry - reading->row.items) / reading->row.item_size;
    if (reading->row.count == known && (is_text || was_written_so(reading, index, key)))
        cito_error_spans_drop(decoding, &reading->spans, index);
    /* The row may move while the value is read (never: only this function adds), but the entry's place is taken anew to be plain. */
    if (!cito_decoding_value(decoding, reading->type->element, NULL, strict, &at,
                             reading->row.items + index * reading->row.item_size + reading->value_offset)) {
        if (decoding->reader->error || errors->count == before)
            return false;
        cito_error_spans_note(decoding, &reading->spans, index, before);
        if (index < reading->spans.capacity)
            reading->spans.items[index].key = key;
        for (size_t i = before; i < errors->count; i++)
            errors->items[i].order = 0; /* a dict's errors keep the order of the text */
    }
    return true;
}

bool cito_decoding_dict(cito_decoding *decoding, const cito_type *type, const cito_field *checks, bool strict, const cito_loc *loc,
                        void *into)
{
    cito_json_reader *reader = decoding->reader;
    if (cito_json_peek(reader) != CITO_JSON_OBJECT)
        return cito_decoding_refuse(decoding, "dict_type", loc);
    const char *start = reader->at;
    size_t first = decoding->errors->count;
    dict_reading reading = { .type = type, .key_type = type->kind == CITO_KIND_DICT ? cito_t_str : cito_t_int64 };
    reading.value_offset = value_offset(&reading);
    reading.row.item_size = item_size(&reading);
    if (!cito_json_enter_object(reader))
        return false;
    cito_str key;
    while (cito_json_next_key(reader, &key))
        if (!read_entry(decoding, &reading, key, strict, loc))
            return false;
    if (reader->error)
        return false;
    if (decoding->errors->count > first) {
        cito_error_spans_settle(decoding, &reading.spans, first);
        if (decoding->errors->count > first)
            return false;
    }
    cito_row_finish(decoding, &reading.row, into);
    if (!checks)
        return true;
    cito_input whole = cito_decoding_input(decoding, start);
    if (!cito_constraint_min_items(decoding, checks, loc, whole, "Dictionary", reading.row.count))
        return false;
    if (!checks->has_max_length || reading.row.count <= checks->max_length)
        return true;
    return cito_constraint_fail_max_items(decoding, loc, whole, "Dictionary", checks->max_length, (int64_t)reading.row.count);
}

/* Lists, sets and tuples. A list that is too long tells only that; too short it tells only when its items are good. Sets find equal items by
 * a table, so their cost stays linear. Threads: one run, one thread. */
#include "schema/constraint.h"
#include "schema/decoding.h"
#include <string.h>

/* Finds equal ones among items: slots hold index + 1. Made when there are more than a few. */
typedef struct item_index {
    uint32_t *slots;
    size_t mask, count;
} item_index;

/* Slot of an equal item, or the free one. */
static uint32_t *find_slot(const item_index *index, const cito_type *type, const cito_row *row, const void *item)
{
    for (uint64_t at = cito_item_hash(type, item);; at++) {
        uint32_t *slot = &index->slots[at & index->mask];
        if (!*slot || cito_item_equal(type, row->items + (*slot - 1) * row->item_size, item))
            return slot;
    }
}

static bool rebuild(cito_decoding *decoding, item_index *index, const cito_type *type, const cito_row *row)
{
    size_t size = 32;
    while (size < 4 * index->count)
        size *= 2;
    uint32_t *slots = cito_decoding_take(decoding, size * sizeof *slots);
    if (!slots)
        return false;
    memset(slots, 0, size * sizeof *slots);
    index->slots = slots;
    index->mask = size - 1;
    for (size_t i = 0; i < index->count; i++)
        *find_slot(index, type, row, row->items + i * row->item_size) = (uint32_t)i + 1;
    return true;
}

/* Whether the last item of the row is new; false also without memory. */
static bool is_new_item(cito_decoding *decoding, item_index *index, const cito_type *type, const cito_row *row)
{
    const void *item = row->items + (row->count - 1) * row->item_size;
    if (2 * (index->count + 1) > index->mask && !rebuild(decoding, index, type, row))
        return false;
    uint32_t *slot = find_slot(index, type, row, item);
    if (*slot)
        return false;
    *slot = (uint32_t)row->count;
    index->count++;
    return true;
}

/* Past the rest of the array; how many elements there were. */
static bool skip_rest(cito_decoding *decoding, int64_t *io_count)
{
    cito_str raw;
    while (cito_json_next_element(decoding->reader)) {
        if (!cito_json_skip(decoding->reader, &raw))
            return false;
        ++*io_count;
    }
    return !decoding->reader->error;
}

typedef struct list_reading {
    const cito_type *type;
    const cito_field *checks;
    const char *start;
    cito_row row;
    item_index index;
    size_t first_error;
    bool failed; /* a bad item is not kept, so the row says nothing any more */
} list_reading;

/* The element at the reader's place is one too many: nothing else is told. */
static bool fail_too_long(cito_decoding *decoding, const list_reading *reading, const cito_loc *loc, int64_t count, bool is_set)
{
    if (!skip_rest(decoding, &count))
        return false;
    decoding->errors->count = reading->first_error;
    return cito_constraint_fail_max_items(decoding, loc, cito_decoding_input(decoding, reading->start), is_set ? "Set" : "List",
                                          reading->checks->max_length, is_set ? -1 : count);
}

static bool read_items(cito_decoding *decoding, list_reading *reading, bool strict, const cito_loc *loc)
{
    const cito_type *element = reading->type->element;
    bool is_set = reading->type->kind == CITO_KIND_SET, has_max = reading->checks && reading->checks->has_max_length;
    cito_loc at = { .outer = loc };
    for (; cito_json_next_element(decoding->reader); at.index++) {
        if (has_max && !is_set && (size_t)at.index == reading->checks->max_length) {
            cito_str raw;
            return cito_json_skip(decoding->reader, &raw) && fail_too_long(decoding, reading, loc, at.index + 1, false);
        }
        void *item = cito_row_add(decoding, &reading->row);
        if (!item)
            return false;
        size_t before = decoding->errors->count;
        if (!cito_decoding_value(decoding, element, NULL, strict, &at, item)) {
            if (decoding->reader->error || decoding->errors->count == before)
                return false;
            reading->failed = true;
            reading->row.count--;
            continue;
        }
        if (!is_set)
            continue;
        if (!is_new_item(decoding, &reading->index, element, &reading->row))
            reading->row.count--;
        if (has_max && reading->row.count > reading->checks->max_length)
            return fail_too_long(decoding, reading, loc, 0, true);
    }
    return !decoding->reader->error;
}

bool cito_decoding_list(cito_decoding *decoding, const cito_type *type, const cito_field *checks, bool strict, const cito_loc *loc,
                        void *into)
{
    cito_json_reader *reader = decoding->reader;
    bool is_set = type->kind == CITO_KIND_SET;
    if (cito_json_peek(reader) != CITO_JSON_ARRAY)
        return cito_decoding_refuse(decoding, is_set ? "set_type" : "list_type", loc);
    list_reading reading = { .type = type, .checks = checks, .start = reader->at, .first_error = decoding->errors->count };
    reading.row.item_size = type->element->size + !type->element->size;
    if (is_set)
        cito_decoding_floor(decoding, CITO_LAX);
    if (!cito_json_enter_array(reader) || !read_items(decoding, &reading, strict, loc) || reading.failed)
        return false;
    cito_row_finish(decoding, &reading.row, into);
    return !checks || cito_constraint_min_items(decoding, checks, loc, cito_decoding_input(decoding, reading.start),
                                                is_set ? "Set" : "List", reading.row.count);
}

bool cito_decoding_list_of_texts(cito_decoding *decoding, const cito_str *texts, size_t count, const cito_type *type,
                                 const cito_field *checks, bool strict, const cito_loc *loc, void *into)
{
    bool is_set = type->kind == CITO_KIND_SET, failed = false;
    cito_row row = { .item_size = type->element->size + !type->element->size };
    item_index index = { 0 };
    if (checks && checks->has_max_length && !is_set && count > checks->max_length)
        return cito_constraint_fail_max_items(decoding, loc, cito_decoding_texts_input(decoding, texts, count), "List", checks->max_length,
                                              (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        cito_loc at = { .outer = loc, .index = (int64_t)i };
        void *item = cito_row_add(decoding, &row);
        if (!item)
            return false;
        if (!cito_decoding_text(decoding, texts[i], type->element, NULL, strict, &at, item))
            failed = true;
        if (failed || (is_set && !is_new_item(decoding, &index, type->element, &row)))
            row.count--;
    }
    if (failed)
        return false;
    cito_row_finish(decoding, &row, into);
    if (!checks)
        return true;
    cito_input input = cito_decoding_texts_input(decoding, texts, count);
    if (checks->has_max_length && row.count > checks->max_length)
        return cito_constraint_fail_max_items(decoding, loc, input, "Set", checks->max_length, -1);
    return cito_constraint_min_items(decoding, checks, loc, input, is_set ? "Set" : "List", row.count) &&
           (!checks->after || cito_decoding_validate(decoding, checks->after, into, loc, input));
}

bool cito_decoding_tuple(cito_decoding *decoding, const cito_type *type, bool strict, const cito_loc *loc, void *into)
{
    cito_json_reader *reader = decoding->reader;
    if (cito_json_peek(reader) != CITO_JSON_ARRAY)
        return cito_decoding_refuse(decoding, "tuple_type", loc);
    const struct cito_type_plan *plan = cito_plan_of(type);
    const char *start = reader->at;
    size_t first = decoding->errors->count;
    int64_t count = 0;
    cito_decoding_floor(decoding, CITO_LAX);
    if (!cito_json_enter_array(reader))
        return false;
    for (; count < plan->field_count && cito_json_next_element(reader); count++) {
        const cito_plan_field *field = &plan->fields[count];
        cito_loc at = { .outer = loc, .index = count };
        size_t before = decoding->errors->count;
        if (!cito_decoding_value(decoding, field->type, field->checks, strict || field->strict, &at, (char *)into + field->offset) &&
            (reader->error || decoding->errors->count == before))
            return false;
    }
    bool is_full = count == plan->field_count;
    if (reader->error || (is_full && !skip_rest(decoding, &count)))
        return false;
    cito_input whole = cito_decoding_input(decoding, start);
    if (count > plan->field_count) {
        decoding->errors->count = first;
        return cito_constraint_fail_max_items(decoding, loc, whole, "Tuple", plan->field_count, count);
    }
    for (int64_t i = count; i < plan->field_count; i++) {
        cito_loc at = { .outer = loc, .index = i };
        cito_decoding_fail(decoding, "missing", &at, whole, NULL);
    }
    return count == plan->field_count && decoding->errors->count == first;
}

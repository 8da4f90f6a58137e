/* Deep copies and comparison of values, driven by their types.
 *
 * One walk serves both passes: without a block it only counts. Invariant: both passes take the same steps, so the measured size is exact.
 * Threading: any; nothing is shared. */
#include "schema/copy.h"
#include "json/value.h"
#include "schema/plan.h"
#include <string.h>

typedef struct copy_state {
    char *block; /* NULL: measure only */
    size_t used;
} copy_state;

static void copy_any(copy_state *copier, const cito_value **at);
static void copy_inner(copy_state *copier, const cito_type *type, const void *from, void *at);

/* Room in the block, aligned to 16 so that any C type may lie there; NULL while measuring. */
static void *take(copy_state *copier, size_t size)
{
    void *room = copier->block ? copier->block + copier->used : NULL;
    copier->used += (size + 15) & ~(size_t)15;
    return room;
}

static void copy_text(copy_state *copier, cito_str text, cito_str *at)
{
    if (!text.data)
        return;
    char *room = take(copier, text.len + 1);
    if (!room)
        return;
    memcpy(room, text.data, text.len);
    room[text.len] = '\0';
    at->data = room;
}

/* A row of items: a list's, or a dict's with their keys. */
typedef struct row {
    const void *items;
    size_t count;
} row;

static void copy_list(copy_state *copier, const cito_type *element, const row *from, row *at)
{
    size_t size = element->size;
    char *room = take(copier, from->count * size);
    if (room) {
        if (from->count)
            memcpy(room, from->items, from->count * size);
        at->items = room;
    }
    for (size_t i = 0; i < from->count; i++)
        copy_inner(copier, element, (const char *)from->items + i * size, room ? room + i * size : NULL);
}

/* Where the value lies in a dict's item, and how far the next item is. Every C type's alignment divides its size and is at most 16. */
static size_t dict_stride(const cito_type *element, bool has_text_keys, size_t *out_value_offset)
{
    size_t key = has_text_keys ? sizeof(cito_str) : sizeof(int64_t), alignment = sizeof(void *);
    *out_value_offset = key;
    return (key + element->size + alignment - 1) & ~(alignment - 1);
}

static void copy_dict(copy_state *copier, const cito_type *element, bool has_text_keys, const row *from, row *at)
{
    size_t offset, stride = dict_stride(element, has_text_keys, &offset);
    char *room = take(copier, from->count * stride);
    if (room) {
        if (from->count)
            memcpy(room, from->items, from->count * stride);
        at->items = room;
    }
    for (size_t i = 0; i < from->count; i++) {
        const char *item = (const char *)from->items + i * stride;
        char *copied = room ? room + i * stride : NULL;
        if (has_text_keys)
            copy_text(copier, *(const cito_str *)item, (cito_str *)copied);
        copy_inner(copier, element, item + offset, copied ? copied + offset : NULL);
    }
}

static void copy_upload(copy_state *copier, const cito_upload **at, const cito_upload *from)
{
    cito_upload *room = take(copier, sizeof *from);
    cito_str content = { from->data, from->size }, copied = content;
    if (room) {
        *room = *from;
        *at = room;
    }
    copy_text(copier, from->filename, room ? &room->filename : NULL);
    copy_text(copier, from->content_type, room ? &room->content_type : NULL);
    copy_text(copier, content, &copied);
    if (room)
        room->data = copied.data;
}

static void copy_optional(copy_state *copier, const cito_type *type, const void *const *from, const void **at)
{
    if (type->element->kind == CITO_KIND_ANY || type->element->kind == CITO_KIND_FILE) {
        copy_inner(copier, type->element, from, at);
        return;
    }
    if (!*from)
        return;
    void *room = take(copier, type->element->size);
    if (room) {
        memcpy(room, *from, type->element->size);
        *at = room;
    }
    copy_inner(copier, type->element, *from, room);
}

static void copy_fields(copy_state *copier, const cito_type *type, const char *from, char *at)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const cito_field *field = &type->fields[i];
        copy_inner(copier, field->type, from + field->offset, at ? at + field->offset : NULL);
    }
}

/* What the value at `from` points to; `at`, NULL while measuring, already holds its bytes. */
static void copy_inner(copy_state *copier, const cito_type *type, const void *from, void *at)
{
    switch (type->kind) {
    case CITO_KIND_STR:
    case CITO_KIND_BYTES:
    case CITO_KIND_SECRET:
    case CITO_KIND_EMAIL:
    case CITO_KIND_URL:
    case CITO_KIND_ANY_URL:
    case CITO_KIND_DECIMAL:
        copy_text(copier, *(const cito_str *)from, at);
        break;
    case CITO_KIND_ANY: {
        const cito_value *value = *(const cito_value *const *)from;
        copy_any(copier, at ? at : &value);
        break;
    }
    case CITO_KIND_FILE:
        if (*(const cito_upload *const *)from)
            copy_upload(copier, at, *(const cito_upload *const *)from);
        break;
    case CITO_KIND_OPTIONAL:
        copy_optional(copier, type, from, at);
        break;
    case CITO_KIND_LIST:
    case CITO_KIND_SET:
        copy_list(copier, type->element, from, at);
        break;
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
        copy_dict(copier, type->element, type->kind == CITO_KIND_DICT, from, at);
        break;
    case CITO_KIND_TUPLE:
    case CITO_KIND_MODEL:
        copy_fields(copier, type, from, at);
        break;
    case CITO_KIND_UNION: {
        unsigned tag = *(const unsigned *)from;
        if (tag < type->field_count)
            copy_inner(copier, type->fields[tag].type, (const char *)from + type->tail_offset, at ? (char *)at + type->tail_offset : NULL);
        break;
    }
    case CITO_KIND_ANNOTATED:
        copy_inner(copier, type->element, from, at);
        break;
    default:
        break;
    }
}

static void copy_elements(copy_state *copier, const cito_value *from, cito_value *at)
{
    const cito_value **room = take(copier, from->count * sizeof *room);
    if (room)
        at->as.elements = room;
    for (uint32_t i = 0; i < from->count; i++) {
        const cito_value *element = from->as.elements[i], **at_element = room ? &room[i] : &element;
        *at_element = from->as.elements[i];
        copy_any(copier, at_element);
    }
}

static void copy_members(copy_state *copier, const cito_value *from, cito_value *at)
{
    cito_value_member *room = take(copier, from->count * sizeof *room);
    if (room)
        at->as.members = room;
    for (uint32_t i = 0; i < from->count; i++) {
        cito_value_member member = from->as.members[i], *copied = room ? &room[i] : &member;
        *copied = member;
        copy_text(copier, from->as.members[i].key, &copied->key);
        copy_any(copier, &copied->value);
    }
}

/* *at points at the value to copy and is set to the copy. */
static void copy_any(copy_state *copier, const cito_value **at)
{
    const cito_value *from = *at;
    if (!from)
        return;
    cito_value *room = take(copier, sizeof *room), scratch = *from;
    cito_value *into = room ? room : &scratch;
    *into = *from;
    if (from->kind == CITO_VALUE_ARRAY)
        copy_elements(copier, from, into);
    else if (from->kind == CITO_VALUE_OBJECT)
        copy_members(copier, from, into);
    else if (from->kind == CITO_VALUE_STRING || from->note == CITO_NOTE_BIG_INT || from->note == CITO_NOTE_DECIMAL)
        copy_text(copier, from->as.string, &into->as.string);
    if (room)
        *at = room;
}

size_t cito_copy_measure(const cito_type *type, const void *value)
{
    copy_state copier = { 0 };
    copy_inner(&copier, type, value, NULL);
    return copier.used;
}

void cito_copy_to(const cito_type *type, const void *value, void *into, void *block)
{
    copy_state copier = { .block = block };
    memmove(into, value, type->size);
    if (block)
        copy_inner(&copier, type, value, into);
}

size_t cito_copy_measure_value(const cito_value *value)
{
    copy_state copier = { 0 };
    copy_any(&copier, &value);
    return copier.used;
}

const cito_value *cito_copy_value(const cito_value *value, void *block)
{
    copy_state copier = { .block = block };
    copy_any(&copier, &value);
    return value;
}

/* ---- equality -------------------------------------------------------------------------------------------------------------- */

static bool texts_equal(const cito_str *first, const cito_str *second)
{
    return first->len == second->len && (!first->len || !memcmp(first->data, second->data, first->len));
}

static bool rows_equal(const cito_type *element, size_t stride, size_t offset, bool has_text_keys, const row *first, const row *second)
{
    if (first->count != second->count)
        return false;
    for (size_t i = 0; i < first->count; i++) {
        const char *one = (const char *)first->items + i * stride, *other = (const char *)second->items + i * stride;
        if (offset && (has_text_keys ? !texts_equal((const cito_str *)one, (const cito_str *)other)
                                     : *(const int64_t *)one != *(const int64_t *)other))
            return false;
        if (!cito_copy_equal(element, one + offset, other + offset))
            return false;
    }
    return true;
}

static bool dicts_equal(const cito_type *type, const row *first, const row *second)
{
    size_t offset, stride = dict_stride(type->element, type->kind == CITO_KIND_DICT, &offset);
    return rows_equal(type->element, stride, offset, type->kind == CITO_KIND_DICT, first, second);
}

static bool optionals_equal(const cito_type *type, const void *const *first, const void *const *second)
{
    if (type->element->kind == CITO_KIND_ANY || type->element->kind == CITO_KIND_FILE)
        return cito_copy_equal(type->element, first, second);
    return *first == *second || (*first && *second && cito_copy_equal(type->element, *first, *second));
}

static bool fields_equal(const cito_type *type, const char *first, const char *second)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (!cito_copy_equal(type->fields[i].type, first + type->fields[i].offset, second + type->fields[i].offset))
            return false;
    return true;
}

static bool unions_equal(const cito_type *type, const char *first, const char *second)
{
    unsigned tag = *(const unsigned *)first;
    return tag == *(const unsigned *)second &&
           (tag >= type->field_count || cito_copy_equal(type->fields[tag].type, first + type->tail_offset, second + type->tail_offset));
}

static bool times_equal(const cito_time *first, const cito_time *second)
{
    return first->hour == second->hour && first->minute == second->minute && first->second == second->second &&
           first->nanosecond == second->nanosecond && first->aware == second->aware &&
           (!first->aware || first->utc_offset == second->utc_offset);
}

static bool datetimes_equal(const cito_datetime *first, const cito_datetime *second)
{
    return first->seconds == second->seconds && first->nanoseconds == second->nanoseconds && first->aware == second->aware;
}

bool cito_copy_equal(const cito_type *type, const void *first, const void *second)
{
    switch (type->kind) {
    case CITO_KIND_STR:
    case CITO_KIND_BYTES:
    case CITO_KIND_SECRET:
    case CITO_KIND_EMAIL:
    case CITO_KIND_URL:
    case CITO_KIND_ANY_URL:
    case CITO_KIND_DECIMAL:
        return texts_equal(first, second);
    case CITO_KIND_DOUBLE:
        return *(const double *)first == *(const double *)second;
    case CITO_KIND_TIME:
        return times_equal(first, second);
    case CITO_KIND_DATETIME:
        return datetimes_equal(first, second);
    case CITO_KIND_TIMEDELTA: /* has padding */
        return ((const cito_timedelta *)first)->seconds == ((const cito_timedelta *)second)->seconds &&
               ((const cito_timedelta *)first)->nanoseconds == ((const cito_timedelta *)second)->nanoseconds;
    case CITO_KIND_ANY: {
        const cito_value *one = *(const cito_value *const *)first, *other = *(const cito_value *const *)second;
        return cito_value_equal(one ? one : cito_value_null, other ? other : cito_value_null);
    }
    case CITO_KIND_OPTIONAL:
        return optionals_equal(type, first, second);
    case CITO_KIND_LIST:
    case CITO_KIND_SET:
        return rows_equal(type->element, type->element->size, 0, false, first, second);
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
        return dicts_equal(type, first, second);
    case CITO_KIND_TUPLE:
    case CITO_KIND_MODEL:
        return fields_equal(type, first, second);
    case CITO_KIND_UNION:
        return unions_equal(type, first, second);
    case CITO_KIND_ANNOTATED:
        return cito_copy_equal(type->element, first, second);
    case CITO_KIND_NONE:
        return true;
    default:
        return !memcmp(first, second, type->size);
    }
}

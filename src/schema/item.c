/* Items of sets: equality and hash of decoded values, by kind. Pure; any thread. */
#include "schema/decoding.h"
#include <string.h>

static bool is_text(cito_kind kind)
{
    switch (kind) {
    case CITO_KIND_STR:
    case CITO_KIND_BYTES:
    case CITO_KIND_SECRET:
    case CITO_KIND_EMAIL:
    case CITO_KIND_URL:
    case CITO_KIND_ANY_URL:
    case CITO_KIND_DECIMAL:
        return true;
    default:
        return false;
    }
}

bool cito_item_is_comparable(const cito_type *type)
{
    switch (type->kind) {
    case CITO_KIND_ANNOTATED:
    case CITO_KIND_OPTIONAL:
        return cito_item_is_comparable(type->element);
    case CITO_KIND_TUPLE:
    case CITO_KIND_UNION:
        for (size_t i = 0; i < type->field_count; i++)
            if (!cito_item_is_comparable(type->fields[i].type))
                return false;
        return true;
    case CITO_KIND_LIST:
    case CITO_KIND_SET:
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
    case CITO_KIND_MODEL:
    case CITO_KIND_ANY:
    case CITO_KIND_YIELDS:
    case CITO_KIND_DEPENDS:
    case CITO_KIND_CONTEXT:
        return false;
    default:
        return true;
    }
}

static bool same_fields(const cito_type *type, const char *a, const char *b)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (!cito_item_equal(type->fields[i].type, a + type->fields[i].offset, b + type->fields[i].offset))
            return false;
    return true;
}

bool cito_item_equal(const cito_type *type, const void *a, const void *b)
{
    type = cito_type_peel(type);
    if (is_text(type->kind)) {
        const cito_str *first = a, *second = b;
        return first->len == second->len && (!first->len || memcmp(first->data, second->data, first->len) == 0);
    }
    switch (type->kind) {
    case CITO_KIND_DOUBLE:
        return *(const double *)a == *(const double *)b;
    case CITO_KIND_OPTIONAL: {
        const void *first = *(const void *const *)a, *second = *(const void *const *)b;
        if (type->element->kind == CITO_KIND_FILE || !first || !second)
            return first == second;
        return cito_item_equal(type->element, first, second);
    }
    case CITO_KIND_TIME: {
        const cito_time *first = a, *second = b;
        return first->hour == second->hour && first->minute == second->minute && first->second == second->second &&
               first->nanosecond == second->nanosecond && first->aware == second->aware && first->utc_offset == second->utc_offset;
    }
    case CITO_KIND_DATETIME: { /* the same moment, whatever the offset */
        const cito_datetime *first = a, *second = b;
        return first->seconds == second->seconds && first->nanoseconds == second->nanoseconds && first->aware == second->aware;
    }
    case CITO_KIND_TIMEDELTA: {
        const cito_timedelta *first = a, *second = b;
        return first->seconds == second->seconds && first->nanoseconds == second->nanoseconds;
    }
    case CITO_KIND_TUPLE:
        return same_fields(type, a, b);
    case CITO_KIND_UNION: {
        unsigned tag = *(const unsigned *)a;
        return tag == *(const unsigned *)b &&
               cito_item_equal(type->fields[tag].type, (const char *)a + type->tail_offset, (const char *)b + type->tail_offset);
    }
    default: /* whole numbers, dates, UUIDs: no padding inside */
        return memcmp(a, b, type->size) == 0;
    }
}

static uint64_t hash_bytes(const void *data, size_t len)
{
    const unsigned char *at = data;
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ len;
    for (; len >= 8; at += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    for (; len; at++, len--)
        hash = (hash ^ *at) * UINT64_C(0x100000001B3);
    return hash ^ hash >> 29;
}

uint64_t cito_item_hash(const cito_type *type, const void *item)
{
    type = cito_type_peel(type);
    if (is_text(type->kind))
        return hash_bytes(((const cito_str *)item)->data, ((const cito_str *)item)->len);
    uint64_t hash = 0;
    switch (type->kind) {
    case CITO_KIND_DOUBLE: {
        double number = *(const double *)item + 0.0; /* -0.0 equals 0.0 */
        return hash_bytes(&number, sizeof number);
    }
    case CITO_KIND_OPTIONAL: {
        const void *inner = *(const void *const *)item;
        return inner && type->element->kind != CITO_KIND_FILE ? cito_item_hash(type->element, inner) : (uint64_t)(uintptr_t)inner;
    }
    case CITO_KIND_TIME: {
        const cito_time *time = item;
        return hash_bytes(&time->nanosecond, sizeof time->nanosecond) +
               ((uint64_t)time->hour << 16 | (uint64_t)time->minute << 8 | time->second);
    }
    case CITO_KIND_DATETIME:
        return hash_bytes(&((const cito_datetime *)item)->seconds, sizeof(int64_t));
    case CITO_KIND_TIMEDELTA:
        return hash_bytes(&((const cito_timedelta *)item)->seconds, sizeof(int64_t));
    case CITO_KIND_TUPLE:
        for (size_t i = 0; i < type->field_count; i++)
            hash = hash * 31 + cito_item_hash(type->fields[i].type, (const char *)item + type->fields[i].offset);
        return hash;
    case CITO_KIND_UNION: {
        unsigned tag = *(const unsigned *)item;
        return tag + 31 * cito_item_hash(type->fields[tag].type, (const char *)item + type->tail_offset);
    }
    default:
        return hash_bytes(item, type->size);
    }
}

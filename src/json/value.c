/* Looking into values, and comparing them.
 *
 * Invariant: NULL is null everywhere. Comparing recurses, but never deeper than CITO_JSON_DEPTH_MAX. Threading: values do not change. */
#include "json/value.h"
#include "base/log.h"
#include "json/members.h"
#include "json/number.h"
#include <stdio.h>
#include <stdlib.h>

const cito_value cito_value_null[1] = { { .kind = CITO_VALUE_NULL } };

cito_value_kind cito_value_kind_of(const cito_value *value) { return value ? value->kind : CITO_VALUE_NULL; }

static const cito_value_member *find(const cito_value *object, cito_str key)
{
    if (cito_value_kind_of(object) != CITO_VALUE_OBJECT)
        return NULL;
    for (uint32_t i = 0; i < object->count; i++)
        if (cito_key_equal(object->as.members[i].key, key))
            return &object->as.members[i];
    return NULL;
}

const cito_value *cito_value_get(const cito_value *object, const char *key)
{
    const cito_value_member *member = find(object, (cito_str){ key, strlen(key) });
    return member && cito_value_kind_of(member->value) != CITO_VALUE_NULL ? member->value : NULL;
}

bool cito_value_has(const cito_value *object, const char *key) { return find(object, (cito_str){ key, strlen(key) }) != NULL; }

const cito_value *cito_value_at(const cito_value *array, size_t index)
{
    return cito_value_kind_of(array) == CITO_VALUE_ARRAY && index < array->count ? array->as.elements[index] : NULL;
}

cito_str cito_value_key_at(const cito_value *object, size_t index)
{
    return cito_value_kind_of(object) == CITO_VALUE_OBJECT && index < object->count ? object->as.members[index].key : CITO_STR("");
}

const cito_value *cito_value_member_at(const cito_value *object, size_t index)
{
    return cito_value_kind_of(object) == CITO_VALUE_OBJECT && index < object->count ? object->as.members[index].value : NULL;
}

size_t cito_value_count(const cito_value *value)
{
    cito_value_kind kind = cito_value_kind_of(value);
    return kind == CITO_VALUE_ARRAY || kind == CITO_VALUE_OBJECT ? value->count : 0;
}

cito_str cito_value_string(const cito_value *value)
{
    return cito_value_kind_of(value) == CITO_VALUE_STRING ? value->as.string : CITO_STR("");
}

bool cito_value_bool(const cito_value *value) { return cito_value_kind_of(value) == CITO_VALUE_BOOL && value->as.boolean; }

double cito_value_double(const cito_value *value)
{
    double number = 0;
    if (cito_value_kind_of(value) == CITO_VALUE_DOUBLE)
        return value->note == CITO_NOTE_DECIMAL ? cito_decimal_to_double((cito_decimal){ value->as.string }) : value->as.number;
    if (cito_value_kind_of(value) != CITO_VALUE_INT)
        return 0;
    if (value->note == CITO_NOTE_UINT)
        return (double)value->as.uint;
    if (value->note != CITO_NOTE_BIG_INT)
        return (double)value->as.integer;
    cito_double_read(value->as.string.data, value->as.string.len, &number);
    return number;
}

int64_t cito_value_int(const cito_value *value)
{
    if (cito_value_kind_of(value) == CITO_VALUE_INT && value->note == CITO_NOTE_NONE)
        return value->as.integer;
    double number = cito_value_double(value); /* also for integers over 64 bits: only which end they pass counts */
    if (number >= 0x1p63)
        return INT64_MAX;
    if (number <= -0x1p63)
        return INT64_MIN;
    return number == number ? (int64_t)number : 0;
}

bool cito_value_contains(const cito_value *array, cito_str item)
{
    if (cito_value_kind_of(array) != CITO_VALUE_ARRAY)
        return false;
    for (uint32_t i = 0; i < array->count; i++)
        if (cito_value_kind_of(array->as.elements[i]) == CITO_VALUE_STRING && cito_key_equal(array->as.elements[i]->as.string, item))
            return true;
    return false;
}

/* ---- comparing ---------------------------------------------------------------------------------------------------------------------------- */

/* An integer's digits; out has room for any double's (309 and a sign). */
static cito_str integer_digits(const cito_value *value, char out[CITO_NUMBER_MAX])
{
    if (value->note == CITO_NOTE_BIG_INT)
        return value->as.string;
    return (cito_str){ out, value->note == CITO_NOTE_UINT ? cito_uint_write(value->as.uint, out) : cito_int_write(value->as.integer, out) };
}

static bool integer_equals_double(const cito_value *integer, double number)
{
    char digits[CITO_NUMBER_MAX], whole[400];
    if (!__builtin_isfinite(number) || __builtin_trunc(number) != number)
        return false;
    /* %.0f of a whole number is exact, and has no locale's point in it. */
    int len = snprintf(whole, sizeof whole, "%.0f", number == 0 ? 0.0 : number);
    return cito_key_equal(integer_digits(integer, digits), (cito_str){ whole, (size_t)len });
}

static bool number_equal(const cito_value *left, const cito_value *right)
{
    char left_digits[CITO_NUMBER_MAX], right_digits[CITO_NUMBER_MAX];
    if (left->kind == CITO_VALUE_INT && right->kind == CITO_VALUE_INT)
        return cito_key_equal(integer_digits(left, left_digits), integer_digits(right, right_digits));
    if (left->kind == CITO_VALUE_INT)
        return integer_equals_double(left, cito_value_double(right));
    if (right->kind == CITO_VALUE_INT)
        return integer_equals_double(right, cito_value_double(left));
    return cito_value_double(left) == cito_value_double(right);
}

static bool is_number(cito_value_kind kind) { return kind == CITO_VALUE_INT || kind == CITO_VALUE_DOUBLE; }

static bool equal(const cito_value *, const cito_value *, int depth);

static bool array_equal(const cito_value *left, const cito_value *right, int depth)
{
    for (uint32_t i = 0; i < left->count; i++)
        if (!equal(left->as.elements[i], right->as.elements[i], depth))
            return false;
    return true;
}

static int compare_members(const void *left, const void *right)
{
    cito_str left_key = (*(const cito_value_member *const *)left)->key, right_key = (*(const cito_value_member *const *)right)->key;
    if (left_key.len != right_key.len)
        return left_key.len < right_key.len ? -1 : 1;
    return memcmp(left_key.data, right_key.data, left_key.len);
}

/* The members sorted by key. */
static void sort_members(const cito_value *object, const cito_value_member **out)
{
    for (uint32_t i = 0; i < object->count; i++)
        out[i] = &object->as.members[i];
    qsort(out, object->count, sizeof *out, compare_members);
}

/* The order is free. The same order is the usual case; what differs from it on is sorted, so that many members do not cost their square. */
static bool object_equal(const cito_value *left, const cito_value *right, int depth)
{
    uint32_t i = 0;
    while (i < left->count && cito_key_equal(left->as.members[i].key, right->as.members[i].key)) {
        if (!equal(left->as.members[i].value, right->as.members[i].value, depth))
            return false;
        i++;
    }
    if (i == left->count)
        return true;
    const cito_value_member **sorted = malloc(2 * sizeof *sorted * left->count);
    if (!sorted)
        cito_abort("no memory to compare objects of %u members", left->count);
    sort_members(left, sorted);
    sort_members(right, sorted + left->count);
    bool same = true;
    for (i = 0; i < left->count && same; i++)
        same =
            cito_key_equal(sorted[i]->key, sorted[left->count + i]->key) && equal(sorted[i]->value, sorted[left->count + i]->value, depth);
    free(sorted);
    return same;
}

static bool equal(const cito_value *left, const cito_value *right, int depth)
{
    cito_value_kind kind = cito_value_kind_of(left), right_kind = cito_value_kind_of(right);
    if (is_number(kind) && is_number(right_kind))
        return number_equal(left, right);
    if (kind != right_kind)
        return false;
    if (kind == CITO_VALUE_NULL)
        return true;
    if (kind == CITO_VALUE_BOOL)
        return left->as.boolean == right->as.boolean;
    if (kind == CITO_VALUE_STRING)
        return cito_key_equal(left->as.string, right->as.string);
    if (left->count != right->count || depth == CITO_JSON_DEPTH_MAX)
        return false;
    return kind == CITO_VALUE_ARRAY ? array_equal(left, right, depth + 1) : object_equal(left, right, depth + 1);
}

bool cito_value_equal(const cito_value *left, const cito_value *right) { return equal(left, right, 0); }

/* Values of C types as dynamic values, in the memory of the running callable.
 *
 * Texts are shared with the value, not copied: both belong to the same request. Numbers and dates take the form that jsonable_encoder
 * gives them. Threading: any; each call makes its own. */
#include "json/value.h"
#include "schema/encode.h"
#include "schema/plan.h"
#include <cito/call.h>

typedef struct row {
    const char *items;
    size_t count;
} row;

static const cito_value *dump(const cito_type *type, const void *value);

static cito_value *make_array(size_t count)
{
    cito_value *array = cito_alloc(sizeof *array + count * sizeof *array->as.elements);
    *array = (cito_value){ .kind = CITO_VALUE_ARRAY, .count = (uint32_t)count, .as.elements = (const cito_value **)(array + 1) };
    return array;
}

/* Room for so many members; count says how many are there. */
static cito_value *make_object(size_t capacity)
{
    cito_value *object = cito_alloc(sizeof *object + capacity * sizeof *object->as.members);
    *object = (cito_value){ .kind = CITO_VALUE_OBJECT, .as.members = (cito_value_member *)(object + 1) };
    return object;
}

static const cito_value *dump_row(const cito_type *element, const row *list)
{
    cito_value *array = make_array(list->count);
    for (size_t i = 0; i < list->count; i++)
        array->as.elements[i] = dump(element, list->items + i * element->size);
    return array;
}

static const cito_value *dump_dict(const cito_type *type, const row *dict)
{
    bool has_text_keys = type->kind == CITO_KIND_DICT;
    size_t offset = has_text_keys ? sizeof(cito_str) : sizeof(int64_t);
    size_t stride = (offset + type->element->size + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
    cito_value *object = make_object(dict->count);
    for (size_t i = 0; i < dict->count; i++) {
        const char *item = dict->items + i * stride;
        cito_str key = has_text_keys ? *(const cito_str *)item : cito_format("%lld", (long long)*(const int64_t *)item);
        object->as.members[object->count++] = (cito_value_member){ key.data ? key : CITO_STR(""), dump(type->element, item + offset) };
    }
    return object;
}

static const cito_value *dump_model(const cito_type *type, const char *record)
{
    const struct cito_type_plan *plan = cito_plan_of(type);
    cito_value *object = make_object(plan->field_count);
    for (uint32_t i = 0; i < plan->field_count; i++) {
        const cito_plan_field *field = &plan->fields[i];
        if (!field->field->exclude)
            object->as.members[object->count++] = (cito_value_member){ field->key, dump(field->type, record + field->offset) };
    }
    return object;
}

static const cito_value *dump_tuple(const cito_type *type, const char *tuple)
{
    cito_value *array = make_array(type->field_count);
    for (size_t i = 0; i < type->field_count; i++)
        array->as.elements[i] = dump(type->fields[i].type, tuple + type->fields[i].offset);
    return array;
}

static const cito_value *dump_union(const cito_type *type, const char *value)
{
    unsigned tag = *(const unsigned *)value;
    if (tag >= type->field_count)
        return cito_value_null;
    const cito_value *member = dump(type->fields[tag].type, value + type->tail_offset);
    if (!type->discriminator || cito_value_has(member, type->discriminator))
        return member;
    return cito_value_merge(cito_object(type->discriminator, type->fields[tag].name), member);
}

static const cito_value *dump_secret(cito_str secret) { return cito_value_of_str(secret.len ? CITO_STR("**********") : CITO_STR("")); }

static const cito_value *dump_optional(const cito_type *type, const void *const *value)
{
    if (type->element->kind == CITO_KIND_ANY)
        return cito_value_of_any((const cito_value *)*value);
    return *value ? dump(type->element, type->element->kind == CITO_KIND_FILE ? (const void *)value : *value) : cito_value_null;
}

static const cito_value *dump(const cito_type *type, const void *value)
{
    switch (type->kind) {
    case CITO_KIND_BOOL:
        return cito_value_of_bool(*(const bool *)value);
    case CITO_KIND_INT:
        return cito_value_of_int(*(const int *)value);
    case CITO_KIND_INT64:
        return cito_value_of_int(*(const int64_t *)value);
    case CITO_KIND_DOUBLE:
        return cito_value_of_double(*(const double *)value);
    case CITO_KIND_STR:
    case CITO_KIND_BYTES:
    case CITO_KIND_EMAIL:
    case CITO_KIND_URL:
    case CITO_KIND_ANY_URL:
        return cito_value_of_str(*(const cito_str *)value);
    case CITO_KIND_SECRET:
        return dump_secret(*(const cito_str *)value);
    case CITO_KIND_DECIMAL:
        return ((const cito_decimal *)value)->text.len ? cito_value_of_decimal(*(const cito_decimal *)value) : cito_value_of_int(0);
    case CITO_KIND_DATE:
        return cito_value_of_date(*(const cito_date *)value);
    case CITO_KIND_TIME:
        return cito_value_of_time(*(const cito_time *)value);
    case CITO_KIND_DATETIME:
        return cito_value_of_datetime(*(const cito_datetime *)value);
    case CITO_KIND_TIMEDELTA:
        return cito_value_of_timedelta(*(const cito_timedelta *)value);
    case CITO_KIND_UUID:
        return cito_value_of_uuid(*(const cito_uuid *)value);
    case CITO_KIND_ANY:
        return cito_value_of_any(*(const cito_value *const *)value);
    case CITO_KIND_OPTIONAL:
        return dump_optional(type, value);
    case CITO_KIND_LIST:
    case CITO_KIND_SET:
        return dump_row(type->element, value);
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
        return dump_dict(type, value);
    case CITO_KIND_TUPLE:
        return dump_tuple(type, value);
    case CITO_KIND_MODEL:
        return dump_model(type, value);
    case CITO_KIND_ENUM:
        return cito_value_of_str(cito_enum_name(type, *(const int *)value));
    case CITO_KIND_UNION:
        return dump_union(type, value);
    case CITO_KIND_ANNOTATED:
        return dump(type->element, value);
    default: /* a file, a context value: no data */
        return cito_value_null;
    }
}

const cito_value *cito_encode_value(const cito_type *type, const void *value) { return dump(type, value); }

const cito_value *cito_dump_model(const cito_type *type, const void *model) { return dump(type, model); }

const cito_value *cito_dump_list_of(const cito_type *element, const void *items, size_t count)
{
    return dump_row(element, &(row){ items, count });
}

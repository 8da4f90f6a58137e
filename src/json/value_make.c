/* Values made of C values, in the memory of the running callable (cito_alloc), and JSON text for programs.
 *
 * Invariants: what is handed out is never NULL (null is cito_value_null), so that NULL can end a list; texts given as char * are copied, texts
 * given as cito_str are the request's already. Threading: each call makes its own. */
#include "base/log.h"
#include "json/datetime.h"
#include "json/members.h"
#include "json/number.h"
#include <cito/call.h>

static cito_value *make(cito_value_kind kind, size_t more)
{
    cito_value *value = cito_alloc(sizeof *value + more);
    value->kind = kind;
    return value;
}

static const cito_value *make_text(const char *data, size_t len)
{
    cito_value *value = make(CITO_VALUE_STRING, len + 1);
    char *copy = (char *)(value + 1);
    memcpy(copy, data, len);
    copy[len] = 0;
    value->as.string = (cito_str){ copy, len };
    return value;
}

/* ---- scalars ---------------------------------------------------------------------------------------------------------------------------- */

const cito_value *cito_value_of_int(int64_t number)
{
    cito_value *value = make(CITO_VALUE_INT, 0);
    value->as.integer = number;
    return value;
}

const cito_value *cito_value_of_uint(uint64_t number)
{
    if (number <= INT64_MAX)
        return cito_value_of_int((int64_t)number);
    cito_value *value = make(CITO_VALUE_INT, 0);
    value->note = CITO_NOTE_UINT;
    value->as.uint = number;
    return value;
}

const cito_value *cito_value_of_double(double number)
{
    cito_value *value = make(CITO_VALUE_DOUBLE, 0);
    value->as.number = number;
    return value;
}

const cito_value *cito_value_of_bool(_Bool truth)
{
    static const cito_value values[2] = { { .kind = CITO_VALUE_BOOL }, { .kind = CITO_VALUE_BOOL, .as.boolean = true } };
    return &values[truth];
}

const cito_value *cito_value_of_chars(const char *chars) { return chars ? make_text(chars, strlen(chars)) : cito_value_null; }

const cito_value *cito_value_of_str(cito_str text)
{
    cito_value *value = make(CITO_VALUE_STRING, 0);
    value->as.string = text.data ? text : CITO_STR("");
    return value;
}

const cito_value *cito_value_of_null(const void *nothing)
{
    (void)nothing;
    return cito_value_null;
}

const cito_value *cito_value_of_any(const cito_value *value) { return value ? value : cito_value_null; }

const cito_value *cito_value_of_decimal(cito_decimal decimal)
{
    cito_value *value = make(CITO_VALUE_DOUBLE, 0);
    value->note = CITO_NOTE_DECIMAL;
    value->as.string = decimal.text.len ? decimal.text : CITO_STR("0");
    return value;
}

const cito_value *cito_value_of_date(cito_date date)
{
    char text[CITO_DATETIME_TEXT_MAX];
    return make_text(text, cito_date_write(date, text));
}

const cito_value *cito_value_of_time(cito_time time)
{
    char text[CITO_DATETIME_TEXT_MAX];
    return make_text(text, cito_time_write(time, CITO_ISO_PYTHON, text));
}

const cito_value *cito_value_of_datetime(cito_datetime datetime)
{
    char text[CITO_DATETIME_TEXT_MAX];
    return make_text(text, cito_datetime_write(datetime, CITO_ISO_PYTHON, text));
}

const cito_value *cito_value_of_timedelta(cito_timedelta timedelta)
{
    return cito_value_of_double(cito_timedelta_total_seconds(timedelta));
}

const cito_value *cito_value_of_uuid(cito_uuid uuid)
{
    char text[CITO_DATETIME_TEXT_MAX];
    return make_text(text, cito_uuid_write(uuid, text));
}

/* ---- what may be absent, and the same as an element of a list or dict --------------------------------------------------------------------- */

/* The value of the C value at `item`. */
typedef const cito_value *make_item(const void *item);
static const cito_value *item_int(const void *item) { return cito_value_of_int(*(const int *)item); }
static const cito_value *item_int64(const void *item) { return cito_value_of_int(*(const int64_t *)item); }
static const cito_value *item_double(const void *item) { return cito_value_of_double(*(const double *)item); }
static const cito_value *item_bool(const void *item) { return cito_value_of_bool(*(const _Bool *)item); }
static const cito_value *item_str(const void *item) { return cito_value_of_str(*(const cito_str *)item); }
static const cito_value *item_any(const void *item) { return cito_value_of_any(*(const cito_value *const *)item); }
static const cito_value *item_decimal(const void *item) { return cito_value_of_decimal(*(const cito_decimal *)item); }
static const cito_value *item_date(const void *item) { return cito_value_of_date(*(const cito_date *)item); }
static const cito_value *item_time(const void *item) { return cito_value_of_time(*(const cito_time *)item); }
static const cito_value *item_datetime(const void *item) { return cito_value_of_datetime(*(const cito_datetime *)item); }
static const cito_value *item_timedelta(const void *item) { return cito_value_of_timedelta(*(const cito_timedelta *)item); }
static const cito_value *item_uuid(const void *item) { return cito_value_of_uuid(*(const cito_uuid *)item); }

static const cito_value *optional(const void *item, make_item *make_value) { return item ? make_value(item) : cito_value_null; }

const cito_value *cito_value_of_opt_int(const int *item) { return optional(item, item_int); }
const cito_value *cito_value_of_opt_int64(const int64_t *item) { return optional(item, item_int64); }
const cito_value *cito_value_of_opt_double(const double *item) { return optional(item, item_double); }
const cito_value *cito_value_of_opt_bool(const _Bool *item) { return optional(item, item_bool); }
const cito_value *cito_value_of_opt_str(const cito_str *item) { return optional(item, item_str); }
const cito_value *cito_value_of_opt_decimal(const cito_decimal *item) { return optional(item, item_decimal); }
const cito_value *cito_value_of_opt_date(const cito_date *item) { return optional(item, item_date); }
const cito_value *cito_value_of_opt_time(const cito_time *item) { return optional(item, item_time); }
const cito_value *cito_value_of_opt_datetime(const cito_datetime *item) { return optional(item, item_datetime); }
const cito_value *cito_value_of_opt_timedelta(const cito_timedelta *item) { return optional(item, item_timedelta); }
const cito_value *cito_value_of_opt_uuid(const cito_uuid *item) { return optional(item, item_uuid); }

/* ---- lists ---------------------------------------------------------------------------------------------------------------------------------- */

static cito_value *make_array(size_t count)
{
    cito_value *value = make(CITO_VALUE_ARRAY, count * sizeof(cito_value *));
    value->count = (uint32_t)count;
    value->as.elements = (const cito_value **)(value + 1);
    return value;
}

static const cito_value *list(const void *items, size_t count, size_t item_size, make_item *make_value)
{
    cito_value *value = make_array(count);
    for (size_t i = 0; i < count; i++)
        value->as.elements[i] = make_value((const char *)items + i * item_size);
    return value;
}

const cito_value *cito_value_of_list_int(cito_list_int from) { return list(from.items, from.count, sizeof *from.items, item_int); }
const cito_value *cito_value_of_list_int64(cito_list_int64 from) { return list(from.items, from.count, sizeof *from.items, item_int64); }
const cito_value *cito_value_of_list_double(cito_list_double from) { return list(from.items, from.count, sizeof *from.items, item_double); }
const cito_value *cito_value_of_list_bool(cito_list_bool from) { return list(from.items, from.count, sizeof *from.items, item_bool); }
const cito_value *cito_value_of_list_str(cito_list_str from) { return list(from.items, from.count, sizeof *from.items, item_str); }
const cito_value *cito_value_of_list_any(cito_list_any from) { return list(from.items, from.count, sizeof *from.items, item_any); }
const cito_value *cito_value_of_list_url(cito_list_url from) { return list(from.items, from.count, sizeof *from.items, item_str); }
const cito_value *cito_value_of_list_uuid(cito_list_uuid from) { return list(from.items, from.count, sizeof *from.items, item_uuid); }
const cito_value *cito_value_of_opt_list_str(const cito_list_str *from) { return from ? cito_value_of_list_str(*from) : cito_value_null; }

const cito_value *cito_value_of_elements(const cito_value *const *elements)
{
    size_t count = 0;
    while (elements[count])
        count++;
    return list(elements, count, sizeof *elements, item_any);
}

/* ---- dicts and objects ------------------------------------------------------------------------------------------------------------------------ */

static cito_value *make_object(size_t count, size_t more)
{
    cito_value *value = make(CITO_VALUE_OBJECT, count * sizeof(cito_value_member) + more);
    value->count = (uint32_t)count;
    value->as.members = (cito_value_member *)(value + 1);
    return value;
}

static const cito_value *unified(cito_value *object)
{
    object->count = (uint32_t)cito_members_unify(object->as.members, object->count);
    return object;
}

/* The key stands first in each item, the value at value_offset. */
static const cito_value *dict(const void *items, size_t count, size_t item_size, size_t value_offset, make_item *make_value)
{
    cito_value *value = make_object(count, 0);
    for (size_t i = 0; i < count; i++) {
        const char *item = (const char *)items + i * item_size;
        cito_str key = *(const cito_str *)item;
        value->as.members[i] = (cito_value_member){ key.data ? key : CITO_STR(""), make_value(item + value_offset) };
    }
    return unified(value);
}

static const cito_value *int_dict(const void *items, size_t count, size_t item_size, size_t value_offset, make_item *make_value)
{
    enum { KEY_ROOM = 24 };
    cito_value *value = make_object(count, count * KEY_ROOM);
    char *keys = (char *)(value->as.members + count);
    for (size_t i = 0; i < count; i++, keys += KEY_ROOM) {
        const char *item = (const char *)items + i * item_size;
        size_t len = cito_int_write(*(const int64_t *)item, keys);
        keys[len] = 0;
        value->as.members[i] = (cito_value_member){ { keys, len }, make_value(item + value_offset) };
    }
    return unified(value);
}

const cito_value *cito_value_of_dict_str(cito_dict_str from)
{
    return dict(from.items, from.count, sizeof *from.items, offsetof(struct cito_dict_str_item, value), item_str);
}

const cito_value *cito_value_of_dict_int(cito_dict_int from)
{
    return dict(from.items, from.count, sizeof *from.items, offsetof(struct cito_dict_int_item, value), item_int);
}

const cito_value *cito_value_of_dict_double(cito_dict_double from)
{
    return dict(from.items, from.count, sizeof *from.items, offsetof(struct cito_dict_double_item, value), item_double);
}

const cito_value *cito_value_of_dict_any(cito_dict_any from)
{
    return dict(from.items, from.count, sizeof *from.items, offsetof(struct cito_dict_any_item, value), item_any);
}

const cito_value *cito_value_of_int_dict_double(cito_int_dict_double from)
{
    return int_dict(from.items, from.count, sizeof *from.items, offsetof(struct cito_int_dict_double_item, value), item_double);
}

const cito_value *cito_value_of_int_dict_str(cito_int_dict_str from)
{
    return int_dict(from.items, from.count, sizeof *from.items, offsetof(struct cito_int_dict_str_item, value), item_str);
}

const cito_value *cito_value_of_members(const struct cito_member *members)
{
    size_t count = 0, key_bytes = 0;
    for (; members[count].key; count++)
        key_bytes += strlen(members[count].key) + 1;
    cito_value *value = make_object(count, key_bytes);
    char *keys = (char *)(value->as.members + count);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(members[i].key);
        memcpy(keys, members[i].key, len + 1);
        value->as.members[i] = (cito_value_member){ { keys, len }, cito_value_of_any(members[i].value) };
        keys += len + 1;
    }
    return unified(value);
}

const cito_value *cito_value_merge(const cito_value *first, const cito_value *second)
{
    size_t first_count = cito_value_kind_of(first) == CITO_VALUE_OBJECT ? first->count : 0;
    size_t second_count = cito_value_kind_of(second) == CITO_VALUE_OBJECT ? second->count : 0;
    cito_value *value = make_object(first_count + second_count, 0);
    if (first_count)
        memcpy(value->as.members, first->as.members, first_count * sizeof *value->as.members);
    if (second_count)
        memcpy(value->as.members + first_count, second->as.members, second_count * sizeof *value->as.members);
    return unified(value);
}

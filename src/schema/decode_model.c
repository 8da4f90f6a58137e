/* Models: an object's members straight into the struct by the plan's key table.
 *
 * Errors come in the order of declaration, whatever the order in the text; then those of unknown keys, in the order of the text. A key that
 * comes again wins, and the errors of its former value are dropped. Threads: one run, one thread. */
#include "schema/decoding.h"
#include "schema/plan_build.h"
#include <string.h>

#define ORDER_EXTRA INT64_MAX

typedef struct model_reading {
    const struct cito_type_plan *plan;
    char *into;
    uint64_t seen[CITO_PLAN_FIELDS_MAX / 64];
    uint32_t seen_count, expected; /* the field that comes next if the text keeps to the order of declaration */
    cito_error_spans spans;
} model_reading;

static int find_field(model_reading *reading, cito_str key)
{
    const struct cito_type_plan *plan = reading->plan;
    if (reading->expected < plan->field_count) {
        cito_str expected = plan->fields[reading->expected].key;
        if (expected.len == key.len && memcmp(expected.data, key.data, key.len) == 0)
            return (int)reading->expected;
    }
    return cito_plan_find(plan, key);
}

static void mark_seen(model_reading *reading, uint32_t index)
{
    const cito_plan_field *field = &reading->plan->fields[index];
    reading->seen[index / 64] |= UINT64_C(1) << (index % 64);
    reading->seen_count++;
    for (uint32_t i = 0; i < field->bit_count; i++) {
        uint64_t *set = (uint64_t *)(void *)(reading->into + field->bits[i].offset);
        *set |= field->bits[i].mask;
    }
}

static bool read_extra(cito_decoding *decoding, const model_reading *reading, cito_str key, cito_str allowed, const cito_loc *loc)
{
    cito_str raw;
    cito_loc at = { .outer = loc, .name = key };
    if (!cito_json_skip(decoding->reader, &raw))
        return false;
    bool is_allowed = allowed.data && allowed.len == key.len && memcmp(allowed.data, key.data, key.len) == 0;
    if (reading->plan->extra == CITO_EXTRA_FORBID && !is_allowed) {
        size_t before = decoding->errors->count;
        cito_decoding_fail(decoding, "extra_forbidden", &at, (cito_input){ .kind = CITO_INPUT_JSON, .text = raw }, NULL);
        if (decoding->errors->count > before)
            decoding->errors->items[before].order = ORDER_EXTRA;
    }
    return true;
}

static bool read_member(cito_decoding *decoding, model_reading *reading, uint32_t index, const cito_loc *loc)
{
    const cito_plan_field *field = &reading->plan->fields[index];
    cito_loc at = { .outer = loc, .name = field->key };
    void *into = reading->into + field->offset;
    if (reading->seen[index / 64] >> (index % 64) & 1)
        cito_error_spans_drop(decoding, &reading->spans, index);
    else
        mark_seen(reading, index);
    size_t before = decoding->errors->count;
    bool is_good;
    if (field->outer_after) {
        cito_json_peek(decoding->reader);
        const char *start = decoding->reader->at;
        is_good = cito_decoding_value(decoding, field->type, field->checks, field->strict, &at, into) &&
                  cito_decoding_validate(decoding, field->outer_after, into, &at, cito_decoding_input(decoding, start));
    } else {
        is_good = cito_decoding_value(decoding, field->type, field->checks, field->strict, &at, into);
    }
    if (!is_good && decoding->errors->count == before) /* a syntax error, or no memory to tell what was wrong */
        return false;
    if (!is_good)
        cito_error_spans_note(decoding, &reading->spans, index, before);
    return !decoding->reader->error;
}

static void fill_missing(cito_decoding *decoding, const model_reading *reading, const cito_loc *loc, cito_input object)
{
    const struct cito_type_plan *plan = reading->plan;
    for (uint32_t i = 0; i < plan->field_count; i++) {
        if (reading->seen[i / 64] >> (i % 64) & 1)
            continue;
        const cito_plan_field *field = &plan->fields[i];
        if (field->default_value) {
            memcpy(reading->into + field->offset, field->default_value, field->type->size);
            continue;
        }
        cito_loc at = { .outer = loc, .name = field->key };
        size_t before = decoding->errors->count;
        cito_decoding_fail(decoding, "missing", &at, object, NULL);
        if (decoding->errors->count > before)
            decoding->errors->items[before].order = i;
    }
}

static bool run_validators(cito_decoding *decoding, const model_reading *reading, const cito_loc *loc, cito_input object)
{
    const struct cito_type_plan *plan = reading->plan;
    for (uint32_t i = 0; i < plan->validator_count; i++) {
        const cito_plan_validator *validator = &plan->validators[i];
        if (!cito_decoding_validate(decoding, validator->validator, reading->into + validator->offset, loc, object))
            return false;
    }
    return true;
}

bool cito_decoding_model(cito_decoding *decoding, const cito_type *type, cito_str extra_allowed, const cito_loc *loc, void *into)
{
    cito_json_reader *reader = decoding->reader;
    if (cito_json_peek(reader) != CITO_JSON_OBJECT)
        return cito_decoding_refuse(decoding, "model_attributes_type", loc);
    const char *start = reader->at;
    size_t first = decoding->errors->count;
    model_reading reading;
    reading.plan = cito_plan_of(type);
    reading.into = into;
    reading.seen_count = reading.expected = 0;
    reading.spans = (cito_error_spans){ 0 };
    memset(reading.seen, 0, (reading.plan->field_count + 63) / 64 * sizeof *reading.seen);
    for (uint32_t i = 0; i < reading.plan->set_count; i++)
        *(uint64_t *)(void *)(reading.into + reading.plan->set_offsets[i]) = 0;
    cito_decoding_floor(decoding, CITO_LAX);
    if (!cito_json_enter_object(reader))
        return false;
    cito_str key;
    while (cito_json_next_key(reader, &key)) {
        int index = find_field(&reading, key);
        if (!(index < 0 ? read_extra(decoding, &reading, key, extra_allowed, loc) : read_member(decoding, &reading, (uint32_t)index, loc)))
            return false;
        reading.expected = index < 0 ? reading.expected : (uint32_t)index + 1;
    }
    if (reader->error)
        return false;
    if (reading.seen_count < reading.plan->field_count)
        fill_missing(decoding, &reading, loc, cito_decoding_input(decoding, start));
    decoding->fields_set = (decoding->fields_set < 0 ? 0 : decoding->fields_set) + reading.seen_count;
    if (decoding->errors->count > first) {
        cito_error_spans_settle(decoding, &reading.spans, first);
        if (decoding->errors->count > first)
            return false;
    }
    return !reading.plan->validator_count || run_validators(decoding, &reading, loc, cito_decoding_input(decoding, start));
}

/* Preparing at start: every record that a type reaches gets its plan, every pattern is compiled, and what the compiler could not see is refused:
 * options that do not fit their type, defaults that their own type refuses. Threads: at start, one thread. */
#include "schema/constraint.h"
#include "schema/decode.h"
#include "schema/decoding.h"
#include "schema/plan_build.h"
#include <math.h>
#include <string.h>

/* Where a declaration stands, for messages: file:line: Record.field. */
typedef struct place {
    const cito_type *owner; /* NULL: a parameter; who declares it knows where */
    const cito_field *field;
    cito_arena *texts;
} place;

static const char *complain(const place *at, const char *text)
{
    const cito_type *owner = at->owner;
    if (!owner)
        return cito_arena_format(at->texts, "%s: %s", at->field ? at->field->name : "", text).data;
    return cito_arena_format(at->texts, "%s:%d: %s%s%s: %s", owner->file ? owner->file : "", owner->line, owner->name ? owner->name : "",
                             at->field ? "." : "", at->field ? at->field->name : "", text)
        .data;
}

static const cito_type *base_of(const cito_type *type)
{
    while (type->kind == CITO_KIND_ANNOTATED || type->kind == CITO_KIND_OPTIONAL)
        type = type->element;
    return type;
}

static bool is_integer(cito_kind kind) { return kind == CITO_KIND_INT || kind == CITO_KIND_INT64; }

static bool is_number(cito_kind kind) { return is_integer(kind) || kind == CITO_KIND_DOUBLE || kind == CITO_KIND_DECIMAL; }

static bool is_text(cito_kind kind)
{
    return kind == CITO_KIND_STR || kind == CITO_KIND_SECRET || kind == CITO_KIND_EMAIL || kind == CITO_KIND_URL ||
           kind == CITO_KIND_ANY_URL || kind == CITO_KIND_BYTES;
}

static bool is_collection(cito_kind kind)
{
    return kind == CITO_KIND_LIST || kind == CITO_KIND_SET || kind == CITO_KIND_DICT || kind == CITO_KIND_INT_DICT;
}

static const char *word_of(const cito_type *type)
{
    static const char *const words[] = { [CITO_KIND_LIST] = "list",     [CITO_KIND_SET] = "set",      [CITO_KIND_DICT] = "dict",
                                         [CITO_KIND_INT_DICT] = "dict", [CITO_KIND_OPTIONAL] = "opt", [CITO_KIND_CONTEXT] = "this type" };
    if (type->name)
        return type->name;
    const char *word = type->kind < sizeof words / sizeof *words ? words[type->kind] : NULL;
    return word ? word : "this type";
}

static const char *check_bounds(const place *at, const cito_field *field, cito_kind kind, const char *word)
{
    const struct {
        bool has;
        double value;
        const char *name;
    } bounds[] = { { field->has_ge, field->ge, "ge" },
                   { field->has_gt, field->gt, "gt" },
                   { field->has_le, field->le, "le" },
                   { field->has_lt, field->lt, "lt" },
                   { field->has_multiple_of, field->multiple_of, "multiple_of" } };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        if (!bounds[i].has)
            continue;
        if (!is_number(kind))
            return complain(at, cito_arena_format(at->texts, "%s() is for int, int64, double and decimal, not for %s; take it away%s",
                                                  bounds[i].name, word, is_text(kind) ? " or say min_length, max_length" : "")
                                    .data);
        if (is_integer(kind) && bounds[i].value != trunc(bounds[i].value))
            return complain(
                at, cito_arena_format(at->texts, "%s(%g) of an integer must be a whole number", bounds[i].name, bounds[i].value).data);
        if (i == 4 && !(bounds[i].value > 0))
            return complain(at, "multiple_of() must be greater than 0");
    }
    return NULL;
}

static const char *check_options(const place *at, const cito_field *field, const cito_type *type)
{
    cito_kind kind = base_of(type)->kind;
    const char *word = word_of(base_of(type)), *problem = check_bounds(at, field, kind, word);
    if (problem)
        return problem;
    if ((field->has_min_length || field->has_max_length) && !is_text(kind) && !is_collection(kind))
        return complain(at, cito_arena_format(at->texts, "min_length and max_length are for text and lists, not for %s; take them away%s",
                                              word, is_number(kind) ? " or say ge, le" : "")
                                .data);
    if (field->pattern && (!is_text(kind) || kind == CITO_KIND_BYTES))
        return complain(at, cito_arena_format(at->texts, "pattern() is for text, not for %s; take it away", word).data);
    if ((field->has_max_digits || field->has_decimal_places) && kind != CITO_KIND_DECIMAL)
        return complain(
            at, cito_arena_format(at->texts, "max_digits and decimal_places are for decimal, not for %s; take them away", word).data);
    if (field->finite && kind != CITO_KIND_DOUBLE && kind != CITO_KIND_DECIMAL)
        return complain(at, cito_arena_format(at->texts, "allow_inf_nan is for double, not for %s; take it away", word).data);
    if (field->has_min_length && field->has_max_length && field->min_length > field->max_length)
        return complain(at, "min_length is greater than max_length: nothing would fit");
    problem = field->pattern ? cito_pattern_prepare(field->pattern, at->texts) : NULL;
    return problem ? complain(at, problem) : NULL;
}

static const char *check_field(const place *at, const cito_field *field, const cito_type *type)
{
    const char *problem = check_options(at, field, type);
    if (problem)
        return problem;
    if (field->flatten && cito_type_peel(type)->kind != CITO_KIND_MODEL)
        return complain(at, "flatten is for a model; take it away");
    if (field->default_json) {
        const void *ignored;
        problem = cito_default_prepare(field, at->texts, &ignored);
    }
    return problem ? complain(at, problem) : NULL;
}

static const char *prepare(const place *at, const cito_type *type);

static const char *prepare_record(const cito_type *type, cito_arena *texts)
{
    struct cito_type_plan *made = __atomic_load_n(type->plan, __ATOMIC_ACQUIRE);
    if (made && made->prepared)
        return NULL;
    const char *problem = NULL;
    for (size_t i = 0; type->fields && i < type->field_count && !problem; i++) {
        place at = { .owner = type, .field = &type->fields[i], .texts = texts };
        problem = check_field(&at, &type->fields[i], type->fields[i].type);
        if (!problem && type->discriminator && cito_type_peel(type->fields[i].type)->kind != CITO_KIND_MODEL)
            problem = complain(&at, "a union with a discriminator has models only; say NULL for the discriminator");
    }
    if (!problem && !made)
        problem = cito_plan_build(type, texts);
    if (problem)
        return problem;
    /* Marked before its fields are looked at: a record may reach itself. */
    (*type->plan)->prepared = true;
    for (size_t i = 0; type->fields && i < type->field_count && !problem; i++) {
        place at = { .owner = type, .field = &type->fields[i], .texts = texts };
        problem = prepare(&at, type->fields[i].type);
    }
    return problem;
}

static const char *prepare(const place *at, const cito_type *type)
{
    switch (type->kind) {
    case CITO_KIND_ANNOTATED: {
        place inner = { .owner = type, .texts = at->texts };
        const char *problem = check_options(&inner, type->annotated, type->element);
        return problem ? problem : prepare(at, type->element);
    }
    case CITO_KIND_SET:
        if (!cito_item_is_comparable(type->element))
            return complain(
                at, cito_arena_format(at->texts, "a set's items are compared, and %s cannot be; say list", word_of(type->element)).data);
        return prepare(at, type->element);
    case CITO_KIND_OPTIONAL:
    case CITO_KIND_LIST:
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
    case CITO_KIND_YIELDS:
        return prepare(at, type->element);
    case CITO_KIND_MODEL:
    case CITO_KIND_TUPLE:
    case CITO_KIND_UNION:
    case CITO_KIND_ENUM:
        return prepare_record(type, at->texts);
    default:
        return NULL;
    }
}

const char *cito_type_prepare(const cito_type *type, const cito_field *field, cito_arena *texts)
{
    place at = { .field = field, .texts = texts };
    const char *problem = field ? check_field(&at, field, type) : NULL;
    return problem ? problem : prepare(&at, type);
}

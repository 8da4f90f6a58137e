/* What fields say: their options, those of CITO_ANNOTATED merged in, and option texts as the program wrote them. Pure; any thread. */
#include "schema/decode.h"
#include "schema/plan.h"
#include <string.h>

bool cito_field_has_checks(const cito_field *field)
{
    return field->has_ge || field->has_gt || field->has_le || field->has_lt || field->has_multiple_of || field->has_min_length ||
           field->has_max_length || field->has_max_digits || field->has_decimal_places || field->finite || field->strict ||
           field->pattern || field->before || field->after;
}

cito_field cito_field_merge(const cito_field *field, const cito_field *annotated, const cito_validator **out_outer_after)
{
    *out_outer_after = NULL;
    if (!field)
        return *annotated;
    cito_field merged = *field;
#define TAKE(FLAG, VALUE)                                                                                                                  \
    if (!merged.FLAG && annotated->FLAG) {                                                                                                 \
        merged.FLAG = true;                                                                                                                \
        merged.VALUE = annotated->VALUE;                                                                                                   \
    }
    TAKE(has_ge, ge)
    TAKE(has_gt, gt)
    TAKE(has_le, le)
    TAKE(has_lt, lt)
    TAKE(has_multiple_of, multiple_of)
    TAKE(has_min_length, min_length)
    TAKE(has_max_length, max_length)
    TAKE(has_max_digits, max_digits)
    TAKE(has_decimal_places, decimal_places)
#undef TAKE
    merged.finite |= annotated->finite;
    merged.strict |= annotated->strict;
    if (!merged.pattern)
        merged.pattern = annotated->pattern;
    if (!merged.default_json)
        merged.default_json = annotated->default_json;
    if (!merged.before)
        merged.before = annotated->before;
    if (annotated->after) {
        *out_outer_after = merged.after;
        merged.after = annotated->after;
    }
    return merged;
}

static const char *default_json_of(const cito_field *field)
{
    if (field->default_json)
        return field->default_json;
    for (const cito_type *type = field->type; type->kind == CITO_KIND_ANNOTATED; type = type->element)
        if (type->annotated->default_json)
            return type->annotated->default_json;
    return NULL;
}

bool cito_field_is_required(const cito_field *field)
{
    return field->required || (!default_json_of(field) && cito_type_peel(field->type)->kind != CITO_KIND_OPTIONAL);
}

bool cito_decode_default(const cito_field *field, void *into, cito_arena *arena)
{
    (void)arena; /* defaults are shared, read-only memory */
    const void *value = cito_plan_default(field);
    if (value)
        memcpy(into, value, field->type->size);
    return value != NULL;
}

cito_str cito_option_json(const char *text, cito_arena *arena)
{
    static const struct {
        const char *expanded, *word;
    } words[] = { { "((_Bool) + 1u)", "true" }, { "((_Bool) + 0u)", "false" }, { "((_Bool)+1u)", "true" }, { "((_Bool)+0u)", "false" } };
    size_t len = strlen(text), written = 0;
    char *out = cito_arena_take(arena, len + 1);
    if (!out)
        return CITO_STR("null");
    bool in_string = false;
    for (size_t i = 0; i < len;) {
        size_t word = 0, count = sizeof words / sizeof *words;
        while (!in_string && word < count && strncmp(text + i, words[word].expanded, strlen(words[word].expanded)) != 0)
            word++;
        if (!in_string && word < count) {
            memcpy(out + written, words[word].word, strlen(words[word].word));
            written += strlen(words[word].word);
            i += strlen(words[word].expanded);
            continue;
        }
        if (in_string && text[i] == '\\' && text[i + 1])
            out[written++] = text[i++];
        else if (text[i] == '"')
            in_string = !in_string;
        out[written++] = text[i++];
    }
    out[written] = '\0';
    return (cito_str){ out, written };
}

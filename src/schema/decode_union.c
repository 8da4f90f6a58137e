/* Unions: told apart by a field (discriminator), or by trying each member and taking the one that fits closest, as pydantic's smart mode does:
 * an exact fit ends the search; of models the one with most fields set wins, else the least coercion, else the first.
 *
 * What nested unions can cost is bounded by decoding->attempts_left; a shallow union is read as often as it has members. Threads: one run, one thread. */
#include "schema/decoding.h"
#include "schema/plan_build.h"
#include <string.h>

enum { FREE_DEPTH = 4 }; /* unions inside so many others multiply the cost by little */

static void append_label(cito_arena *arena, cito_str *io_label, const char *text)
{
    *io_label = cito_arena_format(arena, "%s%s", io_label->data ? io_label->data : "", text);
    if (!io_label->data)
        *io_label = CITO_STR("");
}

static const char *plain_label(cito_kind kind, bool constrained)
{
    switch (kind) {
    case CITO_KIND_INT:
    case CITO_KIND_INT64:
        return constrained ? "constrained-int" : "int";
    case CITO_KIND_DOUBLE:
        return constrained ? "constrained-float" : "float";
    case CITO_KIND_STR:
        return constrained ? "constrained-str" : "str";
    case CITO_KIND_BOOL:
        return "bool";
    case CITO_KIND_ANY_URL:
        return "url";
    case CITO_KIND_SECRET:
    case CITO_KIND_EMAIL:
        return "str";
    default:
        return NULL;
    }
}

/* The member as pydantic calls it in loc: int, list[int], dict[str,int], a model's name. */
static void label_type(cito_arena *arena, cito_str *io_label, const cito_type *type)
{
    bool constrained = type->kind == CITO_KIND_ANNOTATED && cito_field_has_checks(type->annotated);
    type = cito_type_peel(type);
    const char *plain = plain_label(type->kind, constrained);
    if (plain) {
        append_label(arena, io_label, plain);
        return;
    }
    switch (type->kind) {
    case CITO_KIND_OPTIONAL:
        append_label(arena, io_label, "nullable[");
        break;
    case CITO_KIND_LIST:
        append_label(arena, io_label, "list[");
        break;
    case CITO_KIND_SET:
        append_label(arena, io_label, "set[");
        break;
    case CITO_KIND_DICT:
        append_label(arena, io_label, "dict[str,");
        break;
    case CITO_KIND_INT_DICT:
        append_label(arena, io_label, "dict[int,");
        break;
    case CITO_KIND_TUPLE:
        append_label(arena, io_label, "tuple[");
        for (size_t i = 0; i < type->field_count; i++) {
            append_label(arena, io_label, i ? ", " : "");
            label_type(arena, io_label, type->fields[i].type);
        }
        append_label(arena, io_label, "]");
        return;
    case CITO_KIND_ENUM:
        if (!type->name) {
            append_label(arena, io_label, "literal[");
            cito_str expected = cito_plan_of(type)->expected;
            append_label(arena, io_label, cito_arena_format(arena, "%s]", expected.data).data);
            return;
        }
        append_label(arena, io_label, type->name);
        return;
    default:
        append_label(arena, io_label, type->name ? type->name : "");
        return;
    }
    label_type(arena, io_label, type->element);
    append_label(arena, io_label, "]");
}

cito_str cito_union_label(cito_arena *arena, const cito_type *member)
{
    cito_str label = { 0 };
    label_type(arena, &label, member);
    return label;
}

/* How well a member fits. */
typedef struct union_fit {
    cito_exactness exactness;
    int64_t fields_set; /* -1: no model */
    size_t member;
    void *value;
} union_fit;

static bool is_better(const union_fit *fit, const union_fit *best)
{
    if (!best->value)
        return true;
    if (fit->fields_set >= 0 && best->fields_set >= 0 && fit->fields_set != best->fields_set)
        return fit->fields_set > best->fields_set;
    return fit->exactness < best->exactness;
}

static bool try_member(cito_decoding *decoding, const cito_scalar *scalar, const cito_type *member, bool strict, const cito_loc *loc,
                       union_fit *out)
{
    decoding->exactness = CITO_EXACT;
    decoding->fields_set = -1;
    out->value = cito_decoding_take(decoding, member->size + !member->size);
    if (!out->value)
        return false;
    bool is_good = scalar ? cito_decoding_scalar(decoding, scalar, member, NULL, strict, loc, out->value)
                          : cito_decoding_value(decoding, member, NULL, strict, loc, out->value);
    out->exactness = decoding->exactness;
    out->fields_set = decoding->fields_set;
    return is_good;
}

static bool spend_attempt(cito_decoding *decoding)
{
    if (decoding->union_depth <= FREE_DEPTH)
        return true;
    if (decoding->attempts_left) {
        decoding->attempts_left--;
        return true;
    }
    if (decoding->reader && !decoding->reader->error) {
        decoding->reader->error = "Too deeply nested";
        decoding->reader->error_at = decoding->reader->at;
    }
    return false;
}

static bool decode_smart(cito_decoding *decoding, const cito_scalar *scalar, const cito_type *type, bool strict, const cito_loc *loc,
                         void *into)
{
    const struct cito_type_plan *plan = cito_plan_of(type);
    cito_json_reader saved = { 0 };
    cito_exactness outer_exactness = decoding->exactness;
    int64_t outer_fields = decoding->fields_set;
    size_t first = decoding->errors->count;
    union_fit best = { 0 };
    if (!scalar) {
        cito_json_peek(decoding->reader);
        saved = *decoding->reader;
    }
    decoding->union_depth++;
    for (size_t i = 0; i < type->field_count; i++) {
        if (!spend_attempt(decoding))
            return false;
        if (!scalar && decoding->reader)
            *decoding->reader = saved;
        const cito_type *member = type->fields[i].type;
        cito_loc at = { .outer = loc, .name = plan->fields[i].label };
        union_fit fit = { .member = i };
        bool is_good = try_member(decoding, scalar, member, strict, &at, &fit);
        if (decoding->reader && decoding->reader->error)
            return false;
        if (is_good && is_better(&fit, &best))
            best = fit;
        if (is_good && fit.exactness == CITO_EXACT && fit.fields_set < 0)
            break;
    }
    decoding->union_depth--;
    decoding->exactness = outer_exactness;
    decoding->fields_set = outer_fields;
    if (!best.value)
        return false;
    decoding->errors->count = first;
    cito_decoding_floor(decoding, best.exactness);
    if (best.fields_set >= 0)
        decoding->fields_set = (outer_fields < 0 ? 0 : outer_fields) + best.fields_set;
    *(unsigned *)into = (unsigned)best.member;
    memcpy((char *)into + type->tail_offset, best.value, type->fields[best.member].type->size);
    return true;
}

/* Looks for the discriminator among the object's members, and puts the reader back. 1: found, 0: it has none, -1: syntax error. */
static int find_tag(cito_decoding *decoding, cito_str name, cito_scalar *out)
{
    cito_json_reader saved = *decoding->reader;
    cito_str key, raw;
    int found = 0;
    if (!cito_json_enter_object(decoding->reader))
        return -1;
    while (!found && cito_json_next_key(decoding->reader, &key)) {
        bool is_tag = key.len == name.len && memcmp(key.data, name.data, name.len) == 0;
        if (!(is_tag ? cito_decoding_read_scalar(decoding, out) : cito_json_skip(decoding->reader, &raw)))
            return -1;
        found = is_tag;
    }
    if (decoding->reader->error)
        return -1;
    *decoding->reader = saved;
    return found;
}

/* The tag in a message, as Python's str() shows it. */
static cito_str tag_text(const cito_scalar *tag)
{
    switch (tag->token) {
    case CITO_JSON_STRING:
        return tag->text;
    case CITO_JSON_NULL:
        return CITO_STR("None");
    case CITO_JSON_TRUE:
        return CITO_STR("True");
    case CITO_JSON_FALSE:
        return CITO_STR("False");
    default:
        return tag->input.text;
    }
}

static bool fail_tag(cito_decoding *decoding, const cito_type *type, const cito_scalar *tag, const cito_loc *loc)
{
    cito_scalar object;
    if (!cito_decoding_read_scalar(decoding, &object))
        return false;
    cito_arena *arena = decoding->errors->arena;
    cito_str quoted = cito_arena_format(arena, "'%s'", type->discriminator);
    if (!tag)
        return cito_decoding_fail_text(decoding, "union_tag_not_found", loc, object.input, "discriminator", quoted);
    const char *const names[] = { "discriminator", "tag", "expected_tags" };
    const cito_value *values[] = { cito_ctx_text(arena, quoted), cito_ctx_text(arena, tag_text(tag)),
                                   cito_ctx_text(arena, cito_plan_of(type)->expected_tags) };
    return cito_decoding_fail(decoding, "union_tag_invalid", loc, object.input, cito_ctx_object(arena, 3, names, values));
}

static bool decode_tagged(cito_decoding *decoding, const cito_type *type, const cito_loc *loc, void *into)
{
    if (cito_json_peek(decoding->reader) != CITO_JSON_OBJECT)
        return cito_decoding_refuse(decoding, "model_attributes_type", loc);
    cito_str name = { type->discriminator, strlen(type->discriminator) };
    cito_scalar tag;
    int found = find_tag(decoding, name, &tag);
    if (found < 0)
        return false;
    for (size_t i = 0; found && tag.token == CITO_JSON_STRING && i < type->field_count; i++) {
        const char *member = type->fields[i].name;
        if (strlen(member) != tag.text.len || memcmp(member, tag.text.data, tag.text.len) != 0)
            continue;
        cito_loc at = { .outer = loc, .name = tag.text };
        *(unsigned *)into = (unsigned)i;
        return cito_decoding_model(decoding, cito_type_peel(type->fields[i].type), name, &at, (char *)into + type->tail_offset);
    }
    return fail_tag(decoding, type, found ? &tag : NULL, loc);
}

bool cito_decoding_union(cito_decoding *decoding, const cito_scalar *scalar, const cito_type *type, bool strict, const cito_loc *loc,
                         void *into)
{
    if (!type->discriminator)
        return decode_smart(decoding, scalar, type, strict, loc, into);
    if (scalar)
        return cito_decoding_fail(decoding, "model_attributes_type", loc, scalar->input, NULL);
    return decode_tagged(decoding, type, loc, into);
}

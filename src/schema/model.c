/* Models made, changed, kept and read in C: the functions behind cito_new, cito_patch, cito_convert, cito_dup and cito_parse.
 *
 * A kept model is one malloc block, the struct first, so that freeing it is one free. Threading: any; the cached masks of cito_new are
 * written atomically and by everybody alike, the list of kept blocks has a lock. */
#include "schema/model.h"
#include "json/value.h"
#include "schema/copy.h"
#include "schema/decode.h"
#include "schema/encoding.h"
#include "schema/kept.h"
#include <cito/call.h>
#include <stdlib.h>

static uint64_t *fields_set_of(const cito_type *type, void *model) { return (uint64_t *)((char *)model + type->tail_offset); }

static int declared_index(const cito_type *type, const char *name, size_t len)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (strlen(type->fields[i].name) == len && !memcmp(type->fields[i].name, name, len))
            return (int)i;
    return -1;
}

/* ---- fields_set ------------------------------------------------------------------------------------------------------------------- */

static bool has_bit(const cito_plan_field *field, const void *model)
{
    return *(const uint64_t *)((const char *)model + field->bits[0].offset) & field->bits[0].mask;
}

static void set_bits(const cito_plan_field *field, void *model)
{
    for (uint32_t i = 0; i < field->bit_count; i++)
        *(uint64_t *)((char *)model + field->bits[i].offset) |= field->bits[i].mask;
}

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

bool cito_model_is_given(const cito_plan_field *field, const void *model)
{
    const char *value = (const char *)model + field->offset;
    if (has_bit(field, model))
        return true;
    return field->default_value ? !cito_copy_equal(field->type, value, field->default_value) : !is_zero(value, field->type->size);
}

static const cito_plan_field *find_named(const struct cito_type_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->field_count; i++)
        if (!strcmp(plan->fields[i].field->name, name))
            return &plan->fields[i];
    return NULL;
}

bool cito_model_is_set(const cito_type *type, const void *model, const char *name)
{
    type = cito_type_peel(type);
    const cito_plan_field *field = find_named(cito_plan_of(type), name);
    int index = declared_index(type, name, strlen(name));
    if (field)
        return cito_model_is_given(field, model);
    if (index >= 0) /* a flattened model */
        return *fields_set_of(type, (void *)model) >> index & 1;
    cito_log("error", "cito_model_is_set: %s has no field %s", type->name, name);
    return false;
}

/* ---- cito_new ----------------------------------------------------------------------------------------------------------------------- */

static const char *skip_quoted(const char *at)
{
    char quote = *at++;
    while (*at && *at != quote)
        at += *at == '\\' && at[1] ? 2 : 1;
    return *at ? at + 1 : at;
}

/* Past one initialiser: up to the comma at its own level, or the end. */
static const char *skip_initialiser(const char *at)
{
    int depth = 0;
    while (*at && (depth || *at != ',')) {
        if (*at == '"' || *at == '\'') {
            at = skip_quoted(at);
            continue;
        }
        depth += *at == '(' || *at == '[' || *at == '{';
        depth -= *at == ')' || *at == ']' || *at == '}';
        at++;
    }
    return at;
}

static const char *skip_blanks(const char *at) { return at + strspn(at, " \t\n"); }

/* A designator's name at the dot; its length. */
static size_t read_designator(const char *dot, const char **out_name)
{
    *out_name = skip_blanks(dot + 1);
    size_t len = 0;
    while ((*out_name)[len] == '_' || ((*out_name)[len] >= '0' && (*out_name)[len] <= '9') ||
           ((*out_name)[len] >= 'A' && (*out_name)[len] <= 'Z') || ((*out_name)[len] >= 'a' && (*out_name)[len] <= 'z'))
        len++;
    return len;
}

/* The fields that the initialisers name, in the order of C: one without a name is the field behind the last one. Names inside of a
 * flattened model (.base.name = …) are noted in that model, which is then given in part. */
static uint64_t read_names(const cito_type *type, void *model, const char *text, uint64_t *out_in_part)
{
    uint64_t mask = 0;
    int next = 0;
    for (const char *at = skip_blanks(text); *at; at = skip_blanks(at)) {
        if (*at == '.') {
            const char *name;
            size_t len = read_designator(at, &name);
            const char *behind = skip_blanks(name + len);
            next = declared_index(type, name, len);
            if (next >= 0 && *behind == '.' && type->fields[next].flatten) {
                const cito_type *inner = cito_type_peel(type->fields[next].type);
                const char *inner_name;
                size_t inner_len = read_designator(behind, &inner_name);
                int index = declared_index(inner, inner_name, inner_len);
                *out_in_part |= (uint64_t)1 << next;
                if (index >= 0)
                    *fields_set_of(inner, (char *)model + type->fields[next].offset) |= (uint64_t)1 << index;
            }
        }
        if (next >= 0 && (size_t)next < type->field_count)
            mask |= (uint64_t)1 << next++;
        at = skip_initialiser(at);
        at += *at == ',';
    }
    return mask;
}

static bool has_flattened(const cito_type *type)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].flatten)
            return true;
    return false;
}

/* Defaults for what was not given. A flattened model that was given whole (.base = base) stays as it is. */
static void fill_defaults(const cito_type *type, char *model, uint64_t given)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const cito_field *field = &type->fields[i];
        const cito_type *inner = cito_type_peel(field->type);
        if (given >> i & 1)
            continue;
        if (field->flatten && inner->kind == CITO_KIND_MODEL) {
            fill_defaults(inner, model + field->offset, *fields_set_of(inner, model + field->offset));
            continue;
        }
        const void *value = cito_plan_default(field);
        if (value)
            memcpy(model + field->offset, value, field->type->size);
    }
}

void cito_model_complete(const cito_type *type, void *model, struct cito_named *named)
{
    type = cito_type_peel(type);
    uint64_t mask = __atomic_load_n(&named->mask, __ATOMIC_RELAXED), in_part = 0;
    if (!mask || has_flattened(type)) {
        mask = read_names(type, model, named->text, &in_part);
        __atomic_store_n(&named->mask, mask, __ATOMIC_RELAXED);
    }
    *fields_set_of(type, model) |= mask;
    fill_defaults(type, model, mask & ~in_part);
}

/* ---- from one model to another ------------------------------------------------------------------------------------------------------- */

/* Memory for the time of one call. cito_alloc may raise past the frame that holds it, so the request ends it too; ending it twice does no
 * harm. */
typedef struct temporary_room {
    cito_arena arena;
    cito_errors errors;
    cito_buffer json;
} temporary_room;

static void temporary_end(void *data)
{
    temporary_room *room = data;
    cito_arena_finish(&room->arena);
    cito_buffer_finish(&room->json);
}

static temporary_room *temporary_begin(void)
{
    temporary_room *made = cito_alloc(sizeof *made);
    cito_arena_init(&made->arena, 0);
    cito_buffer_init(&made->json);
    cito_errors_init(&made->errors, &made->arena);
    cito_defer(temporary_end, made);
    return made;
}

/* A copy in the request's memory. */
static void copy_out(const cito_type *type, const void *value, void *into)
{
    size_t size = cito_copy_measure(type, value);
    cito_copy_to(type, value, into, size ? cito_alloc(size) : NULL);
}

/* What neither type is as it stands: written as JSON and read again, as a response model's field would be. */
static bool copy_converted(const cito_type *from, const void *source, const cito_plan_field *to, void *target)
{
    temporary_room *room = temporary_begin();
    cito_encoding encoding;
    cito_json_reader reader;
    cito_encoding_init(&encoding, NULL, &room->json);
    encoding.raw = true;
    bool ok = cito_encoding_write(&encoding, from, source);
    if (ok) {
        *cito_buffer_reserve(&room->json, 1) = '\0';
        cito_json_reader_init(&reader, (cito_str){ room->json.data, room->json.len }, &room->arena, 0);
        void *read = cito_arena_take_zeroed(&room->arena, to->type->size + 1);
        ok = cito_decode_json(&reader, to->type, to->checks, NULL, read, &room->errors);
        if (ok)
            copy_out(to->type, read, target);
    }
    temporary_end(room);
    return ok;
}

/* false: the value does not fit. Optional and plain values of one type stand for each other. */
static bool copy_field(const cito_plan_field *from, const char *source, const cito_plan_field *to, char *target)
{
    const void *value = source + from->offset;
    void *into = target + to->offset;
    if (cito_type_equal(from->type, to->type)) {
        memcpy(into, value, to->type->size);
        return true;
    }
    bool is_optional = from->kind == CITO_KIND_OPTIONAL && cito_type_equal(cito_type_peel(from->type->element), to->type);
    if (is_optional && *(const void *const *)value) {
        memcpy(into, *(const void *const *)value, to->type->size);
        return true;
    }
    if (to->kind == CITO_KIND_OPTIONAL && cito_type_equal(cito_type_peel(to->type->element), from->type)) {
        *(void **)into = cito_copy(value, from->type->size);
        return true;
    }
    return copy_converted(from->type, value, to, into);
}

static const cito_plan_field *find_partner(const struct cito_type_plan *plan, const cito_plan_field *wanted)
{
    const cito_plan_field *found = find_named(plan, wanted->field->name);
    int index = found ? -1 : cito_plan_find(plan, wanted->key);
    return index >= 0 ? &plan->fields[index] : found;
}

static void report_mismatch(const char *function, const cito_type *from, const cito_type *to, const cito_plan_field *field)
{
    cito_log("error", "%s: %s.%s does not fit %s.%s, which keeps its value", function, from->name, field->field->name, to->name,
             field->field->name);
}

void cito_model_patch(const cito_type *to, void *target, const cito_type *from, const void *patch)
{
    const struct cito_type_plan *plan = cito_plan_of(to = cito_type_peel(to)), *given = cito_plan_of(from = cito_type_peel(from));
    for (uint32_t i = 0; i < given->field_count; i++) {
        const cito_plan_field *field = &given->fields[i], *partner = find_partner(plan, field);
        if (!partner || !cito_model_is_given(field, patch))
            continue;
        if (copy_field(field, patch, partner, target))
            set_bits(partner, target);
        else
            report_mismatch("cito_patch", from, to, field);
    }
}

void cito_model_convert(const cito_type *from, const void *source, const cito_type *to, void *target)
{
    const struct cito_type_plan *plan = cito_plan_of(to = cito_type_peel(to)), *given = cito_plan_of(from = cito_type_peel(from));
    memset(target, 0, to->size);
    for (uint32_t i = 0; i < plan->field_count; i++) {
        const cito_plan_field *wanted = &plan->fields[i], *field = find_partner(given, wanted);
        if (wanted->default_value)
            memcpy((char *)target + wanted->offset, wanted->default_value, wanted->type->size);
        if (!field || !cito_model_is_given(field, source)) {
            if (field && cito_type_equal(field->type, wanted->type))
                memcpy((char *)target + wanted->offset, (const char *)source + field->offset, wanted->type->size);
        } else if (copy_field(field, source, wanted, target)) {
            set_bits(wanted, target);
        } else {
            report_mismatch("cito_convert", from, to, wanted);
        }
    }
}

/* ---- keeping
 * ---------------------------------------------------------------------------------------------------------------------------- */

void *cito_model_dup(const cito_type *type, const void *model)
{
    size_t head = (type->size + 15) & ~(size_t)15, size = head + cito_copy_measure(type, model);
    char *kept = malloc(size);
    if (!kept) {
        cito_log("error", "cito_dup: no memory for %zu bytes", size);
        abort();
    }
    cito_copy_to(type, model, kept, kept + head);
    cito_kept_note(kept, size);
    return kept;
}

void cito_model_free(const cito_type *type, void *model)
{
    (void)type;
    if (!model)
        return;
    cito_kept_forget(model);
    free(model);
}

/* ---- reading and names
 * ------------------------------------------------------------------------------------------------------------------- */

/* Raises 422 with the errors, whose memory ends here. */
static _Noreturn void raise_errors(temporary_room *room)
{
    const cito_value *found = cito_errors_value(&room->errors),
                     *detail = cito_copy_value(found, cito_alloc(cito_copy_measure_value(found)));
    temporary_end(room);
    cito_raise_with(.status_code = 422, .detail = detail);
}

static void add_syntax_error(temporary_room *room, const cito_json_reader *reader)
{
    cito_loc place = { .index = (int64_t)cito_json_error_offset(reader) };
    const cito_value *ctx = cito_object("error", reader->error);
    cito_errors_init(&room->errors, &room->arena); /* what was found before means nothing */
    cito_errors_add(&room->errors, "json_invalid", &place, (cito_input){ .kind = CITO_INPUT_JSON, .text = CITO_STR("{}") }, ctx);
}

void cito_model_parse(const cito_type *type, const char *json, void *into)
{
    temporary_room *room = temporary_begin();
    cito_json_reader reader;
    cito_str text = { json ? json : "", json ? strlen(json) : 0 };
    cito_json_reader_init(&reader, text, &room->arena, 0);
    void *read = cito_arena_take_zeroed(&room->arena, type->size + 1);
    bool ok = cito_decode_json(&reader, type, NULL, NULL, read, &room->errors) && cito_json_at_end(&reader);
    if (!ok && reader.error)
        add_syntax_error(room, &reader);
    if (!ok)
        raise_errors(room);
    copy_out(type, read, into);
    temporary_end(room);
}

cito_str cito_enum_name(const cito_type *type, int value)
{
    size_t count = 0;
    type = cito_type_peel(type);
    while (type->members[count])
        count++;
    if (value >= 0 && (size_t)value < count)
        return (cito_str){ type->members[value], strlen(type->members[value]) };
    cito_log("error", "cito_name: %d is no member of %s", value, type->name ? type->name : "the literal");
    return CITO_STR("");
}

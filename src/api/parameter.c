/* One parameter: its source and its decoding.
 *
 * Invariants: a planned parameter is never changed; decoding writes only to the place it is given. Threading: planning at start on one thread, decoding on
 * the loop's. */
#include "api/parameter.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cito_mistake_add(cito_buffer *mistakes, const char *file, int line, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    cito_buffer_append_format(mistakes, "%s:%d: %s\n", file, line, text);
}

const cito_type *cito_type_base(const cito_type *type)
{
    while (type->kind == CITO_KIND_OPTIONAL || type->kind == CITO_KIND_ANNOTATED)
        type = type->element;
    return type;
}

static bool is_collection(const cito_type *type) { return type->kind == CITO_KIND_LIST || type->kind == CITO_KIND_SET; }

/* What FastAPI takes for a body where nothing is said: whatever is no scalar. A smart union of scalars is one. */
static bool is_scalar(const cito_type *type)
{
    switch (type->kind) {
    case CITO_KIND_MODEL:
    case CITO_KIND_LIST:
    case CITO_KIND_SET:
    case CITO_KIND_DICT:
    case CITO_KIND_INT_DICT:
    case CITO_KIND_TUPLE:
        return false;
    case CITO_KIND_UNION:
        for (size_t i = 0; i < type->field_count; i++)
            if (!is_scalar(cito_type_base(type->fields[i].type)))
                return false;
        return true;
    default:
        return true;
    }
}

bool cito_type_holds_file(const cito_type *type)
{
    const cito_type *base = cito_type_base(type);
    return base->kind == CITO_KIND_FILE || (is_collection(base) && cito_type_base(base->element)->kind == CITO_KIND_FILE);
}

bool cito_param_may_be_query(const cito_param *param)
{
    const cito_type *base = cito_type_base(param->field->type);
    return param->field->location == CITO_IN_INFERRED && is_collection(base) && is_scalar(cito_type_base(base->element));
}

static const char *type_text(const cito_type *type, cito_arena *arena)
{
    const char *outer = type->kind == CITO_KIND_OPTIONAL ? "opt"
                        : type->kind == CITO_KIND_LIST   ? "list"
                        : type->kind == CITO_KIND_SET    ? "set"
                                                         : NULL;
    if (outer)
        return cito_arena_format(arena, "%s(%s)", outer, type_text(type->element, arena)).data;
    return type->name ? type->name : "T";
}

const char *cito_param_type_text(const cito_param *param, cito_arena *arena) { return type_text(param->field->type, arena); }

static int path_index_of(const char *const *path_names, const char *name)
{
    for (int i = 0; path_names[i]; i++)
        if (strcmp(path_names[i], name) == 0)
            return i;
    return -1;
}

static cito_source source_of(const cito_field *field, const cito_type *base, int path_index)
{
    switch (field->location) {
    case CITO_IN_PATH:
        return CITO_FROM_PATH;
    case CITO_IN_QUERY:
        return CITO_FROM_QUERY;
    case CITO_IN_HEADER:
        return CITO_FROM_HEADER;
    case CITO_IN_COOKIE:
        return CITO_FROM_COOKIE;
    case CITO_IN_FORM:
        return CITO_FROM_FORM;
    case CITO_IN_BODY:
        return CITO_FROM_BODY;
    case CITO_IN_INFERRED:
        break;
    }
    if (path_index >= 0)
        return CITO_FROM_PATH;
    if (cito_type_holds_file(base))
        return CITO_FROM_FORM;
    return is_scalar(base) ? CITO_FROM_QUERY : CITO_FROM_BODY;
}

/* A header's name on the wire: lower case, hyphens for underscores unless switched off. */
static cito_str header_name(const cito_field *field, cito_arena *arena)
{
    const char *name = field->alias ? field->alias : field->name;
    cito_str wire = cito_arena_copy_str(arena, name, strlen(name));
    for (size_t i = 0; i < wire.len; i++) {
        char *c = (char *)wire.data + i;
        *c = *c == '_' && !field->alias && !field->convert_underscores_off ? '-' : (char)tolower((unsigned char)*c);
    }
    return wire;
}

static bool plan_context(cito_param *param, const cito_type *type, const cito_callable *callable, cito_buffer *mistakes)
{
    if (type->kind != CITO_KIND_CONTEXT)
        return false;
    if (type == cito_t_request)
        param->source = CITO_FROM_REQUEST;
    else if (type == cito_t_response)
        param->source = CITO_FROM_RESPONSE;
    else if (type == cito_t_background)
        param->source = CITO_FROM_BACKGROUND;
    else
        cito_mistake_add(mistakes, callable->file, callable->line,
                         "parameter %s of %s is a %s, which no request carries: write (depends(…), %s)", param->field->name, callable->name,
                         type->name, param->field->name);
    return true;
}

/* Whether texts can say it: a scalar, a row of scalars, or, where the fields are parameters of their own, a model. */
static bool fits_texts(const cito_param *param, const cito_type *base)
{
    if (base->kind == CITO_KIND_TUPLE) {
        for (size_t i = 0; i < base->field_count; i++)
            if (!is_scalar(cito_type_base(base->fields[i].type)))
                return false;
        return param->source != CITO_FROM_PATH;
    }
    if (is_collection(base))
        return param->source != CITO_FROM_PATH && is_scalar(cito_type_base(base->element));
    return is_scalar(base) || param->is_model || (base->kind == CITO_KIND_UNION && param->source == CITO_FROM_FORM);
}

static void check_param(const cito_param *param, const cito_callable *callable, int path_index, const char *route, cito_buffer *mistakes)
{
    const cito_field *field = param->field;
    const cito_type *base = cito_type_base(field->type);
    if (param->source == CITO_FROM_PATH && path_index < 0)
        cito_mistake_add(mistakes, callable->file, callable->line,
                         "%s: parameter %s of %s is said to be in the path, which has no {%s}: add it, or take `path` away", route,
                         field->name, callable->name, param->wire_name.data);
    if (param->source == CITO_FROM_PATH && !cito_field_is_required(field))
        cito_mistake_add(mistakes, callable->file, callable->line,
                         "%s: path parameter %s of %s cannot be optional or have a default: a path without it is another path", route,
                         field->name, callable->name);
    if (param->source == CITO_FROM_BODY)
        return;
    if (param->source != CITO_FROM_FORM && cito_type_holds_file(base))
        cito_mistake_add(mistakes, callable->file, callable->line, "%s: parameter %s of %s is a file: only a form carries one", route,
                         field->name, callable->name);
    else if (!fits_texts(param, base))
        cito_mistake_add(mistakes, callable->file, callable->line,
                         "%s: parameter %s of %s comes as text, which cannot say its type: let it come from the `body`", route, field->name,
                         callable->name);
}

void cito_param_plan(cito_param *param, const cito_field *field, const cito_callable *callable, const char *const *path_names,
                     const char *route, cito_arena *arena, cito_buffer *mistakes)
{
    const cito_type *base = cito_type_base(field->type);
    *param = (cito_param){ .field = field, .node = -1 };
    if (field->type->kind == CITO_KIND_DEPENDS) {
        param->source = CITO_FROM_DEPENDENCY;
        return;
    }
    if (plan_context(param, base, callable, mistakes))
        return;
    const char *name = field->alias ? field->alias : field->name;
    int path_index = path_index_of(path_names, name);
    param->source = source_of(field, base, path_index);
    param->wire_name = param->source == CITO_FROM_HEADER ? header_name(field, arena) : (cito_str){ name, strlen(name) };
    param->loc_name = field->alias ? (cito_str){ name, strlen(name) } : param->wire_name;
    param->is_list = is_collection(base) || base->kind == CITO_KIND_TUPLE;
    param->is_model = base->kind == CITO_KIND_MODEL && param->source != CITO_FROM_BODY && param->source != CITO_FROM_PATH;
    if (param->source == CITO_FROM_PATH && path_index >= 0)
        param->path_index = (size_t)path_index;
    check_param(param, callable, path_index, route, mistakes);
}

/* ---- decoding ------------------------------------------------------------------------------------------------------- */

static const char *source_name(cito_source source)
{
    switch (source) {
    case CITO_FROM_PATH:
        return "path";
    case CITO_FROM_QUERY:
        return "query";
    case CITO_FROM_HEADER:
        return "header";
    case CITO_FROM_COOKIE:
        return "cookie";
    default:
        return "body";
    }
}

/* The values of one name, in order. Most names come once: then `one` holds it and nothing is allocated. */
typedef struct texts {
    const cito_str *items;
    size_t count;
    cito_str one;
} texts;

static void texts_of_pairs(const cito_pairs *pairs, cito_str name, bool want_all, cito_arena *arena, texts *out)
{
    size_t count = 0, last = 0;
    for (size_t i = 0; i < pairs->count; i++)
        if (cito_same(pairs->items[i].name, name))
            count++, last = i;
    if (count > 0 && (count == 1 || !want_all)) {
        out->one = pairs->items[last].value;
        *out = (texts){ &out->one, 1, out->one };
        out->items = &out->one;
        return;
    }
    out->count = count;
    if (!count)
        return;
    cito_str *all = cito_arena_take(arena, count * sizeof *all);
    for (size_t i = 0, n = 0; all && i < pairs->count; i++)
        if (cito_same(pairs->items[i].name, name))
            all[n++] = pairs->items[i].value;
    out->items = all;
}

static void texts_of_header(cito_request *request, cito_str name, bool want_all, texts *out)
{
    const cito_str *first = cito_request_header_at(request, name, 0);
    if (!first)
        return;
    out->one = *first;
    out->items = &out->one;
    out->count = 1;
    if (!want_all || !cito_request_header_at(request, name, 1))
        return;
    while (cito_request_header_at(request, name, out->count))
        out->count++;
    cito_str *all = cito_arena_take(cito_request_arena(request), out->count * sizeof *all);
    for (size_t i = 0; all && i < out->count; i++)
        all[i] = *cito_request_header_at(request, name, i);
    out->items = all;
}

/* A part as the decoder takes it: its text, or the file. */
static cito_str text_of_part(const cito_form_part *part)
{
    return part->file ? (cito_str){ (const char *)(const void *)part->file, CITO_TEXT_IS_UPLOAD } : part->value;
}

/* The last part counts for a scalar; a list takes all, empty ones too. */
static void texts_of_form(cito_request *request, cito_str name, bool want_all, texts *out)
{
    const cito_form *form = request->form;
    size_t count = 0, last = 0;
    for (size_t i = 0; form && i < form->count; i++)
        if (cito_same(form->parts[i].name, name))
            count++, last = i;
    if (!count)
        return;
    if (!want_all || count == 1) {
        out->one = text_of_part(&form->parts[last]);
        out->items = &out->one;
        out->count = 1;
        return;
    }
    cito_str *all = cito_arena_take(cito_request_arena(request), count * sizeof *all);
    for (size_t i = 0; all && i < form->count; i++)
        if (cito_same(form->parts[i].name, name))
            all[out->count++] = text_of_part(&form->parts[i]);
    out->items = all;
}

static void texts_find(cito_source source, cito_request *request, cito_str name, bool want_all, texts *out)
{
    out->items = NULL;
    out->count = 0;
    switch (source) {
    case CITO_FROM_QUERY:
        texts_of_pairs(cito_request_query_pairs(request), name, want_all, cito_request_arena(request), out);
        break;
    case CITO_FROM_COOKIE:
        texts_of_pairs(cito_request_cookies(request), name, want_all, cito_request_arena(request), out);
        break;
    case CITO_FROM_HEADER:
        texts_of_header(request, name, want_all, out);
        break;
    default:
        texts_of_form(request, name, want_all, out);
    }
}

/* A model's fields as parameters of their own: the source that cito_decode_model_texts asks. */
typedef struct model_texts {
    cito_source source;
    cito_request *request;
    texts found;
} model_texts;

static size_t model_find(void *data, cito_str name, const cito_str **out_texts)
{
    model_texts *source = data;
    texts_find(source->source, source->request, name, true, &source->found);
    *out_texts = source->found.items;
    return source->found.count;
}

static bool model_at(void *data, size_t index, cito_str *out_name, cito_str *out_text)
{
    model_texts *source = data;
    cito_request *request = source->request;
    if (source->source == CITO_FROM_HEADER) {
        const cito_scope_http *scope = &request->exchange->scope;
        if (index >= scope->header_count)
            return false;
        *out_name = scope->headers[index].name;
        *out_text = scope->headers[index].value;
        return true;
    }
    if (source->source == CITO_FROM_FORM) {
        if (!request->form || index >= request->form->count)
            return false;
        *out_name = request->form->parts[index].name;
        *out_text = text_of_part(&request->form->parts[index]);
        return true;
    }
    const cito_pairs *pairs = source->source == CITO_FROM_QUERY ? cito_request_query_pairs(request) : cito_request_cookies(request);
    if (index >= pairs->count)
        return false;
    *out_name = pairs->items[index].name;
    *out_text = pairs->items[index].value;
    return true;
}

static bool decode_model(const cito_param *param, cito_request *request, const cito_loc *loc, void *into, cito_errors *errors)
{
    model_texts source = { .source = param->source, .request = request };
    const cito_text_source asked = { .find = model_find,
                                     .at = model_at,
                                     .data = &source,
                                     .empty_is_absent = param->source == CITO_FROM_FORM,
                                     .header_names = param->source == CITO_FROM_HEADER && !param->field->convert_underscores_off };
    const cito_type *type = param->field->type;
    if (type->kind != CITO_KIND_OPTIONAL)
        return cito_decode_model_texts(&asked, cito_type_base(type), loc, into, errors->arena, errors);
    /* An optional model of parameters is always there: its fields may be absent, it cannot. */
    void *model = cito_arena_take_zeroed(errors->arena, cito_type_base(type)->size);
    *(void **)into = model;
    return model && cito_decode_model_texts(&asked, cito_type_base(type), loc, model, errors->arena, errors);
}

static bool decode_path(const cito_param *param, cito_request *request, const cito_loc *loc, void *into, cito_errors *errors)
{
    cito_str slice = request->match->values[param->path_index];
    cito_str value = cito_arena_copy_str(errors->arena, slice.data, slice.len); /* no NUL stands behind the slice */
    return cito_decode_texts(&value, 1, param->field->type, param->field, loc, into, errors->arena, errors);
}

bool cito_param_decode(const cito_param *param, cito_request *request, void *into, cito_errors *errors)
{
    const char *place = source_name(param->source);
    cito_loc outer = { .name = { place, strlen(place) } };
    if (param->is_model)
        return decode_model(param, request, &outer, into, errors);
    cito_loc loc = { .outer = &outer, .name = param->loc_name };
    if (param->source == CITO_FROM_PATH)
        return decode_path(param, request, &loc, into, errors);
    texts found;
    texts_find(param->source, request, param->wire_name, param->is_list, &found);
    /* A form cannot say whether a field was left empty or left out: empty counts as absent. */
    bool is_empty = param->source == CITO_FROM_FORM && !param->is_list && found.count && found.items[0].len == 0;
    if (found.count && !is_empty)
        return cito_decode_texts(found.items, found.count, param->field->type, param->field, &loc, into, errors->arena, errors);
    if (cito_decode_default(param->field, into, errors->arena))
        return true;
    cito_errors_add(errors, "missing", &loc, (cito_input){ .kind = CITO_INPUT_NULL }, NULL);
    return false;
}

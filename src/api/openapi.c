/* Writes the OpenAPI document.
 *
 * Two passes: first every type is shown to the components, which then name themselves; then the paths are written and the components behind them. Paths stand in
 * the order of declaration; a second function on the same path and method replaces the first's description, as in FastAPI. Threading: at start, one thread. */
#include "api/openapi.h"
#include "api/document.h"
#include "api/parameter.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/json_schema.h"
#include "schema/plan.h"
#include <ctype.h>
#include <string.h>

/* ---- operations ------------------------------------------------------------------------------------------------------------------ */

static void write_operation(cito_document *doc, const cito_operation *operation)
{
    const cito_decorator *decorator = operation->decorator;
    bool first = true;
    cito_buffer_append_char(doc->out, '{');
    if (operation->tags[0]) {
        cito_document_key(doc, &first, "tags");
        for (size_t i = 0; operation->tags[i]; i++) {
            cito_buffer_append_char(doc->out, i ? ',' : '[');
            cito_document_text(doc, operation->tags[i]);
        }
        cito_buffer_append_char(doc->out, ']');
    }
    cito_document_member(doc, &first, "summary",
                         decorator->summary ? decorator->summary : cito_title_of(doc->arena, operation->callable->name).data);
    cito_document_member(doc, &first, "description", decorator->description);
    cito_document_member(doc, &first, "operationId", operation->operation_id);
    if (operation->deprecated)
        cito_document_flag(doc, &first, "deprecated");
    cito_document_write_params(doc, &first, operation);
    cito_document_write_body(doc, &first, operation);
    cito_document_write_responses(doc, &first, operation);
    cito_buffer_append_char(doc->out, '}');
}

static const cito_value *join_arrays(cito_arena *arena, const cito_value *base, const cito_value *extra)
{
    cito_value *joined = cito_arena_take(arena, sizeof *joined);
    *joined = (cito_value){ .kind = CITO_VALUE_ARRAY, .count = base->count + extra->count };
    joined->as.elements = cito_arena_take(arena, ((size_t)joined->count + 1) * sizeof *joined->as.elements);
    for (uint32_t i = 0; i < joined->count; i++)
        joined->as.elements[i] = i < base->count ? base->as.elements[i] : extra->as.elements[i - base->count];
    return joined;
}

/* {**base, **extra}; objects within objects likewise, arrays one behind the other. */
static const cito_value *deep_merge(cito_arena *arena, const cito_value *base, const cito_value *extra)
{
    if (base && base->kind == CITO_VALUE_ARRAY && extra->kind == CITO_VALUE_ARRAY)
        return join_arrays(arena, base, extra);
    if (!base || base->kind != CITO_VALUE_OBJECT || extra->kind != CITO_VALUE_OBJECT)
        return extra;
    cito_value *merged = cito_arena_take(arena, sizeof *merged);
    *merged = (cito_value){ .kind = CITO_VALUE_OBJECT };
    merged->as.members = cito_arena_take(arena, ((size_t)base->count + extra->count + 1) * sizeof *merged->as.members);
    for (uint32_t i = 0; i < base->count; i++)
        merged->as.members[merged->count++] = base->as.members[i];
    for (uint32_t i = 0; i < extra->count; i++) {
        uint32_t at = 0;
        while (at < merged->count && !cito_same(merged->as.members[at].key, extra->as.members[i].key))
            at++;
        const cito_value *old = at < merged->count ? merged->as.members[at].value : NULL;
        merged->as.members[at] = (cito_value_member){ extra->as.members[i].key, deep_merge(arena, old, extra->as.members[i].value) };
        if (at == merged->count)
            merged->count++;
    }
    return merged;
}

static void write_with_extra(cito_document *doc, const cito_operation *operation)
{
    size_t before = doc->out->len;
    write_operation(doc, operation);
    const char *extra = operation->decorator->openapi_extra;
    if (!extra)
        return;
    cito_str written = cito_arena_copy_str(doc->arena, doc->out->data + before, doc->out->len - before);
    const cito_value *base = cito_value_parse(doc->arena, written, NULL, NULL);
    const cito_value *more = cito_value_parse(doc->arena, cito_option_json(extra, doc->arena), NULL, NULL);
    doc->out->len = before;
    cito_value_write(doc->out, deep_merge(doc->arena, base, more));
}

static bool is_shown(const cito_operation *operation) { return !operation->exclude_from_schema; }

static bool is_replaced(const cito_api *api, size_t index)
{
    const cito_operation *operation = api->operations[index];
    for (size_t i = index + 1; i < api->operation_count; i++)
        if (is_shown(api->operations[i]) && strcmp(api->operations[i]->document_path, operation->document_path) == 0 &&
            strcmp(api->operations[i]->method, operation->method) == 0)
            return true;
    return false;
}

static bool came_before(const cito_api *api, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (is_shown(api->operations[i]) && strcmp(api->operations[i]->document_path, api->operations[index]->document_path) == 0)
            return true;
    return false;
}

static void write_path(cito_document *doc, size_t index)
{
    const cito_api *api = doc->api;
    const char *path = api->operations[index]->document_path;
    bool first = true;
    cito_buffer_append_char(doc->out, '{');
    for (size_t i = index; i < api->operation_count; i++) {
        const cito_operation *operation = api->operations[i];
        if (!is_shown(operation) || strcmp(operation->document_path, path) != 0 || is_replaced(api, i))
            continue;
        char *method = (char *)cito_arena_format(doc->arena, "%s", operation->method).data;
        for (char *c = method; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        cito_document_key(doc, &first, method);
        write_with_extra(doc, operation);
    }
    cito_buffer_append_char(doc->out, '}');
}

static void write_paths(cito_document *doc, bool *first)
{
    bool first_path = true;
    cito_document_key(doc, first, "paths");
    cito_buffer_append_char(doc->out, '{');
    for (size_t i = 0; i < doc->api->operation_count; i++) {
        if (!is_shown(doc->api->operations[i]) || came_before(doc->api, i))
            continue;
        cito_document_key(doc, &first_path, doc->api->operations[i]->document_path);
        write_path(doc, i);
    }
    cito_buffer_append_char(doc->out, '}');
}

/* ---- components --------------------------------------------------------------------------------------------------------------- */

static void collect(cito_document *doc)
{
    for (size_t i = 0; i < doc->api->operation_count; i++) {
        const cito_operation *operation = doc->api->operations[i];
        if (!is_shown(operation))
            continue;
        for (int j = 0; j < operation->node_count; j++)
            for (size_t k = 0; k < operation->nodes[j].callable->param_count; k++) {
                const cito_param *param = &operation->nodes[j].params[k];
                if (param->source < CITO_FROM_DEPENDENCY && !param->field->exclude_from_schema &&
                    (!param->is_model || param->source == CITO_FROM_FORM))
                    cito_components_collect(doc->components, param->field->type, false);
                else if (param->source < CITO_FROM_DEPENDENCY && param->is_model)
                    for (size_t f = 0; f < cito_type_base(param->field->type)->field_count; f++)
                        cito_components_collect(doc->components, cito_type_base(param->field->type)->fields[f].type, false);
            }
        if (operation->response_type && operation->response_type->kind != CITO_KIND_CONTEXT)
            cito_components_collect(doc->components, operation->response_type, true);
        for (size_t j = 0; j < operation->response_count; j++)
            if (operation->responses[j].model)
                cito_components_collect(doc->components, operation->responses[j].model, true);
    }
    cito_components_name(doc->components);
}

static bool any_may_answer_422(const cito_api *api)
{
    for (size_t i = 0; i < api->operation_count; i++)
        if (is_shown(api->operations[i]) && cito_document_may_answer_422(api->operations[i]))
            return true;
    return false;
}

static void add_validation_error(cito_document *doc)
{
    cito_components_add_text(
        doc->components, "HTTPValidationError",
        CITO_STR("{\"properties\":{\"detail\":{\"items\":{\"$ref\":\"#/components/schemas/ValidationError\"},\"type\":\"array\",\"title\":"
                 "\"Detail\"}},\"type\":\"object\",\"title\":\"HTTPValidationError\"}"));
    cito_components_add_text(
        doc->components, "ValidationError",
        CITO_STR(
            "{\"properties\":{\"loc\":{\"items\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]},\"type\":\"array\",\"title\":"
            "\"Location\"},\"msg\":{\"type\":\"string\",\"title\":\"Message\"},\"type\":{\"type\":\"string\",\"title\":\"Error Type\"},"
            "\"input\":{\"title\":\"Input\"},\"ctx\":{\"type\":\"object\",\"title\":\"Context\"}},\"type\":\"object\",\"required\":["
            "\"loc\","
            "\"msg\",\"type\"],\"title\":\"ValidationError\"}"));
}

cito_str cito_openapi_make(cito_api *api)
{
    cito_buffer out, schemas;
    cito_buffer_init(&out);
    cito_buffer_init(&schemas);
    cito_document doc = { .api = api, .arena = &api->arena, .components = cito_components_new(), .out = &out };
    bool first = true;
    doc.params = cito_arena_take(doc.arena, CITO_LISTED_MAX * sizeof *doc.params);
    collect(&doc);
    cito_buffer_append_char(&out, '{');
    cito_document_member(&doc, &first, "openapi", "3.1.0");
    cito_document_write_info(&doc, &first);
    cito_document_write_servers(&doc, &first);
    write_paths(&doc, &first);
    if (any_may_answer_422(api))
        add_validation_error(&doc);
    cito_components_write(doc.components, &schemas);
    if (schemas.len) {
        cito_document_key(&doc, &first, "components");
        cito_buffer_append_literal(&out, "{\"schemas\":{");
        cito_buffer_append(&out, schemas.data, schemas.len);
        cito_buffer_append_literal(&out, "}}");
    }
    cito_document_write_tags(&doc, &first);
    cito_buffer_append_char(&out, '}');
    cito_str made = cito_arena_copy_str(&api->arena, out.data, out.len);
    cito_components_free(doc.components);
    cito_buffer_finish(&out);
    cito_buffer_finish(&schemas);
    return made;
}

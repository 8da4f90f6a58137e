/* Writes the OpenAPI document.
 *
 * Two passes: first every type is shown to the components, which then name themselves; then the paths are written and the components behind them. Paths stand in
 * the order of declaration; a second function on the same path and method replaces the first's description, as in FastAPI. Threading: at start, one thread. */
#include "api/openapi.h"
#include "api/parameter.h"
#include "http/status.h"
#include "json/value.h"
#include "json/writer.h"
#include "schema/json_schema.h"
#include "schema/plan.h"
#include <ctype.h>
#include <string.h>

enum { PARAMS_MAX = 512 };

typedef struct document {
    cito_api *api;
    cito_arena *arena;
    cito_components *components;
    cito_buffer *out;
    struct listed *params; /* room for PARAMS_MAX */
} document;

/* One parameter as the document lists it: a parameter of a function, or a field of a model of parameters. */
typedef struct listed {
    cito_source source;
    cito_str name;
    const cito_type *type;
    const cito_field *field, *checks;
    bool required;
} listed;

/* Commas between members: `first` is false from the second on. */
static void key(document *doc, bool *first, const char *name)
{
    if (!*first)
        cito_buffer_append_char(doc->out, ',');
    *first = false;
    cito_json_write_string(doc->out, (cito_str){ name, strlen(name) });
    cito_buffer_append_char(doc->out, ':');
}

static void text(document *doc, const char *chars)
{
    cito_json_write_string(doc->out, (cito_str){ chars, strlen(chars) });
}

static void member(document *doc, bool *first, const char *name, const char *chars)
{
    if (!chars)
        return;
    key(doc, first, name);
    text(doc, chars);
}

static void flag(document *doc, bool *first, const char *name)
{
    key(doc, first, name);
    cito_buffer_append_literal(doc->out, "true");
}

/* ---- parameters ------------------------------------------------------------------------------------------------------------- */

static void list_one(listed *all, size_t *count, listed one)
{
    for (size_t i = 0; i < *count; i++)
        if (all[i].source == one.source && cito_same(all[i].name, one.name)) {
            if (one.required && !all[i].required)
                all[i] = one;
            return;
        }
    if (*count < PARAMS_MAX)
        all[(*count)++] = one;
}

/* A header model's field is named as a header is. */
static cito_str model_field_name(document *doc, const cito_plan_field *field, cito_source source)
{
    if (source != CITO_FROM_HEADER || field->field->alias || field->field->convert_underscores_off)
        return field->key;
    cito_str name = cito_arena_copy_str(doc->arena, field->key.data, field->key.len);
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '_')
            ((char *)name.data)[i] = '-';
    return name;
}

static void list_model(document *doc, const cito_param *param, listed *all, size_t *count)
{
    const struct cito_type_plan *plan = cito_plan_of(cito_type_base(param->field->type));
    for (uint32_t i = 0; i < plan->field_count; i++) {
        const cito_plan_field *field = &plan->fields[i];
        if (!field->field->exclude_from_schema)
            list_one(all, count, (listed){ param->source, model_field_name(doc, field, param->source), field->type, field->field, field->checks, field->required });
    }
}

/* The function's own parameters first, then those of its dependencies. */
static void list_node(document *doc, const cito_operation *operation, int index, uint8_t *seen, listed *all, size_t *count)
{
    if (seen[index])
        return;
    seen[index] = 1;
    const cito_node *node = &operation->nodes[index];
    for (size_t i = 0; i < node->callable->param_count; i++) {
        const cito_param *param = &node->params[i];
        if (param->source > CITO_FROM_COOKIE || param->field->exclude_from_schema)
            continue;
        if (param->is_model)
            list_model(doc, param, all, count);
        else
            list_one(all, count, (listed){ param->source, param->loc_name, param->field->type, param->field, param->field, cito_field_is_required(param->field) });
    }
    for (const int *before = node->before; *before >= 0; before++)
        list_node(doc, operation, *before, seen, all, count);
}

static const char *source_name(cito_source source)
{
    static const char *const names[] = { "path", "query", "header", "cookie" };
    return names[source];
}

static const char *title_of(document *doc, const cito_field *field, cito_str name)
{
    return field->title ? field->title : cito_title_of(doc->arena, cito_arena_copy_str(doc->arena, name.data, name.len).data).data;
}

static void write_param(document *doc, const listed *one)
{
    bool first = true;
    cito_buffer_append_char(doc->out, '{');
    key(doc, &first, "name");
    cito_json_write_string(doc->out, one->name);
    member(doc, &first, "in", source_name(one->source));
    key(doc, &first, "required");
    cito_buffer_append_str(doc->out, one->required || one->source == CITO_FROM_PATH ? CITO_STR("true") : CITO_STR("false"));
    if (one->field->deprecated)
        flag(doc, &first, "deprecated");
    member(doc, &first, "description", one->field->description);
    key(doc, &first, "schema");
    cito_json_schema_write(doc->components, one->type, one->field, title_of(doc, one->field, one->name), false, doc->out);
    if (one->field->example_json) {
        key(doc, &first, "example");
        cito_buffer_append(doc->out, one->field->example_json, strlen(one->field->example_json));
    }
    cito_buffer_append_char(doc->out, '}');
}

/* In groups: path, query, header, cookie. Gives how many there are, hidden ones not counted. */
static size_t gather_params(document *doc, const cito_operation *operation, listed *all)
{
    uint8_t *seen = cito_arena_take_zeroed(doc->arena, (size_t)operation->node_count);
    size_t count = 0;
    list_node(doc, operation, operation->node_count - 1, seen, all, &count);
    return count;
}

static void write_params(document *doc, bool *first, const listed *all, size_t count)
{
    bool first_param = true;
    if (!count)
        return;
    key(doc, first, "parameters");
    cito_buffer_append_char(doc->out, '[');
    for (int source = CITO_FROM_PATH; source <= CITO_FROM_COOKIE; source++)
        for (size_t i = 0; i < count; i++) {
            if ((int)all[i].source != source)
                continue;
            if (!first_param)
                cito_buffer_append_char(doc->out, ',');
            first_param = false;
            write_param(doc, &all[i]);
        }
    cito_buffer_append_char(doc->out, ']');
}

/* ---- bodies ------------------------------------------------------------------------------------------------------------------- */


static void list_body(const cito_operation *operation, int index, uint8_t *seen, const cito_param **all, size_t *count)
{
    if (seen[index])
        return;
    seen[index] = 1;
    const cito_node *node = &operation->nodes[index];
    for (size_t i = 0; i < node->callable->param_count; i++)
        if ((node->params[i].source == CITO_FROM_BODY || node->params[i].source == CITO_FROM_FORM) && *count < PARAMS_MAX)
            all[(*count)++] = &node->params[i];
    for (const int *before = node->before; *before >= 0; before++)
        list_body(operation, *before, seen, all, count);
}

static bool holds_file(const cito_type *type)
{
    const cito_type *base = cito_type_base(type);
    return base->kind == CITO_KIND_FILE || ((base->kind == CITO_KIND_LIST || base->kind == CITO_KIND_SET) && cito_type_base(base->element)->kind == CITO_KIND_FILE);
}

static const char *form_media_type(const cito_param *const *params, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (holds_file(params[i]->field->type))
            return "multipart/form-data";
    return "application/x-www-form-urlencoded";
}

/* The component Body_<operationId> of several parameters. */
static void add_body_component(document *doc, const char *name, const cito_param *const *params, size_t count)
{
    const cito_field **fields = cito_arena_take(doc->arena, count * sizeof *fields);
    cito_buffer made;
    cito_buffer_init(&made);
    for (size_t i = 0; i < count; i++)
        fields[i] = params[i]->field;
    cito_json_schema_write_object(doc->components, name, fields, count, &made);
    cito_components_add_text(doc->components, name, (cito_str){ made.data, made.len });
    cito_buffer_finish(&made);
}

static const char *body_name(document *doc, const cito_operation *operation)
{
    return cito_arena_format(doc->arena, "Body_%s", operation->operation_id).data;
}

static bool is_one_schema(const cito_operation *operation, const cito_param *const *params, size_t count)
{
    return count == 1 && (operation->body_kind == CITO_BODY_WHOLE || (operation->body_kind == CITO_BODY_FORM && params[0]->is_model));
}

static void write_body(document *doc, bool *first, const cito_operation *operation)
{
    const cito_param *params[PARAMS_MAX];
    size_t count = 0;
    uint8_t *seen = cito_arena_take_zeroed(doc->arena, (size_t)operation->node_count);
    list_body(operation, operation->node_count - 1, seen, params, &count);
    if (!count)
        return;
    bool required = false, first_member = true;
    for (size_t i = 0; i < count; i++)
        required |= cito_field_is_required(params[i]->field);
    key(doc, first, "requestBody");
    cito_buffer_append_char(doc->out, '{');
    if (required)
        flag(doc, &first_member, "required");
    key(doc, &first_member, "content");
    cito_buffer_append_char(doc->out, '{');
    text(doc, operation->body_kind == CITO_BODY_FORM ? form_media_type(params, count) : "application/json");
    cito_buffer_append_literal(doc->out, ":{\"schema\":");
    if (is_one_schema(operation, params, count)) {
        const cito_field *field = params[0]->field;
        cito_json_schema_write(doc->components, field->type, field, title_of(doc, field, params[0]->wire_name), false, doc->out);
    } else {
        const char *name = body_name(doc, operation);
        add_body_component(doc, name, params, count);
        cito_buffer_append_format(doc->out, "{\"$ref\":\"#/components/schemas/%s\"}", name);
    }
    cito_buffer_append_literal(doc->out, "}}}");
}

/* ---- responses ------------------------------------------------------------------------------------------------------------------ */

static bool carries_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

static void write_main_response(document *doc, const cito_operation *operation)
{
    const cito_decorator *decorator = operation->decorator;
    bool first = true;
    cito_buffer_append_format(doc->out, "\"%d\":{", operation->status_code);
    const char *description = decorator->response_description;
    for (size_t i = 0; i < operation->response_count && !description; i++)
        if (operation->responses[i].status_code == operation->status_code)
            description = operation->responses[i].description;
    member(doc, &first, "description", description ? description : "Successful Response");
    if (carries_body(operation->status_code) && operation->media_type) {
        key(doc, &first, "content");
        cito_buffer_append_char(doc->out, '{');
        text(doc, operation->media_type);
        cito_buffer_append_literal(doc->out, ":{\"schema\":");
        const cito_type *type = operation->response_type;
        bool is_json = !operation->response_class || operation->response_class == cito_class_json;
        if (!is_json) {
            cito_buffer_append_literal(doc->out, "{\"type\":\"string\"}");
        } else if (!type || type->kind == CITO_KIND_ANY || type->kind == CITO_KIND_CONTEXT) {
            cito_buffer_append_literal(doc->out, "{}");
        } else {
            const char *name = cito_arena_format(doc->arena, "Response_%s", operation->operation_id).data;
            cito_json_schema_write(doc->components, type, NULL, cito_title_of(doc->arena, name).data, true, doc->out);
        }
        cito_buffer_append_literal(doc->out, "}}");
    }
    cito_buffer_append_char(doc->out, '}');
}

static void write_other_response(document *doc, const cito_response_doc *response)
{
    bool first = true;
    cito_buffer_append_format(doc->out, ",\"%d\":{", response->status_code);
    member(doc, &first, "description", response->description ? response->description : cito_http_status_phrase(response->status_code));
    if (response->model || response->media_type) {
        key(doc, &first, "content");
        cito_buffer_append_char(doc->out, '{');
        text(doc, response->media_type ? response->media_type : "application/json");
        cito_buffer_append_literal(doc->out, ":{");
        if (response->model) {
            cito_buffer_append_literal(doc->out, "\"schema\":");
            cito_json_schema_write(doc->components, response->model, NULL, NULL, true, doc->out);
        }
        cito_buffer_append_literal(doc->out, "}}");
    }
    cito_buffer_append_char(doc->out, '}');
}

/* Whatever takes input may find it wrong. */
static bool may_answer_422(const cito_operation *operation)
{
    for (size_t i = 0; i < operation->response_count; i++)
        if (operation->responses[i].status_code == 422)
            return false;
    for (int i = 0; i < operation->node_count; i++)
        for (size_t j = 0; j < operation->nodes[i].callable->param_count; j++)
            if (operation->nodes[i].params[j].source < CITO_FROM_DEPENDENCY)
                return true;
    return false;
}

static void write_responses(document *doc, bool *first, const cito_operation *operation)
{
    key(doc, first, "responses");
    cito_buffer_append_char(doc->out, '{');
    write_main_response(doc, operation);
    for (size_t i = 0; i < operation->response_count; i++)
        if (operation->responses[i].status_code != operation->status_code)
            write_other_response(doc, &operation->responses[i]);
    if (may_answer_422(operation))
        cito_buffer_append_literal(doc->out, ",\"422\":{\"description\":\"Validation Error\",\"content\":{\"application/json\":{\"schema\":"
                                             "{\"$ref\":\"#/components/schemas/HTTPValidationError\"}}}}");
    cito_buffer_append_char(doc->out, '}');
}

/* ---- operations ------------------------------------------------------------------------------------------------------------------ */

static void write_operation(document *doc, const cito_operation *operation)
{
    const cito_decorator *decorator = operation->decorator;
    bool first = true;
    cito_buffer_append_char(doc->out, '{');
    if (operation->tags[0]) {
        key(doc, &first, "tags");
        for (size_t i = 0; operation->tags[i]; i++) {
            cito_buffer_append_char(doc->out, i ? ',' : '[');
            text(doc, operation->tags[i]);
        }
        cito_buffer_append_char(doc->out, ']');
    }
    member(doc, &first, "summary", decorator->summary ? decorator->summary : cito_title_of(doc->arena, operation->callable->name).data);
    member(doc, &first, "description", decorator->description);
    member(doc, &first, "operationId", operation->operation_id);
    if (operation->deprecated)
        flag(doc, &first, "deprecated");
    write_params(doc, &first, doc->params, gather_params(doc, operation, doc->params));
    write_body(doc, &first, operation);
    write_responses(doc, &first, operation);
    cito_buffer_append_char(doc->out, '}');
}

/* {**base, **extra}, objects within objects likewise. */
static const cito_value *deep_merge(cito_arena *arena, const cito_value *base, const cito_value *extra)
{
    if (!base || !extra || base->kind != CITO_VALUE_OBJECT || extra->kind != CITO_VALUE_OBJECT)
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

static void write_with_extra(document *doc, const cito_operation *operation)
{
    size_t before = doc->out->len;
    write_operation(doc, operation);
    const char *extra = operation->decorator->openapi_extra;
    if (!extra)
        return;
    cito_str written = cito_arena_copy_str(doc->arena, doc->out->data + before, doc->out->len - before);
    const cito_value *base = cito_value_parse(doc->arena, written, NULL, NULL);
    const cito_value *more = cito_value_parse(doc->arena, (cito_str){ extra, strlen(extra) }, NULL, NULL);
    doc->out->len = before;
    cito_value_write(doc->out, more ? deep_merge(doc->arena, base, more) : base);
}

static bool is_shown(const cito_operation *operation)
{
    return !operation->exclude_from_schema;
}

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

static void write_path(document *doc, size_t index)
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
        key(doc, &first, method);
        write_with_extra(doc, operation);
    }
    cito_buffer_append_char(doc->out, '}');
}

static void write_paths(document *doc, bool *first)
{
    bool first_path = true;
    key(doc, first, "paths");
    cito_buffer_append_char(doc->out, '{');
    for (size_t i = 0; i < doc->api->operation_count; i++) {
        if (!is_shown(doc->api->operations[i]) || came_before(doc->api, i))
            continue;
        key(doc, &first_path, doc->api->operations[i]->document_path);
        write_path(doc, i);
    }
    cito_buffer_append_char(doc->out, '}');
}

/* ---- the rest of the document --------------------------------------------------------------------------------------------------------- */

static void write_info(document *doc, bool *first)
{
    const cito_router *app = doc->api->app;
    bool first_member = true;
    key(doc, first, "info");
    cito_buffer_append_char(doc->out, '{');
    member(doc, &first_member, "title", app->title ? app->title : "cito");
    member(doc, &first_member, "summary", app->summary);
    member(doc, &first_member, "description", app->description);
    member(doc, &first_member, "termsOfService", app->terms_of_service);
    if (app->contact.name || app->contact.url || app->contact.email) {
        bool first_contact = true;
        key(doc, &first_member, "contact");
        cito_buffer_append_char(doc->out, '{');
        member(doc, &first_contact, "name", app->contact.name);
        member(doc, &first_contact, "url", app->contact.url);
        member(doc, &first_contact, "email", app->contact.email);
        cito_buffer_append_char(doc->out, '}');
    }
    if (app->license_info.name) {
        bool first_license = true;
        key(doc, &first_member, "license");
        cito_buffer_append_char(doc->out, '{');
        member(doc, &first_license, "name", app->license_info.name);
        member(doc, &first_license, "identifier", app->license_info.identifier);
        member(doc, &first_license, "url", app->license_info.url);
        cito_buffer_append_char(doc->out, '}');
    }
    member(doc, &first_member, "version", app->version ? app->version : "0.1.0");
    cito_buffer_append_char(doc->out, '}');
}

static void write_servers(document *doc, bool *first)
{
    const cito_router *app = doc->api->app;
    bool has_root = app->root_path && *app->root_path, first_server = true;
    if (!has_root && !app->servers[0].url)
        return;
    key(doc, first, "servers");
    cito_buffer_append_char(doc->out, '[');
    if (has_root) {
        cito_buffer_append_literal(doc->out, "{\"url\":");
        text(doc, app->root_path);
        cito_buffer_append_char(doc->out, '}');
        first_server = false;
    }
    for (size_t i = 0; i < sizeof app->servers / sizeof *app->servers && app->servers[i].url; i++) {
        bool first_member = true;
        if (!first_server)
            cito_buffer_append_char(doc->out, ',');
        first_server = false;
        cito_buffer_append_char(doc->out, '{');
        member(doc, &first_member, "url", app->servers[i].url);
        member(doc, &first_member, "description", app->servers[i].description);
        cito_buffer_append_char(doc->out, '}');
    }
    cito_buffer_append_char(doc->out, ']');
}

static void write_tags(document *doc, bool *first)
{
    const cito_router *app = doc->api->app;
    if (!app->openapi_tags[0].name)
        return;
    key(doc, first, "tags");
    for (size_t i = 0; i < sizeof app->openapi_tags / sizeof *app->openapi_tags && app->openapi_tags[i].name; i++) {
        const cito_openapi_tag *tag = &app->openapi_tags[i];
        bool first_member = true;
        cito_buffer_append_char(doc->out, i ? ',' : '[');
        cito_buffer_append_char(doc->out, '{');
        member(doc, &first_member, "name", tag->name);
        member(doc, &first_member, "description", tag->description);
        if (tag->external_docs_url) {
            bool first_docs = true;
            key(doc, &first_member, "externalDocs");
            cito_buffer_append_char(doc->out, '{');
            member(doc, &first_docs, "description", tag->external_docs_description);
            member(doc, &first_docs, "url", tag->external_docs_url);
            cito_buffer_append_char(doc->out, '}');
        }
        cito_buffer_append_char(doc->out, '}');
    }
    cito_buffer_append_char(doc->out, ']');
}

static void collect(document *doc)
{
    for (size_t i = 0; i < doc->api->operation_count; i++) {
        const cito_operation *operation = doc->api->operations[i];
        if (!is_shown(operation))
            continue;
        for (int j = 0; j < operation->node_count; j++)
            for (size_t k = 0; k < operation->nodes[j].callable->param_count; k++) {
                const cito_param *param = &operation->nodes[j].params[k];
                if (param->source < CITO_FROM_DEPENDENCY && !param->field->exclude_from_schema && (!param->is_model || param->source == CITO_FROM_FORM))
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
        if (is_shown(api->operations[i]) && may_answer_422(api->operations[i]))
            return true;
    return false;
}

static void add_validation_error(document *doc)
{
    cito_components_add_text(doc->components, "HTTPValidationError",
                             CITO_STR("{\"properties\":{\"detail\":{\"items\":{\"$ref\":\"#/components/schemas/ValidationError\"},\"type\":\"array\",\"title\":"
                                      "\"Detail\"}},\"type\":\"object\",\"title\":\"HTTPValidationError\"}"));
    cito_components_add_text(doc->components, "ValidationError",
                             CITO_STR("{\"properties\":{\"loc\":{\"items\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]},\"type\":\"array\",\"title\":"
                                      "\"Location\"},\"msg\":{\"type\":\"string\",\"title\":\"Message\"},\"type\":{\"type\":\"string\",\"title\":\"Error Type\"},"
                                      "\"input\":{\"title\":\"Input\"},\"ctx\":{\"type\":\"object\",\"title\":\"Context\"}},\"type\":\"object\",\"required\":[\"loc\","
                                      "\"msg\",\"type\"],\"title\":\"ValidationError\"}"));
}

cito_str cito_openapi_make(cito_api *api)
{
    cito_buffer out, schemas;
    cito_buffer_init(&out);
    cito_buffer_init(&schemas);
    document doc = { .api = api, .arena = &api->arena, .components = cito_components_new(), .out = &out };
    bool first = true;
    doc.params = cito_arena_take(doc.arena, PARAMS_MAX * sizeof *doc.params);
    collect(&doc);
    cito_buffer_append_char(&out, '{');
    member(&doc, &first, "openapi", "3.1.0");
    write_info(&doc, &first);
    write_servers(&doc, &first);
    write_paths(&doc, &first);
    if (any_may_answer_422(api))
        add_validation_error(&doc);
    cito_components_write(doc.components, &schemas);
    if (schemas.len) {
        key(&doc, &first, "components");
        cito_buffer_append_literal(&out, "{\"schemas\":{");
        cito_buffer_append(&out, schemas.data, schemas.len);
        cito_buffer_append_literal(&out, "}}");
    }
    write_tags(&doc, &first);
    cito_buffer_append_char(&out, '}');
    cito_str made = cito_arena_copy_str(&api->arena, out.data, out.len);
    cito_components_free(doc.components);
    cito_buffer_finish(&out);
    cito_buffer_finish(&schemas);
    return made;
}

/* The request body of an operation in the document: one schema, or the component Body_… of several parameters.
 *
 * Threading: at start, one thread. */
#include "api/document.h"
#include "api/parameter.h"
#include <string.h>

/* Of one name the last counts, in the place of the first, as in FastAPI. */
static void list_one(const cito_param *param, const cito_param **all, size_t *count)
{
    size_t at = 0;
    while (at < *count && !cito_same(all[at]->wire_name, param->wire_name))
        at++;
    if (at == CITO_LISTED_MAX)
        return;
    all[at] = param;
    *count += at == *count;
}

/* The function's own first, then its dependencies'. */
static void list_body(const cito_operation *operation, int index, uint8_t *seen, const cito_param **all, size_t *count)
{
    if (seen[index])
        return;
    seen[index] = 1;
    const cito_node *node = &operation->nodes[index];
    for (size_t i = 0; i < node->callable->param_count; i++)
        if (node->params[i].source == CITO_FROM_BODY || node->params[i].source == CITO_FROM_FORM)
            list_one(&node->params[i], all, count);
    for (const int *before = node->before; *before >= 0; before++)
        list_body(operation, *before, seen, all, count);
}

/* A bytes parameter of a form is a file, read whole. */
static bool carries_file(const cito_type *type)
{
    const cito_type *base = cito_type_base(type);
    for (size_t i = 0; base->kind == CITO_KIND_MODEL && i < base->field_count; i++)
        if (cito_type_holds_file(base->fields[i].type) || cito_type_base(base->fields[i].type)->kind == CITO_KIND_BYTES)
            return true;
    while (base->kind == CITO_KIND_LIST || base->kind == CITO_KIND_SET)
        base = cito_type_base(base->element);
    return base->kind == CITO_KIND_FILE || base->kind == CITO_KIND_BYTES;
}

static const char *form_media_type(const cito_param *const *params, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (carries_file(params[i]->field->type))
            return "multipart/form-data";
    return "application/x-www-form-urlencoded";
}

/* The component Body_<operationId> of several parameters. */
static void add_body_component(cito_document *doc, const char *name, const cito_param *const *params, size_t count)
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

static const char *body_name(cito_document *doc, const cito_operation *operation)
{
    return cito_arena_format(doc->arena, "Body_%s", operation->operation_id).data;
}

static bool is_one_schema(const cito_operation *operation, const cito_param *const *params, size_t count)
{
    return count == 1 && (operation->body_kind == CITO_BODY_WHOLE || (operation->body_kind == CITO_BODY_FORM && params[0]->is_model));
}

void cito_document_write_body(cito_document *doc, bool *first, const cito_operation *operation)
{
    const cito_param *params[CITO_LISTED_MAX];
    size_t count = 0;
    uint8_t *seen = cito_arena_take_zeroed(doc->arena, (size_t)operation->node_count);
    list_body(operation, operation->node_count - 1, seen, params, &count);
    if (!count)
        return;
    bool required = false, first_member = true;
    for (size_t i = 0; i < count; i++)
        required |= cito_field_is_required(params[i]->field);
    cito_document_key(doc, first, "requestBody");
    cito_buffer_append_char(doc->out, '{');
    if (required)
        cito_document_flag(doc, &first_member, "required");
    cito_document_key(doc, &first_member, "content");
    cito_buffer_append_char(doc->out, '{');
    cito_document_text(doc, operation->body_kind == CITO_BODY_FORM ? form_media_type(params, count) : "application/json");
    cito_buffer_append_literal(doc->out, ":{\"schema\":");
    if (is_one_schema(operation, params, count)) {
        const cito_field *field = params[0]->field;
        cito_json_schema_write(doc->components, field->type, field, cito_document_title(doc, field, params[0]->wire_name), false, doc->out);
    } else {
        const char *name = body_name(doc, operation);
        add_body_component(doc, name, params, count);
        cito_buffer_append_format(doc->out, "{\"$ref\":\"#/components/schemas/%s\"}", name);
    }
    cito_buffer_append_literal(doc->out, "}}}");
}

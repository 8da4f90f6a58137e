/* Parameters of an operation in the document: its own and its dependencies', in groups, one of each name.
 *
 * Invariant: of two with one name the later counts, unless only the earlier is required, as in FastAPI. Threading: at start, one thread. */
#include "api/document.h"
#include "api/parameter.h"
#include "json/writer.h"
#include "schema/plan.h"
#include <string.h>

static void list_one(cito_listed *all, size_t *count, cito_listed one)
{
    for (size_t i = 0; i < *count; i++)
        if (all[i].source == one.source && cito_same(all[i].name, one.name)) {
            if (one.required || !all[i].required)
                all[i] = one; /* in the place of the first */
            return;
        }
    if (*count < CITO_LISTED_MAX)
        all[(*count)++] = one;
}

/* A header model's field is named as a header is. */
static cito_str model_field_name(cito_document *doc, const cito_plan_field *field, const cito_param *param)
{
    if (param->source != CITO_FROM_HEADER || field->field->alias || field->field->convert_underscores_off ||
        param->field->convert_underscores_off)
        return field->key;
    cito_str name = cito_arena_copy_str(doc->arena, field->key.data, field->key.len);
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '_')
            ((char *)name.data)[i] = '-';
    return name;
}

static void list_model(cito_document *doc, const cito_param *param, cito_listed *all, size_t *count)
{
    const struct cito_type_plan *plan = cito_plan_of(cito_type_base(param->field->type));
    for (uint32_t i = 0; i < plan->field_count; i++) {
        const cito_plan_field *field = &plan->fields[i];
        if (!field->field->exclude_from_schema)
            list_one(all, count,
                     (cito_listed){ param->source, model_field_name(doc, field, param), field->key, field->type, field->field,
                                    field->checks, field->required });
    }
}

/* The function's own parameters first, then those of its dependencies. */
static void list_node(cito_document *doc, const cito_operation *operation, int index, uint8_t *seen, cito_listed *all, size_t *count)
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
            list_one(all, count,
                     (cito_listed){ param->source, param->loc_name, param->loc_name, param->field->type, param->field, param->field,
                                    cito_field_is_required(param->field) });
    }
    for (const int *before = node->before; *before >= 0; before++)
        list_node(doc, operation, *before, seen, all, count);
}

static const char *source_name(cito_source source)
{
    static const char *const names[] = { "path", "query", "header", "cookie" };
    return names[source];
}

const char *cito_document_title(cito_document *doc, const cito_field *field, cito_str name)
{
    return field->title ? field->title : cito_title_of(doc->arena, cito_arena_copy_str(doc->arena, name.data, name.len).data).data;
}

static void write_param(cito_document *doc, const cito_listed *one)
{
    bool first = true;
    cito_field field = *one->field;
    field.location = (cito_location)(CITO_IN_PATH + one->source); /* said, where it was inferred */
    cito_buffer_append_char(doc->out, '{');
    cito_document_key(doc, &first, "name");
    cito_json_write_string(doc->out, one->name);
    cito_document_member(doc, &first, "in", source_name(one->source));
    cito_document_key(doc, &first, "required");
    cito_buffer_append_str(doc->out, one->required || one->source == CITO_FROM_PATH ? CITO_STR("true") : CITO_STR("false"));
    if (one->field->deprecated)
        cito_document_flag(doc, &first, "deprecated");
    cito_document_member(doc, &first, "description", one->field->description);
    cito_document_key(doc, &first, "schema");
    cito_json_schema_write(doc->components, one->type, &field, cito_document_title(doc, one->field, one->titled), false, doc->out);
    if (one->field->example_json) {
        cito_document_key(doc, &first, "example");
        cito_buffer_append_str(doc->out, cito_option_json(one->field->example_json, doc->arena));
    }
    cito_buffer_append_char(doc->out, '}');
}

/* In groups: path, query, header, cookie. */
static void write_groups(cito_document *doc, size_t count)
{
    bool first_param = true;
    for (int source = CITO_FROM_PATH; source <= CITO_FROM_COOKIE; source++)
        for (size_t i = 0; i < count; i++) {
            if ((int)doc->params[i].source != source)
                continue;
            if (!first_param)
                cito_buffer_append_char(doc->out, ',');
            first_param = false;
            write_param(doc, &doc->params[i]);
        }
}

void cito_document_write_params(cito_document *doc, bool *first, const cito_operation *operation)
{
    uint8_t *seen = cito_arena_take_zeroed(doc->arena, (size_t)operation->node_count);
    size_t count = 0;
    list_node(doc, operation, operation->node_count - 1, seen, doc->params, &count);
    if (!count)
        return;
    cito_document_key(doc, first, "parameters");
    cito_buffer_append_char(doc->out, '[');
    write_groups(doc, count);
    cito_buffer_append_char(doc->out, ']');
}

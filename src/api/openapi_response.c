/* The responses of an operation in the document: the ordinary one, what `responses` adds, and 422 for whatever takes input.
 *
 * Threading: at start, one thread. */
#include "api/document.h"
#include "http/status.h"
#include <string.h>

static bool carries_body(int status) { return status >= 200 && status != 204 && status != 304; }

/* What `responses` says of a status; NULL: nothing. */
static const cito_response_doc *said_of(const cito_operation *operation, int status)
{
    for (size_t i = 0; i < operation->response_count; i++)
        if (operation->responses[i].status_code == status)
            return &operation->responses[i];
    return NULL;
}

static void write_main_schema(cito_document *doc, const cito_operation *operation, const cito_response_doc *said)
{
    const cito_type *type = said && said->model ? said->model : operation->response_type;
    if (operation->response_class && operation->response_class != cito_class_json && !(said && said->model)) {
        cito_buffer_append_literal(doc->out, "{\"type\":\"string\"}");
    } else if (!type || type->kind == CITO_KIND_ANY || type->kind == CITO_KIND_CONTEXT) {
        cito_buffer_append_literal(doc->out, "{}");
    } else {
        const char *name = cito_arena_format(doc->arena, "Response_%s", operation->operation_id).data;
        cito_json_schema_write(doc->components, type, NULL, cito_title_of(doc->arena, name).data, true, doc->out);
    }
}

static void write_main_content(cito_document *doc, const cito_operation *operation, const cito_response_doc *said)
{
    cito_buffer_append_char(doc->out, '{');
    cito_document_text(doc, operation->media_type);
    cito_buffer_append_literal(doc->out, ":{\"schema\":");
    write_main_schema(doc, operation, said);
    cito_buffer_append_char(doc->out, '}');
    if (said && said->media_type && strcmp(said->media_type, operation->media_type) != 0) {
        cito_buffer_append_char(doc->out, ',');
        cito_document_text(doc, said->media_type);
        cito_buffer_append_literal(doc->out, ":{}");
    }
    cito_buffer_append_char(doc->out, '}');
}

static void write_main_response(cito_document *doc, const cito_operation *operation)
{
    const cito_response_doc *said = said_of(operation, operation->status_code);
    const char *description = said && said->description ? said->description : operation->decorator->response_description;
    bool first = true;
    cito_buffer_append_format(doc->out, "\"%d\":{", operation->status_code);
    cito_document_member(doc, &first, "description", description ? description : "Successful Response");
    if (carries_body(operation->status_code) && operation->media_type) {
        cito_document_key(doc, &first, "content");
        write_main_content(doc, operation, said);
    }
    cito_buffer_append_char(doc->out, '}');
}

static void write_other_response(cito_document *doc, const cito_response_doc *response)
{
    bool first = true;
    cito_buffer_append_format(doc->out, ",\"%d\":{", response->status_code);
    cito_document_member(doc, &first, "description",
                         response->description ? response->description : cito_http_status_phrase(response->status_code));
    if (response->model || response->media_type) {
        cito_document_key(doc, &first, "content");
        cito_buffer_append_char(doc->out, '{');
        cito_document_text(doc, response->media_type ? response->media_type : "application/json");
        cito_buffer_append_literal(doc->out, ":{");
        if (response->model) {
            cito_buffer_append_literal(doc->out, "\"schema\":");
            cito_json_schema_write(doc->components, response->model, NULL, NULL, true, doc->out);
        }
        cito_buffer_append_literal(doc->out, "}}");
    }
    cito_buffer_append_char(doc->out, '}');
}

/* Whatever takes input may find it wrong; a program that says itself what 422 is, is believed. */
bool cito_document_may_answer_422(const cito_operation *operation)
{
    if (said_of(operation, 422) || operation->status_code == 422)
        return false;
    for (int i = 0; i < operation->node_count; i++)
        for (size_t j = 0; j < operation->nodes[i].callable->param_count; j++)
            if (operation->nodes[i].params[j].source < CITO_FROM_DEPENDENCY)
                return true;
    return false;
}

void cito_document_write_responses(cito_document *doc, bool *first, const cito_operation *operation)
{
    cito_document_key(doc, first, "responses");
    cito_buffer_append_char(doc->out, '{');
    write_main_response(doc, operation);
    for (size_t i = 0; i < operation->response_count; i++)
        if (operation->responses[i].status_code != operation->status_code)
            write_other_response(doc, &operation->responses[i]);
    if (cito_document_may_answer_422(operation))
        cito_buffer_append_literal(doc->out, ",\"422\":{\"description\":\"Validation Error\",\"content\":{\"application/json\":{\"schema\":"
                                             "{\"$ref\":\"#/components/schemas/HTTPValidationError\"}}}}");
    cito_buffer_append_char(doc->out, '}');
}

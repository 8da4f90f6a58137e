/* The JSON or form body of a request: read and parsed before anything runs, decoded for each callable that wants some of it.
 *
 * Invariants: malformed JSON is one error and the only one. Each node decodes its own parameters from the same text, as FastAPI does: two callables may take a
 * parameter of one name, and each has its own errors. Threading: the loop's thread. */
#include "api/run.h"
#include "base/utf8.h"
#include "json/value.h"
#include "web/app.h"
#include <string.h>
#include <strings.h>

static const cito_loc body_loc = { .name = { "body", 4 } };

static bool is_json_content_type(const cito_request *request)
{
    const cito_str *type = cito_request_header_at(request, CITO_STR("content-type"), 0);
    if (!type)
        return false;
    size_t len = strcspn(type->data, "; \t");
    if (len == 16 && strncasecmp(type->data, "application/json", 16) == 0)
        return true;
    return len > 17 && strncasecmp(type->data, "application/", 12) == 0 && strncasecmp(type->data + len - 5, "+json", 5) == 0;
}

/* FastAPI's json_invalid: one error, whatever else was found. */
static cito_response *syntax_answer(cito_run *run, const cito_json_reader *reader)
{
    cito_errors errors;
    cito_errors_init(&errors, run->arena);
    cito_loc loc = { .outer = &body_loc, .index = (int64_t)cito_json_error_offset(reader) };
    struct cito_member ctx[] = { { "error", cito_value_of_chars(reader->error) }, { NULL, NULL } };
    cito_errors_add(&errors, "json_invalid", &loc, (cito_input){ .kind = CITO_INPUT_JSON, .text = CITO_STR("{}") },
                    cito_value_of_members(ctx));
    return cito_run_errors_answer(run, &errors);
}

/* No body at all, or null: defaults, or one missing for each that is required. */
static void decode_absent(cito_run *run, const cito_node *node, cito_errors *errors)
{
    const cito_operation *operation = run->operation;
    for (size_t i = node->body_first; i < node->body_first + node->body_count; i++) {
        const cito_field *field = operation->body_params[i];
        const char *name = field->alias ? field->alias : field->name;
        cito_loc member = { .outer = &body_loc, .name = { name, strlen(name) } };
        if (!cito_decode_default(field, run->state + field->offset, run->arena))
            cito_errors_add(errors, "missing", operation->body_kind == CITO_BODY_EMBEDDED ? &member : &body_loc,
                            (cito_input){ .kind = CITO_INPUT_NULL }, NULL);
    }
}

/* A body that is not said to be JSON is text, which no model takes. */
static void decode_raw(cito_run *run, const cito_node *node, cito_str raw, cito_errors *errors)
{
    if (run->operation->body_kind == CITO_BODY_EMBEDDED) {
        decode_absent(run, node, errors);
        return;
    }
    const cito_field *field = run->operation->body_params[node->body_first];
    cito_decode_value(cito_value_of_str(raw), field->type, field, &body_loc, run->state + field->offset, run->arena, errors);
}

static void decode_json(cito_run *run, const cito_node *node, cito_json_reader *reader, cito_errors *errors)
{
    const cito_operation *operation = run->operation;
    const cito_field *const *params = operation->body_params + node->body_first;
    if (operation->body_kind == CITO_BODY_EMBEDDED)
        cito_decode_embedded(reader, params, node->body_count, &body_loc, run->state, errors);
    else
        cito_decode_json(reader, params[0]->type, params[0], &body_loc, run->state + params[0]->offset, errors);
    if (!reader->error)
        cito_json_at_end(reader);
}

static bool is_null_text(cito_str text)
{
    const char *at = text.data + strspn(text.data, " \t\r\n");
    return strncmp(at, "null", 4) == 0 && at + 4 + strspn(at + 4, " \t\r\n") == text.data + text.len;
}

typedef enum body_form { BODY_ABSENT, BODY_JSON, BODY_RAW } body_form;

/* NULL: go on; else the answer. */
static cito_response *decode_body(cito_run *run, cito_str text, body_form form)
{
    const cito_operation *operation = run->operation;
    for (int i = 0; i < operation->node_count; i++) {
        const cito_node *node = &operation->nodes[i];
        if (!node->body_count)
            continue;
        cito_errors *errors = &run->body_errors[node->body_row];
        if (form == BODY_ABSENT) {
            decode_absent(run, node, errors);
        } else if (form == BODY_RAW) {
            decode_raw(run, node, text, errors);
        } else {
            cito_json_reader reader;
            cito_json_reader_init(&reader, text, run->arena, 0);
            decode_json(run, node, &reader, errors);
            if (reader.error)
                return syntax_answer(run, &reader);
        }
    }
    return NULL;
}

static cito_response *receive_answer(cito_run *run, cito_receive_result result)
{
    switch (result) {
    case CITO_RECEIVE_TOO_LARGE:
        return cito_run_detail_answer(run, 413, "The body is larger than this server accepts");
    case CITO_RECEIVE_BROKEN:
        return cito_run_detail_answer(run, 400, "There was an error parsing the body");
    default:
        return NULL;
    }
}

static bool prepare_errors(cito_run *run)
{
    size_t rows = run->operation->body_rows;
    run->body_errors = cito_arena_take(run->arena, rows * sizeof *run->body_errors);
    for (size_t i = 0; run->body_errors && i < rows; i++)
        cito_errors_init(&run->body_errors[i], run->arena);
    return run->body_errors;
}

cito_response *cito_run_read_body(cito_run *run, bool *out_left)
{
    cito_str text;
    cito_receive_result result = cito_request_read_body(run->request, &text);
    if (result != CITO_RECEIVE_OK) {
        cito_response *answer = receive_answer(run, result);
        *out_left = !answer;
        return answer;
    }
    if (run->operation->body_kind == CITO_BODY_FORM) {
        const char *wrong = NULL;
        cito_request_form(run->request, &wrong);
        return wrong ? cito_run_detail_answer(run, 400, wrong) : NULL;
    }
    if (!prepare_errors(run))
        return cito_run_memory_answer(run);
    if (!text.len)
        return decode_body(run, text, BODY_ABSENT);
    if (!is_json_content_type(run->request))
        return decode_body(run, text, BODY_RAW);
    if (!cito_utf8_is_valid(text.data, text.len))
        return cito_run_detail_answer(run, 400, "There was an error parsing the body");
    return decode_body(run, text, is_null_text(text) ? BODY_ABSENT : BODY_JSON);
}

/* Responses: making them and setting their fields.
 *
 * Invariants: names are in lower case, as Starlette sends them; no name or value can end its line (RFC 9112 section 5, response splitting). Room for a
 * few fields is taken together with the response, so an ordinary answer takes memory once.
 * Threading: the running callable's thread. On a pool thread new memory is the pool call's: the request's arena belongs to the loop. */
#include "web/response.h"
#include "base/log.h"
#include "http/cookie.h"
#include "json/value.h"
#include "loop/context.h"
#include "web/redirect.h"
#include "web/web.h"
#include <string.h>
#include <strings.h>

enum { FIELDS_AT_FIRST = 4 };

const cito_type cito_t_request[1] = { { .kind = CITO_KIND_CONTEXT, .name = "request", .size = sizeof(cito_request *) } };
const cito_type cito_t_response[1] = { { .kind = CITO_KIND_CONTEXT, .name = "response", .size = sizeof(cito_response *) } };
const cito_type cito_t_background[1] = { { .kind = CITO_KIND_CONTEXT, .name = "background", .size = sizeof(cito_background *) } };

const cito_response_class cito_class_json[1] = { { "JSONResponse", "application/json" } };
const cito_response_class cito_class_html[1] = { { "HTMLResponse", "text/html" } };
const cito_response_class cito_class_plain[1] = { { "PlainTextResponse", "text/plain" } };
const cito_response_class cito_class_redirect[1] = { { "RedirectResponse", NULL } };

static cito_arena *arena_of(const cito_response *response) { return cito_context_current ? cito_context_current->arena : response->arena; }

cito_response *cito_response_create(cito_arena *arena, int status, const char *content_type, cito_str body)
{
    struct {
        cito_response response;
        cito_header headers[FIELDS_AT_FIRST];
    } *made = cito_web_take(arena, sizeof *made);
    made->response =
        (cito_response){ .status = status, .headers = made->headers, .header_capacity = FIELDS_AT_FIRST, .body = body, .arena = arena };
    if (content_type) {
        made->headers[0] = (cito_header){ CITO_STR("content-type"), { content_type, strlen(content_type) } };
        made->response.header_count = 1;
    }
    return &made->response;
}

static void add_field(cito_response *response, cito_str name, cito_str value)
{
    if (response->header_count == response->header_capacity) {
        cito_header *more = cito_web_take(arena_of(response), 2 * response->header_capacity * sizeof *more);
        memcpy(more, response->headers, response->header_count * sizeof *more);
        response->headers = more;
        response->header_capacity *= 2;
    }
    response->headers[response->header_count++] = (cito_header){ name, value };
}

/* RFC 9110 section 5.6.2. */
static bool is_token(const char *name)
{
    if (!*name)
        return false;
    for (const char *at = name; *at; at++)
        if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || strchr("!#$%&'*+-.^_`|~", *at)))
            return false;
    return true;
}

/* A copy of the name in lower case; false with a line in the log where it is none. */
static bool take_name(const cito_response *response, const char *name, cito_str *out_name)
{
    if (!is_token(name)) {
        cito_log_write(CITO_LOG_ERROR, "\"%s\" is no name of a header: it is left out", name);
        return false;
    }
    size_t len = strlen(name);
    char *lower = cito_web_take(arena_of(response), len + 1);
    for (size_t i = 0; i <= len; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
    *out_name = (cito_str){ lower, len };
    return true;
}

/* A copy of the value. CR, LF and NUL become blanks, as RFC 9110 section 5.5 has it. */
static cito_str take_value(const cito_response *response, cito_str value)
{
    char *copy = cito_web_take(arena_of(response), value.len + 1);
    for (size_t i = 0; i < value.len; i++)
        copy[i] = value.data[i] == '\r' || value.data[i] == '\n' || value.data[i] == '\0' ? ' ' : value.data[i];
    copy[value.len] = '\0';
    return (cito_str){ copy, value.len };
}

void cito_response_append_header(cito_response *response, const char *name, cito_str value)
{
    cito_str lower;
    if (take_name(response, name, &lower))
        add_field(response, lower, take_value(response, value));
}

void cito_response_set_header(cito_response *response, const char *name, cito_str value)
{
    cito_str lower;
    if (!take_name(response, name, &lower))
        return;
    size_t kept = 0, count = response->header_count;
    bool placed = false;
    value = take_value(response, value);
    for (size_t i = 0; i < count; i++) {
        if (!cito_same(response->headers[i].name, lower))
            response->headers[kept++] = response->headers[i];
        else if (!placed) {
            response->headers[kept++] = (cito_header){ lower, value };
            placed = true;
        }
    }
    response->header_count = kept;
    if (!placed)
        add_field(response, lower, value);
}

void cito_response_set_status(cito_response *response, int status_code) { response->status = status_code; }
int cito_response_status(const cito_response *response) { return response->status; }

void cito_response_set_cookie_from(cito_response *response, const struct cito_cookie *cookie)
{
    cito_response_append_header(response, "set-cookie", cito_cookie_format(arena_of(response), cookie));
}

void cito_response_merge_injected(cito_request *request, cito_response *response)
{
    const cito_response *injected = request->injected;
    if (!injected)
        return;
    if (injected->status)
        response->status = injected->status;
    for (size_t i = 0; i < injected->header_count; i++) {
        const cito_header *field = &injected->headers[i];
        if (cito_str_equal(field->name, "content-type"))
            cito_response_set_header(response, "content-type", field->value);
        else
            add_field(response, field->name, field->value);
    }
}

/* ---- the kinds of response --------------------------------------------------------------------------------------------------- */

static bool names_charset(const char *media_type)
{
    for (; *media_type; media_type++)
        if (strncasecmp(media_type, "charset=", 8) == 0)
            return true;
    return false;
}

static cito_response *make(cito_str body, const char *media_type, int status, const struct cito_response_options *options)
{
    cito_arena *arena = cito_context_require("cito_response_new")->arena;
    media_type = options->media_type ? options->media_type : media_type;
    if (media_type && strncmp(media_type, "text/", 5) == 0 && !names_charset(media_type)) {
        static const char charset[] = "; charset=utf-8";
        size_t len = strlen(media_type);
        char *with_charset = cito_web_take(arena, len + sizeof charset);
        memcpy(mempcpy(with_charset, media_type, len), charset, sizeof charset);
        media_type = with_charset;
    }
    cito_response *response = cito_response_create(arena, options->status_code ? options->status_code : status, media_type, body);
    for (size_t i = 0; i < sizeof options->headers / sizeof *options->headers && options->headers[i][0]; i++) {
        const char *value = options->headers[i][1];
        cito_response_set_header(response, options->headers[i][0], (cito_str){ value ? value : "", value ? strlen(value) : 0 });
    }
    return response;
}

cito_response *cito_html_response_with(cito_str body, const struct cito_response_options *options)
{
    return make(body, "text/html", 200, options);
}
cito_response *cito_text_response_with(cito_str body, const struct cito_response_options *options)
{
    return make(body, "text/plain", 200, options);
}
cito_response *cito_response_with(cito_str body, const struct cito_response_options *options) { return make(body, NULL, 200, options); }

cito_response *cito_redirect_response_with(cito_str url, const struct cito_response_options *options)
{
    cito_response *response = make(CITO_STR(""), NULL, 307, options);
    cito_response_set_header(response, "location", cito_redirect_quote(arena_of(response), url));
    return response;
}

cito_response *cito_json_response_with(const cito_value *value, const struct cito_response_options *options)
{
    cito_context *context = cito_context_require("cito_json_response");
    cito_request *owner = context->coroutine ? context->lifetime->owner : NULL;
    cito_buffer own, *text = &own;
    cito_buffer_init(&own);
    /* On the loop the application's buffer is there for this; what is written into it is copied before anything else may use it. */
    if (owner && owner->web)
        text = cito_web_scratch(owner->web);
    bool written = cito_value_write(text, value);
    cito_str body = written ? cito_arena_copy_str(context->arena, text->data, text->len) : CITO_STR("");
    cito_buffer_finish(&own);
    if (!written)
        cito_raise(500, "the value holds a NaN or an infinity, which JSON cannot say");
    if (!body.data)
        cito_raise(413, "The request needs more memory than this server gives one");
    return make(body, "application/json", 200, options);
}

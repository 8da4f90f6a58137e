/* The pages that every application has: /openapi.json, /docs (Swagger UI), /docs/oauth2-redirect, /redoc, and the scripts they load, which are part of the library: a
 * docs page works without any network.
 *
 * Invariants: a page's text is made at start and never changes. Threading: the loop's. Source: FastAPI's openapi/docs.py, "Metadata and Docs URLs". */
#include "api/assets.h"
#include "api/parameter.h"
#include "api/private.h"
#include "base/log.h"
#include "json/value.h"
#include "json/writer.h"
#include "web/response.h"
#include <stdlib.h>
#include <string.h>

static const char html[] = "text/html; charset=utf-8", favicon[] = "favicon-32x32.png";

typedef struct cito_page {
    cito_endpoint endpoint; /* first: web calls it */
    const cito_api *api;
    const char *media_type;
    cito_str text;           /* data NULL: the OpenAPI document */
    const cito_asset *asset; /* NULL: text */
} cito_page;

/* RFC 9110 section 12.5.3: gzip is named, and not with a weight of 0. */
static bool takes_gzip(const cito_request *request)
{
    const cito_str *accepted = cito_request_header_at(request, CITO_STR("accept-encoding"), 0);
    const char *weight = accepted ? strcasestr(accepted->data, "gzip") : NULL;
    if (!weight)
        return false;
    weight += strlen("gzip");
    weight += strspn(weight, " \t;");
    return (*weight != 'q' && *weight != 'Q') || weight[1] != '=' || strtod(weight + 2, NULL) > 0;
}

static cito_response *page_run(cito_endpoint *endpoint, cito_request *request)
{
    const cito_page *page = (const cito_page *)endpoint;
    cito_arena *arena = cito_request_arena(request);
    if (!page->asset)
        return cito_response_create(arena, 200, page->media_type, page->text.data ? page->text : page->api->openapi);
    const cito_asset *asset = page->asset;
    bool gzip = asset->gzip && takes_gzip(request);
    cito_str body = { (const char *)(gzip ? asset->gzip : asset->data), gzip ? asset->gzip_size : asset->size };
    cito_response *response = cito_response_create(arena, 200, asset->media_type, body);
    cito_response_set_header(response, "cache-control", CITO_STR("public, max-age=3600"));
    cito_response_set_header(response, "vary", CITO_STR("Accept-Encoding"));
    if (gzip)
        cito_response_set_header(response, "content-encoding", CITO_STR("gzip"));
    return response;
}

static void add_page(cito_api *api, cito_buffer *mistakes, cito_page made, const char *path)
{
    cito_page *page = cito_arena_take(&api->arena, sizeof *page);
    *page = made;
    page->endpoint.run = page_run;
    page->api = api;
    const char *wrong = cito_web_add_route(api->web, "GET,HEAD", path, &page->endpoint);
    if (wrong)
        cito_mistake_add(mistakes, api->app->file, api->app->line, "%s: %s", path, wrong);
}

static void add_asset(cito_api *api, cito_buffer *mistakes, const char *under, const char *name)
{
    const cito_asset *asset = cito_asset_find(name);
    if (!asset)
        cito_die(1, "cito was built without %s", name);
    add_page(api, mistakes, (cito_page){ .asset = asset }, cito_arena_format(&api->arena, "%s/%s", under, name).data);
}

/* Text inside of HTML. */
static void append_html(cito_buffer *page, const char *chars)
{
    for (; *chars; chars++) {
        switch (*chars) {
        case '<':
            cito_buffer_append_literal(page, "&lt;");
            break;
        case '>':
            cito_buffer_append_literal(page, "&gt;");
            break;
        case '&':
            cito_buffer_append_literal(page, "&amp;");
            break;
        case '"':
            cito_buffer_append_literal(page, "&quot;");
            break;
        default:
            cito_buffer_append_char(page, *chars);
        }
    }
}

/* JSON inside of a script: what could end the script is escaped. */
static void append_script_json(cito_buffer *page, const cito_value *value)
{
    cito_buffer json;
    cito_buffer_init(&json);
    cito_value_write(&json, value);
    for (size_t i = 0; i < json.len; i++) {
        char c = json.data[i];
        if (c == '<' || c == '>' || c == '&')
            cito_buffer_append_format(page, "\\u%04x", (unsigned)c);
        else
            cito_buffer_append_char(page, c);
    }
    cito_buffer_finish(&json);
}

static const cito_value *json_text(cito_api *api, const char *chars)
{
    return cito_value_parse(&api->arena, (cito_str){ chars, strlen(chars) }, NULL, NULL);
}

/* One option of SwaggerUIBundle a line; the application's own win over the defaults. */
static void append_swagger_options(cito_api *api, cito_buffer *page, cito_buffer *mistakes)
{
    static const char defaults[] =
        "{\"dom_id\":\"#swagger-ui\",\"layout\":\"BaseLayout\",\"deepLinking\":true,\"showExtensions\":true,\"showCommonExtensions\":true}";
    const cito_value *standard = json_text(api, defaults), *own = NULL;
    if (api->app->swagger_ui_parameters) {
        own = json_text(api, api->app->swagger_ui_parameters);
        if (!own || own->kind != CITO_VALUE_OBJECT)
            cito_mistake_add(mistakes, api->app->file, api->app->line,
                             "swagger_ui_parameters is no JSON object: write CITO_JSON({\"deepLinking\": false})");
    }
    for (uint32_t i = 0; i < standard->count; i++) {
        if (own && cito_value_has(own, standard->as.members[i].key.data))
            continue;
        cito_json_write_string(page, standard->as.members[i].key);
        cito_buffer_append_literal(page, ": ");
        append_script_json(page, standard->as.members[i].value);
        cito_buffer_append_literal(page, ",\n");
    }
    for (uint32_t i = 0; own && own->kind == CITO_VALUE_OBJECT && i < own->count; i++) {
        cito_json_write_string(page, own->as.members[i].key);
        cito_buffer_append_literal(page, ": ");
        append_script_json(page, own->as.members[i].value);
        cito_buffer_append_literal(page, ",\n");
    }
}

static const char *root_path(const cito_api *api) { return api->app->root_path ? api->app->root_path : ""; }

static const char *title(const cito_api *api) { return api->app->title ? api->app->title : "cito"; }

static cito_str keep(cito_api *api, cito_buffer *page)
{
    cito_str text = cito_arena_copy_str(&api->arena, page->data, page->len);
    cito_buffer_finish(page);
    return text;
}

static void append_head(const cito_api *api, cito_buffer *page, const char *kind, const char *docs_url)
{
    cito_buffer_append_literal(page, "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n"
                                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1.0\">\n<title>");
    append_html(page, title(api));
    cito_buffer_append_format(page, " - %s</title>\n<link rel=\"shortcut icon\" href=\"", kind);
    append_html(page, root_path(api));
    append_html(page, docs_url);
    cito_buffer_append_literal(page, "/favicon-32x32.png\">\n");
}

static cito_str swagger_page(cito_api *api, const char *openapi_url, const char *docs_url, cito_buffer *mistakes)
{
    cito_buffer page;
    cito_buffer_init(&page);
    const char *root = root_path(api);
    append_head(api, &page, "Swagger UI", docs_url);
    cito_buffer_append_format(
        &page, "<link type=\"text/css\" rel=\"stylesheet\" href=\"%s%s/swagger-ui.css\">\n</head>\n<body>\n<div id=\"swagger-ui\"></div>\n",
        root, docs_url);
    cito_buffer_append_format(
        &page, "<script src=\"%s%s/swagger-ui-bundle.js\"></script>\n<script>\nconst ui = SwaggerUIBundle({\nurl: ", root, docs_url);
    append_script_json(&page, cito_value_of_str(cito_arena_format(&api->arena, "%s%s", root, openapi_url)));
    cito_buffer_append_literal(&page, ",\n");
    append_swagger_options(api, &page, mistakes);
    cito_buffer_append_format(&page, "oauth2RedirectUrl: window.location.origin + \"%s%s/oauth2-redirect\",\n", root, docs_url);
    cito_buffer_append_literal(
        &page, "presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],\n})\n</script>\n</body>\n</html>\n");
    return keep(api, &page);
}

static cito_str redoc_page(cito_api *api, const char *openapi_url, const char *redoc_url, const char *docs_url)
{
    cito_buffer page;
    cito_buffer_init(&page);
    append_head(api, &page, "ReDoc", docs_url);
    cito_buffer_append_literal(&page, "<style>body { margin: 0; padding: 0; }</style>\n</head>\n<body>\n<noscript>ReDoc requires "
                                      "Javascript to function. Please enable it "
                                      "to browse the documentation.</noscript>\n");
    cito_buffer_append_format(&page,
                              "<redoc spec-url=\"%s%s\"></redoc>\n<script src=\"%s%s/redoc.standalone.js\"></script>\n</body>\n</html>\n",
                              root_path(api), openapi_url, root_path(api), redoc_url);
    return keep(api, &page);
}

/* Where an authorization server sends the browser back to: hands code or token to the window that opened it. */
static const char oauth2_redirect[] =
    "<!doctype html>\n<html lang=\"en-US\">\n<head><title>OAuth2 Redirect</title></head>\n<body>\n<script>\n'use strict';\nfunction run() "
    "{\n"
    "  const oauth2 = window.opener.swaggerUIRedirectOauth2;\n"
    "  const answer = Object.fromEntries(new URLSearchParams((window.location.hash || window.location.search).substring(1)));\n"
    "  const isValid = answer.state === oauth2.state;\n"
    "  const byCode = ['accessCode', 'authorizationCode', 'authorization_code'].includes(oauth2.auth.schema.get('flow'));\n"
    "  if (byCode && !oauth2.auth.code) {\n"
    "    if (!isValid)\n"
    "      oauth2.errCb({ authId: oauth2.auth.name, source: 'auth', level: 'warning', message: 'The state that came back is not the one "
    "that was sent.' });\n"
    "    if (answer.code) {\n      delete oauth2.state;\n      oauth2.auth.code = answer.code;\n"
    "      oauth2.callback({ auth: oauth2.auth, redirectUrl: oauth2.redirectUrl });\n    } else {\n"
    "      oauth2.errCb({ authId: oauth2.auth.name, source: 'auth', level: 'error', message: answer.error_description || answer.error || "
    "'No code came back.' });\n    }\n"
    "  } else {\n    oauth2.callback({ auth: oauth2.auth, token: answer, isValid, redirectUrl: oauth2.redirectUrl });\n  }\n  "
    "window.close();\n}\n"
    "if (document.readyState !== 'loading')\n  run();\nelse\n  document.addEventListener('DOMContentLoaded', "
    "run);\n</script>\n</body>\n</html>\n";

/* NULL: the default; "": none. */
static const char *url_or(const char *said, const char *otherwise) { return !said ? otherwise : *said ? said : NULL; }

/* What stands before the names of a page's own files: "" for the page "/". */
static const char *folder_of(cito_api *api, const char *url)
{
    size_t len = strlen(url);
    return cito_arena_copy_str(&api->arena, url, len && url[len - 1] == '/' ? len - 1 : len).data;
}

static void add_docs(cito_api *api, cito_buffer *mistakes, const char *openapi_url, const char *docs_url)
{
    const char *folder = folder_of(api, docs_url);
    api->docs_url = (cito_str){ docs_url, strlen(docs_url) };
    add_page(api, mistakes, (cito_page){ .media_type = html, .text = swagger_page(api, openapi_url, folder, mistakes) }, docs_url);
    add_page(api, mistakes, (cito_page){ .media_type = html, .text = { oauth2_redirect, sizeof oauth2_redirect - 1 } },
             cito_arena_format(&api->arena, "%s/oauth2-redirect", folder).data);
    add_asset(api, mistakes, folder, "swagger-ui-bundle.js");
    add_asset(api, mistakes, folder, "swagger-ui.css");
    add_asset(api, mistakes, folder, favicon);
}

/* The icon is that of /docs where there is one. */
static void add_redoc(cito_api *api, cito_buffer *mistakes, const char *openapi_url, const char *redoc_url, const char *docs_url)
{
    const char *folder = folder_of(api, redoc_url), *icons = docs_url ? folder_of(api, docs_url) : folder;
    add_page(api, mistakes, (cito_page){ .media_type = html, .text = redoc_page(api, openapi_url, folder, icons) }, redoc_url);
    add_asset(api, mistakes, folder, "redoc.standalone.js");
    if (!docs_url)
        add_asset(api, mistakes, folder, favicon);
}

void cito_pages_add(cito_api *api, cito_buffer *mistakes)
{
    const cito_router *app = api->app;
    const char *openapi_url = url_or(app->openapi_url, "/openapi.json");
    const char *docs_url = url_or(app->docs_url, "/docs"), *redoc_url = url_or(app->redoc_url, "/redoc");
    if (!openapi_url)
        return;
    add_page(api, mistakes, (cito_page){ .media_type = "application/json" }, openapi_url);
    if (docs_url)
        add_docs(api, mistakes, openapi_url, docs_url);
    if (redoc_url)
        add_redoc(api, mistakes, openapi_url, redoc_url, docs_url);
}

cito_str cito_api_docs_url(const cito_api *api) { return api->docs_url; }

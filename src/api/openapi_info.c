/* What the document says of the application itself: title and contact, servers, tags. Threading: at start, one thread. */
#include "api/document.h"

void cito_document_write_info(cito_document *doc, bool *first)
{
    const cito_router *app = doc->api->app;
    bool first_member = true;
    cito_document_key(doc, first, "info");
    cito_buffer_append_char(doc->out, '{');
    cito_document_member(doc, &first_member, "title", app->title ? app->title : "cito");
    cito_document_member(doc, &first_member, "summary", app->summary);
    cito_document_member(doc, &first_member, "description", app->description);
    cito_document_member(doc, &first_member, "termsOfService", app->terms_of_service);
    if (app->contact.name || app->contact.url || app->contact.email) {
        bool first_contact = true;
        cito_document_key(doc, &first_member, "contact");
        cito_buffer_append_char(doc->out, '{');
        cito_document_member(doc, &first_contact, "name", app->contact.name);
        cito_document_member(doc, &first_contact, "url", app->contact.url);
        cito_document_member(doc, &first_contact, "email", app->contact.email);
        cito_buffer_append_char(doc->out, '}');
    }
    if (app->license_info.name) {
        bool first_license = true;
        cito_document_key(doc, &first_member, "license");
        cito_buffer_append_char(doc->out, '{');
        cito_document_member(doc, &first_license, "name", app->license_info.name);
        cito_document_member(doc, &first_license, "identifier", app->license_info.identifier);
        cito_document_member(doc, &first_license, "url", app->license_info.url);
        cito_buffer_append_char(doc->out, '}');
    }
    cito_document_member(doc, &first_member, "version", app->version ? app->version : "0.1.0");
    cito_buffer_append_char(doc->out, '}');
}

void cito_document_write_servers(cito_document *doc, bool *first)
{
    const cito_router *app = doc->api->app;
    bool has_root = app->root_path && *app->root_path, first_server = true;
    if (!has_root && !app->servers[0].url)
        return;
    cito_document_key(doc, first, "servers");
    cito_buffer_append_char(doc->out, '[');
    if (has_root) {
        cito_buffer_append_literal(doc->out, "{\"url\":");
        cito_document_text(doc, app->root_path);
        cito_buffer_append_char(doc->out, '}');
        first_server = false;
    }
    for (size_t i = 0; i < sizeof app->servers / sizeof *app->servers && app->servers[i].url; i++) {
        bool first_member = true;
        if (!first_server)
            cito_buffer_append_char(doc->out, ',');
        first_server = false;
        cito_buffer_append_char(doc->out, '{');
        cito_document_member(doc, &first_member, "url", app->servers[i].url);
        cito_document_member(doc, &first_member, "description", app->servers[i].description);
        cito_buffer_append_char(doc->out, '}');
    }
    cito_buffer_append_char(doc->out, ']');
}

void cito_document_write_tags(cito_document *doc, bool *first)
{
    const cito_router *app = doc->api->app;
    if (!app->openapi_tags[0].name)
        return;
    cito_document_key(doc, first, "tags");
    for (size_t i = 0; i < sizeof app->openapi_tags / sizeof *app->openapi_tags && app->openapi_tags[i].name; i++) {
        const cito_openapi_tag *tag = &app->openapi_tags[i];
        bool first_member = true;
        cito_buffer_append_char(doc->out, i ? ',' : '[');
        cito_buffer_append_char(doc->out, '{');
        cito_document_member(doc, &first_member, "name", tag->name);
        cito_document_member(doc, &first_member, "description", tag->description);
        if (tag->external_docs_url) {
            bool first_docs = true;
            cito_document_key(doc, &first_member, "externalDocs");
            cito_buffer_append_char(doc->out, '{');
            cito_document_member(doc, &first_docs, "description", tag->external_docs_description);
            cito_document_member(doc, &first_docs, "url", tag->external_docs_url);
            cito_buffer_append_char(doc->out, '}');
        }
        cito_buffer_append_char(doc->out, '}');
    }
    cito_buffer_append_char(doc->out, ']');
}

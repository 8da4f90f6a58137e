/* Document: the OpenAPI document while it is written. openapi.c writes the whole, openapi_….c its parts.
 * Thread rule: at start, one thread. */
#pragma once
#include "api/private.h"
#include "schema/json_schema.h"

enum { CITO_LISTED_MAX = 512 };

/* One parameter as the document lists it: a parameter of a function, or a field of a model of parameters. */
typedef struct cito_listed {
    cito_source source;
    cito_str name, titled; /* titled: what its title is made from */
    const cito_type *type;
    const cito_field *field, *checks;
    bool required;
} cito_listed;

typedef struct cito_document {
    cito_api *api;
    cito_arena *arena;
    cito_components *components;
    cito_buffer *out;
    cito_listed *params; /* room for CITO_LISTED_MAX */
} cito_document;

/* "name": with a comma before it unless it is the first; *first is false afterwards. */
void cito_document_key(cito_document *, bool *first, const char *name);
void cito_document_text(cito_document *, const char *chars);
/* "name":"chars"; nothing for NULL. */
void cito_document_member(cito_document *, bool *first, const char *name, const char *chars);
/* "name":true */
void cito_document_flag(cito_document *, bool *first, const char *name);
/* The field's own title, or its name as one. */
const char *cito_document_title(cito_document *, const cito_field *, cito_str name);

/* Members of an operation: nothing where it has none. */
void cito_document_write_params(cito_document *, bool *first, const cito_operation *);
void cito_document_write_body(cito_document *, bool *first, const cito_operation *);
void cito_document_write_responses(cito_document *, bool *first, const cito_operation *);
bool cito_document_may_answer_422(const cito_operation *);
/* Members of the document. */
void cito_document_write_info(cito_document *, bool *first);
void cito_document_write_servers(cito_document *, bool *first);
void cito_document_write_tags(cito_document *, bool *first);

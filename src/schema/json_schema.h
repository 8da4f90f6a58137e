/* JSON Schema of types, as pydantic and FastAPI 0.141 write it for OpenAPI 3.1 (JSON Schema 2020-12): key order, titles, anyOf with null,
 * $ref to components. Thread rule: at start, one thread. Source: facts on FastAPI, 5.3; recordings of /openapi.json. */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include <cito/type.h>

/* The components that a document refers to: collected first, then named (equal declarations are one; different ones of one name get long
 * names; Name-Input and Name-Output where the two differ), then written sorted by name. */
typedef struct cito_components cito_components;
cito_components *cito_components_new(void);
void cito_components_free(cito_components *);
/* All records that the type reaches, as input (request) or output (response). For one schema in both directions collect everything as
 * input. */
void cito_components_collect(cito_components *, const cito_type *, bool is_output);
void cito_components_name(cito_components *);
/* "Name":{…},… of all collected. Other components (Body_…) are given as texts by name; a second text of one name is left out. */
void cito_components_add_text(cito_components *, const char *name, cito_str json);
void cito_components_write(cito_components *, cito_buffer *);
/* The schema of one type with its field's constraints, in place (records as $ref). title: "Item Id" or NULL for none; a bare $ref takes
 * none but the field's own. A field whose location is path, query, header or cookie is written in the key order of parameters, any other
 * in that of bodies. */
void cito_json_schema_write(cito_components *, const cito_type *, const cito_field *, const char *title, bool is_output, cito_buffer *);
/* An object of these fields under that title, as a model of them would be: what Body_… components are. */
void cito_json_schema_write_object(cito_components *, const char *title, const cito_field *const *fields, size_t count, cito_buffer *);
/* "item_id" as "Item Id", as Python's str.title() on the name with blanks. */
cito_str cito_title_of(cito_arena *, const char *name);

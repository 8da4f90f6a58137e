/* Decoding: from bytes straight into C structs by their field tables, validated in the same pass, all errors collected in field order as pydantic does.
 *
 * Made values live in the arena given. `into` points at room of type->size, which need not be zeroed. Never suspends; calls the program's
 * validators (on this thread). Thread rule: any. Source: FastAPI, "Request Body", "Query Parameters"; pydantic's lax mode conversion table;
 * conformance/data/coercion.jsonl. */
#pragma once
#include "json/reader.h"
#include "schema/error.h"
#include <cito/type.h>

/* One value at the reader's place. field gives the constraints (NULL: none) beside the type. false: errors were added, or reader->error is set
 * (syntax: then whatever was added means nothing). */
bool cito_decode_json(cito_json_reader *, const cito_type *, const cito_field *, const cito_loc *, void *into, cito_errors *);
/* The same from a dynamic value (task arguments, defaults, response models over `any`). */
bool cito_decode_value(const cito_value *, const cito_type *, const cito_field *, const cito_loc *, void *into, cito_arena *,
                       cito_errors *);
/* A file of a form among texts: data points at its cito_upload, len is this. */
#define CITO_TEXT_IS_UPLOAD SIZE_MAX
/* One value from the texts that a query, header, cookie, path or form has for it, in order: a scalar takes the last (header: the first: caller gives one),
 * a list takes all. */
bool cito_decode_texts(const cito_str *texts, size_t count, const cito_type *, const cito_field *, const cito_loc *, void *into,
                       cito_arena *, cito_errors *);
/* The field's default, or null for an optional; false where the field is required. */
bool cito_decode_default(const cito_field *, void *into, cito_arena *);
bool cito_field_is_required(const cito_field *);

/* A model read from names and texts: query, header, cookie and form models. find gives the texts of one field by its wire name (files too, for forms). `input` of
 * a missing error is the object of everything collected. extra: names that no field has, refused where the model forbids them. */
typedef struct cito_text_source {
    /* texts of that name, 0: absent. */
    size_t (*find)(void *data, cito_str name, const cito_str **out_texts);
    /* All names in order, for extra_forbidden; NULL past the end. */
    bool (*at)(void *data, size_t index, cito_str *out_name, cito_str *out_text);
    void *data;
    bool empty_is_absent; /* forms */
    bool header_names;    /* fields' underscores are hyphens on the wire */
} cito_text_source;
bool cito_decode_model_texts(const cito_text_source *, const cito_type *model, const cito_loc *, void *into, cito_arena *, cito_errors *);

/* Several body parameters, or one embedded: an object whose members are the parameters, decoded into the argument struct. params is a list of fields, whose offsets
 * lie in `into`. A body that is no object: each of them is missing, as FastAPI says it. Fields absent from it take their defaults. */
bool cito_decode_embedded(cito_json_reader *, const cito_field *const *params, size_t count, const cito_loc *, void *into, cito_errors *);

/* Derives what decoding and encoding need from a type and all it reaches: key tables, compiled patterns, defaults. Called at start for every type in
 * use; NULL, or what is wrong with the declaration, with file, line and what to do (an option that does not fit its type, a default that its own type refuses). */
const char *cito_type_prepare(const cito_type *, const cito_field *, cito_arena *texts);

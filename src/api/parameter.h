/* Parameters: where one parameter of a callable comes from, inferred as FastAPI infers it, and its decoding from a request.
 *
 * Thread rule: as operation.h. Source: FastAPI's dependencies/utils.py, analyze_param; tutorial, "Query Parameters", "Header Parameters". */
#pragma once
#include "api/operation.h"

/* Works out source, names and kind; path_names ends with NULL. Mistakes of the declaration add a line each. */
void cito_param_plan(cito_param *, const cito_field *, const cito_callable *, const char *const *path_names, const char *route,
                     cito_arena *, cito_buffer *mistakes);
/* Decodes a path, query, header, cookie or form parameter into its place. false: errors were added. A form must have been read before. */
bool cito_param_decode(const cito_param *, cito_request *, void *into, cito_errors *);
/* Whether a body parameter, inferred to be one, could as well be a query's: a list of scalars. */
bool cito_param_may_be_query(const cito_param *);
/* Its type as the program wrote it: "opt(list(str))". */
const char *cito_param_type_text(const cito_param *, cito_arena *);
/* Whether the value is a file of a form, or a list of them. */
bool cito_type_holds_file(const cito_type *);
/* The type without opt and annotations. */
const cito_type *cito_type_base(const cito_type *);
/* A line "file:line: …" of a mistake in a declaration. */
void cito_mistake_add(cito_buffer *mistakes, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Validation errors: what a 422 answer lists. type, loc, msg, input, ctx as pydantic 2.13 writes them. The messages live in one table (error_type.c).
 * Thread rule: errors belong to one request. Source: FastAPI, "Handling Errors"; conformance/data/error_types.json. */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"

/* Where a value stands: a chain on the C stack from the value outwards; copied when an error is recorded. */
typedef struct cito_loc {
    const struct cito_loc *outer;
    cito_str name; /* data NULL: index counts */
    int64_t index;
} cito_loc;

/* What the client sent there. */
typedef enum cito_input_kind { CITO_INPUT_NULL, CITO_INPUT_TEXT, CITO_INPUT_JSON, CITO_INPUT_VALUE } cito_input_kind;
typedef struct cito_input {
    cito_input_kind kind;
    cito_str text;           /* TEXT: a string; JSON: raw JSON text, written anew as Python would */
    const cito_value *value; /* VALUE */
} cito_input;

typedef struct cito_error {
    const char *type; /* "int_parsing" */
    cito_str msg;
    const cito_value *loc; /* an array */
    cito_input input;
    const cito_value *ctx; /* an object or NULL */
    int64_t order;         /* for sorting within the object being read; see decode.c */
} cito_error;
typedef struct cito_errors {
    cito_arena *arena;
    cito_error *items;
    size_t count, capacity;
} cito_errors;

void cito_errors_init(cito_errors *, cito_arena *);
/* Records an error of that type; the message is made from the table's template and ctx, whose values stand in {braces} there. ctx in the errors' arena, NULL: none. */
void cito_errors_add(cito_errors *, const char *type, const cito_loc *, cito_input, const cito_value *ctx);
/* All errors of `from`, behind those that are there. */
void cito_errors_append(cito_errors *, const cito_errors *from);
/* {"detail":[…]}, keys in FastAPI's order. */
void cito_errors_write(const cito_errors *, cito_buffer *);
/* The array itself, for handlers and logs. */
const cito_value *cito_errors_value(const cito_errors *);

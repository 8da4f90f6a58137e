/* Components of a document: which records it refers to, in which direction, and under which name. Private to src/schema; the public part is
 * in json_schema.h. Thread rule: at start, one thread. */
#pragma once
#include "schema/json_schema.h"

/* One record in one direction. */
typedef struct cito_component {
    const cito_type *type;
    bool is_output;
    bool separate; /* has -Input or -Output behind its name */
    cito_str name;
} cito_component;

/* A component that was given as text. */
typedef struct cito_component_text {
    cito_str name, json;
} cito_component_text;

struct cito_components {
    cito_arena arena;
    cito_component *items;
    size_t count, capacity;
    cito_component_text *texts;
    size_t text_count, text_capacity;
};

/* Whether a schema refers to the type instead of describing it in place: models and enums that have a name. */
bool cito_component_is(const cito_type *);
/* The name behind #/components/schemas/; a record that was not collected is added under its own name. */
cito_str cito_components_name_of(cito_components *, const cito_type *, bool is_output);
/* The whole schema of a model or enum, as it stands under its name; in the arena of the components. */
cito_str cito_json_schema_record(cito_components *, const cito_type *, bool is_output);

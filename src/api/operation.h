/* Operation: one path operation with everything that a request of it needs, worked out at start: where each parameter of the function and of its dependencies
 * comes from, in which order dependencies run, what the body is. One block of memory holds all argument structs and results of a request.
 *
 * Thread rule: made at start (or after an override) by one thread; read by requests. Source: FastAPI's dependencies/utils.py explains the order. */
#pragma once
#include "api/registry.h"
#include "base/buffer.h"
#include "schema/decode.h"
#include "web/app.h"

typedef enum cito_source {
    CITO_FROM_PATH,
    CITO_FROM_QUERY,
    CITO_FROM_HEADER,
    CITO_FROM_COOKIE,
    CITO_FROM_BODY, /* JSON */
    CITO_FROM_FORM,
    CITO_FROM_DEPENDENCY,
    CITO_FROM_REQUEST,
    CITO_FROM_RESPONSE,
    CITO_FROM_BACKGROUND
} cito_source;

typedef struct cito_param {
    const cito_field *field;
    cito_source source;
    cito_str wire_name; /* of a header: lower case, with hyphens */
    cito_str loc_name;  /* of the error: as FastAPI says it */
    size_t path_index;  /* FROM_PATH: which value of the match */
    int node;           /* FROM_DEPENDENCY: index of the node */
    bool is_model;      /* the fields of a model are parameters of their own */
    bool is_list;       /* takes every value of its name */
} cito_param;

/* One callable within an operation: a dependency, or, last, the function itself. */
typedef struct cito_node {
    const cito_callable *callable;
    cito_param *params; /* as many as the callable has */
    uint16_t *order;    /* of params: by source, then as declared */
    int *before;        /* nodes that are solved first, in order; ends with -1 */
    size_t args_offset, result_offset;
    int cached_slot;               /* CITO_CACHED: its place in the api's row; -1 */
    size_t body_first, body_count; /* its part of the operation's body_params */
    size_t body_row;               /* counts the nodes with a body before it */
} cito_node;

typedef enum cito_body_kind { CITO_BODY_NONE, CITO_BODY_WHOLE, CITO_BODY_EMBEDDED, CITO_BODY_FORM } cito_body_kind;

typedef struct cito_operation {
    cito_endpoint endpoint; /* first: web calls it */
    struct cito_api *api;
    const cito_router *app;
    const cito_decorator *decorator;
    const cito_callable *callable;
    const char *path;          /* with all prefixes */
    const char *document_path; /* without convertors */
    const char *method;
    int status_code;
    const cito_type *response_type; /* what is written: response_model, else the return type */
    const cito_response_class *response_class;
    cito_node *nodes; /* the function's own is the last */
    int node_count;
    size_t state_size;
    cito_body_kind body_kind;
    const cito_field **body_params; /* node after node; copies, whose offsets lie in the state block */
    size_t body_rows;               /* nodes that have some */
    unsigned override_version;
    /* what prefixes, routers and the operation say together */
    const char **tags; /* ends with NULL */
    cito_response_doc *responses;
    size_t response_count;
    const cito_depends *outer; /* dependencies=[…] of app, includes, routers, operation, in that order; ends with a NULL callable */
    bool deprecated, exclude_from_schema;
    const char *operation_id, *summary;
    const char *media_type;   /* of the ordinary answer, as the document names it */
    const char *content_type; /* as the answer's header says it: text with its charset */
} cito_operation;

/* Works out nodes, parameters and body; adds a line to mistakes for each thing that is wrong. */
void cito_operation_plan(cito_operation *, cito_arena *, cito_buffer *mistakes);
/* The same after an override of a dependency. */
void cito_operation_replan(cito_operation *, cito_arena *, cito_buffer *mistakes);
/* The endpoint's run. */
cito_response *cito_operation_run(cito_endpoint *, cito_request *);

/* Level: the application, or a router where an inclusion brought it in: what an operation inherits from the outside in.
 * Thread rule: at start, one thread. Source: FastAPI, "Bigger Applications", include_router. */
#pragma once
#include "api/operation.h"

enum { CITO_LEVELS_MAX = 32 };

typedef struct cito_level {
    const struct cito_level *outer;
    const cito_router *router;
    const cito_inclusion *inclusion; /* that brought the router in; NULL: the application */
    cito_str prefix;                 /* of everything outside and of this */
    int depth;
} cito_level;

/* Dependencies, tags, responses, flags, class, status and names of an operation whose decorator, callable and path are set. */
void cito_level_describe(const cito_level *innermost, cito_operation *, cito_arena *);

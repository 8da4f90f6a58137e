/* ETA: what is to be done later, the soonest first: a heap of nodes that lie in their owners, so adding never mallocs beyond the row of pointers.
 * Thread rule: one thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct cito_eta_node {
    double due;   /* seconds since 1970 */
    size_t place; /* in the heap + 1; 0: in none */
    size_t order; /* of adding: equal times keep it */
} cito_eta_node;

typedef struct cito_eta {
    cito_eta_node **nodes;
    size_t count, capacity, added;
} cito_eta;

void cito_eta_finish(cito_eta *);
void cito_eta_add(cito_eta *, cito_eta_node *, double due);
/* Nothing where it is in no heap. */
void cito_eta_remove(cito_eta *, cito_eta_node *);
/* NULL: none. */
cito_eta_node *cito_eta_first(const cito_eta *);

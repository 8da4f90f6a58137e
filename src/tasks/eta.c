/* ETA: a binary heap.
 *
 * Invariants: each node knows its place, so that a revoked one is taken out without a search. Threading: one thread. */
#include "tasks/eta.h"
#include "base/log.h"
#include <stdlib.h>

void cito_eta_finish(cito_eta *eta)
{
    free(eta->nodes);
    *eta = (cito_eta){ 0 };
}

static bool is_before(const cito_eta_node *a, const cito_eta_node *b)
{
    return a->due < b->due || (a->due <= b->due && a->order < b->order);
}

static void put(cito_eta *eta, size_t at, cito_eta_node *node)
{
    eta->nodes[at] = node;
    node->place = at + 1;
}

static void sift_up(cito_eta *eta, size_t at, cito_eta_node *node)
{
    for (size_t parent; at > 0 && is_before(node, eta->nodes[parent = (at - 1) / 2]); at = parent)
        put(eta, at, eta->nodes[parent]);
    put(eta, at, node);
}

static void sift_down(cito_eta *eta, size_t at, cito_eta_node *node)
{
    for (size_t child; (child = 2 * at + 1) < eta->count; at = child) {
        if (child + 1 < eta->count && is_before(eta->nodes[child + 1], eta->nodes[child]))
            child++;
        if (!is_before(eta->nodes[child], node))
            break;
        put(eta, at, eta->nodes[child]);
    }
    put(eta, at, node);
}

void cito_eta_add(cito_eta *eta, cito_eta_node *node, double due)
{
    if (eta->count == eta->capacity) {
        eta->capacity = eta->capacity ? eta->capacity * 2 : 64;
        eta->nodes = realloc(eta->nodes, eta->capacity * sizeof *eta->nodes);
        if (!eta->nodes)
            cito_abort("out of memory: %zu tasks wait for their time", eta->count);
    }
    node->due = due;
    node->order = eta->added++;
    sift_up(eta, eta->count++, node);
}

void cito_eta_remove(cito_eta *eta, cito_eta_node *node)
{
    if (!node->place)
        return;
    size_t at = node->place - 1;
    node->place = 0;
    cito_eta_node *last = eta->nodes[--eta->count];
    if (last == node)
        return;
    if (at > 0 && is_before(last, eta->nodes[(at - 1) / 2]))
        sift_up(eta, at, last);
    else
        sift_down(eta, at, last);
}

cito_eta_node *cito_eta_first(const cito_eta *eta) { return eta->count ? eta->nodes[0] : NULL; }

/* Route tree: from method and path to a target. A radix tree made at start; matching allocates nothing.
 *
 * As in Starlette, routes count in declaration order: the first that matches path and method wins, so "/a/{x}" before "/a/me" hides the latter; a path that
 * matches with the wrong method only is 405 with the methods of the first such route. Convertors: {x} (one segment, not empty), {x:path} (anything, also
 * empty), {x:int} ([0-9]+), {x:float} ([0-9]+(\.[0-9]+)?), {x:uuid}. The path is percent-decoded before. A path that fits only after more than 65536 attempts at
 * several parameters within one segment does not match. Thread rule: built by one, read by any. */
#pragma once
#include "base/arena.h"

enum { CITO_PATH_PARAMS_MAX = 16 };
typedef struct cito_route_tree cito_route_tree;
typedef struct cito_route_match {
    void *target;                          /* NULL: not found */
    cito_str values[CITO_PATH_PARAMS_MAX]; /* in the path's order; slices of the path, no NUL behind them */
    size_t value_count;
    cito_str allow;           /* 405: the methods of the first route that matches the path, "GET"; else empty */
    const char *const *names; /* of the values */
} cito_route_match;

cito_route_tree *cito_route_tree_new(void);
void cito_route_tree_free(cito_route_tree *);
/* NULL, or what is wrong with the path (borrowed text, in the tree's memory). methods: "GET" or "GET,HEAD". */
const char *cito_route_tree_add(cito_route_tree *, const char *methods, const char *path, void *target);
/* true: found. false: see allow. */
bool cito_route_tree_match(const cito_route_tree *, cito_str method, cito_str path, cito_route_match *out_match);

/* Route tree: a radix tree over bytes whose nodes may also continue with a parameter.
 *
 * Invariants: the children of a node start with different bytes; a node has at most one parameter edge of each convertor; a node's least_order is
 * the smallest order of the routes in it and below it; a node's routes are in declaration order. A match looks for the route of the smallest order,
 * so a branch whose least_order is not smaller than that of the best so far is left alone. What remains is one walk along the path, plus one for
 * each parameter edge that a literal edge competes with. Several parameters within a segment ("{a}-{b}-{c}") are tried in all lengths as a regular
 * expression would; as that grows with a power of the path's length, it has a limit.
 * Threading: add by one thread before the first match; match writes nothing but its result. */
#include "web/router.h"
#include "base/log.h"
#include "web/path_pattern.h"
#include <stdlib.h>
#include <string.h>

enum {
    FEW_CHILDREN = 8,
    TRIES_MAX = 64 * 1024 /* a path of a few thousand bytes tries each once; what needs more is made to hold up the loop */
};
static const uint32_t no_order = UINT32_MAX;

typedef struct route {
    uint32_t order, method_mask;
    cito_str *other_methods; /* such as have no bit */
    size_t other_method_count, name_count;
    cito_str allow;
    const char *const *names;
    void *target;
    struct route *next; /* declared later, same pattern */
} route;

typedef struct node {
    cito_str label; /* what the path must say to come here */
    uint32_t least_order;
    uint16_t child_count, child_capacity;
    char first[FEW_CHILDREN]; /* bytes of the children's labels while they are few */
    uint8_t *table;           /* where they are many: byte to index + 1 */
    struct node **children;
    struct param *params;
    route *routes;
} node;

typedef struct param {
    cito_convertor convertor;
    bool one_length; /* what follows starts with a slash or is the end: only the longest piece can fit */
    node node;       /* what follows; its label is empty */
    struct param *next;
} param;

struct cito_route_tree {
    cito_arena arena;
    node root;
    uint32_t count;
};

/* ---- building --------------------------------------------------------------------------------------------------------------- */

cito_route_tree *cito_route_tree_new(void)
{
    cito_route_tree *tree = calloc(1, sizeof *tree);
    if (!tree)
        cito_abort("out of memory: no %zu bytes for a route tree", sizeof *tree);
    cito_arena_init(&tree->arena, 0);
    tree->root.least_order = no_order;
    return tree;
}

void cito_route_tree_free(cito_route_tree *tree)
{
    if (!tree)
        return;
    cito_arena_finish(&tree->arena);
    free(tree);
}

/* The bit of a method that HTTP defines; 0 for others. Case matters (RFC 9110 section 9.1). */
static uint32_t method_bit(cito_str method)
{
    const char *m = method.data;
    switch (method.len) {
    case 3:
        return memcmp(m, "GET", 3) == 0 ? 1 : memcmp(m, "PUT", 3) == 0 ? 2 : 0;
    case 4:
        return memcmp(m, "POST", 4) == 0 ? 4 : memcmp(m, "HEAD", 4) == 0 ? 8 : 0;
    case 5:
        return memcmp(m, "PATCH", 5) == 0 ? 16 : memcmp(m, "TRACE", 5) == 0 ? 32 : 0;
    case 6:
        return memcmp(m, "DELETE", 6) == 0 ? 64 : 0;
    case 7:
        return memcmp(m, "OPTIONS", 7) == 0 ? 128 : 0;
    default:
        return 0;
    }
}

static node *find_child(const node *parent, char byte)
{
    if (parent->table) {
        uint8_t place = parent->table[(uint8_t)byte];
        return place ? parent->children[place - 1] : NULL;
    }
    for (unsigned i = 0; i < parent->child_count; i++)
        if (parent->first[i] == byte)
            return parent->children[i];
    return NULL;
}

static void add_child(cito_arena *arena, node *parent, node *child)
{
    if (parent->child_count == parent->child_capacity) {
        uint16_t capacity = parent->child_capacity ? (uint16_t)(parent->child_capacity * 2) : 2;
        node **children = cito_arena_take(arena, capacity * sizeof *children);
        if (parent->child_count)
            memcpy(children, parent->children, parent->child_count * sizeof *children);
        parent->children = children;
        parent->child_capacity = capacity;
    }
    unsigned index = parent->child_count++;
    parent->children[index] = child;
    if (index < FEW_CHILDREN)
        parent->first[index] = child->label.data[0];
    if (index == FEW_CHILDREN) {
        parent->table = cito_arena_take_zeroed(arena, 256);
        for (unsigned i = 0; i < index; i++)
            parent->table[(uint8_t)parent->first[i]] = (uint8_t)(i + 1);
    }
    if (parent->table)
        parent->table[(uint8_t)child->label.data[0]] = (uint8_t)(index + 1);
}

static node *new_node(cito_arena *arena, cito_str label, uint32_t order)
{
    node *made = cito_arena_take_zeroed(arena, sizeof *made);
    made->label = label;
    made->least_order = order;
    return made;
}

/* Cuts the child's label: what it had hangs below a node of its own from now on. */
static void split(cito_arena *arena, node *child, size_t at)
{
    node *rest = cito_arena_take(arena, sizeof *rest);
    *rest = *child;
    rest->label = (cito_str){ child->label.data + at, child->label.len - at };
    *child = (node){ .label = { child->label.data, at }, .least_order = rest->least_order };
    add_child(arena, child, rest);
}

static node *add_literal(cito_arena *arena, node *at, cito_str text, uint32_t order)
{
    while (text.len) {
        node *child = find_child(at, text.data[0]);
        if (!child) {
            child = new_node(arena, text, order);
            add_child(arena, at, child);
            return child;
        }
        size_t same = 1, most = child->label.len < text.len ? child->label.len : text.len;
        while (same < most && child->label.data[same] == text.data[same])
            same++;
        if (same < child->label.len)
            split(arena, child, same);
        at = child;
        text = (cito_str){ text.data + same, text.len - same };
    }
    return at;
}

static param *add_param(cito_arena *arena, node *at, cito_convertor convertor)
{
    for (param *known = at->params; known; known = known->next)
        if (known->convertor == convertor)
            return known;
    param *made = cito_arena_take_zeroed(arena, sizeof *made);
    *made = (param){ .convertor = convertor, .one_length = true, .node = { .least_order = no_order }, .next = at->params };
    return at->params = made;
}

static void add_method(cito_arena *arena, route *into, cito_str method, cito_str *allow)
{
    uint32_t bit = method_bit(method);
    into->method_mask |= bit;
    if (!bit) {
        cito_str *methods = cito_arena_take(arena, (into->other_method_count + 1) * sizeof *methods);
        if (into->other_method_count)
            memcpy(methods, into->other_methods, into->other_method_count * sizeof *methods);
        methods[into->other_method_count++] = method;
        into->other_methods = methods;
    }
    *allow = allow->len ? cito_arena_format(arena, "%s, %.*s", allow->data, (int)method.len, method.data) : method;
}

static route *new_route(cito_arena *arena, const char *methods, const cito_path_pattern *pattern, uint32_t order, void *target)
{
    route *made = cito_arena_take_zeroed(arena, sizeof *made);
    const char **names = cito_arena_take(arena, pattern->name_count * sizeof *names);
    if (pattern->name_count)
        memcpy(names, pattern->names, pattern->name_count * sizeof *names);
    *made = (route){ .order = order, .target = target, .names = names, .name_count = pattern->name_count };
    for (const char *at = methods + strspn(methods, ", "); *at; at += strspn(at, ", ")) {
        size_t len = strcspn(at, ", ");
        add_method(arena, made, cito_arena_copy_str(arena, at, len), &made->allow);
        at += len;
    }
    return made;
}

const char *cito_route_tree_add(cito_route_tree *tree, const char *methods, const char *path, void *target)
{
    cito_path_pattern pattern;
    cito_arena *arena = &tree->arena;
    const char *error = cito_path_pattern_parse(arena, cito_arena_copy_str(arena, path, strlen(path)).data, &pattern);
    if (error)
        return error;
    route *added = new_route(arena, methods, &pattern, tree->count, target), **last;
    if (!added->allow.len)
        return cito_arena_format(arena, "path \"%s\": no method is given; write \"GET\" or \"GET,HEAD\"", path).data;
    uint32_t order = tree->count++;
    node *at = &tree->root;
    for (size_t i = 0; i < pattern.token_count; i++) {
        const cito_path_token *token = &pattern.tokens[i];
        if (!token->is_param) {
            at = add_literal(arena, at, token->text, order);
            continue;
        }
        param *edge = add_param(arena, at, token->convertor);
        if (i + 1 < pattern.token_count &&
            (token->convertor == CITO_CONVERT_PATH || pattern.tokens[i + 1].is_param || token[1].text.data[0] != '/'))
            edge->one_length = false;
        if (edge->node.least_order > order)
            edge->node.least_order = order;
        at = &edge->node;
    }
    for (last = &at->routes; *last; last = &(*last)->next)
        ;
    *last = added;
    return NULL;
}

/* ---- matching --------------------------------------------------------------------------------------------------------------- */

typedef struct search {
    const char *end;
    cito_str method;
    uint32_t method_bit, best_order, partial_order;
    uint32_t tries_left; /* of shorter pieces */
    const route *best, *partial;
    cito_route_match *match;
    cito_str values[CITO_PATH_PARAMS_MAX];
} search;

static bool takes_method(const route *candidate, const search *find)
{
    if (find->method_bit)
        return candidate->method_mask & find->method_bit;
    for (size_t i = 0; i < candidate->other_method_count; i++)
        if (cito_same(candidate->other_methods[i], find->method))
            return true;
    return false;
}

/* The path ends at a node: its routes, first declared first. */
static void take_routes(search *find, const node *at, size_t value_count)
{
    for (const route *candidate = at->routes; candidate && candidate->order < find->best_order; candidate = candidate->next) {
        if (takes_method(candidate, find)) {
            find->best = candidate;
            find->best_order = candidate->order;
            for (size_t i = 0; i < value_count; i++)
                find->match->values[i] = find->values[i];
            return;
        }
        if (candidate->order < find->partial_order) {
            find->partial = candidate;
            find->partial_order = candidate->order;
        }
    }
}

static void walk(search *find, const node *at, const char *from, size_t value_count);

static void walk_params(search *find, const node *at, const char *from, size_t value_count)
{
    for (const param *edge = at->params; edge; edge = edge->next) {
        if (edge->node.least_order >= find->best_order)
            continue;
        ssize_t length = cito_convertor_longest(edge->convertor, from, find->end);
        while (length >= 0) {
            find->values[value_count] = (cito_str){ from, (size_t)length };
            walk(find, &edge->node, from + length, value_count + 1);
            if (edge->one_length || find->tries_left == 0)
                break;
            find->tries_left--;
            length = cito_convertor_shorter(edge->convertor, from, length);
        }
    }
}

static void walk(search *find, const node *at, const char *from, size_t value_count)
{
    for (;;) {
        const node *child = NULL;
        if (from == find->end) {
            take_routes(find, at, value_count);
        } else {
            child = find_child(at, *from);
            if (child && (child->least_order >= find->best_order || (size_t)(find->end - from) < child->label.len ||
                          memcmp(child->label.data, from, child->label.len) != 0))
                child = NULL;
        }
        if (at->params) {
            /* Literal text first: it is mostly declared first, and then the parameter need not be looked at. */
            if (child)
                walk(find, child, from + child->label.len, value_count);
            walk_params(find, at, from, value_count);
            return;
        }
        if (!child)
            return;
        from += child->label.len;
        at = child;
    }
}

bool cito_route_tree_match(const cito_route_tree *tree, cito_str method, cito_str path, cito_route_match *out_match)
{
    search find;
    find.end = path.data + path.len;
    find.method = method;
    find.method_bit = method_bit(method);
    find.best_order = find.partial_order = no_order;
    find.best = find.partial = NULL;
    find.tries_left = TRIES_MAX;
    find.match = out_match;
    walk(&find, &tree->root, path.data, 0);
    const route *found = find.best;
    out_match->target = found ? found->target : NULL;
    out_match->value_count = found ? found->name_count : 0;
    out_match->names = found ? found->names : NULL;
    out_match->allow = !found && find.partial ? find.partial->allow : (cito_str){ "", 0 };
    return found != NULL;
}

/* The lists that constructors fill before main, and what follows from them: which callable a decorator belongs to.
 *
 * Invariants: lists only grow, in the order of declaration; nodes are static data of the program's files. Threading: constructors and dlopen write, one
 * thread at a time; afterwards the lists are only read. Overrides are for tests, which use one thread. */
#include "api/registry.h"
#include "base/log.h"
#include <cito/testing.h>
#include <stdlib.h>
#include <string.h>

static struct registry {
    cito_callable_node *callables, **callables_end;
    cito_decorator *decorators, **decorators_end;
    cito_inclusion *inclusions, **inclusions_end;
    unsigned sequence;
    struct override {
        const cito_router *app;
        const cito_callable *dependency, *replacement;
        struct override *next;
    } *overrides;
    unsigned override_version;
} registry;

void cito_declare_callable(cito_callable_node *node)
{
    if (!registry.callables_end)
        registry.callables_end = &registry.callables;
    node->next = NULL;
    *registry.callables_end = node;
    registry.callables_end = &node->next;
}

void cito_declare_decorator(cito_decorator *decorator)
{
    if (!registry.decorators_end)
        registry.decorators_end = &registry.decorators;
    decorator->next = NULL;
    decorator->sequence = ++registry.sequence;
    *registry.decorators_end = decorator;
    registry.decorators_end = &decorator->next;
}

void cito_declare_inclusion(cito_inclusion *inclusion)
{
    if (!registry.inclusions_end)
        registry.inclusions_end = &registry.inclusions;
    inclusion->next = NULL;
    inclusion->sequence = ++registry.sequence;
    *registry.inclusions_end = inclusion;
    registry.inclusions_end = &inclusion->next;
}

const cito_callable_node *cito_registry_callables(void) { return registry.callables; }

const cito_decorator *cito_registry_decorators(void) { return registry.decorators; }

const cito_inclusion *cito_registry_inclusions(void) { return registry.inclusions; }

const cito_callable *cito_registry_decorated(const cito_decorator *decorator)
{
    const cito_callable *found = NULL;
    for (const cito_callable_node *node = registry.callables; node; node = node->next) {
        const cito_callable *callable = node->callable;
        if (callable->unit == decorator->unit && callable->order > decorator->order && (!found || callable->order < found->order))
            found = callable;
    }
    return found;
}

bool cito_registry_is_cached(const cito_callable *callable)
{
    for (const cito_decorator *decorator = registry.decorators; decorator; decorator = decorator->next)
        if (decorator->role == CITO_ROLE_CACHED && cito_registry_decorated(decorator) == callable)
            return true;
    return false;
}

/* The dependent's arguments have room for what the dependency gives, and nothing else. */
static void check_override(const cito_callable *dependency, const cito_callable *replacement)
{
    const cito_type *given = replacement->returns, *wanted = dependency->returns;
    bool same_name = given->name == wanted->name || (given->name && wanted->name && strcmp(given->name, wanted->name) == 0);
    if (replacement->result_size == dependency->result_size && given->kind == wanted->kind && same_name)
        return;
    cito_die(1, "%s:%d: %s cannot stand in for %s (%s:%d): both must return the same type", replacement->file, replacement->line,
             replacement->name, dependency->name, dependency->file, dependency->line);
}

void cito_override_dependency_with(cito_router *app, const cito_callable *dependency, const cito_callable *replacement)
{
    if (replacement)
        check_override(dependency, replacement);
    registry.override_version++;
    for (struct override *known = registry.overrides; known; known = known->next)
        if (known->app == app && known->dependency == dependency) {
            known->replacement = replacement;
            return;
        }
    struct override *added = malloc(sizeof *added);
    if (!added)
        abort();
    *added = (struct override){ app, dependency, replacement, registry.overrides };
    registry.overrides = added;
}

const cito_callable *cito_override_of(const cito_router *app, const cito_callable *dependency)
{
    for (const struct override *known = registry.overrides; known; known = known->next)
        if (known->app == app && known->dependency == dependency && known->replacement)
            return known->replacement;
    return dependency;
}

unsigned cito_override_version(void) { return registry.override_version; }

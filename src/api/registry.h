/* Registry: what the constructors of the program's files declared before main: callables, decorators, inclusions. The one place with state of its own, as
 * constructors have nobody to hand it to. Thread rule: written before main and by dlopen; read at start. */
#pragma once
#include <cito/app.h>

/* Lists in the order of declaration: within a file as written, files in the order they were linked. */
const cito_callable_node *cito_registry_callables(void);
const cito_inclusion *cito_registry_inclusions(void);
/* Whether CITO_CACHED stands before it. */
bool cito_registry_is_cached(const cito_callable *);

/* What stands in for a dependency in tests. The version changes with each override. */
const cito_callable *cito_override_of(const cito_router *app, const cito_callable *dependency);
unsigned cito_override_version(void);

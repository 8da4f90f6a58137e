/* Making the application: routers with their inclusions become operations, decorators find their callables, mistakes are gathered with file and line.
 *
 * Invariants: operations stand in the order of declaration; an application is never changed once made (but for overrides in tests). Threading: see api.h. */
#include "api/api.h"
#include "api/cached.h"
#include "api/level.h"
#include "api/openapi.h"
#include "api/parameter.h"
#include "api/private.h"
#include "base/log.h"
#include "json/value.h"
#include "schema/plan.h"
#include <stdlib.h>
#include <string.h>

typedef struct included {
    const cito_router *router;
    struct included *next;
} included;

typedef struct building {
    cito_api *api;
    included *routers; /* the application and all that it includes */
    cito_buffer *mistakes;
    size_t capacity;
} building;

/* ---- decorators and their callables ------------------------------------------------------------------------------------------ */

/* How many lines a decorator's options may fill: twelve characters each, less what the macro itself wrote before them. */
static int lines_of_options(const cito_decorator *decorator)
{
    const char *own = strstr(decorator->text, ".path = ");
    return (int)strlen(own ? own + strlen(".path = ") : decorator->text) / 12;
}

static int lines_of_text(const char *text) { return text ? 1 + (int)strlen(text) / 32 : 0; }

/* Each parameter and each of its options may have a line of its own, a text several. */
static int lines_of_params(const cito_callable *callable)
{
    int lines = 0;
    for (const cito_field *field = callable->params; field < callable->params + callable->param_count; field++) {
        const char *texts[] = { field->alias,        field->title,        field->description,  field->pattern,
                                field->default_json, field->example_json, field->examples_json };
        lines += 1 + field->has_ge + field->has_gt + field->has_le + field->has_lt + field->has_multiple_of + field->has_min_length +
                 field->has_max_length + field->has_max_digits + field->has_decimal_places + field->deprecated +
                 field->exclude_from_schema + (field->location != CITO_IN_INFERRED);
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            lines += lines_of_text(texts[i]);
    }
    return lines;
}

/* A decorator's callable stands within a line or two. Compilers differ in which line of a declaration that goes over several they say, hence the allowance for its text. */
static bool stands_near(const cito_decorator *decorator, const cito_callable *callable)
{
    int between = 0;
    for (const cito_decorator *other = cito_registry_decorators(); other; other = other->next)
        if (other->unit == decorator->unit && other->order > decorator->order && other->order < callable->order)
            between += 1 + lines_of_options(other);
    int allowed = 2 + between + lines_of_options(decorator) + lines_of_params(callable);
    return strcmp(decorator->file, callable->file) != 0 || callable->line - decorator->line <= allowed;
}

static const char *decorator_title(const cito_decorator *decorator, cito_arena *arena)
{
    switch (decorator->role) {
    case CITO_ROLE_ROUTE:
        return cito_arena_format(arena, "%s %s", decorator->method, decorator->path ? decorator->path : "").data;
    case CITO_ROLE_MIDDLEWARE:
        return "CITO_MIDDLEWARE";
    case CITO_ROLE_LIFESPAN:
        return "CITO_LIFESPAN";
    case CITO_ROLE_STARTUP:
        return "CITO_ON_STARTUP";
    case CITO_ROLE_SHUTDOWN:
        return "CITO_ON_SHUTDOWN";
    case CITO_ROLE_EXCEPTION:
        return "CITO_EXCEPTION_HANDLER";
    case CITO_ROLE_CACHED:
        return "CITO_CACHED";
    case CITO_ROLE_TASK:
        return "CITO_TASK";
    }
    return "";
}

/* NULL with a mistake where the decorator has no callable of its own. */
static const cito_callable *decorated(building *build, const cito_decorator *decorator)
{
    const cito_callable *callable = cito_registry_decorated(decorator);
    const char *title = decorator_title(decorator, &build->api->arena);
    if (!callable) {
        cito_mistake_add(build->mistakes, decorator->file, decorator->line,
                         "%s: no function follows: put CITO_DEF or CITO_ASYNC_DEF directly behind it", title);
        return NULL;
    }
    if (!stands_near(decorator, callable)) {
        cito_mistake_add(
            build->mistakes, decorator->file, decorator->line,
            "%s: the next function is %s in line %d, too far away to be meant: a decorator stands directly before its function", title,
            callable->name, callable->line);
        return NULL;
    }
    return callable;
}

/* ---- operations ------------------------------------------------------------------------------------------------------------- */

static void keep_operation(building *build, cito_operation *operation)
{
    cito_api *api = build->api;
    if (api->operation_count == build->capacity) {
        build->capacity = build->capacity ? 2 * build->capacity : 64;
        cito_operation **grown = realloc(api->operations, build->capacity * sizeof *grown);
        if (!grown)
            cito_die(1, "out of memory");
        api->operations = grown;
    }
    api->operations[api->operation_count++] = operation;
}

static void check_extra(building *build, const cito_decorator *decorator)
{
    const char *extra = decorator->openapi_extra;
    const cito_value *value = extra ? cito_value_parse(&build->api->arena, cito_option_json(extra, &build->api->arena), NULL, NULL) : NULL;
    if (extra && (!value || value->kind != CITO_VALUE_OBJECT))
        cito_mistake_add(build->mistakes, decorator->file, decorator->line,
                         "%s %s: openapi_extra is no JSON object: write CITO_JSON({\"x-key\": 1})", decorator->method,
                         decorator->path ? decorator->path : "");
}

static void add_operation(building *build, const cito_level *innermost, const cito_decorator *decorator)
{
    const cito_callable *callable = decorated(build, decorator);
    if (!callable)
        return;
    cito_arena *arena = &build->api->arena;
    cito_operation *operation = cito_arena_take_zeroed(arena, sizeof *operation);
    const char *path = decorator->path ? decorator->path : "";
    *operation = (cito_operation){ .endpoint.run = cito_operation_run,
                                   .api = build->api,
                                   .app = build->api->app,
                                   .decorator = decorator,
                                   .callable = callable,
                                   .method = decorator->method };
    operation->path = cito_arena_format(arena, "%s%s", innermost->prefix.data, path).data;
    if (path[0] ? path[0] != '/' : !operation->path[0]) {
        cito_mistake_add(build->mistakes, decorator->file, decorator->line, "%s %s: a path begins with a slash: write \"/%s\"",
                         decorator->method, path, path);
        return;
    }
    cito_level_describe(innermost, operation, arena);
    check_extra(build, decorator);
    cito_operation_plan(operation, arena, build->mistakes);
    const char *wrong = cito_web_add_route(build->api->web, decorator->method, operation->path, &operation->endpoint);
    if (wrong)
        cito_mistake_add(build->mistakes, decorator->file, decorator->line, "%s %s: %s", decorator->method, operation->path, wrong);
    keep_operation(build, operation);
}

/* ---- routers ------------------------------------------------------------------------------------------------------------------ */

static void check_prefix(building *build, const char *prefix, const char *file, int line)
{
    size_t len = prefix ? strlen(prefix) : 0;
    if (len && (prefix[0] != '/' || prefix[len - 1] == '/'))
        cito_mistake_add(build->mistakes, file, line, "prefix \"%s\": a prefix begins with a slash and does not end with one", prefix);
}

static void add_router(building *build, const cito_level *here);

static void add_inclusion(building *build, const cito_level *here, const cito_inclusion *inclusion)
{
    check_prefix(build, inclusion->prefix, inclusion->file, inclusion->line);
    check_prefix(build, inclusion->router->prefix, inclusion->router->file, inclusion->router->line);
    if (here->depth + 2 >= CITO_LEVELS_MAX) {
        cito_mistake_add(build->mistakes, inclusion->file, inclusion->line, "routers include each other in a circle, or more than %d deep",
                         CITO_LEVELS_MAX - 2);
        return;
    }
    const char *own = inclusion->router->prefix ? inclusion->router->prefix : "", *said = inclusion->prefix ? inclusion->prefix : "";
    cito_level inner = { .outer = here, .router = inclusion->router, .inclusion = inclusion, .depth = here->depth + 1 };
    inner.prefix = cito_arena_format(&build->api->arena, "%s%s%s", here->prefix.data, said, own);
    add_router(build, &inner);
}

/* Routes and inclusions of one router, in the order of declaration. */
static void add_router(building *build, const cito_level *here)
{
    included *added = cito_arena_take(&build->api->arena, sizeof *added);
    *added = (included){ here->router, build->routers };
    build->routers = added;
    const cito_decorator *decorator = cito_registry_decorators();
    const cito_inclusion *inclusion = cito_registry_inclusions();
    while (decorator || inclusion) {
        if (decorator && (!inclusion || decorator->sequence < inclusion->sequence)) {
            if (decorator->role == CITO_ROLE_ROUTE && decorator->owner == here->router)
                add_operation(build, here, decorator);
            decorator = decorator->next;
        } else {
            if (inclusion->into == here->router)
                add_inclusion(build, here, inclusion);
            inclusion = inclusion->next;
        }
    }
}

static bool is_lifespan_hook(const cito_decorator *decorator)
{
    return decorator->role == CITO_ROLE_LIFESPAN || decorator->role == CITO_ROLE_STARTUP || decorator->role == CITO_ROLE_SHUTDOWN;
}

static void check_shape(building *build, const cito_decorator *decorator, const cito_callable *callable)
{
    bool takes_request = callable->param_count == 1 && callable->params[0].type == cito_t_request;
    bool gives_response = callable->returns == cito_t_response;
    const char *title = decorator_title(decorator, &build->api->arena);
    if ((decorator->role == CITO_ROLE_MIDDLEWARE || decorator->role == CITO_ROLE_EXCEPTION) && !(takes_request && gives_response))
        cito_mistake_add(build->mistakes, callable->file, callable->line, "%s: write CITO_ASYNC_DEF(response, %s, (request, request))",
                         title, callable->name);
    if (is_lifespan_hook(decorator) && (callable->param_count || callable->returns->kind != CITO_KIND_NONE ||
                                        (decorator->role == CITO_ROLE_LIFESPAN && !callable->is_async)))
        cito_mistake_add(build->mistakes, callable->file, callable->line, "%s: write CITO_ASYNC_DEF(none, %s), without parameters", title,
                         callable->name);
}

static void add_hook(cito_web *web, const cito_decorator *decorator, const cito_callable *callable)
{
    switch (decorator->role) {
    case CITO_ROLE_MIDDLEWARE:
        cito_web_add_middleware(web, callable);
        break;
    case CITO_ROLE_LIFESPAN:
        cito_web_add_lifespan(web, callable);
        break;
    case CITO_ROLE_STARTUP:
        cito_web_add_startup(web, callable);
        break;
    case CITO_ROLE_SHUTDOWN:
        cito_web_add_shutdown(web, callable);
        break;
    case CITO_ROLE_EXCEPTION:
        cito_web_add_exception_handler(web, decorator->status_code, callable);
        break;
    default:
        break;
    }
}

/* CITO_CACHED has no owner; another application's hooks, or those of a router that nobody includes, are not this one's. */
static bool concerns(const building *build, const cito_decorator *decorator)
{
    if (decorator->role == CITO_ROLE_CACHED)
        return true;
    if (decorator->role == CITO_ROLE_ROUTE || decorator->role == CITO_ROLE_TASK)
        return false;
    const included *at = build->routers;
    while (at && at->router != decorator->owner)
        at = at->next;
    return at;
}

/* Middleware, lifespans, hooks and handlers of the application; a CITO_CACHED that decorates nothing is found here too. */
static void add_hooks(building *build)
{
    const cito_router *app = build->api->app;
    for (const cito_decorator *decorator = cito_registry_decorators(); decorator; decorator = decorator->next) {
        if (!concerns(build, decorator))
            continue;
        const cito_callable *callable = decorated(build, decorator);
        if (!callable)
            continue;
        if (decorator->owner && decorator->owner != app)
            cito_mistake_add(build->mistakes, decorator->file, decorator->line,
                             "%s of %s: a router has none: give it the application that includes the router",
                             decorator_title(decorator, &build->api->arena), callable->name);
        check_shape(build, decorator, callable);
        add_hook(build->api->web, decorator, callable);
    }
}

/* Clients are generated from the ids: two of one name are one function to them. As FastAPI, a notice and no more. */
static void notice_operation_ids(const cito_api *api)
{
    for (size_t i = 0; i < api->operation_count; i++)
        for (size_t j = 0; j < i; j++) {
            const cito_operation *operation = api->operations[i], *other = api->operations[j];
            if (operation->exclude_from_schema || other->exclude_from_schema || strcmp(operation->operation_id, other->operation_id) != 0)
                continue;
            cito_log_write(CITO_LOG_WARNING,
                           "%s:%d: operation id %s is that of %s %s too (%s:%d): give one of them its own with .operation_id",
                           operation->decorator->file, operation->decorator->line, operation->operation_id, other->method, other->path,
                           other->decorator->file, other->decorator->line);
            break;
        }
}

/* ---- the application ------------------------------------------------------------------------------------------------------------ */

static void process_stopping(void *data) { cito_cached_finish(data); }

static void make_cached_row(cito_api *api)
{
    for (const cito_callable_node *node = cito_registry_callables(); node; node = node->next)
        api->cached_count++;
    api->cached = calloc(api->cached_count + 1, sizeof *api->cached);
    if (!api->cached)
        cito_die(1, "out of memory");
}

/* Debug builds check where returned pointers point; CITO_DEBUG=1 or 0 says otherwise. */
static bool wants_pointer_checks(void)
{
    const char *said = getenv("CITO_DEBUG");
    if (said && *said)
        return *said != '0';
#ifdef NDEBUG
    return false;
#else
    return true;
#endif
}

cito_api *cito_api_new(cito_router *app, cito_buffer *out_mistakes)
{
    size_t before = out_mistakes->len;
    cito_api *api = calloc(1, sizeof *api);
    if (!api)
        cito_die(1, "out of memory");
    api->app = app;
    api->checks_pointers = wants_pointer_checks();
    cito_arena_init(&api->arena, 0);
    api->web = cito_web_new();
    make_cached_row(api);
    building build = { .api = api, .mistakes = out_mistakes };
    check_prefix(&build, app->prefix, app->file, app->line);
    const char *prefix = app->prefix ? app->prefix : "";
    cito_level outermost = { .router = app, .prefix = { prefix, strlen(prefix) } };
    cito_pages_add(api, out_mistakes); /* first, as in FastAPI: /docs is never hidden by /{anything} */
    add_router(&build, &outermost);
    add_hooks(&build);
    cito_web_redirect_slashes(api->web, !app->redirect_slashes_off);
    cito_web_set_root_path(api->web, app->root_path);
    cito_web_set_process_hooks(api->web, NULL, process_stopping, api);
    if (out_mistakes->len != before) {
        cito_api_free(api);
        return NULL;
    }
    notice_operation_ids(api);
    api->openapi = cito_openapi_make(api);
    return api;
}

void cito_api_free(cito_api *api)
{
    cito_web_free(api->web);
    free(api->operations);
    free(api->cached);
    cito_arena_finish(&api->arena);
    free(api);
}

void cito_api_replan(cito_operation *operation)
{
    cito_buffer mistakes;
    cito_buffer_init(&mistakes);
    cito_operation_replan(operation, &operation->api->arena, &mistakes);
    if (mistakes.len)
        cito_die(1, "cito_override_dependency: what stands in does not fit:\n%.*s", (int)mistakes.len, mistakes.data);
    cito_buffer_finish(&mistakes);
}

cito_application *cito_api_application(cito_api *api) { return cito_web_application(api->web); }

cito_str cito_api_openapi(const cito_api *api) { return api->openapi; }

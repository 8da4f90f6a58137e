/* Making the application: routers with their inclusions become operations, decorators find their callables, mistakes are gathered with file and line.
 *
 * Invariants: operations stand in the order of declaration; an application is never changed once made (but for overrides in tests). Threading: see api.h. */
#include "api/api.h"
#include "api/cached.h"
#include "api/openapi.h"
#include "api/parameter.h"
#include "api/private.h"
#include "base/log.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { INCLUSION_DEPTH_MAX = 32, TAGS_MAX = 64, LIST_MAX = 8 };

/* What an operation inherits from the application down to its router. */
typedef struct level {
    const struct level *outer;
    const cito_router *router;
    const cito_inclusion *inclusion; /* that brought the router in; NULL: the application */
    cito_str prefix;                 /* of everything outside and of this */
    int depth;
} level;

typedef struct building {
    cito_api *api;
    cito_buffer *mistakes;
    size_t capacity;
} building;

/* ---- decorators and their callables ------------------------------------------------------------------------------------------ */

/* A decorator's callable stands within a line or two. Compilers differ in which line of a declaration that goes over several they say, hence the allowance for its text. */
static bool stands_near(const cito_decorator *decorator, const cito_callable *callable)
{
    int between = 0;
    for (const cito_decorator *other = cito_registry_decorators(); other; other = other->next)
        if (other->unit == decorator->unit && other->order > decorator->order && other->order < callable->order)
            between += 1 + (int)strlen(other->text) / 8;
    int allowed = 2 + between + (int)strlen(decorator->text) / 8 + (int)callable->param_count;
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
    }
    return "";
}

/* NULL with a mistake where the decorator has no callable of its own. */
static const cito_callable *decorated(building *build, const cito_decorator *decorator)
{
    const cito_callable *callable = cito_registry_decorated(decorator);
    const char *title = decorator_title(decorator, &build->api->arena);
    if (!callable) {
        cito_mistake_add(build->mistakes, decorator->file, decorator->line, "%s: no function follows: put CITO_DEF or CITO_ASYNC_DEF directly behind it", title);
        return NULL;
    }
    if (!stands_near(decorator, callable)) {
        cito_mistake_add(build->mistakes, decorator->file, decorator->line,
                         "%s: the next function is %s in line %d, too far away to be meant: a decorator stands directly before its function", title, callable->name,
                         callable->line);
        return NULL;
    }
    return callable;
}

/* ---- operations ------------------------------------------------------------------------------------------------------------- */

/* Levels from the application inwards. */
static int levels_outside_in(const level *innermost, const level *out[INCLUSION_DEPTH_MAX])
{
    for (const level *at = innermost; at; at = at->outer)
        out[at->depth] = at;
    return innermost->depth + 1;
}

static void copy_depends(cito_depends *all, size_t *count, const cito_depends *some)
{
    for (size_t i = 0; i < LIST_MAX && some[i].callable; i++)
        all[(*count)++] = some[i];
}

static void gather_depends(cito_operation *operation, const level *const *levels, int count, cito_arena *arena)
{
    cito_depends *all = cito_arena_take_zeroed(arena, ((size_t)count * 2 + 2) * LIST_MAX * sizeof *all);
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        if (levels[i]->inclusion)
            copy_depends(all, &total, levels[i]->inclusion->dependencies);
        copy_depends(all, &total, levels[i]->router->dependencies);
    }
    copy_depends(all, &total, operation->decorator->dependencies);
    operation->outer = all;
}

static void copy_tags(const char **all, size_t *count, const char *const *some)
{
    for (size_t i = 0; i < LIST_MAX && some[i] && *count < TAGS_MAX; i++) {
        size_t known = 0;
        while (known < *count && strcmp(all[known], some[i]) != 0)
            known++;
        if (known == *count)
            all[(*count)++] = some[i];
    }
}

static void gather_tags(cito_operation *operation, const level *const *levels, int count, cito_arena *arena)
{
    const char **all = cito_arena_take_zeroed(arena, (TAGS_MAX + 1) * sizeof *all);
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        if (levels[i]->inclusion)
            copy_tags(all, &total, levels[i]->inclusion->tags);
        copy_tags(all, &total, levels[i]->router->tags);
    }
    copy_tags(all, &total, operation->decorator->tags);
    operation->tags = all;
}

/* The inner one wins where two say something of one status. */
static void copy_responses(cito_operation *operation, const cito_response_doc *some)
{
    for (size_t i = 0; i < LIST_MAX && some[i].status_code; i++) {
        size_t at = 0;
        while (at < operation->response_count && operation->responses[at].status_code != some[i].status_code)
            at++;
        operation->responses[at] = some[i];
        if (at == operation->response_count)
            operation->response_count++;
    }
}

static void gather_responses(cito_operation *operation, const level *const *levels, int count, cito_arena *arena)
{
    operation->responses = cito_arena_take_zeroed(arena, ((size_t)count * 2 + 1) * LIST_MAX * sizeof *operation->responses);
    for (int i = 0; i < count; i++) {
        if (levels[i]->inclusion)
            copy_responses(operation, levels[i]->inclusion->responses);
        copy_responses(operation, levels[i]->router->responses);
    }
    copy_responses(operation, operation->decorator->responses);
}

/* read_item of /items/{item_id} by GET: read_item_items__item_id__get. */
static const char *make_operation_id(const cito_operation *operation, cito_arena *arena)
{
    char *id = (char *)cito_arena_format(arena, "%s%s", operation->callable->name, operation->path).data;
    for (char *c = id; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            *c = '_';
    char *method = (char *)cito_arena_format(arena, "%s", operation->method).data;
    for (char *c = method; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return cito_arena_format(arena, "%s_%s", id, method).data;
}

/* "/files/{path:path}" is "/files/{path}" in the document. */
static const char *plain_path(const char *path, cito_arena *arena)
{
    char *plain = (char *)cito_arena_copy_str(arena, path, strlen(path)).data, *to = plain;
    bool skipping = false, inside = false;
    for (const char *from = path; *from; from++) {
        inside = *from == '{' ? true : *from == '}' ? false : inside;
        skipping = inside && (skipping || *from == ':');
        if (!skipping)
            *to++ = *from;
    }
    *to = '\0';
    return plain;
}

static void describe(cito_operation *operation, const level *innermost, cito_arena *arena)
{
    const level *levels[INCLUSION_DEPTH_MAX];
    int count = levels_outside_in(innermost, levels);
    const cito_decorator *decorator = operation->decorator;
    gather_depends(operation, levels, count, arena);
    gather_tags(operation, levels, count, arena);
    gather_responses(operation, levels, count, arena);
    operation->deprecated = decorator->deprecated;
    operation->exclude_from_schema = decorator->exclude_from_schema;
    operation->response_class = decorator->response_class;
    for (int i = count; i-- > 0;) {
        const cito_inclusion *inclusion = levels[i]->inclusion;
        operation->deprecated |= levels[i]->router->deprecated || (inclusion && inclusion->deprecated);
        operation->exclude_from_schema |= levels[i]->router->exclude_from_schema || (inclusion && inclusion->exclude_from_schema);
        if (!operation->response_class)
            operation->response_class = levels[i]->router->default_response_class;
    }
    operation->document_path = plain_path(operation->path, arena);
    operation->operation_id = decorator->operation_id ? decorator->operation_id : make_operation_id(operation, arena);
    operation->status_code = decorator->status_code ? decorator->status_code : 200;
    operation->response_type = decorator->response_model ? decorator->response_model : operation->callable->returns;
    operation->media_type = operation->response_class ? operation->response_class->media_type : "application/json";
    if (operation->response_type == cito_t_response || operation->response_type->kind == CITO_KIND_NONE)
        operation->response_type = decorator->response_model;
}

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

static void add_operation(building *build, const level *innermost, const cito_decorator *decorator)
{
    const cito_callable *callable = decorated(build, decorator);
    if (!callable)
        return;
    cito_arena *arena = &build->api->arena;
    cito_operation *operation = cito_arena_take_zeroed(arena, sizeof *operation);
    const char *path = decorator->path ? decorator->path : "";
    *operation = (cito_operation){ .endpoint.run = cito_operation_run, .api = build->api, .app = build->api->app, .decorator = decorator, .callable = callable, .method = decorator->method };
    operation->path = cito_arena_format(arena, "%s%s", innermost->prefix.data, path).data;
    if (operation->path[0] != '/') {
        cito_mistake_add(build->mistakes, decorator->file, decorator->line, "%s %s: a path begins with a slash: write \"/%s\"", decorator->method, path, path);
        return;
    }
    describe(operation, innermost, arena);
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

static void add_router(building *build, const level *here);

static void add_inclusion(building *build, const level *here, const cito_inclusion *inclusion)
{
    check_prefix(build, inclusion->prefix, inclusion->file, inclusion->line);
    check_prefix(build, inclusion->router->prefix, inclusion->router->file, inclusion->router->line);
    if (here->depth + 2 >= INCLUSION_DEPTH_MAX) {
        cito_mistake_add(build->mistakes, inclusion->file, inclusion->line, "routers include each other in a circle, or more than %d deep", INCLUSION_DEPTH_MAX - 2);
        return;
    }
    const char *own = inclusion->router->prefix ? inclusion->router->prefix : "", *said = inclusion->prefix ? inclusion->prefix : "";
    level inner = { .outer = here, .router = inclusion->router, .inclusion = inclusion, .depth = here->depth + 1 };
    inner.prefix = cito_arena_format(&build->api->arena, "%s%s%s", here->prefix.data, said, own);
    add_router(build, &inner);
}

/* Routes and inclusions of one router, in the order of declaration. */
static void add_router(building *build, const level *here)
{
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

static void check_shape(building *build, const cito_decorator *decorator, const cito_callable *callable)
{
    bool takes_request = callable->param_count == 1 && callable->params[0].type == cito_t_request;
    bool gives_response = callable->returns == cito_t_response;
    const char *title = decorator_title(decorator, &build->api->arena);
    if ((decorator->role == CITO_ROLE_MIDDLEWARE || decorator->role == CITO_ROLE_EXCEPTION) && !(takes_request && gives_response))
        cito_mistake_add(build->mistakes, callable->file, callable->line, "%s: write CITO_ASYNC_DEF(response, %s, (request, request))", title, callable->name);
    if ((decorator->role == CITO_ROLE_LIFESPAN || decorator->role == CITO_ROLE_STARTUP || decorator->role == CITO_ROLE_SHUTDOWN) &&
        (callable->param_count || callable->returns->kind != CITO_KIND_NONE))
        cito_mistake_add(build->mistakes, callable->file, callable->line, "%s: write CITO_ASYNC_DEF(none, %s), without parameters", title, callable->name);
}

/* Middleware, lifespans, hooks and handlers of the application; a CITO_CACHED that decorates nothing is found here too. */
static void add_hooks(building *build)
{
    cito_web *web = build->api->web;
    for (const cito_decorator *decorator = cito_registry_decorators(); decorator; decorator = decorator->next) {
        if (decorator->role == CITO_ROLE_ROUTE || (decorator->role != CITO_ROLE_CACHED && decorator->owner != build->api->app))
            continue;
        const cito_callable *callable = decorated(build, decorator);
        if (!callable)
            continue;
        check_shape(build, decorator, callable);
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
}

/* ---- the application ------------------------------------------------------------------------------------------------------------ */

static void process_stopping(void *data)
{
    cito_cached_finish(data);
}

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
    level outermost = { .router = app, .prefix = CITO_STR("") };
    cito_pages_add(api, out_mistakes); /* first, as in FastAPI: /docs is never hidden by /{anything} */
    add_router(&build, &outermost);
    add_hooks(&build);
    cito_web_redirect_slashes(api->web, !app->redirect_slashes_off);
    cito_web_set_process_hooks(api->web, NULL, process_stopping, api);
    if (out_mistakes->len != before) {
        cito_api_free(api);
        return NULL;
    }
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
    operation->body_count = 0;
    operation->body_required = false;
    cito_operation_plan(operation, &operation->api->arena, &mistakes);
    if (mistakes.len)
        cito_die(1, "cito_override_dependency: what stands in does not fit:\n%.*s", (int)mistakes.len, mistakes.data);
    cito_buffer_finish(&mistakes);
}

cito_application *cito_api_application(cito_api *api)
{
    return cito_web_application(api->web);
}

cito_str cito_api_openapi(const cito_api *api)
{
    return api->openapi;
}

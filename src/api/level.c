/* What operations inherit: each level from the application inwards adds to what the operation itself says, and the innermost wins where only one can.
 *
 * Invariant: the order is FastAPI's: application, inclusion, router, operation. Threading: at start, one thread. */
#include "api/level.h"
#include <ctype.h>
#include <string.h>

enum { TAGS_MAX = 64, LIST_MAX = 8 };

/* Levels from the application inwards. */
static int levels_outside_in(const cito_level *innermost, const cito_level *out[CITO_LEVELS_MAX])
{
    int count = innermost->depth + 1;
    for (const cito_level *at = innermost; at; at = at->outer)
        out[at->depth] = at;
    return count;
}

static void copy_depends(cito_depends *all, size_t *count, const cito_depends *some)
{
    for (size_t i = 0; i < LIST_MAX && some[i].callable; i++)
        all[(*count)++] = some[i];
}

static void gather_depends(cito_operation *operation, const cito_level *const *levels, int count, cito_arena *arena)
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

static void gather_tags(cito_operation *operation, const cito_level *const *levels, int count, cito_arena *arena)
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

static void gather_responses(cito_operation *operation, const cito_level *const *levels, int count, cito_arena *arena)
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
    char *id = (char *)cito_arena_format(arena, "%s%s", operation->callable->name, operation->document_path).data;
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

/* Starlette says the charset of every text type. */
static const char *content_type_of(const char *media_type, cito_arena *arena)
{
    if (!media_type || strncmp(media_type, "text/", 5) != 0 || strcasestr(media_type, "charset="))
        return media_type;
    return cito_arena_format(arena, "%s; charset=utf-8", media_type).data;
}

static void describe_answer(cito_operation *operation, cito_arena *arena)
{
    const cito_decorator *decorator = operation->decorator;
    const cito_response_class *class = operation->response_class;
    operation->status_code = decorator->status_code ? decorator->status_code : class == cito_class_redirect ? 307 : 200;
    operation->media_type = class ? class->media_type : "application/json";
    operation->content_type = content_type_of(operation->media_type, arena);
    operation->response_type = decorator->response_model ? decorator->response_model : operation->callable->returns;
    if (operation->response_type == cito_t_response || operation->response_type->kind == CITO_KIND_NONE)
        operation->response_type = decorator->response_model;
}

void cito_level_describe(const cito_level *innermost, cito_operation *operation, cito_arena *arena)
{
    const cito_level *levels[CITO_LEVELS_MAX];
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
    describe_answer(operation, arena);
    operation->document_path = plain_path(operation->path, arena);
    operation->operation_id = decorator->operation_id ? decorator->operation_id : make_operation_id(operation, arena);
}

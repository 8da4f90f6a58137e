/* Defaults: the JSON text of default(…) decoded once into ready bytes, shared read-only by all who take it, for the life of the process.
 * Threads: found without a lock by any; added under the plans' lock. */
#include "base/log.h"
#include "schema/decode.h"
#include "schema/plan_build.h"
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 256 };

typedef struct default_node {
    const char *json; /* by address: option texts are literals */
    const cito_type *type;
    const void *value;
    struct default_node *next;
} default_node;
static default_node *buckets[BUCKETS];

static size_t bucket_of(const char *json, const cito_type *type)
{
    uint64_t mixed = ((uintptr_t)json ^ (uintptr_t)type >> 3) * UINT64_C(0x9E3779B97F4A7C15);
    return mixed >> 56;
}

static const void *find(const char *json, const cito_type *type)
{
    for (default_node *node = __atomic_load_n(&buckets[bucket_of(json, type)], __ATOMIC_ACQUIRE); node; node = node->next)
        if (node->json == json && node->type == type)
            return node->value;
    return NULL;
}

static const char *option_text(const cito_field *field)
{
    const char *json = field->default_json;
    for (const cito_type *type = field->type; !json && type->kind == CITO_KIND_ANNOTATED; type = type->element)
        json = type->annotated->default_json;
    return json;
}

/* The type alone is asked: as in pydantic a default need not keep to the field's constraints. */
static const char *decode_text(const char *option, const cito_type *type, cito_arena *texts, void *into)
{
    cito_arena *arena = cito_plan_arena();
    cito_str json = cito_option_json(option, arena);
    cito_json_reader reader;
    cito_json_reader_init(&reader, json, arena, 0);
    cito_errors errors;
    cito_errors_init(&errors, texts);
    bool is_good = cito_decode_json(&reader, type, NULL, NULL, into, &errors);
    if (is_good && cito_json_at_end(&reader))
        return NULL;
    if (reader.error)
        return cito_arena_format(
                   texts, "default(%s) is no JSON (%s); write it as JSON: default(1.5), default(\"text\"), default([]), default(null)",
                   json.data, reader.error)
            .data;
    return cito_arena_format(texts, "default(%s) does not fit its type: %s; change the one or the other", json.data,
                             errors.count ? errors.items[0].msg.data : "")
        .data;
}

const char *cito_default_prepare(const cito_field *field, cito_arena *texts, const void **out_value)
{
    static const char nothing[64] __attribute__((aligned(16))) = { 0 }; /* an optional's NULL */
    const char *option = option_text(field);
    const cito_type *type = cito_type_peel(field->type);
    *out_value = NULL;
    if (!option) {
        if (type->kind != CITO_KIND_OPTIONAL)
            return "it has no default";
        *out_value = nothing;
        return NULL;
    }
    *out_value = find(option, type);
    if (*out_value)
        return NULL;
    cito_plan_lock();
    const char *problem = NULL;
    *out_value = find(option, type);
    if (!*out_value) {
        void *value = cito_arena_take_zeroed(cito_plan_arena(), type->size + !type->size);
        problem = decode_text(option, type, texts, value);
        if (!problem) {
            default_node *node = cito_arena_take(cito_plan_arena(), sizeof *node), **bucket = &buckets[bucket_of(option, type)];
            *node = (default_node){ option, type, value, *bucket };
            __atomic_store_n(bucket, node, __ATOMIC_RELEASE);
            *out_value = value;
        }
    }
    cito_plan_unlock();
    return problem;
}

const void *cito_plan_default(const cito_field *field)
{
    if (cito_field_is_required(field))
        return NULL;
    cito_arena texts;
    cito_arena_init(&texts, 0);
    const void *value;
    const char *problem = cito_default_prepare(field, &texts, &value);
    if (problem)
        cito_die(1, "%s: %s", field->name, problem);
    cito_arena_finish(&texts);
    return value;
}

/* Patterns: compiled once for the process by PCRE2, with JIT and with limits on what one search may cost.
 *
 * pydantic's own engine has no backtracking; PCRE2's limits keep a hostile text from costing more than a few milliseconds, it is then not found.
 * Threads: found without a lock by any; added under the plans' lock. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/log.h"
#include "schema/constraint.h"
#include "schema/plan_build.h"
#include <pcre2.h>
#include <string.h>

enum { BUCKETS = 64, MATCH_LIMIT = 200000, HEAP_LIMIT_KIB = 4096 };

typedef struct pattern_node {
    const char *text; /* by address first, then by content */
    pcre2_code *code;
    struct pattern_node *next;
} pattern_node;
static pattern_node *buckets[BUCKETS];
static pcre2_match_context *limits;

static size_t bucket_of(const char *pattern) { return ((uintptr_t)pattern * UINT64_C(0x9E3779B97F4A7C15)) >> 58; }

static pcre2_code *find(const char *pattern)
{
    for (pattern_node *node = __atomic_load_n(&buckets[bucket_of(pattern)], __ATOMIC_ACQUIRE); node; node = node->next)
        if (node->text == pattern)
            return node->code;
    return NULL;
}

static pcre2_code *compile(const char *pattern, cito_arena *texts, const char **out_problem)
{
    int error;
    PCRE2_SIZE offset;
    /* As Rust's regex: Unicode classes; $ is the very end, not before a last line end. */
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern), options, &error, &offset, NULL);
    if (!code) {
        PCRE2_UCHAR message[160];
        pcre2_get_error_message(error, message, sizeof message);
        *out_problem = cito_arena_format(texts, "pattern(\"%s\") is no regular expression: %s at offset %zu", pattern,
                                         (const char *)message, (size_t)offset)
                           .data;
        return NULL;
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it (no executable memory) PCRE2 interprets */
    return code;
}

const char *cito_pattern_prepare(const char *pattern, cito_arena *texts)
{
    if (find(pattern))
        return NULL;
    cito_plan_lock();
    const char *problem = NULL;
    if (!limits) {
        limits = pcre2_match_context_create(NULL);
        if (limits) {
            pcre2_set_match_limit(limits, MATCH_LIMIT);
            pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
        }
    }
    if (!find(pattern)) {
        pcre2_code *code = compile(pattern, texts, &problem);
        if (code) {
            pattern_node *node = cito_arena_take(cito_plan_arena(), sizeof *node), **bucket = &buckets[bucket_of(pattern)];
            *node = (pattern_node){ pattern, code, *bucket };
            __atomic_store_n(bucket, node, __ATOMIC_RELEASE);
        }
    }
    cito_plan_unlock();
    return problem;
}

bool cito_pattern_search(const char *pattern, cito_str text)
{
    pcre2_code *code = find(pattern);
    if (!code) {
        cito_arena texts;
        cito_arena_init(&texts, 0);
        const char *problem = cito_pattern_prepare(pattern, &texts);
        if (problem)
            cito_die(1, "%s", problem);
        cito_arena_finish(&texts);
        code = find(pattern);
    }
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    if (!match)
        return false;
    int result = pcre2_match(code, (PCRE2_SPTR)text.data, text.len, 0, PCRE2_NO_UTF_CHECK, match, limits);
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter keeps its frames on the heap */
        result = pcre2_match(code, (PCRE2_SPTR)text.data, text.len, 0, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match, limits);
    pcre2_match_data_free(match);
    return result >= 0;
}

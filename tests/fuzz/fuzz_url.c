/* Percent-decoding, query strings, targets and cookies on any bytes: what comes out is valid UTF-8 with a NUL behind it, a slice decodes as a text of
 * its own, and what is encoded decodes to itself. */
#include "base/arena.h"
#include "base/utf8.h"
#include "http/cookie.h"
#include "http/url.h"
#include "exact_copy.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(cito_str text) { assert(text.data && text.data[text.len] == '\0' && cito_utf8_is_valid(text.data, text.len)); }

static void check_pairs(const cito_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        check_text(pairs->items[i].name);
        check_text(pairs->items[i].value);
    }
}

/* Every byte as %XX. */
static cito_str encode(cito_arena *arena, cito_str text)
{
    char *out = cito_arena_take(arena, text.len * 3 + 1);
    for (size_t i = 0; i < text.len; i++) {
        out[3 * i] = '%';
        out[3 * i + 1] = "0123456789abcdef"[(uint8_t)text.data[i] >> 4];
        out[3 * i + 2] = "0123456789ABCDEF"[(uint8_t)text.data[i] & 15];
    }
    out[text.len * 3] = '\0';
    return (cito_str){ out, text.len * 3 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cito_arena arena;
    cito_arena_init(&arena, 0);
    char *own = exact_copy(data, size);
    cito_str whole = { own, size }, authority, path, query;
    for (int plus = 0; plus <= 1; plus++) {
        cito_str decoded = cito_url_decode(&arena, whole, plus);
        check_text(decoded);
        assert(decoded.len <= 3 * size);
        assert(cito_same(cito_url_decode(&arena, encode(&arena, decoded), plus), decoded));
        cito_str slice = cito_url_decode(&arena, (cito_str){ own, size / 2 }, plus), copy = cito_arena_copy_str(&arena, own, size / 2);
        assert(cito_same(slice, cito_url_decode(&arena, copy, plus)));
    }
    cito_pairs pairs;
    if (cito_url_parse_query(&arena, whole, 1 + size / 3, &pairs)) {
        assert(pairs.count <= 1 + size / 3);
        check_pairs(&pairs);
    }
    cito_cookie_parse(&arena, whole, &pairs);
    check_pairs(&pairs);
    if (cito_url_split_target(whole, &authority, &path, &query))
        assert(path.len > 0 && authority.len + path.len + query.len <= size + 1);
    free(own);
    cito_arena_finish(&arena);
    return 0;
}

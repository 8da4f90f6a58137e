/* URLs: percent-decoding, query strings, targets; see url.h.
 *
 * Invariants: decoding never makes text longer but for U+FFFD, so a query is decoded in one row of its own length. Text without an escape is not
 * touched; it is given back itself where a NUL stands behind it.
 * Threading: nothing is kept but in the arena. */
#include "http/url.h"
#include "http/decode.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The first byte that decoding may change. */
static size_t plain_length(cito_str text, bool plus_is_blank)
{
    const char *escape = memchr(text.data, '%', text.len);
    size_t len = escape ? (size_t)(escape - text.data) : text.len;
    const char *plus = plus_is_blank && len ? memchr(text.data, '+', len) : NULL;
    return plus ? (size_t)(plus - text.data) : len;
}

/* Gives the length; out may be text's own row. */
static size_t decode_bytes(cito_str text, bool plus_is_blank, char *out)
{
    size_t used = text.len ? plain_length(text, plus_is_blank) : 0;
    if (used)
        memmove(out, text.data, used);
    size_t size = used;
    while (used < text.len) {
        char c = text.data[used++];
        if (c == '+' && plus_is_blank) {
            c = ' ';
        } else if (c == '%' && text.len - used >= 2) {
            int high = hex_digit(text.data[used]), low = hex_digit(text.data[used + 1]);
            if (high >= 0 && low >= 0) {
                c = (char)(high << 4 | low);
                used += 2;
            }
        }
        out[size++] = c;
    }
    return size;
}

cito_str cito_url_decode(cito_arena *arena, cito_str text, bool plus_is_blank)
{
    if (text.len == 0)
        return CITO_STR("");
    if (text.data[text.len] == '\0' && plain_length(text, plus_is_blank) == text.len)
        return cito_decode_utf8(arena, text.data, text.len);
    char *out = cito_arena_take(arena, text.len + 1);
    if (!out)
        return CITO_STR("");
    size_t len = decode_bytes(text, plus_is_blank, out);
    out[len] = '\0';
    return cito_decode_utf8(arena, out, len);
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), then "://" (RFC 3986 section 3.1). The length of it all, or 0. */
static size_t scheme_length(cito_str target)
{
    size_t len = 0;
    while (len < target.len) {
        char c = target.data[len], lower = (char)(c | 0x20);
        bool letter = lower >= 'a' && lower <= 'z';
        if (!letter && (len == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            break;
        len++;
    }
    return len > 0 && target.len - len > 3 && memcmp(target.data + len, "://", 3) == 0 ? len + 3 : 0;
}

bool cito_url_split_target(cito_str target, cito_str *out_authority, cito_str *out_path, cito_str *out_query)
{
    *out_authority = *out_query = CITO_STR("");
    if (target.len == 1 && target.data[0] == '*') {
        *out_path = target;
        return true;
    }
    size_t scheme = scheme_length(target), start = scheme;
    if (scheme) {
        while (start < target.len && target.data[start] != '/' && target.data[start] != '?')
            start++;
        *out_authority = (cito_str){ target.data + scheme, start - scheme };
        if (start == scheme)
            return false;
    } else if (target.len == 0 || target.data[0] != '/') {
        return false;
    }
    const char *path = target.data + start;
    size_t len = target.len - start;
    const char *mark = len ? memchr(path, '?', len) : NULL;
    if (mark) {
        *out_query = (cito_str){ mark + 1, len - (size_t)(mark - path) - 1 };
        len = (size_t)(mark - path);
    }
    *out_path = len ? (cito_str){ path, len } : CITO_STR("/");
    return true;
}

/* Pairs that are not empty. */
static size_t count_pairs(cito_str query)
{
    size_t count = 0;
    const char *at = query.data, *end = query.data + query.len;
    while (at < end) {
        const char *next = memchr(at, '&', (size_t)(end - at));
        if (!next)
            next = end;
        count += next > at;
        at = next + 1;
    }
    return count;
}

/* Decodes a part into the row and moves the row on; a NUL takes the place of the = or & behind the part. */
static cito_str decode_part(cito_arena *arena, const char *from, const char *to, char **row)
{
    char *out = *row;
    size_t len = decode_bytes((cito_str){ from, (size_t)(to - from) }, true, out);
    out[len] = '\0';
    *row = out + len + 1;
    return cito_decode_utf8(arena, out, len);
}

bool cito_url_parse_query(cito_arena *arena, cito_str query, size_t most, cito_pairs *out_pairs)
{
    *out_pairs = (cito_pairs){ NULL, 0 };
    size_t count = query.len ? count_pairs(query) : 0;
    if (count == 0)
        return true;
    if (count > (most ? most : 1000))
        return false;
    cito_pair *items = cito_arena_take(arena, count * sizeof *items);
    char *row = cito_arena_take(arena, query.len + 1);
    if (!items || !row)
        return false;
    const char *at = query.data, *end = query.data + query.len;
    for (size_t i = 0; i < count; at++) {
        const char *next = memchr(at, '&', (size_t)(end - at));
        if (!next)
            next = end;
        if (next > at) {
            const char *equals = memchr(at, '=', (size_t)(next - at));
            items[i].name = decode_part(arena, at, equals ? equals : next, &row);
            items[i++].value = equals ? decode_part(arena, equals + 1, next, &row) : CITO_STR("");
        }
        at = next;
    }
    *out_pairs = (cito_pairs){ items, count };
    return !arena->overflowed;
}

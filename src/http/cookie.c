/* Cookies; see cookie.h.
 *
 * Invariants: the header is copied once, and names and values are cut out of that row in place. A cookie that is written can hold no byte that ends a
 * header field: values escape it, everything else refuses it.
 * Threading: nothing is kept but in the arena. */
#include "http/cookie.h"
#include "http/decode.h"
#include "http/scan.h"

#include <math.h>
#include <string.h>

/* What str.strip() of Python takes off, of ASCII. */
static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f); }

static cito_str trim(cito_str text)
{
    while (text.len && is_blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

static bool is_octal(const char *at)
{
    return at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' && at[2] >= '0' && at[2] <= '7';
}

/* Quotes and backslashes off, in place: \ooo is a byte, \ before anything else is that. As http.cookies of CPython reads them. */
static size_t unquote(char *text, size_t len)
{
    if (len < 2 || text[0] != '"' || text[len - 1] != '"')
        return len;
    const char *at = text + 1, *end = text + len - 1;
    char *out = text;
    while (at < end) {
        if (at[0] == '\\' && end - at >= 4 && is_octal(at + 1)) {
            *out++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            at += 4;
            continue;
        }
        if (at[0] == '\\' && end - at >= 2)
            at++;
        *out++ = *at++;
    }
    return (size_t)(out - text);
}

static cito_str finish_part(cito_arena *arena, char *row, cito_str part, size_t len)
{
    char *text = row + (part.data - row);
    text[len] = '\0';
    return cito_decode_utf8(arena, text, len);
}

/* One piece between semicolons. Without an equals sign it is a value with the empty name, as browsers have it. */
static bool parse_piece(cito_arena *arena, char *row, cito_str piece, cito_pair *out_pair)
{
    const char *equals = piece.len ? memchr(piece.data, '=', piece.len) : NULL;
    cito_str name = { piece.data, equals ? (size_t)(equals - piece.data) : 0 }, value = piece;
    if (equals)
        value = (cito_str){ equals + 1, piece.len - name.len - 1 };
    name = trim(name);
    value = trim(value);
    if (name.len == 0 && value.len == 0)
        return false;
    out_pair->name = name.len ? finish_part(arena, row, name, name.len) : CITO_STR("");
    out_pair->value = finish_part(arena, row, value, unquote(row + (value.data - row), value.len));
    return true;
}

void cito_cookie_parse(cito_arena *arena, cito_str header, cito_pairs *out_pairs)
{
    *out_pairs = (cito_pairs){ NULL, 0 };
    if (header.len == 0)
        return;
    size_t most = 1;
    for (size_t i = 0; i < header.len; i++)
        most += header.data[i] == ';';
    cito_pair *items = cito_arena_take(arena, most * sizeof *items);
    char *row = cito_arena_take(arena, header.len + 1);
    if (!items || !row)
        return;
    memcpy(row, header.data, header.len);
    row[header.len] = '\0';
    size_t count = 0;
    for (char *at = row, *end = row + header.len; at <= end;) {
        char *next = at < end ? memchr(at, ';', (size_t)(end - at)) : NULL;
        if (!next)
            next = end;
        count += parse_piece(arena, row, (cito_str){ at, (size_t)(next - at) }, &items[count]);
        at = next + 1;
    }
    *out_pairs = (cito_pairs){ items, count };
}

static bool is_token(const char *name)
{
    const char *end = name + strlen(name);
    return end > name && cito_scan_by_table(name, end, CITO_CHAR_TOKEN) == end;
}

static bool is_attribute(const char *value)
{
    for (; *value; value++) {
        if (*value == ';' || !cito_char_is(*value, CITO_CHAR_TEXT))
            return false;
    }
    return true;
}

/* CPython's _LegalChars: a value of these alone needs no quotes. Its ':' is no token character. */
static bool is_plain(cito_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] != ':' && !cito_char_is(value.data[i], CITO_CHAR_TOKEN))
            return false;
    }
    return value.len > 0;
}

/* What stands in quotes without an escape: _LegalChars and these. */
static bool is_unescaped(char c) { return cito_char_is(c, CITO_CHAR_TOKEN) || (c && strchr(": ()/<=>?@[]{}", c)); }

static cito_str quote(cito_arena *arena, cito_str value)
{
    if (is_plain(value))
        return value;
    char *text = cito_arena_take(arena, value.len * 4 + 3), *out = text;
    if (!text)
        return CITO_STR("");
    *out++ = '"';
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = (uint8_t)value.data[i];
        if (is_unescaped((char)c)) {
            *out++ = (char)c;
            continue;
        }
        *out++ = '\\';
        if (c == '"' || c == '\\') {
            *out++ = (char)c;
            continue;
        }
        *out++ = (char)('0' + (c >> 6));
        *out++ = (char)('0' + (c >> 3 & 7));
        *out++ = (char)('0' + (c & 7));
    }
    *out++ = '"';
    *out = '\0';
    return (cito_str){ text, (size_t)(out - text) };
}

cito_str cito_cookie_format(cito_arena *arena, const struct cito_cookie *cookie)
{
    const char *path = cookie->path ? cookie->path : "/", *same_site = cookie->same_site ? cookie->same_site : "lax";
    const char *domain = cookie->domain ? cookie->domain : "";
    if (!is_token(cookie->name) || !is_attribute(path) || !is_attribute(domain) || !is_attribute(same_site))
        return CITO_STR("");
    cito_str value = quote(arena, cookie->value);
    cito_str age = CITO_STR("");
    if (isfinite(cookie->max_age) && cookie->max_age != 0)
        age = cito_arena_format(arena, "; Max-Age=%.0f", trunc(cookie->max_age));
    if (arena->overflowed)
        return CITO_STR("");
    /* Python sorts the attributes by name and leaves out those that are empty. */
    return cito_arena_format(arena, "%s=%s%s%s%s%s%s%s%s%s%s", cookie->name, value.data ? value.data : "", *domain ? "; Domain=" : "",
                             domain, cookie->http_only ? "; HttpOnly" : "", age.data, *path ? "; Path=" : "", path,
                             *same_site ? "; SameSite=" : "", same_site, cookie->secure ? "; Secure" : "");
}

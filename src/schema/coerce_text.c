/* Text, UUIDs and enum members from scalars. Pure functions over their arguments; any thread. */
#include "schema/coerce.h"
#include "schema/plan.h"
#include "base/utf8.h"
#include "json/number.h"
#include <string.h>

bool cito_coerce_text(cito_decoding *decoding, const cito_scalar *scalar, const char *type_error, const cito_loc *loc, cito_str *out)
{
    if (scalar->token != CITO_JSON_STRING)
        return cito_decoding_fail(decoding, type_error, loc, scalar->input, NULL);
    *out = scalar->text;
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 hexadecimal digits, with hyphens where RFC 9562 section 4 puts them or without any. */
static bool read_uuid(cito_str text, cito_uuid *out)
{
    bool hyphens = text.len == 36;
    if (text.len != 32 && !hyphens)
        return false;
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (hyphens && (i == 4 || i == 6 || i == 8 || i == 10) && text.data[at++] != '-')
            return false;
        int high = hex_value(text.data[at]), low = hex_value(text.data[at + 1]);
        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    return true;
}

/* Why the text is no UUID: the words and positions of the library behind pydantic. */
static const char *explain_uuid(cito_arena *arena, cito_str whole, cito_str inner, bool is_bare)
{
    static const size_t starts[] = { 0, 9, 14, 19, 24 }, lengths[] = { 8, 4, 4, 4, 12 };
    size_t hyphens = 0, bounds[4] = { 0 }, offset = (size_t)(inner.data - whole.data);
    for (size_t i = 0; i < inner.len; i++) {
        if (inner.data[i] == '-') {
            if (hyphens < 4)
                bounds[hyphens] = i;
            hyphens++;
        } else if (hex_value(inner.data[i]) < 0) {
            uint32_t c;
            size_t len = cito_utf8_read(inner.data + i, inner.data + inner.len, &c);
            return cito_arena_format(arena, "invalid character: found `%.*s` at %zu", (int)len, inner.data + i, i + offset + 1).data;
        }
    }
    if (!hyphens && is_bare)
        return cito_arena_format(arena, "invalid length: expected length 32 for simple format, found %zu", whole.len).data;
    if (hyphens != 4)
        return cito_arena_format(arena, "invalid group count: expected 5, found %zu", hyphens + 1).data;
    for (size_t i = 0; i < 4; i++)
        if (bounds[i] != starts[i + 1] - 1)
            return cito_arena_format(arena, "invalid group length in group %zu: expected %zu, found %zu", i, lengths[i],
                                     bounds[i] - starts[i])
                .data;
    return cito_arena_format(arena, "invalid group length in group 4: expected 12, found %zu", whole.len - starts[4]).data;
}

const char *cito_uuid_parse(cito_str text, cito_arena *arena, cito_uuid *out)
{
    cito_str inner = text;
    if (text.len >= 2 && text.data[0] == '{' && text.data[text.len - 1] == '}')
        inner = (cito_str){ text.data + 1, text.len - 2 };
    else if (text.len >= 9 && memcmp(text.data, "urn:uuid:", 9) == 0)
        inner = (cito_str){ text.data + 9, text.len - 9 };
    bool is_bare = inner.len == text.len;
    if (read_uuid(inner, out) && (is_bare || inner.len == 36))
        return NULL;
    const char *problem = explain_uuid(arena, text, inner, is_bare);
    return problem ? problem : "out of memory";
}

bool cito_coerce_uuid(cito_decoding *decoding, const cito_scalar *scalar, const cito_loc *loc, cito_uuid *out)
{
    cito_decoding_floor(decoding, CITO_LAX);
    if (scalar->token != CITO_JSON_STRING)
        return cito_decoding_fail(decoding, "uuid_type", loc, scalar->input, NULL);
    const char *problem = cito_uuid_parse(scalar->text, decoding->arena, out);
    return !problem ||
           cito_decoding_fail_text(decoding, "uuid_parsing", loc, scalar->input, "error", (cito_str){ problem, strlen(problem) });
}

bool cito_coerce_enum(cito_decoding *decoding, const cito_scalar *scalar, const cito_type *type, const cito_loc *loc, int *out)
{
    const struct cito_type_plan *plan = cito_plan_of(type);
    bool is_literal = !type->name;
    if (!is_literal)
        cito_decoding_floor(decoding, CITO_LAX);
    for (uint32_t i = 0; scalar->token == CITO_JSON_STRING && i < plan->member_count; i++) {
        cito_str member = plan->members[i];
        if (member.len == scalar->text.len && memcmp(member.data, scalar->text.data, member.len) == 0) {
            *out = (int)i;
            return true;
        }
    }
    return cito_decoding_fail_text(decoding, is_literal ? "literal_error" : "enum", loc, scalar->input, "expected", plan->expected);
}

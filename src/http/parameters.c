/* Parameters of a header value; see parameters.h.
 *
 * Invariants: a semicolon in quotes separates nothing; a quote behind a backslash ends nothing; quotes that never end reach to the end of the header.
 * Threading: nothing is kept but in the arena. */
#include "http/parameters.h"

#include <string.h>

static cito_str trimmed(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return (cito_str){ from, (size_t)(to - from) };
}

static const char *segment_end(const char *at, const char *end)
{
    bool quoted = false;
    for (const char *start = at; at < end; at++) {
        if (*at == '"' && (at == start || at[-1] != '\\'))
            quoted = !quoted;
        else if (*at == ';' && !quoted)
            break;
    }
    return at;
}

cito_str cito_parameters_begin(cito_parameters *parameters, cito_str header)
{
    const char *end = header.data + header.len, *stop = segment_end(header.data, end);
    *parameters = (cito_parameters){ stop, end };
    return trimmed(header.data, stop);
}

bool cito_parameters_next(cito_parameters *parameters, cito_str *out_name, cito_str *out_value)
{
    if (parameters->at >= parameters->end)
        return false;
    const char *start = parameters->at + 1, *stop = segment_end(start, parameters->end);
    const char *equals = stop > start ? memchr(start, '=', (size_t)(stop - start)) : NULL;
    *out_name = trimmed(start, equals ? equals : stop);
    *out_value = equals ? trimmed(equals + 1, stop) : CITO_STR("");
    parameters->at = stop;
    return true;
}

cito_str cito_parameters_unquote(cito_arena *arena, cito_str value)
{
    if (value.len < 2 || value.data[0] != '"' || value.data[value.len - 1] != '"')
        return value;
    value.data++;
    value.len -= 2;
    if (value.len == 0 || !memchr(value.data, '\\', value.len))
        return value;
    char *text = cito_arena_take(arena, value.len + 1), *out = text;
    if (!text)
        return CITO_STR("");
    for (size_t i = 0; i < value.len; i++) {
        /* Only these two are escapes: browsers send a Windows path's backslashes as they are. */
        if (value.data[i] == '\\' && i + 1 < value.len && (value.data[i + 1] == '\\' || value.data[i + 1] == '"'))
            i++;
        *out++ = value.data[i];
    }
    *out = '\0';
    return (cito_str){ text, (size_t)(out - text) };
}

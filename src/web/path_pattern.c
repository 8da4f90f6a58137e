/* Path patterns. Invariant: tokens alternate in text order, no literal is empty, and there are as many names as parameter tokens.
 * Threading: pure functions. */
#include "web/path_pattern.h"
#include <string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static const char *complain(cito_arena *arena, const char *path, const char *what)
{
    return cito_arena_format(arena, "path \"%s\": %s", path, what).data;
}

static bool convertor_by_name(const char *name, size_t len, cito_convertor *out_convertor)
{
    static const char *const names[] = { "str", "int", "float", "uuid", "path" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            *out_convertor = (cito_convertor)i;
            return true;
        }
    return false;
}

/* Reads "{name:convertor}" at `open`; gives what is behind the brace, or NULL and an error. */
static const char *parse_param(cito_arena *arena, const char *path, const char *open, cito_path_pattern *pattern, const char **out_error)
{
    const char *close = strchr(open, '}'), *name = open + 1, *end = name;
    if (!close) {
        *out_error = complain(arena, path, "a \"{\" has no \"}\"; write {name} or {name:path}");
        return NULL;
    }
    while (is_name_start(*end) || (end > name && is_digit(*end)))
        end++;
    cito_path_token *token = &pattern->tokens[pattern->token_count++];
    *token = (cito_path_token){ .is_param = true };
    if (end == name || (end != close && *end != ':')) {
        *out_error = complain(arena, path, "between \"{\" and \"}\" stands no name of letters, digits and _; write {name}");
        return NULL;
    }
    if (*end == ':' && !convertor_by_name(end + 1, (size_t)(close - end - 1), &token->convertor)) {
        *out_error = complain(arena, path, "unknown convertor; there are {x}, {x:path}, {x:int}, {x:float}, {x:uuid}");
        return NULL;
    }
    const char *copy = cito_arena_copy_str(arena, name, (size_t)(end - name)).data;
    for (size_t i = 0; i < pattern->name_count; i++)
        if (strcmp(pattern->names[i], copy) == 0) {
            *out_error = cito_arena_format(arena, "path \"%s\": {%s} stands there twice; rename one", path, copy).data;
            return NULL;
        }
    pattern->names[pattern->name_count++] = copy;
    return close + 1;
}

const char *cito_path_pattern_parse(cito_arena *arena, const char *path, cito_path_pattern *out_pattern)
{
    const char *error = NULL;
    *out_pattern = (cito_path_pattern){ 0 };
    if (path[0] != '/')
        return complain(arena, path, "must start with \"/\"");
    for (const char *at = path; *at;) {
        if (*at == '{') {
            if (out_pattern->name_count == CITO_PATH_PARAMS_MAX)
                return complain(arena, path, "has more than 16 parameters; take the rest from the query");
            at = parse_param(arena, path, at, out_pattern, &error);
            if (!at)
                return error;
            continue;
        }
        size_t len = strcspn(at, "{");
        if (memchr(at, '}', len))
            return complain(arena, path, "a \"}\" has no \"{\"; write {name}");
        out_pattern->tokens[out_pattern->token_count++] = (cito_path_token){ .text = { at, len } };
        at += len;
    }
    return NULL;
}

static ssize_t count_digits(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && is_digit(*at))
        at++;
    return at - start;
}

static ssize_t longest_float(const char *at, const char *end)
{
    ssize_t whole = count_digits(at, end);
    if (whole == 0)
        return -1;
    if (at + whole < end && at[whole] == '.') {
        ssize_t fraction = count_digits(at + whole + 1, end);
        if (fraction > 0)
            return whole + 1 + fraction;
    }
    return whole;
}

static ssize_t longest_uuid(const char *at, const char *end)
{
    static const int groups[] = { 8, 4, 4, 4, 12 };
    const char *start = at;
    for (size_t group = 0; group < 5; group++) {
        if (group && at < end && *at == '-')
            at++;
        for (int i = 0; i < groups[group]; i++, at++)
            if (at >= end || !is_hex(*at))
                return -1;
    }
    return at - start;
}

ssize_t cito_convertor_longest(cito_convertor convertor, const char *at, const char *end)
{
    switch (convertor) {
    case CITO_CONVERT_STR: {
        const char *slash = at < end ? memchr(at, '/', (size_t)(end - at)) : NULL;
        ssize_t length = (slash ? slash : end) - at;
        return length > 0 ? length : -1;
    }
    case CITO_CONVERT_INT: {
        ssize_t length = count_digits(at, end);
        return length > 0 ? length : -1;
    }
    case CITO_CONVERT_FLOAT:
        return longest_float(at, end);
    case CITO_CONVERT_UUID:
        return longest_uuid(at, end);
    case CITO_CONVERT_PATH:
        return end - at;
    }
    return -1;
}

ssize_t cito_convertor_shorter(cito_convertor convertor, const char *at, ssize_t length)
{
    switch (convertor) {
    case CITO_CONVERT_STR:
    case CITO_CONVERT_INT:
        return length > 1 ? length - 1 : -1;
    case CITO_CONVERT_FLOAT:
        /* "1." is none: the point goes together with the last digit behind it. */
        length -= length > 1 && at[length - 2] == '.' ? 2 : 1;
        return length > 0 ? length : -1;
    case CITO_CONVERT_UUID:
        return -1;
    case CITO_CONVERT_PATH:
        return length - 1;
    }
    return -1;
}

/* URLs: parsed and written anew in their normal form by the WHATWG URL standard, with the reasons that pydantic gives.
 * Pure functions over their arguments; any thread. */
#include "base/utf8.h"
#include "schema/coerce.h"
#include "schema/url_host.h"
#include <string.h>

enum { HTTP_URL_MAX = 2083 };

typedef struct url_scheme {
    const char *name;
    int port; /* the default, 0: none */
} url_scheme;
static const url_scheme special_schemes[] = {
    { "http", 80 }, { "https", 443 }, { "ws", 80 }, { "wss", 443 }, { "ftp", 21 }, { "file", 0 }
};

/* What must be escaped where, beside controls and what is beyond ASCII. */
static const char path_set[] = " \"#<>?`{}", query_set[] = " \"#<>", special_query_set[] = " \"#<>'", fragment_set[] = " \"<>`",
                  user_set[] = " \"#<>?`{}/:;=@[\\]^|", opaque_set[] = "";

typedef struct url_parser {
    const char *at, *end;
    const url_scheme *special; /* NULL: another scheme */
    bool is_file, has_host;
    cito_buffer *out;
} url_parser;

static void append_escaped(cito_buffer *out, const char *at, const char *end, const char *set)
{
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x20 || c >= 0x7F || strchr(set, c)) {
            static const char hex[] = "0123456789ABCDEF";
            char *to = cito_buffer_reserve(out, 3);
            to[0] = '%';
            to[1] = hex[c >> 4];
            to[2] = hex[c & 15];
            out->len += 3;
        } else {
            cito_buffer_append_char(out, (char)c);
        }
    }
}

static bool is_separator(const url_parser *parser, char c) { return c == '/' || (c == '\\' && parser->special); }

/* Controls and blanks around it are dropped; tabs and line ends anywhere. */
static size_t clean(cito_str text, char *out)
{
    const char *at = text.data, *end = at + text.len;
    while (at < end && (unsigned char)*at <= ' ')
        at++;
    while (end > at && (unsigned char)end[-1] <= ' ')
        end--;
    size_t len = 0;
    for (; at < end; at++)
        if (*at != '\t' && *at != '\n' && *at != '\r')
            out[len++] = *at;
    return len;
}

static const char *read_scheme(url_parser *parser)
{
    const char *start = parser->at, *at = start;
    while (at < parser->end && *at != ':') {
        char lower = *at | 0x20;
        bool letter = lower >= 'a' && lower <= 'z';
        if (!letter && (at == start || !((*at >= '0' && *at <= '9') || *at == '+' || *at == '-' || *at == '.')))
            return "relative URL without a base";
        at++;
    }
    if (at == start || at == parser->end)
        return "relative URL without a base";
    for (const char *c = start; c < at; c++)
        cito_buffer_append_char(parser->out, *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c);
    for (size_t i = 0; i < sizeof special_schemes / sizeof *special_schemes; i++)
        if (strlen(special_schemes[i].name) == parser->out->len &&
            memcmp(special_schemes[i].name, parser->out->data, parser->out->len) == 0)
            parser->special = &special_schemes[i];
    parser->is_file = parser->special && strcmp(parser->special->name, "file") == 0;
    cito_buffer_append_char(parser->out, ':');
    parser->at = at + 1;
    return NULL;
}

static void write_user(url_parser *parser, const char *end)
{
    const char *colon = memchr(parser->at, ':', (size_t)(end - parser->at)), *user_end = colon ? colon : end;
    bool password = colon && colon + 1 < end;
    if (user_end > parser->at || password) {
        append_escaped(parser->out, parser->at, user_end, user_set);
        if (password) {
            cito_buffer_append_char(parser->out, ':');
            append_escaped(parser->out, colon + 1, end, user_set);
        }
        cito_buffer_append_char(parser->out, '@');
    }
    parser->at = end + 1;
}

static const char *write_port(url_parser *parser, const char *at, const char *end)
{
    int port = 0;
    if (at == end)
        return NULL;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return "invalid port number";
        port = port * 10 + (*at - '0');
        if (port > 65535)
            return "invalid port number";
    }
    if (!parser->special || port != parser->special->port)
        cito_buffer_append_format(parser->out, ":%d", port);
    return NULL;
}

static const char *write_authority(url_parser *parser)
{
    const char *end = parser->at, *sign = NULL;
    for (; end < parser->end && !is_separator(parser, *end) && *end != '?' && *end != '#'; end++)
        if (*end == '@')
            sign = end;
    cito_buffer_append_literal(parser->out, "//");
    parser->has_host = true;
    if (sign && !parser->is_file)
        write_user(parser, sign);
    const char *host_end = end,
               *bracket = parser->at < end && *parser->at == '[' ? memchr(parser->at, ']', (size_t)(end - parser->at)) : NULL;
    if (!parser->is_file) {
        const char *from = bracket ? bracket : parser->at,
                   *colon = *parser->at == '[' && !bracket ? NULL : memchr(from, ':', (size_t)(end - from));
        host_end = colon ? colon : end;
    }
    cito_str host = { parser->at, (size_t)(host_end - parser->at) };
    if (!host.len && parser->special && !parser->is_file)
        return "empty host";
    if (!host.len && host_end < end)
        return "empty host";
    bool is_localhost = parser->is_file && host.len == 9 && memcmp(host.data, "localhost", 9) == 0;
    const char *problem = host.len && !is_localhost ? cito_url_host_write(host, parser->special != NULL, parser->out) : NULL;
    if (!problem && host_end < end)
        problem = write_port(parser, host_end + 1, end);
    parser->at = end;
    return problem;
}

/* 1 for ".", 2 for "..", with their escaped forms; 0 for another segment. */
static int count_dots(const char *at, const char *end)
{
    int dots = 0;
    while (at < end && dots < 3) {
        if (*at == '.')
            at++;
        else if (end - at >= 3 && at[0] == '%' && at[1] == '2' && (at[2] | 0x20) == 'e')
            at += 3;
        else
            return 0;
        dots++;
    }
    return dots < 3 ? dots : 0;
}

static void drop_segment(url_parser *parser, size_t path_start)
{
    cito_buffer *out = parser->out;
    /* A drive letter stays (WHATWG, "shorten a url's path"). */
    if (parser->is_file && out->len - path_start == 3 && out->data[path_start + 2] == ':')
        return;
    while (out->len > path_start && out->data[out->len - 1] != '/')
        out->len--;
    if (out->len > path_start)
        out->len--;
}

static void write_path(url_parser *parser)
{
    const char *stop = parser->at;
    while (stop < parser->end && *stop != '?' && *stop != '#')
        stop++;
    const char *at = parser->at;
    parser->at = stop;
    if (at == stop && !parser->special)
        return;
    if (at < stop && is_separator(parser, *at))
        at++;
    size_t path_start = parser->out->len;
    for (bool more = true; more;) {
        const char *end = at;
        while (end < stop && !is_separator(parser, *end))
            end++;
        more = end < stop;
        int dots = count_dots(at, end);
        if (dots == 2)
            drop_segment(parser, path_start);
        if (!dots || !more) {
            cito_buffer_append_char(parser->out, '/');
            if (!dots)
                append_escaped(parser->out, at, end, path_set);
        }
        at = end + 1;
    }
    bool is_ambiguous = !parser->has_host && parser->out->len - path_start >= 2 && parser->out->data[path_start + 1] == '/';
    if (is_ambiguous) { /* a path of two slashes would read as a host */
        cito_buffer_reserve(parser->out, 2);
        memmove(parser->out->data + path_start + 2, parser->out->data + path_start, parser->out->len - path_start);
        memcpy(parser->out->data + path_start, "/.", 2);
        parser->out->len += 2;
    }
}

static void write_opaque_path(url_parser *parser)
{
    const char *stop = parser->at;
    while (stop < parser->end && *stop != '?' && *stop != '#')
        stop++;
    append_escaped(parser->out, parser->at, stop, opaque_set);
    parser->at = stop;
}

static void write_tail(url_parser *parser)
{
    if (parser->at < parser->end && *parser->at == '?') {
        const char *hash = memchr(parser->at, '#', (size_t)(parser->end - parser->at)), *stop = hash ? hash : parser->end;
        cito_buffer_append_char(parser->out, '?');
        append_escaped(parser->out, parser->at + 1, stop, parser->special ? special_query_set : query_set);
        parser->at = stop;
    }
    if (parser->at < parser->end) {
        cito_buffer_append_char(parser->out, '#');
        append_escaped(parser->out, parser->at + 1, parser->end, fragment_set);
    }
}

static const char *write_url(url_parser *parser)
{
    bool is_slashed = parser->end - parser->at >= 2 && is_separator(parser, parser->at[0]) && is_separator(parser, parser->at[1]);
    if (parser->is_file) {
        if (is_slashed) {
            parser->at += 2;
        } else {
            cito_buffer_append_literal(parser->out, "//");
            parser->has_host = true;
        }
    } else if (parser->special) {
        while (parser->at < parser->end && is_separator(parser, *parser->at))
            parser->at++;
        is_slashed = true;
    } else if (is_slashed) {
        parser->at += 2;
    }
    const char *problem = is_slashed ? write_authority(parser) : NULL;
    if (problem)
        return problem;
    if (parser->special || is_slashed || (parser->at < parser->end && *parser->at == '/'))
        write_path(parser);
    else
        write_opaque_path(parser);
    write_tail(parser);
    return NULL;
}

const char *cito_url_parse(cito_str text, cito_arena *arena, cito_str *out, size_t *out_scheme_len)
{
    char *copy = cito_arena_take(arena, text.len + 1);
    if (!copy)
        return "out of memory";
    cito_buffer buffer;
    cito_buffer_init(&buffer);
    cito_buffer_reserve(&buffer, text.len + 8);
    size_t len = clean(text, copy);
    copy[len] = '\0';
    url_parser parser = { .at = copy, .end = copy + len, .out = &buffer };
    const char *problem = len ? read_scheme(&parser) : "input is empty";
    *out_scheme_len = buffer.len ? buffer.len - 1 : 0;
    if (!problem)
        problem = write_url(&parser);
    if (!problem) {
        *out = cito_arena_copy_str(arena, buffer.data, buffer.len);
        problem = out->data ? NULL : "out of memory";
    }
    cito_buffer_finish(&buffer);
    return problem;
}

bool cito_coerce_url(cito_decoding *decoding, const cito_scalar *scalar, bool only_http, const cito_loc *loc, cito_str *out)
{
    cito_decoding_floor(decoding, CITO_LAX);
    if (scalar->token != CITO_JSON_STRING)
        return cito_decoding_fail(decoding, "url_type", loc, scalar->input, NULL);
    if (only_http && cito_utf8_count(scalar->text.data, scalar->text.len) > HTTP_URL_MAX) {
        const char *name = "max_length";
        const cito_value *value = cito_ctx_int(decoding->errors->arena, HTTP_URL_MAX);
        return cito_decoding_fail(decoding, "url_too_long", loc, scalar->input, cito_ctx_object(decoding->errors->arena, 1, &name, &value));
    }
    size_t scheme_len;
    const char *problem = cito_url_parse(scalar->text, decoding->arena, out, &scheme_len);
    if (problem)
        return cito_decoding_fail_text(decoding, "url_parsing", loc, scalar->input, "error", (cito_str){ problem, strlen(problem) });
    bool is_http = (scheme_len == 4 && memcmp(out->data, "http", 4) == 0) || (scheme_len == 5 && memcmp(out->data, "https", 5) == 0);
    if (only_http && !is_http)
        return cito_decoding_fail_text(decoding, "url_scheme", loc, scalar->input, "expected_schemes", CITO_STR("'http' or 'https'"));
    return true;
}

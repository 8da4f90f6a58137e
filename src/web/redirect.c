/* Redirects: the slash too much or too little, and text made fit for a Location. Source: Starlette's routing.py and its RedirectResponse.
 * Threading: the loop's thread; cito_redirect_quote any. */
#include "web/redirect.h"
#include "web/web.h"
#include <string.h>

/* What Python's quote(safe=":/%#?=@[]!$&'()*+,;") leaves alone: RFC 3986's unreserved and reserved characters, and the percent sign of what is quoted
 * already. CR and LF are not among them, so that a decoded path cannot make a header of its own. */
static bool needs_no_quote(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~:/%#?=@[]!$&'()*+,;", c));
}

cito_str cito_redirect_quote(cito_arena *arena, cito_str url)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t quoted = 0;
    for (size_t i = 0; i < url.len; i++)
        quoted += !needs_no_quote((unsigned char)url.data[i]);
    if (!quoted)
        return url;
    char *text = cito_arena_take(arena, url.len + 2 * quoted + 1), *out = text;
    if (!text)
        return (cito_str){ "", 0 };
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.data[i];
        if (needs_no_quote(c)) {
            *out++ = (char)c;
            continue;
        }
        *out++ = '%';
        *out++ = digits[c >> 4];
        *out++ = digits[c & 15];
    }
    *out = '\0';
    return (cito_str){ text, (size_t)(out - text) };
}

/* Not by printf: a decoded path may hold a NUL. */
static cito_str join(cito_arena *arena, const cito_str *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    char *text = cito_arena_take(arena, len + 1), *out = text;
    if (!text)
        return (cito_str){ NULL, 0 };
    for (size_t i = 0; i < count; i++)
        if (parts[i].len)
            out = mempcpy(out, parts[i].data, parts[i].len);
    *out = '\0';
    return (cito_str){ text, len };
}

/* A decoded path: what would end it in a URL is percent-encoded again. NULL past the arena's limit. */
static cito_str path_of_url(cito_arena *arena, cito_str path)
{
    char *text = cito_arena_take(arena, 3 * path.len + 1), *out = text;
    for (size_t i = 0; text && i < path.len; i++) {
        if (path.data[i] == '?' || path.data[i] == '#')
            out = mempcpy(out, path.data[i] == '?' ? "%3F" : "%23", 3);
        else
            *out++ = path.data[i];
    }
    return (cito_str){ text, (size_t)(out - text) };
}

/* The client's URL begins with what a proxy took off the path; a root path that is still on it stays there. */
bool cito_web_slash_location(cito_request *request, cito_str *out_location)
{
    const cito_scope_http *scope = &request->exchange->scope;
    cito_arena *arena = cito_request_arena(request);
    cito_str path = scope->path, route_path = cito_web_route_path(request->web, scope, path);
    if (route_path.len == 1) /* "/", or the asterisk of OPTIONS */
        return false;
    if (route_path.len && path.data[path.len - 1] == '/') {
        while (path.len && path.data[path.len - 1] == '/')
            path.len--;
    } else {
        path = join(arena, (const cito_str[]){ path, CITO_STR("/") }, 2);
    }
    if (!path.data)
        return false;
    cito_route_match match;
    route_path = cito_web_route_path(request->web, scope, path);
    if (!cito_route_tree_match(request->web->routes, scope->method, route_path, &match) && !match.allow.len)
        return false;
    const char *prefix = scope->root_path ? scope->root_path : "";
    const cito_str parts[] = { scope->scheme,
                               CITO_STR("://"),
                               scope->host,
                               *prefix && *prefix != '/' ? CITO_STR("/") : CITO_STR(""),
                               { prefix, strlen(prefix) },
                               path_of_url(arena, path),
                               scope->query_string.len ? CITO_STR("?") : CITO_STR(""),
                               scope->query_string };
    if (!parts[5].data)
        return false;
    cito_str url = join(arena, parts, sizeof parts / sizeof *parts);
    if (!url.data)
        return false;
    *out_location = cito_redirect_quote(arena, url);
    return out_location->len != 0;
}

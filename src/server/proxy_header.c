/* Proxy header: the fields are read from the right, for each proxy adds what it knows at the end: whatever stands to the left of the first stranger may be
 * that stranger's invention.
 *
 * Invariant: how an element is cut into host and port decides who is trusted, so it is cut as Uvicorn cuts it, to the byte. Threading: nothing is kept. */
#include "server/proxy_header.h"

#include "http/decode.h"
#include <string.h>

/* What Python's strip() takes off a text of ISO 8859-1. */
static bool is_blank(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f) || c == 0x85 || c == 0xa0; }

static cito_str trim(cito_str text)
{
    while (text.len && is_blank((unsigned char)text.data[text.len - 1]))
        text.len--;
    while (text.len && is_blank((unsigned char)*text.data))
        text = (cito_str){ text.data + 1, text.len - 1 };
    return text;
}

/* Whether it is a whole number to Python's int(): blanks around it, a sign, single underscores between its digits. */
static bool read_port(cito_str text, int *out_port)
{
    text = trim(text);
    bool has_sign = text.len && (*text.data == '+' || *text.data == '-'), behind_digit = false;
    int port = 0;
    for (size_t i = has_sign; i < text.len; i++) {
        char c = text.data[i];
        if (c >= '0' && c <= '9')
            port = port > 65535 ? port : port * 10 + (c - '0');
        else if (c != '_' || !behind_digit)
            return false;
        behind_digit = c != '_';
    }
    if (!behind_digit)
        return false;
    *out_port = port <= 65535 && *text.data != '-' ? port : 0;
    return true;
}

static void split_element(cito_str element, cito_str *out_host, int *out_port)
{
    *out_host = element;
    *out_port = 0;
    const char *end = element.data + element.len, *colon = memchr(element.data, ':', element.len);
    if (element.len && *element.data == '[') {
        const char *bracket = memchr(element.data, ']', element.len);
        if (!bracket || (bracket + 1 < end && bracket[1] != ':'))
            return;
        *out_host = (cito_str){ element.data + 1, (size_t)(bracket - element.data - 1) };
        if (bracket + 1 < end)
            read_port((cito_str){ bracket + 2, (size_t)(end - bracket - 2) }, out_port);
    } else if (colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1))) { /* with a second colon it is an IPv6 address */
        if (read_port((cito_str){ colon + 1, (size_t)(end - colon - 1) }, out_port))
            out_host->len = (size_t)(colon - element.data);
    }
}

/* false: there is no such field. */
static bool find_client(const cito_trusted_proxies *proxies, const cito_scope_http *scope, cito_str *out_host, int *out_port)
{
    bool found = false;
    for (size_t i = scope->header_count; i-- > 0;) {
        if (!cito_same(scope->headers[i].name, CITO_STR("x-forwarded-for")))
            continue;
        const char *value = scope->headers[i].value.data, *end = value + scope->headers[i].value.len, *comma;
        do {
            comma = memrchr(value, ',', (size_t)(end - value));
            const char *first = comma ? comma + 1 : value;
            split_element(trim((cito_str){ first, (size_t)(end - first) }), out_host, out_port);
            if (!cito_trusted_proxies_have_host(proxies, *out_host))
                return true;
            end = comma;
        } while (comma);
        found = true;
    }
    return found;
}

static void apply_scheme(cito_scope_http *scope)
{
    static const cito_str schemes[] = { { "http", 4 }, { "https", 5 }, { "ws", 2 }, { "wss", 3 } };
    for (size_t i = scope->header_count; i-- > 0;) {
        if (!cito_same(scope->headers[i].name, CITO_STR("x-forwarded-proto")))
            continue;
        cito_str said = trim(scope->headers[i].value);
        for (size_t known = 0; known < sizeof schemes / sizeof *schemes; known++)
            if (cito_same(said, schemes[known]))
                scope->scheme = schemes[known];
        return;
    }
}

void cito_proxy_header_apply(const cito_trusted_proxies *proxies, cito_arena *arena, cito_scope_http *scope)
{
    cito_str host;
    int port;
    apply_scheme(scope);
    if (!find_client(proxies, scope, &host, &port) || !host.len)
        return;
    cito_str text = cito_decode_latin1(arena, host.data, host.len);
    if (!text.len) /* past the request's memory limit */
        return;
    scope->client_host = text.data;
    scope->client_port = port;
}

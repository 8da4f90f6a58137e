/* The allow list and a proxy's fields on any bytes: three lines, the list, X-Forwarded-For and X-Forwarded-Proto. What is set is one of four schemes and valid
 * UTF-8; nobody is on an empty list, so the right-most element counts; everybody is on the other, so the left-most. */
#include "base/utf8.h"
#include "exact_copy.h"
#include "server/proxy_header.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes the first line off. */
static char *take_line(const char **at, const char *end)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at)), *stop = newline ? newline : end;
    char *line = exact_copy(*at, (size_t)(stop - *at));
    *at = newline ? newline + 1 : end;
    return line;
}

static cito_scope_http apply(const cito_trusted_proxies *proxies, cito_arena *arena, const cito_header *headers)
{
    cito_scope_http scope = {
        .scheme = CITO_STR("none"), .client_host = "peer", .client_port = 70000, .headers = headers, .header_count = 2
    };
    cito_proxy_header_apply(proxies, arena, &scope);
    assert(cito_utf8_is_valid(scope.client_host, strlen(scope.client_host)) && *scope.client_host);
    assert(scope.client_port == 70000 || (scope.client_port >= 0 && scope.client_port <= 65535));
    static const char *const schemes[] = { "none", "http", "https", "ws", "wss" };
    size_t known = 0;
    while (known < 5 && strcmp(schemes[known], scope.scheme.data) != 0)
        known++;
    assert(known < 5);
    return scope;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size, *error = NULL;
    char *list = take_line(&at, end), *client = take_line(&at, end), *scheme = take_line(&at, end);
    cito_arena arena;
    cito_arena_init(&arena, 0);
    const cito_header headers[] = { { CITO_STR("x-forwarded-for"), { client, strlen(client) } },
                                    { CITO_STR("x-forwarded-proto"), { scheme, strlen(scheme) } } };
    const cito_trusted_proxies *proxies = cito_trusted_proxies_create(&arena, list, &error);
    assert((proxies == NULL) == (error != NULL));
    if (proxies)
        apply(proxies, &arena, headers);

    const cito_trusted_proxies *nobody = cito_trusted_proxies_create(&arena, "", &error),
                               *everybody = cito_trusted_proxies_create(&arena, "*", &error);
    const char *last = strrchr(client, ',');
    cito_header one[] = { headers[0], headers[1] };
    one[0].value = last ? (cito_str){ last + 1, strlen(last + 1) } : headers[0].value;
    assert(strcmp(apply(nobody, &arena, headers).client_host, apply(nobody, &arena, one).client_host) == 0);
    one[0].value = (cito_str){ client, strcspn(client, ",") };
    assert(strcmp(apply(everybody, &arena, headers).client_host, apply(everybody, &arena, one).client_host) == 0);
    cito_arena_finish(&arena);
    free(list);
    free(client);
    free(scheme);
    return 0;
}

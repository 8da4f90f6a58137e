/* Redis URL: see the header. The text is cut from the left: scheme, user and password up to the last @, host and port up to the first /, path, query.
 *
 * Invariants: no text of an error holds the password. Threading: none of its own. */
#include "tasks/redis_url.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_PORT = 6379, MAX_PORT = 65535, MAX_DB = 65535 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static cito_str percent_decoded(cito_arena *arena, const char *data, size_t len)
{
    cito_str copy = cito_arena_copy_str(arena, data, len);
    char *to = (char *)copy.data;
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '%' && i + 2 < len && hex_digit(data[i + 1]) >= 0 && hex_digit(data[i + 2]) >= 0) {
            *to++ = (char)(hex_digit(data[i + 1]) * 16 + hex_digit(data[i + 2]));
            i += 2;
        } else {
            *to++ = data[i];
        }
    }
    *to = '\0';
    copy.len = (size_t)(to - copy.data);
    return copy;
}

/* Digits only, up to `most`; false: something else. */
static bool read_number(const char *data, size_t len, int most, int *out)
{
    int number = 0;
    for (size_t i = 0; i < len; i++) {
        if (data[i] < '0' || data[i] > '9')
            return false;
        number = number * 10 + (data[i] - '0');
        if (number > most)
            return false;
    }
    *out = number;
    return len > 0;
}

static const char *read_query(const char *query, cito_arena *arena, cito_redis_url *url)
{
    while (*query) {
        size_t len = strcspn(query, "&"), key = strcspn(query, "=&");
        bool is_db = (key == 2 && !memcmp(query, "db", 2)) || (key == 12 && !memcmp(query, "virtual_host", 12));
        if (is_db && key < len) {
            const char *value = query + key + 1;
            size_t value_len = len - key - 1;
            if (value_len > 0 && *value == '/')
                value++, value_len--;
            if (!read_number(value, value_len, MAX_DB, &url->db))
                return cito_arena_format(arena, "\"%.*s\" is no database number: write ?db=0", (int)len, query).data;
        }
        query += len + (query[len] == '&');
    }
    return NULL;
}

static void read_login(const char *data, size_t len, cito_arena *arena, cito_redis_url *url)
{
    const char *colon = memchr(data, ':', len);
    size_t user_len = colon ? (size_t)(colon - data) : len;
    if (user_len > 0)
        url->user = percent_decoded(arena, data, user_len);
    if (colon)
        url->password = percent_decoded(arena, colon + 1, len - user_len - 1);
}

static const char *read_host(const char *data, size_t len, cito_arena *arena, cito_redis_url *url)
{
    const char *end = data + len, *host = data, *host_end = NULL, *colon;
    if (len > 0 && *data == '[') { /* RFC 3986, 3.2.2: an IPv6 address */
        host++;
        host_end = memchr(host, ']', len - 1);
        if (!host_end)
            return "the ] behind the IPv6 address is missing: write redis://[::1]:6379/0";
        colon = host_end + 1 < end ? host_end + 1 : NULL;
    } else {
        colon = memchr(data, ':', len);
        host_end = colon ? colon : end;
    }
    url->host = host_end > host ? percent_decoded(arena, host, (size_t)(host_end - host)) : CITO_STR("localhost");
    if (!colon)
        return NULL;
    if (*colon != ':' || (end - colon > 1 && (!read_number(colon + 1, (size_t)(end - colon - 1), MAX_PORT, &url->port) || url->port == 0)))
        return cito_arena_format(arena, "\"%.*s\" is no port: write redis://host:6379/0", (int)(end - colon), colon).data;
    return NULL;
}

static const char *read_network(const char *text, cito_arena *arena, cito_redis_url *url)
{
    size_t authority = strcspn(text, "/?"), login = 0;
    for (size_t i = 0; i < authority; i++)
        if (text[i] == '@')
            login = i + 1;
    if (login)
        read_login(text, login - 1, arena, url);
    const char *error = read_host(text + login, authority - login, arena, url);
    if (error)
        return error;
    const char *path = text + authority + (text[authority] == '/');
    size_t path_len = strcspn(path, "?");
    if (path_len && !read_number(path, path_len, MAX_DB, &url->db))
        return cito_arena_format(arena, "\"%.*s\" is no database number: write redis://host:6379/0", (int)path_len, path).data;
    return path[path_len] ? read_query(path + path_len + 1, arena, url) : NULL;
}

static const char *read_socket(const char *text, cito_arena *arena, cito_redis_url *url)
{
    size_t len = strcspn(text, "?"), login = 0;
    for (size_t i = 0; i < len && text[i] != '/'; i++)
        if (text[i] == '@')
            login = i + 1;
    if (login)
        read_login(text, login - 1, arena, url);
    if (len == login || text[login] != '/')
        return "the path of the Unix socket is missing: write redis+socket:///run/redis/redis.sock?db=0";
    url->path = percent_decoded(arena, text + login, len - login);
    return text[len] ? read_query(text + len + 1, arena, url) : NULL;
}

const char *cito_redis_url_parse(const char *text, cito_arena *arena, cito_redis_url *out_url)
{
    static const char *const sockets[] = { "redis+socket://", "redis+unix://", "unix://" };
    *out_url = (cito_redis_url){ .port = DEFAULT_PORT };
    const char *error = NULL, *socket_text = NULL;
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        if (!strncmp(text, sockets[i], strlen(sockets[i])))
            socket_text = text + strlen(sockets[i]);
    if (socket_text)
        error = read_socket(socket_text, arena, out_url);
    else if (!strncmp(text, "redis://", 8))
        error = read_network(text + 8, arena, out_url);
    else if (!strncmp(text, "rediss://", 9))
        return "rediss:// is Redis over TLS, which cito does not speak yet: use redis:// inside a trusted network, or a TLS tunnel "
               "(stunnel) beside cito";
    else
        return "this is no Redis URL: write redis://[user][:password]@host:6379/0 or redis+socket:///path?db=0";
    if (error)
        return error;
    if (out_url->host.data)
        out_url->shown = cito_arena_format(arena, strchr(out_url->host.data, ':') ? "redis://[%s]:%d/%d" : "redis://%s:%d/%d",
                                           out_url->host.data, out_url->port, out_url->db);
    else
        out_url->shown = cito_arena_format(arena, "redis+socket://%s?db=%d", out_url->path.data, out_url->db);
    return NULL;
}

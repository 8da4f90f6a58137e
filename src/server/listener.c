/* Listener: opening listening sockets, apart from any server, so that a master can own them. Threading: any; name resolution blocks. */
#include "server/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { DEFAULT_BACKLOG = 2048 };

static int fail(int fd, const char **out_error, cito_str text)
{
    if (fd >= 0)
        close(fd);
    *out_error = text.data ? text.data : "The socket cannot be opened";
    return -1;
}

static int fail_bind(cito_arena *arena, const char **out_error, const char *host, int port)
{
    const char *shown = *host ? host : "all addresses";
    cito_str text;
    if (errno == EADDRINUSE)
        text = cito_arena_format(
            arena, "Address already in use: %s, port %d. Stop the program that listens there, or choose another --port", shown, port);
    else if (errno == EACCES)
        text = cito_arena_format(arena, "Permission denied: port %d. Ports below 1024 need privileges: choose another --port", port);
    else if (errno == EADDRNOTAVAIL)
        text = cito_arena_format(arena, "%s is no address of this machine: choose another --host", shown);
    else
        text = cito_arena_format(arena, "%s, port %d cannot be listened on: %s", shown, port, strerror(errno));
    return fail(-1, out_error, text);
}

/* "" is every address: IPv6's, which takes IPv4's clients too, and IPv4's alone where the machine has no IPv6. */
static int open_one(const struct addrinfo *address, bool both)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, off = 0;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? &off : &on, sizeof on);
    return fd;
}

int cito_listener_open(cito_arena *arena, const char *host, int port, int backlog, const char **out_error)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *found;
    char service[16];
    *out_error = NULL;
    if (port < 0 || port > 65535)
        return fail(-1, out_error, cito_arena_format(arena, "%d is no port: it is a number from 0 (any free one) to 65535", port));
    snprintf(service, sizeof service, "%d", port);
    int failure = getaddrinfo(*host ? host : NULL, service, &hints, &found);
    if (failure)
        return fail(-1, out_error, cito_arena_format(arena, "The host \"%s\" is not known: %s", host, gai_strerror(failure)));
    int fd = -1, code = 0;
    for (int pass = 0; pass < 2 && fd < 0; pass++)
        for (const struct addrinfo *address = found; address && fd < 0; address = address->ai_next) {
            /* A name's IPv4 address comes first: "localhost" is 127.0.0.1 to most clients. All addresses: IPv6 first. */
            bool preferred = address->ai_family == (*host ? AF_INET : AF_INET6);
            if (preferred != (pass == 0))
                continue;
            fd = open_one(address, !*host);
            if (fd < 0 ||
                (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, backlog > 0 ? backlog : DEFAULT_BACKLOG) == 0)) {
                code = errno;
                continue;
            }
            code = errno;
            close(fd);
            fd = -1;
        }
    freeaddrinfo(found);
    errno = code;
    return fd >= 0 ? fd : fail_bind(arena, out_error, host, port);
}

/* A file that a server left behind when it died: nobody answers there. */
static bool remove_stale(const char *path, const struct sockaddr_un *address)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return refused && unlink(path) == 0;
}

int cito_listener_open_unix(cito_arena *arena, const char *path, int mode, int backlog, const char **out_error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    *out_error = NULL;
    if (strlen(path) >= sizeof address.sun_path)
        return fail(
            -1, out_error,
            cito_arena_format(arena, "The path of the Unix socket is longer than %zu bytes: %s", sizeof address.sun_path - 1, path));
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(-1, out_error, cito_arena_format(arena, "No Unix socket can be made: %s", strerror(errno)));
    int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
    if (bound != 0 && errno == EADDRINUSE && remove_stale(path, &address))
        bound = bind(fd, (struct sockaddr *)&address, sizeof address);
    else if (bound != 0 && errno == EADDRINUSE)
        return fail(
            fd, out_error,
            cito_arena_format(arena, "Address already in use: %s. Stop the program that listens there, or choose another --uds", path));
    if (bound != 0 || chmod(path, (mode_t)mode) != 0 || listen(fd, backlog > 0 ? backlog : DEFAULT_BACKLOG) != 0)
        return fail(fd, out_error, cito_arena_format(arena, "%s cannot be listened on: %s", path, strerror(errno)));
    return fd;
}

cito_str cito_listener_url(cito_arena *arena, int fd)
{
    struct sockaddr_storage own = { 0 };
    socklen_t len = sizeof own;
    char host[INET6_ADDRSTRLEN];
    if (getsockname(fd, (struct sockaddr *)&own, &len) != 0)
        return cito_arena_format(arena, "descriptor %d", fd);
    if (own.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)&own;
        return cito_arena_format(arena, "http://%s:%d", inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host), ntohs(v4->sin_port));
    }
    if (own.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)&own;
        return cito_arena_format(arena, "http://[%s]:%d", inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host), ntohs(v6->sin6_port));
    }
    return cito_arena_format(arena, "unix:%s", ((const struct sockaddr_un *)(const void *)&own)->sun_path);
}

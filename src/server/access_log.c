/* Access log: lines gathered over a turn of the loop and written with one write(2).
 *
 * Invariant: nothing that a client sends can end a line or start a terminal's control sequence. Threading: the loop's thread. */
#include "server/access_log.h"

#include "http/status.h"
#include "server/response.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { FLUSH_SIZE = 64 * 1024 };

bool cito_access_log_wants_colours(void)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

/* Bytes that would break the line's form come percent-encoded. */
static void append_encoded(cito_buffer *log, cito_str text)
{
    char *at = cito_buffer_reserve(log, 3 * text.len);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (__builtin_expect(c > ' ' && c < 0x7f && c != '"', 1)) {
            *at++ = (char)c;
        } else {
            *at++ = '%';
            *at++ = "0123456789ABCDEF"[c >> 4];
            *at++ = "0123456789ABCDEF"[c & 15];
        }
    }
    log->len = (size_t)(at - log->data);
}

static void append_number(cito_buffer *log, unsigned number)
{
    log->len += cito_response_write_number(number, cito_buffer_reserve(log, 20));
}

static const char *colour_of(int status)
{
    static const char *const colours[] = { "\033[97m", "\033[32m", "\033[33m", "\033[31m", "\033[91m" };
    return colours[status >= 100 && status < 600 ? status / 100 - 1 : 4];
}

/* Nothing for a client of a Unix socket, which has no address. */
static void append_client(cito_buffer *log, const cito_server_exchange *exchange)
{
    const cito_scope_http *scope = &exchange->base.scope;
    cito_str host = { scope->client_host, strlen(scope->client_host) };
    if (!host.len)
        return;
    if (host.data == exchange->ends.client_host)
        cito_buffer_append_str(log, host);
    else
        append_encoded(log, host); /* a proxy's word */
    cito_buffer_append_char(log, ':');
    append_number(log, (unsigned)scope->client_port);
}

void cito_access_log_add(const cito_server_exchange *exchange, int status)
{
    cito_server *server = exchange->server;
    const cito_scope_http *scope = &exchange->base.scope;
    cito_buffer *log = &server->log;
    bool coloured = server->log_coloured;
    if (coloured)
        cito_buffer_append_literal(log, "\033[32mINFO\033[0m:     ");
    else
        cito_buffer_append_literal(log, "INFO:     ");
    append_client(log, exchange);
    if (coloured)
        cito_buffer_append_literal(log, " - \"\033[1m");
    else
        cito_buffer_append_literal(log, " - \"");
    cito_buffer_append_str(log, scope->method);
    cito_buffer_append_char(log, ' ');
    append_encoded(log, scope->target);
    cito_buffer_append(log, scope->http_minor ? " HTTP/1.1" : " HTTP/1.0", 9);
    if (coloured)
        cito_buffer_append_literal(log, "\033[0m");
    cito_buffer_append_literal(log, "\" ");
    if (coloured)
        cito_buffer_append(log, colour_of(status), 5);
    append_number(log, (unsigned)status);
    cito_buffer_append_char(log, ' ');
    const char *phrase = status == 200 ? "OK" : cito_http_status_phrase(status);
    cito_buffer_append(log, phrase, strlen(phrase));
    if (coloured)
        cito_buffer_append_literal(log, "\033[0m");
    cito_buffer_append_char(log, '\n');
    if (log->len >= FLUSH_SIZE)
        cito_access_log_flush(server);
    else
        cito_server_wake(server);
}

void cito_access_log_flush(cito_server *server)
{
    const char *at = server->log.data;
    size_t left = server->log.len;
    while (left > 0) {
        ssize_t written = write(STDOUT_FILENO, at, left);
        if (written < 0 && errno == EAGAIN) /* a pipe that someone made non-blocking: a log line is not dropped */
            written = poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, -1) < 0 ? -1 : 0;
        if (written < 0 && errno != EINTR)
            break; /* nobody reads the log: that ends no request */
        if (written > 0) {
            at += written;
            left -= (size_t)written;
        }
    }
    server->log.len = 0;
}

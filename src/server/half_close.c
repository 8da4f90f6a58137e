/* Half close: TCP's FIN says only that no more requests come. A client that has closed its socket and one that waits for the answer look the same until
 * something is sent: the host of the first answers with RST.
 *
 * So one thing without meaning is sent, once, where the answer is late: before the answer an interim 100, which every client of HTTP/1.1 skips (RFC 9110
 * section 15.2); between two chunks a zero, which the size of the next chunk may begin with (RFC 9112 section 7.1). The reset, if it comes, cancels the
 * exchange. Where nothing can be sent (HTTP/1.0, an answer of announced length) TCP's keep-alive asks instead, slowly. A Unix socket needs no question:
 * the kernel tells its two cases apart.
 * Threading: the loop's thread. */
#include "server/half_close.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

bool cito_half_close_asks(const cito_connection *connection)
{
    return connection->input_ended && connection->exchange && !connection->exchange->answer_done && !connection->probed;
}

static void keep_alive(int fd)
{
    const int on = 1, idle_s = 5, interval_s = 5, count = 3;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

void cito_half_close_ask(cito_connection *connection)
{
    connection->probed = true;
    const cito_server_exchange *exchange = connection->exchange;
    if (!connection->local) {
        keep_alive(connection->fd);
        if (!exchange->answer_started && exchange->base.scope.http_minor > 0)
            cito_buffer_append_literal(cito_connection_out(connection), "HTTP/1.1 100 Continue\r\n\r\n");
        else if (exchange->answer_chunked)
            cito_buffer_append_literal(cito_connection_out(connection), "0");
    }
    cito_connection_settle(connection);
}

void cito_half_close_look(cito_connection *connection)
{
    struct pollfd state = { .fd = connection->fd, .events = POLLIN };
    char urgent;
    if (poll(&state, 1, 0) < 0 || (state.revents & (POLLHUP | POLLERR | POLLNVAL)))
        cito_connection_lost(connection);
    else if (recv(connection->fd, &urgent, 1, MSG_OOB) < 0) /* urgent data: taken, else it would be told for ever; HTTP has no use for it */
        cito_connection_lost(connection);
}
